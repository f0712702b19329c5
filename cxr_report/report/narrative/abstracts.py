"""An Analysis in, the structured abstract out."""

from __future__ import annotations

import re
from dataclasses import replace

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis
from cxr_report.report.answers import Answers, deciding, shown
from cxr_report.report.names import family
from cxr_report.report.narrative import agreement, comparisons, completion, equivalence, facts, given, leaders, prose
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
    decided = deciding(analysis, primary)
    found = (
        *completion.finished(analysis),
        leaders.leader(analysis, primary),
        comparisons.said(analysis, decided),
        *comparisons.largest(analysis, decided),
        *agreement.beside(analysis, decided),
        *([equivalence.equivalent(analysis)] if analysis.equivalences else []),
    )
    return spelled_out(
        Paragraph("", "Objective", (_objective(analysis),)),
        Paragraph("", "Methods", _methods(analysis, decided)),
        Paragraph("", "Results", found),
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
    if not analysis.study.trained:
        return given.objective(analysis)
    synthetic = analysis.study.data.source == "phantom"
    return sentence(
        "objective",
        "To compare ",
        prose.count(len(analysis.losses)),
        f" loss functions for training {MODELS[analysis.study.model.name]} on "
        f"{'synthetic chest radiographs' if synthetic else 'chest radiographs'}.",
    )


def _methods(analysis: Analysis, decided: Answers) -> tuple[Sentence, ...]:
    total, what = family(analysis)
    return (
        _design(analysis) if analysis.study.trained else given.design(analysis),
        sentence(
            "plan",
            f"The primary metric was {facts.spoken(decided.metric)}; ",
            prose.count(total),
            f" {what} {'was' if total == 1 else 'were'} planned and decided {_by(analysis, decided)} "
            f"{facts.by_adjustment(analysis)}, α = ",
            prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
            ".",
        ),
    )


def _design(analysis: Analysis) -> Sentence:
    return sentence(
        "design",
        "Every loss was trained with ",
        prose.count(len(analysis.planned_seeds)),
        " seeds, which were the same for all losses, and tested on ",
        prose.count(analysis.data.n_test, facts.CASES_KEY),
        " images",
        leaders.of_patients(analysis),
        ".",
    )


def _by(analysis: Analysis, decided: Answers) -> str:
    unit = facts.case_unit(analysis)
    return {
        BOTH: f"over seeds and {unit} together, by the Obuchowski–Rockette analysis",
        SEEDS: "over seeds, on these test cases, by paired t tests",
        CASES: f"over {unit}, for these runs, by the Obuchowski–Rockette analysis",
    }[decided.target]


def conclusion(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what follows, for which target, and with which reservations."""
    decided = deciding(analysis, analysis.study.metrics.primary)
    sentences = [_verdict(analysis, decided), *agreement.disagreements(analysis, decided), *_shortcuts(analysis)]
    here = sentence("scope", "The conclusion holds for this training set, this split and these hyper-parameters.")
    sentences.append(here if analysis.study.trained else given.scope())
    if analysis.study.data.source == "phantom":
        sentences.append(
            sentence("synthetic", "The data are synthetic, so that nothing here is a statement about patients.")
        )
    if analysis.exploratory:
        sentences.append(sentence("exploratory", f"The analysis is exploratory: {listed(analysis.exploratory)}."))
    return tuple(sentences)


def _verdict(analysis: Analysis, decided: Answers) -> Sentence:
    where, name = facts.over(analysis, decided.target), facts.spoken(decided.metric)
    rows = [row for row in decided.family if shown(row)]
    if rows:
        way, told = facts.direction(decided.metric), facts.clauses(analysis, rows)
        return sentence("verdict", f"{where} {name} was {way} {told}.")
    text = f"{where} no difference between the losses in {name} was shown, which is no evidence that they are equal."
    return sentence("verdict-open", text)


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
