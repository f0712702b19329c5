"""How much of the variance of a difference, and of a mean, comes from seeds, from cases and from both at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from cxr_report.analysis.value import Analysis, VarianceParts
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import counted

__all__ = ["draw"]

TITLES = {
    "difference of two losses": phrase("Of a difference of two losses"),
    "mean of one loss": phrase("Of the mean of one loss"),
}

PARTS: dict[str, dict[str, Any]] = {
    "seeds": {"facecolor": "#0072b2"},
    "both": {"facecolor": canvas.PALE},
    "cases": {"facecolor": "#d55e00", "hatch": "////"},
}
"""Source -> how its part of a bar is filled; seeds and cases as in the figure of differences."""

NAMES = {"seeds": phrase("seeds"), "both": phrase("seeds by cases"), "cases": phrase("cases")}

LEAST = 0.09
"""Chosen: share of a bar that has room for its number."""

ROW = 0.26
"""Inches."""


def draw(analysis: Analysis) -> Picture | None:
    """Draw one bar per metric, for a difference and for a mean, beside what more seeds or cases would bring.

    Returns:
        None where no metric has an analysis over seeds and cases.
    """
    kinds = {of: [part for part in analysis.variances if part.of == of] for of in TITLES}
    kinds = {of: found for of, found in kinds.items() if found}
    if not kinds:
        return None
    say = speech(analysis)
    heights = [0.5 + ROW * len(found) for found in kinds.values()]
    with canvas.canvas(sum(heights) + 0.65) as figure:
        grid = figure.subplots(len(kinds), 2, width_ratios=[1.5, 1], height_ratios=heights, squeeze=False)
        for (panel, side), (of, found) in zip(grid, kinds.items(), strict=True):
            _bars(say, panel, found, say.text(TITLES[of]))
            _beside(say, side, found)
        grid[-1][0].set_xlabel(say.text("Share of the variance"))
        _key(say, figure)
        alt = _alt(analysis)
        svg = canvas.save(figure, "variance", alt)
    return Picture(
        key="variance",
        number="",
        title=say.text(
            "Where the uncertainty comes from: shares of the variance over seeds and cases. Seeds shrink the two parts "
            "on the left, cases the two on the right. SE: standard error as it is, and as it would be with twice the "
            "seeds or with twice the cases, pooled over all losses and pairs; the smaller of these two is bold, unless "
            "they save about the same. A negative estimate of a part counts as 0"
        ),
        n=counted(analysis),
        alt=alt,
        svg=svg,
    )


def _bars(say: Speech, panel: Axes, found: Sequence[VarianceParts], title: str) -> None:
    panel.set_title(title)
    for row, part in enumerate(found):
        total, at = part.seeds + part.both + part.cases, 0.0
        if not total > 0:
            panel.text(0.5, row, say.text("nothing varies"), ha="center", va="center", color=canvas.GREY)
            continue
        for name, style in PARTS.items():
            share = getattr(part, name) / total
            panel.barh(row, share, left=at, height=0.62, edgecolor="white", linewidth=0.8, **style)
            if share >= LEAST:
                _label(panel, at + share / 2, row, share, name)
            at += share
    panel.set_yticks(range(len(found)), [canvas.wrapped(say.text(METRICS[part.metric].title), 30) for part in found])
    panel.set_ylim(len(found) - 0.5, -0.5)
    panel.set_xlim(0, 1)
    panel.xaxis.set_major_formatter(PercentFormatter(1, symbol="\N{NO-BREAK SPACE}%"))
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def _label(panel: Axes, x: float, y: float, share: float, name: str) -> None:
    ink = canvas.INK if name != "seeds" else "white"
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8} if name == "cases" else None
    text = numerals.percent(share, 0)
    panel.text(x, y, text, ha="center", va="center", fontsize=7.5, color=ink, bbox=box)


def _beside(say: Speech, side: Axes, found: Sequence[VarianceParts]) -> None:
    side.set_axis_off()
    side.set_xlim(0, 3)
    side.set_ylim(len(found) - 0.5, -0.5)
    for column, head in enumerate((say.text("SE"), say.text("2 × seeds"), say.text("2 × cases"))):
        side.text(column + 0.9, -0.62, head, ha="right", va="bottom", fontsize=7.5, color=canvas.GREY)
    for row, part in enumerate(found):
        numbers = (part.se, part.se_twice_the_seeds, part.se_twice_the_cases)
        for column, value in enumerate(numbers):
            best = part.worth_more_of == ("", "seeds", "cases")[column]
            weight = "bold" if best else "normal"
            side.text(column + 0.9, row, numerals.spread(value), ha="right", va="center", fontsize=8, weight=weight)


def _key(say: Speech, figure: Figure) -> None:
    handles = [Patch(edgecolor="white", label=say.text(NAMES[name]), **PARTS[name]) for name in PARTS]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))


def _alt(analysis: Analysis) -> str:
    say, told = speech(analysis), []
    for part in analysis.variances:
        total = part.seeds + part.both + part.cases
        if part.metric != analysis.metrics[0] or not (total > 0 and math.isfinite(total)):
            continue
        shares = ", ".join(
            f"{say.text(NAMES[name])} {numerals.percent(getattr(part, name) / total, 0)}" for name in PARTS
        )
        title = say.text(TITLES[part.of])
        told.append(f"{title[0].lower()}{title[1:]}: {shares}")
    begin = say.text("Bars of the shares of the variance of {n} estimates.", n=str(len(analysis.variances)))
    return f"{begin} {say.text(METRICS[analysis.metrics[0]].title)}, {'; '.join(told)}." if told else begin
