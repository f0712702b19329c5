"""An estimate with its standard error and a margin in, a verdict on practical equivalence or non-inferiority out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from cxr_report.stats.arguments import number_of, open_unit, real

__all__ = ["Equivalence", "Noninferiority", "equivalence", "noninferiority"]


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided tests of an estimate against the limits of practical equivalence."""

    estimate: float
    """As given."""
    margin_low: float
    """Lower limit of practical equivalence."""
    margin_high: float
    """Upper limit."""
    t_lower: float
    """`(estimate - margin_low) / se`."""
    t_upper: float
    """`(estimate - margin_high) / se`."""
    p_lower: float
    """One-sided p that the true value exceeds the lower limit."""
    p_upper: float
    """One-sided p that it stays below the upper limit."""
    p: float
    """The larger of both."""
    df: float
    """Degrees of freedom; inf is normal."""
    low: float
    """Lower bound of the 1 - 2 alpha interval."""
    high: float
    """Upper bound of the 1 - 2 alpha interval."""
    equivalent: bool
    """Whether that interval lies strictly between the limits, which is the same as `p < alpha`."""
    note: str
    """Why something is NaN, else empty."""


@dataclass(frozen=True, slots=True)
class Noninferiority:
    """A one-sided test that an estimate is not worse than minus the margin."""

    estimate: float
    """As given; larger is better."""
    margin: float
    """Margin, at least 0."""
    t: float
    """`(estimate + margin) / se`."""
    p: float
    """One-sided."""
    df: float
    """Degrees of freedom; inf is normal."""
    low: float
    """Lower bound of the 1 - 2 alpha interval."""
    high: float
    """Upper bound of the 1 - 2 alpha interval."""
    noninferior: bool
    """Whether the lower bound exceeds minus the margin, which is the same as `p < alpha`."""
    note: str
    """Why something is NaN, else empty."""


def equivalence(estimate: float, se: float, df: float, *, low: float, high: float, alpha: float = 0.05) -> Equivalence:
    """Test whether a difference lies within limits of practical equivalence, with any standard error.

    Two one-sided t tests: `t_lower = (estimate - low) / se`, `t_upper = (estimate - high) / se`, p the larger one;
    equivalent where the 1 - 2 alpha interval `estimate -+ t_{1-alpha, df} se` lies strictly between the limits. With se
    and df of `Mrmc.differences` the verdict holds for new seeds and cases. A large p is no evidence of a difference. A
    standard error of 0 leaves it undefined: NaN with a note, not equivalent.

    Source: Schuirmann 1987, doi 10.1007/BF01068419.

    Args:
        estimate: the difference.
        se: its standard error, at least 0.
        df: degrees of freedom, above 0; inf is normal; not looked at where se is 0.
        low: lower limit.
        high: upper limit, above `low`.
        alpha: of each one-sided test, below 0.5.

    Returns:
        Both tests, p, the 1 - 2 alpha interval and the verdict.

    Raises:
        ValueError: for NaN, a negative se, limits that are not in order, or alpha outside (0, 0.5).

    Example:
        >>> result = equivalence(0.001, 0.002, 12.0, low=-0.01, high=0.01)
        >>> result.equivalent, round(result.p, 5)
        (True, 0.00036)
    """
    value, error, degrees, level = _read(estimate, se, df, alpha)
    bottom, top = real(low, "low"), real(high, "high")
    if bottom >= top:
        raise ValueError(f"low must be smaller than high, got {bottom:g} and {top:g}.")
    if error == 0:
        nan, note = np.nan, "the standard error is 0"
        return Equivalence(value, bottom, top, nan, nan, nan, nan, nan, degrees, nan, nan, False, note)
    t_lower, t_upper = (value - bottom) / error, (value - top) / error
    p_lower, p_upper = float(stats.t.sf(t_lower, degrees)), float(stats.t.cdf(t_upper, degrees))
    p = max(p_lower, p_upper)
    reach = float(stats.t.isf(level, degrees)) * error
    left, right = value - reach, value + reach
    return Equivalence(value, bottom, top, t_lower, t_upper, p_lower, p_upper, p, degrees, left, right, p < level, "")


def noninferiority(estimate: float, se: float, df: float, *, margin: float, alpha: float = 0.05) -> Noninferiority:
    """Test whether a loss is at most a margin worse than another, with any standard error.

    `t = (estimate + margin) / se`, one-sided; non-inferior where the lower bound of the 1 - 2 alpha interval exceeds
    minus the margin. The estimate is new minus reference, larger is better. A standard error of 0 leaves it undefined:
    NaN with a note, not non-inferior.

    Source: Piaggio et al. 2012 (CONSORT), doi 10.1001/jama.2012.87802.

    Args:
        estimate: the difference, new minus reference.
        se: its standard error, at least 0.
        df: degrees of freedom, above 0; inf is normal; not looked at where se is 0.
        margin: the largest loss of performance that is acceptable, at least 0.
        alpha: one-sided, below 0.5.

    Returns:
        The test, the 1 - 2 alpha interval and the verdict.

    Raises:
        ValueError: for NaN, a negative se or margin, or alpha outside (0, 0.5).

    Example:
        >>> result = noninferiority(-0.001, 0.002, 12.0, margin=0.01)
        >>> result.noninferior, round(result.low, 4)
        (True, -0.0046)
    """
    value, error, degrees, level = _read(estimate, se, df, alpha)
    allowed = real(margin, "margin", low=0.0)
    if error == 0:
        nan, note = np.nan, "the standard error is 0"
        return Noninferiority(value, allowed, nan, nan, degrees, nan, nan, False, note)
    t = (value + allowed) / error
    p = float(stats.t.sf(t, degrees))
    reach = float(stats.t.isf(level, degrees)) * error
    return Noninferiority(value, allowed, t, p, degrees, value - reach, value + reach, p < level, "")


def _read(estimate: Any, se: Any, df: Any, alpha: Any) -> tuple[float, float, float, float]:
    """Check what both tests share."""
    value, error, level = real(estimate, "estimate"), real(se, "se", low=0.0), open_unit(alpha, "alpha")
    if level >= 0.5:
        raise ValueError(f"alpha must be below 0.5, got {level:g}.")
    degrees = number_of(df, "df")
    if error > 0 and not degrees > 0:
        raise ValueError(f"df must be above 0, got {degrees:g}.")
    return value, error, degrees, level
