"""Truth and predictions in, checked arrays of one shape and indicator matrices out: what every metric checks first."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.metrics.probabilities import Floats, finite_scores, real_array

__all__ = ["Integers", "class_truth", "finding_truth", "indicators", "labels", "number_of_classes", "one_truth"]

Integers: TypeAlias = NDArray[np.int64]

MOST_CLASSES = 10_000
"""Chosen: a larger class index is a mistake (patient ids, pixel values), and its confusion matrix would not fit."""


def class_truth(truth: ArrayLike, *, name: str = "truth") -> Integers:
    """Read the class indices of N cases.

    Args:
        truth: `(N,)` whole numbers from 0 on.
        name: the argument's name, for the message.

    Returns:
        `(N,)` int64.

    Raises:
        ValueError: for another shape, no case, a fraction, a negative or very large number, or NaN.

    Example:
        >>> class_truth([0, 2, 1])
        array([0, 2, 1])
    """
    raw = real_array(truth, name)
    if raw.ndim != 1 or not raw.size:
        raise ValueError(f"{name} must have shape (N,) with at least one case, got shape {raw.shape}.")
    if raw.dtype.kind not in "iub":
        numbers = np.asarray(raw, dtype=np.float64)
        if not (np.isfinite(numbers).all() and (numbers == np.rint(numbers)).all()):
            raise ValueError(f"{name} must hold class indices, got a value that is no whole number.")
        raw = numbers
    if raw.min() < 0:
        raise ValueError(f"{name} must hold class indices from 0 on, got {raw.min():g}.")
    if raw.max() >= MOST_CLASSES:
        raise ValueError(f"{name} must hold class indices below {MOST_CLASSES}, got {raw.max():g}.")
    return raw.astype(np.int64)


def finding_truth(truth: ArrayLike) -> Floats:
    """Read the truth of N cases and L findings.

    Args:
        truth: `(N, L)` of 1 (present), 0 (absent) and NaN (not known).

    Returns:
        `(N, L)` float64.

    Raises:
        ValueError: for another shape, no case or any other value.

    Example:
        >>> finding_truth([[1, 0], [np.nan, 1]])
        array([[ 1.,  0.],
               [nan,  1.]])
    """
    result = np.asarray(real_array(truth, "truth"), dtype=np.float64)
    if result.ndim != 2 or not result.size:
        raise ValueError(f"truth must have shape (N, L) with at least one case and finding, got shape {result.shape}.")
    strange = result[~(np.isnan(result) | (result == 0) | (result == 1))]
    if strange.size:
        raise ValueError(f"truth must hold 0, 1 and NaN only, got {strange[0]:g}.")
    return result


def one_truth(truth: ArrayLike) -> NDArray[np.bool_]:
    """Read the truth of N cases in one class or finding.

    Args:
        truth: `(N,)` of 1 (positive) and 0 (negative).

    Returns:
        `(N,)` boolean.

    Raises:
        ValueError: for another shape, no case or any other value.

    Example:
        >>> one_truth([1, 0])
        array([ True, False])
    """
    raw = real_array(truth, "truth")
    if raw.ndim != 1 or not raw.size:
        raise ValueError(f"truth must have shape (N,) with at least one case, got shape {raw.shape}.")
    if raw.dtype.kind != "b" and not ((raw == 0) | (raw == 1)).all():
        raise ValueError("truth must hold 0 and 1 only, got another value.")
    return raw.astype(np.bool_)


def labels(predicted: ArrayLike, n: int) -> Integers:
    """Read predicted classes: given as such, or as scores of which the largest decides.

    Args:
        predicted: `(N,)` class indices, or `(N, C)` logits or probabilities; the first of several largest counts.
        n: the number of cases N.

    Returns:
        `(N,)` int64.

    Raises:
        ValueError: for another shape, another number of cases, or values that are no classes.

    Example:
        >>> labels([[0.2, 0.8], [0.6, 0.4]], 2)
        array([1, 0])
    """
    raw = real_array(predicted, "predicted")
    if raw.ndim not in (1, 2) or raw.shape[0] != n:
        raise ValueError(f"predicted must have shape ({n},) or ({n}, C), got {raw.shape}.")
    if raw.ndim == 2:
        return np.asarray(finite_scores(raw, "predicted").argmax(axis=1), dtype=np.int64)
    return class_truth(raw, name="predicted")


def number_of_classes(classes: int | None, *seen: ArrayLike) -> int:
    """Return the number of classes C: the one given, or else one more than the largest index seen, at least two.

    Args:
        classes: C, or None.
        *seen: arrays of class indices.

    Returns:
        C.

    Raises:
        ValueError: if an index is seen that C does not allow.

    Example:
        >>> number_of_classes(None, [0, 2]), number_of_classes(5, [0, 2])
        (3, 5)
    """
    needed = max(int(np.max(one)) for one in seen) + 1
    if classes is None:
        return max(needed, 2)
    if classes < needed:
        raise ValueError(f"truth and predictions must hold indices below {classes}, got {needed - 1}.")
    return classes


def indicators(truth: ArrayLike, width: int) -> Floats:
    """Return what each column of a score matrix is judged by: 1, 0, or NaN where it is not known.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 0 / 1 / NaN.
        width: the number of columns C or L.

    Returns:
        `(N, width)` float64.

    Raises:
        ValueError: if truth and width do not fit each other, or truth holds other values.

    Example:
        >>> indicators([0, 1], 2)
        array([[1., 0.],
               [0., 1.]])
    """
    if np.ndim(truth) == 2:
        result = finding_truth(truth)
        if result.shape[1] != width:
            raise ValueError(f"truth must have {width} columns, one per finding, got shape {result.shape}.")
        return result
    index = class_truth(truth)
    number_of_classes(width, index)
    return np.asarray(index[:, None] == np.arange(width), dtype=np.float64)
