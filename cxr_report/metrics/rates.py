"""Truth and predicted classes in, the rate of every class, or one average of them, out."""

from __future__ import annotations

from typing import overload

from numpy.typing import ArrayLike

from cxr_report.metrics.confusion import Average, Counts, counts, overall, rate
from cxr_report.metrics.probabilities import Floats

__all__ = [
    "f1",
    "f1_of",
    "npv",
    "npv_of",
    "ppv",
    "ppv_of",
    "sensitivity",
    "sensitivity_of",
    "specificity",
    "specificity_of",
]


def sensitivity_of(cells: Counts) -> Floats:
    """Return the sensitivity (recall), TP / (TP + FN), of every class.

    A class without positive cases has none: NaN. Source: Altman & Bland 1994, doi 10.1136/bmj.308.6943.1552.

    Args:
        cells: the four cells of C classes or L findings.

    Returns:
        `(C,)` in [0, 1] or NaN.

    Example:
        >>> sensitivity_of(counts([0, 0, 0, 1], [0, 0, 1, 1])).round(3)
        array([0.667, 1.   ])
    """
    return rate(cells.tp, cells.tp + cells.fn)


@overload
def sensitivity(truth: ArrayLike, predicted: ArrayLike, *, average: None, classes: int | None = None) -> Floats: ...
@overload
def sensitivity(
    truth: ArrayLike, predicted: ArrayLike, *, average: Average = "auto", classes: int | None = None
) -> float: ...
def sensitivity(
    truth: ArrayLike, predicted: ArrayLike, *, average: Average | None = "auto", classes: int | None = None
) -> float | Floats:
    """Return the sensitivity (recall), TP / (TP + FN).

    A class without positive cases has none: NaN, left out of an average.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.
        average: `auto` (class 1 of two, the mean over more), `macro`, `weighted`, `positive`, or None for one value per
            class.
        classes: C, as in `confusion_matrix`; not for findings.

    Returns:
        A number in [0, 1] or NaN, or `(C,)` of them.

    Raises:
        ValueError: for shapes, values or words that do not fit.

    Example:
        >>> sensitivity([0, 0, 0, 1], [0, 0, 1, 1]), sensitivity([0, 0, 0, 1], [0, 0, 1, 1], average="macro")
        (1.0, 0.8333333333333333)
    """
    cells = counts(truth, predicted, classes=classes)
    values = sensitivity_of(cells)
    return values if average is None else overall(values, cells.tp + cells.fn, average, truth)


def specificity_of(cells: Counts) -> Floats:
    """Return the specificity, TN / (TN + FP), of every class.

    A class without negative cases has none: NaN. Source: Altman & Bland 1994, doi 10.1136/bmj.308.6943.1552.

    Args:
        cells: the four cells of C classes or L findings.

    Returns:
        `(C,)` in [0, 1] or NaN.

    Example:
        >>> specificity_of(counts([0, 0, 0, 0, 1], [0, 0, 0, 1, 1])).round(3)
        array([1.  , 0.75])
    """
    return rate(cells.tn, cells.tn + cells.fp)


@overload
def specificity(truth: ArrayLike, predicted: ArrayLike, *, average: None, classes: int | None = None) -> Floats: ...
@overload
def specificity(
    truth: ArrayLike, predicted: ArrayLike, *, average: Average = "auto", classes: int | None = None
) -> float: ...
def specificity(
    truth: ArrayLike, predicted: ArrayLike, *, average: Average | None = "auto", classes: int | None = None
) -> float | Floats:
    """Return the specificity, TN / (TN + FP).

    A class without negative cases has none: NaN, left out of an average.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.
        average: `auto` (class 1 of two, the mean over more), `macro`, `weighted`, `positive`, or None for one value per
            class.
        classes: C, as in `confusion_matrix`; not for findings.

    Returns:
        A number in [0, 1] or NaN, or `(C,)` of them.

    Raises:
        ValueError: for shapes, values or words that do not fit.

    Example:
        >>> specificity([0, 0, 0, 0, 1], [0, 0, 0, 1, 1])
        0.75
    """
    cells = counts(truth, predicted, classes=classes)
    values = specificity_of(cells)
    return values if average is None else overall(values, cells.tp + cells.fn, average, truth)


def ppv_of(cells: Counts) -> Floats:
    """Return the positive predictive value (precision), TP / (TP + FP), of every class.

    A class that is never predicted has none: NaN. Source: Altman & Bland 1994, doi 10.1136/bmj.309.6947.102.

    Args:
        cells: the four cells of C classes or L findings.

    Returns:
        `(C,)` in [0, 1] or NaN.

    Example:
        >>> ppv_of(counts([0, 0, 0, 1], [0, 0, 1, 1])).round(3)
        array([1. , 0.5])
    """
    return rate(cells.tp, cells.tp + cells.fp)


@overload
def ppv(truth: ArrayLike, predicted: ArrayLike, *, average: None, classes: int | None = None) -> Floats: ...
@overload
def ppv(truth: ArrayLike, predicted: ArrayLike, *, average: Average = "auto", classes: int | None = None) -> float: ...
def ppv(
    truth: ArrayLike, predicted: ArrayLike, *, average: Average | None = "auto", classes: int | None = None
) -> float | Floats:
    """Return the positive predictive value (precision), TP / (TP + FP).

    A class that is never predicted has none: NaN, left out of an average.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.
        average: `auto` (class 1 of two, the mean over more), `macro`, `weighted`, `positive`, or None for one value per
            class.
        classes: C, as in `confusion_matrix`; not for findings.

    Returns:
        A number in [0, 1] or NaN, or `(C,)` of them.

    Raises:
        ValueError: for shapes, values or words that do not fit.

    Example:
        >>> ppv([0, 0, 0, 1], [0, 0, 1, 1])
        0.5
    """
    cells = counts(truth, predicted, classes=classes)
    values = ppv_of(cells)
    return values if average is None else overall(values, cells.tp + cells.fn, average, truth)


def npv_of(cells: Counts) -> Floats:
    """Return the negative predictive value, TN / (TN + FN), of every class.

    A class that is always predicted has none: NaN. Source: Altman & Bland 1994, doi 10.1136/bmj.309.6947.102.

    Args:
        cells: the four cells of C classes or L findings.

    Returns:
        `(C,)` in [0, 1] or NaN.

    Example:
        >>> npv_of(counts([0, 0, 0, 1], [0, 0, 1, 1])).round(3)
        array([0.5, 1. ])
    """
    return rate(cells.tn, cells.tn + cells.fn)


@overload
def npv(truth: ArrayLike, predicted: ArrayLike, *, average: None, classes: int | None = None) -> Floats: ...
@overload
def npv(truth: ArrayLike, predicted: ArrayLike, *, average: Average = "auto", classes: int | None = None) -> float: ...
def npv(
    truth: ArrayLike, predicted: ArrayLike, *, average: Average | None = "auto", classes: int | None = None
) -> float | Floats:
    """Return the negative predictive value, TN / (TN + FN).

    A class that is always predicted has none: NaN, left out of an average.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.
        average: `auto` (class 1 of two, the mean over more), `macro`, `weighted`, `positive`, or None for one value per
            class.
        classes: C, as in `confusion_matrix`; not for findings.

    Returns:
        A number in [0, 1] or NaN, or `(C,)` of them.

    Raises:
        ValueError: for shapes, values or words that do not fit.

    Example:
        >>> npv([0, 0, 0, 1], [0, 0, 1, 1])
        1.0
    """
    cells = counts(truth, predicted, classes=classes)
    values = npv_of(cells)
    return values if average is None else overall(values, cells.tp + cells.fn, average, truth)


def f1_of(cells: Counts) -> Floats:
    """Return the F1 score, 2 TP / (2 TP + FP + FN), of every class.

    A class that neither occurs nor is predicted has none: NaN.
    Source: Sokolova & Lapalme 2009, doi 10.1016/j.ipm.2009.03.002.

    Args:
        cells: the four cells of C classes or L findings.

    Returns:
        `(C,)` in [0, 1] or NaN.

    Example:
        >>> f1_of(counts([0, 0, 0, 1, 1], [0, 0, 1, 1, 1])).round(3)
        array([0.8, 0.8])
    """
    return rate(2 * cells.tp, 2 * cells.tp + cells.fp + cells.fn)


@overload
def f1(truth: ArrayLike, predicted: ArrayLike, *, average: None, classes: int | None = None) -> Floats: ...
@overload
def f1(truth: ArrayLike, predicted: ArrayLike, *, average: Average = "auto", classes: int | None = None) -> float: ...
def f1(
    truth: ArrayLike, predicted: ArrayLike, *, average: Average | None = "auto", classes: int | None = None
) -> float | Floats:
    """Return the F1 score, 2 TP / (2 TP + FP + FN).

    A class that neither occurs nor is predicted has none: NaN, left out of an average.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.
        average: `auto` (class 1 of two, the mean over more), `macro`, `weighted`, `positive`, or None for one value per
            class.
        classes: C, as in `confusion_matrix`; not for findings.

    Returns:
        A number in [0, 1] or NaN, or `(C,)` of them.

    Raises:
        ValueError: for shapes, values or words that do not fit.

    Example:
        >>> f1([0, 0, 0, 1, 1], [0, 0, 1, 1, 1])
        0.8
    """
    cells = counts(truth, predicted, classes=classes)
    values = f1_of(cells)
    return values if average is None else overall(values, cells.tp + cells.fn, average, truth)
