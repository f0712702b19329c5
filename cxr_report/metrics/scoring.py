"""Truth and logits of one run in, every metric of the catalogue, overall and per class, out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.metrics.calibration import brier, brier_columns, ece, finding_log_loss, log_loss
from cxr_report.metrics.catalogue import METRICS, Metric
from cxr_report.metrics.confusion import kappa_of, mcc_of, mean_of, rate
from cxr_report.metrics.predictions import Predictions
from cxr_report.metrics.probabilities import Floats
from cxr_report.metrics.ranking import column_values, hand_till_area
from cxr_report.metrics.rates import f1_of, npv_of, ppv_of, sensitivity_of, specificity_of
from cxr_report.metrics.thresholds import Steps, area_of, precision_of, sensitivity_at_of
from cxr_report.metrics.truth import class_truth

__all__ = ["Score", "has_classes", "metric_value", "scores"]


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one run, over all classes or for one of them."""

    metric: str
    """A name of the catalogue."""
    klass: str
    """The class or finding; empty: overall."""
    value: float
    """NaN where undefined."""
    n: int
    """Cases that entered; overall, for findings: cases with at least one known label."""
    undefined: int
    """Values that were undefined: classes left out of the mean, or 1 where this row's own value is."""


_Values = Callable[[Predictions], Floats]
_Number = Callable[[Predictions], float]


def _ranked(statistic: Callable[[Steps], float], case: Predictions) -> Floats:
    return np.array([np.nan if column is None else statistic(column) for column in case.ranked])


def _finding_accuracy(case: Predictions) -> Floats:
    return rate(np.trace(case.tables, axis1=1, axis2=2), case.tables.sum(axis=(1, 2)))


def _finding_balanced(case: Predictions) -> Floats:
    return (sensitivity_of(case.counts) + specificity_of(case.counts)) / 2


def _finding_ece(case: Predictions) -> Floats:
    return column_values(ece, case.outcome, case.probabilities)


_CLASS_VALUES: dict[str, _Values] = {
    "sensitivity": lambda case: sensitivity_of(case.counts),
    "specificity": lambda case: specificity_of(case.counts),
    "ppv": lambda case: ppv_of(case.counts),
    "npv": lambda case: npv_of(case.counts),
    "f1": lambda case: f1_of(case.counts),
    "auroc": partial(_ranked, area_of),
    "average_precision": partial(_ranked, precision_of),
    "brier": lambda case: brier_columns(case.truth, case.probabilities),
    "sensitivity_at_specificity_90": partial(_ranked, sensitivity_at_of),
    "sensitivity_youden": lambda case: sensitivity_of(case.youden_counts),
    "specificity_youden": lambda case: specificity_of(case.youden_counts),
}
"""One value per class or finding, in every task."""

_FINDING_VALUES: dict[str, _Values] = {
    "accuracy": _finding_accuracy,
    "balanced_accuracy": _finding_balanced,
    "mcc": lambda case: mcc_of(case.tables),
    "kappa": lambda case: kappa_of(case.tables),
    "log_loss": lambda case: finding_log_loss(case.truth, case.logits),
    "ece": _finding_ece,
}
"""One value per finding; a softmax task has one number for all classes instead (`_WHOLE`)."""

_WHOLE: dict[str, _Number] = {
    "accuracy": lambda case: float((case.truth == case.predicted).mean()),
    "mcc": lambda case: float(mcc_of(case.tables)),
    "kappa": lambda case: float(kappa_of(case.tables)),
    "log_loss": lambda case: log_loss(case.truth, case.logits),
    "ece": lambda case: ece(case.truth, case.probabilities),
    "brier": lambda case: brier(case.truth, case.probabilities),
}
"""One number for all classes of a softmax task that is no mean over them."""

_MEANS: dict[str, _Values] = {
    "balanced_accuracy": _CLASS_VALUES["sensitivity"],
    "f1_weighted": _CLASS_VALUES["f1"],
    "auroc_weighted": _CLASS_VALUES["auroc"],
    "auroc_hand_till": lambda case: np.where(case.support > 0, 0.0, np.nan),
}
"""Values that an overall number is the mean of, where the classes have no rows of that name."""


def _class_values(name: str, case: Predictions) -> Floats:
    values = _FINDING_VALUES.get(name) if case.findings else None
    return (values or _CLASS_VALUES.get(name) or _MEANS[name])(case)


def _overall(name: str, case: Predictions) -> tuple[float, int]:
    """Return the number over all classes, and how many classes had none."""
    if not case.findings and name in _WHOLE:
        value = _WHOLE[name](case)
        return value, int(np.isnan(value))
    values = _class_values(name, case)
    if case.task == "binary" and name in _CLASS_VALUES:
        return float(values[1]), int(np.isnan(values[1]))
    if name.endswith("_weighted"):
        values = np.where(case.support > 0, values, np.nan)
        return mean_of(values, case.support, "weighted"), int(np.isnan(values).sum())
    missing = int(np.isnan(values).sum())
    if name == "auroc_hand_till":
        return hand_till_area(class_truth(case.truth), case.ranking), missing
    return mean_of(values, case.support, "macro"), missing


def has_classes(metric: Metric, task: str) -> bool:
    """Say whether a metric has a value per class or finding, beside the overall one.

    Args:
        metric: an entry of the catalogue.
        task: `binary`, `multiclass` or `multilabel`.

    Example:
        >>> has_classes(METRICS["mcc"], "multiclass"), has_classes(METRICS["mcc"], "multilabel")
        (False, True)
    """
    return {"binary": False, "multiclass": metric.per_class, "multilabel": metric.per_finding}[task]


def scores(
    task: str,
    truth: ArrayLike,
    logits: ArrayLike,
    *,
    classes: Sequence[str],
    thresholds: NDArray[np.float64] | None = None,
) -> tuple[Score, ...]:
    """Compute every metric of the catalogue that the task has.

    Binary: class 1 is the positive one, and there are no rows per class. Multiclass: each class against the rest, their
    mean overall; accuracy, MCC, kappa, Brier score, log loss and ECE are one number for all classes. Multi-label: each
    finding over its known labels, their mean overall. A mean runs over the classes that are defined. Cases are ranked
    by `margins`, in float64.

    Args:
        task: `binary`, `multiclass` or `multilabel`.
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        logits: `(N, C)`.
        classes: the C names, in the order of the columns.
        thresholds: `(C,)` probabilities chosen on validation; without them the `_youden` rows are NaN.

    Returns:
        The rows, metric by metric in the order of the catalogue, overall first.

    Raises:
        ValueError: for another task, or shapes or values that do not fit.

    Example:
        >>> rows = scores("binary", [0, 1], [[1.0, 0.0], [0.0, 1.0]], classes=("normal", "pneumonia"))
        >>> [(row.metric, row.value) for row in rows[:2]]
        [('accuracy', 1.0), ('balanced_accuracy', 1.0)]
    """
    case = Predictions(task, truth, logits, thresholds)
    if len(classes) != case.logits.shape[1]:
        raise ValueError(f"classes must name the {case.logits.shape[1]} columns of logits, got {len(classes)} names.")
    everyone = int(case.known.any(axis=1).sum())
    each = case.known.sum(axis=0)
    rows = []
    for name, metric in METRICS.items():
        if task not in metric.tasks:
            continue
        value, missing = _overall(name, case)
        rows.append(Score(metric=name, klass="", value=value, n=everyone, undefined=missing))
        if has_classes(metric, task):
            rows += [
                Score(metric=name, klass=klass, value=float(v), n=int(n), undefined=int(np.isnan(v)))
                for klass, v, n in zip(classes, _class_values(name, case), each, strict=True)
            ]
    return tuple(rows)


def metric_value(
    name: str, task: str, truth: ArrayLike, logits: ArrayLike, *, thresholds: NDArray[np.float64] | None = None
) -> float:
    """Compute one metric over all classes, as the overall row of `scores` has it.

    Args:
        name: a name of the catalogue.
        task: `binary`, `multiclass` or `multilabel`.
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        logits: `(N, C)`.
        thresholds: `(C,)` probabilities chosen on validation, for the `_youden` metrics.

    Returns:
        The number; NaN where undefined.

    Raises:
        ValueError: for a name the catalogue does not have for this task, or shapes or values that do not fit.

    Example:
        >>> metric_value("accuracy", "multiclass", [0, 2], [[3.0, 0.0, 1.0], [3.0, 0.0, 1.0]])
        0.5
    """
    case = Predictions(task, truth, logits, thresholds)
    known = [one for one, metric in METRICS.items() if task in metric.tasks]
    if name not in known:
        raise ValueError(f"name must be a metric of a {task} task ({', '.join(known)}), got {name!r}.")
    return _overall(name, case)[0]
