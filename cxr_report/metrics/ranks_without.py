"""Truth, scores and patients in, areas of the ranking without each patient in turn out: one sort per score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cxr_report.metrics.confusion import rate
from cxr_report.metrics.probabilities import Floats
from cxr_report.metrics.thresholds import Truth
from cxr_report.metrics.truth import Integers

__all__ = ["areas_without", "precisions_without"]


class _Levels(NamedTuple):
    """The distinct scores, from the highest down, T of them."""

    place: Integers
    """`(N,)` which of them each case has."""
    hits: Floats
    """`(T,)` positive cases that have it."""
    cases: Floats
    """`(T,)` all cases that have it."""


class _Own(NamedTuple):
    """What each patient has at each distinct score, Q rows, patient by patient and the highest score first."""

    patient: Integers
    """`(Q,)`."""
    place: Integers
    """`(Q,)` which distinct score."""
    hits: Floats
    """`(Q,)` the patient's positive cases there."""
    cases: Floats
    """`(Q,)` the patient's cases there."""
    hits_upto: Floats
    """`(Q,)` the patient's positive cases there and at higher scores."""
    cases_upto: Floats
    """`(Q,)` the patient's cases there and at higher scores."""


def _levels(true: Truth, score: Floats) -> _Levels:
    order = np.argsort(-score)
    place = np.empty(score.size, dtype=np.int64)
    place[order] = np.cumsum(np.diff(score[order], prepend=score[order[:1]]) != 0)
    hits = np.bincount(place, weights=true).astype(np.float64, copy=False)
    return _Levels(place, hits, np.bincount(place).astype(np.float64))


def _own(true: Truth, levels: _Levels, codes: Integers) -> _Own:
    width = levels.hits.size
    keys, row = np.unique(codes * width + levels.place, return_inverse=True)
    hits = np.bincount(row, weights=true).astype(np.float64, copy=False)
    patient, cases = keys // width, np.bincount(row).astype(np.float64)
    _, first, whose = np.unique(patient, return_index=True, return_inverse=True)
    upto = [np.cumsum(one) - (np.cumsum(one) - one)[first][whose] for one in (hits, cases)]
    return _Own(patient, keys % width, hits, cases, *upto)


def areas_without(true: Truth, score: Floats, codes: Integers, size: int) -> Floats:
    """Return the AUROC without each patient in turn.

    Of all pairs that the score orders rightly (ties one half) those of the patient's positive cases and those of its
    negative cases are taken off, and the pairs within the patient, taken off twice, are put back. O(N log N).

    Args:
        true: `(n,)` boolean.
        score: `(n,)` float64.
        codes: `(n,)` patient of every case, in 0 .. G-1; a patient need not have a case.
        size: G.

    Returns:
        `(G,)` in [0, 1]; NaN where no positive or no negative case is left.

    Example:
        >>> areas_without(np.array([True, False, True]), np.array([3.0, 1.0, 1.0]), np.arange(3), 3)
        array([0.5, nan, 1. ])
    """
    levels = _levels(true, score)
    misses = levels.cases - levels.hits
    above = np.cumsum(levels.hits) - levels.hits / 2
    below = misses.sum() - np.cumsum(misses) + misses / 2
    won = np.where(true, below[levels.place], above[levels.place])
    own = _own(true, levels, codes)
    within = (own.cases - own.hits) * (own.hits_upto - own.hits / 2)
    left = won[true].sum() - np.bincount(codes, weights=won, minlength=size)
    left += np.bincount(own.patient, weights=within, minlength=size)
    positives = levels.hits.sum() - np.bincount(codes[true], minlength=size)
    negatives = misses.sum() - np.bincount(codes[~true], minlength=size)
    return rate(left, positives * negatives)


def precisions_without(true: Truth, score: Floats, codes: Integers, size: int) -> Floats:
    """Return the average precision without each patient in turn.

    Average precision is `1 / P sum over distinct scores t of h_t H_t / n_t`: h_t positive cases at t, H_t positive and
    n_t all cases at t or higher. Without a patient that has a of s cases above t positive the term is
    `h_t (H_t - a) / (n_t - s)`, so between two of its scores it takes differences of the running sums of
    `h_t H_t / (n_t - s)` and `h_t / (n_t - s)`, one pair of running sums for every s that occurs; the terms at its own
    scores are written out. O(N log N) where every case is a patient of its own, O(N m) for at most m cases per patient.

    Args:
        true: `(n,)` boolean.
        score: `(n,)` float64.
        codes: `(n,)` patient of every case, in 0 .. G-1; a patient need not have a case.
        size: G.

    Returns:
        `(G,)` in [0, 1]; NaN where no positive case is left.

    Example:
        >>> precisions_without(np.array([True, False, True]), np.array([3.0, 2.0, 1.0]), np.arange(3), 3)
        array([0.5, 1. , 1. ])
    """
    levels = _levels(true, score)
    own = _own(true, levels, codes)
    hits, cases = np.cumsum(levels.hits), np.cumsum(levels.cases)
    kept = levels.hits[own.place] - own.hits
    total = kept * (hits[own.place] - own.hits_upto)
    others = cases[own.place] - own.cases_upto
    terms = np.divide(total, others, out=np.zeros(total.size), where=others > 0)
    summed = np.bincount(own.patient, weights=terms, minlength=size) + _between(levels, own, size)
    return rate(summed, hits[-1] - np.bincount(codes[true], minlength=size))


def _between(levels: _Levels, own: _Own, size: int) -> Floats:
    """Sum the terms of the scores that a patient does not have, `(G,)`.

    A stretch runs from behind one score of the patient (or from the highest score of all) to before its next one (or
    to the lowest of all); along it the number of the patient's cases above does not change.
    """
    width = levels.hits.size
    first = np.append(True, own.patient[1:] != own.patient[:-1])
    stop = np.full(size, width)
    stop[own.patient[first]] = own.place[first]
    patient = np.concatenate([np.arange(size), own.patient])
    start = np.concatenate([np.zeros(size, dtype=np.int64), own.place + 1])
    stop = np.concatenate([stop, np.where(np.append(first[1:], True), width, np.append(own.place[1:], width))])
    hits_above = np.concatenate([np.zeros(size), own.hits_upto])
    cases_above = np.concatenate([np.zeros(size), own.cases_upto])
    terms = np.empty(patient.size)
    order = np.argsort(cases_above, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(cases_above[order])) + 1):
        whole, share = _running(levels, float(cases_above[rows[0]]))
        a, b = start[rows], stop[rows]
        terms[rows] = whole[b] - whole[a] - hits_above[rows] * (share[b] - share[a])
    return np.asarray(np.bincount(patient, weights=terms, minlength=size))


def _running(levels: _Levels, gone: float) -> tuple[Floats, Floats]:
    """Return the running sums of `h H / (n - gone)` and `h / (n - gone)`, `(T + 1,)` each, from 0."""
    left = np.cumsum(levels.cases) - gone
    share = np.divide(levels.hits, left, out=np.zeros(left.size), where=left > 0)
    return np.append(0.0, np.cumsum(share * np.cumsum(levels.hits))), np.append(0.0, np.cumsum(share))
