"""Probabilities over every possible agreement in, one panel of curves per metric out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture

__all__ = ["CurvePanel", "ProbabilityCurve", "draw"]

KEY = "agreement-curves"

COLUMNS = 2
HEIGHT = 1.75
"""Inches of one row of panels."""

MOST = 8
"""Chosen: panels that fit on a page with their caption."""

TITLE = 44
"""Chosen: characters after which a panel's title is broken."""


@dataclass(frozen=True, slots=True)
class ProbabilityCurve:
    """One curve."""

    label: str
    agreement: Sequence[float]
    """`(K,)`, ascending."""
    probability: Sequence[float]
    """`(K,)`, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class CurvePanel:
    """Curves that share their axes."""

    title: str
    axis: str
    """What the agreement is."""
    curves: tuple[ProbabilityCurve, ...]


def draw(panels: Sequence[CurvePanel], certain: float) -> Picture | None:
    """Draw the first `MOST` panels; a line marks where two models count as told apart.

    Args:
        panels: with at least one curve each.
        certain: the probability from which on they do.

    Returns:
        None where there is no panel.
    """
    shown = panels[:MOST]
    if not shown:
        return None
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    with canvas.canvas(HEIGHT * rows + 0.1, canvas.WIDTH if columns > 1 else 0.62 * canvas.WIDTH) as figure:
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for place, (panel, drawn) in enumerate(zip(axes, shown, strict=False)):
            _draw(panel, drawn, certain)
            panel.set_ylabel("Probability" if place % columns == 0 else "")
        for panel in axes[len(shown) :]:
            panel.set_visible(False)
        alt = " ".join(_told(panel) for panel in shown)
        svg = canvas.save(figure, KEY, alt)
    title = (
        "Probability that the claimed winner is really better, over every agreement of the models that the printed "
        f"numbers allow. Dashed line: {numerals.general(certain)}, from where on two models count as told apart; "
        "dotted line: one half"
    )
    left = len(panels) - len(shown)
    return Picture(KEY, "Figure 1", title, f"{left} more panels are not drawn" if left else "", alt, svg)


def _draw(panel: Axes, drawn: CurvePanel, certain: float) -> None:
    canvas.frame(panel, grid="y")
    for curve, look in zip(drawn.curves, canvas.looks([each.label for each in drawn.curves]), strict=True):
        label = canvas.wrapped(look.label, 34)
        single = len(curve.agreement) == 1
        marker = look.marker if single else ""
        panel.plot(
            curve.agreement, curve.probability, color=look.colour, linestyle=look.dash, marker=marker, label=label
        )
    panel.axhline(certain, color=canvas.GREY, linewidth=0.7, linestyle=(0, (4, 3)))
    panel.axhline(0.5, color=canvas.GREY, linewidth=0.7, linestyle=(0, (1, 2)))
    lowest = min(min(curve.probability) for curve in drawn.curves)
    panel.set_ylim(min(0.45, lowest - 0.05) if lowest > 0.05 else 0.0, 1.03)
    panel.set_xlabel(drawn.axis[:1].upper() + drawn.axis[1:])
    alone = f": {drawn.curves[0].label}" if len(drawn.curves) == 1 else ""
    panel.set_title(canvas.wrapped(drawn.title + alone, TITLE))
    if not alone:
        panel.legend(loc="best", fontsize=7)


def _told(panel: CurvePanel) -> str:
    told = "; ".join(
        f"{curve.label} from {numerals.fixed(min(curve.probability), 3)} to {numerals.fixed(max(curve.probability), 3)}"
        for curve in panel.curves
    )
    return f"{panel.title}: {told}."
