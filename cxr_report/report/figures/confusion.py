"""Confusion matrices on test, summed over the seeds of each loss; for findings, sensitivity and specificity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from cxr_report.analysis.value import Analysis, Confusion
from cxr_report.report import numerals
from cxr_report.report.figures import canvas
from cxr_report.report.figures.picture import Picture
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counting, short, up_to
from cxr_report.report.pieces import text_of

__all__ = ["draw"]

MAP = "Blues"
MANY = 7
"""Chosen: with more classes than this the cells hold shares alone, without counts."""


def draw(analysis: Analysis) -> Picture | None:
    """Draw one matrix per loss, or, for findings, two maps of all findings and losses.

    Returns:
        None where nothing was predicted.
    """
    matrices = [entry for entry in analysis.confusions if np.sum(entry.counts) > 0]
    if not matrices:
        return None
    return _maps(analysis, matrices) if analysis.study.task == "multilabel" else _matrices(analysis, matrices)


def _matrices(analysis: Analysis, matrices: list[Confusion]) -> Picture:
    say, names_of = speech(analysis), short(analysis)
    size, names = len(analysis.classes), [canvas.wrapped(name, 14) for name in analysis.classes]
    fitting = 4 if size <= 3 else 3 if size <= 5 else 2
    columns = _columns(len(matrices), fitting)
    rows = math.ceil(len(matrices) / columns)
    longest = max(len(line) for name in names for line in name.split("\n"))
    side = min((canvas.WIDTH - 0.25 - 0.062 * longest) / columns - 0.08, 1.9 if size <= 3 else 2.6, 7.4 / rows - 0.44)
    width = min(canvas.WIDTH, (side + 0.08) * columns + 0.25 + 0.062 * longest)
    lines = max(canvas.wrapped(names_of[m.loss], int(side * 17)).count("\n") + 1 for m in matrices)
    across = 0.062 * longest * size < side  # the names fit side by side
    below = 0.45 if across else 0.35 + 0.045 * longest
    with canvas.canvas((side + 0.16 + 0.14 * lines) * rows + below, width) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for place, (panel, entry) in enumerate(zip(panels, matrices, strict=False)):
            counts = np.array(entry.counts)
            _cells(panel, _shares(counts), counts if size <= MANY else None, letters=72 * side / size)
            panel.set_title(canvas.wrapped(names_of[entry.loss], int(side * 17)))
            panel.set_yticks(range(size), names if place % columns == 0 else [""] * size)
            last = place >= len(matrices) - columns
            turned = {} if across else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
            panel.set_xticks(range(size), names if last else [""] * size, **turned)
            panel.set_xlabel(say.text("Predicted") if last else "")
            panel.set_ylabel(say.text("True") if place % columns == 0 else "")
        for panel in panels[len(matrices) :]:
            panel.set_visible(False)
        alt = _alt(analysis, matrices)
        svg = canvas.save(figure, "confusion", alt)
    cells = (
        phrase(
            "Confusion matrices on the test set, summed over {runs}. Cells: per cent of the true class and, below, "
            "cases times seeds"
        )
        if size <= MANY
        else phrase("Confusion matrices on the test set, summed over {runs}. Cells: per cent of the true class")
    )
    return Picture(
        key="confusion",
        number="",
        title=say.text(cells, runs=_summed(analysis)),
        n=_n(analysis, matrices),
        alt=alt,
        svg=svg,
    )


def _columns(matrices: int, fitting: int) -> int:
    """Return how many matrices stand side by side: as many as are readable, more only where the page is too short."""
    columns = min(fitting, matrices)
    while columns < min(6, matrices) and math.ceil(matrices / columns) > 4:
        columns += 1
    return columns


def _n(analysis: Analysis, matrices: list[Confusion]) -> str:
    say, seeds = speech(analysis), sorted({entry.n_seeds for entry in matrices})
    each = str(seeds[0]) if len(seeds) == 1 else say.text("{low} to {high}", low=str(seeds[0]), high=str(seeds[-1]))
    told = say.counted(1 if seeds == [1] else 2, "{n} seed per loss function", "{n} seeds per loss function", n=each)
    return counting(up_to(analysis), text_of(told))


def _summed(analysis: Analysis) -> str:
    """Say which runs are added up, where comparisons leave some of them out."""
    say = speech(analysis)
    more = sorted({run.seed for run in analysis.runs if run.state == "done"} - set(analysis.seeds))
    if not more:
        return say.text("the seeds of each loss function")
    told = say.counted(
        len(more),
        "all finished runs of each loss function, seed {seeds} included, which the comparisons leave out",
        "all finished runs of each loss function, seeds {seeds} included, which the comparisons leave out",
        seeds=say.listed([str(seed) for seed in more]),
    )
    return text_of(told)


def _shares(counts: NDArray[Any]) -> NDArray[np.float64]:
    totals = counts.sum(axis=1, keepdims=True).astype(float)
    shares: NDArray[np.float64] = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    return shares


def _cells(panel: Axes, shares: NDArray[np.float64], counts: NDArray[Any] | None, *, letters: float) -> None:
    """Fill a panel with shaded cells; ``letters``: width of a cell in points, which bounds the size of the text."""
    rows, columns = shares.shape
    filled = np.nan_to_num(shares)
    size = min(7.5, letters / (1.8 if counts is None else 2.4))
    panel.pcolormesh(np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, filled, cmap=MAP, vmin=0, vmax=1.25,
                     edgecolors="white", linewidth=0.6)  # fmt: skip
    panel.set_xlim(-0.5, columns - 0.5)
    panel.set_ylim(rows - 0.5, -0.5)
    panel.tick_params(length=0)
    for spine in panel.spines.values():
        spine.set_visible(False)
    if counts is not None:
        panel.set_aspect("equal")
    for row in range(rows):
        for column in range(columns):
            text = numerals.fixed(100 * shares[row, column], 0)
            if counts is not None:
                text += f"\n{numerals.count(int(counts[row, column]))}"
            ink = "white" if filled[row, column] > 0.7 else canvas.INK
            panel.text(column, row, text, ha="center", va="center", color=ink, fontsize=size, linespacing=1.25)


def _maps(analysis: Analysis, matrices: list[Confusion]) -> Picture:
    say = speech(analysis)
    found = {(entry.klass, entry.loss): np.array(entry.counts) for entry in matrices}
    names = [canvas.wrapped(name, 24) for name in analysis.classes]
    labels = [canvas.wrapped(name, 22) for name in short(analysis).values()]
    lines = max(label.count("\n") + 1 for label in labels)
    with canvas.canvas(min(0.24 * len(names), 7.0) + 0.6 + 0.45 + 0.3 * lines) as figure:
        panels = figure.subplots(1, 2, squeeze=False).ravel()
        titles = (say.text("Sensitivity, %"), say.text("Specificity, %"))
        for place, (panel, title) in enumerate(zip(panels, titles, strict=True)):
            truth = 1 - place
            shares = np.array(
                [[_shares(found[klass, loss])[truth, truth] if (klass, loss) in found else math.nan
                  for loss in analysis.losses] for klass in analysis.classes]
            )  # fmt: skip
            _cells(panel, shares, None, letters=72 * 2.3 / len(labels))
            panel.set_title(title)
            panel.set_yticks(range(len(names)), names if place == 0 else [""] * len(names))
            panel.set_xticks(range(len(labels)), labels, rotation=40, ha="right", rotation_mode="anchor")
        alt = _alt_maps(analysis, found)
        svg = canvas.save(figure, "confusion", alt)
    return Picture(
        key="confusion",
        number="",
        title=say.text(
            "Sensitivity and specificity on the test set for every finding and loss function at probability 0.5, "
            "summed over {runs}",
            runs=_summed(analysis),
        ),
        n=_n(analysis, matrices),
        alt=alt,
        svg=svg,
    )


def _alt(analysis: Analysis, matrices: list[Confusion]) -> str:
    told = []
    for entry in matrices:
        counts = np.array(entry.counts)
        told.append(f"{analysis.labels[entry.loss]} {numerals.percent(float(np.trace(counts) / counts.sum()))}")
    return speech(analysis).text(
        "Confusion matrices, one per loss function. Share of correct predictions: {shares}.", shares="; ".join(told)
    )


def _alt_maps(analysis: Analysis, found: dict[tuple[str, str], NDArray[Any]]) -> str:
    told = []
    for loss in analysis.losses:
        rates = [_shares(counts)[1, 1] for (_, other), counts in found.items() if other == loss]
        rates = [rate for rate in rates if math.isfinite(rate)]
        if rates:
            told.append(f"{analysis.labels[loss]} {numerals.percent(float(np.mean(rates)))}")
    return speech(analysis).text(
        "Two maps of {findings} findings by {losses} loss functions. Mean sensitivity over findings: {shares}.",
        findings=str(len(analysis.classes)),
        losses=str(len(analysis.losses)),
        shares="; ".join(told),
    )
