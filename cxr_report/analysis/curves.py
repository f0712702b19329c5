"""Histories and predictions of the runs in, learning, ROC and precision-recall curves and confusion matrices out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.gather import History, Material, RunMaterial
from cxr_report.analysis.value import Confusion, Curve, CurveSet
from cxr_report.metrics import (
    confusion_matrix,
    decide,
    finding_tables,
    margins,
    precision_recall_curve,
    roc_curve,
)

__all__ = ["GRID", "confusions", "learning_curves", "pr_curves", "roc_curves"]

Floats = NDArray[np.float64]

GRID: Floats = np.linspace(0.0, 1.0, 101)
"""Chosen: false positive rates at which ROC curves are averaged; hundredths, so that 90 % specificity is one."""

RECALLS: Floats = np.arange(1, 101) / 100.0
"""Chosen: sensitivities at which precision is averaged; at 0 nothing is called positive, and precision is undefined."""

_BAND = "mean plus and minus one SD over seeds"

_LEARNING: dict[str, Callable[[History], Floats]] = {
    "train_loss": lambda history: history.train_loss,
    "val_loss": lambda history: history.val_loss,
    "val_primary": lambda history: history.val_primary,
}


def learning_curves(losses: Sequence[str], material: Material) -> tuple[CurveSet, ...]:
    """Average every recorded quantity over the seeds of each loss, epoch by epoch.

    Returns:
        train_loss, val_loss and val_primary; the band is the range over the seeds that reached the epoch.
    """
    sets = []
    for name, column in _LEARNING.items():
        curves = [
            _over_seeds(loss, [(run.history.epochs, column(run.history)) for run in _of(material, loss)])
            for loss in losses
        ]
        sets.append(CurveSet(name=name, klass="", band="range over seeds", curves=tuple(curves)))
    return tuple(sets)


def _of(material: Material, loss: str) -> list[RunMaterial]:
    return [run for run in material.runs if run.loss == loss]


def _over_seeds(loss: str, lines: list[tuple[NDArray[np.int64], Floats]]) -> Curve:
    epochs = sorted({int(epoch) for x, _ in lines for epoch in x})
    table = np.full((len(lines), len(epochs)), np.nan)
    for row, (x, y) in zip(table, lines, strict=True):
        row[np.searchsorted(epochs, x)] = y
    columns = [column[np.isfinite(column)] for column in table.T]
    return Curve(
        loss=loss,
        x=tuple(float(epoch) for epoch in epochs),
        mean=tuple(float(column.mean()) if column.size else math.nan for column in columns),
        low=tuple(float(column.min()) if column.size else math.nan for column in columns),
        high=tuple(float(column.max()) if column.size else math.nan for column in columns),
    )


def roc_curves(task: str, losses: Sequence[str], material: Material) -> tuple[CurveSet, ...]:
    """Average the ROC curves on test over the seeds of each loss, at fixed false positive rates.

    Between the points of a run's curve sensitivity is interpolated linearly, so the area is kept; the macro curve is
    the mean over the classes that have both kinds of cases. The band is the mean plus and minus one SD over seeds,
    inside [0, 1].

    Returns:
        The macro curve, then one set per class or finding; for a binary task only the positive class, as overall.
    """
    return _per_class("roc", task, losses, material, _sensitivities, _roc)


def pr_curves(task: str, losses: Sequence[str], material: Material) -> tuple[CurveSet, ...]:
    """Average the precision-recall curves on test over the seeds of each loss, at fixed sensitivities.

    The precision at a sensitivity is that of the highest threshold which reaches it: nothing is interpolated, for
    between two points of such a curve a straight line promises more than any threshold gives (Davis & Goadrich 2006,
    doi 10.1145/1143844.1143874). Drawn to the left as steps, a run's curve has the average precision as its area. The
    macro curve and the band are made as those of `roc_curves`.

    Returns:
        The macro curve, then one set per class or finding; for a binary task only the positive class, as overall.
    """
    return _per_class("pr", task, losses, material, _precisions, _pr)


def _per_class(
    name: str,
    task: str,
    losses: Sequence[str],
    material: Material,
    line: Callable[[Floats, Floats], Floats],
    curve: Callable[[str, Floats], Curve],
) -> tuple[CurveSet, ...]:
    """Draw a line per run and class, and average it over the seeds of each loss."""
    per_run = {(run.loss, run.seed): _run_lines(task, run, material, line) for run in material.runs}
    sets = []
    for place, klass in enumerate([""] if task == "binary" else ["", *material.classes]):
        curves = [
            curve(loss, np.array([per_run[run.loss, run.seed][place] for run in _of(material, loss)]))
            for loss in losses
        ]
        sets.append(CurveSet(name=name, klass=klass, band=_BAND, curves=tuple(curves)))
    return tuple(sets)


def _run_lines(
    task: str, run: RunMaterial, material: Material, line: Callable[[Floats, Floats], Floats]
) -> list[Floats]:
    """Return the macro curve and one per class, each on the grid of ``line``; binary: the positive class alone."""
    labels = material.truth["test"].labels
    logits = run.logits["test"].astype(np.float64)
    ranking = logits if task == "multilabel" else margins(logits)
    lines = []
    for place in range(len(material.classes)):
        truth = labels[:, place] if task == "multilabel" else (labels == place).astype(np.float64)
        known = ~np.isnan(truth)
        lines.append(line(truth[known], ranking[known, place]))
    if task == "binary":
        return [lines[1]]
    usable = [each for each in lines if np.isfinite(each).all()]
    macro = np.mean(usable, axis=0) if usable else np.full(lines[0].shape, np.nan)
    return [macro, *lines]


def _sensitivities(truth: Floats, score: Floats) -> Floats:
    if not truth.size or truth.min() == truth.max():
        return np.full(GRID.size, np.nan)
    curve = roc_curve(truth, score)
    upper = np.append(np.diff(curve.false_positive_rate) > 0, True)  # of a vertical step, its upper end
    result: Floats = np.interp(GRID, curve.false_positive_rate[upper], curve.sensitivity[upper])
    return result


def _precisions(truth: Floats, score: Floats) -> Floats:
    if not truth.size or truth.min() == truth.max():
        return np.full(RECALLS.size, np.nan)
    curve = precision_recall_curve(truth, score)
    hits = np.rint(curve.recall * truth.sum())  # whole numbers, so that 7 of 10 reach a sensitivity of 0.7
    reached = np.searchsorted(hits, np.ceil(RECALLS * truth.sum() - 1e-9))
    result: Floats = curve.precision[reached]
    return result


def _pr(loss: str, lines: Floats) -> Curve:
    if not lines.size:
        return Curve(loss=loss, x=(), mean=(), low=(), high=())
    mean, sd = _mean_sd(lines)
    low, high = np.clip(mean - sd, 0.0, 1.0), np.clip(mean + sd, 0.0, 1.0)
    return Curve(loss, *(tuple(line.tolist()) for line in (RECALLS, mean, low, high)))


def _mean_sd(lines: Floats) -> tuple[Floats, Floats]:
    """Average ``(S, G)`` lines; one alone has no SD."""
    mean: Floats = lines.mean(axis=0)
    sd: Floats = lines.std(axis=0, ddof=1) if len(lines) > 1 else np.full(mean.shape, np.nan)
    return mean, sd


def _roc(loss: str, lines: Floats) -> Curve:
    if not lines.size:
        return Curve(loss=loss, x=(), mean=(), low=(), high=())
    mean, sd = _mean_sd(lines)
    return Curve(
        loss=loss,
        x=(0.0, *GRID.tolist()),
        mean=(0.0, *mean.tolist()),
        low=(0.0, *np.clip(mean - sd, 0.0, 1.0).tolist()),
        high=(0.0, *np.clip(mean + sd, 0.0, 1.0).tolist()),
    )


def confusions(task: str, losses: Sequence[str], material: Material) -> tuple[Confusion, ...]:
    """Add up the confusion matrices on test over the finished seeds of each loss.

    Returns:
        One per loss; for findings one per loss and finding, at probability one half.
    """
    return tuple(matrix for loss in losses for matrix in _confusions(task, loss, material))


def _confusions(task: str, loss: str, material: Material) -> Iterator[Confusion]:
    found = _of(material, loss)
    labels, width = material.truth["test"].labels, len(material.classes)
    predicted = [decide(task, run.logits["test"]) for run in found]
    if task == "multilabel":
        tables = sum((finding_tables(labels, each) for each in predicted), np.zeros((width, 2, 2), dtype=np.int64))
        for name, table in zip(material.classes, tables, strict=True):
            yield Confusion(loss=loss, klass=name, counts=_rows(table), n_seeds=len(found))
        return
    square = sum(
        (confusion_matrix(labels, each, classes=width) for each in predicted), np.zeros((width, width), dtype=np.int64)
    )
    yield Confusion(loss=loss, klass="", counts=_rows(square), n_seeds=len(found))


def _rows(table: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(cell) for cell in row) for row in table)
