"""Rank sums and sample sizes in, the p values that they can have out; without ties."""

from __future__ import annotations

import math
from functools import lru_cache

from scipy import special

from cxr_report.verify.text.recomputing.tails import Bounds

__all__ = ["mann_whitney", "signed_rank"]

MOST_PAIRS = 100
"""Chosen: above it the exact distribution of the signed ranks is no different from the normal one in print."""

MOST_PRODUCT = 2_500
"""Chosen: above n1 n2 = 2500 only the normal approximations of U are computed."""


@lru_cache(maxsize=64)
def _signed_rank_counts(n: int) -> tuple[int, ...]:
    """Count the sign patterns for every sum of positive ranks 0 to n(n+1)/2."""
    counts = [1]
    for rank in range(1, n + 1):
        longer = counts + [0] * rank
        for total, ways in enumerate(counts):
            longer[total + rank] += ways
        counts = longer
    return tuple(counts)


@lru_cache(maxsize=64)
def _mann_whitney_counts(n1: int, n2: int) -> tuple[int, ...]:
    """Count the orders for every U from 0 to n1 n2: the Gaussian binomial coefficient, exactly."""
    size = n1 * n2 + 1
    counts = [1] + [0] * (size - 1)
    for step in range(1, n1 + 1):
        for total in range(size - 1, n2 + step - 1, -1):
            counts[total] -= counts[total - n2 - step]
        for total in range(step, size):
            counts[total] += counts[total - step]
    return tuple(counts)


def _exact(counts: tuple[int, ...], statistic: Bounds) -> Bounds:
    """Return the two-sided exact p of every whole value within the bounds."""
    total = sum(counts)
    found = []
    for value in range(max(0, math.ceil(statistic[0])), min(len(counts) - 1, math.floor(statistic[1])) + 1):
        tail = min(sum(counts[: value + 1]), sum(counts[value:]))
        found.append(min(1.0, 2 * tail / total))
    return (min(found), max(found)) if found else (math.nan, math.nan)


def _normal(statistic: Bounds, mean: float, sd: float, correction: float) -> Bounds:
    """Return the p of the normal approximation, smallest and largest."""
    low, high = statistic
    near = 0.0 if low <= mean <= high else min(abs(low - mean), abs(high - mean))
    far = max(abs(low - mean), abs(high - mean))
    sizes = [max(0.0, size - correction) / sd for size in (far, near)]
    smallest, largest = (float(2 * special.ndtr(-size)) for size in sizes)
    return smallest, largest


def signed_rank(statistic: Bounds, n: int) -> list[tuple[str, Bounds]]:
    """Bound the two-sided p of Wilcoxon's signed-rank statistic W for n pairs without ties and zeros.

    Either sum of ranks, or the smaller one, gives the same two-sided p. Source: Wilcoxon 1945, doi 10.2307/3001968.

    Returns:
        The readings: exact, normal approximation with and without continuity correction, each with its bounds.

    Example:
        >>> name, bounds = signed_rank((3, 3), 8)[0]
        >>> name, round(bounds[0], 4)
        ('exact', 0.0391)
    """
    mean, sd = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    exact = [("exact", _exact(_signed_rank_counts(n), statistic))] if n <= MOST_PAIRS else []
    return [*exact, ("normal", _normal(statistic, mean, sd, 0)), ("corrected", _normal(statistic, mean, sd, 0.5))]


def mann_whitney(statistic: Bounds, n1: int, n2: int) -> list[tuple[str, Bounds]]:
    """Bound the two-sided p of Mann and Whitney's U without ties.

    Source: Mann & Whitney 1947, doi 10.1214/aoms/1177730491.

    Example:
        >>> name, bounds = mann_whitney((23, 23), 10, 10)[0]
        >>> name, round(bounds[0], 4)
        ('exact', 0.0433)
    """
    mean, sd = n1 * n2 / 2, math.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    exact = [("exact", _exact(_mann_whitney_counts(n1, n2), statistic))] if n1 * n2 <= MOST_PRODUCT else []
    return [*exact, ("normal", _normal(statistic, mean, sd, 0)), ("corrected", _normal(statistic, mean, sd, 0.5))]
