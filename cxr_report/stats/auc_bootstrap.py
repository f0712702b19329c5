"""Truth and the scores of many runs in, bootstrap replicates of all their areas under the ROC curve out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.stats.arguments import integer
from cxr_report.stats.case_draws import ATTEMPTS, Cases
from cxr_report.stats.checks import Floats, Integers, array, binary_truth, generator
from cxr_report.stats.placements import placements

__all__ = ["AucBootstrap", "auc_bootstrap"]

BLOCK = 128
"""Measured: cases per block; from 64 to 256 the time differs by less than a fifth."""

STRIP = 2048
"""Measured: resamples handled together; fewer cost more calls, more leave the second-level cache."""


@dataclass(frozen=True, slots=True)
class AucBootstrap:
    """Areas under the ROC curve of m runs on resampled cases, the same resamples for all runs."""

    auc: Floats
    """`(m,)` on the data."""
    replicates: Floats
    """`(B, m)` on the resamples."""
    covariance: Floats
    """`(m, m)` of the replicates (ddof = 1)."""
    redrawn: int
    """Resamples that lacked a class and were drawn again."""
    note: str
    """Why something is NaN, else empty."""


def auc_bootstrap(
    truth: ArrayLike,
    scores: ArrayLike,
    *,
    rng: np.random.Generator,
    samples: int = 2000,
    groups: ArrayLike | None = None,
) -> AucBootstrap:
    """Resample the cases, or whole patients, and compute the areas under the ROC curve of many runs.

    Every run is sorted once. A resample is a vector of case weights w, shared by all runs, and the area on it is
    `sum_{i positive} sum_{j negative} w_i w_j (1[s_i > s_j] + 1[s_i = s_j] / 2)` over the product of the two sums of
    weights. Cases in sorted order are taken in blocks: pairs within a block are counted by a matrix product, pairs with
    all lower blocks by a running sum. The counts are multiples of one half, exact in float32 within a block and in
    float64 beyond it. Cost: O(m N (log N + B)); memory N B bytes.

    Resamples that lack a class are drawn again and counted. Without a positive or a negative case all is NaN.

    Source: Efron & Tibshirani 1993, doi 10.1201/9780429246593.

    Args:
        truth: `(N,)` in {0, 1}.
        scores: `(N, m)`, higher = more positive.
        rng: the source of randomness.
        samples: resamples B, at least 2.
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        Areas, replicates and their covariance.

    Raises:
        ValueError: for NaN, infinity, other truths, unequal lengths or too few samples.

    Example:
        >>> truth, scores = [0, 0, 1, 1], [[1.0, 1.0], [3.0, 2.0], [2.0, 3.0], [4.0, 4.0]]
        >>> result = auc_bootstrap(truth, scores, rng=np.random.default_rng(1), samples=200)
        >>> result.auc, result.replicates.shape, bool((result.replicates[:, 1] == 1).all())
        (array([0.75, 1.  ]), (200, 2), True)
    """
    positive, columns = binary_truth(truth), array(scores, "scores", 2)
    if columns.shape[0] != positive.size or not columns.shape[1]:
        raise ValueError(f"scores must have shape ({positive.size}, m) with m at least 1, got {columns.shape}.")
    generator(rng)
    count, runs = integer(samples, "samples", minimum=2), np.ascontiguousarray(columns.T)
    auc, _ = placements(positive, runs)
    weights, redrawn = _weights(positive, Cases.of(groups, positive.size), rng, count)
    if weights is None:
        note = "a class is missing" if np.isnan(auc).any() else "nearly all resamples lack a class"
        nothing = np.full((count, len(runs)), np.nan)
        return AucBootstrap(auc, nothing, np.full((len(runs), len(runs)), np.nan), redrawn, note)
    total = weights[positive].sum(axis=0, dtype=np.float64) * weights[~positive].sum(axis=0, dtype=np.float64)
    replicates = np.stack([_pairs_won(positive, score, weights) / total for score in runs], axis=1)
    return AucBootstrap(auc, replicates, np.cov(replicates, rowvar=False).reshape(len(runs), -1), redrawn, "")


def _weights(
    positive: NDArray[np.bool_], cases: Cases, rng: np.random.Generator, samples: int
) -> tuple[NDArray[np.uint8] | None, int]:
    """Draw weights `(N, B)` that hold both classes in every resample; None where that hardly ever happens."""
    weights, redrawn = cases.weights(rng, samples), 0
    while True:
        lacking = ~(weights[positive].any(axis=0) & weights[~positive].any(axis=0))
        missing = int(lacking.sum())
        if not missing:
            return weights, redrawn
        redrawn += missing
        if redrawn >= ATTEMPTS * samples:
            return None, redrawn
        weights[:, lacking] = cases.weights(rng, missing)


def _pairs_won(positive: NDArray[np.bool_], score: Floats, weights: NDArray[np.uint8]) -> Floats:
    """Count for every resample the weighted pairs that one score orders rightly, ties one half, `(B,)`."""
    order = np.argsort(score)
    ordered = score[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, order.size)  # behind each run of equal scores
    run = np.repeat(np.arange(ends.size), np.diff(ends, prepend=0))
    won, below = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    start = 0
    while start < order.size:
        last = max(int(np.searchsorted(ends, start + BLOCK, side="right")) - 1, int(run[start]))
        stop = int(ends[last])
        inside = order[start:stop]
        labels, level = positive[inside], run[start:stop]
        _add_block(inside[labels], inside[~labels], level[labels], level[~labels], weights, won, below)
        start = stop
    return won


def _add_block(
    upper: Integers,
    lower: Integers,
    upper_run: Integers,
    lower_run: Integers,
    weights: NDArray[np.uint8],
    won: Floats,
    below: Floats,
) -> None:
    """Add the pairs of one block of cases to `won` and its negatives to `below`, both `(B,)`.

    Args:
        upper: `(p,)` positive cases of the block.
        lower: `(q,)` negative cases of the block.
        upper_run: `(p,)` run of equal scores of each; a block holds whole runs.
        lower_run: `(q,)`.
        weights: `(N, B)`.
        won: pairs counted so far.
        below: weight of the negatives of all earlier blocks.
    """
    one_run = bool(upper.size and lower.size and upper_run[0] == upper_run[-1] == lower_run[0] == lower_run[-1])
    for strip in range(0, weights.shape[1], STRIP):
        part = slice(strip, strip + STRIP)
        positives, negatives = weights[upper, part], weights[lower, part]
        heavy, light = positives.sum(axis=0, dtype=np.float64), negatives.sum(axis=0, dtype=np.float64)
        won[part] += heavy * below[part]
        below[part] += light
        if one_run:
            won[part] += heavy * light / 2
        elif upper.size and lower.size:
            beats = np.sign(upper_run[:, None] - lower_run).astype(np.float32) / 2 + np.float32(0.5)
            ahead = beats @ negatives.astype(np.float32)
            won[part] += np.einsum("ib,ib->b", positives.astype(np.float32), ahead)
