"""Paired scores and limits of practical equivalence in, two one-sided tests out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.arguments import real
from cxr_report.stats.t_tests import CONSTANT, paired_differences, tail

__all__ = ["Tost", "tost"]

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Tost:
    """Two one-sided t tests of equivalence."""

    t_lower: float
    """Against the lower limit, large = above it."""
    t_upper: float
    """Against the upper limit, small (negative) = below it."""
    p_lower: float
    """Of: the mean difference is at most the lower limit."""
    p_upper: float
    """Of: the mean difference is at least the upper limit."""
    p: float
    """The larger of the two; small = equivalent."""
    df: int
    """S - 1."""
    note: str
    """Why something is undefined; empty otherwise."""


def tost(x: ArrayLike, y: ArrayLike, *, low: float, high: float) -> Tost:
    """Test whether the mean paired difference lies within limits of practical equivalence.

    Two one-sided t tests: `t_lower = (mean - low) / se` and `t_upper = (mean - high) / se`. Equivalent at level alpha
    where the larger p is at most alpha, that is where the 1 - 2 alpha interval lies between the limits. Equal
    differences leave it undefined. Source: Schuirmann 1987, doi 10.1007/BF01068419.

    Args:
        x: `(S,)`.
        y: `(S,)`, paired with x.
        low: lower limit of x - y, below `high`.
        high: upper limit of x - y.

    Returns:
        Both tests and their larger p.

    Raises:
        ValueError: for limits out of order, unequal lengths, fewer than two pairs, NaN or infinity.

    Example:
        >>> found = tost([0.81, 0.84, 0.83], [0.81, 0.83, 0.84], low=-0.03, high=0.03)
        >>> round(found.t_lower, 4), round(found.p, 4)
        (5.1962, 0.0175)
    """
    lower, upper = real(low, "low"), real(high, "high")
    if lower >= upper:
        raise ValueError(f"low must be below high, got {lower:g} and {upper:g}.")
    d, sd = paired_differences(x, y)
    df = d.size - 1
    if sd == 0:
        return Tost(t_lower=_NAN, t_upper=_NAN, p_lower=_NAN, p_upper=_NAN, p=_NAN, df=df, note=CONSTANT)
    se = sd / float(np.sqrt(d.size))
    t_lower, t_upper = (float(d.mean()) - lower) / se, (float(d.mean()) - upper) / se
    p_lower, p_upper = tail(t_lower, df, "greater"), tail(t_upper, df, "less")
    return Tost(
        t_lower=t_lower, t_upper=t_upper, p_lower=p_lower, p_upper=p_upper, p=max(p_lower, p_upper), df=df, note=""
    )
