"""Truth and scores of all classes in, areas of the ranking, one class against the rest, out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.metrics.confusion import Average, overall
from cxr_report.metrics.probabilities import Floats, finite_scores
from cxr_report.metrics.thresholds import area, one_column, precision
from cxr_report.metrics.truth import class_truth, indicators

__all__ = ["auroc", "average_precision", "column_values", "hand_till_area"]

RankAverage: TypeAlias = Average | Literal["hand-till"]


def hand_till_area(truth: NDArray[np.int64], scores: Floats) -> float:
    """Return Hand and Till's M of checked input.

    `2 / (C (C - 1)) sum over i < j of (A(i|j) + A(j|i)) / 2`, A(i|j) the AUROC of score i for class i against class
    j alone. Pairs with an absent class are left out.

    Args:
        truth: `(N,)` class indices.
        scores: `(N, C)` probabilities or margins.

    Returns:
        A number in [0, 1]; NaN where fewer than two classes occur.

    Example:
        >>> hand_till_area(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]))
        1.0
    """
    members = [scores[truth == c] for c in range(scores.shape[1])]
    there = [c for c, rows in enumerate(members) if len(rows)]
    values = []
    for i in there:
        for j in there:
            if i != j:
                true = np.arange(len(members[i]) + len(members[j])) < len(members[i])
                values.append(area(true, np.concatenate([members[i][:, i], members[j][:, i]])))
    return float(np.mean(values)) if values else float("nan")


def column_values(statistic: Callable[[NDArray[np.bool_], Floats], float], outcome: Floats, scores: Floats) -> Floats:
    """Apply a statistic of one column to every column, over the cases whose outcome is known.

    Args:
        statistic: a function of `(n,)` boolean truth and `(n,)` scores.
        outcome: `(N, C)` of 1, 0 and NaN.
        scores: `(N, C)`.

    Returns:
        `(C,)`; NaN where no outcome is known.

    Example:
        >>> column_values(area, np.array([[1.0], [0.0], [np.nan]]), np.array([[2.0], [1.0], [3.0]]))
        array([1.])
    """
    values = np.full(outcome.shape[1], np.nan)
    for c, column in enumerate(outcome.T):
        known = ~np.isnan(column)
        if known.any():
            values[c] = statistic(column[known] == 1, scores[known, c])
    return values


def _columns(truth: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    numbers = finite_scores(scores, "probabilities")
    if np.shape(truth)[:1] != numbers.shape[:1]:
        raise ValueError(
            f"truth and probabilities must have one row per case, got {np.shape(truth)} and {numbers.shape}."
        )
    return indicators(truth, numbers.shape[1]), numbers


@overload
def auroc(truth: ArrayLike, probabilities: ArrayLike, *, average: None) -> Floats: ...
@overload
def auroc(truth: ArrayLike, probabilities: ArrayLike, *, average: RankAverage = "auto") -> float: ...
def auroc(truth: ArrayLike, probabilities: ArrayLike, *, average: RankAverage | None = "auto") -> float | Floats:
    """Return the area under the receiver operating characteristic, each class against the rest.

    Every pair of a positive and a negative case counts 1 where the positive scores higher and 1/2 at a tie. A class
    without positive or without negative cases has none: NaN, left out of an average.
    Sources: Hanley & McNeil 1982, doi 10.1148/radiology.143.1.7063747; Hand & Till 2001, doi 10.1023/A:1010920819831.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        probabilities: `(N, C)` or `(N, L)`; any rising function of them does as well (`margins`), but raw softmax
            logits do not: they rank cases differently. `(N,)` together with `(N,)` truth of 0 and 1 is one column.
        average: `auto` (class 1 of two, the mean over more), `macro`, `weighted`, `positive`, `hand-till` (class
            indices only), or None for one value per class.

    Returns:
        A number in [0, 1] or NaN, or `(C,)` of them.

    Raises:
        ValueError: for shapes, values or words that do not fit.

    Example:
        >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    if np.ndim(probabilities) == 1:
        return area(*one_column(truth, probabilities))
    outcome, numbers = _columns(truth, probabilities)
    if average == "hand-till":
        if np.ndim(truth) == 2:
            raise ValueError("average='hand-till' needs class indices, got findings.")
        return hand_till_area(class_truth(truth), numbers)
    values = column_values(area, outcome, numbers)
    return values if average is None else overall(values, np.nansum(outcome, axis=0), average, truth)


@overload
def average_precision(truth: ArrayLike, probabilities: ArrayLike, *, average: None) -> Floats: ...
@overload
def average_precision(truth: ArrayLike, probabilities: ArrayLike, *, average: Average = "auto") -> float: ...
def average_precision(
    truth: ArrayLike, probabilities: ArrayLike, *, average: Average | None = "auto"
) -> float | Floats:
    """Return the average precision, each class against the rest.

    `sum over thresholds of (R_t - R_(t-1)) P_t`; tied scores are one threshold; not interpolated (Davis & Goadrich
    2006, doi 10.1145/1143844.1143874). A class without positive cases has none: NaN, left out of an average.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        probabilities: `(N, C)` or `(N, L)` or one column `(N,)`, as for `auroc`.
        average: `auto` (class 1 of two, the mean over more), `macro`, `weighted`, `positive`, or None for one value per
            class.

    Returns:
        A number in [0, 1] or NaN, or `(C,)` of them.

    Raises:
        ValueError: for shapes, values or words that do not fit.

    Example:
        >>> average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.8333333333333333
    """
    if np.ndim(probabilities) == 1:
        return precision(*one_column(truth, probabilities))
    outcome, numbers = _columns(truth, probabilities)
    values = column_values(precision, outcome, numbers)
    return values if average is None else overall(values, np.nansum(outcome, axis=0), average, truth)
