"""Two printed values on the same cases in, the probability that one is really better, for every agreement, out."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy import stats as distributions

from cxr_report import stats
from cxr_report.verify.tables.areas import difference_error
from cxr_report.verify.tables.denominators import runs_of
from cxr_report.verify.tables.entries import Entry
from cxr_report.verify.tables.intervals import cases_of, error_of, right_of
from cxr_report.verify.tables.printed import Rounding

__all__ = ["CERTAIN", "Curve", "Pair", "Verdict", "compare", "oriented", "verdict"]

Floats = NDArray[np.float64]
Verdict: TypeAlias = Literal[
    "told apart at every agreement", "told apart at some agreements", "told apart at no agreement", "unknown"
]

CERTAIN = 0.975
"""Quoted: what a two-sided test at 0.05 corresponds to."""

CORRELATIONS = np.round(np.linspace(0.0, 0.9, 91), 2)
"""Of two areas; Hanley & McNeil 1983 tabulate values up to 0.9."""

EXACT = 20_000
"""Chosen: cases up to which every possible agreement is computed; above it, this many of them."""

POINTS = 401


@dataclass(frozen=True, slots=True)
class Curve:
    """A probability over every agreement."""

    agreement: Floats
    """`(K,)`: share of cases that exactly one of the two has right, or the correlation of two areas."""
    probability: Floats
    """`(K,)`, in [0, 1]."""
    axis: str
    """What the agreement is."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values on the same cases."""

    better: Entry
    """The one with the better printed value."""
    worse: Entry
    curve: Curve | None
    """None where the table does not hold what it needs."""
    low: float
    """Smallest probability, over agreements and over what the printed digits leave open; NaN without a curve."""
    high: float
    """Largest probability."""
    flat: tuple[float, float]
    """The same two under a flat prior in place of Jeffreys'; NaN where it is flat already, or without a curve."""
    seeds: float
    """Probability for other seeds on these cases, from means and SDs alone; NaN where they are not given."""
    verdict: Verdict


def oriented(entry: Entry) -> float:
    """Return a value so that more is better."""
    value = float(entry.value.value)
    return -value if entry.measure is not None and not entry.measure.higher_is_better else value


def compare(first: Entry, second: Entry, rounding: Rounding = "nearest") -> Pair:
    """Compare two values, on the assumption that they come from the same cases.

    Proportions go through `stats.probability_better` for every possible number of discordant cases, areas through
    Hanley and McNeil with a correlation from 0 to 0.9, means with SDs over seeds through Welch's t besides. Where the
    printed digits leave several counts open, the extremes of the counts enter `low` and `high`.

    Args:
        first: one value.
        second: the other, of the same group.
        rounding: how they were printed.
    """
    better, worse = (first, second) if oriented(first) >= oriented(second) else (second, first)
    curve, low, high, flat = _by_cases(better, worse, rounding)
    seeds = _by_seeds(better, worse)
    reached = (low, high) if curve is not None else (seeds, seeds)
    return Pair(better, worse, curve, low, high, flat, seeds, verdict(*reached))


def verdict(low: float, high: float) -> Verdict:
    """Say at how many agreements two values are told apart.

    Example:
        >>> verdict(0.9, 0.99), verdict(0.6, 0.8)
        ('told apart at some agreements', 'told apart at no agreement')
    """
    if isnan(low) or isnan(high):
        return "unknown"
    if low >= CERTAIN:
        return "told apart at every agreement"
    return "told apart at some agreements" if high >= CERTAIN else "told apart at no agreement"


_Found: TypeAlias = tuple[Curve | None, float, float, tuple[float, float]]
_NAN = float("nan")


def _by_cases(better: Entry, worse: Entry, rounding: Rounding) -> _Found:
    n = cases_of(better)
    if n and n == cases_of(worse):
        return _proportions(better, worse, n, rounding)
    errors = error_of(better), error_of(worse)
    same = better.sizes.positives == worse.sizes.positives and better.sizes.negatives == worse.sizes.negatives
    if errors[0] is not None and errors[1] is not None and same:
        return _areas(oriented(better) - oriented(worse), (errors[0], errors[1]))
    return None, _NAN, _NAN, (_NAN, _NAN)


def _proportions(better: Entry, worse: Entry, n: int, rounding: Rounding) -> _Found:
    middle = right_of(better, n), right_of(worse, n)
    ranges = _counts(better, n, rounding), _counts(worse, n, rounding)
    corners = {middle, (ranges[0][0], ranges[1][1]), (ranges[0][1], ranges[1][0])}
    lows, highs, flats = [], [], []
    for counts in corners:
        _, jeffreys, flat = _curve(n, *counts)
        lows.append(float(jeffreys.min()))
        highs.append(float(jeffreys.max()))
        flats += [float(flat.min()), float(flat.max())]
    discordant, probability, _ = _curve(n, *middle)
    curve = Curve(discordant / n, probability, "share of cases that exactly one of the two has right")
    return curve, min(lows), max(highs), (min(flats), max(flats))


def _counts(entry: Entry, n: int, rounding: Rounding) -> tuple[int, int]:
    """Return the fewest and the most cases right that the printed digits allow."""
    nearest = right_of(entry, n)
    if (runs_of(entry) or 2) > 1:
        return nearest, nearest
    allowed = entry.value.interval(rounding).scaled(n).integers()
    if not len(allowed):
        return nearest, nearest
    ends = max(0, allowed.start), min(n, allowed.stop - 1)
    turned = entry.measure is not None and not entry.measure.higher_is_better
    return (n - ends[1], n - ends[0]) if turned else ends


def _curve(n: int, right_a: int, right_b: int) -> tuple[Floats, Floats, Floats]:
    """Return the discordant cases, and the probability that a is better under Jeffreys' and under a flat prior."""
    if n <= EXACT:
        found = stats.probability_better(n, right_a, right_b)
        only_a, only_b = found.only_a.astype(np.float64), found.only_b.astype(np.float64)
        return only_a + only_b, found.probability, _posterior(only_a + 1, only_b + 1)
    fewest, most = abs(right_a - right_b), min(right_a + right_b, 2 * n - right_a - right_b)
    steps = np.unique(np.linspace(0, (most - fewest) // 2, POINTS).astype(np.int64))
    discordant: Floats = np.asarray(fewest + 2.0 * steps, dtype=np.float64)
    only_a = (discordant + right_a - right_b) / 2
    only_b = discordant - only_a
    return discordant, _posterior(only_a + 0.5, only_b + 0.5), _posterior(only_a + 1, only_b + 1)


def _posterior(wins: Floats, losses: Floats) -> Floats:
    """Return the probability that a share is above one half under Beta(wins, losses)."""
    return np.asarray(special.betaincc(wins, losses, 0.5), dtype=np.float64)


def _areas(difference: float, errors: tuple[float, float]) -> _Found:
    spread = np.array([difference_error(*errors, float(r)) for r in CORRELATIONS])
    if not (spread > 0).all():
        return None, _NAN, _NAN, (_NAN, _NAN)
    probability = special.ndtr(difference / spread)
    curve = Curve(CORRELATIONS, probability, "correlation of the two areas")
    return curve, float(probability.min()), float(probability.max()), (_NAN, _NAN)


def _by_seeds(better: Entry, worse: Entry) -> float:
    runs = runs_of(better) or 0, runs_of(worse) or 0
    if better.sd is None or worse.sd is None or min(runs) < 2:
        return _NAN
    parts = float(better.sd.value) ** 2 / runs[0], float(worse.sd.value) ** 2 / runs[1]
    total = sum(parts)
    if total == 0:
        return _NAN
    df = total**2 / (parts[0] ** 2 / (runs[0] - 1) + parts[1] ** 2 / (runs[1] - 1))
    return float(distributions.t.cdf((oriented(better) - oriented(worse)) / sqrt(total), df))
