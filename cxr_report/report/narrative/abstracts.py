"""An Analysis in, the structured abstract out."""

from __future__ import annotations

import re
from dataclasses import replace

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Target
from cxr_report.report.answers import Answers, deciding, shown
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import family
from cxr_report.report.narrative import (
    agreement,
    comparisons,
    completion,
    equivalence,
    external,
    facts,
    given,
    leaders,
    limits,
    prose,
)
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.pieces import Piece

__all__ = ["abstract", "conclusion"]

_ABBREVIATIONS = {
    "AUROC": (r"\bAUROC\b", phrase("area under the receiver operating characteristic curve")),
    "CI": (r"(?<=^ )CI\b", phrase("confidence interval")),
    "SD": (r"(?<=; )SD\b", phrase("standard deviation")),
}
"""Abbreviation -> where it stands in a piece of a sentence, so that no label of a loss is touched, and its words."""

MODELS = {
    "small-resnet": phrase("a small residual network"),
    "densenet121": phrase("a DenseNet-121"),
    "resnet18": phrase("a ResNet-18"),
    "custom": phrase("a network of the authors' own"),
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
        *external.brief(analysis),
    )
    say = speech(analysis)
    return spelled_out(
        say,
        Paragraph("", say.text("Objective"), (_objective(analysis),)),
        Paragraph("", say.text("Methods"), _methods(analysis, decided)),
        Paragraph("", say.text("Results"), found),
        Paragraph("", say.text("Conclusion"), conclusion(analysis)),
    )


def spelled_out(say: Speech, *paragraphs: Paragraph) -> tuple[Paragraph, ...]:
    """Spell out abbreviations where they stand for the first time, those that the language has."""
    left = dict(_ABBREVIATIONS)

    def write(piece: Piece) -> Piece:
        if not isinstance(piece, str):
            return piece
        for short, (pattern, full) in list(left.items()):
            piece, changed = re.subn(pattern, f"{say.text(full)} ({short})", piece, count=1)
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
    say = speech(analysis)
    said = say(
        phrase("To compare {losses} loss functions for training {model} on synthetic chest radiographs.")
        if analysis.study.data.source == "phantom"
        else phrase("To compare {losses} loss functions for training {model} on chest radiographs."),
        losses=prose.count(len(analysis.losses)),
        model=say.text(MODELS[analysis.study.model.name]),
    )
    return sentence("objective", said)


def _methods(analysis: Analysis, decided: Answers) -> tuple[Sentence, ...]:
    say, (total, what) = speech(analysis), family(analysis)
    plan = say.counted(
        total,
        "The primary metric was {metric}; {n} {comparisons} was planned and decided {how} {adjusted}, α = {alpha}.",
        "The primary metric was {metric}; {n} {comparisons} were planned and decided {how} {adjusted}, α = {alpha}.",
        metric=facts.spoken(decided.metric, say),
        n=prose.count(total),
        comparisons=what,
        how=say(_BY[decided.target], unit=facts.case_unit(analysis)),
        adjusted=facts.by_adjustment(analysis),
        alpha=prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
    )
    return (_design(analysis) if analysis.study.trained else given.design(analysis), sentence("plan", plan))


def _design(analysis: Analysis) -> Sentence:
    said = speech(analysis)(
        "Every loss was trained with {seeds} seeds, which were the same for all losses, and tested on {images}.",
        seeds=prose.count(len(analysis.planned_seeds)),
        images=_images(analysis),
    )
    return sentence("design", said)


def _images(analysis: Analysis) -> tuple[Piece, ...]:
    return facts.of_patients(
        analysis,
        phrase("{images} images"),
        phrase("{images} images of {patients} patient"),
        phrase("{images} images of {patients} patients"),
        images=prose.count(analysis.data.n_test, facts.CASES_KEY),
    )


_BY: dict[Target, str] = {
    BOTH: phrase("over seeds and {unit} together, by the Obuchowski–Rockette analysis"),
    SEEDS: phrase("over seeds, on these test cases, by paired t tests"),
    CASES: phrase("over {unit}, for these runs, by the Obuchowski–Rockette analysis"),
}


def conclusion(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what follows, for which target, and with which reservations."""
    decided = deciding(analysis, analysis.study.metrics.primary)
    sentences = [_verdict(analysis, decided), *agreement.disagreements(analysis, decided), *_shortcuts(analysis)]
    say = speech(analysis)
    here = say("The conclusion holds for this training set, this split and these hyper-parameters.")
    sentences.append(sentence("scope", here) if analysis.study.trained else given.scope(analysis))
    if analysis.study.data.source == "phantom":
        made = say("The data are synthetic, so that nothing here is a statement about patients.")
        sentences.append(sentence("synthetic", made))
    if analysis.exploratory:
        sentences.append(sentence("exploratory", limits.exploratory(analysis)))
    return tuple(sentences)


def _verdict(analysis: Analysis, decided: Answers) -> Sentence:
    say = speech(analysis)
    told = {"where": facts.over(analysis, decided.target), "metric": facts.spoken(decided.metric, say)}
    rows = [row for row in decided.family if shown(row)]
    if rows:
        way = (
            phrase("{where} {metric} was higher {which}.")
            if facts.direction(decided.metric) == "higher"
            else phrase("{where} {metric} was lower {which}.")
        )
        return sentence("verdict", say(way, which=facts.clauses(analysis, rows), **told))
    open_ = say(
        "{where} no difference between the losses in {metric} was shown, which is no evidence that they are equal.",
        **told,
    )
    return sentence("verdict-open", open_)


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
    say = speech(analysis)
    said = say(
        "For {classes}, no loss exceeded the metadata alone, so that recognition of disease was not shown.",
        classes=say.listed(found),
    )
    return [sentence("shortcut-scope", said)]
