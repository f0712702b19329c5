"""An Analysis in, the structured abstract out."""

from __future__ import annotations

import re
from dataclasses import replace

from cxr_report.analysis.value import Analysis, JointPair, Pair
from cxr_report.report.narrative import beyond, completion, facts, prose, seeds
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Paragraph, Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["abstract", "conclusion"]

_ABBREVIATIONS = {
    "AUROC": (r"\bAUROC\b", "area under the receiver operating characteristic curve"),
    "CI": (r"(?<=^ )CI\b", "confidence interval"),
    "SD": (r"(?<=; )SD\b", "standard deviation"),
}
"""Abbreviation -> where it stands in a piece of a sentence, so that no label of a loss is touched, and its words."""

MODELS = {
    "small-resnet": "a small residual network",
    "densenet121": "a DenseNet-121",
    "resnet18": "a ResNet-18",
    "custom": "a network of the authors' own",
}


def abstract(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write the abstract: objective, methods, results, conclusion."""
    primary = analysis.study.metrics.primary
    found = [*completion.finished(analysis), seeds.leader(analysis, primary), seeds.pair_count(analysis, primary)]
    found += seeds.largest(analysis, primary)
    joint = facts.joint_of(analysis)
    if joint is not None:
        if not facts.no_case_term(joint[1]):
            found.append(beyond.joint_omnibus(analysis, joint))
        found.append(beyond.joint_pairs(analysis, joint)[0])
    return spelled_out(
        Paragraph("", "Objective", (_objective(analysis),)),
        Paragraph("", "Methods", _methods(analysis)),
        Paragraph("", "Results", tuple(found)),
        Paragraph("", "Conclusion", conclusion(analysis)),
    )


def spelled_out(*paragraphs: Paragraph) -> tuple[Paragraph, ...]:
    """Spell out abbreviations where they stand for the first time."""
    left = dict(_ABBREVIATIONS)

    def write(piece: Piece) -> Piece:
        if not isinstance(piece, str):
            return piece
        for short, (pattern, full) in list(left.items()):
            piece, changed = re.subn(pattern, f"{full} ({short})", piece, count=1)
            if changed:
                del left[short]
        return piece

    return tuple(
        replace(
            each,
            sentences=tuple(
                replace(said, pieces=tuple(write(piece) for piece in said.pieces)) for said in each.sentences
            ),
        )
        for each in paragraphs
    )


def _objective(analysis: Analysis) -> Sentence:
    synthetic = analysis.study.data.source == "phantom"
    return sentence(
        "objective",
        "To compare ",
        prose.count(len(analysis.losses)),
        f" loss functions for training {MODELS[analysis.study.model.name]} on "
        f"{'synthetic chest radiographs' if synthetic else 'chest radiographs'}.",
    )


def _methods(analysis: Analysis) -> tuple[Sentence, ...]:
    plan, k = analysis.study.analysis, len(analysis.losses)
    return (
        sentence(
            "design",
            "Every loss was trained with ",
            prose.count(len(analysis.planned_seeds)),
            " seeds, which were the same for all losses, and tested on ",
            prose.count(analysis.data.n_test, seeds.CASES),
            " images",
            seeds.of_patients(analysis),
            ".",
        ),
        sentence(
            "plan",
            f"The primary metric was {facts.spoken(analysis.study.metrics.primary)}; all pairs of losses (",
            prose.count(k * (k - 1) // 2),
            f") were compared by paired t tests over seeds {facts.by_adjustment(analysis)}, α = ",
            prose.exactly(plan.alpha, seeds.ALPHA),
            ".",
        ),
        *_joint_plan(analysis),
    )


def _joint_plan(analysis: Analysis) -> tuple[Sentence, ...]:
    joint = facts.joint_of(analysis)
    if joint is None:
        return ()
    return (
        sentence(
            "joint-plan",
            f"Seeds and {facts.case_unit(analysis)} were taken together by the Obuchowski–Rockette analysis of "
            f"{facts.spoken(joint[1].metric)}.",
        ),
    )


def conclusion(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what follows, for which target, and with which reservations."""
    primary = analysis.study.metrics.primary
    over_seeds = facts.pairs_of(analysis, primary)
    sentences = []
    joint = facts.joint_of(analysis)
    if joint is None:
        sentences.append(_verdict(analysis, "seeds", over_seeds, primary))
    else:
        key, test = joint
        pairs = [(f"{key}.pairs.{place}", pair) for place, pair in enumerate(test.pairs) if pair.in_family]
        if test.metric == primary and not facts.shown(over_seeds) and not facts.shown(pairs):
            sentences.append(_both_open(analysis, primary))
        else:
            sentences.append(_verdict(analysis, "seeds", over_seeds, primary))
            sentences.append(_verdict(analysis, "joint", pairs, test.metric))
    sentences += _shortcuts(analysis)
    sentences.append(
        sentence("scope", "The conclusion holds for this training set, this split and these hyper-parameters.")
    )
    if analysis.study.data.source == "phantom":
        sentences.append(
            sentence("synthetic", "The data are synthetic, so that nothing here is a statement about patients.")
        )
    if analysis.exploratory:
        sentences.append(sentence("exploratory", f"The analysis is exploratory: {listed(analysis.exploratory)}."))
    return tuple(sentences)


def _both_open(analysis: Analysis, metric: str) -> Sentence:
    return sentence(
        "both-open",
        f"Neither over seeds, on these test cases, nor over seeds and {facts.case_unit(analysis)} together was a "
        f"difference between the losses in {facts.spoken(metric)} shown, which is no evidence that they are equal.",
    )


def _shortcuts(analysis: Analysis) -> list[Sentence]:
    """Warn of classes for which no loss exceeds a model without any image."""
    found = [
        klass
        for control in analysis.controls
        if control.name == "metadata"
        for klass in facts.shortcuts(analysis, control)
    ]
    if not found:
        return []
    text = f"For {listed(found)}, no loss exceeded the metadata alone, so that recognition of disease was not shown."
    return [sentence("shortcut-scope", text)]


def _verdict(
    analysis: Analysis, target: str, pairs: list[Keyed[Pair]] | list[Keyed[JointPair]], metric: str
) -> Sentence:
    where = (
        "Over seeds, on these test cases,"
        if target == "seeds"
        else f"Over seeds and {facts.case_unit(analysis)} together,"
    )
    name = facts.spoken(metric)
    shown = [pair for _, pair in pairs if pair.verdict in ("first better", "second better")]
    if not shown:
        return sentence(
            f"{target}-open",
            f"{where} no difference between the losses in {name} was shown, which is no evidence that they are equal.",
        )
    told = facts.clauses(analysis, shown)
    return sentence(f"{target}-verdict", f"{where} {name} was {facts.direction(metric)} {told}.")
