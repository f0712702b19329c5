"""Truth, the scores of many runs and case weights in, sensitivity at a specificity on every resample out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cxr_report.metrics.probabilities import Floats
from cxr_report.metrics.thresholds import Truth
from cxr_report.metrics.truth import Integers

__all__ = ["resampled_sensitivities"]

Weights = NDArray[np.uint8]

STRIP = 256
"""Chosen: resamples handled together, so that the running sums of thousands of cases stay within a few MiB."""

BLOCK = 64
"""Chosen: cases added up together. Running sums down the rows of a table are slow (measured: seventy times a sum), so
they are taken over blocks, and over the cases of the one block that matters."""

SPARE = 1.25
"""Chosen: by how much more negatives are looked at first than the specificity allows to be called on average."""


def resampled_sensitivities(true: Truth, scores: Floats, weights: Weights, specificity: float) -> Floats:
    """Return `sensitivity_at_specificity` of several runs on resamples of the cases, the same resamples for all runs.

    A resample is how often every case occurs in it. Each run is sorted once. From the highest score down, the first
    negative case with which the calls on negatives exceed what the specificity allows ends the walk, for every resample
    on its own; what counts is the weight of the positives with a higher score. Only the top of the ranking is visited.
    Memory: the weights, and some `N * STRIP * 4` bytes.

    Args:
        true: `(N,)` boolean.
        scores: `(R, N)` float64.
        weights: `(N, B)` counts; both classes must occur in every resample.
        specificity: in [0, 1].

    Returns:
        `(R, B)` in [0, 1].

    Example:
        >>> true, scores = np.array([False, False, True, True]), np.array([[0.1, 0.4, 0.35, 0.8]])
        >>> resampled_sensitivities(true, scores, np.array([[1, 3], [1, 0], [1, 1], [1, 1]], dtype=np.uint8), 0.9)
        array([[0.5, 1. ]])
    """
    strips = [weights[:, start : start + STRIP] for start in range(0, weights.shape[1], STRIP)]
    found = []
    for strip in strips:
        positives = strip[true].sum(axis=0, dtype=np.int64)
        limits = _allowed(strip[~true].sum(axis=0, dtype=np.int64), specificity)
        found.append(np.stack([_called(true, score, strip, limits) for score in scores]) / positives)
    return np.concatenate(found, axis=1)


def _allowed(negatives: Integers, specificity: float) -> Integers:
    """Return the largest number of negatives that may be called positive, `(B,)`, by the test of the metric itself."""
    near = np.floor(negatives * (1.0 - specificity)).astype(np.int64) + np.arange(-1, 2)[:, None]
    fits = (near >= 0) & (near <= negatives) & ((negatives - near) / negatives >= specificity)
    return np.asarray(np.where(fits, near, 0).max(axis=0))


def _called(true: Truth, score: Floats, weights: Weights, limits: Integers) -> Integers:
    """Return the weight of the positives that a run calls when it calls as many negatives as allowed, `(B,)`."""
    order = np.argsort(-score)
    falling, is_true = score[order], true[order]
    upper, lower = order[is_true], order[~is_true]
    first = _first_beyond(weights, lower, limits)
    higher = np.searchsorted(-falling[is_true], -falling[~is_true], side="left")  # positives above each negative
    return _weight_of_first(weights, upper, np.append(higher, upper.size)[first])


def _first_beyond(weights: Weights, lower: Integers, limits: Integers) -> Integers:
    """Return the place of the first negative with which more than the limit is called, `(B,)`; M where none is."""
    share = float(limits.max()) / max(1, int(weights[lower, 0].sum()))
    looked = int(SPARE * share * lower.size) + BLOCK
    while True:
        rows = weights[lower[:looked]]
        ahead = _ahead(rows)
        blocks = np.asarray((ahead[1:] <= limits).sum(axis=0), dtype=np.int64)
        own = np.cumsum(_of_block(rows, blocks), axis=0, dtype=np.int64) + ahead[blocks, np.arange(limits.size)]
        first = np.minimum(blocks * BLOCK + (own <= limits).sum(axis=0), len(rows))
        if looked >= lower.size or first.max() < looked:
            return np.asarray(first)
        looked *= 2


def _weight_of_first(weights: Weights, upper: Integers, counts: Integers) -> Integers:
    """Add up, for every resample, the weights of as many of the first cases as it is told, `(B,)`."""
    rows = weights[upper[: int(counts.max())]]
    blocks = counts // BLOCK
    own = _of_block(rows, blocks)
    own[np.arange(BLOCK)[:, None] >= counts - blocks * BLOCK] = 0
    return np.asarray(_ahead(rows)[blocks, np.arange(counts.size)] + own.sum(axis=0, dtype=np.int64))


def _ahead(rows: Weights) -> Integers:
    """Add up all rows in front of each block of rows, `(K + 1, B)`: the last row adds up everything."""
    starts = np.arange(0, len(rows), BLOCK)
    sums = np.zeros((starts.size + 1, rows.shape[1]), dtype=np.int64)
    for place, start in enumerate(starts):
        sums[place + 1] = rows[start : start + BLOCK].sum(axis=0, dtype=np.uint16)  # at most 64 times 255
    return np.cumsum(sums, axis=0)


def _of_block(rows: Weights, blocks: Integers) -> Weights:
    """Take from each column the rows of a block of its own, `(BLOCK, B)`; 0 behind the last row."""
    places = blocks * BLOCK + np.arange(BLOCK)[:, None]
    if not len(rows):
        return np.zeros(places.shape, dtype=np.uint8)
    return np.where(places < len(rows), rows[np.minimum(places, len(rows) - 1), np.arange(blocks.size)], np.uint8(0))
