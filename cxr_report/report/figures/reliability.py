"""Reliability diagrams: how often a prediction is right against how sure it is, one panel per loss."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from cxr_report.analysis.value import Analysis, Calibration
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counted, short

__all__ = ["draw"]

TALLEST = 0.28
"""Chosen: height of the bar of the fullest bin, as a share of the panel."""


def draw(analysis: Analysis) -> Picture | None:
    """Draw one panel per loss; None where no loss has predictions that are probabilities."""
    found = [each for each in analysis.calibrations if any(part.n for part in each.bins)]
    if not found:
        return None
    say, names = speech(analysis), short(analysis)
    looks = dict(zip(analysis.losses, canvas.looks(list(names.values())), strict=True))
    columns = 3 if len(found) in (3, 5, 6, 9) else min(4, len(found))
    rows = math.ceil(len(found) / columns)
    side = (min(canvas.WIDTH, 2.3 * columns + 0.4) - 0.5) / columns - 0.08
    with canvas.canvas((side + 0.3) * rows + 0.35, (side + 0.08) * columns + 0.5) as figure:
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for place, (panel, each) in enumerate(zip(panels, found, strict=False)):
            _panel(panel, each, looks[each.loss])
            panel.set_title(canvas.wrapped(names[each.loss], 88 // columns))
            if place >= len(found) - columns:
                panel.set_xlabel(say.text("Confidence"))
                panel.tick_params(labelbottom=True)
            if place % columns == 0:
                panel.set_ylabel(say.text("Share that is right"))
        for panel in panels[len(found) :]:
            panel.set_visible(False)
        alt = _alt(analysis, found)
        svg = canvas.save(figure, "reliability", alt)
    told = (
        phrase(
            "Reliability of the probabilities on the test set, of all findings together: share of predictions that are "
            "right against the confidence in them, in bins of equal width, the seeds of a loss together. On the "
            "diagonal confidence is right; below it is too high. Pale: number of predictions per bin, in each panel up "
            "to the fullest bin"
        )
        if analysis.study.task == "multilabel"
        else phrase(
            "Reliability of the probabilities on the test set: share of predictions that are right against the "
            "confidence in them, in bins of equal width, the seeds of a loss together. On the diagonal confidence is "
            "right; below it is too high. Pale: number of predictions per bin, in each panel up to the fullest bin"
        )
    )
    return Picture(
        key="reliability",
        number="",
        title=say.text(told),
        n=counted(analysis, single=True),
        alt=alt,
        svg=svg,
    )


def _panel(panel: Axes, each: Calibration, look: canvas.Look) -> None:
    panel.set_aspect("equal")
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    panel.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    panel.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    most = max(part.n for part in each.bins)
    for part in each.bins:
        height = TALLEST * part.n / most
        panel.bar((part.low + part.high) / 2, height, width=0.9 * (part.high - part.low), color=canvas.PALE)
    panel.plot([0, 1], [0, 1], color=canvas.GREY, linewidth=0.7, linestyle=(0, (3, 2)))
    filled = [part for part in each.bins if part.n]
    x, y = np.array([part.confidence for part in filled]), np.array([part.accuracy for part in filled])
    panel.plot(x, y, color=look.colour, marker=look.marker, markersize=3.4, linewidth=1.0, clip_on=False)
    text = f"ECE {numerals.value(each.ece)}"
    panel.text(0.03, 0.97, text, ha="left", va="top", fontsize=7.5, color=canvas.INK)


def _alt(analysis: Analysis, found: list[Calibration]) -> str:
    told = "; ".join(f"{analysis.labels[each.loss]} {numerals.value(each.ece)}" for each in found)
    say = speech(analysis)
    ways = {+1: phrase("{loss} too sure"), -1: phrase("{loss} not sure enough"), 0: phrase("{loss} neither")}
    lean = "; ".join(say.text(ways[_lean(each)], loss=analysis.labels[each.loss]) for each in found)
    return say.text(
        "Reliability diagrams of {n} loss functions. Mean calibration error: {errors}. On average: {leaning}.",
        n=str(len(found)),
        errors=told,
        leaning=lean,
    )


def _lean(each: Calibration) -> int:
    """Say whether predictions are on average surer than they are right."""
    gap = sum(part.n * (part.confidence - part.accuracy) for part in each.bins if part.n)
    return int(np.sign(round(gap / sum(part.n for part in each.bins), 3)))
