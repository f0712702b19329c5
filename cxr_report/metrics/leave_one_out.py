"""Truth, logits and patients of one run in, a metric without each patient in turn out; no case is visited twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.metrics.catalogue import METRICS
from cxr_report.metrics.confusion import Counts, kappa_of, mcc_of, rate
from cxr_report.metrics.predictions import Predictions
from cxr_report.metrics.probabilities import Floats, log_sigmoid, log_softmax
from cxr_report.metrics.ranks_without import areas_without, precisions_without
from cxr_report.metrics.rates import f1_of, npv_of, ppv_of, sensitivity_of, specificity_of
from cxr_report.metrics.scoring import has_classes
from cxr_report.metrics.thresholds import Truth
from cxr_report.metrics.truth import Integers

__all__ = ["NOT_SMOOTH", "LeaveOneOut", "leave_one_out"]

NOT_SMOOTH = ("sensitivity_at_specificity_90", "ece")
"""Metrics that jump with single cases, so that leaving one out says nothing about their spread."""


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """One metric of one run with all cases, and without each of G patients."""

    value: float
    """With all cases, up to rounding as `scores` has it; NaN where undefined."""
    values: Floats
    """`(G,)`, up to rounding as `scores` has it of the other cases; NaN where undefined."""
    undefined: int
    """Classes without a value, with all cases."""
    undefined_without: Integers
    """`(G,)`, the same without each patient; where it is larger, a class has lost its last positive case, say."""


class _Remainders:
    """What is left of one run without each patient in turn, its first axis G + 1 long: the last leaves out nobody."""

    def __init__(self, case: Predictions, codes: Integers) -> None:
        self.case = case
        self.codes = codes
        self.size = int(codes.max()) + 2
        self.width = case.logits.shape[1]

    @cached_property
    def support(self) -> Floats:
        """`(G + 1, C)`: positive cases of each class."""
        return self.sums(np.nan_to_num(self.case.outcome))

    @cached_property
    def tables(self) -> Floats:
        """Truth against prediction: `(G + 1, C, C)` for classes, `(G + 1, L, 2, 2)` for findings."""
        case, width = self.case, self.width
        if case.findings:
            return self._pairs(np.asarray(case.predicted == 1))
        cells = (self.codes * width + case.truth.astype(np.int64)) * width + case.predicted
        return self._rest(np.bincount(cells, minlength=self.size * width**2).reshape(self.size, width, width))

    @cached_property
    def counts(self) -> Counts:
        """The four cells `(G + 1, C)` of each class or finding, by the predicted class."""
        table = self.tables
        if self.case.findings:
            return _cells(table)
        hit, true, guess = np.diagonal(table, axis1=1, axis2=2), table.sum(axis=2), table.sum(axis=1)
        return Counts(tp=hit, fp=guess - hit, fn=true - hit, tn=true.sum(axis=1)[:, None] - true - guess + hit)

    @cached_property
    def youden_counts(self) -> Counts:
        """The four cells `(G + 1, C)` at the thresholds from validation; all 0 on a NaN threshold."""
        limits = self.case.thresholds
        table = self._pairs(self.case.probabilities >= limits)
        return _cells(np.where(np.isnan(limits)[:, None, None], 0.0, table))

    def sums(self, columns: Floats) -> Floats:
        """Add up the columns `(N, K)` over the cases that are left, `(G + 1, K)`."""
        parts = [np.bincount(self.codes, weights=column, minlength=self.size) for column in columns.T]
        return self._rest(np.stack(parts, axis=1))

    def ranked(self, statistic: Callable[[Truth, Floats, Integers, int], Floats], column: int) -> Floats:
        """Apply a statistic of the ranking to the cases whose truth is known for a class, `(G + 1,)`."""
        known = self.case.known[:, column]
        if not known.any():
            return np.full(self.size, np.nan)
        true = self.case.outcome[known, column] == 1
        return statistic(true, self.case.ranking[known, column], self.codes[known], self.size)

    def _pairs(self, called: Truth) -> Floats:
        """Count truth against the call of every column, `(G + 1, C, 2, 2)`."""
        row, column = np.nonzero(self.case.known)
        cells = (self.codes[row] * self.width + column) * 2 + self.case.outcome[row, column].astype(np.int64)
        counted = np.bincount(cells * 2 + called[row, column], minlength=self.size * self.width * 4)
        return self._rest(counted.reshape(self.size, self.width, 2, 2))

    @staticmethod
    def _rest(parts: Floats | Integers) -> Floats:
        """Take the part of each patient off the whole."""
        return np.asarray(parts.sum(axis=0) - parts, dtype=np.float64)


def _cells(table: Floats) -> Counts:
    return Counts(tp=table[..., 1, 1], fp=table[..., 0, 1], fn=table[..., 1, 0], tn=table[..., 0, 0])


_Values = Callable[[_Remainders], Floats]


def _accuracy(left: _Remainders) -> Floats:
    return rate(np.trace(left.tables, axis1=-2, axis2=-1), left.tables.sum(axis=(-2, -1)))


def _balanced(left: _Remainders) -> Floats:
    right = sensitivity_of(left.counts)
    return (right + specificity_of(left.counts)) / 2 if left.case.findings else right


def _brier(left: _Remainders) -> Floats:
    error = (left.case.probabilities - left.case.outcome) ** 2
    return rate(left.sums(np.nan_to_num(error)), left.sums(left.case.known.astype(np.float64)))


def _log_loss(left: _Remainders) -> Floats:
    case = left.case
    if case.findings:
        loss = np.where(case.known, -log_sigmoid(np.where(case.outcome == 1, case.logits, -case.logits)), 0.0)
        return rate(left.sums(loss), left.sums(case.known.astype(np.float64)))
    taken = -log_softmax(case.logits)[np.arange(len(case.logits)), case.truth.astype(np.int64)]
    return rate(left.sums(taken[:, None]), left.sums(np.ones((taken.size, 1))))


def _areas(left: _Remainders) -> Floats:
    return np.stack([left.ranked(areas_without, column) for column in range(left.width)], axis=1)


def _precisions(left: _Remainders) -> Floats:
    return np.stack([left.ranked(precisions_without, column) for column in range(left.width)], axis=1)


def _hand_till(left: _Remainders) -> Floats:
    """Return the area of every ordered pair of classes, `(G + 1, C (C - 1))`."""
    case, columns = left.case, []
    for i in range(left.width):
        for j in range(left.width):
            pair = (case.truth == i) | (case.truth == j)
            if i != j and pair.any():
                true, score = case.truth[pair] == i, case.ranking[pair, i]
                columns.append(areas_without(true, score, left.codes[pair], left.size))
    return np.stack(columns, axis=1)


_COLUMNS: dict[str, _Values] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced,
    "sensitivity": lambda left: sensitivity_of(left.counts),
    "specificity": lambda left: specificity_of(left.counts),
    "ppv": lambda left: ppv_of(left.counts),
    "npv": lambda left: npv_of(left.counts),
    "f1": lambda left: f1_of(left.counts),
    "f1_weighted": lambda left: f1_of(left.counts),
    "mcc": lambda left: mcc_of(left.tables),
    "kappa": lambda left: kappa_of(left.tables),
    "auroc": _areas,
    "auroc_weighted": _areas,
    "auroc_hand_till": _hand_till,
    "average_precision": _precisions,
    "brier": _brier,
    "log_loss": _log_loss,
    "sensitivity_youden": lambda left: sensitivity_of(left.youden_counts),
    "specificity_youden": lambda left: specificity_of(left.youden_counts),
}
"""What an overall number is made of, `(G + 1, K)`: one column per class, finding or pair of classes; or `(G + 1,)`."""

_POSITIVE = ("sensitivity", "specificity", "ppv", "npv", "f1", "auroc", "average_precision")
"""Metrics that a binary task has for its positive class alone; so have those at the Youden threshold."""


def _overall(name: str, left: _Remainders) -> tuple[Floats, Integers]:
    """Return the number over all classes and how many classes had none, `(G + 1,)` each."""
    values = _COLUMNS[name](left).reshape(left.size, -1)
    task = left.case.task
    if task == "binary" and (name in _POSITIVE or name.endswith("_youden")):
        values = values[:, 1:]
    if name == "brier" and task != "multilabel":
        values = values[:, 1:] if left.width == 2 else values.sum(axis=1, keepdims=True)
    weights = np.ones_like(values)
    if name.endswith("_weighted"):
        weights = left.support
        values = np.where(weights > 0, values, np.nan)
    there = ~np.isnan(values)
    mean = rate(np.where(there, weights * values, 0.0).sum(axis=1), np.where(there, weights, 0.0).sum(axis=1))
    missing = left.support == 0 if name == "auroc_hand_till" else ~there
    return mean, missing.sum(axis=1)


def leave_one_out(
    name: str,
    task: str,
    truth: ArrayLike,
    logits: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    thresholds: Floats | None = None,
    column: int | None = None,
) -> LeaveOneOut:
    """Compute a metric without each patient in turn, the values that a jackknife over cases is made of.

    Each value is exactly that of the other cases, ties, unknown labels and patients with several cases included. What
    is a function of sums over cases takes the patient's part off the sums; the areas take off the patient's pairs; the
    average precision takes differences of running sums (`precisions_without`). Thresholds belong to the run and stay.

    Args:
        name: a metric of the catalogue that the task has, but for those in `NOT_SMOOTH`.
        task: `binary`, `multiclass` or `multilabel`.
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        logits: `(N, C)`.
        groups: `(N,)` patient ids; None where every case is a patient of its own.
        thresholds: `(C,)` probabilities chosen on validation, for the `_youden` metrics.
        column: a class or finding, for its own value; None for the overall one.

    Returns:
        The values, patients in rising order of their ids.

    Raises:
        ValueError: for another name, a column that has no value of its own, or shapes or values that do not fit.

    Example:
        >>> logits = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
        >>> leave_one_out("accuracy", "binary", [0, 1, 1], logits).values
        array([0.5, 1. , 0.5])
    """
    case = Predictions(task, truth, logits, thresholds)
    _check(name, task, column, case.logits.shape[1])
    left = _Remainders(case, _codes(groups, len(case.logits)))
    if column is None:
        values, missing = _overall(name, left)
    else:
        values = _COLUMNS[name](left)[:, column]
        missing = np.isnan(values).astype(np.int64)
    return LeaveOneOut(float(values[-1]), values[:-1], int(missing[-1]), missing[:-1])


def _check(name: str, task: str, column: int | None, width: int) -> None:
    allowed = [one for one, metric in METRICS.items() if task in metric.tasks and one not in NOT_SMOOTH]
    if name not in allowed:
        raise ValueError(f"name must be a smooth metric of a {task} task ({', '.join(allowed)}), got {name!r}.")
    if column is None:
        return
    if not has_classes(METRICS[name], task):
        raise ValueError(f"column must be None, for {name} has no value per class in a {task} task, got {column}.")
    if not 0 <= column < width:
        raise ValueError(f"column must be one of 0 to {width - 1}, got {column}.")


def _codes(groups: ArrayLike | None, n: int) -> Integers:
    """Count the patients off from 0, `(N,)`."""
    if groups is None:
        return np.arange(n, dtype=np.int64)
    ids = np.asarray(groups)
    if ids.shape != (n,):
        raise ValueError(f"groups must have shape ({n},), one id per case, got {ids.shape}.")
    return np.unique(ids, return_inverse=True)[1].astype(np.int64)
