"""Truth and scores in, areas under the ROC curve and placement values out: one sort per score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cxr_report.stats.checks import Floats, Integers

__all__ = ["concordant_pairs", "placements"]


def placements(positive: NDArray[np.bool_], scores: Floats | Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the area under the ROC curve and the placement value of every case, for every score.

    For a positive case `V10 = P(a negative scores lower)`, for a negative case `V01 = P(a positive scores higher)`,
    both over the observed cases of the other class, a tie counting one half (midranks). The area is the mean of either
    (Hanley & Hajian-Tilaki 1997, doi 10.1016/S1076-6332(97)80161-4). Counts are exact halves in float64, so a perfect
    score has area exactly 1 and a constant one exactly 0.5. Cost: O(N log N) per score.

    Args:
        positive: `(N,)` boolean truth.
        scores: `(m, N)`, or m vectors `(N,)`; finite, higher = more positive.

    Returns:
        The areas `(m,)` and the placement values `(m, N)`; NaN throughout where a class has no case.

    Example:
        >>> auc, values = placements(np.array([True, False, True]), np.array([[0.8, 0.3, 0.3]]))
        >>> auc, values
        (array([0.75]), array([[1.  , 0.75, 0.5 ]]))
    """
    n_positive = int(np.count_nonzero(positive))
    n_negative = positive.size - n_positive
    if not n_positive or not n_negative:
        return np.full(len(scores), np.nan), np.full((len(scores), positive.size), np.nan)
    # one block for results and scratch: fetching fresh memory pages again and again cost more than the sums (measured)
    block = np.empty((len(scores) + 4, positive.size))
    values, room = block[:-4], block[-4:].view(np.int64)
    room[0], room[1] = positive, np.arange(1 - n_positive, positive.size + 1 - n_positive)
    for score, value in zip(scores, values, strict=True):
        _pairs_won(score, value, room, n_positive)
    truth, others = block[-2:]
    truth[:] = positive
    areas = (values @ truth) / (float(n_positive) * n_negative)
    np.multiply(truth, n_negative - n_positive, out=others)
    others += n_positive  # cases of the other class
    values /= others
    return areas, values


def _pairs_won(score: Floats, out: Floats, room: Integers, n_positive: int) -> None:
    """Write for every case with how many cases of the other class it is ordered rightly, ties counting one half.

    A positive is ordered rightly with the `rank - positives` negatives below it, a negative with the
    `n_positive - positives` positives above it, both counts running along the sorted score.

    Args:
        score: `(N,)` finite.
        out: `(N,)` receives the counts.
        room: `(4, N)`: truth, rank minus the number of positives, and two rows of scratch.
        n_positive: positives in all.
    """
    truth, rank, labels, positives = room
    order = np.argsort(score)  # an unstable sort is enough: ties are resolved below
    np.take(score, order, out=out, mode="clip")
    np.take(truth, order, out=labels, mode="clip")
    np.cumsum(labels, out=positives)  # in integers, ten times as fast as in floats (measured)
    steps = out[1:] != out[:-1]
    if steps.all():
        labels *= rank
        labels -= positives
        labels += n_positive
        counts = positives.view(np.float64)
        counts[:] = labels
        out[order] = counts
    else:
        ends = np.append(np.flatnonzero(steps), score.size - 1)
        middle_rank, below = _at_middle(ends, positives)
        out[order] = labels * (middle_rank - n_positive) - below + n_positive


def _at_middle(ends: Integers, positives: Integers) -> tuple[Floats, Floats]:
    """Return both running counts at the middle of every run of equal scores.

    Args:
        ends: `(R,)` last place of every run.
        positives: `(N,)` positive cases up to and including each place.

    Returns:
        `(N,)` cases below the middle and `(N,)` positives below it.
    """
    sizes = np.diff(ends, prepend=-1)
    upto = positives[ends]
    return np.repeat(ends + 1 - sizes / 2, sizes), np.repeat((upto + np.append(0, upto[:-1])) / 2, sizes)


def concordant_pairs(positive: NDArray[np.bool_], score: Floats, codes: Integers, n_groups: int) -> Floats:
    """Count within every patient the pairs of a positive and a negative case that are ordered rightly, ties one half.

    One sort by (patient, score) serves all patients, so the cost stays O(N log N) however many images a patient has.

    Args:
        positive: `(N,)` boolean truth.
        score: `(N,)` finite, higher = more positive.
        codes: `(N,)` patient of every case, 0 .. G-1.
        n_groups: G.

    Returns:
        `(G,)` counts, multiples of one half.

    Example:
        >>> truth, score = np.array([True, False, True, False]), np.array([0.9, 0.1, 0.5, 0.5])
        >>> concordant_pairs(truth, score, np.array([0, 0, 1, 1]), 2)
        array([1. , 0.5])
    """
    order = np.lexsort((score, codes))
    ordered, patient, labels = score[order], codes[order], positive[order].astype(np.int64)
    last = np.append((ordered[1:] != ordered[:-1]) | (patient[1:] != patient[:-1]), True)
    ends = np.flatnonzero(last)
    starts = np.append(0, ends[:-1] + 1)
    negatives = np.cumsum(1 - labels)
    before = negatives[starts] - (1 - labels[starts])  # negatives before this run of ties, all patients
    first = np.flatnonzero(np.append(True, patient[1:] != patient[:-1]))
    earlier = np.zeros(n_groups)
    earlier[patient[first]] = negatives[first] - (1 - labels[first])  # negatives of earlier patients
    lower = (before + negatives[ends]) / 2 - earlier[patient[ends]]
    won = np.add.reduceat(labels, starts) * lower
    return np.bincount(patient[ends], weights=won, minlength=n_groups).astype(np.float64, copy=False)
