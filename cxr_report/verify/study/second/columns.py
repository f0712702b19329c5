"""Labels and logits in, one column of truth and score per class or finding out, and what is computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, softmax
from scipy.stats import rankdata

__all__ = ["Column", "areas", "brier", "columns", "influences", "precision"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """One class against the rest, or one finding, over the cases of which it is known."""

    cases: NDArray[np.int64]
    """``(n,)`` places among all N cases."""
    positive: NDArray[np.bool_]
    """``(n,)``"""
    score: Floats
    """``(n,)`` log odds."""

    @property
    def whole(self) -> bool:
        """Whether both kinds of cases occur."""
        return bool(self.positive.any() and not self.positive.all())


def columns(task: str, labels: NDArray[Any], logits: NDArray[Any]) -> list[Column]:
    """Part a prediction into columns; a binary one has that of class 1.

    Args:
        task: binary, multiclass or multilabel.
        labels: ``(N,)`` or ``(N, L)``.
        logits: ``(N, C)``.
    """
    z, everyone = np.asarray(logits, dtype=np.float64), np.arange(len(labels))
    if task == "multilabel":
        known = ~np.isnan(labels)
        return [Column(everyone[k], labels[k, c] == 1, z[k, c]) for c, k in enumerate(known.T)]
    if task == "binary":
        return [Column(everyone, labels == 1, z[:, 1] - z[:, 0])]
    rest = [logsumexp(np.delete(z, c, axis=1), axis=1) for c in range(z.shape[1])]
    return [Column(everyone, labels == c, z[:, c] - rest[c]) for c in range(z.shape[1])]


def areas(parts: list[Column]) -> float:
    """Return the mean area under the ROC curve: the share of pairs in the right order, by ranks."""
    found = []
    for part in (part for part in parts if part.whole):
        ranks, m = rankdata(part.score), int(part.positive.sum())
        found.append((ranks[part.positive].sum() - m * (m + 1) / 2) / (m * (len(ranks) - m)))
    return float(np.mean(found)) if found else float("nan")


def precision(parts: list[Column]) -> float:
    """Return the mean average precision: the precision at every positive's own score, averaged over positives."""
    found = []
    for part in (part for part in parts if part.positive.any()):
        rising = np.sort(part.score)
        above = len(rising) - np.searchsorted(rising, part.score[part.positive], side="left")
        own = np.sort(part.score[part.positive])
        hits = len(own) - np.searchsorted(own, part.score[part.positive], side="left")
        found.append(float(np.mean(hits / above)))
    return float(np.mean(found)) if found else float("nan")


def brier(task: str, labels: NDArray[Any], logits: NDArray[Any]) -> Floats:
    """Return the squared distance of every case's probabilities from its truth, ``(N,)``; of softmax outputs alone."""
    z = np.asarray(logits, dtype=np.float64)
    if task == "binary":
        return np.asarray((expit(z[:, 1] - z[:, 0]) - (labels == 1)) ** 2)
    one_hot = labels[:, None] == np.arange(z.shape[1])
    return np.asarray(((softmax(z, axis=1) - one_hot) ** 2).sum(axis=1))


def influences(parts: list[Column], total: int) -> Floats:
    """Return what every case adds to a mean area's deviation, ``(N,)``: products of two runs sum to their covariance.

    The placements of DeLong, DeLong and Clarke-Pearson 1988 (doi 10.2307/2531595), written out by ranks: the place of
    a positive is the share of negatives below it.
    """
    found = np.zeros(total)
    whole = [part for part in parts if part.whole]
    for part in whole:
        pos, neg = part.score[part.positive], part.score[~part.positive]
        m, n = len(pos), len(neg)
        v10 = (rankdata(part.score)[part.positive] - rankdata(pos)) / n
        v01 = 1 - (rankdata(part.score)[~part.positive] - rankdata(neg)) / m
        found[part.cases[part.positive]] += (v10 - v10.mean()) / np.sqrt(m * max(m - 1, 1)) / len(whole)
        found[part.cases[~part.positive]] += (v01 - v01.mean()) / np.sqrt(n * max(n - 1, 1)) / len(whole)
    return found
