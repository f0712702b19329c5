"""A printed mean and standard deviation of counts over runs in, whether whole numbers can give both out; exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from cxr_report.verify.tables.printed import Interval

__all__ = ["Undecided", "Window", "bounded", "possible"]

STEPS = 200_000
"""Chosen: steps of the search for one standard deviation, below a second."""

MOST_RUNS = 200
"""Chosen: runs up to which the search goes, one level deep for each; no study trains as many seeds."""

DIVISORS = (1, 0)
"""Both denominators, S - 1 and S; neither is named in most tables."""


class Undecided(Exception):  # noqa: N818 - an answer, not a failure
    """The search was given up."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was printed, in counts."""

    mean: Interval
    """Of the S counts."""
    sd: Interval
    """Of the S counts."""
    runs: int
    """S, at least 2."""
    top: int
    """m: every count lies in 0 to m."""


@dataclass(slots=True)
class _Budget:
    left: int
    failed: set[tuple[int, int, int]]
    """What was found to be out of reach: how many numbers, their sum, their sum of squares."""

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise Undecided


def possible(window: Window, *, steps: int = STEPS) -> bool:
    """Say whether S whole numbers in 0..m have a mean and a standard deviation inside both intervals.

    For every sum K that the mean allows and for both denominators: the sum of squares Q is a whole number, of the
    parity of K (k^2 and k are both odd or both even), with (Q - K^2 / S) / (S - 1), or over S, inside the squared
    interval; and Q must be attained by S whole numbers in 0..m with sum K, which parity alone does not grant. That is
    decided by a search that ends with a perfect square.

    Sources: Anaya 2016, doi 10.7287/peerj.preprints.2400v1 (which sums of squares are whole numbers).

    Args:
        window: mean and standard deviation, in counts.
        steps: of the search.

    Raises:
        Undecided: it was given up before an answer was found.

    Example:
        >>> half = Fraction(1, 2)
        >>> mean, sd = Interval(5 - half / 10, 5 + half / 10), Interval(Fraction(7, 5), Fraction(3, 2))
        >>> possible(Window(mean, sd, 2, 10)), possible(Window(mean, Interval(1 + half / 10, Fraction(13, 10)), 2, 10))
        (True, False)
    """
    if window.runs > MOST_RUNS:
        raise Undecided
    budget = _Budget(steps, set())
    allowed = window.mean.scaled(window.runs).integers()
    for total in _outwards(range(max(0, allowed.start), min(allowed.stop, window.runs * window.top + 1))):
        budget.spend(10)
        base, rest = divmod(total, window.runs)
        bounds, budget.failed = (-base, window.top - base), set()
        for squares in _squares(window, total, base):
            if attained(window.runs, rest, squares, bounds, budget=budget):
                return True
    return False


def _outwards(numbers: range) -> Iterator[int]:
    """Walk from the middle to both ends: what is near the middle is found first."""
    middle = len(numbers) // 2
    for distance in range(middle + 1):
        if middle + distance < len(numbers):
            yield numbers[middle + distance]
        if distance:
            yield numbers[middle - distance]


def _squares(window: Window, total: int, base: int) -> Iterator[int]:
    """Yield sums of squares of the counts less the base that the standard deviation allows, of the right parity."""
    runs, rest = window.runs, total - window.runs * base
    below = max(Fraction(0), window.sd.low)
    most = (window.top - 2 * base) * rest + runs * base * (window.top - base)  # of numbers in -base..m - base
    for less in DIVISORS:
        spread = Interval((runs - less) * below**2, (runs - less) * window.sd.high**2)
        within = Interval(spread.low + Fraction(rest * rest, runs), spread.high + Fraction(rest * rest, runs))
        allowed = within.integers()
        start = allowed.start + (allowed.start - rest) % 2
        yield from range(start, min(allowed.stop, most + 1), 2)


def attained(runs: int, total: int, squares: int, bounds: tuple[int, int], *, budget: _Budget) -> bool:
    """Say whether `runs` whole numbers within bounds have this sum and this sum of squares.

    Raises:
        Undecided: the budget is spent.
    """
    low, high = bounds
    budget.spend()
    if runs * squares < total * total or (squares - total) % 2 or not runs * low <= total <= runs * high:
        return False
    if squares > (low + high) * total - runs * low * high:  # (x - low)(high - x) is never negative
        return False
    state = (runs, total, squares)
    if state in budget.failed:
        return False
    if runs == 1:
        return squares == total * total
    if runs == 2:
        return _pair(total, squares, bounds)
    spread = isqrt((runs - 1) * (runs * squares - total * total))
    first, last = -((spread - total) // runs), (total + spread) // runs
    for number in _typical(max(low, first), min(high, last), total / runs + spread / (runs * (runs - 1) ** 0.5)):
        if attained(runs - 1, total - number, squares - number * number, bounds, budget=budget):
            return True
    budget.failed.add(state)
    return False


def _typical(first: int, last: int, wanted: float) -> Iterator[int]:
    """Walk through first..last, beginning where the others keep their share of the spread."""
    middle = min(max(round(wanted), first), last)
    for distance in range(last - first + 1):
        if middle + distance <= last:
            yield middle + distance
        if distance and middle - distance >= first:
            yield middle - distance


def _pair(total: int, squares: int, bounds: tuple[int, int]) -> bool:
    """Two numbers: their difference is the root of 2 Q - K^2."""
    rest = 2 * squares - total * total
    gap = isqrt(rest)
    return gap * gap == rest and bounds[0] <= (total - gap) // 2 and (total + gap) // 2 <= bounds[1]


def bounded(mean: Interval, sd: Interval, runs: int) -> bool:
    """Say whether S numbers between 0 and 1 can have so large a standard deviation with this mean.

    Of numbers between 0 and 1 the sum of squares is at most the sum, so that the variance over S is at most m (1 - m).

    Example:
        >>> bounded(Interval(Fraction(9, 10), Fraction(9, 10)), Interval(Fraction(2, 5), Fraction(2, 5)), 5)
        False
    """
    ends = (max(mean.low, Fraction(0)), min(mean.high, Fraction(1)))
    halves = [Fraction(1, 2)] if ends[0] <= Fraction(1, 2) <= ends[1] else []
    largest = max((m * (1 - m) for m in (*ends, *halves)), default=Fraction(0))
    return max(sd.low, Fraction(0)) ** 2 <= largest * Fraction(runs, runs - 1)
