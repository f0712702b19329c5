"""A map of all pairs of losses: adjusted p of the planned family, and raw p, hollow, of the pairs outside of it."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from cxr_report.analysis.value import Analysis
from cxr_report.report import numerals
from cxr_report.report.answers import Answer, Answers, deciding, shown
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import Speech, speech
from cxr_report.report.names import adjustment, counted, short, short_target, spoken

__all__ = ["draw"]

LEAST = 3
"""Losses from which there is a map to draw."""

SHOWN, OPEN = "#0072b2", "#e9e9e9"
"""Fill of a pair whose difference is shown, and of one whose is not; far apart in lightness too."""


@dataclass(frozen=True, slots=True)
class _Size:
    """How large a map is drawn."""

    cell: float
    """Inches, the width of a cell."""
    font: float


def draw(analysis: Analysis) -> Picture | None:
    """Draw one cell per pair of losses, for the primary metric and the target that decides.

    Returns:
        None where there are fewer than three losses.
    """
    if len(analysis.losses) < LEAST:
        return None
    say, found = speech(analysis), deciding(analysis, analysis.metrics[0])
    k, names = len(analysis.losses), list(short(analysis).values())
    margin = 0.075 * max(map(len, names)) + 0.2
    cell = min(0.85, (canvas.WIDTH - margin) / (k - 1))
    size = _Size(cell, 8.0 if cell > 0.6 else 6.5 if cell > 0.42 else 5.0)
    with canvas.canvas(0.42 * (k - 1) + 1.15, margin + cell * (k - 1) if k > 6 else canvas.WIDTH) as figure:
        panel = figure.subplots()
        places = {loss: place for place, loss in enumerate(analysis.losses)}
        for answer in found.every:
            _cell(panel, answer, places, size, analysis.study.analysis.alpha)
        _axes(panel, names, k)
        _key(say, figure, found, analysis.study.analysis.alpha)
        alt = _alt(analysis, found)
        svg = canvas.save(figure, "significance", alt)
    return Picture(
        key="significance",
        number="",
        title=_title(analysis, found),
        n=counted(analysis),
        alt=alt,
        svg=svg,
    )


def _cell(panel: Axes, answer: Answer, places: dict[str, int], size: _Size, alpha: float) -> None:
    """Draw a pair in the row of the later loss and the column of the earlier one."""
    column, row = sorted((places[answer.first], places[answer.second]))
    told, inside = shown(answer), answer.in_family
    face = SHOWN if told else OPEN if inside else "none"
    panel.add_patch(
        Rectangle(
            (column - 0.46, row - 0.44),
            0.92,
            0.88,
            facecolor=face,
            edgecolor="none" if inside else canvas.GREY,
            linestyle="-" if inside else (0, (2, 2)),
            linewidth=0.7,
        )
    )
    ink = "white" if told else canvas.INK if inside else canvas.GREY
    text = numerals.p_value(answer.p_adjusted if inside else answer.p, alpha)
    panel.text(
        column - (0.1 if told else 0.0),
        row,
        text,
        ha="center",
        va="center",
        fontsize=size.font,
        color=ink,
        weight="bold" if told else "normal",
    )
    if told:
        better = places[answer.better] == row
        panel.plot(column + 0.34, row, marker="<" if better else "v", color="white", markersize=4, linestyle="none")


def _axes(panel: Axes, names: list[str], k: int) -> None:
    panel.set_xlim(-0.5, k - 1.5)
    panel.set_ylim(k - 0.5, 0.5)
    wide = k <= 6
    panel.set_xticks(
        range(k - 1),
        [canvas.wrapped(name, 14) for name in names[:-1]] if wide else names[:-1],
        rotation=0 if wide else 90,
    )
    panel.set_yticks(range(1, k), [canvas.wrapped(name, 22) for name in names[1:]])
    panel.tick_params(length=0)
    for side in panel.spines.values():
        side.set_visible(False)


def _key(say: Speech, figure: Figure, found: Answers, alpha: float) -> None:
    level = numerals.general(alpha)
    handles: list[Patch | Line2D] = []
    if any(map(shown, found.family)):
        handles.append(Patch(facecolor=SHOWN, label=say.text("adjusted p ≤ {alpha}", alpha=level)))
    if not all(map(shown, found.family)):
        handles.append(Patch(facecolor=OPEN, label=say.text("adjusted p > {alpha}, or undefined", alpha=level)))
    if found.outside:
        label = say.text("outside of the family: raw p, nothing is concluded")
        handles.append(Patch(facecolor="none", edgecolor=canvas.GREY, linestyle=(0, (2, 2)), label=label))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))


def _title(analysis: Analysis, found: Answers) -> str:
    say = speech(analysis)
    told = {
        "metric": spoken(found.metric, say),
        "target": short_target(analysis, found.target),
        "adjustment": adjustment(analysis),
    }
    if found.outside:
        return say.text(
            "All pairs of loss functions, {metric}, for other {target}: p of the declared family by {adjustment}; "
            "where a difference is shown, the triangle points to the better loss. Dashed: pairs outside of the family, "
            "with their raw p, from which nothing is concluded",
            **told,
        )
    return say.text(
        "All pairs of loss functions, {metric}, for other {target}: p by {adjustment}; where a difference is shown, "
        "the triangle points to the better loss",
        **told,
    )


def _alt(analysis: Analysis, found: Answers) -> str:
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    family = len(found.family)
    counted_ = say.text(
        "Map of {pairs} pairs of loss functions, {n} of them in the declared family.",
        pairs=str(len(found.every)),
        n=str(family),
    )
    told = [
        say.text(
            "{better} better than {worse} (p {p})",
            better=analysis.labels[answer.better],
            worse=analysis.labels[answer.worse],
            p=numerals.p_value(answer.p_adjusted, alpha),
        )
        for answer in found.family
        if shown(answer)
    ]
    level = numerals.general(alpha)
    if not told:
        none = say.text("No pair of the family has an adjusted p of at most {alpha}.", alpha=level)
        return f"{counted_} {none}"
    return f"{counted_} {say.text('Adjusted p at most {alpha}: {pairs}.', alpha=level, pairs='; '.join(told))}"
