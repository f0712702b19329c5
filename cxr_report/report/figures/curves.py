"""The curves of a study on the unit square, one panel for each class or finding, the macro mean first."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

from cxr_report.analysis.value import Analysis, Curve, CurveSet
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.language import speech
from cxr_report.report.names import short

__all__ = ["Way", "defined", "draw", "means_at", "sets"]


@dataclass(frozen=True, slots=True)
class Way:
    """How one kind of curve is drawn."""

    key: str
    """File name and anchor."""
    across: str
    """Label of the abscissa, as it is said."""
    up: str
    """Label of the ordinate."""
    reference: Callable[[Axes, CurveSet], None]
    """Draws a score without information into a panel."""
    line: Callable[[Axes, Curve, canvas.Look], None]
    """Draws one loss into a panel, its band beneath its line."""


def sets(analysis: Analysis, name: str) -> list[CurveSet]:
    """Return the sets of a kind of curve of which at least one loss has a curve."""
    return [entry for entry in analysis.curves if entry.name == name and any(curve.x for curve in entry.curves)]


def defined(curve: Curve) -> bool:
    """Say whether a loss has a curve to be drawn."""
    return bool(curve.x) and math.isfinite(curve.mean[-1])


def draw(analysis: Analysis, shown: list[CurveSet], way: Way, alt: str) -> str:
    """Draw one panel per set.

    Args:
        analysis: of a study.
        shown: at least one.
        way: how.
        alt: alternative text.

    Returns:
        Markup.
    """
    found = canvas.looks(list(short(analysis).values()))
    columns = 3 if len(shown) in (5, 6) else min(4 if len(shown) <= 16 else 5 if len(shown) <= 25 else 6, len(shown))
    rows, width = math.ceil(len(shown) / columns), {1: 3.4, 2: 4.2}.get(columns, canvas.WIDTH)
    side, tall = (width - 0.45) / columns - 0.08, canvas.legend_lines(found, width) * 0.16
    with canvas.canvas((side + 0.3) * rows + 0.45 + tall, width) as figure:
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for place, (panel, entry) in enumerate(zip(panels, shown, strict=False)):
            _panel(panel, entry, found, way, speech(analysis).text("undefined"))
            panel.set_title(canvas.wrapped(_name(analysis, entry), 72 // columns))
            if place >= len(shown) - columns:
                panel.set_xlabel(way.across)
                panel.tick_params(labelbottom=True)
            if place % columns == 0:
                panel.set_ylabel(way.up)
        for panel in panels[len(shown) :]:
            panel.set_visible(False)
        canvas.legend(figure, found, width)
        return canvas.save(figure, way.key, alt)


def means_at(analysis: Analysis, entry: CurveSet, at: float) -> str:
    """List the losses with their means at one place of the abscissa; empty where none has one."""
    told = []
    for curve in entry.curves:
        met = [mean for x, mean in zip(curve.x, curve.mean, strict=True) if abs(x - at) < 1e-9 and math.isfinite(mean)]
        told += [f"{analysis.labels[curve.loss]} {numerals.value(met[0])}"] if met else []
    return "; ".join(told)


def _name(analysis: Analysis, entry: CurveSet) -> str:
    if entry.klass:
        return entry.klass
    return analysis.classes[-1] if analysis.study.task == "binary" else speech(analysis).text("Macro mean")


def _panel(panel: Axes, entry: CurveSet, found: list[canvas.Look], way: Way, undefined: str) -> None:
    """Draw the curves of one class; ``undefined`` is what is said where there is none."""
    panel.set_aspect("equal")
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    panel.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    panel.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    way.reference(panel, entry)
    drawn = [pair for pair in zip(entry.curves, found, strict=True) if defined(pair[0])]
    for curve, look in drawn:
        way.line(panel, curve, look)
    if not drawn:
        panel.text(0.5, 0.5, undefined, ha="center", va="center", color=canvas.GREY)
