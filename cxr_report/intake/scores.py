"""A table of loss, seed, metric and value in, one array of all scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal
from cxr_report.intake.coding import Codes
from cxr_report.intake.sheet import Numerals, Sheet
from cxr_report.metrics import METRICS

__all__ = ["COLUMNS", "GivenScores", "read_scores"]

COLUMNS = ("loss", "seed", "metric", "value")
"""All columns of the form, in any order."""


LARGEST = 1e100
"""Chosen: of a value of the user's own metric, either side of 0; variances square it, which must stay a number."""


@dataclass(frozen=True, slots=True)
class GivenScores:
    """Every score of a table."""

    sheet: Sheet
    losses: tuple[str, ...]
    """k labels, in the order of their first row."""
    seeds: tuple[int, ...]
    """S seeds, rising."""
    metrics: tuple[str, ...]
    """M names as the table has them, in the order of their first row."""
    values: NDArray[np.float64]
    """``(k, S, M)``; NaN where there is no row."""
    lines: NDArray[np.int64]
    """``(k, S, M)`` where each value stands; 0 where there is no row."""
    decimal: str
    """The decimal sign, or empty where no number has one."""

    def lacking(self, metrics: Sequence[str]) -> dict[tuple[str, int], str]:
        """Name every loss and seed without a value of one of these metrics.

        Args:
            metrics: names as the table has them.

        Returns:
            (loss, seed) -> what it lacks, in words.
        """
        found: dict[tuple[str, int], str] = {}
        for i, loss in enumerate(self.losses):
            for j, seed in enumerate(self.seeds):
                gone = [name for name in metrics if np.isnan(self.values[i, j, self.metrics.index(name)])]
                if gone:
                    what = (
                        f"row with seed {seed}" if len(gone) == len(metrics) else f"{', '.join(gone)} with seed {seed}"
                    )
                    found[loss, seed] = what
        return found

    def refuse_out_of_range(self, names: Mapping[str, str]) -> None:
        """Hold every value of a metric against the range that the metric can have, or that can be computed with.

        Args:
            names: as the table has a metric -> as the study has it.

        Raises:
            Refusal: a value lies outside, as where a percentage was written.
        """
        for theirs, ours in names.items():
            place, metric = self.metrics.index(theirs), METRICS[ours]
            column = self.values[:, :, place]
            low, high = max(metric.low, -LARGEST), min(metric.high, LARGEST)
            outside = np.argwhere((column < low) | (column > high))
            if len(outside):
                i, j = min(outside.tolist(), key=lambda cell: int(self.lines[cell[0], cell[1], place]))
                raise Refusal(
                    f"{self.sheet.at(int(self.lines[i, j, place]), 'value')}: {column[i, j]:g} is no value of "
                    f"{theirs}, which lies in [{low:g}, {high:g}]"
                )


def read_scores(sheet: Sheet) -> GivenScores:
    """Read every row of a table of scores.

    Args:
        sheet: with the columns loss, seed, metric and value and no others.

    Raises:
        Refusal: a row is at fault, or two rows say the value of one metric for one loss and seed.
    """
    losses, metrics, numerals = Codes(), Codes(), Numerals(sheet)
    found: dict[tuple[int, int, int], tuple[float, int]] = {}
    for batch in sheet.batches():
        for name in ("loss", "metric"):
            sheet.refuse_empty(batch, name)
            sheet.refuse_unprintable(batch, name)
        keys = zip(
            losses.of(batch.cells["loss"]).tolist(),
            numerals.wholes(batch, "seed").tolist(),
            metrics.of(batch.cells["metric"]).tolist(),
            strict=True,
        )
        for key, value, line in zip(keys, numerals.reals(batch, "value").tolist(), batch.lines, strict=True):
            if key in found:
                raise Refusal(
                    f"{sheet.at(line)}: {losses.words[key[0]]} with seed {key[1]} has a value of "
                    f"{metrics.words[key[2]]} in line {found[key][1]} already; each may stand once"
                )
            found[key] = (value, line)
    if not found:
        raise Refusal(f"{sheet.file}: holds no row below its header")
    seeds = tuple(sorted({seed for _, seed, _ in found}))
    values = np.full((len(losses.words), len(seeds), len(metrics.words)), np.nan)
    lines = np.zeros(values.shape, dtype=np.int64)
    place = {seed: number for number, seed in enumerate(seeds)}
    for (loss, seed, metric), (value, line) in found.items():
        values[loss, place[seed], metric], lines[loss, place[seed], metric] = value, line
    return GivenScores(sheet, losses.words, seeds, metrics.words, values, lines, numerals.decimal)
