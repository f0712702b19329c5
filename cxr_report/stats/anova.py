"""Scores of several losses over the same seeds in, repeated-measures analysis of variance out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.checks import Floats, matrix
from cxr_report.stats.ties import negligible, scale_of

__all__ = ["RmAnova", "SumsOfSquares", "rm_anova", "sums_of_squares"]

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class SumsOfSquares:
    """The two-way decomposition of a complete table, rounding set to zero."""

    loss: float
    """Between losses, k - 1 degrees of freedom."""
    seed: float
    """Between seeds, S - 1."""
    rest: float
    """Loss by seed, (k - 1)(S - 1)."""


@dataclass(frozen=True, slots=True)
class RmAnova:
    """One-way repeated-measures analysis of variance."""

    f: float
    """Mean square of the losses over that of the rest; NaN where there is no rest."""
    df1: int
    """k - 1."""
    df2: int
    """(k - 1)(S - 1)."""
    p: float
    """Uncorrected: right where the differences of all pairs of losses have one variance (sphericity)."""
    epsilon_gg: float
    """Greenhouse and Geisser's epsilon, from 1 / (k - 1) to 1."""
    p_gg: float
    """On degrees of freedom times `epsilon_gg`."""
    epsilon_hf: float
    """Huynh and Feldt's epsilon, not capped; may exceed 1, infinity where its denominator is 0."""
    p_hf: float
    """On degrees of freedom times `epsilon_hf`, that capped at 1."""
    partial_eta2: float
    """Loss / (loss + rest), in [0, 1]."""
    generalized_eta2: float
    """Loss / (loss + seed + rest), in [0, 1]."""
    mauchly_w: float
    """Mauchly's W in [0, 1]; NaN where there are fewer seeds than losses."""
    mauchly_p: float
    """Of Mauchly's test; NaN also for two losses, where sphericity cannot fail."""
    note: str
    """Why something is undefined; empty otherwise."""


def sums_of_squares(table: Floats) -> SumsOfSquares:
    """Decompose a checked table into loss, seed and rest.

    A sum whose root mean square is at most 1e-12 of the largest score is rounding and becomes 0.

    Args:
        table: `(S, k)` float64.

    Returns:
        The three sums of squares.

    Example:
        >>> sums_of_squares(np.array([[1.0, 2.0], [3.0, 4.0]]))
        SumsOfSquares(loss=1.0, seed=4.0, rest=0.0)
    """
    s, k = table.shape
    scale = scale_of(table)
    grand = table.mean()
    losses, seeds = table.mean(axis=0) - grand, table.mean(axis=1) - grand
    rest = table - grand - losses[None, :] - seeds[:, None]
    parts = [s * float((losses**2).sum()), k * float((seeds**2).sum()), float((rest**2).sum())]
    loss, seed, left = (0.0 if negligible((part / table.size) ** 0.5, scale) else part for part in parts)
    return SumsOfSquares(loss=loss, seed=seed, rest=left)


def _contrast_covariance(table: Floats) -> Floats:
    """Return the covariance of k - 1 orthonormal contrasts of the losses, which is all that sphericity is about."""
    k = table.shape[1]
    helmert = np.zeros((k - 1, k))
    for i in range(1, k):
        helmert[i - 1, :i] = 1.0
        helmert[i - 1, i] = -float(i)
        helmert[i - 1] /= np.sqrt(i * (i + 1.0))
    return np.atleast_2d(np.cov(table @ helmert.T, rowvar=False))


def _mauchly(covariance: Floats, seeds: int) -> tuple[float, float]:
    """Return Mauchly's W and its p by the chi-squared expansion to second order (Anderson 2003, section 10.7).

    In the second-order term Anderson has `3 (k - 1)` where R's mauchly.test and car have `3 k`. We follow R, so that
    a reader who recomputes p finds it. For four losses and five seeds the two differ by 1 part in 100, and simulated
    under sphericity R's lies no farther from the true level.
    """
    p, n = covariance.shape[0], seeds - 1
    if p == 1:
        return 1.0, _NAN
    values = np.linalg.eigvalsh(covariance)
    if negligible(max(0.0, float(values[0])), float(values[-1])):
        return 0.0, _NAN
    w = float(np.clip(np.exp(np.log(values).sum() - p * np.log(values.mean())), 0.0, 1.0))
    rho = 1 - (2 * p**2 + p + 2) / (6 * p * n)
    second = (p + 2) * (p - 1) * (p - 2) * (2 * p**3 + 6 * p**2 + 3 * (p + 1) + 2) / (288 * (n * p * rho) ** 2)
    z, f = -n * rho * np.log(w), p * (p + 1) / 2 - 1
    first = float(stats.chi2.sf(z, f))
    return w, float(np.clip(first + second * (float(stats.chi2.sf(z, f + 4)) - first), 0.0, 1.0))


def _epsilons(covariance: Floats, seeds: int) -> tuple[float, float]:
    p, n = covariance.shape[0], seeds - 1
    gg = float(np.clip(np.trace(covariance) ** 2 / (p * (covariance**2).sum()), 1.0 / p, 1.0))
    top, bottom = (n + 1) * p * gg - 2, p * (n - p * gg)
    if n < 2:
        return gg, _NAN
    return gg, float("inf") if negligible(bottom, p * n) else top / bottom


def rm_anova(scores: ArrayLike) -> RmAnova:
    """Test whether several losses have the same mean over the same seeds.

    `F = MS(loss) / MS(loss by seed)`. Greenhouse and Geisser's epsilon `(tr C)^2 / ((k-1) tr C^2)` and Huynh and
    Feldt's `(S (k-1) e - 2) / ((k-1) (S - 1 - (k-1) e))`, C the covariance of orthonormal contrasts, multiply both
    degrees of freedom; Mauchly's test of sphericity is that of R. Seeds are the only source of
    chance here: it says nothing about other patients. Where the losses differ by constants over all seeds (or not at
    all) F is undefined. Fewer seeds than losses: Mauchly's test is undefined. Two seeds: Huynh and Feldt's epsilon is.
    Sources: Greenhouse & Geisser 1959, doi 10.1007/BF02289823; Huynh & Feldt 1976, doi 10.3102/10769986001001069;
    Mauchly 1940, doi 10.1214/aoms/1177731915; Olejnik & Algina 2003, doi 10.1037/1082-989X.8.4.434 (generalized eta2).

    Args:
        scores: `(S, k)`, S seeds by k losses, at least 2 by 2, complete.

    Returns:
        The test, uncorrected and corrected, with effect sizes and the test of sphericity.

    Raises:
        ValueError: for another shape, NaN or infinity.

    Example:
        >>> found = rm_anova([[0.80, 0.82, 0.85], [0.81, 0.82, 0.88], [0.79, 0.83, 0.84], [0.80, 0.84, 0.85]])
        >>> round(found.f, 3), round(found.p, 4), round(found.epsilon_gg, 3), round(found.p_gg, 4)
        (20.547, 0.0021, 0.537, 0.0169)
    """
    table = matrix(scores)
    s, k = table.shape
    df1, df2 = k - 1, (k - 1) * (s - 1)
    parts = sums_of_squares(table)
    total = parts.loss + parts.seed + parts.rest
    partial = parts.loss / (parts.loss + parts.rest) if parts.loss + parts.rest > 0 else _NAN
    generalized = parts.loss / total if total > 0 else _NAN
    if parts.rest == 0:
        reason = "by the same amount in every seed" if parts.loss > 0 else "in no seed"
        return RmAnova(
            f=_NAN, df1=df1, df2=df2, p=_NAN, epsilon_gg=_NAN, p_gg=_NAN, epsilon_hf=_NAN, p_hf=_NAN,
            partial_eta2=partial, generalized_eta2=generalized, mauchly_w=_NAN, mauchly_p=_NAN,
            note=f"the losses differ {reason}, so that F has no error term",
        )  # fmt: skip
    f = (parts.loss / df1) / (parts.rest / df2)
    covariance = _contrast_covariance(table)
    gg, hf = _epsilons(covariance, s)
    w, mauchly_p = _mauchly(covariance, s) if s >= k else (_NAN, _NAN)
    capped = min(1.0, hf) if hf == hf else _NAN
    return RmAnova(
        f=f, df1=df1, df2=df2, p=float(stats.f.sf(f, df1, df2)),
        epsilon_gg=gg, p_gg=float(stats.f.sf(f, gg * df1, gg * df2)),
        epsilon_hf=hf, p_hf=float(stats.f.sf(f, capped * df1, capped * df2)),
        partial_eta2=partial, generalized_eta2=generalized, mauchly_w=w, mauchly_p=mauchly_p, note=_note(s, k, w),
    )  # fmt: skip


def _note(seeds: int, losses: int, w: float) -> str:
    notes = []
    if losses == 2:
        notes.append("with two losses sphericity cannot fail")
    elif seeds < losses:
        notes.append("fewer seeds than losses: Mauchly's test is undefined")
    elif w == 0:
        notes.append("the differences between losses depend on each other: the p of Mauchly's test is undefined")
    if seeds < 3:
        notes.append("with two seeds Huynh and Feldt's epsilon is undefined")
    return "; ".join(notes)
