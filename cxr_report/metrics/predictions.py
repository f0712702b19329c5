"""Truth and logits of one run in, decisions, thresholds and the quantities several metrics share out."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.metrics.catalogue import TASKS
from cxr_report.metrics.confusion import Counts, confusion_matrix, counts, finding_tables
from cxr_report.metrics.probabilities import Floats, finite_scores, margins, sigmoid, softmax
from cxr_report.metrics.ranking import column_values
from cxr_report.metrics.thresholds import Steps, steps, youden_threshold
from cxr_report.metrics.truth import Integers, class_truth, finding_truth, indicators, number_of_classes

__all__ = ["Predictions", "choose_thresholds", "decide"]


def _check(task: str, logits: ArrayLike) -> Floats:
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(map(repr, TASKS))}, got {task!r}.")
    z = finite_scores(logits)
    width = z.shape[1]
    if task == "binary" and width != 2:
        raise ValueError(f"logits of a binary task must have shape (N, 2), got {z.shape}.")
    if task == "multiclass" and width < 2:
        raise ValueError(f"logits of a multiclass task must have at least 2 columns, got {z.shape}.")
    return z


def decide(task: str, logits: ArrayLike) -> Integers:
    """Return the predicted class of each case, or the presence of each finding.

    Args:
        task: `binary`, `multiclass` or `multilabel`.
        logits: `(N, C)`.

    Returns:
        `(N,)` index of the largest logit (the first of several), or `(N, L)` of 1 where the logit is at least 0.

    Raises:
        ValueError: for another task or shape, NaN or infinity.

    Example:
        >>> decide("binary", [[0.0, 1.0], [2.0, 2.0]])
        array([1, 0])
        >>> decide("multilabel", [[-1.0, 0.0]])
        array([[0, 1]])
    """
    z = _check(task, logits)
    if task == "multilabel":
        return np.asarray(z >= 0, dtype=np.int64)
    return np.asarray(z.argmax(axis=1), dtype=np.int64)


def choose_thresholds(task: str, truth: ArrayLike, logits: ArrayLike) -> Floats:
    """Choose the probability of each class from which it is called positive: Youden's, on validation cases.

    Args:
        task: `binary`, `multiclass` or `multilabel`.
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        logits: `(N, C)`, of the validation cases.

    Returns:
        `(C,)` in [0, 1]; NaN for a class without positive or without negative cases (see `youden_threshold`).

    Raises:
        ValueError: for another task, or shapes or values that do not fit.

    Example:
        >>> choose_thresholds("multilabel", [[1], [0]], [[0.0], [-1.0]])
        array([0.5])
    """
    case = Predictions(task, truth, logits, None)
    return column_values(youden_threshold, case.outcome, case.probabilities)


class Predictions:
    """The checked truth and logits of one run, and what several metrics share, each computed when first asked for."""

    def __init__(self, task: str, truth: ArrayLike, logits: ArrayLike, thresholds: NDArray[np.float64] | None) -> None:
        self.task = task
        self.logits = _check(task, logits)
        width = self.logits.shape[1]
        self.truth: NDArray[np.int64] | Floats = finding_truth(truth) if self.findings else class_truth(truth)
        if self.truth.shape[0] != self.logits.shape[0]:
            raise ValueError(
                f"truth and logits must have one row per case, got {self.truth.shape} and {self.logits.shape}."
            )
        if not self.findings:
            number_of_classes(width, self.truth)
        self.outcome = indicators(self.truth, width)
        given = np.full(width, np.nan) if thresholds is None else np.asarray(thresholds, dtype=np.float64)
        if given.shape != (width,):
            raise ValueError(f"thresholds must have shape ({width},), one per class, got {given.shape}.")
        self.thresholds = given

    @property
    def findings(self) -> bool:
        """Whether the columns are findings rather than classes."""
        return self.task == "multilabel"

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """`(N, C)`: where the truth is known."""
        return ~np.isnan(self.outcome)

    @cached_property
    def support(self) -> Floats:
        """`(C,)`: positive cases of each class."""
        return np.asarray(np.nansum(self.outcome, axis=0))

    @cached_property
    def probabilities(self) -> Floats:
        """`(N, C)` in [0, 1]."""
        return sigmoid(self.logits) if self.findings else softmax(self.logits)

    @cached_property
    def ranking(self) -> Floats:
        """`(N, C)`: the score by which the cases are ranked for each class."""
        return self.logits if self.findings else margins(self.logits)

    @cached_property
    def ranked(self) -> tuple[Steps | None, ...]:
        """The cases of known truth ranked for each class, C of them; None where no truth is known."""
        columns = zip(self.outcome.T, self.ranking.T, self.known.T, strict=True)
        return tuple(steps(true[there] == 1, score[there]) if there.any() else None for true, score, there in columns)

    @cached_property
    def predicted(self) -> Integers:
        """`(N,)` classes or `(N, L)` findings, see `decide`."""
        return decide(self.task, self.logits)

    @cached_property
    def tables(self) -> Integers:
        """Truth against prediction: `(C, C)` for classes, `(L, 2, 2)` for findings."""
        if self.findings:
            return finding_tables(self.truth, self.predicted)
        return confusion_matrix(self.truth, self.predicted, classes=self.logits.shape[1])

    @cached_property
    def counts(self) -> Counts:
        """The four cells of each class or finding, by `predicted`."""
        return counts(self.truth, self.predicted, classes=None if self.findings else self.logits.shape[1])

    @cached_property
    def youden_counts(self) -> Counts:
        """At the thresholds from validation, each class on its own; no positive call is made on a NaN threshold."""
        call = self.probabilities >= self.thresholds
        cells = [((self.outcome == t) & (call == g)).sum(axis=0).astype(np.float64) for t in (1, 0) for g in (1, 0)]
        tp, fn, fp, tn = (np.where(np.isnan(self.thresholds), 0.0, one) for one in cells)
        return Counts(tp=tp, fp=fp, fn=fn, tn=tn)
