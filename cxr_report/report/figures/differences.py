"""Differences of the primary metric in the declared family, with their intervals for every inference target."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Target
from cxr_report.metrics import METRICS
from cxr_report.report import hangul, numerals
from cxr_report.report.answers import Answer, Answers, answers, deciding
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import counting, divergence, family, number_of_seeds, short, spoken, tested
from cxr_report.report.pieces import text_of

__all__ = ["TARGETS", "draw", "label"]

MOST = 28
"""Chosen: more pairs than this do not fit on a page; then only those with the baseline are drawn."""

TALLEST = 7.3
"""Inches: all rows together, so that figure and caption fit on a page."""

FLOOR: tuple[float, tuple[float, float]] = (0, (2, 1.5))
"""How the seed floor is drawn."""

TARGETS: tuple[tuple[Target, str, str, str, float], ...] = (
    (BOTH, phrase("seeds and cases"), canvas.INK, "o", 1.6),
    (SEEDS, phrase("seeds, these cases"), "#0072b2", "s", 0.9),
    (CASES, phrase("cases, these runs"), "#d55e00", "^", 0.9),
)
"""Target, what it is called, colour, mark and width of the line; the first that there is carries the decision."""


def draw(analysis: Analysis) -> Picture:
    """Draw one line per comparison and inference target beside the region of practical equivalence."""
    say, metric = speech(analysis), analysis.metrics[0]
    title = spoken(metric, say)
    headline = deciding(analysis, metric)
    found = [(one, style) for style in TARGETS if (one := answers(analysis, metric, style[0])) is not None]
    found.sort(key=lambda each: each[0].target != headline.target)
    shown = _shown(headline.family, analysis)
    lines = [max(1, -(-hangul.breadth(_pair(row, analysis)) // 34)) for row in shown]
    each = max(0.06 + 0.15 * len(found), 0.12 + 0.13 * max(lines, default=1), 0.24)
    with canvas.canvas(min(each * len(shown), TALLEST) + 1.15) as figure:
        panel, side = figure.subplots(1, 2, width_ratios=[2.1, 1.25], sharey=True)
        _axis(panel, analysis, title)
        floor = _floor(panel, analysis)
        side.set_axis_off()
        side.set_xlim(0, 1)
        for place, row in enumerate(shown):
            for turn, (target, style) in enumerate(found):
                y = place + (turn - (len(found) - 1) / 2) * 0.8 / max(len(found), 2)
                _line((panel, side), _same(row, target), y, style=style, analysis=analysis)
        panel.set_yticks(range(len(shown)), [canvas.wrapped(_pair(row, analysis), 34) for row in shown])
        panel.set_ylim(len(shown) - 0.45, -0.55)
        head = say.text("Difference (interval), adjusted p")
        side.text(0, -0.55, head, fontsize=7.5, va="bottom", color=canvas.GREY)
        _key(say, figure, [style for _, style in found], floor=floor)
        alt = _alt(analysis, headline, say.text(found[0][1][1]), title)
        svg = canvas.save(figure, "differences", alt)
    return _picture(analysis, title, svg, alt, every=len(shown) == len(headline.family))


def _picture(analysis: Analysis, title: str, svg: str, alt: str, *, every: bool) -> Picture:
    say, level = speech(analysis), numerals.fixed(100 * (1 - analysis.study.analysis.alpha), 0)
    baseline = analysis.labels[analysis.study.analysis.baseline]
    which = family(analysis)[1] if every else say.text("{loss} against the others", loss=baseline)
    told = say.text(
        "Differences in test {metric}, first minus second, for the {comparisons}. Lines: unadjusted {level} % "
        "intervals, with thin ends to the simultaneous ones. Grey: differences up to ±{margin}, planned as too small "
        "to matter. Filled marks: adjusted p at most α",
        metric=title,
        comparisons=which,
        level=level,
        margin=numerals.general(analysis.study.analysis.margin),
    )
    return Picture(
        key="differences",
        number="",
        title=f"{told}{_told_floor(analysis)}{_told_diverged(analysis)}",
        n=counting(tested(analysis), number_of_seeds(len(analysis.seeds), "paired", say=say)),
        alt=alt,
        svg=svg,
    )


def _told_floor(analysis: Analysis) -> str:
    drawn = [each for each in analysis.seed_floor if math.isfinite(each.percentile_95)]
    if not drawn:
        return ""
    say, ours, further = speech(analysis), len(drawn[0].seeds), len(drawn[0].further)
    told = (
        phrase(
            "Dashed: 95th percentile of the absolute difference between two sets of {ours} seeds of the baseline, "
            "descriptive, on these cases"
        )
        if ours == further
        else phrase(
            "Dashed: 95th percentile of the absolute difference between sets of {ours} and of {further} seeds of the "
            "baseline, descriptive, on these cases"
        )
    )
    numbers = {"ours": str(ours)} if ours == further else {"ours": str(ours), "further": str(further)}
    return f". {say.text(told, **numbers)}"


def _told_diverged(analysis: Analysis) -> str:
    return "".join(f". {told.removesuffix('.')}" for told in divergence(analysis))


def _shown(rows: Sequence[Answer], analysis: Analysis) -> list[Answer]:
    baseline = analysis.study.analysis.baseline
    return [row for row in rows if len(rows) <= MOST or baseline in (row.first, row.second)]


def _same(row: Answer, target: Answers) -> Answer:
    return next(each for each in target.every if (each.first, each.second) == (row.first, row.second))


def _pair(row: Answer, analysis: Analysis) -> str:
    names = short(analysis)
    return f"{names[row.first]} − {names[row.second]}"


def _axis(panel: Axes, analysis: Analysis, title: str) -> None:
    canvas.frame(panel, grid="x")
    margin = analysis.study.analysis.margin
    panel.axvspan(-margin, margin, color="#ececec", linewidth=0)
    panel.axvline(0, color=canvas.GREY, linewidth=0.8)
    panel.set_xlabel(label(analysis, title))
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def label(analysis: Analysis, title: str) -> str:
    """Return what stands at an axis of differences: which way is better."""
    return speech(analysis).text(
        "Difference in {metric}   (first better →)"
        if METRICS[analysis.metrics[0]].higher_is_better
        else "Difference in {metric}   (second better →)",
        metric=title,
    )


def _floor(panel: Axes, analysis: Analysis) -> bool:
    """Draw what another set of seeds alone does to the baseline, where that was measured."""
    found = [each.percentile_95 for each in analysis.seed_floor if math.isfinite(each.percentile_95)]
    for edge in (sign * value for value in found for sign in (-1, 1)):
        panel.axvline(edge, color=canvas.GREY, linewidth=0.9, linestyle=FLOOR)
    return bool(found)


def _line(
    panels: tuple[Axes, Axes], row: Answer, y: float, *, style: tuple[Target, str, str, str, float], analysis: Analysis
) -> None:
    (panel, side), (_, _, colour, marker, width) = panels, style
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    if not math.isfinite(row.difference):
        side.text(0, y, say.text("undefined"), fontsize=7.5, va="center", color=canvas.GREY)
        return
    if math.isfinite(row.low_simultaneous):
        panel.plot([row.low_simultaneous, row.high_simultaneous], [y, y], color=colour, linewidth=0.4)
    if math.isfinite(row.low):
        panel.plot([row.low, row.high], [y, y], color=colour, linewidth=width)
    face = colour if row.p_adjusted <= alpha else "white"
    panel.plot([row.difference], [y], marker, color=colour, markerfacecolor=face, markersize=4.2 if width > 1 else 3.6)
    band, p = say.interval(row.low, row.high, 4), numerals.p_value(row.p_adjusted, alpha)
    text = f"{numerals.difference(row.difference)} ({band}), {p}"
    side.text(0, y, text, fontsize=7.5, va="center", color=colour)


def _key(say: Speech, figure: Figure, styles: Sequence[tuple[Target, str, str, str, float]], *, floor: bool) -> None:
    handles: list[Line2D | Patch] = [
        Line2D([], [], marker=mark, color=colour, linewidth=width, markersize=4, label=say.text(name))
        for _, name, colour, mark, width in styles
    ]
    handles.append(Patch(color="#ececec", label=say.text("practical equivalence")))
    if floor:
        name = say.text("baseline against itself, 95th percentile")
        handles.append(Line2D([], [], color=canvas.GREY, linewidth=0.9, linestyle=FLOOR, label=name))
    figure.legend(handles=handles, loc="outside upper left", ncols=3 if floor else 4)


def _alt(analysis: Analysis, found: Answers, target: str, title: str) -> str:
    say, rows = speech(analysis), found.family
    clear = [row for row in rows if row.p_adjusted <= analysis.study.analysis.alpha]
    begin = say.counted(
        len(rows),
        "Forest plot of {n} difference in {metric}; the decision is for {target}.",
        "Forest plot of {n} differences in {metric}; the decision is for {target}.",
        n=str(len(rows)),
        metric=title,
        target=target,
    )
    if not clear:
        return f"{text_of(begin)} {say.text('No difference is shown at the adjusted level.')}"
    told = say.counted(
        len(clear),
        "{n} of them is shown at the adjusted level: {differences}.",
        "{n} of them are shown at the adjusted level: {differences}.",
        n=str(len(clear)),
        differences="; ".join(f"{_pair(row, analysis)} {numerals.difference(row.difference)}" for row in clear),
    )
    return f"{text_of(begin)} {text_of(told)}"
