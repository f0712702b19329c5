"""An Analysis in, the sentences on what a shortcut alone reaches out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, Control
from cxr_report.metrics import METRICS
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["controls"]

_CONTROLS = {
    "pixels": phrase("A logistic regression on the pixels alone"),
    "metadata": phrase("A model of the metadata alone, without any image,"),
}


def controls(analysis: Analysis, metric: str) -> tuple[Sentence, ...]:
    """Say what a shortcut alone reaches, and which losses do not exceed it."""
    return tuple(
        each
        for key, control in facts.controls_of(analysis, metric)
        for each in _control(analysis, metric, key, control)
    )


def _control(analysis: Analysis, metric: str, key: str, control: Control) -> tuple[Sentence, ...]:
    say = speech(analysis)
    told: dict[str, Said] = {
        "control": say.text(_CONTROLS[control.name]),
        "metric": facts.spoken(metric, say),
        "value": prose.value(control.values[metric], f"{key}.values.{metric}"),
    }
    if metric == "auroc" and not math.isnan(control.auroc.low):
        reached = say(
            "{control} reached a test {metric} of {value} ({level} CI over {unit} {low} to {high}).",
            level=prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
            unit=facts.case_unit(analysis),
            low=prose.value(control.auroc.low, f"{key}.auroc.low"),
            high=prose.value(control.auroc.high, f"{key}.auroc.high"),
            **told,
        )
    else:
        reached = say("{control} reached a test {metric} of {value}.", **told)
    first = sentence("control", reached)
    better = METRICS[metric].higher_is_better
    below = [
        analysis.labels[entry.loss]
        for _, entry in facts.summaries_of(analysis, metric)
        if not (entry.mean > control.values[metric] if better else entry.mean < control.values[metric])
    ]
    if below:
        said = (
            phrase("The mean was not higher for {losses}; the difference was not tested.")
            if better
            else phrase("The mean was not lower for {losses}; the difference was not tested.")
        )
        second = sentence("control-not-exceeded", say(said, losses=say.listed(below)))
    else:
        said = (
            phrase("The mean of every loss was higher; the difference was not tested.")
            if better
            else phrase("The mean of every loss was lower; the difference was not tested.")
        )
        second = sentence("control-exceeded", say(said))
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
    say = speech(analysis)
    said = say("The interval of this control contains the mean of {losses}.", losses=say.listed(within))
    return [sentence("control-interval", said)]


def _shortcuts(analysis: Analysis, key: str, control: Control) -> list[Sentence]:
    """Say for which classes no loss exceeds a control, which the mean over classes hides."""
    say = speech(analysis)
    told = (
        phrase("For {klass}, the pixels alone reached an AUROC of {value}, which no loss exceeded.")
        if control.name == "pixels"
        else phrase("For {klass}, the metadata alone reached an AUROC of {value}, which no loss exceeded.")
    )
    return [
        sentence("shortcut", say(told, klass=klass, value=prose.value(reached, f"{key}.classes.{klass}")))
        for klass, reached in facts.shortcuts(analysis, control).items()
    ]
