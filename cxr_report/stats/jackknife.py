"""A statistic and the cases it is computed from in, the covariance of the statistic over cases out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.arguments import integer
from cxr_report.stats.case_draws import Cases, read_arrays, replicate
from cxr_report.stats.checks import Floats, generator

__all__ = [
    "BootstrapCovariance",
    "bootstrap_covariance",
    "jackknife_covariance",
    "jackknife_covariance_of_sums",
    "leave_one_out",
]

STRIP = 512
"""Chosen: patients left out at a time where sums allow it; enough to make the calls few and the memory small."""


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
    The statistic is called G times; `jackknife_covariance_of_sums` is faster where it is a function of sums.

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
    return _covariance(leave_one_out(statistic, *arrays, groups=groups))


def jackknife_covariance_of_sums(
    function: Callable[..., Any], *contributions: ArrayLike, groups: ArrayLike | None = None
) -> Floats:
    """Estimate the covariance over cases of a metric that is a function of sums over the cases.

    The same as `jackknife_covariance`, many times faster: leaving out a patient takes its contributions off the sums,
    so the function is called for hundreds of patients at once and no case is visited twice. An accuracy is the sum of
    correct cases over the sum of ones; F1, sensitivity or MCC are functions of a confusion matrix, the sum over cases
    of 0 and 1; a Brier score is a sum over the sum of ones.

    Source: Efron 1982, doi 10.1137/1.9781611970319.

    Args:
        function: takes one array `(B, ...)` of sums per contribution, for B sets of cases at once, and returns
            `(B, ...)` values; `(B, k, S)` for `obuchowski_rockette`.
        *contributions: `(N, ...)` each, what every case adds.
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        `(q, q)`, in the order of the flattened values; NaN where a value without some patient is.

    Raises:
        ValueError: without contributions, with different numbers of cases, or fewer than 2 patients.

    Example:
        >>> correct = np.array([1.0, 1.0, 0.0, 1.0])
        >>> jackknife_covariance_of_sums(lambda hits, n: hits / n, correct, np.ones(4))
        array([[0.0625]])
        >>> jackknife_covariance(np.mean, correct)
        array([[0.0625]])
    """
    tables = [np.asarray(table, dtype=np.float64) for table in read_arrays(contributions)]
    cases = Cases.of(groups, tables[0].shape[0])
    if cases.sizes.size < 2:
        raise ValueError("groups must name at least 2 patients, got 1.")
    per_patient = [np.add.reduceat(table[cases.order], cases.starts, axis=0) for table in tables]
    totals = [table.sum(axis=0) for table in tables]
    rows = []
    for start in range(0, cases.sizes.size, STRIP):
        left = [total - part[start : start + STRIP] for total, part in zip(totals, per_patient, strict=True)]
        rows.append(np.asarray(function(*left), dtype=np.float64).reshape(len(left[0]), -1))
    return _covariance(np.concatenate(rows))


def _covariance(values: Floats) -> Floats:
    """Return the jackknife covariance of leave-one-out values `(G, q)`; NaN where one of them is not finite."""
    known = np.where(np.isfinite(values), values, np.nan)
    deviations = known - known.mean(axis=0)
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
