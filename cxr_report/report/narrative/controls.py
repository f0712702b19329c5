"""An Analysis in, the sentences on what a shortcut alone reaches out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, Control
from cxr_report.metrics import METRICS
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["controls"]

_CONTROLS = {
    "pixels": "A logistic regression on the pixels alone",
    "metadata": "A model of the metadata alone, without any image,",
}


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
            prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
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
