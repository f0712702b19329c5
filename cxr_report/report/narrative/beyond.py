"""An Analysis in, the sentences beyond the seeds out: seeds and cases, secondary metrics, classes, controls."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, Control, Joint, JointPair
from cxr_report.metrics import METRICS
from cxr_report.report.narrative import facts, prose, seeds
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["classes", "controls", "joint", "joint_omnibus", "joint_pairs", "secondary"]

_CONTROLS = {
    "pixels": "A logistic regression on the pixels alone",
    "metadata": "A model of the metadata alone, without any image,",
}


def joint(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what holds for other seeds and other patients alike."""
    found = facts.joint_of(analysis)
    if found is None:
        return ()
    return (joint_omnibus(analysis, found), *joint_pairs(analysis, found))


def joint_omnibus(analysis: Analysis, found: Keyed[Joint]) -> Sentence:
    """Say whether the losses are equal at all, over seeds and cases together."""
    key, test = found
    name, alpha = facts.spoken(test.metric), analysis.study.analysis.alpha
    begin: list[Piece | list[Piece]] = [
        "Over seeds and cases together (Obuchowski–Rockette analysis, ",
        prose.count(test.n_seeds, f"{key}.n_seeds"),
        " seeds, ",
        prose.count(test.n_cases, f"{key}.n_cases"),
        " cases",
        seeds.of_patients(analysis),
        "), ",
    ]
    if math.isnan(test.p):
        return sentence("no-joint", *begin, f"equality of the losses in {name} could not be tested: {test.note}.")
    detail: list[Piece] = [
        " (F(",
        prose.exactly(test.df1, f"{key}.df1"),
        ", ",
        prose.exactly(test.df2, f"{key}.df2"),
        ") = ",
        prose.statistic(test.f, f"{key}.f"),
        ", p",
        *prose.p_of(test.p, f"{key}.p", alpha=alpha),
        ")",
    ]
    losses, threshold = prose.count(len(analysis.losses)), prose.exactly(alpha, seeds.ALPHA)
    if test.rejected:
        end = (f" losses in {name} was rejected at α = ", threshold, *detail, ".")
        return sentence("joint-rejected", *begin, "equality of the ", losses, end)
    middle = ("there was no evidence at α = ", threshold, " against equality of the ", losses, f" losses in {name}")
    return sentence("joint-open", *begin, middle, detail, "; this does not show that they are equal.")


def joint_pairs(analysis: Analysis, found: Keyed[Joint]) -> tuple[Sentence, ...]:
    """Say which pairs differ over seeds and cases together."""
    key, test = found
    pairs: list[Keyed[JointPair]] = [(f"{key}.pairs.{place}", pair) for place, pair in enumerate(test.pairs)]
    shown = facts.shown(pairs)
    end: list[Piece] = [
        f"in {facts.spoken(test.metric)} over seeds and cases together {facts.by_adjustment(analysis)} (α = ",
        prose.exactly(analysis.study.analysis.alpha, seeds.ALPHA),
        ").",
    ]
    sentences = [seeds.counted("joint-pairs", len(shown), len(pairs), end)]
    if len(shown) <= seeds.MANY:
        return (*sentences, *(_joint_pair(analysis, test.metric, *each) for each in shown))
    told = facts.clauses(analysis, [pair for _, pair in shown])
    way = facts.direction(test.metric)
    text = f"Over seeds and cases together, {facts.spoken(test.metric)} was {way} {told}."
    return (*sentences, sentence("other-joint-pairs", text))


def _joint_pair(analysis: Analysis, metric: str, key: str, pair: JointPair) -> Sentence:
    labels, alpha = analysis.labels, analysis.study.analysis.alpha
    return sentence(
        "joint-pair",
        f"Over seeds and cases together, {facts.spoken(metric)} was {facts.direction(metric)} with "
        f"{labels[facts.better_of(pair)]} than with {labels[facts.worse_of(pair)]}: difference "
        f"({labels[pair.first]} minus {labels[pair.second]}) ",
        prose.difference(pair.difference, f"{key}.difference"),
        " (",
        prose.percent_of(alpha, seeds.ALPHA),
        " CI ",
        prose.difference(pair.low, f"{key}.low"),
        " to ",
        prose.difference(pair.high, f"{key}.high"),
        f", {facts.adjusted_name(analysis)}",
        *prose.p_of(pair.p_adjusted, f"{key}.p_adjusted", alpha=alpha),
        ").",
    )


def secondary(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say of every secondary metric how many pairs differ, as exploratory."""
    return tuple(_secondary(analysis, metric) for metric in analysis.study.metrics.secondary)


def _secondary(analysis: Analysis, metric: str) -> Sentence:
    pairs = facts.pairs_of(analysis, metric)
    leaders = facts.best(analysis, metric)
    pieces: list[Piece] = [
        f"Exploratory, {facts.spoken(metric)}: ",
        prose.count(len(facts.shown(pairs))),
        " of ",
        prose.count(len(pairs)),
        f" {'pair' if len(pairs) == 1 else 'pairs'} of losses differed over seeds {facts.by_adjustment(analysis)}",
    ]
    if len(leaders) == 1:
        key, first = leaders[0]
        extreme = "highest" if METRICS[metric].higher_is_better else "lowest"
        pieces += [f"; the {extreme} mean was that of {analysis.labels[first.loss]} ("]
        pieces += [prose.value(first.mean, f"{key}.mean"), ")"]
    return sentence("secondary", *pieces, ".")


def classes(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say for every class or finding which loss leads, where the metric has values per class."""
    having = [klass for klass in analysis.classes if facts.summaries_of(analysis, metric, klass)]
    return tuple(seeds.leader(analysis, metric, klass) for klass in having)


def controls(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say what a shortcut alone reaches, and which losses do not exceed it."""
    return tuple(
        each
        for key, control in facts.controls_of(analysis, metric)
        for each in _control(analysis, metric, key, control)
    )


def _control(analysis: Analysis, metric: str, key: str, control: Control) -> tuple[Sentence, ...]:
    pieces: list[Piece] = [f"{_CONTROLS[control.name]} reached a test {facts.spoken(metric)} of "]
    pieces.append(prose.value(control.values[metric], f"{key}.values.{metric}"))
    if metric == "auroc" and not math.isnan(control.auroc.low):
        pieces += [
            " (",
            prose.percent_of(analysis.study.analysis.alpha, seeds.ALPHA),
            " CI over cases ",
            prose.value(control.auroc.low, f"{key}.auroc.low"),
            " to ",
            prose.value(control.auroc.high, f"{key}.auroc.high"),
            ")",
        ]
    first = sentence("control", *pieces, ".")
    better = METRICS[metric].higher_is_better
    below = [
        analysis.labels[entry.loss]
        for _, entry in facts.summaries_of(analysis, metric)
        if not (entry.mean > control.values[metric] if better else entry.mean < control.values[metric])
    ]
    if not below:
        return (first, sentence("control-exceeded", "The mean of every loss was better than that."))
    return (first, sentence("control-not-exceeded", f"The mean was not better than that for {listed(below)}."))
