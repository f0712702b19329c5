"""The conclusion on the primary metric under every listed test, interval and adjustment, target by target."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cxr_report.analysis.value import BOTH, Analysis, MultiverseGroup, MultiverseRow, Target
from cxr_report.metrics import METRICS
from cxr_report.report import hangul, numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.differences import TARGETS, label
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import counting, number_of_seeds, short, short_target, tested

__all__ = ["RULES", "TESTS", "draw", "planned_groups"]

TESTS = {
    "mrmc": phrase("Obuchowski–Rockette"),
    "mrmc-seeds-fixed": phrase("the same, fixed seeds"),
    "paired-t": phrase("paired t"),
    "wilcoxon": phrase("exact Wilcoxon"),
    "sign-flip": phrase("permutation of signs"),
}
RULES = {"": "", "argmax": phrase("by the most probable label"), "youden": phrase("at Youden’s thresholds")}
"""How threshold rules are called."""

_ADJUSTMENTS = {
    "none": phrase("none"), "bonferroni": "Bonf.", "holm": "Holm", "hochberg": "Hochb.", "hommel": "Homm.", "bh": "BH",
    "by": "BY",
}  # fmt: skip

MOST = 46
"""Chosen: lines that fit on a page with the caption."""

LINE = 0.155
"""Inches."""

PANEL, END, SIDE = 0.43, 0.75, 0.79
"""Shares of the width: begin of the panel of intervals where names are short, its end, and begin of the marks."""

ROOM, CHARACTER = 31, 0.0077
"""Characters of a pair that have room beside the name of a test, and the width of one as a share of the figure."""

_SHOWN = {"better": ("^", "#009e73"), "worse": ("v", "#d55e00"), "not shown": ("o", canvas.GREY)}
"""Verdict -> mark and colour."""

_WORDS: Mapping[str, Any] = {"va": "center", "fontsize": 7.2}

HEAD = 0.62
"""Inches above the first line."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: a heading of a target, or one test of one comparison."""

    heading: Target | None
    pair: str
    """Empty below the first line of a comparison."""
    group: MultiverseGroup | None
    rows: tuple[MultiverseRow, ...]
    """All adjustments and intervals of one test."""


def planned_groups(analysis: Analysis) -> list[tuple[int, MultiverseGroup]]:
    """Return the groups of the primary metric under the threshold rule of the plan, with their places."""
    own = [(n, group) for n, group in enumerate(analysis.multiverse) if group.metric == analysis.metrics[0]]
    rules = [group.threshold for _, group in own if any(row.planned for row in group.rows)] or [
        group.threshold for _, group in own
    ]
    return [(n, group) for n, group in own if group.threshold == rules[0]]


def draw(analysis: Analysis) -> list[Picture]:
    """Draw one line per test of every comparison, targets apart, on as many figures as pages are needed."""
    groups = [group for _, group in planned_groups(analysis)]
    pages = list(_pages(_blocks(analysis, groups)))
    return [
        _draw(analysis, groups, lines, key="multiverse" if turn == 0 else f"multiverse-{turn + 1}")
        for turn, lines in enumerate(pages)
    ]


def _blocks(analysis: Analysis, groups: Sequence[MultiverseGroup]) -> Iterator[tuple[Target, list[_Line]]]:
    """Yield the lines that stay together: one comparison for one target."""
    names = short(analysis)
    for target, *_ in TARGETS:
        for group in groups:
            if group.target != target:
                continue
            tests = dict.fromkeys(row.test for row in group.rows)
            pair = f"{names[group.first]} − {names[group.second]}"
            yield (
                target,
                [
                    _Line(None, "" if turn else pair, group, tuple(row for row in group.rows if row.test == test))
                    for turn, test in enumerate(tests)
                ],
            )


def _pages(blocks: Iterable[tuple[Target, list[_Line]]]) -> Iterator[list[_Line]]:
    """Deal the lines to pages, every target under a heading on each of them."""
    page: list[_Line] = []
    last: Target | None = None
    for target, lines in blocks:
        if page and len(page) + len(lines) >= MOST:
            yield page
            page, last = [], None
        page = [*page, *([] if target == last else [_Line(target, "", None, ())]), *lines]
        last = target
    if page:
        yield page


def _draw(analysis: Analysis, groups: Sequence[MultiverseGroup], lines: Sequence[_Line], *, key: str) -> Picture:
    say, height = speech(analysis), HEAD + LINE * len(lines) + 0.45
    with canvas.canvas(height, arranged=False) as figure:
        bottom, tall = 0.45 / height, LINE * len(lines) / height
        whole = figure.add_axes((0, bottom, 1, tall))
        begin = PANEL + CHARACTER * max(0, max(hangul.breadth(line.pair) for line in lines) - ROOM)
        panel = figure.add_axes((begin, bottom, END - begin, tall))
        adjustments = tuple(dict.fromkeys(row.adjustment for line in lines for row in line.rows))
        for axes in (whole, panel):
            axes.set_ylim(len(lines) - 0.5, -0.5)
        whole.set_axis_off()
        whole.set_xlim(0, canvas.WIDTH)
        _axis(panel, analysis, groups)
        _heads(say, whole, adjustments)
        for y, line in enumerate(lines):
            if line.group is None:
                told = say.text("For other {target}", target=short_target(analysis, line.heading or BOTH))
                whole.text(0, y, told, va="center", fontsize=8, style="italic")
            else:
                whole.text(begin * canvas.WIDTH - 0.1, y, say.text(TESTS[line.rows[0].test]), **_WORDS, ha="right")
                _line(whole, panel, line, line.group, y, adjustments)
        _key(say, figure)
        alt = _alt(analysis, groups)
        svg = canvas.save(figure, key, alt)
    return _picture(analysis, groups, svg, alt, key=key)


def _picture(analysis: Analysis, groups: Sequence[MultiverseGroup], svg: str, alt: str, *, key: str) -> Picture:
    level = numerals.fixed(100 * (1 - analysis.study.analysis.alpha), 0)
    say, rule = speech(analysis), RULES[groups[0].threshold]
    metric = say.text(METRICS[analysis.metrics[0]].title)
    about = say.text("{metric} {rule}", metric=metric, rule=say.text(rule)) if rule else metric
    begin = say.text(
        "Other analyses of test {metric}, first minus second"
        if key == "multiverse"
        else "Other analyses of test {metric}, first minus second, continued",
        metric=about,
    )
    told = say.text(
        "Lines: unadjusted {level} % interval of each test, with thin ends to the simultaneous one, cut at the edge. "
        "Marks: the decision under each adjustment; hollow: it cannot reach α here, and does not count; framed: the "
        "decision of the plan, which alone decides. No p value belongs to the panel, and a share of it is no "
        "probability",
        level=level,
    )
    return Picture(
        key=key,
        number="",
        title=f"{begin}. {told}",
        n=counting(tested(analysis), number_of_seeds(len(analysis.seeds), "paired", say=say)),
        alt=alt,
        svg=svg,
    )


def _axis(panel: Axes, analysis: Analysis, groups: Sequence[MultiverseGroup]) -> None:
    canvas.frame(panel, grid="x")
    panel.axvline(0, color=canvas.GREY, linewidth=0.8)
    rows = [row for group in groups for row in group.rows if row.interval == "unadjusted"]
    rows = rows or [row for group in groups for row in group.rows]
    ends = [end for row in rows for end in (row.low, row.high)] + [group.estimate for group in groups]
    finite = [end for end in ends if math.isfinite(end)] or [-1.0, 1.0]
    low, high = min(0.0, *finite), max(0.0, *finite)
    room = 0.08 * max(high - low, 1e-6)
    panel.set_xlim(low - room, high + room)
    panel.locator_params(axis="x", nbins=4)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.set_xlabel(label(analysis, speech(analysis).text(METRICS[analysis.metrics[0]].title)))


def _heads(say: Speech, whole: Axes, adjustments: Sequence[str]) -> None:
    style: dict[str, Any] = {"fontsize": 7.2, "color": canvas.GREY, "va": "bottom"}
    for turn, adjustment in enumerate(adjustments):
        whole.text(_column(turn, len(adjustments)), -0.7, say.text(_ADJUSTMENTS[adjustment]), ha="center", **style)
    whole.text(canvas.WIDTH * (SIDE + 1) / 2, -1.65, say.text("Decision, by adjustment"), ha="center", **style)


def _column(turn: int, columns: int) -> float:
    """Return the middle of a column of marks, in inches."""
    return canvas.WIDTH * (SIDE + (1 - SIDE) * (turn + 0.5) / columns)


def _line(
    whole: Axes, panel: Axes, line: _Line, group: MultiverseGroup, y: int, adjustments: Sequence[str]
) -> None:  # fmt: skip
    if line.pair:
        whole.text(0.1, y, line.pair, **_WORDS)
        whole.plot([0.1, canvas.WIDTH], [y - 0.5, y - 0.5], color=canvas.PALE, linewidth=0.4)
    colour = next(style[2] for style in TARGETS if style[0] == group.target)
    for row in line.rows:
        if math.isfinite(row.low):
            width = 1.5 if row.interval == "unadjusted" else 0.4
            panel.plot([row.low, row.high], [y, y], color=colour, linewidth=width)
    if math.isfinite(group.estimate):
        panel.plot([group.estimate], [y], "|", color=colour, markersize=5, markeredgewidth=1.2)
    for turn, adjustment in enumerate(adjustments):
        rows = [row for row in line.rows if row.adjustment == adjustment]
        if rows:
            _mark(whole, _column(turn, len(adjustments)), y, rows)


def _mark(whole: Axes, x: float, y: float, rows: Sequence[MultiverseRow]) -> None:
    row = rows[0]
    marker, colour = _SHOWN[row.verdict]
    face = colour if row.reachable else "white"
    size = 4.6 if row.verdict != "not shown" else 3.4
    whole.plot([x], [y], marker, color=colour, markerfacecolor=face, markersize=size, markeredgewidth=0.8)
    if any(each.planned for each in rows):
        whole.plot([x], [y], "s", color=canvas.INK, markerfacecolor="none", markersize=9, markeredgewidth=0.8)


_NAMES = {"better": phrase("first is better"), "worse": phrase("first is worse"), "not shown": phrase("not shown")}


def _key(say: Speech, figure: Figure) -> None:
    style: Mapping[str, Any] = {"linestyle": "none", "markersize": 4.6}
    handles = [
        Line2D([], [], marker=mark, color=colour, label=say.text(_NAMES[name]), **style)
        for name, (mark, colour) in _SHOWN.items()
    ]
    handles.append(
        Line2D(
            [], [], marker="o", color=canvas.GREY, markerfacecolor="white", label=say.text("cannot reach α"), **style
        )
    )
    frame: Mapping[str, Any] = {"linestyle": "none", "markersize": 8, "markerfacecolor": "none"}
    handles.append(Line2D([], [], marker="s", color=canvas.INK, label=say.text("the plan"), **frame))
    figure.legend(handles=handles, loc="upper left", ncols=5, borderaxespad=0.1, columnspacing=1.4)


def _alt(analysis: Analysis, groups: Sequence[MultiverseGroup]) -> str:
    say, names = speech(analysis), short(analysis)
    told = "; ".join(
        say.text(
            "{pair} for other {target}: better in {better} and worse in {worse} of {reachable}",
            pair=f"{names[group.first]} − {names[group.second]}",
            target=short_target(analysis, group.target),
            better=str(group.n_better),
            worse=str(group.n_worse),
            reachable=str(group.n_reachable),
        )
        for group in groups
    )
    return say.text(
        "Decisions on {metric} under other analyses, of those that can reach α. {groups}.",
        metric=say.text(METRICS[analysis.metrics[0]].title),
        groups=told,
    )
