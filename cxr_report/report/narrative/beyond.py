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
    key, test = found
    sentences = [joint_omnibus(analysis, found)]
    if facts.no_case_term(test):
        sentences.append(no_case_term(analysis))
    sentences += joint_pairs(analysis, found)
    if _narrower(analysis, test):
        sentences.append(
            sentence(
                "narrower",
                "An interval can be narrower than the one over seeds alone, because its degrees of freedom are larger.",
            )
        )
    if test.metric == analysis.study.metrics.primary:
        pairs = [(f"{key}.pairs.{place}", pair) for place, pair in enumerate(test.pairs) if pair.in_family]
        sentences.append(seeds.within_margin(analysis, f"seeds and {facts.case_unit(analysis)}", pairs))
    return tuple(sentences)


def no_case_term(analysis: Analysis) -> Sentence:
    """Say that the test over seeds and patients has no term for the cases."""
    return sentence(
        "no-case-term",
        "Cov2 was not larger than Cov3, so the case term is 0 and this test equals the analysis of variance over "
        f"seeds: it adds no evidence about other {facts.case_unit(analysis)}.",
    )


def _narrower(analysis: Analysis, test: Joint) -> bool:
    """Say whether any interval over seeds and patients is narrower than that over seeds."""
    over_seeds: dict[tuple[str, ...], float] = {
        (entry.loss,): entry.high - entry.low for _, entry in facts.summaries_of(analysis, test.metric)
    }
    over_seeds |= {(pair.first, pair.second): pair.high - pair.low for _, pair in facts.pairs_of(analysis, test.metric)}
    both: dict[tuple[str, ...], float] = {(row.loss,): row.high - row.low for row in test.means}
    both |= {(pair.first, pair.second): pair.high - pair.low for pair in test.pairs}
    return any(width < over_seeds.get(losses, 0.0) for losses, width in both.items())


def joint_omnibus(analysis: Analysis, found: Keyed[Joint]) -> Sentence:
    """Say whether the losses are equal at all, over seeds and cases together."""
    key, test = found
    name, alpha = facts.spoken(test.metric), analysis.study.analysis.alpha
    begin: list[Piece | list[Piece]] = [
        f"Over seeds and {facts.case_unit(analysis)} together (Obuchowski–Rockette analysis, ",
        prose.count(test.n_seeds, f"{key}.n_seeds"),
        " seeds, ",
        prose.count(test.n_cases, f"{key}.n_cases"),
        " cases",
        seeds.of_patients(analysis),
        "), ",
    ]
    if math.isnan(test.p):
        return sentence(
            "no-joint", *begin, f"equality of the losses in {name} could not be tested: {facts.noted(test.note)}."
        )
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
    pairs: list[Keyed[JointPair]] = [
        (f"{key}.pairs.{place}", pair) for place, pair in enumerate(test.pairs) if pair.in_family
    ]
    shown = facts.shown(pairs)
    unit = facts.case_unit(analysis)
    end: list[Piece] = [
        f"in {facts.spoken(test.metric)} over seeds and {unit} together {facts.by_adjustment(analysis)} (α = ",
        prose.exactly(analysis.study.analysis.alpha, seeds.ALPHA),
    ]
    defined = [each for each in pairs if not math.isnan(each[1].p_adjusted)]
    if defined and not shown:
        place, pair = min(defined, key=lambda each: each[1].p_adjusted)
        end += seeds.smallest_p(analysis, len(pairs), pair.p_adjusted, f"{place}.p_adjusted")
    sentences = [seeds.counted("joint-pairs", len(shown), len(pairs), [*end, ")."])]
    if len(shown) <= seeds.MANY:
        return (*sentences, *(_joint_pair(analysis, test.metric, *each) for each in shown))
    told = facts.clauses(analysis, [pair for _, pair in shown])
    way = facts.direction(test.metric)
    text = f"Over seeds and {unit} together, {facts.spoken(test.metric)} was {way} {told}."
    return (*sentences, sentence("other-joint-pairs", text))


def _joint_pair(analysis: Analysis, metric: str, key: str, pair: JointPair) -> Sentence:
    labels, alpha = analysis.labels, analysis.study.analysis.alpha
    return sentence(
        "joint-pair",
        f"Over seeds and {facts.case_unit(analysis)} together, {facts.spoken(metric)} was {facts.direction(metric)} "
        f"with {labels[facts.better_of(pair)]} than with {labels[facts.worse_of(pair)]}: difference "
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
    told = tuple(_secondary(analysis, metric) for metric in analysis.study.metrics.secondary)
    if not told or analysis.study.analysis.adjustment == "none":
        return told
    name = facts.by_adjustment(analysis).removeprefix("after ")
    return (*told, sentence("family-bound", f"{name} holds within a metric, not across metrics."))


def _secondary(analysis: Analysis, metric: str) -> Sentence:
    pairs = facts.pairs_of(analysis, metric)
    leaders = facts.best(analysis, metric)
    shown = facts.shown(pairs)
    pieces: list[Piece] = [f"Exploratory, {facts.spoken(metric)}: "]
    if len(pairs) == 1:
        pieces.append(f"the two losses were {'' if shown else 'not '}shown to differ")
    elif shown:
        pieces += [prose.count(len(shown)), " of ", prose.count(len(pairs)), " pairs of losses "]
        pieces.append(f"{'was' if len(shown) == 1 else 'were'} shown to differ")
    else:
        pieces += ["none of the ", prose.count(len(pairs)), " pairs of losses was shown to differ"]
    pieces.append(f" over seeds {facts.by_adjustment(analysis)}")
    if shown:
        told = facts.clauses(analysis, [pair for _, pair in shown])
        pieces.append(f", {facts.direction(metric)} {told}")
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
            f" CI over {facts.case_unit(analysis)} ",
            prose.value(control.auroc.low, f"{key}.auroc.low"),
            " to ",
            prose.value(control.auroc.high, f"{key}.auroc.high"),
            ")",
        ]
    first = sentence("control", *pieces, ".")
    better = METRICS[metric].higher_is_better
    way, untested = facts.direction(metric), "; the difference was not tested."
    below = [
        analysis.labels[entry.loss]
        for _, entry in facts.summaries_of(analysis, metric)
        if not (entry.mean > control.values[metric] if better else entry.mean < control.values[metric])
    ]
    if below:
        second = sentence("control-not-exceeded", f"The mean was not {way} for {listed(below)}{untested}")
    else:
        second = sentence("control-exceeded", f"The mean of every loss was {way}{untested}")
    return (first, second, *_inside(analysis, metric, control), *_shortcuts(analysis, key, control))


def _inside(analysis: Analysis, metric: str, control: Control) -> list[Sentence]:
    """Name the losses whose mean lies in the interval of a control."""
    if metric != "auroc":
        return []
    within = [
        analysis.labels[entry.loss]
        for _, entry in facts.summaries_of(analysis, metric)
        if control.auroc.low <= entry.mean <= control.auroc.high
    ]
    if not within:
        return []
    return [sentence("control-interval", f"The interval of this control contains the mean of {listed(within)}.")]


def _shortcuts(analysis: Analysis, key: str, control: Control) -> list[Sentence]:
    """Say for which classes no loss exceeds a control, which the mean over classes hides."""
    who = {"pixels": "the pixels", "metadata": "the metadata"}[control.name]
    return [
        sentence(
            "shortcut",
            f"For {klass}, {who} alone reached an AUROC of ",
            prose.value(reached, f"{key}.classes.{klass}"),
            ", which no loss exceeded.",
        )
        for klass, reached in facts.shortcuts(analysis, control).items()
    ]
