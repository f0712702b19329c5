"""An area under the ROC curve and the numbers of positives and negatives in, its standard error out."""

from __future__ import annotations

from math import sqrt

__all__ = ["difference_error", "hanley_mcneil"]


def hanley_mcneil(area: float, positives: int, negatives: int) -> float:
    """Return the standard error of an area from its value alone.

    `Q1 = A / (2 - A)`, `Q2 = 2 A^2 / (1 + A)`, variance
    `[A (1 - A) + (P - 1)(Q1 - A^2) + (N - 1)(Q2 - A^2)] / (P N)`, which holds exactly for scores with exponential
    distributions and nearly for others. Source: Hanley & McNeil 1982, doi 10.1148/radiology.143.1.7063747.

    Args:
        area: in [0, 1].
        positives: P, at least 1.
        negatives: N, at least 1.

    Example:
        >>> round(hanley_mcneil(0.893, 51, 58), 4)
        0.0325
    """
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    inner = area * (1 - area) + (positives - 1) * (q1 - area * area) + (negatives - 1) * (q2 - area * area)
    return sqrt(max(0.0, inner) / (positives * negatives))


def difference_error(first: float, second: float, r: float) -> float:
    """Return the standard error of the difference of two areas on the same cases, correlated by r.

    Source: Hanley & McNeil 1983, doi 10.1148/radiology.148.3.6878708.

    Args:
        first: standard error of one area.
        second: standard error of the other.
        r: correlation of the two areas, in [0, 1).
    """
    return sqrt(max(0.0, first * first + second * second - 2 * r * first * second))
