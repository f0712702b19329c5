"""A statistic and the cases it is computed from in, the covariance of the statistic over cases out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.case_draws import Cases, read_arrays, replicate
from cxr_report.stats.checks import Floats, generator, integer

__all__ = ["BootstrapCovariance", "bootstrap_covariance", "jackknife_covariance", "leave_one_out"]


@dataclass(frozen=True, slots=True)
class BootstrapCovariance:
    """The covariance of a statistic over bootstrap resamples of the cases."""

    covariance: Floats
    """`(q, q)`."""
    redrawn: int
    """Resamples on which the statistic was undefined (a class was lacking) and that were drawn again."""
    note: str
    """Why it is NaN, else empty."""


def jackknife_covariance(statistic: Callable[..., Any], *arrays: ArrayLike, groups: ArrayLike | None = None) -> Floats:
    """Estimate the covariance of a statistic over cases by leaving out one patient after the other.

    `(G - 1)/G sum_g (t_g - mean t)(t_g - mean t)^T` with `t_g` the statistic without patient g. It is the way to
    `obuchowski_rockette` for metrics that are not AUROC: let the statistic return the `(k, S)` metric, with the losses
    first, and the result is loss-major. Thresholds chosen on validation belong to the run and stay fixed inside the
    statistic. It needs a smooth statistic: not a quantile, and not ECE (biased and not smooth; use the Brier score).
    The statistic is called G times.

    Where the statistic is undefined without some patient (the only positive, say) the covariance is NaN.

    Sources: Efron 1982, doi 10.1137/1.9781611970319; Obuchowski & Rockette 1995, doi 10.1080/03610919508813243.

    Args:
        statistic: takes the arrays, cut to some of the cases, and returns a number or an array of q numbers.
        *arrays: `(N, ...)` each, cases first.
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        `(q, q)`, in the order of the flattened statistic.

    Raises:
        ValueError: without arrays, with different numbers of cases, or fewer than 2 patients.

    Example:
        >>> jackknife_covariance(np.mean, [1.0, 2.0, 3.0, 6.0])  # of a mean: the sample variance / N
        array([[1.16666667]])
    """
    values = leave_one_out(statistic, *arrays, groups=groups)
    deviations = values - values.mean(axis=0)
    return np.asarray((len(values) - 1) / len(values) * (deviations.T @ deviations), dtype=np.float64)


def leave_one_out(statistic: Callable[..., Any], *arrays: ArrayLike, groups: ArrayLike | None = None) -> Floats:
    """Compute a statistic without each patient in turn.

    Args:
        statistic: as in `jackknife_covariance`.
        *arrays: `(N, ...)` each, cases first.
        groups: `(N,)` patient ids, or None.

    Returns:
        `(G, q)`.

    Raises:
        ValueError: as `jackknife_covariance`.

    Example:
        >>> leave_one_out(np.sum, [1.0, 2.0, 4.0])
        array([[6.],
               [5.],
               [3.]])
    """
    tables = read_arrays(arrays)
    cases = Cases.of(groups, tables[0].shape[0])
    if cases.sizes.size < 2:
        raise ValueError("groups must name at least 2 patients, got 1.")
    rows = [np.ravel(statistic(*(table[kept] for table in tables))) for kept in cases.leave_one_out()]
    return np.array(rows, dtype=np.float64)


def bootstrap_covariance(
    statistic: Callable[..., Any],
    *arrays: ArrayLike,
    rng: np.random.Generator,
    samples: int = 2000,
    groups: ArrayLike | None = None,
) -> BootstrapCovariance:
    """Estimate the covariance of a statistic over cases by drawing patients with replacement.

    The alternative to `jackknife_covariance` where the statistic is not smooth or the cases are many: it is called
    `samples` times, whatever N. A resample on which the statistic is undefined is drawn again and counted.

    Source: Efron & Tibshirani 1993, doi 10.1201/9780429246593.

    Args:
        statistic: as in `jackknife_covariance`; NaN where a class is lacking.
        *arrays: `(N, ...)` each, cases first.
        rng: the source of randomness.
        samples: resamples, at least 2.
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        The covariance `(q, q)` and how many resamples were drawn again.

    Raises:
        ValueError: without arrays, with different numbers of cases, or too few samples.

    Example:
        >>> result = bootstrap_covariance(np.mean, [1.0, 2.0, 3.0, 6.0], rng=np.random.default_rng(1))
        >>> result.covariance.shape, result.redrawn
        ((1, 1), 0)
    """
    tables = read_arrays(arrays)
    generator(rng)
    count = integer(samples, "samples", minimum=2)
    cases = Cases.of(groups, tables[0].shape[0])

    def draw() -> Floats:
        chosen = cases.resample(rng)
        return np.asarray(statistic(*(table[chosen] for table in tables)), dtype=np.float64).ravel()

    width = np.size(statistic(*tables))
    replicates, redrawn = replicate(draw, count)
    if len(replicates) < count:
        note = f"the statistic was undefined on {redrawn} of {redrawn + len(replicates)} resamples"
        return BootstrapCovariance(np.full((width, width), np.nan), redrawn, note)
    return BootstrapCovariance(np.cov(replicates, rowvar=False).reshape(width, width), redrawn, "")
