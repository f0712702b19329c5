"""Scores and comparisons in, scores.csv and comparisons.csv as text out, at full precision."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

from cxr_report.analysis.rows import COMPARISONS, rows
from cxr_report.analysis.scoring import ScoredRun
from cxr_report.analysis.value import Analysis

__all__ = ["COMPARISONS", "SCORES", "comparisons_csv", "scores_csv"]

SCORES = ("loss", "seed", "split", "class", "metric", "value", "n")


def scores_csv(scored: Iterable[ScoredRun]) -> str:
    """Write every score: loss, seed, split, class, metric, value, n.

    The class of an overall score and the seed of a control are empty; an undefined value is empty.

    Args:
        scored: runs and controls, in the order of the rows.
    """
    rows = (
        (run.loss, "" if run.seed is None else run.seed, split, row.klass, row.metric, row.value, row.n)
        for run in scored
        for split, entries in run.rows.items()
        for row in entries.values()
    )
    return _csv(SCORES, rows)


def comparisons_csv(analysis: Analysis) -> str:
    """Write every test and interval that the report rests on, one row each."""
    return _csv(COMPARISONS, ([row.get(column, "") for column in COMPARISONS] for row in rows(analysis)))


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return str(value)
