"""Learning curves: how loss and primary metric went, epoch by epoch, with the spread over the seeds."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cxr_report.analysis.value import Analysis, Curve, CurveSet
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import short

__all__ = ["draw"]

UPPER, LOWER = 1.5, 2.1
"""Inches: a row of panels of losses, and the panel of the primary metric."""

TALLEST = 6.2
"""Inches: all rows of panels of losses."""

NAMES = {"train_loss": phrase("training"), "val_loss": phrase("validation")}


def draw(analysis: Analysis) -> Picture | None:
    """Draw training and validation loss in one panel per loss, and the primary metric of all in one panel below.

    The values of two loss functions are on scales of their own, so they never share an axis.

    Returns:
        None where no history was kept.
    """
    sets = {entry.name: entry for entry in analysis.curves if entry.name in (*NAMES, "val_primary")}
    if not any(curve.x for entry in sets.values() for curve in entry.curves):
        return None
    found = canvas.looks(list(short(analysis).values()))
    columns = min(len(found), 4 if len(found) in (4, 7, 8) or len(found) > 9 else 3)
    rows = math.ceil(len(found) / columns)
    upper_height = min(UPPER * rows, TALLEST)
    say = speech(analysis)
    title = say.text(METRICS[analysis.metrics[0]].title)
    with canvas.canvas(upper_height + LOWER) as figure:
        upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=[upper_height, LOWER]).ravel()
        upper.set_facecolor("none")
        lower.set_facecolor("none")
        panels = upper.subplots(rows, columns, squeeze=False).ravel()
        for place, (panel, look) in enumerate(zip(panels, found, strict=False)):
            _losses(panel, sets, analysis.losses[place], look, say=say if place == 0 else None)
            panel.set_xlabel(say.text("Epoch") if place >= len(found) - columns else "")
            panel.set_ylabel(say.text("Loss") if place % columns == 0 else "")
        for panel in panels[len(found) :]:
            panel.set_visible(False)
        heads = say.text("Epoch"), say.text("Validation {metric}", metric=title)
        _primary(lower.subplots(1, 2, width_ratios=[3, 1.35]), sets.get("val_primary"), found, heads)
        alt = _alt(sets, analysis, title)
        svg = canvas.save(figure, "learning", alt)
    band = next(iter(sets.values())).band
    return Picture(
        key="learning",
        number="",
        title=say.text(
            "Learning curves. Above: training loss (solid) and validation loss (dashed) of each loss function; their "
            "scales differ and cannot be compared. Below: validation {metric}. Lines are means over seeds, bands the "
            "{band}",
            metric=title,
            band=say.note(band),
        ),
        n=_seeds(analysis),
        alt=alt,
        svg=svg,
    )


def _seeds(analysis: Analysis) -> str:
    done = [sum(run.loss == loss and run.state == "done" for run in analysis.runs) for loss in analysis.losses]
    say, each = speech(analysis), f"{done[0]}"
    if len(set(done)) > 1:
        each = say.text("{low} to {high}", low=str(min(done)), high=str(max(done)))
    return say.text("n = {n} runs per loss function", n=each)


def _losses(panel: Axes, sets: dict[str, CurveSet], loss: str, look: canvas.Look, *, say: Speech | None) -> None:
    """Draw the losses of one loss function; the panel that is given a speech says what the lines are."""
    canvas.frame(panel, grid="y")
    panel.set_title(canvas.wrapped(look.label, 26))
    panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    panel.yaxis.set_major_locator(MaxNLocator(4))
    for name, dash in (("train_loss", "-"), ("val_loss", (0, (4, 1.5)))):
        curve = _curve(sets.get(name), loss)
        if curve is not None:
            colour = look.colour if name == "train_loss" else canvas.INK
            panel.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
            label = say.text(NAMES[name]) if say is not None else ""
            panel.plot(curve.x, curve.mean, color=colour, linestyle=dash, label=label)
    if say is not None:
        panel.legend(loc="upper right", borderaxespad=0, handlelength=1.8)


def _curve(found: CurveSet | None, loss: str) -> Curve | None:
    return next((curve for curve in found.curves if curve.loss == loss and curve.x), None) if found else None


def _primary(panels: NDArray[Any], found: CurveSet | None, styles: list[canvas.Look], heads: tuple[str, str]) -> None:
    panel, side = panels
    canvas.frame(panel, grid="y")
    panel.set_xlabel(heads[0])
    panel.set_ylabel(heads[1])
    panel.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    for curve, look in zip(found.curves if found else (), styles, strict=False):
        panel.fill_between(curve.x, curve.low, curve.high, color=look.colour, alpha=0.13, linewidth=0)
        panel.plot(curve.x, curve.mean, color=look.colour, linestyle=look.dash, label=canvas.wrapped(look.label, 26))
    side.set_axis_off()
    side.legend(*panel.get_legend_handles_labels(), loc="upper left", borderaxespad=0)


def _alt(sets: dict[str, CurveSet], analysis: Analysis, title: str) -> str:
    ends = {
        analysis.labels[curve.loss]: curve.mean[-1]
        for curve in (sets["val_primary"].curves if "val_primary" in sets else ())
        if curve.mean
    }
    told = "; ".join(f"{label} {numerals.value(end)}" for label, end in ends.items())
    say = speech(analysis)
    text = say.text(
        "Line charts of training and validation loss over the epochs per loss function, and of validation {metric}.",
        metric=title,
    )
    if not told:
        return text
    ended = say.text("Mean validation {metric} after the last epoch: {means}.", metric=title, means=told)
    return f"{text} {ended}"
