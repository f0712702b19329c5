"""A printed proportion, or a mean of proportions over runs, in; whether whole numbers can give it out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from cxr_report.verify.tables.printed import Interval, Printed, Rounding

__all__ = ["NEIGHBOURS", "Lattice", "chance", "possible", "printable", "route"]

LARGEST = 2_000_000
"""Chosen: sums of rounded runs that are written down, about a second; above it a wider condition stands in."""

NEIGHBOURS = 50
"""Chosen: printable numbers on each side of a value over which the share that would pass is measured."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """What can be counted: each of S runs is a whole number of parts, 0 to m, over m."""

    parts: int
    """m: cases, for an accuracy; positives, for a sensitivity."""
    runs: int
    """S."""
    decimals: int
    """Of the printed number, as a fraction of one."""
    rounding: Rounding = "nearest"


def chance(lattice: Lattice) -> float:
    """Return the rate at which a number at random would pass: min(1, m S 10^-d).

    Example:
        >>> chance(Lattice(28, 1, 2)), chance(Lattice(500, 5, 3))
        (0.28, 1.0)
    """
    whole: int = 10**lattice.decimals
    return min(1.0, lattice.parts * lattice.runs / whole)


def possible(printed: Printed, lattice: Lattice) -> bool:
    """Say whether the mean of S counts can be printed like this: exactly rounded, or as a mean of rounded runs.

    Example:
        >>> from cxr_report.verify.tables.printed import read_printed
        >>> possible(read_printed("0.93"), Lattice(30, 1, 2)), possible(read_printed("0.92"), Lattice(30, 1, 2))
        (True, False)
    """
    return bool(route(printed, lattice))


def route(printed: Printed, lattice: Lattice) -> str:
    """Say by which way a printed mean can arise: ``count``, ``rounded runs``, or an empty string for neither.

    Exactly: a whole number K in 0 to m S with |K / (m S) - v| at most half a unit of the last digit, halves included
    (Brown & Heathers 2017, doi 10.1177/1948550616673876, for one run). As a mean of runs that were rounded to the same
    decimals before: some S printable runs have a mean within half a unit. Runs rounded more finely than the mean move
    it by a twentieth of a unit at most, which is let pass too.

    Args:
        printed: the number.
        lattice: what can be counted.
    """
    interval = printed.interval(lattice.rounding)
    if _counted(interval, lattice):
        return "count"
    if lattice.runs == 1:
        return ""
    finer = printed.unit / (10 if lattice.rounding == "truncated" else 20)
    return "rounded runs" if _counted(interval.widened(finer), lattice) or _rounded(printed, lattice) else ""


def _counted(interval: Interval, lattice: Lattice) -> bool:
    whole = lattice.parts * lattice.runs
    within = interval.scaled(whole).integers()
    return max(within.start, 0) < min(within.stop, whole + 1)


def _rounded(printed: Printed, lattice: Lattice) -> bool:
    if 10**lattice.decimals * lattice.runs > LARGEST:
        return _counted(printed.interval(lattice.rounding).widened(printed.unit), lattice)
    sums = _sums(lattice)
    within = printed.interval(lattice.rounding).scaled(10**lattice.decimals * lattice.runs).integers()
    return bool(sums[max(within.start, 0) : max(within.stop, 0)].any())


@lru_cache(maxsize=16)
def _sums(lattice: Lattice) -> NDArray[np.bool_]:
    """Return which sums of S rounded runs exist, ``(S 10^d + 1,)``, in units of the last digit.

    The S-fold sum is built by doubling; float64 convolutions of zeros and ones count far below 2^53 ways, so that above
    and below one half is beyond doubt.
    """
    step = np.zeros(10**lattice.decimals + 1, dtype=bool)
    for count in range(lattice.parts + 1):
        step[list(_printable(count, lattice))] = True
    total, power, left = np.ones(1, dtype=bool), step, lattice.runs
    while left:
        if left % 2:
            total = _sumset(total, power)
        left //= 2
        if left:
            power = _sumset(power, power)
    return total


def _sumset(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    ways = signal.fftconvolve(one.astype(np.float64), other.astype(np.float64))
    return np.asarray(ways > 0.5)


def _printable(count: int, lattice: Lattice) -> set[int]:
    """Return how a count over m may be printed, in units: a half goes both ways."""
    scaled = Fraction(count * 10**lattice.decimals, lattice.parts)
    if lattice.rounding == "truncated":
        return {scaled.numerator // scaled.denominator}
    half = Fraction(1, 2)
    return set(Interval(scaled - half, scaled + half).integers())


def printable(units: int, lattice: Lattice) -> Printed:
    """Return a whole number of units of the last digit as if it stood in print."""
    return Printed("", Fraction(units, 10**lattice.decimals), lattice.decimals)
