"""Truth and score of one class in, areas, curves and operating points over its thresholds out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.metrics.confusion import rate
from cxr_report.metrics.probabilities import Floats, finite_scores
from cxr_report.metrics.truth import one_truth

__all__ = [
    "PrecisionRecall",
    "Roc",
    "Steps",
    "area",
    "area_of",
    "one_column",
    "precision",
    "precision_of",
    "precision_recall_curve",
    "roc_curve",
    "sensitivity_at_of",
    "sensitivity_at_specificity",
    "steps",
    "youden_threshold",
]

Truth: TypeAlias = NDArray[np.bool_]


class Steps(NamedTuple):
    """One class ranked by one score: what a threshold at each distinct score calls positive, T of them, falling."""

    hits: Floats
    """`(T,)` positive cases with at least this score."""
    misses: Floats
    """`(T,)` negative cases with at least this score."""
    levels: Floats
    """`(T,)` the distinct scores."""


@dataclass(frozen=True, slots=True)
class Roc:
    """The receiver operating characteristic, one point per distinct score, from (0, 0) to (1, 1)."""

    false_positive_rate: Floats
    """`(T,)` 1 - specificity, rising; NaN without negative cases."""
    sensitivity: Floats
    """`(T,)` rising; NaN without positive cases."""
    thresholds: Floats
    """`(T,)` falling, first infinity: a case is called positive where its score is at least this."""


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Positive predictive value against sensitivity, one point per distinct score."""

    recall: Floats
    """`(T,)` sensitivity, rising to 1; NaN without positive cases."""
    precision: Floats
    """`(T,)` positive predictive value."""
    thresholds: Floats
    """`(T,)` falling: a case is called positive where its score is at least this."""


def one_column(truth: ArrayLike, score: ArrayLike) -> tuple[Truth, Floats]:
    """Read the truth and the score of one class.

    Args:
        truth: `(N,)` of 0 and 1.
        score: `(N,)`, higher = more positive.

    Returns:
        Both, boolean and float64.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> one_column([1, 0], [0.75, 0.5])
        (array([ True, False]), array([0.75, 0.5 ]))
    """
    true = one_truth(truth)
    numbers = finite_scores(score, "score", 1)
    if numbers.shape != true.shape:
        raise ValueError(f"score must have one value per case, got {numbers.size} for {true.size} cases.")
    return true, numbers


def steps(true: Truth, score: Floats) -> Steps:
    """Rank the cases once, for every statistic of the ranking.

    Args:
        true: `(N,)` boolean, N at least 1.
        score: `(N,)` float64.

    Returns:
        Running counts at the distinct scores; the last ones are those of all cases.

    Example:
        >>> steps(np.array([True, False, True]), np.array([3.0, 1.0, 1.0])).hits
        array([1., 2.])
    """
    order = np.argsort(-score)  # unstable, which is faster: within a tie only the counts behind it are kept
    falling = score[order]
    last = np.append(np.diff(falling) != 0, True)
    hits = np.cumsum(true[order], dtype=np.float64)[last]
    return Steps(hits, np.flatnonzero(last) + 1.0 - hits, falling[last])


def area_of(ranked: Steps) -> float:
    """Return the AUROC of ranked cases, as `area` does.

    Args:
        ranked: from `steps`.

    Returns:
        A number in [0, 1]; NaN without a positive or without a negative case.

    Example:
        >>> area_of(steps(np.array([True, False]), np.array([1.0, 0.0])))
        1.0
    """
    hits, misses, _ = ranked
    pairs = hits[-1] * misses[-1]
    if not pairs:
        return float("nan")
    gained = np.diff(misses, prepend=0.0)
    above = np.append(0.0, hits[:-1])
    return float((gained * (above + hits)).sum() / (2.0 * pairs))


def precision_of(ranked: Steps) -> float:
    """Return the average precision of ranked cases, as `precision` does.

    Args:
        ranked: from `steps`.

    Returns:
        A number in [0, 1]; NaN without a positive case.

    Example:
        >>> precision_of(steps(np.array([True, False]), np.array([0.0, 1.0])))
        0.5
    """
    hits, misses, _ = ranked
    if not hits[-1]:
        return float("nan")
    return float((np.diff(hits, prepend=0.0) * hits / (hits + misses)).sum() / hits[-1])


def sensitivity_at_of(ranked: Steps, specificity: float = 0.9) -> float:
    """Return the sensitivity at a specificity of ranked cases, as `sensitivity_at_specificity` does.

    Args:
        ranked: from `steps`.
        specificity: in [0, 1].

    Returns:
        A number in [0, 1]; NaN without a positive or without a negative case.

    Example:
        >>> sensitivity_at_of(steps(np.array([True, False]), np.array([1.0, 0.0])))
        1.0
    """
    hits, misses, _ = ranked
    if not hits[-1] * misses[-1]:
        return float("nan")
    allowed = (misses[-1] - misses) / misses[-1] >= specificity
    return float(hits[allowed].max(initial=0.0) / hits[-1])


def area(true: Truth, score: Floats) -> float:
    """Return the AUROC of checked input by midranks.

    `(sum of the positives' midranks - P (P + 1) / 2) / (P M)` with P positive and M negative cases: the share of
    pairs in which the positive case scores higher, ties counted one half.

    Args:
        true: `(N,)` boolean.
        score: `(N,)` float64.

    Returns:
        A number in [0, 1]; NaN without a positive or without a negative case.

    Example:
        >>> area(np.array([True, False, True]), np.array([3.0, 1.0, 1.0]))
        0.75
    """
    return area_of(steps(true, score))


def precision(true: Truth, score: Floats) -> float:
    """Return the average precision of checked input.

    `sum over thresholds of (R_t - R_(t-1)) P_t`, thresholds at the distinct scores, no interpolation.

    Args:
        true: `(N,)` boolean.
        score: `(N,)` float64.

    Returns:
        A number in [0, 1]; NaN without a positive case.

    Example:
        >>> precision(np.array([True, False, True]), np.array([3.0, 2.0, 1.0]))
        0.8333333333333333
    """
    return precision_of(steps(true, score))


def roc_curve(truth: ArrayLike, score: ArrayLike) -> Roc:
    """Return the receiver operating characteristic of one class.

    One point per distinct score; tied cases enter together, so the trapezoids below the curve sum to the AUROC.

    Args:
        truth: `(N,)` of 0 and 1.
        score: `(N,)`, higher = more positive.

    Returns:
        The curve, from (0, 0) to (1, 1).

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> curve = roc_curve([0, 1, 1], [0.2, 0.2, 0.7])
        >>> curve.false_positive_rate, curve.sensitivity
        (array([0., 0., 1.]), array([0. , 0.5, 1. ]))
    """
    true, numbers = one_column(truth, score)
    hits, misses, levels = steps(true, numbers)
    positives = float(true.sum())
    return Roc(
        false_positive_rate=rate(np.append(0.0, misses), np.full(misses.size + 1, true.size - positives)),
        sensitivity=rate(np.append(0.0, hits), np.full(hits.size + 1, positives)),
        thresholds=np.append(np.inf, levels),
    )


def precision_recall_curve(truth: ArrayLike, score: ArrayLike) -> PrecisionRecall:
    """Return positive predictive value against sensitivity of one class.

    One point per distinct score, no invented end point: the first is that of the highest score. Drawn as steps, the
    area below it is the average precision.

    Args:
        truth: `(N,)` of 0 and 1.
        score: `(N,)`, higher = more positive.

    Returns:
        The curve, sensitivity rising.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> curve = precision_recall_curve([0, 1, 1], [0.2, 0.1, 0.7])
        >>> curve.recall, curve.precision.round(3)
        (array([0.5, 0.5, 1. ]), array([1.   , 0.5  , 0.667]))
    """
    true, numbers = one_column(truth, score)
    hits, misses, levels = steps(true, numbers)
    return PrecisionRecall(
        recall=rate(hits, np.full(hits.size, float(true.sum()))), precision=hits / (hits + misses), thresholds=levels
    )


def youden_threshold(truth: ArrayLike, score: ArrayLike) -> float:
    """Return the score from which calling a case positive maximises sensitivity + specificity - 1.

    The candidates are the observed scores; of several best ones the highest (most specific) is taken. The comparison is
    made on whole numbers, `TP M - FP P` with P positive and M negative cases, and so knows no rounding.
    Source: Youden 1950, doi 10.1002/1097-0142(1950)3:1<32::aid-cncr2820030106>3.0.co;2-3.

    Args:
        truth: `(N,)` of 0 and 1.
        score: `(N,)`, higher = more positive.

    Returns:
        One of the scores; NaN without a positive or without a negative case.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> youden_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.8
    """
    true, numbers = one_column(truth, score)
    positives = float(true.sum())
    negatives = true.size - positives
    if not positives * negatives:
        return float("nan")
    hits, misses, levels = steps(true, numbers)
    return float(levels[np.argmax(hits * negatives - misses * positives)])


def sensitivity_at_specificity(truth: ArrayLike, score: ArrayLike, specificity: float = 0.9) -> float:
    """Return the largest sensitivity of any threshold whose specificity is at least the one given.

    Only points of the empirical curve count, nothing is interpolated; calling no case positive is one of them. The
    threshold is chosen on the cases it is judged on.

    Args:
        truth: `(N,)` of 0 and 1.
        score: `(N,)`, higher = more positive.
        specificity: in [0, 1].

    Returns:
        A number in [0, 1]; NaN without a positive or without a negative case.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> sensitivity_at_specificity([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.9)
        0.5
    """
    if not 0 <= specificity <= 1:
        raise ValueError(f"specificity must lie in [0, 1], got {specificity}.")
    true, numbers = one_column(truth, score)
    return sensitivity_at_of(steps(true, numbers), specificity)
