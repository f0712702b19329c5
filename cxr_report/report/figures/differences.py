"""Pairwise differences of the primary metric with their intervals, over seeds alone and over seeds and cases."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cxr_report.analysis.value import Analysis, Joint
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.names import short

__all__ = ["draw"]

MOST = 28
"""Chosen: more pairs than this do not fit on a page; then only those with the baseline are drawn."""

TALLEST = 7.3
"""Inches: all rows together, so that figure and caption fit on a page."""


@dataclass(frozen=True, slots=True)
class Row:
    """One pair with one inference target."""

    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float
    """Adjusted."""


def draw(analysis: Analysis) -> Picture:
    """Draw one line per pair and inference target beside the region of practical equivalence."""
    metric = METRICS[analysis.metrics[0]]
    joint = next((entry for entry in analysis.joint if entry.metric == metric.name), None)
    seeds = [
        Row(p.first, p.second, p.difference, p.low, p.high, p.p_t_adjusted)
        for p in analysis.pairs
        if p.metric == metric.name
    ]
    shown = _shown(seeds, analysis)
    both = _joint_rows(joint)
    targets = [("seeds and cases", both), ("seeds, these cases", seeds)] if joint else [("seeds, these cases", seeds)]
    lines = [max(1, -(-len(_pair(row, analysis)) // 34)) for row in shown]
    each = max(0.34 if joint else 0.24, 0.12 + 0.13 * max(lines, default=1))
    with canvas.canvas(min(each * len(shown), TALLEST) + 1.15) as figure:
        panel, side = figure.subplots(1, 2, width_ratios=[2.1, 1.25], sharey=True)
        _axis(panel, analysis, metric.title)
        side.set_axis_off()
        side.set_xlim(0, 1)
        for place, row in enumerate(shown):
            for turn, (_, rows) in enumerate(targets):
                entry = next((r for r in rows if (r.first, r.second) == (row.first, row.second)), None)
                y = place + (0.0 if len(targets) == 1 else -0.17 + 0.34 * turn)
                _line(panel, side, entry, y, headline=turn == 0, alpha=analysis.study.analysis.alpha)
        panel.set_yticks(range(len(shown)), [canvas.wrapped(_pair(row, analysis), 34) for row in shown])
        panel.set_ylim(len(shown) - 0.45, -0.55)
        side.text(0, -0.55, "Difference (interval), adjusted p", fontsize=7.5, va="bottom", color=canvas.GREY)
        _key(figure, [name for name, _ in targets])
        alt = _alt(analysis, targets[0][1], targets[0][0], metric.title)
        svg = canvas.save(figure, "differences", alt)
    return _picture(analysis, metric.title, svg, alt, all_pairs=len(shown) == len(seeds))


def _picture(analysis: Analysis, title: str, svg: str, alt: str, *, all_pairs: bool) -> Picture:
    level = numerals.fixed(100 * (1 - analysis.study.analysis.alpha), 0)
    which = "all pairs of loss functions" if all_pairs else "loss functions against the baseline"
    return Picture(
        key="differences",
        number="",
        title=(
            f"Differences in test {title}, first minus second, for {which}, with unadjusted {level} % intervals. "
            f"Grey: differences up to ±{numerals.general(analysis.study.analysis.margin)}, planned as too small to "
            "matter. Filled marks: adjusted p at most alpha"
        ),
        n=f"n = {numerals.count(analysis.data.n_test)} test cases, {len(analysis.seeds)} paired seeds",
        alt=alt,
        svg=svg,
    )


def _shown(rows: list[Row], analysis: Analysis) -> list[Row]:
    baseline = analysis.study.analysis.baseline
    return rows if len(rows) <= MOST else [row for row in rows if baseline in (row.first, row.second)]


def _joint_rows(joint: Joint | None) -> list[Row]:
    if joint is None:
        return []
    return [Row(p.first, p.second, p.difference, p.low, p.high, p.p_adjusted) for p in joint.pairs]


def _pair(row: Row, analysis: Analysis) -> str:
    names = short(analysis)
    return f"{names[row.first]} − {names[row.second]}"


def _axis(panel: Axes, analysis: Analysis, title: str) -> None:
    canvas.frame(panel, grid="x")
    margin = analysis.study.analysis.margin
    panel.axvspan(-margin, margin, color="#ececec", linewidth=0)
    panel.axvline(0, color=canvas.GREY, linewidth=0.8)
    better = "first better →" if METRICS[analysis.metrics[0]].higher_is_better else "second better →"
    panel.set_xlabel(f"Difference in {title}   ({better})")
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def _line(panel: Axes, side: Axes, row: Row | None, y: float, *, headline: bool, alpha: float) -> None:
    if row is None or not math.isfinite(row.difference):
        side.text(0, y, "undefined", fontsize=7.5, va="center", color=canvas.GREY)
        return
    colour = canvas.INK if headline else "#0072b2"
    if math.isfinite(row.low):
        panel.plot([row.low, row.high], [y, y], color=colour, linewidth=1.6 if headline else 0.9)
    face = colour if row.p <= alpha else "white"
    marker = "o" if headline else "s"
    panel.plot([row.difference], [y], marker, color=colour, markerfacecolor=face, markersize=4.2 if headline else 3.6)
    band, p = numerals.interval(row.low, row.high, 4), numerals.p_value(row.p, alpha)
    text = f"{numerals.difference(row.difference)} ({band}), {p}"
    side.text(0, y, text, fontsize=7.5, va="center", color=colour)


def _key(figure: Figure, names: list[str]) -> None:
    marks = [("o", canvas.INK, 1.6), ("s", "#0072b2", 0.9)]
    handles: list[Line2D | Patch] = [
        Line2D([], [], marker=mark, color=colour, linewidth=width, markersize=4, label=name)
        for name, (mark, colour, width) in zip(names, marks, strict=False)
    ]
    handles.append(Patch(color="#ececec", label="practical equivalence"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3)


def _alt(analysis: Analysis, rows: list[Row], target: str, title: str) -> str:
    alpha = analysis.study.analysis.alpha
    clear = [row for row in rows if row.p <= alpha]
    if not clear:
        return (
            f"Forest plot of {len(rows)} differences in {title}; target: {target}. "
            "No difference is shown at the adjusted level."
        )
    told = "; ".join(f"{_pair(row, analysis)} {numerals.difference(row.difference)}" for row in clear)
    return (
        f"Forest plot of {len(rows)} differences in {title}; target: {target}. "
        f"{len(clear)} of them {'is' if len(clear) == 1 else 'are'} shown at the adjusted level: {told}."
    )
