"""An area under the ROC curve and class sizes in, bounds of its standard error out."""

from __future__ import annotations

import math

__all__ = ["hanley_mcneil", "largest_error"]


def hanley_mcneil(area: float, positives: int, negatives: int) -> float:
    """Return the standard error of an area from the class sizes alone.

    Var = [A(1-A) + (m-1)(Q1-A²) + (n-1)(Q2-A²)] / (m n) with Q1 = A/(2-A), Q2 = 2A²/(1+A): scores that are negative
    exponential. Source: Hanley & McNeil 1982, doi 10.1148/radiology.143.1.7063747.

    Args:
        area: in [0, 1].
        positives: at least 1.
        negatives: at least 1.

    Example:
        >>> round(hanley_mcneil(0.893, 51, 58), 4)
        0.0325
    """
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (first - area**2) + (negatives - 1) * (second - area**2)
    return math.sqrt(max(0.0, spread) / (positives * negatives))


def largest_error(area: float, positives: int, negatives: int) -> float:
    """Return the largest standard error that any scores can give an area: A(1-A) / min(m, n) bounds its variance.

    Source: Birnbaum & Klose 1957, doi 10.1214/aoms/1177706794.

    Example:
        >>> round(largest_error(0.9, 50, 50), 4)
        0.0424
    """
    return math.sqrt(area * (1 - area) / min(positives, negatives))
