"""Printed metrics of one run on two classes in, the two-by-two tables that give all of them out; exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from cxr_report.verify.tables.measures import Cells, Reading, mcc_parts, terms
from cxr_report.verify.tables.printed import Interval

__all__ = ["Constraint", "Search", "TooLarge", "exact_holds", "search", "values"]

SLACK = 1e-9
"""Chosen: far above the error of float64 in these ratios (measured below 1e-14); what is nearer to an end of the
interval than this is decided in whole numbers."""

BLOCK = 1 << 18
"""Chosen: cells of the grid at once, so that memory stays at some megabytes."""

LARGEST = 40_000_000
"""Chosen: cells of the grid that are searched, about three seconds; no larger grid is said to hold nothing."""

SHOWN = 2
"""Two tables tell whether there is exactly one."""


class TooLarge(Exception):  # noqa: N818 - an answer, not a failure
    """The grid was not searched to its end."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One printed value: the metric in one of its readings lies in the interval."""

    readings: tuple[Reading, ...]
    interval: Interval


@dataclass(frozen=True, slots=True)
class Search:
    """What the grid holds."""

    found: tuple[Cells, ...]
    """The first tables that satisfy everything, at most two."""

    @property
    def unique(self) -> bool:
        """Whether there is exactly one."""
        return len(self.found) == 1


def search(positives: int, negatives: int, constraints: Sequence[Constraint]) -> Search:
    """Look for counts TP in 0..P and FP in 0..N that give every printed value.

    The grid is walked in blocks: a quick pass in float64 leaves what lies inside an interval or within `SLACK` of its
    ends, and each of these is decided in whole numbers, so that no rounding error of ours counts against a table.

    Args:
        positives: P, at least 1.
        negatives: N, at least 1.
        constraints: the printed values.

    Raises:
        TooLarge: nothing was found in `LARGEST` cells, and the grid has more.

    Example:
        >>> f1 = Constraint(("f1",), Interval(Fraction(799, 1000), Fraction(801, 1000)))
        >>> search(10, 10, [f1]).found[0]
        Cells(tp=10, fp=5, positives=10, negatives=10)
    """
    return Search(tuple(islice(_walk(positives, negatives, constraints), SHOWN)))


def _walk(positives: int, negatives: int, constraints: Sequence[Constraint]) -> Iterator[Cells]:
    rows, columns = _bounds(positives, "sensitivity", constraints), _false(negatives, constraints)
    if not len(rows) or not len(columns):
        return
    fps = np.arange(columns.start, columns.stop)
    height, seen = max(1, BLOCK // len(fps)), 0
    for stop in range(rows.stop, rows.start, -height):  # from the best sensitivity down: papers report good ones
        tps = np.arange(max(rows.start, stop - height), stop)[::-1]
        if seen > LARGEST:
            raise TooLarge
        seen += len(tps) * len(fps)
        for tp, fp in _block(tps, fps, (positives, negatives), constraints):
            cells = Cells(tp, fp, positives, negatives)
            if all(_satisfies(cells, each) for each in constraints):
                yield cells


def _bounds(top: int, reading: Reading, constraints: Sequence[Constraint]) -> range:
    """Return the counts in 0..top that unambiguous printed values of a rate allow."""
    low, high = 0, top
    for each in constraints:
        if each.readings == (reading,):
            allowed = each.interval.scaled(top).integers()
            low, high = max(low, allowed.start), min(high, allowed.stop - 1)
    return range(low, high + 1)


def _false(negatives: int, constraints: Sequence[Constraint]) -> range:
    right = _bounds(negatives, "specificity", constraints)
    return range(negatives - right.stop + 1, negatives - right.start + 1)


def _block(
    tps: NDArray[np.int64], fps: NDArray[np.int64], sizes: tuple[int, int], constraints: Sequence[Constraint]
) -> Iterator[tuple[int, int]]:
    kept = np.ones((len(tps), len(fps)), dtype=bool)
    for each in constraints:
        near = np.zeros_like(kept)
        for reading in each.readings:
            found = values(reading, tps[:, None], fps[None, :], sizes)
            near |= (found >= float(each.interval.low) - SLACK) & (found <= float(each.interval.high) + SLACK)
        kept &= near
    for row, column in np.argwhere(kept):
        yield int(tps[row]), int(fps[column])


def values(
    reading: Reading, tps: NDArray[np.int64], fps: NDArray[np.int64], sizes: tuple[int, int]
) -> NDArray[np.float64]:
    """Return a metric for many tables in float64; where it is 0 / 0 it is 0, which is what programs print.

    Args:
        reading: which metric.
        tps: true positives, any shape.
        fps: false positives, of a shape that broadcasts with it.
        sizes: P and N.
    """
    cells = Cells(tps.astype(np.float64), fps.astype(np.float64), *sizes)
    if reading == "mcc":
        numerator, square = mcc_parts(cells)
        return _ratio(numerator, np.sqrt(square))
    total: NDArray[np.float64] = np.zeros(np.broadcast_shapes(tps.shape, fps.shape))
    for weight, numerator, denominator in terms(reading, cells):
        total = total + float(weight) * _ratio(numerator, denominator)
    return total


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64] | int) -> NDArray[np.float64]:
    below = np.broadcast_to(np.asarray(denominator, dtype=np.float64), np.broadcast_shapes(
        np.shape(numerator), np.shape(denominator)))  # fmt: skip
    result: NDArray[np.float64] = np.divide(numerator, below, out=np.zeros(below.shape), where=below != 0)
    return result


def _satisfies(cells: Cells, constraint: Constraint) -> bool:
    return any(exact_holds(reading, cells, constraint.interval) for reading in constraint.readings)


def exact_holds(reading: Reading, cells: Cells, interval: Interval) -> bool:
    """Say in whole numbers whether a metric of one table lies in an interval.

    Example:
        >>> exact_holds("mcc", Cells(9, 1, 10, 10), Interval(Fraction(8, 10), Fraction(8, 10)))
        True
    """
    if reading == "mcc":
        numerator, square = mcc_parts(cells)
        if not square:
            return interval.holds(0)
        return _at_least(numerator, square, interval.low) and _at_least(-numerator, square, -interval.high)
    parts = terms(reading, cells)
    return interval.holds(sum((weight * Fraction(a, b) for weight, a, b in parts if b), Fraction(0)))


def _at_least(numerator: int, square: int, bound: Fraction) -> bool:
    """Say whether numerator / sqrt(square) >= bound."""
    left, right = numerator * bound.denominator, bound.numerator
    squares = left * left, right * right * square
    if right >= 0:
        return left >= 0 and squares[0] >= squares[1]
    return left >= 0 or squares[0] <= squares[1]
