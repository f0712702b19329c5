"""Per-case values of every seed and a statistic in, its interval for new seeds and new cases out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.arguments import choice, integer, open_unit
from cxr_report.stats.bootstrap import quantiles
from cxr_report.stats.case_draws import Cases, refuse_nan, replicate
from cxr_report.stats.checks import Floats, generator
from cxr_report.stats.components import mean_square_of_seeds
from cxr_report.stats.error_terms import seed_and_case_error, t_interval
from cxr_report.stats.ties import negligible, scale_of

__all__ = ["CrossedBootstrap", "crossed_bootstrap"]


@dataclass(frozen=True, slots=True)
class CrossedBootstrap:
    """The mean of a statistic over seeds, with its uncertainty from seeds and from cases."""

    estimate: float
    """Mean over seeds of the statistic on all cases."""
    se: float
    """Standard error for new seeds and new cases."""
    df: float
    """Degrees of freedom of the t interval; NaN for "percentile"."""
    low: float
    """Lower confidence bound; not clipped."""
    high: float
    """Upper confidence bound; not clipped."""
    variance_seeds: float
    """Variance of the estimate for new seeds on these cases."""
    variance_cases: float
    """Variance of the estimate for these seeds on new cases."""
    variance_both: float
    """Variance of the estimate for new seeds and cases, `se**2`."""
    redrawn: int
    """Resamples on which the statistic was undefined (a class was lacking) and that were drawn again."""
    note: str
    """Why something is NaN, else empty."""


def crossed_bootstrap(
    values: ArrayLike,
    statistic: Callable[[Any], Any],
    *,
    rng: np.random.Generator,
    samples: int = 2000,
    groups: ArrayLike | None = None,
    design: str = "crossed",
    method: str = "or-t",
    confidence: float = 0.95,
) -> CrossedBootstrap:
    """Give an interval of the mean of a statistic over seeds, for new seeds and new cases at once.

    "or-t": only patients are resampled, the same ones for all seeds; this gives the variance `var` and the covariance
    Cov2 of two seeds over cases. Seeds enter by the Obuchowski-Rockette model: `se^2 = MS / S + max(Cov2, 0)` with MS
    the variance over seeds, `df = S^2 se^4 / (MS^2 / (S - 1))` (Hillis 2007), and a t interval. For a difference of two
    losses put both into `values` and let the statistic return the difference; that pairs them by seed.
    `variance_seeds = MS / S`, `variance_cases = (var + (S - 1) Cov2) / S`; both contain the interaction of seeds with
    cases, so they do not add up to `variance_both`.

    "percentile": seeds and patients are both resampled, quantiles of the mean are reported. It is descriptive only:
    resampling five seeds shrinks their part by (S - 1) / S and counts the interaction about three times (Owen 2007).

    "nested" means that every seed has cases of its own: patients are then drawn separately for each seed, Cov2 = 0.

    A resample on which the statistic is NaN for some seed is drawn again and counted. Where neither seeds nor cases
    vary the interval is NaN, with a note.

    Sources: Obuchowski & Rockette 1995, doi 10.1080/03610919508813243; Hillis 2007, doi 10.1002/sim.2532; Owen 2007,
    doi 10.1214/07-AOAS122.

    Args:
        values: `(S, N, ...)`, for every seed what the statistic needs of each case (score and truth, say).
        statistic: takes `(n, ...)` values of one seed, cut to the drawn cases, and returns a number.
        rng: the source of randomness.
        samples: resamples, at least 100.
        groups: `(N,)` patient ids; None where every case is a patient of its own.
        design: "crossed" or "nested".
        method: "or-t" or "percentile".
        confidence: strictly between 0 and 1.

    Returns:
        Estimate, standard error, bounds and the parts of the variance.

    Raises:
        ValueError: for fewer than 2 seeds, cases or patients, too few samples, an unknown word, or one number per seed
            and case with NaN among them that makes the statistic undefined.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> correct = rng.random((4, 200)) < 0.9
        >>> result = crossed_bootstrap(correct, np.mean, rng=rng, samples=500)
        >>> result.low < result.estimate < result.high
        True
    """
    table = np.asarray(values)
    if table.ndim < 2 or table.shape[0] < 2 or table.shape[1] < 2:
        raise ValueError(f"values must have shape (S, N, ...) with at least 2 seeds and 2 cases, got {table.shape}.")
    generator(rng)
    count, level = integer(samples, "samples", minimum=100), open_unit(confidence, "confidence")
    choice(design, "design", ("crossed", "nested"))
    choice(method, "method", ("or-t", "percentile"))
    cases = Cases.of(groups, table.shape[1])
    if cases.sizes.size < 2:
        raise ValueError("groups must name at least 2 patients, got 1.")
    theta = np.array([float(statistic(one)) for one in table])
    if table.ndim == 2:
        refuse_nan(table, theta, "values")
    if not np.isfinite(theta).all():
        return _undefined(theta, 0, "the statistic is undefined on the data")

    def on_new_cases(seeds: Any) -> Floats:
        """Compute the statistic of some seeds on resampled patients."""
        chosen = cases.resample(rng)
        result = []
        for seed in seeds:
            result.append(float(statistic(table[seed][chosen])))
            chosen = cases.resample(rng) if design == "nested" else chosen
        return np.array(result)

    size = theta.size
    replicates, redrawn = replicate(lambda: on_new_cases(range(size)), count)
    if len(replicates) < count:
        return _undefined(
            theta, redrawn, f"the statistic was undefined on {redrawn} of {redrawn + len(replicates)} resamples"
        )
    if method == "or-t":
        return _or_t(theta, replicates, redrawn, level, nested=design == "nested")
    return _percentile(theta, replicates, on_new_cases, redrawn, level, rng, nested=design == "nested")


def _or_t(theta: Floats, replicates: Floats, redrawn: int, confidence: float, *, nested: bool) -> CrossedBootstrap:
    """Join the variance over seeds with the covariance over cases."""
    size = theta.size
    covariance = np.cov(replicates, rowvar=False)
    var = float(np.trace(covariance)) / size
    cov2 = 0.0 if nested else float(covariance.sum() - np.trace(covariance)) / (size * (size - 1))
    scale = scale_of(theta)
    cov2 = 0.0 if negligible(abs(cov2) ** 0.5, scale) else cov2
    ms = mean_square_of_seeds(theta, scale)
    estimate = float(theta.mean())
    se, df = seed_and_case_error(ms, cov2, size)
    low, high = t_interval(estimate, se, df, confidence, (-np.inf, np.inf))
    note = "" if se > 0 else "neither seeds nor cases vary, so no interval exists"
    over_cases = (var + (size - 1) * cov2) / size
    return CrossedBootstrap(estimate, se, df, low, high, ms / size, over_cases, se**2, redrawn, note)


def _percentile(
    theta: Floats,
    replicates: Floats,
    on_new_cases: Callable[[Any], Floats],
    redrawn: int,
    confidence: float,
    rng: np.random.Generator,
    *,
    nested: bool,
) -> CrossedBootstrap:
    """Resample seeds as well and read quantiles of the mean."""
    size, count = theta.size, len(replicates)
    drawn = rng.integers(0, size, (count, size))
    if nested:  # a seed drawn twice gets two different resamples of its cases
        rows = iter(drawn)
        both, again = replicate(lambda: on_new_cases(next(rows, rng.integers(0, size, size))), count)
        redrawn += again
    else:
        both = np.take_along_axis(replicates, drawn, axis=1)
    means = both.mean(axis=1)
    estimate, se = float(theta.mean()), float(means.std(ddof=1))
    if negligible(se, scale_of(theta)):
        return _undefined(theta, redrawn, "neither seeds nor cases vary, so no interval exists")
    low, high = quantiles(means, np.array([(1 - confidence) / 2, (1 + confidence) / 2]))
    over_seeds, over_cases = float(theta[drawn].mean(axis=1).var(ddof=1)), float(replicates.mean(axis=1).var(ddof=1))
    return CrossedBootstrap(estimate, se, np.nan, float(low), float(high), over_seeds, over_cases, se**2, redrawn, "")


def _undefined(theta: Floats, redrawn: int, note: str) -> CrossedBootstrap:
    """Return an interval that does not exist."""
    nan = np.nan
    return CrossedBootstrap(float(theta.mean()), nan, nan, nan, nan, nan, nan, nan, redrawn, note)
