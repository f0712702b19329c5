"""An Analysis in, the introduction out: the authors' own text, or what the design alone says."""

from __future__ import annotations

import re

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.abstracts import MODELS
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence

__all__ = ["introduction"]


def introduction(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Return the authors' paragraphs as they wrote them, or one of the program's that claims nothing."""
    own = [" ".join(part.split()) for part in re.split(r"\n\s*\n", analysis.study.report.introduction)]
    if any(own):
        return tuple(Paragraph("", "", (Sentence("introduction-own", (part,)),)) for part in own if part)
    return (Paragraph("", "", (_what(analysis), _question(analysis), _plan(analysis))),)


def _what(analysis: Analysis) -> Sentence:
    say, losses = speech(analysis), [analysis.labels[name] for name in analysis.losses]
    n = prose.count(len(losses))
    if not analysis.study.trained:
        given = say(
            "This report compares {n} loss functions by numbers that were given: {losses}.",
            n=n,
            losses=say.listed(losses),
        )
        return sentence("introduction-given", given)
    what = (
        phrase("This study compares {n} loss functions for training {model} on synthetic chest radiographs: {losses}.")
        if analysis.study.data.source == "phantom"
        else phrase("This study compares {n} loss functions for training {model} on chest radiographs: {losses}.")
    )
    model = say.text(MODELS[analysis.study.model.name])
    return sentence("introduction-design", say(what, n=n, model=model, losses=say.listed(losses)))


def _question(analysis: Analysis) -> Sentence:
    say = speech(analysis)
    told = {"metric": facts.spoken(analysis.study.metrics.primary, say), "unit": facts.case_unit(analysis)}
    said = (
        say(
            "It asks whether they differ in {metric}, and whether a difference would hold for other seeds and for "
            "other {unit}.",
            **told,
        )
        if analysis.study.predicted
        else say(
            "It asks whether they differ in {metric}, and whether a difference would hold for other seeds.",
            metric=told["metric"],
        )
    )
    return sentence("introduction-question", said)


def _plan(analysis: Analysis) -> Sentence:
    margin = prose.exactly(analysis.study.analysis.margin, "study.analysis.margin")
    said = speech(analysis)(
        "Differences of up to ±{margin} are held to be too small to matter. The authors gave no introduction of their "
        "own; this one states the design alone.",
        margin=margin,
    )
    return sentence("introduction-margin", said)
