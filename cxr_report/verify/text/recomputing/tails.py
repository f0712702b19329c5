"""Bounds of a statistic and of its degrees of freedom in, bounds of its two-sided p value out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from scipy import special

__all__ = ["TAILS", "Bounds", "p_bounds", "range_of"]

Bounds = tuple[float, float]
"""The smallest and the largest value."""


def _t(size: float, df: Sequence[float]) -> float:
    return float(2 * special.stdtr(df[0], -size)) if df[0] > 0 else math.nan


def _r(size: float, df: Sequence[float]) -> float:
    return 0.0 if size >= 1 else _t(size * math.sqrt(df[0] / (1 - size * size)), df) if df[0] > 0 else math.nan


def _z(size: float, _df: Sequence[float]) -> float:
    return float(2 * special.ndtr(-size))


def _chi2(size: float, df: Sequence[float]) -> float:
    return float(special.chdtrc(df[0], size)) if df[0] > 0 else math.nan


def _f(size: float, df: Sequence[float]) -> float:
    return float(special.fdtrc(df[0], df[1], size)) if min(df) > 0 else math.nan


TAILS: Mapping[str, tuple[Callable[[float, Sequence[float]], float], int, bool]] = {
    "t": (_t, 1, True),
    "r": (_r, 1, True),
    "rs": (_r, 1, True),
    "z": (_z, 0, True),
    "F": (_f, 2, False),
    "chi2": (_chi2, 1, False),
    "Friedman": (_chi2, 1, False),
    "Q": (_chi2, 1, False),
    "H": (_chi2, 1, False),
}
"""Kind of statistic -> two-sided p of its size, how many degrees of freedom it has, whether it has a sign."""

_RANGES: Mapping[str, Bounds] = {"t": (-math.inf, math.inf), "z": (-math.inf, math.inf), "r": (-1, 1), "rs": (-1, 1)}


def range_of(kind: str) -> Bounds:
    """Return the values that a statistic can take.

    Example:
        >>> range_of("r"), range_of("chi2")
        ((-1, 1), (0.0, inf))
    """
    return _RANGES.get(kind, (0.0, math.inf))


def p_bounds(kind: str, statistic: Bounds, df: Sequence[Bounds]) -> Bounds:
    """Bound the two-sided p value of a statistic that is known up to rounding.

    p falls as the size of the statistic grows, so its bounds lie at the ends of the interval of the size, and at ends
    of the intervals of the degrees of freedom. The same bounds as in statcheck (Nuijten et al. 2016, doi
    10.3758/s13428-015-0664-2), and beyond it for rounded degrees of freedom.

    Args:
        kind: a key of `TAILS`.
        statistic: smallest and largest value; infinite where only a bound was printed.
        df: bounds of each of the degrees of freedom.

    Returns:
        Smallest and largest p; (nan, nan) for degrees of freedom that are not above 0.

    Example:
        >>> [round(bound, 4) for bound in p_bounds("t", (2.195, 2.205), [(28, 28)])]
        [0.0358, 0.0366]
    """
    tail, count, _ = TAILS[kind]
    low, high = statistic
    smallest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    largest = max(abs(low), abs(high))
    corners = [tail(size, each) for size in (smallest, largest) for each in product(*df[:count])]
    if any(math.isnan(corner) for corner in corners):
        return math.nan, math.nan
    return max(0.0, min(corners)), min(1.0, max(corners))
