"""One dot per seed: what every run reached on test, with mean and interval per loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cxr_report.analysis.value import Analysis, LossSummary
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counted, short

__all__ = ["draw"]

CONTROLS = {
    "pixels": phrase("pixel logistic regression {value}"),
    "metadata": phrase("metadata only {value}"),
}
TALLEST = 8.3
"""Inches: a figure with its caption on a page."""

LINE = 0.5
"""Height of a line of small text, in rows."""

REACH = 0.35
"""Chosen: a control farther outside the dots than this share of their range becomes an arrow at the edge."""


def draw(analysis: Analysis) -> list[Picture]:
    """Draw one panel per metric; losses are rows, seeds are dots, controls are lines or arrows.

    Returns:
        As many figures as pages are needed, the primary metric on the first.
    """
    each = min(max(0.61 + 0.12 * len(analysis.controls) + _row(analysis) * len(analysis.losses), 1.3), TALLEST)
    fitting = 2 * int(TALLEST / each)
    parts = [analysis.metrics[start : start + fitting] for start in range(0, len(analysis.metrics), fitting)]
    return [
        _draw(analysis, part, each, key="seeds" if turn == 0 else f"seeds-{turn + 1}")
        for turn, part in enumerate(parts)
    ]


def _row(analysis: Analysis) -> float:
    """Return the height of a row in inches."""
    return 0.29 if len(analysis.losses) <= 8 else 0.25


def _draw(analysis: Analysis, metrics: Sequence[str], each: float, *, key: str) -> Picture:
    found = canvas.looks(list(short(analysis).values()))
    columns = min(2, len(metrics))
    rows = math.ceil(len(metrics) / columns)
    with canvas.canvas(each * rows) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for place, (panel, metric) in enumerate(zip(panels, metrics, strict=False)):
            _panel(panel, metric, analysis, found)
            panel.set_yticks(range(len(found)), [look.label if place % columns == 0 else "" for look in found])
        for panel in panels[len(metrics) :]:
            panel.set_visible(False)
        alt = _alt(analysis, metrics)
        svg = canvas.save(figure, key, alt)
    say, level = speech(analysis), numerals.fixed(100 * (1 - analysis.study.analysis.alpha), 0)
    begin = say.text("Test results of every run" if key == "seeds" else "Test results of every run, further metrics")
    told = say.text(
        "One dot per seed; black bar: mean over seeds with its {level} % t interval; dashed line or arrow: the "
        "controls. Each axis has a range of its own, and an arrow in its title says which way is better"
        if analysis.controls
        else "One dot per seed; black bar: mean over seeds with its {level} % t interval. Each axis has a range of its "
        "own, and an arrow in its title says which way is better",
        level=level,
    )
    return Picture(
        key=key,
        number="",
        title=f"{begin}. {told}",
        n=counted(analysis),
        alt=alt,
        svg=svg,
    )


def _summary(analysis: Analysis, loss: str, metric: str) -> LossSummary | None:
    return next((s for s in analysis.summaries if s.loss == loss and s.metric == metric and not s.klass), None)


def _panel(panel: Axes, metric: str, analysis: Analysis, found: list[canvas.Look]) -> None:
    canvas.frame(panel, grid="x")
    say, entry = speech(analysis), METRICS[metric]
    panel.set_title(f"{say.text(entry.title)} {'→' if entry.higher_is_better else '←'}")
    panel.set_ylim(len(found) - 0.4, -0.7 - LINE * len(analysis.controls))
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.xaxis.set_major_locator(MaxNLocator(5))
    shown: list[float] = []
    for row, (loss, look) in enumerate(zip(analysis.losses, found, strict=True)):
        summary = _summary(analysis, loss, metric)
        if summary is None or not math.isfinite(summary.mean):
            panel.text(
                0.5,
                row,
                say.text("undefined"),
                transform=panel.get_yaxis_transform(),
                ha="center",
                va="center",
                color=canvas.GREY,
            )
            continue
        values = np.array(summary.values)
        offsets = np.linspace(-0.26, 0.02, len(values)) if len(values) > 1 else np.zeros(1)
        panel.plot(values, row + offsets, look.marker, color=look.colour, markersize=3.6, markeredgewidth=0, alpha=0.9)
        panel.plot([summary.low, summary.high], [row + 0.24] * 2, color=canvas.INK, linewidth=1.1)
        panel.plot([summary.mean], [row + 0.24], "|", color=canvas.INK, markersize=6, markeredgewidth=1.6)
        shown += [value for value in (*summary.values, summary.low, summary.high) if math.isfinite(value)]
    if shown:
        _limits_and_controls(panel, metric, analysis, min(shown), max(shown))
    else:
        panel.set_xticks([])
        panel.set_xlim(0, 1)


def _limits_and_controls(panel: Axes, metric: str, analysis: Analysis, low: float, high: float) -> None:
    span = max(high - low, 1e-3)
    values = {control.name: control.values.get(metric, math.nan) for control in analysis.controls}
    near = [v for v in values.values() if low - REACH * span <= v <= high + REACH * span]
    left, right = min([low, *near]) - 0.06 * span, max([high, *near]) + 0.06 * span
    panel.set_xlim(left, right)
    for line, (name, value) in enumerate(values.items()):
        if math.isfinite(value):
            told = speech(analysis).text(CONTROLS[name], value=numerals.value(value))
            _control(panel, told, value, (left, right), -0.9 - LINE * line)


def _control(panel: Axes, text: str, value: float, limits: tuple[float, float], y: float) -> None:
    """Draw a control as a line with its name, or, where it lies beyond the axis, as an arrow at its edge."""
    left, right = limits
    at_left = value < (left + right) / 2
    at: dict[str, Any] = {"ha": "left" if at_left else "right", "va": "center", "fontsize": 7.2, "color": canvas.GREY}
    at["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.3}
    if left <= value <= right:
        panel.plot([value, value], [y, 1e3], color=canvas.GREY, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0)
        panel.text(value, y, f"  {text}" if at_left else f"{text}  ", **at)
    else:
        panel.text(left if at_left else right, y, f"◂ {text}" if at_left else f"{text} ▸", **at)


def _alt(analysis: Analysis, metrics: Sequence[str]) -> str:
    say, metric = speech(analysis), METRICS[metrics[0]]
    title = say.text(metric.title)
    means = {
        analysis.labels[loss]: summary.mean
        for loss in analysis.losses
        if (summary := _summary(analysis, loss, metric.name)) is not None and math.isfinite(summary.mean)
    }
    if not means:
        return say.text("Dot plots of the test metrics; {metric} is undefined for every loss function.", metric=title)
    order = sorted(means, key=lambda name: means[name], reverse=metric.higher_is_better)
    return say.text(
        "Dot plots of {n} test metrics, one dot per seed. Best mean {metric}: {best} with {high}; worst: {worst} with "
        "{low}.",
        n=str(len(metrics)),
        metric=title,
        best=order[0],
        high=numerals.value(means[order[0]]),
        worst=order[-1],
        low=numerals.value(means[order[-1]]),
    )
