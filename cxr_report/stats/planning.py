"""A standardised difference in, the power of the paired t test and the seeds it needs out."""

from __future__ import annotations

from math import isnan, sqrt

from scipy import stats

from cxr_report.stats.arguments import integer, open_unit, real

__all__ = ["power_paired_t", "seeds_needed", "two_sided_power"]

_MOST = 10_000_000
"""Chosen: more seeds than anyone trains; below it the power curve is searched."""


def two_sided_power(shift: float, df: float, level: float) -> float:
    """Return the probability that a noncentral t leaves the central region of a two-sided test, on either side.

    Args:
        shift: noncentrality, at least 0.
        df: degrees of freedom, above 0; infinity gives the normal distribution.
        level: of the test, in (0, 1).

    Returns:
        A probability.

    Example:
        >>> round(two_sided_power(2.0, 9, 0.05), 4), round(two_sided_power(2.0, float("inf"), 0.05), 4)
        (0.4313, 0.516)
    """
    critical = float(stats.t.isf(level / 2, df))
    if df == float("inf"):
        upper, lower = float(stats.norm.sf(critical - shift)), float(stats.norm.cdf(-critical - shift))
    else:
        upper, lower = float(stats.nct.sf(critical, df, shift)), float(stats.nct.cdf(-critical, df, shift))
    # measured: scipy returns NaN for the far tail only where it is below 1e-14
    return min(1.0, upper + (0.0 if isnan(lower) else lower))


def power_paired_t(d_z: float, n: int, *, alpha: float = 0.05) -> float:
    """Return the power of the two-sided paired t test.

    `P(|T| > t(1 - alpha/2, n-1))` with T noncentral t on n - 1 degrees of freedom and noncentrality `d_z sqrt(n)`; both
    tails count. Source: Cohen 1988, Statistical Power Analysis, section 2.3.5.

    Args:
        d_z: true mean difference in standard deviations of the differences.
        n: seeds (pairs), at least 2.
        alpha: level, in (0, 1).

    Returns:
        A probability; alpha where `d_z` is 0.

    Raises:
        ValueError: for numbers out of range.

    Example:
        >>> round(power_paired_t(1.0, 10), 4)
        0.8031
    """
    effect, pairs = abs(real(d_z, "d_z")), integer(n, "n", minimum=2)
    level = open_unit(alpha, "alpha")
    if effect == 0:
        return level
    return two_sided_power(effect * sqrt(pairs), pairs - 1, level)


def seeds_needed(d_z: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return the fewest seeds with which the two-sided paired t test has the power asked for.

    Args:
        d_z: true mean difference in standard deviations of the differences, not 0.
        power: in (0, 1).
        alpha: level, in (0, 1).

    Returns:
        A number of seeds, at least 2.

    Raises:
        ValueError: for numbers out of range, or a difference so small that ten million seeds do not do.

    Example:
        >>> seeds_needed(1.0), seeds_needed(0.5)
        (10, 34)
    """
    effect, wanted = real(d_z, "d_z"), open_unit(power, "power")
    low, high = 1, 2
    while power_paired_t(effect, high, alpha=alpha) < wanted:
        low, high = high, 2 * high
        if high > _MOST:
            raise ValueError(f"d_z must be large enough for {_MOST:,} seeds to do, got {effect:g}.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_paired_t(effect, middle, alpha=alpha) >= wanted else (middle, high)
    return high
