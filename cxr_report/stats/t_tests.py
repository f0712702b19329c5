"""Scores of one or two losses in, t intervals and t tests out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import choice, open_unit
from cxr_report.stats.checks import Floats, paired, vector
from cxr_report.stats.ties import scale_of, snap, tie

__all__ = [
    "ALTERNATIVES",
    "CONSTANT",
    "Alternative",
    "PairedT",
    "TInterval",
    "WelchT",
    "limits",
    "paired_differences",
    "paired_t",
    "t_interval",
    "tail",
    "welch_t",
]

Alternative: TypeAlias = Literal["two-sided", "greater", "less"]
ALTERNATIVES = ("two-sided", "greater", "less")
CONSTANT = "all differences are equal, so that their spread is zero and t is undefined"
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class TInterval:
    """A mean with its t interval."""

    estimate: float
    """The mean."""
    sd: float
    """Standard deviation, divisor n - 1."""
    low: float
    """Lower limit; NaN where all values are equal."""
    high: float
    """Upper limit; NaN where all values are equal."""
    df: int
    """n - 1."""
    note: str
    """Why something is undefined; empty otherwise."""


@dataclass(frozen=True, slots=True)
class PairedT:
    """Student's t test of the mean of paired differences."""

    difference: float
    """Mean of x - y."""
    sd: float
    """Standard deviation of the differences, divisor S - 1."""
    t: float
    """Mean over its standard error; NaN where all differences are equal."""
    df: int
    """S - 1."""
    p: float
    """For the alternative asked for; NaN where all differences are equal."""
    low: float
    """Lower limit of the two-sided interval of the mean difference."""
    high: float
    """Upper limit of the two-sided interval of the mean difference."""
    note: str
    """Why something is undefined; empty otherwise."""


@dataclass(frozen=True, slots=True)
class WelchT:
    """Welch's t test of two unpaired means with unequal variances."""

    difference: float
    """Mean of x minus mean of y."""
    t: float
    """Difference over its standard error; NaN where neither sample varies."""
    df: float
    """Welch-Satterthwaite, not rounded."""
    p: float
    """Two-sided."""
    low: float
    """Lower limit of the difference."""
    high: float
    """Upper limit of the difference."""
    note: str
    """Why something is undefined; empty otherwise."""


def tail(statistic: float, df: float, alternative: str) -> float:
    """Return the p value of a t statistic.

    Args:
        statistic: t.
        df: degrees of freedom, above 0; infinity gives the normal distribution.
        alternative: `two-sided`, `greater` or `less`.

    Returns:
        A number in [0, 1]; NaN for a NaN statistic.

    Raises:
        ValueError: for another alternative.

    Example:
        >>> round(tail(2.0, 4, "two-sided"), 4)
        0.1161
    """
    choice(alternative, "alternative", ALTERNATIVES)
    if alternative == "two-sided":
        return float(min(1.0, 2.0 * stats.t.sf(abs(statistic), df))) if statistic == statistic else _NAN
    return float(stats.t.sf(statistic if alternative == "greater" else -statistic, df))


def paired_differences(x: ArrayLike, y: ArrayLike) -> tuple[Floats, float]:
    """Return the differences of two paired vectors and their standard deviation, exactly 0 where rounding is all of it.

    Args:
        x: `(S,)`.
        y: `(S,)`, paired with x.

    Returns:
        `(S,)` x - y as computed, and the standard deviation with divisor S - 1.

    Raises:
        ValueError: for unequal lengths, fewer than two pairs, NaN or infinity.

    Example:
        >>> paired_differences([0.82, 0.81], [0.81, 0.80])[1]
        0.0
    """
    a, b = paired(x, y)
    d = a - b
    constant = np.ptp(snap(d, scale_of(a, b))) == 0
    return d, 0.0 if constant else float(d.std(ddof=1))


def limits(center: float, se: float, df: float, confidence: float) -> tuple[float, float]:
    """Return the limits of a t interval.

    Args:
        center: the estimate.
        se: its standard error.
        df: degrees of freedom, above 0.
        confidence: in (0, 1).

    Returns:
        Lower and upper limit.

    Example:
        >>> [round(limit, 3) for limit in limits(0.0, 1.0, float("inf"), 0.95)]
        [-1.96, 1.96]
    """
    half = float(stats.t.isf((1.0 - confidence) / 2.0, df)) * se
    return float(center - half), float(center + half)


def t_interval(x: ArrayLike, *, confidence: float = 0.95) -> TInterval:
    """Return the mean of one sample with its t interval.

    `mean +- t(1 - alpha/2, n - 1) sd / sqrt(n)`. Where all values are equal (up to rounding), sd is 0 and the interval
    is undefined. Source: Student 1908, doi 10.1093/biomet/6.1.1.

    Args:
        x: `(n,)`, at least two values.
        confidence: in (0, 1).

    Returns:
        Mean, standard deviation, limits and degrees of freedom.

    Raises:
        ValueError: for another shape, fewer than two values, NaN or infinity.

    Example:
        >>> found = t_interval([0.80, 0.82, 0.84])
        >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3)
        (0.82, 0.77, 0.87)
    """
    values, level = vector(x, "x", minimum=2), open_unit(confidence, "confidence")
    mean, df = float(values.mean()), values.size - 1
    if np.ptp(tie(values, scale_of(values))) == 0:
        note = "all values are equal, so that their spread is zero and the interval undefined"
        return TInterval(estimate=mean, sd=0.0, low=_NAN, high=_NAN, df=df, note=note)
    sd = float(values.std(ddof=1))
    low, high = limits(mean, sd / np.sqrt(values.size), df, level)
    return TInterval(estimate=mean, sd=sd, low=low, high=high, df=df, note="")


def paired_t(
    x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95, alternative: Alternative = "two-sided"
) -> PairedT:
    """Test whether the mean of paired differences is zero.

    `t = mean(x - y) / (sd / sqrt(S))` on S - 1 degrees of freedom. The interval is two-sided whatever the alternative.
    Equal differences (up to rounding) leave t, p and the interval undefined.
    Source: Student 1908, doi 10.1093/biomet/6.1.1.

    Args:
        x: `(S,)` scores of one loss, one per seed.
        y: `(S,)` scores of the other, same seeds in the same order.
        confidence: of the interval, in (0, 1).
        alternative: `two-sided`, `greater` (x above y) or `less`.

    Returns:
        Difference, its spread, t, p and interval.

    Raises:
        ValueError: for unequal lengths, fewer than two pairs, NaN, infinity or another alternative.

    Example:
        >>> found = paired_t([0.81, 0.84, 0.83], [0.80, 0.80, 0.80])
        >>> round(found.t, 4), found.df, round(found.p, 4)
        (3.0237, 2, 0.0942)
    """
    choice(alternative, "alternative", ALTERNATIVES)
    level = open_unit(confidence, "confidence")
    d, sd = paired_differences(x, y)
    mean, df = float(d.mean()), d.size - 1
    if sd == 0:
        return PairedT(difference=mean, sd=0.0, t=_NAN, df=df, p=_NAN, low=_NAN, high=_NAN, note=CONSTANT)
    se = sd / float(np.sqrt(d.size))
    low, high = limits(mean, se, df, level)
    t = mean / se
    return PairedT(difference=mean, sd=sd, t=t, df=df, p=tail(t, df, alternative), low=low, high=high, note="")


def welch_t(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> WelchT:
    """Test whether two unpaired means are equal, variances not assumed equal.

    `t = (mean x - mean y) / sqrt(vx/n + vy/m)` on Welch-Satterthwaite degrees of freedom. Where neither sample varies
    (up to rounding) everything but the difference is undefined.
    Source: Welch 1947, doi 10.1093/biomet/34.1-2.28.

    Args:
        x: `(n,)`, at least two values.
        y: `(m,)`, at least two values, independent of x.
        confidence: of the interval, in (0, 1).

    Returns:
        Difference, t, p and interval.

    Raises:
        ValueError: for another shape, fewer than two values, NaN or infinity.

    Example:
        >>> found = welch_t([1.0, 2.0, 3.0], [2.0, 4.0, 9.0])
        >>> round(found.t, 4), round(found.df, 4), round(found.p, 4)
        (-1.3887, 2.3059, 0.2838)
    """
    a, b = vector(x, "x", minimum=2), vector(y, "y", minimum=2)
    level = open_unit(confidence, "confidence")
    scale = scale_of(a, b)
    va, vb = (0.0 if np.ptp(tie(v, scale)) == 0 else float(v.var(ddof=1)) / v.size for v in (a, b))
    difference = float(a.mean() - b.mean())
    if va + vb == 0:
        note = "neither sample varies, so that t is undefined"
        return WelchT(difference=difference, t=_NAN, df=_NAN, p=_NAN, low=_NAN, high=_NAN, note=note)
    df = (va + vb) ** 2 / (va**2 / (a.size - 1) + vb**2 / (b.size - 1))
    se = float(np.sqrt(va + vb))
    low, high = limits(difference, se, df, level)
    t = difference / se
    return WelchT(difference=difference, t=t, df=df, p=tail(t, df, "two-sided"), low=low, high=high, note="")
