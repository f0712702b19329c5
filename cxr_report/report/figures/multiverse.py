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
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.differences import TARGETS
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase
from cxr_report.report.names import counting, number_of_seeds, short, short_target, tested

__all__ = ["RULES", "TESTS", "draw", "planned_groups"]

TESTS = {
    "mrmc": "Obuchowski–Rockette",
    "mrmc-seeds-fixed": "the same, fixed seeds",
    "paired-t": "paired t",
    "wilcoxon": "exact Wilcoxon",
    "sign-flip": "permutation of signs",
}
RULES = {"": "", "argmax": phrase("by the most probable label"), "youden": phrase("at Youden’s thresholds")}
"""How threshold rules are called."""

_ADJUSTMENTS = {
    "none": "none", "bonferroni": "Bonf.", "holm": "Holm", "hochberg": "Hochb.", "hommel": "Homm.", "bh": "BH",
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
    height = HEAD + LINE * len(lines) + 0.45
    with canvas.canvas(height, arranged=False) as figure:
        bottom, tall = 0.45 / height, LINE * len(lines) / height
        whole = figure.add_axes((0, bottom, 1, tall))
        begin = PANEL + CHARACTER * max(0, max(len(line.pair) for line in lines) - ROOM)
        panel = figure.add_axes((begin, bottom, END - begin, tall))
        adjustments = tuple(dict.fromkeys(row.adjustment for line in lines for row in line.rows))
        for axes in (whole, panel):
            axes.set_ylim(len(lines) - 0.5, -0.5)
        whole.set_axis_off()
        whole.set_xlim(0, canvas.WIDTH)
        _axis(panel, analysis, groups)
        _heads(whole, adjustments)
        for y, line in enumerate(lines):
            if line.group is None:
                told = f"For other {short_target(analysis, line.heading or BOTH)}"
                whole.text(0, y, told, va="center", fontsize=8, style="italic")
            else:
                whole.text(begin * canvas.WIDTH - 0.1, y, TESTS[line.rows[0].test], **_WORDS, ha="right")
                _line(whole, panel, line, line.group, y, adjustments)
        _key(figure)
        alt = _alt(analysis, groups)
        svg = canvas.save(figure, key, alt)
    return _picture(analysis, groups, svg, alt, key=key)


def _picture(analysis: Analysis, groups: Sequence[MultiverseGroup], svg: str, alt: str, *, key: str) -> Picture:
    level = numerals.fixed(100 * (1 - analysis.study.analysis.alpha), 0)
    rule = RULES[groups[0].threshold]
    where = f" {rule}" if rule else ""
    more = ", continued" if key != "multiverse" else ""
    return Picture(
        key=key,
        number="",
        title=(
            f"Other analyses of test {METRICS[analysis.metrics[0]].title}{where}, first minus second{more}. Lines: "
            f"unadjusted {level} % interval of each test, with thin ends to the simultaneous one, cut at the edge. "
            "Marks: the decision under each adjustment; hollow: it cannot reach α here, and does not count; framed: "
            "the decision of the plan, which alone decides. No p value belongs to the panel, and a share of it is no "
            "probability"
        ),
        n=counting(tested(analysis), number_of_seeds(len(analysis.seeds), "paired")),
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
    metric = METRICS[analysis.metrics[0]]
    better = "first better →" if metric.higher_is_better else "second better →"
    panel.set_xlabel(f"Difference in {metric.title}   ({better})")


def _heads(whole: Axes, adjustments: Sequence[str]) -> None:
    style: dict[str, Any] = {"fontsize": 7.2, "color": canvas.GREY, "va": "bottom"}
    for turn, adjustment in enumerate(adjustments):
        whole.text(_column(turn, len(adjustments)), -0.7, _ADJUSTMENTS[adjustment], ha="center", **style)
    whole.text(canvas.WIDTH * (SIDE + 1) / 2, -1.65, "Decision, by adjustment", ha="center", **style)


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


def _key(figure: Figure) -> None:
    style: Mapping[str, Any] = {"linestyle": "none", "markersize": 4.6}
    handles = [
        Line2D([], [], marker=mark, color=colour, label=f"first is {name}" if name != "not shown" else name, **style)
        for name, (mark, colour) in _SHOWN.items()
    ]
    handles.append(
        Line2D([], [], marker="o", color=canvas.GREY, markerfacecolor="white", label="cannot reach α", **style)
    )
    frame: Mapping[str, Any] = {"linestyle": "none", "markersize": 8, "markerfacecolor": "none"}
    handles.append(Line2D([], [], marker="s", color=canvas.INK, label="the plan", **frame))
    figure.legend(handles=handles, loc="upper left", ncols=5, borderaxespad=0.1, columnspacing=1.4)


def _alt(analysis: Analysis, groups: Sequence[MultiverseGroup]) -> str:
    names = short(analysis)
    told = "; ".join(
        f"{names[group.first]} − {names[group.second]} for other {short_target(analysis, group.target)}: better in "
        f"{group.n_better} and worse in {group.n_worse} of {group.n_reachable}"
        for group in groups
    )
    title = METRICS[analysis.metrics[0]].title
    return f"Decisions on {title} under other analyses, of those that can reach α. {told}."
