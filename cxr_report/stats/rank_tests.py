"""Scores of several losses over seeds in, the Friedman test and its comparisons of pairs out."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, prod, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import integer, open_unit
from cxr_report.stats.checks import Floats, matrix
from cxr_report.stats.ties import scale_of, tie

__all__ = [
    "Conover",
    "Friedman",
    "Nemenyi",
    "block_ranks",
    "conover",
    "critical_difference",
    "friedman",
    "nemenyi",
]

_NAN = float("nan")
_ALL_TIED = "within every seed all losses are tied, so that the ranks carry no comparison"


@dataclass(frozen=True, slots=True)
class Friedman:
    """Friedman's test of several losses over the same seeds."""

    mean_ranks: Floats
    """`(k,)` mean rank of each loss, 1 = best."""
    chi2: float
    """Friedman's statistic, corrected for ties."""
    df: int
    """k - 1."""
    p: float
    """From the chi-squared distribution."""
    kendall_w: float
    """Kendall's coefficient of concordance in [0, 1], corrected for ties."""
    f: float
    """Iman and Davenport's statistic from the corrected chi2; infinity where all seeds rank alike."""
    df1: int
    """k - 1."""
    df2: int
    """(k - 1)(S - 1)."""
    p_f: float
    """From the F distribution; where all seeds rank alike, the exact probability of that."""
    note: str
    """Why something is undefined or was computed otherwise; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Nemenyi:
    """Nemenyi's comparison of all pairs of losses."""

    p: Floats
    """`(k, k)` symmetric, adjusted for all pairs; 1 on the diagonal."""
    mean_ranks: Floats
    """`(k,)` mean rank of each loss, 1 = best."""
    note: str
    """What the reader must know; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Conover:
    """Conover's comparison of all pairs of losses after Friedman's test."""

    t: Floats
    """`(k, k)` antisymmetric; positive where the loss of the row ranks better. 0 on the diagonal."""
    df: int
    """(k - 1)(S - 1)."""
    p: Floats
    """`(k, k)` symmetric, two-sided, not adjusted; 1 on the diagonal."""
    note: str
    """Why something is undefined; empty otherwise."""


def block_ranks(scores: ArrayLike, *, higher_is_better: bool = True) -> Floats:
    """Rank the losses within each seed, 1 = best, ties sharing their mean rank.

    Scores that differ by rounding alone are tied first (`ties.tie`).

    Args:
        scores: `(S, k)`, S seeds by k losses, at least 2 by 2.
        higher_is_better: whether a high score is a good one.

    Returns:
        `(S, k)` midranks.

    Raises:
        ValueError: for another shape, NaN or infinity.

    Example:
        >>> block_ranks([[0.9, 0.8, 0.9], [0.7, 0.8, 0.9]])
        array([[1.5, 3. , 1.5],
               [3. , 2. , 1. ]])
    """
    table = matrix(scores)
    scale = scale_of(table)
    tied = np.stack([tie(row, scale) for row in table])
    return np.asarray(stats.rankdata(-tied if higher_is_better else tied, axis=1), dtype=np.float64)


def _spread(ranks: Floats) -> tuple[float, float]:
    """Return the squares of the rank sums, and S^-1 times what they come to where all seeds rank alike; both exact."""
    s, k = ranks.shape
    center = (k + 1) / 2
    between = float(((ranks.sum(axis=0) - s * center) ** 2).sum())
    within = float(((ranks - center) ** 2).sum())
    return between, within


def friedman(scores: ArrayLike, *, higher_is_better: bool = True) -> Friedman:
    """Test whether several losses rank alike over the same seeds.

    With r_ij the midrank of loss j in seed i and R_j their sums,
    `chi2 = (k - 1) sum_j (R_j - S (k+1)/2)^2 / sum_ij (r_ij - (k+1)/2)^2`, which is Friedman's statistic corrected for
    ties; `W = chi2 / (S (k - 1))`; `F = (S - 1) chi2 / (S (k - 1) - chi2)`. With few seeds the chi-squared p is rough
    and that of F better. Where every seed ranks the losses alike, F is infinite and `p_f` is the exact probability of
    that, m to the power 1 - S with m the number of distinct orders of such a row. Where all losses are tied in every
    seed everything is undefined. Two losses are allowed.
    Sources: Friedman 1937, doi 10.1080/01621459.1937.10503522; Iman & Davenport 1980, doi 10.1080/03610928008827904;
    Conover 1999, Practical Nonparametric Statistics, section 5.8.

    Args:
        scores: `(S, k)`, S seeds by k losses, at least 2 by 2.
        higher_is_better: whether a high score is a good one; rank 1 is the best.

    Returns:
        Mean ranks, both statistics with their p, and Kendall's W.

    Raises:
        ValueError: for another shape, NaN or infinity.

    Example:
        >>> found = friedman([[0.90, 0.80, 0.70], [0.90, 0.85, 0.86], [0.88, 0.80, 0.79]])
        >>> found.mean_ranks.round(3), round(found.chi2, 3), round(found.p_f, 4)
        (array([1.   , 2.333, 2.667]), 4.667, 0.0494)
    """
    ranks = block_ranks(scores, higher_is_better=higher_is_better)
    s, k = ranks.shape
    between, within = _spread(ranks)
    means, df2 = ranks.mean(axis=0), (k - 1) * (s - 1)
    if within == 0:
        return Friedman(means, _NAN, k - 1, _NAN, _NAN, _NAN, k - 1, df2, _NAN, _ALL_TIED)
    chi2 = (k - 1) * between / within
    w = min(1.0, between / (s * within))
    p = float(stats.chi2.sf(chi2, k - 1))
    if between >= s * within:
        repeats = np.unique(ranks[0], return_counts=True)[1]
        orders = factorial(k) // prod(factorial(int(n)) for n in repeats)
        note = "every seed ranks the losses alike: F is infinite and its p the exact probability of that"
        return Friedman(means, chi2, k - 1, p, w, float("inf"), k - 1, df2, float(orders) ** (1 - s), note)
    f = (s - 1) * between / (s * within - between)
    return Friedman(means, chi2, k - 1, p, w, f, k - 1, df2, float(stats.f.sf(f, k - 1, df2)), "")


def nemenyi(scores: ArrayLike, *, higher_is_better: bool = True) -> Nemenyi:
    """Compare all pairs of losses by their mean ranks, adjusted for all pairs.

    `q = |mean rank i - mean rank j| / sqrt(k (k+1) / (12 S))` against the studentized range of k means with infinitely
    many degrees of freedom. No correction for ties (with ties it is conservative).
    Sources: Nemenyi 1963, Distribution-free multiple comparisons, thesis, Princeton; Demsar 2006,
    https://jmlr.org/papers/v7/demsar06a.html.

    Args:
        scores: `(S, k)`, S seeds by k losses, at least 2 by 2.
        higher_is_better: whether a high score is a good one.

    Returns:
        The p values of all pairs, and the mean ranks.

    Raises:
        ValueError: for another shape, NaN or infinity.

    Example:
        >>> nemenyi([[0.9, 0.8, 0.7], [0.9, 0.85, 0.86], [0.88, 0.8, 0.79]]).p.round(3)
        array([[1.   , 0.232, 0.102],
               [0.232, 1.   , 0.912],
               [0.102, 0.912, 1.   ]])
    """
    ranks = block_ranks(scores, higher_is_better=higher_is_better)
    s, k = ranks.shape
    means = ranks.mean(axis=0)
    q = np.abs(means[:, None] - means[None, :]) / sqrt(k * (k + 1) / (12.0 * s))
    p = np.ones((k, k))
    for i in range(k):
        for j in range(i + 1, k):
            p[i, j] = p[j, i] = min(1.0, max(0.0, float(stats.studentized_range.sf(q[i, j], k, np.inf))))
    return Nemenyi(p=p, mean_ranks=means, note=_ALL_TIED if (ranks == (k + 1) / 2).all() else "")


def critical_difference(k: int, n: int, alpha: float = 0.05) -> float:
    """Return the difference of mean ranks from which Nemenyi's test calls two losses different.

    `q(1 - alpha; k, inf) / sqrt(2) * sqrt(k (k+1) / (6 n))`, the quantile computed, not looked up.
    Source: Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html.

    Args:
        k: number of losses, at least 2.
        n: number of seeds (blocks), at least 1.
        alpha: level, in (0, 1).

    Returns:
        A difference of mean ranks.

    Raises:
        ValueError: for numbers out of range.

    Example:
        >>> round(critical_difference(4, 10), 4)
        1.4832
    """
    losses, blocks = integer(k, "k", minimum=2), integer(n, "n", minimum=1)
    q = float(stats.studentized_range.isf(open_unit(alpha, "alpha"), losses, np.inf))
    return q / sqrt(2) * sqrt(losses * (losses + 1) / (6.0 * blocks))


def conover(scores: ArrayLike, *, higher_is_better: bool = True) -> Conover:
    """Compare all pairs of losses by t tests on their rank sums, after Friedman's test.

    `t = (R_j - R_i) / sqrt(2 (S A - sum R_j^2) / ((S - 1)(k - 1)))` with A the sum of squared ranks, on (S-1)(k-1)
    degrees of freedom; ties are allowed for in A. Where every seed ranks the losses alike, or all are tied, the
    denominator is 0 and t is undefined.
    Source: Conover 1999, Practical Nonparametric Statistics, section 5.8.

    Args:
        scores: `(S, k)`, S seeds by k losses, at least 2 by 2.
        higher_is_better: whether a high score is a good one.

    Returns:
        t and unadjusted p of all pairs; adjust p over the pairs (see `adjust`).

    Raises:
        ValueError: for another shape, NaN or infinity.

    Example:
        >>> found = conover([[0.9, 0.8, 0.7], [0.9, 0.85, 0.86], [0.88, 0.8, 0.79]])
        >>> round(found.t[0, 1], 3), found.df, round(found.p[0, 1], 4)
        (np.float64(2.828), 4, np.float64(0.0474))
    """
    ranks = block_ranks(scores, higher_is_better=higher_is_better)
    s, k = ranks.shape
    between, within = _spread(ranks)
    df = (s - 1) * (k - 1)
    rest = s * within - between
    if rest <= 0:
        note = _ALL_TIED if within == 0 else "every seed ranks the losses alike, so that t is infinite"
        empty = np.full((k, k), np.nan)
        return Conover(t=empty, df=df, p=empty.copy(), note=note)
    sums = ranks.sum(axis=0)
    t = (sums[None, :] - sums[:, None]) / sqrt(2.0 * rest / df)
    p = np.minimum(1.0, 2.0 * stats.t.sf(np.abs(t), df))
    return Conover(t=t, df=df, p=np.asarray(p), note="")
