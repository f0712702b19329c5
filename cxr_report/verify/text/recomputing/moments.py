"""Means and standard deviations in; whether whole numbers can have them, and the t statistic of two, out."""

from __future__ import annotations

import math

from cxr_report.verify.text.numbers import Number
from cxr_report.verify.text.recomputing.tails import Bounds

__all__ = ["squares_fit", "student_t", "sums_of", "welch_t"]

SLACK = 1e-9
"""Chosen: relative room for binary rounding of printed decimals."""


def sums_of(mean: Number, n: int) -> range:
    """Return the whole sums of n values whose mean rounds to the printed one; empty where none does.

    GRIM: Brown & Heathers 2017, doi 10.1177/1948550616673876.

    Example:
        >>> len(sums_of(Number(5.19, 0.01), 28)), len(sums_of(Number(5.18, 0.01), 28))
        (0, 1)
    """
    room = SLACK * n * mean.unit
    least, most = math.ceil(mean.low * n - room), math.floor(mean.high * n + room)
    return range(least, max(least, most + 1))


def squares_fit(mean: Number, sd: Number, n: int) -> bool:
    """Say whether n whole numbers can have this mean and this standard deviation, with n or n - 1 below.

    The sum of squares is a whole number, has the parity of the sum, and is at least what values next to the mean give.
    GRIMMER: Anaya 2016, doi 10.7287/peerj.preprints.2400v1; the parity is Allard's.

    Example:
        >>> [squares_fit(Number(3.44, 0.01), Number(sd, 0.01), 18) for sd in (2.47, 2.43)]
        [False, True]
    """
    return any(_fits(total, sd, n, below) for total in sums_of(mean, n) for below in (n - 1, n) if below > 0)


def _fits(total: int, sd: Number, n: int, below: int) -> bool:
    room = SLACK * max(1.0, sd.value) * n
    least = below * max(0.0, sd.low) ** 2 + total * total / n - room
    most = below * sd.high**2 + total * total / n + room
    floor, rest = divmod(total, n)
    smallest = rest * (floor + 1) ** 2 + (n - rest) * floor**2
    first = max(math.ceil(least), smallest)
    first += (first - total) % 2  # a square has the parity of its root
    return first <= most


def student_t(first: tuple[Number, Number, int], second: tuple[Number, Number, int]) -> Bounds:
    """Bound the size of Student's t of two means; each sample is (mean, sd, n).

    Example:
        >>> a, b = (Number(5.2, 0.1), Number(1.1, 0.1), 20), (Number(4.3, 0.1), Number(1.2, 0.1), 20)
        >>> [round(bound, 2) for bound in student_t(a, b)]
        [2.11, 2.87]
    """
    (_, sd1, n1), (_, sd2, n2) = first, second

    def error(a: float, b: float) -> float:
        pooled = ((n1 - 1) * a**2 + (n2 - 1) * b**2) / max(1, n1 + n2 - 2)
        return math.sqrt(pooled * (1 / n1 + 1 / n2))

    return _t_bounds(first, second, error(max(0.0, sd1.low), max(0.0, sd2.low)), error(sd1.high, sd2.high))


def welch_t(first: tuple[Number, Number, int], second: tuple[Number, Number, int]) -> Bounds:
    """Bound the size of Welch's t of two means; each sample is (mean, sd, n). Source: doi 10.1093/biomet/34.1-2.28.

    Example:
        >>> a, b = (Number(5.2, 0.1), Number(1.1, 0.1), 20), (Number(4.3, 0.1), Number(1.2, 0.1), 30)
        >>> [round(bound, 2) for bound in welch_t(a, b)]
        [2.33, 3.17]
    """
    (_, sd1, n1), (_, sd2, n2) = first, second
    least = math.sqrt(max(0.0, sd1.low) ** 2 / n1 + max(0.0, sd2.low) ** 2 / n2)
    return _t_bounds(first, second, least, math.sqrt(sd1.high**2 / n1 + sd2.high**2 / n2))


def _t_bounds(
    first: tuple[Number, Number, int], second: tuple[Number, Number, int], least: float, most: float
) -> Bounds:
    """Divide the difference of the means, which is known up to rounding, by the smallest and the largest error."""
    low, high = first[0].low - second[0].high, first[0].high - second[0].low
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    far = max(abs(low), abs(high))
    return (near / most if most else math.inf), (far / least if least else math.inf)
