"""Truth and predicted classes in, confusion matrices, their cells and what is computed from them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.metrics.probabilities import Floats, real_array
from cxr_report.metrics.truth import Integers, class_truth, finding_truth, labels, number_of_classes

__all__ = [
    "Average",
    "Counts",
    "confusion_matrix",
    "counts",
    "finding_tables",
    "kappa_of",
    "mcc_of",
    "mean_of",
    "overall",
    "rate",
]

Average: TypeAlias = Literal["auto", "macro", "weighted", "positive"]
"""`auto`: `positive` for two classes, `macro` for more and for findings. `macro`: mean over the classes that are
defined. `weighted`: the same, weighted by their number of positive cases. `positive`: class 1 of two. None instead of a
word: one value per class."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The four cells of each class against the rest, or of each finding."""

    tp: Floats
    """`(C,)` positive and predicted positive."""
    fp: Floats
    """`(C,)` negative, predicted positive."""
    fn: Floats
    """`(C,)` positive, predicted negative."""
    tn: Floats
    """`(C,)` negative and predicted negative."""


def rate(part: ArrayLike, whole: ArrayLike) -> Floats:
    """Divide, with NaN where the whole is 0.

    Args:
        part: any shape.
        whole: the same shape.

    Returns:
        The same shape.

    Example:
        >>> rate([1.0, 0.0], [2.0, 0.0])
        array([0.5, nan])
    """
    top, bottom = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    result = np.full(np.broadcast(top, bottom).shape, np.nan)
    np.divide(top, bottom, out=result, where=bottom != 0)
    return result


def mean_of(values: Floats, support: Floats, average: Average) -> float:
    """Average the values of several classes over those that are defined.

    Args:
        values: `(C,)`, NaN where undefined.
        support: `(C,)` positive cases, the weights of `weighted`.
        average: see `Average`.

    Returns:
        The mean; NaN where no class is defined.

    Raises:
        ValueError: for another word, or for `positive` with other than two classes.

    Example:
        >>> mean_of(np.array([0.5, np.nan, 1.0]), np.array([1.0, 0.0, 3.0]), "weighted")
        0.875
    """
    if average == "positive":
        if values.shape != (2,):
            raise ValueError(f"average='positive' needs two classes, got {values.size}.")
        return float(values[1])
    if average not in ("macro", "weighted"):
        raise ValueError(f"average must be 'auto', 'macro', 'weighted', 'positive' or None, got {average!r}.")
    there = ~np.isnan(values)
    weights = (support if average == "weighted" else np.ones_like(values))[there]
    return float(rate((weights * values[there]).sum(), weights.sum()))


def overall(values: Floats, support: Floats, average: Average, truth: ArrayLike) -> float:
    """Average the values of several classes, by default as their task has it.

    Args:
        values: `(C,)`, NaN where undefined.
        support: `(C,)` positive cases.
        average: see `Average`.
        truth: `(N,)` class indices or `(N, L)` findings, which tells the one from the other.

    Returns:
        The mean, or the value of class 1 of two.

    Raises:
        ValueError: for another word, or for `positive` with other than two classes.

    Example:
        >>> overall(np.array([0.5, 1.0]), np.array([1.0, 3.0]), "auto", [0, 1])
        1.0
    """
    if average == "auto":
        average = "positive" if np.ndim(truth) == 1 and values.shape == (2,) else "macro"
    return mean_of(values, support, average)


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, *, classes: int | None = None) -> Integers:
    """Count the cases of every true and predicted class.

    Args:
        truth: `(N,)` class indices.
        predicted: `(N,)` class indices, or `(N, C)` scores of which the largest decides.
        classes: C; by default the width of `predicted`, or one more than the largest index seen.

    Returns:
        `(C, C)` int64, rows = truth, columns = predicted.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1])
        array([[1, 1],
               [0, 1]])
    """
    true = class_truth(truth)
    guess = labels(predicted, true.size)
    if classes is None and np.ndim(predicted) == 2:
        classes = int(np.shape(predicted)[1])
    width = number_of_classes(classes, true, guess)
    return np.bincount(true * width + guess, minlength=width * width).reshape(width, width).astype(np.int64)


def finding_tables(truth: ArrayLike, predicted: ArrayLike) -> Integers:
    """Count the cases of every finding, those whose truth is known.

    Args:
        truth: `(N, L)` of 1, 0 and NaN.
        predicted: `(N, L)` of 1 and 0, as `decide` gives them.

    Returns:
        `(L, 2, 2)` int64, rows = truth, columns = predicted, absent first.

    Raises:
        ValueError: for another shape or another value.

    Example:
        >>> finding_tables([[1], [0], [np.nan]], [[1], [1], [0]])
        array([[[0, 1],
                [0, 1]]])
    """
    true = finding_truth(truth)
    guess = real_array(predicted, "predicted")
    if guess.shape != true.shape or not ((guess == 0) | (guess == 1)).all():
        raise ValueError(f"predicted must hold 0 and 1 only and have shape {true.shape}, got shape {guess.shape}.")
    cells = [[(true == t) & (guess == g) for g in (0, 1)] for t in (0, 1)]
    return np.asarray(np.array(cells).sum(axis=2).transpose(2, 0, 1), dtype=np.int64)


def counts(truth: ArrayLike, predicted: ArrayLike, *, classes: int | None = None) -> Counts:
    """Count true and false positives and negatives of each class against the rest, or of each finding.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.
        classes: C, as in `confusion_matrix`; not for findings.

    Returns:
        Four arrays `(C,)` or `(L,)`.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> counts([0, 0, 1], [0, 1, 1]).tp
        array([1., 1.])
    """
    if np.ndim(truth) == 2:
        table = finding_tables(truth, predicted).astype(np.float64)
        return Counts(tp=table[:, 1, 1], fp=table[:, 0, 1], fn=table[:, 1, 0], tn=table[:, 0, 0])
    square = confusion_matrix(truth, predicted, classes=classes).astype(np.float64)
    hit, true, guess = np.diagonal(square), square.sum(axis=1), square.sum(axis=0)
    return Counts(tp=hit.copy(), fp=guess - hit, fn=true - hit, tn=square.sum() - true - guess + hit)


def mcc_of(table: ArrayLike) -> Floats:
    """Return the Matthews correlation coefficient of confusion matrices.

    `(s c - sum p_k t_k) / sqrt((s^2 - sum p_k^2)(s^2 - sum t_k^2))` with s cases, c of them right, and t and p the
    true and predicted totals of class k. NaN where all cases are of one class or are predicted as one.
    Source: Gorodkin 2004, doi 10.1016/j.compbiolchem.2004.09.006.

    Args:
        table: `(..., C, C)` counts.

    Returns:
        `(...)` in [-1, 1].

    Example:
        >>> mcc_of([[2, 0], [0, 3]])
        array(1.)
    """
    cells = np.asarray(table, dtype=np.float64)
    true, guess = cells.sum(axis=-1), cells.sum(axis=-2)
    s, hit = true.sum(axis=-1), np.trace(cells, axis1=-2, axis2=-1)
    spread = np.sqrt((s**2 - (guess**2).sum(axis=-1)) * (s**2 - (true**2).sum(axis=-1)))
    return np.asarray(np.clip(rate(s * hit - (true * guess).sum(axis=-1), spread), -1.0, 1.0))


def kappa_of(table: ArrayLike) -> Floats:
    """Return Cohen's unweighted kappa of confusion matrices.

    `(s c - sum p_k t_k) / (s^2 - sum p_k t_k)`, see `mcc_of`. NaN where all cases are of one class and predicted so.
    Source: Cohen 1960, doi 10.1177/001316446002000104.

    Args:
        table: `(..., C, C)` counts.

    Returns:
        `(...)` in [-1, 1].

    Example:
        >>> kappa_of([[20, 5], [10, 15]])
        array(0.4)
    """
    cells = np.asarray(table, dtype=np.float64)
    chance = (cells.sum(axis=-1) * cells.sum(axis=-2)).sum(axis=-1)
    s = cells.sum(axis=(-2, -1))
    return rate(s * np.trace(cells, axis1=-2, axis2=-1) - chance, s**2 - chance)
