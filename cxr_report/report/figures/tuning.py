"""The validation curve of the tuning: the best score so far after every configuration, per loss."""

from __future__ import annotations

import math

from matplotlib.ticker import MaxNLocator

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import speech
from cxr_report.report.names import short

__all__ = ["KEY", "draw"]

KEY = "tuning-curve"

HEIGHT = 2.2
"""Inches, without a long legend."""


def draw(analysis: Analysis) -> Picture | None:
    """Draw a step per configuration, and a dot for the mean score of each.

    Returns:
        None where nothing was tuned, or no configuration has a score.
    """
    if not any(math.isfinite(value) for one in analysis.tuning for value in one.best):
        return None
    say = speech(analysis)
    title = say.text(METRICS[analysis.tuning[0].metric].title)
    names = short(analysis)
    looks = dict(zip(analysis.losses, canvas.looks([names[loss] for loss in analysis.losses]), strict=True))
    with canvas.canvas(HEIGHT) as figure:
        panel, side = figure.subplots(1, 2, width_ratios=[3, 1.35])
        canvas.frame(panel, grid="y")
        panel.set_xlabel(say.text("Configuration"))
        panel.set_ylabel(say.text("Validation {metric}", metric=title))
        panel.xaxis.set_major_locator(MaxNLocator(10, integer=True))
        for one in analysis.tuning:
            look, numbers = looks[one.loss], [trial.number for trial in one.trials]
            label = canvas.wrapped(look.label, 26)
            panel.step(numbers, one.best, where="post", color=look.colour, linestyle=look.dash, label=label)
            means = [trial.mean for trial in one.trials]
            panel.plot(numbers, means, look.marker, color=look.colour, markersize=3, alpha=0.55)
        side.set_axis_off()
        side.legend(*panel.get_legend_handles_labels(), loc="upper left", borderaxespad=0)
        alt = _alt(analysis, title)
        svg = canvas.save(figure, KEY, alt)
    first = analysis.tuning[0]
    return Picture(
        key=KEY,
        number="",
        title=say.text(
            "Tuning. Lines: the best mean validation {metric} so far, after each configuration; dots: that of each "
            "configuration. The first configuration is the one that the study states",
            metric=title,
        ),
        n=say.text("n = {n} configurations per loss function", n=str(len(first.trials))),
        alt=alt,
        svg=svg,
    )


def _alt(analysis: Analysis, title: str) -> str:
    say = speech(analysis)
    told = "; ".join(
        say.text(
            "{loss} from {first} to {last}",
            loss=analysis.labels[one.loss],
            first=numerals.value(one.best[0]),
            last=numerals.value(one.best[-1]),
        )
        for one in analysis.tuning
    )
    return say.text(
        "Step lines of the best validation {metric} over the configurations. First to last: {scores}.",
        metric=title,
        scores=told,
    )
