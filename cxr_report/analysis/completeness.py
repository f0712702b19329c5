"""A study's runs and cases in; the seeds that not every loss finished, and the classes that a split lacks, out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from cxr_report.analysis.context import Context
from cxr_report.analysis.value import AbsentClass, LeftOut

__all__ = ["absent", "left_out"]


def left_out(context: Context) -> tuple[LeftOut, ...]:
    """Name every seed that not all losses can be compared on, with the losses that lack it and the reason.

    A run diverged, is missing, or has no value of the primary metric, which is undefined in it. What the plan does with
    a seed is told with it; a seed that lacks runs for two reasons is given twice.

    Args:
        context: study, finished runs and scores.

    Returns:
        Seed by seed; empty where every loss has every seed.
    """
    table = context.study.data.table
    dropped = {} if table is None else table.left_out
    rows = [row for seed in context.study.seeds for row in _of_seed(context, seed)]
    rows += [LeftOut(seed, losses, "missing", "left out of every comparison") for seed, losses in dropped.items()]
    return tuple(sorted(rows, key=lambda row: row.seed))


def _of_seed(context: Context, seed: int) -> Iterator[LeftOut]:
    states, metric = context.found.states(), context.study.metrics.primary
    values = {run.loss: run.value(metric) for run in context.scored if run.seed == seed}
    diverged = tuple(loss for loss in context.losses if states[loss, seed] == "diverged")
    missing = tuple(loss for loss in context.losses if states[loss, seed] == "missing")
    undefined = tuple(loss for loss in context.losses if math.isnan(values.get(loss, 0.0)))
    if diverged and seed in context.seeds:
        yield LeftOut(seed, diverged, "diverged", "given the worst score in the tests over seeds")
    elif diverged:
        yield LeftOut(seed, diverged, "diverged", "left out of every comparison")
    if missing:
        yield LeftOut(seed, missing, "missing", "left out of every comparison")
    if undefined:
        yield LeftOut(seed, undefined, "undefined", "left out of every comparison")


def absent(context: Context) -> tuple[AbsentClass, ...]:
    """Name every class or finding without a positive or without a negative case in a predicted split.

    Of a binary task the positive class speaks for both.

    Args:
        context: classes and the truth of the predicted splits.

    Returns:
        Split by split, class by class.
    """
    names = context.material.classes
    chosen = range(1, len(names)) if context.study.task == "binary" else range(len(names))
    return tuple(
        AbsentClass(split, names[place], lacks)
        for split, truth in context.material.truth.items()
        for place in chosen
        for lacks in _lacks(truth.labels[:, place] if truth.labels.ndim == 2 else truth.labels == place)
    )


def _lacks(outcome: NDArray[Any]) -> Iterator[str]:
    if not (outcome == 1).any():
        yield "positive"
    if not (outcome == 0).any():
        yield "negative"
