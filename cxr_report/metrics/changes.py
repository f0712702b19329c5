"""Labels of every loss and seed in; which of them depend on the loss, on the seed, and how strongly, out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_report.metrics.truth import Integers

__all__ = ["Changes", "changes", "votes"]

Flags = NDArray[np.bool_]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Changes:
    """What the labels of K losses and S seeds depend on; ``...`` are cases, or cases and findings."""

    most: Integers
    """``(K, ...)``: the label that most seeds of a loss give; -1 where no single label is the most frequent."""
    by_loss: Flags
    """``(...)``: whether two losses have different most frequent labels."""
    by_seed: Flags
    """``(...)``: whether the seeds of at least one loss give different labels."""
    apart: Shares
    """``(K, K, ...)`` in [0, 1]: total variation distance of the labels of two losses where their most frequent labels
    differ, and 0 elsewhere; 1 = every seed of the one contradicts every seed of the other."""
    split: Shares
    """``(K, ...)`` in [0, 1): share of a loss's seeds that do not give its most frequent label."""


def votes(labels: Integers) -> Integers:
    """Count the seeds that give each label.

    Args:
        labels: ``(K, S, ...)``, not negative.

    Returns:
        ``(V, K, ...)``, label by label from 0 to the largest one there is.
    """
    width = int(labels.max(initial=0)) + 1
    return np.stack([(labels == label).sum(axis=1) for label in range(width)]).astype(np.int64)


def changes(labels: Integers) -> Changes:
    """Say which labels depend on the loss, and which on the seed.

    A loss whose seeds are divided evenly has no most frequent label and contradicts no other loss: that label depends
    on the seed. A label may depend on both.

    Args:
        labels: ``(K, S, ...)``: loss, seed, and cases or cases and findings; integers from 0.

    Raises:
        ValueError: there is no loss or no seed, or a label is negative.

    Example:
        >>> found = changes(np.array([[[0, 1], [0, 1]], [[1, 1], [1, 0]]]))
        >>> found.by_loss.tolist(), found.by_seed.tolist()
        ([True, False], [False, True])
    """
    if labels.ndim < 3 or 0 in labels.shape[:2] or (labels < 0).any():
        raise ValueError(f"labels must be integers from 0 of shape (K, S, ...) with K, S > 0, got {labels.shape}")
    counted = votes(labels)
    top = counted.max(axis=0)
    most = np.where((counted == top).sum(axis=0) == 1, counted.argmax(axis=0), -1)
    share = counted / labels.shape[1]
    differ = (most[:, None] != most[None]) & (most[:, None] >= 0) & (most[None] >= 0)
    distance = np.abs(share[:, :, None] - share[:, None]).sum(axis=0) / 2
    return Changes(
        most=most.astype(np.int64),
        by_loss=differ.any(axis=(0, 1)),
        by_seed=(top < labels.shape[1]).any(axis=0),
        apart=np.where(differ, distance, 0.0),
        split=1.0 - top / labels.shape[1],
    )
