"""True classes and the probabilities of one classifier in, the multi-class M measure out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.checks import Floats, Integers, array
from cxr_report.stats.placements import placements

__all__ = ["HandTill", "class_indices", "hand_till"]


@dataclass(frozen=True, slots=True)
class HandTill:
    """The area under the ROC curve of several classes, averaged over their pairs."""

    auc: float
    """The M measure, in [0, 1], over the pairs of classes that both occur; NaN with fewer than two classes."""
    pairwise: Floats
    """`(C, C)`, symmetric, A(i, j) in [0, 1]; NaN on the diagonal and where a class has no case."""
    note: str
    """How many classes were left out, or why the measure is NaN, else empty."""


def class_indices(truth: ArrayLike, classes: int) -> Integers:
    """Read one class index per case.

    Args:
        truth: `(N,)` whole numbers 0 .. C-1.
        classes: C.

    Returns:
        `(N,)` int64.

    Raises:
        ValueError: for other numbers, another shape or no case.

    Example:
        >>> class_indices([0, 2], 3)
        array([0, 2])
    """
    values = array(truth, "truth", 1)
    if not values.size:
        raise ValueError("truth must have at least one case, got none.")
    strange = values[(values != np.round(values)) | (values < 0) | (values >= classes)]
    if strange.size:
        raise ValueError(f"truth must hold class indices 0 to {classes - 1}, got {strange[0]:g}.")
    return values.astype(np.int64)


def hand_till(truth: ArrayLike, probabilities: ArrayLike) -> HandTill:
    """Measure how well a classifier tells several classes apart, each pair of classes counting the same.

    `A(i | j)` is the probability that a case of class i has a higher probability of class i than a case of class j,
    ties one half; `A(i, j) = (A(i | j) + A(j | i)) / 2`; `M = 2 / (C (C - 1)) sum_{i < j} A(i, j)`. A class without a
    case has no pairs: they are NaN, left out of M and counted in the note. One sort per class.

    Source: Hand & Till 2001, doi 10.1023/A:1010920819831.

    Args:
        truth: `(N,)` class indices 0 .. C-1.
        probabilities: `(N, C)`, C at least 2; only their order within a column matters.

    Returns:
        M and the pairwise areas.

    Raises:
        ValueError: for NaN, infinity, fewer than 2 classes, unequal lengths or a truth outside 0 .. C-1.

    Example:
        >>> result = hand_till([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3]])
        >>> result.auc, result.pairwise[1]
        (0.75, array([1.  ,  nan, 0.25]))
    """
    table = array(probabilities, "probabilities", 2)
    classes = table.shape[1]
    if classes < 2:
        raise ValueError(f"probabilities must have at least 2 columns (classes), got shape {table.shape}.")
    labels = class_indices(truth, classes)
    if labels.size != table.shape[0]:
        raise ValueError(f"probabilities must have one row per case of truth, {labels.size}, got {table.shape[0]}.")
    counts = np.bincount(labels, minlength=classes)
    one_way = np.full((classes, classes), np.nan)
    for i in np.flatnonzero(counts):
        _, values = placements(labels == i, np.ascontiguousarray(table[:, i])[None])
        sums = np.bincount(labels, weights=values[0], minlength=classes)
        one_way[i] = np.divide(sums, counts, out=np.full(classes, np.nan), where=counts > 0)
    np.fill_diagonal(one_way, np.nan)
    pairwise = (one_way + one_way.T) / 2
    known = pairwise[np.triu_indices(classes, 1)]
    known = known[~np.isnan(known)]
    absent = int((counts == 0).sum())
    note = f"{absent} of {classes} classes without a case left out of the mean" if absent else ""
    if not known.size:
        return HandTill(np.nan, pairwise, "the measure needs cases of at least two classes")
    return HandTill(float(known.mean()), pairwise, note)
