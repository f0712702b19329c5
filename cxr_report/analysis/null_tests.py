"""Simulated scores of equal losses in, whether each planned test rejects out: the formulas of ``stats`` on arrays.

A study is simulated thousands of times, where one call per study and test would take minutes. Each function here gives
for every simulation what the function of ``cxr_report.stats`` that it names gives for one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats as distributions

from cxr_report.analysis.comparisons import SNAP
from cxr_report.analysis.family import Adjustment

__all__ = [
    "Components",
    "Pairs",
    "any_rejected",
    "friedman",
    "iman_davenport",
    "mixed_model",
    "mrmc",
    "mrmc_pairs",
    "mrmc_seeds_fixed",
    "paired_t",
    "rm_anova",
    "wilcoxon",
]

Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]
"""``(m, 2)`` places of the losses of every comparison."""


@dataclass(frozen=True, slots=True)
class Components:
    """Variances, none negative, of independent parts of the score of one loss and seed; squared units of the metric.

    The part of a loss and that of a seed are those of the cases: the same patients suit all runs of a loss, or all
    losses at a seed. So Cov3 = `cases`, Cov2 = `cases + loss`, Cov1 = `cases + seed_cases`, and the variance of one run
    over cases is the sum of the four, which makes a valid covariance of any parts.
    """

    seed: float
    """Of seeds."""
    loss_seed: float
    """Of loss x seed."""
    cases: float
    """Of cases, the same in all runs."""
    loss: float
    """Of loss x cases: Cov2 - Cov3."""
    seed_cases: float
    """Of seed x cases: Cov1 - Cov3."""
    error: float
    """Of the rest of a run over cases: Var - Cov1 - Cov2 + Cov3."""

    @property
    def differ(self) -> bool:
        """Whether two losses ever differ."""
        return self.loss_seed + self.loss + self.error > 0


def _leveled(deviations: Floats, theta: Floats) -> Floats:
    """Set deviations of a simulation to 0 that are rounding of its scores alone."""
    scale = np.abs(theta).reshape(len(theta), -1).max(axis=1)
    return np.where(np.abs(deviations) <= SNAP * scale[:, None, None], 0.0, deviations)


def _mean_squares(theta: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean squares of losses, of seeds and of loss x seed, ``(B,)`` each, for ``(B, k, S)``."""
    k, size = theta.shape[1:]
    grand = theta.mean(axis=(1, 2), keepdims=True)
    losses = _leveled(theta.mean(axis=2, keepdims=True) - grand, theta)
    seeds = _leveled(theta.mean(axis=1, keepdims=True) - grand, theta)
    rest = _residuals(theta)
    return (
        size * (losses**2).sum(axis=(1, 2)) / (k - 1),
        k * (seeds**2).sum(axis=(1, 2)) / (size - 1),
        (rest**2).sum(axis=(1, 2)) / ((k - 1) * (size - 1)),
    )


def _residuals(theta: Floats) -> Floats:
    centred = theta - theta.mean(axis=2, keepdims=True)
    return _leveled(centred - centred.mean(axis=1, keepdims=True), theta)


def _ratio(upper: Floats, lower: Floats) -> Floats:
    """Divide, NaN where the divisor is 0."""
    return np.asarray(np.divide(upper, lower, out=np.full(upper.shape, np.nan), where=lower > 0))


def mrmc(theta: Floats, parts: Components) -> Floats:
    """Return p of the F of ``obuchowski_rockette``, seeds and cases random, the case covariance being known.

    Args:
        theta: ``(B, k, S)``.
        parts: their components.

    Returns:
        ``(B,)``; NaN where the error term is 0.
    """
    k, size = theta.shape[1:]
    ms_loss, _, ms = _mean_squares(theta)
    error = ms + size * parts.loss
    with np.errstate(divide="ignore", invalid="ignore"):  # without a part of the seeds df is infinite, the test chi2
        df = (k - 1) * (size - 1) * (error / ms) ** 2
    f = _ratio(ms_loss, error)
    return np.asarray(distributions.f.sf(f, k - 1, np.minimum(df, LARGE)))


LARGE = 1e12
"""Chosen: degrees of freedom that stand for infinitely many."""


def mrmc_seeds_fixed(theta: Floats, parts: Components) -> Floats:
    """Return p of the chi2 of ``obuchowski_rockette`` with the seeds fixed, ``(B,)``; see `mrmc`."""
    k, size = theta.shape[1:]
    error = parts.error + size * parts.loss  # Var - Cov1 + (S - 1)(Cov2 - Cov3)
    ms_loss = _mean_squares(theta)[0]
    return np.asarray(distributions.chi2.sf(_ratio((k - 1) * ms_loss, np.full(len(theta), error)), k - 1))


def mrmc_pairs(theta: Floats, parts: Components, pairs: Pairs) -> Floats:
    """Return p of the differences of ``obuchowski_rockette`` with pair-specific errors, ``(B, m)``; see `mrmc`."""
    size = theta.shape[2]
    differences, spread = _differences(theta, pairs)
    ms = np.maximum(spread**2 / 2, parts.error)  # Var - Cov1 - (Cov2 - Cov3) is the floor of the mean square
    error = ms + size * parts.loss
    with np.errstate(divide="ignore", invalid="ignore"):
        df = (size - 1) * (error / ms) ** 2
    t = _ratio(np.abs(differences.mean(axis=2)), np.sqrt(2 * error / size))
    return np.asarray(2 * distributions.t.sf(t, np.minimum(df, LARGE)))


def _differences(theta: Floats, pairs: Pairs) -> tuple[Floats, Floats]:
    """Return the differences ``(B, m, S)`` of every comparison and their SD over seeds ``(B, m)``."""
    found = _leveled(theta[:, pairs[:, 0]] - theta[:, pairs[:, 1]], theta)
    deviations = _leveled(found - found.mean(axis=2, keepdims=True), theta)
    return found, np.sqrt((deviations**2).sum(axis=2) / (theta.shape[2] - 1))


def paired_t(theta: Floats, pairs: Pairs) -> Floats:
    """Return p of ``paired_t`` for every comparison, ``(B, m)``; NaN where the differences do not vary."""
    size = theta.shape[2]
    differences, spread = _differences(theta, pairs)
    t = _ratio(np.abs(differences.mean(axis=2)), spread / math.sqrt(size))
    return np.asarray(2 * distributions.t.sf(t, size - 1))


def wilcoxon(theta: Floats, pairs: Pairs) -> Floats:
    """Return the exact p of ``wilcoxon`` for every comparison, ``(B, m)``.

    Simulated sizes of differences are never tied; where loss x seed has no variance they are all equal, and then so are
    their signs, with which any order of the ranks gives the same p. NaN where all differences are 0.
    """
    size = theta.shape[2]
    differences = _differences(theta, pairs)[0]
    ranks = np.abs(differences).argsort(axis=2).argsort(axis=2) + 1
    w = (ranks * (differences > 0)).sum(axis=2)
    below = _signed_rank_cdf(size)
    p = np.minimum(1.0, 2 * np.minimum(below[w], below[size * (size + 1) // 2 - w]))  # symmetric about its middle
    return np.where((differences != 0).any(axis=2), p, np.nan)


def _signed_rank_cdf(size: int) -> Floats:
    """Return P(W+ <= w) for w = 0 to S (S + 1) / 2: every rank is counted with probability one half."""
    chance = np.zeros(size * (size + 1) // 2 + 1)
    chance[0] = 1.0
    for rank in range(1, size + 1):
        shifted = np.zeros_like(chance)
        shifted[rank:] = chance[:-rank]
        chance = (chance + shifted) / 2
    return np.asarray(np.minimum(chance.cumsum(), 1.0))


def _rank_sums(theta: Floats) -> tuple[Floats, float]:
    """Return the squares of the rank sums between losses, ``(B,)``, and those of the ranks within seeds."""
    k, size = theta.shape[1:]
    ranks = theta.argsort(axis=1).argsort(axis=1) + 1
    between = ((ranks.sum(axis=2) - size * (k + 1) / 2) ** 2).sum(axis=1)
    return np.asarray(between, dtype=np.float64), size * k * (k * k - 1) / 12


def friedman(theta: Floats) -> Floats:
    """Return p of the chi2 of ``friedman``, ``(B,)``."""
    between, within = _rank_sums(theta)
    k = theta.shape[1]
    return np.asarray(distributions.chi2.sf((k - 1) * between / within, k - 1))


def iman_davenport(theta: Floats) -> Floats:
    """Return ``p_f`` of ``friedman``, ``(B,)``; where all seeds rank alike, the exact probability of that."""
    k, size = theta.shape[1:]
    between, within = _rank_sums(theta)
    left = size * within - between
    f = _ratio((size - 1) * between, left)
    p = distributions.f.sf(f, k - 1, (k - 1) * (size - 1))
    return np.asarray(np.where(left > 0, p, float(math.factorial(k)) ** (1 - size)))


def rm_anova(theta: Floats) -> Floats:
    """Return ``p_gg`` of ``rm_anova``, ``(B,)``; NaN where loss x seed does not vary."""
    k, size = theta.shape[1:]
    ms_loss, _, ms = _mean_squares(theta)
    rest = _residuals(theta)
    covariance = rest @ rest.transpose(0, 2, 1)
    trace, squares = np.trace(covariance, axis1=1, axis2=2), (covariance**2).sum(axis=(1, 2))
    epsilon = np.clip(_ratio(trace**2, (k - 1) * squares), 1 / (k - 1), 1.0)
    return np.asarray(distributions.f.sf(_ratio(ms_loss, ms), epsilon * (k - 1), epsilon * (k - 1) * (size - 1)))


def mixed_model(theta: Floats) -> Floats:
    """Return p of the likelihood ratio of ``mixed_model``, ``(B,)``; NaN where loss x seed does not vary."""
    k, size = theta.shape[1:]
    ms_loss, ms_seed, ms = _mean_squares(theta)
    loss, seed, rest = (k - 1) * ms_loss, (size - 1) * ms_seed, (k - 1) * (size - 1) * ms
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _deviance(seed, loss + rest, size, k) - _deviance(seed, rest, size, k)
    ratio = np.where(rest > 0, np.maximum(ratio, 0.0), np.nan)
    return np.asarray(distributions.chi2.sf(ratio, k - 1))


def _deviance(seed: Floats, rest: Floats, size: int, k: int) -> Floats:
    """Return minus twice the largest log likelihood but for a constant, from the sums of squares."""
    within, between = rest / (size * (k - 1)), seed / size
    pooled = (seed + rest) / (size * k)
    inner = size * ((k - 1) * np.log(within) + np.log(between))
    return np.asarray(np.where(between >= within, inner, size * k * np.log(pooled)))


def any_rejected(p: Floats, method: Adjustment, *, alpha: float) -> NDArray[np.bool_]:
    """Say whether any comparison of a family is rejected, its p values adjusted as by ``adjust``.

    Args:
        p: ``(B, m)``; NaN is never rejected and keeps its place.
        method: of adjustment.
        alpha: level.

    Returns:
        ``(B,)``.

    Example:
        >>> any_rejected(np.array([[0.02, 0.9], [0.03, 0.04]]), "holm", alpha=0.05).tolist()
        [True, False]
    """
    rising = np.sort(np.where(np.isnan(p), 1.0, p), axis=1)
    m = rising.shape[1]
    place = np.arange(1, m + 1)
    if method == "hommel":
        return np.asarray(rising[:, 0] <= alpha / _hommel(rising, alpha))
    limits = {
        "none": np.where(place == 1, 1.0, 0.0),
        "bonferroni": np.where(place == 1, 1 / m, 0.0),
        "holm": np.where(place == 1, 1 / m, 0.0),
        "hochberg": 1 / (m - place + 1),
        "bh": place / m,
        "by": place / (m * (1 / place).sum()),
    }[method]
    return np.asarray((rising <= alpha * limits).any(axis=1))


def _hommel(rising: Floats, alpha: float) -> Floats:
    """Return the divisor of alpha: the most hypotheses that Simes' test does not reject together; 1 at the least."""
    m = rising.shape[1]
    most = np.ones(len(rising))
    for size in range(1, m + 1):
        kept = (rising[:, m - size :] > np.arange(1, size + 1) * alpha / size).all(axis=1)
        most = np.where(kept, size, most)
    return most
