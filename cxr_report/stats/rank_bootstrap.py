"""Scores of every seed and loss in, how stable the ranking of the losses is out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.arguments import integer, open_unit
from cxr_report.stats.bootstrap import quantiles
from cxr_report.stats.checks import Floats, generator, matrix
from cxr_report.stats.ties import SNAP, scale_of

__all__ = ["RankBootstrap", "kendall_taus", "rank_bootstrap", "ranks_within_rows"]


@dataclass(frozen=True, slots=True)
class RankBootstrap:
    """The ranking of k losses under resampled seeds."""

    distribution: Floats
    """`(k, k)`, share of resamples in which loss i (row) has rank r + 1 (column) by its mean score; ties are split."""
    ranks: Floats
    """`(k,)`, observed ranks of the mean scores, 1 = best, ties share their mean rank."""
    mean_ranks: Floats
    """`(k,)`, mean over seeds of the rank within a seed, as in `friedman`, 1 = best."""
    low: Floats
    """`(k,)`, lower percentile bound of `mean_ranks`."""
    high: Floats
    """`(k,)`, upper percentile bound."""
    tau: float
    """Mean over resamples of Kendall's tau-b between the resampled and the observed ranking of the mean scores."""
    tau_low: float
    """Lower percentile bound of tau."""
    tau_high: float
    """Upper percentile bound of tau."""
    note: str
    """Why something is NaN, else empty."""


def rank_bootstrap(
    scores: ArrayLike,
    *,
    rng: np.random.Generator,
    samples: int = 10_000,
    higher_is_better: bool = True,
    confidence: float = 0.95,
) -> RankBootstrap:
    """Describe how stable the ranking of the losses is when the seeds are drawn anew.

    Seeds (rows) are resampled with replacement, jointly for all losses. Each resample ranks the losses by their mean
    score; scores that differ by rounding alone are tied, tied losses share their mean rank and, in the distribution,
    the places they occupy. Intervals are percentiles. It describes other seeds on these cases; with few seeds the
    spread is too small by about (S - 1) / S. Resamples in which all losses tie have no tau and are left out of it;
    where all observed means tie tau is NaN, with a note.

    Sources: Kendall 1945, doi 10.1093/biomet/33.3.239 (tau-b); Goldstein & Spiegelhalter 1996, doi 10.2307/2983325.

    Args:
        scores: `(S, k)`, S seeds by k losses, both at least 2.
        rng: the source of randomness.
        samples: resamples, at least 100.
        higher_is_better: whether rank 1 is the highest score.
        confidence: of the intervals.

    Returns:
        Distribution of ranks, mean ranks with intervals and tau with interval.

    Raises:
        ValueError: for NaN, wrong shapes or too few samples.

    Example:
        >>> result = rank_bootstrap([[0.9, 0.8], [0.8, 0.7], [0.9, 0.85]], rng=np.random.default_rng(1))
        >>> result.distribution, result.tau
        (array([[1., 0.],
               [0., 1.]]), 1.0)
    """
    table = matrix(scores)
    generator(rng)
    count, level = integer(samples, "samples", minimum=100), open_unit(confidence, "confidence")
    sign, scale = (1.0 if higher_is_better else -1.0), scale_of(table)
    seeds, losses = table.shape
    drawn = rng.integers(0, seeds, (count, seeds))
    per_seed = ranks_within_rows(sign * table, scale)
    resampled = ranks_within_rows(sign * table[drawn].mean(axis=1), scale)
    observed = ranks_within_rows(sign * table.mean(axis=0)[None], scale)
    levels = np.array([(1 - level) / 2, (1 + level) / 2])
    bounds = np.array([quantiles(column, levels) for column in per_seed[drawn].mean(axis=1).T])
    taus = kendall_taus(resampled, observed[0])
    taus = taus[~np.isnan(taus)]
    tau_low, tau_high = quantiles(taus, levels) if taus.size else (np.nan, np.nan)
    return RankBootstrap(
        distribution=_distribution(resampled, losses),
        ranks=observed[0],
        mean_ranks=per_seed.mean(axis=0),
        low=bounds[:, 0],
        high=bounds[:, 1],
        tau=float(taus.mean()) if taus.size else np.nan,
        tau_low=float(tau_low),
        tau_high=float(tau_high),
        note="" if taus.size else "all losses tie, so there is no ranking to agree with",
    )


def ranks_within_rows(values: Floats, scale: float) -> Floats:
    """Rank every row, largest first, ties sharing their mean rank.

    Args:
        values: `(B, k)`.
        scale: size of the numbers, against which differences are ties.

    Returns:
        `(B, k)` ranks from 1.

    Example:
        >>> ranks_within_rows(np.array([[0.3, 0.1 + 0.2, 0.5]]), 0.5)
        array([[2.5, 2.5, 1. ]])
    """
    ahead = values[:, None, :] - values[:, :, None]
    width = SNAP * scale
    better, level = (ahead > width).sum(axis=2), (np.abs(ahead) <= width).sum(axis=2)
    return np.asarray(better + (level + 1) / 2, dtype=np.float64)


def kendall_taus(ranks: Floats, reference: Floats) -> Floats:
    """Compute Kendall's tau-b of every row with one ranking.

    Args:
        ranks: `(B, k)`.
        reference: `(k,)`.

    Returns:
        `(B,)` in [-1, 1]; NaN where a row or the reference is all ties.

    Example:
        >>> kendall_taus(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [2.0, 2.0, 2.0]]), np.array([1.0, 2.0, 3.0]))
        array([ 1., -1., nan])
    """
    i, j = np.triu_indices(ranks.shape[1], 1)
    signs, order = np.sign(ranks[:, i] - ranks[:, j]), np.sign(reference[i] - reference[j])
    untied = (signs != 0).sum(axis=1) * float((order != 0).sum())
    agreement = signs @ order
    return np.asarray(np.divide(agreement, np.sqrt(untied), out=np.full(len(ranks), np.nan), where=untied > 0))


def _distribution(ranks: Floats, losses: int) -> Floats:
    """Return the share of rows in which each loss (row) takes each place (column); tied losses share their places."""
    result = np.zeros((losses, losses))
    for loss in range(losses):
        own = ranks[:, loss]
        peers = (ranks == own[:, None]).sum(axis=1)
        first = own - (peers - 1) / 2
        for place in range(losses):
            inside = (first <= place + 1) & (place + 1 < first + peers)
            result[loss, place] = (inside / peers).mean()
    return result
