"""Logits in, probabilities and one-against-the-rest scores out, in float64 and without overflow."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Floats", "finite_scores", "log_sigmoid", "log_softmax", "margins", "real_array", "sigmoid", "softmax"]

Floats: TypeAlias = NDArray[np.float64]


def real_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """Read an array of real numbers of any kind and shape.

    Args:
        values: numbers or booleans.
        name: the argument's name, for the message.

    Returns:
        The array, as it is where it holds numbers, in float64 where it holds objects.

    Raises:
        ValueError: for text, dates, complex numbers, a ragged list or masked values.

    Example:
        >>> real_array([1, 2], "truth")
        array([1, 2])
    """
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must have a value everywhere, got masked ones.")
    try:
        raw = np.asarray(values)
        raw = raw.astype(np.float64) if raw.dtype.kind == "O" else raw
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a rectangular array of real numbers.") from error
    if raw.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers, got dtype {raw.dtype}.")
    return raw


def finite_scores(scores: ArrayLike, name: str = "logits", ndim: int | None = 2) -> Floats:
    """Read scores of any real type as float64.

    Args:
        scores: `(N, C)` logits or probabilities of N cases.
        name: the argument's name, for the message.
        ndim: the number of axes asked for; None lets any through.

    Returns:
        The same shape in float64.

    Raises:
        ValueError: for another shape, no case, fewer than one class, NaN or infinity.

    Example:
        >>> finite_scores([[1, 2]])
        array([[1., 2.]])
    """
    result = np.asarray(real_array(scores, name), dtype=np.float64)
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {result.shape}.")
    if not result.size:
        raise ValueError(f"{name} must not be empty, got shape {result.shape}.")
    if not np.isfinite(result).all():
        bad = int((~np.isfinite(result)).sum())
        raise ValueError(f"{name} must be finite everywhere, got {bad} NaN or infinite value(s).")
    return result


def log_softmax(logits: ArrayLike) -> Floats:
    """Return the logarithm of the softmax over the last axis.

    `z_c - max z - log sum exp(z - max z)`: exact where the softmax itself would underflow to 0.

    Args:
        logits: `(..., C)`.

    Returns:
        `(..., C)`, at most 0.

    Raises:
        ValueError: for NaN or infinity.

    Example:
        >>> log_softmax([[0.0, 1000.0]])
        array([[-1000.,     0.]])
    """
    z = finite_scores(logits, ndim=None)
    shifted = z - z.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(logits: ArrayLike) -> Floats:
    """Return the softmax over the last axis, `exp(z_c) / sum exp(z)`.

    Args:
        logits: `(..., C)`.

    Returns:
        `(..., C)` in [0, 1]; each row sums to 1 up to rounding.

    Raises:
        ValueError: for NaN or infinity.

    Example:
        >>> softmax([[0.0, 0.0]])
        array([[0.5, 0.5]])
    """
    z = finite_scores(logits, ndim=None)
    raised = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def log_sigmoid(logits: ArrayLike) -> Floats:
    """Return the logarithm of the sigmoid, `-log(1 + exp(-z))`.

    Args:
        logits: any shape.

    Returns:
        The same shape, at most 0.

    Raises:
        ValueError: for NaN or infinity.

    Example:
        >>> log_sigmoid([-1000.0, 1000.0]) + 0.0
        array([-1000.,     0.])
    """
    return np.asarray(-np.logaddexp(0.0, -finite_scores(logits, ndim=None)))


def sigmoid(logits: ArrayLike) -> Floats:
    """Return the sigmoid of every logit, `1 / (1 + exp(-z))`.

    Args:
        logits: any shape.

    Returns:
        The same shape in [0, 1].

    Raises:
        ValueError: for NaN or infinity.

    Example:
        >>> sigmoid([0.0])
        array([0.5])
    """
    z = finite_scores(logits, ndim=None)
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1.0 + small))


def margins(logits: ArrayLike) -> Floats:
    """Return the log odds of each class against the rest, the score by which cases are ranked for that class.

    `z_c - log sum over d != c of exp(z_d)` equals `log(p_c / (1 - p_c))`. It orders the cases exactly as the softmax
    probability does, without the ties that probabilities take on where they round to 1.

    Args:
        logits: `(N, C)` softmax logits, C at least 2.

    Returns:
        `(N, C)`; for two classes the difference of the logits, once with each sign.

    Raises:
        ValueError: for fewer than two classes, NaN or infinity.

    Example:
        >>> margins([[0.0, 40.0], [0.0, 41.0]])
        array([[-40.,  40.],
               [-41.,  41.]])
    """
    z = finite_scores(logits)
    classes = z.shape[1]
    if classes < 2:
        raise ValueError(f"logits must have at least 2 columns for a softmax, got shape {z.shape}.")
    if classes == 2:
        gap = z[:, 1] - z[:, 0]
        return np.stack([-gap, gap], axis=1)
    columns = []
    for c in range(classes):
        rest = np.delete(z, c, axis=1)
        top = rest.max(axis=1)
        columns.append(z[:, c] - top - np.log(np.exp(rest - top[:, None]).sum(axis=1)))
    return np.stack(columns, axis=1)
