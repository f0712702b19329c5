"""Cases and a statistic in, a bootstrap confidence interval over the cases out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import choice, integer, open_unit
from cxr_report.stats.case_draws import Cases, read_arrays, refuse_nan, replicate
from cxr_report.stats.checks import Floats, generator
from cxr_report.stats.jackknife import leave_one_out
from cxr_report.stats.ties import negligible, scale_of, snap

__all__ = ["BootstrapInterval", "bca_levels", "bootstrap_interval", "quantiles"]


@dataclass(frozen=True, slots=True)
class BootstrapInterval:
    """A statistic of the cases with its bootstrap interval."""

    estimate: float
    """The statistic on the data."""
    se: float
    """Standard deviation of the replicates (ddof = 1)."""
    low: float
    """Lower confidence bound."""
    high: float
    """Upper confidence bound."""
    bias: float
    """Mean of the replicates minus the estimate."""
    redrawn: int
    """Resamples on which the statistic was undefined (a class was lacking) and that were drawn again."""
    note: str
    """Why something is NaN, else empty."""


def bootstrap_interval(
    data: ArrayLike | tuple[ArrayLike, ...],
    statistic: Callable[..., Any],
    *,
    rng: np.random.Generator,
    samples: int = 10_000,
    method: str = "bca",
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
) -> BootstrapInterval:
    """Give a confidence interval of a statistic for new cases by resampling the cases, or whole patients.

    Conventions, the same for all methods: B resamples of as many patients as there are; a quantile p of the replicates
    is the order statistic of rank (B + 1) p, linear between two, the extreme ones beyond (Davison & Hinkley 1997).

    - "bca": quantiles at `Phi(z0 + (z0 + z) / (1 - a (z0 + z)))`, z the normal quantile, with
      `z0 = Phi^-1((#{t* < t} + #{t* = t} / 2) / B)`, so that half of the ties count (this matters for discrete
      statistics such as an accuracy), and `a = sum u^3 / (6 (sum u^2)^1.5)`, u the mean of the leave-one-out values
      minus each (over patients; boot's `empinf` takes the estimate in the place of their mean). Calls the statistic
      once per patient more.
    - "percentile": quantiles at alpha/2 and 1 - alpha/2. "basic": `2 t - ` those, not clipped.
    - "normal": `t - bias -+ z se`, not clipped.

    Where all replicates are equal (constant data) no interval exists: NaN with a note. A resample on which the
    statistic is NaN (a class lacking) is drawn again and counted.

    Sources: Efron 1987, doi 10.1080/01621459.1987.10478410; Davison & Hinkley 1997, doi 10.1017/CBO9780511802843.

    Args:
        data: `(N, ...)` with cases first, or a tuple of such arrays, which the statistic then takes one by one.
        statistic: takes the data cut to the drawn cases and returns a number; NaN where undefined.
        rng: the source of randomness.
        samples: resamples B, at least 100.
        method: "bca", "percentile", "basic" or "normal".
        confidence: strictly between 0 and 1.
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        Estimate, standard error and bounds.

    Raises:
        ValueError: for fewer than 2 cases or patients, unequal lengths, too few samples, an unknown method, or one
            number per case with NaN among them that makes the statistic undefined.

    Example:
        >>> result = bootstrap_interval([1.0, 4.0, 2.0, 9.0, 5.0], np.mean, rng=np.random.default_rng(1))
        >>> result.estimate, 1 < result.low < result.estimate < result.high < 9
        (4.2, True)
    """
    tables = read_arrays(data if isinstance(data, tuple) else (data,))
    generator(rng)
    count, level = integer(samples, "samples", minimum=100), open_unit(confidence, "confidence")
    choice(method, "method", ("bca", "percentile", "basic", "normal"))
    cases = Cases.of(groups, tables[0].shape[0])
    if cases.sizes.size < 2:
        raise ValueError("groups must name at least 2 patients, got 1.")
    estimate = float(statistic(*tables))
    if len(tables) == tables[0].ndim == 1:
        refuse_nan(tables[0], estimate, "data")
    if not np.isfinite(estimate):
        return _undefined(estimate, 0, "the statistic is undefined on the data")

    def draw() -> Floats:
        chosen = cases.resample(rng)
        return np.array([float(statistic(*(table[chosen] for table in tables)))])

    rows, redrawn = replicate(draw, count)
    if len(rows) < count:
        share = f"{redrawn} of {redrawn + len(rows)}"
        return _undefined(estimate, redrawn, f"the statistic was undefined on {share} resamples")
    replicates = rows[:, 0]
    se, bias = float(replicates.std(ddof=1)), float(replicates.mean() - estimate)
    if negligible(se, scale_of(replicates)):
        return _undefined(estimate, redrawn, "all resamples give the same value, so no interval exists")
    left = leave_one_out(statistic, *tables, groups=groups)[:, 0] if method == "bca" else np.empty(0)
    low, high, note = _bounds(replicates, estimate, left, method, level)
    return BootstrapInterval(estimate, se, low, high, bias, redrawn, note)


def quantiles(replicates: Floats, levels: Floats) -> Floats:
    """Return the order statistics of rank (B + 1) p, linear between two, the extreme ones beyond.

    Args:
        replicates: `(B,)`.
        levels: p, any shape.

    Returns:
        The same shape as `levels`.

    Example:
        >>> quantiles(np.arange(1.0, 10.0), np.array([0.1, 0.55, 0.999]))
        array([1. , 5.5, 9. ])
    """
    return np.asarray(np.quantile(replicates, levels, method="weibull"), dtype=np.float64)


def bca_levels(replicates: Floats, estimate: float, left_out: Floats, confidence: float) -> Floats:
    """Return the two levels at which BCa reads the quantiles of the replicates.

    Args:
        replicates: `(B,)`.
        estimate: the statistic on the data.
        left_out: `(G,)`, the statistic without each patient.
        confidence: strictly between 0 and 1.

    Returns:
        `(2,)` in (0, 1); NaN where the correction is undefined.

    Example:
        >>> bca_levels(np.array([1.0, 2.0, 2.0, 3.0]), 2.0, np.array([1.0, 2.0, 3.0]), 0.95)
        array([0.025, 0.975])
    """
    distance = snap(replicates - estimate, scale_of(replicates))
    below = float((distance < 0).mean() + (distance == 0).mean() / 2)
    deviations = left_out.mean() - left_out
    squares = float(deviations @ deviations)
    if not 0 < below < 1 or not squares > 0:
        return np.full(2, np.nan)
    acceleration = float((deviations**3).sum()) / (6 * squares**1.5)
    z0 = float(stats.norm.ppf(below))
    z = z0 + stats.norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
    shrink = 1 - acceleration * z
    if not (shrink > 0).all():
        return np.full(2, np.nan)
    return np.asarray(stats.norm.cdf(z0 + z / shrink), dtype=np.float64)


def _bounds(
    replicates: Floats, estimate: float, left_out: Floats, method: str, confidence: float
) -> tuple[float, float, str]:
    """Return the bounds of one method and why they are NaN."""
    tail = (1 - confidence) / 2
    if method == "normal":
        reach = float(stats.norm.isf(tail) * replicates.std(ddof=1))
        centre = 2 * estimate - float(replicates.mean())
        return centre - reach, centre + reach, ""
    levels = np.array([tail, 1 - tail])
    if method == "bca":
        levels = bca_levels(replicates, estimate, left_out, confidence)
        if np.isnan(levels).any():
            return np.nan, np.nan, "the bias or acceleration of BCa is undefined on these replicates"
    low, high = quantiles(replicates, levels)
    if method == "basic":
        low, high = 2 * estimate - high, 2 * estimate - low
    return float(low), float(high), ""


def _undefined(estimate: float, redrawn: int, note: str) -> BootstrapInterval:
    """Return an interval that does not exist."""
    return BootstrapInterval(estimate, np.nan, np.nan, np.nan, np.nan, redrawn, note)
