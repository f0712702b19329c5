"""The primary metric of every loss among the cases of each subgroup, with its interval over seeds and cases."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cxr_report.analysis.value import Analysis, JointMean, Subgroup
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.names import short

__all__ = ["ATTRIBUTES", "draw", "named"]

ATTRIBUTES = {"sex": phrase("Sex"), "age": phrase("Age"), "view": phrase("View")}

TALLEST = 7.6
"""Inches: all rows together, so that figure and caption fit on a page."""

KEYS = 4
"""Chosen: entries of the key side by side."""

LINE = 0.09
"""Inches that the interval of one loss takes."""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    means: tuple[JointMean, ...]


def draw(analysis: Analysis) -> Picture | None:
    """Draw one row per subgroup that is large enough, and one of all cases; None where there is no such subgroup."""
    rows = list(_rows(analysis))
    if not any(group.means for group in analysis.subgroups):
        return None
    looks = canvas.looks(list(short(analysis).values()))
    say = speech(analysis)
    title = say.text(METRICS[analysis.metrics[0]].title)
    each = max(0.26, LINE * len(analysis.losses) + 0.1)
    tall = math.ceil(len(looks) / KEYS) * 0.16
    with canvas.canvas(min(each * len(rows), TALLEST) + 0.6 + tall) as figure:
        panel = figure.subplots()
        _panel(panel, rows, dict(zip(analysis.losses, looks, strict=True)))
        panel.set_xlabel(say.text("Mean test {metric}", metric=title))
        _key(figure, looks)
        alt = _alt(analysis)
        svg = canvas.save(figure, "subgroups", alt)
    level = numerals.fixed(100 * (1 - analysis.study.analysis.alpha), 0)
    return Picture(
        key="subgroups",
        number="",
        title=say.text(
            "Test {metric} among the cases of each subgroup, exploratory: mean over seeds with its {level} % interval "
            "over seeds and cases, unadjusted and cut at the bounds of the metric"
            if _cut(analysis)
            else "Test {metric} among the cases of each subgroup, exploratory: mean over seeds with its {level} % "
            "interval over seeds and cases, unadjusted",
            metric=title,
            level=level,
        ),
        n=say.text(
            "n = {cases} test cases, and as given beside; {seeds} seeds",
            cases=numerals.count(analysis.data.n_test),
            seeds=str(len(analysis.seeds)),
        ),
        alt=alt,
        svg=svg,
    )


def _cut(analysis: Analysis) -> bool:
    bounds = (METRICS[analysis.metrics[0]].low, METRICS[analysis.metrics[0]].high)
    ends = [end for row in _rows(analysis) for mean in row.means for end in (mean.low, mean.high)]
    return any(end in bounds for end in ends)


def named(group: Subgroup, say: Speech = ENGLISH) -> str:
    """Return what a subgroup is called, such as ``Sex: female``."""
    value = re.sub(r"(?<=\d)-(?=\d)", "\N{EN DASH}", group.value)
    told = say.text(_WORDS.get(value, value)) if value else say.text("not known")
    return f"{say.text(ATTRIBUTES.get(group.attribute, group.attribute))}: {told}"


_WORDS = {"female": phrase("female"), "male": phrase("male")}


def _rows(analysis: Analysis) -> Iterator[_Row]:
    say = speech(analysis)
    whole = next((each for each in analysis.joint if each.metric == analysis.metrics[0]), None)
    if whole is not None:
        yield _Row(say.text("All ({cases})", cases=numerals.count(whole.n_cases)), whole.means)
    for group in analysis.subgroups:
        if group.means:
            yield _Row(f"{named(group, say)} ({numerals.count(group.n_cases)})", group.means)


def _panel(panel: Axes, rows: Sequence[_Row], looks: dict[str, canvas.Look]) -> None:
    canvas.frame(panel, grid="x")
    for place, row in enumerate(rows):
        if place:
            panel.axhline(place - 0.5, color=canvas.PALE, linewidth=0.4)
        for turn, mean in enumerate(row.means):
            y, look = place + 0.8 * ((turn + 0.5) / len(row.means) - 0.5), looks[mean.loss]
            if not math.isfinite(mean.estimate):
                continue
            panel.plot([mean.low, mean.high], [y, y], color=look.colour, linewidth=0.9)
            panel.plot([mean.estimate], [y], look.marker, color=look.colour, markersize=3.2)
    panel.set_yticks(range(len(rows)), [canvas.wrapped(row.name, 34) for row in rows])
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.xaxis.set_major_locator(MaxNLocator(6))


def _key(figure: Figure, looks: Sequence[canvas.Look]) -> None:
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, markersize=3.6, linewidth=0.9, label=look.label)
        for look in looks
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=min(KEYS, len(handles)))


def _alt(analysis: Analysis) -> str:
    told = [group for group in analysis.subgroups if group.means]
    best = METRICS[analysis.metrics[0]].higher_is_better
    say = speech(analysis)
    first = max if best else min
    leaders = "; ".join(
        f"{named(group, say)} {analysis.labels[first(group.means, key=lambda mean: mean.estimate).loss]}"
        for group in told
    )
    return say.text(
        "Means of {metric} with intervals in {n} subgroups. Best mean: {leaders}. Nothing is tested.",
        metric=say.text(METRICS[analysis.metrics[0]].title),
        n=str(len(told)),
        leaders=leaders,
    )
