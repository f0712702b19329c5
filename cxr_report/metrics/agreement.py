"""Truth and predicted classes in, one number for their agreement over all classes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.metrics.confusion import confusion_matrix, counts, finding_tables, kappa_of, mcc_of, mean_of, rate
from cxr_report.metrics.truth import class_truth, labels

__all__ = ["accuracy", "balanced_accuracy", "kappa", "mcc"]


def accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share of cases whose predicted class is the true one.

    Findings: the mean over the findings of the share of known labels that are predicted.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.

    Returns:
        A number in [0, 1]; NaN where no label is known.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> accuracy([0, 1, 2, 2], [0, 1, 2, 1])
        0.75
    """
    if np.ndim(truth) == 2:
        table = finding_tables(truth, predicted)
        values = rate(np.trace(table, axis1=1, axis2=2), table.sum(axis=(1, 2)))
        return mean_of(values, values, "macro")
    true = class_truth(truth)
    return float((true == labels(predicted, true.size)).mean())


def balanced_accuracy(truth: ArrayLike, predicted: ArrayLike, *, classes: int | None = None) -> float:
    """Return the mean sensitivity over the classes that occur.

    Findings: the mean over the findings of (sensitivity + specificity) / 2, where both are defined.
    Source: Brodersen et al. 2010, doi 10.1109/ICPR.2010.764.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.
        classes: C, as in `confusion_matrix`.

    Returns:
        A number in [0, 1]; NaN where nothing is defined.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 1, 1])
        0.8333333333333333
    """
    cells = counts(truth, predicted, classes=classes)
    values = rate(cells.tp, cells.tp + cells.fn)
    if np.ndim(truth) == 2:
        values = (values + rate(cells.tn, cells.tn + cells.fp)) / 2
    return mean_of(values, values, "macro")


def mcc(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the Matthews correlation coefficient, in the form for several classes (see `mcc_of`).

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN (mean over the defined findings).
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.

    Returns:
        A number in [-1, 1]; NaN where truth or prediction is constant.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> mcc([0, 0, 1, 1], [1, 1, 0, 0])
        -1.0
    """
    if np.ndim(truth) == 2:
        values = mcc_of(finding_tables(truth, predicted))
        return mean_of(values, values, "macro")
    return float(mcc_of(confusion_matrix(truth, predicted)))


def kappa(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return Cohen's unweighted kappa between truth and prediction (see `kappa_of`).

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN (mean over the defined findings).
        predicted: `(N,)` class indices or `(N, C)` scores; for findings `(N, L)` of 1 and 0.

    Returns:
        A number in [-1, 1]; NaN where all cases are of one class and predicted so.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> kappa([0, 0, 1, 1], [0, 1, 0, 1])
        0.0
    """
    if np.ndim(truth) == 2:
        values = kappa_of(finding_tables(truth, predicted))
        return mean_of(values, values, "macro")
    return float(kappa_of(confusion_matrix(truth, predicted)))
