"""Metrics: scores, curves, calibration and decisions of one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cxr_report import metrics
from cxr_report.conformance.comparison import ROUNDING, Compared, Comparison, Tolerance, attributes, by_program
from cxr_report.conformance.stored import witness

__all__ = ["COMPARISONS"]

EXACT = Tolerance(0.0, "absolute", "whole numbers")
SINGLE = Tolerance(1e-6, "absolute", "torchmetrics computes in single precision")
RATES = ("sensitivity", "specificity", "ppv", "npv", "f1")
CELLS = ("tp", "fp", "fn", "tn")


def arrays(task: str) -> tuple[Any, Any]:
    """Give truth and logits of one stored data set; unknown labels are NaN."""
    stored = witness("reference")[task]
    return np.array(stored["truth"], dtype=float if task == "multilabel" else int), np.array(stored["logits"])


def _columns(task: str) -> list[dict[str, Any]]:
    """Give what is stored of every class or finding."""
    stored = witness("reference")[task]
    columns: list[dict[str, Any]] = stored["classes"] if task == "multiclass" else stored["findings"]
    return columns


def _mean(name: str) -> float:
    """Average a stored value over the findings."""
    return float(np.mean([column[name] for column in _columns("multilabel")]))


def _of_calls(name: str) -> Compared:
    """Compare a metric of predicted classes: two classes, several, findings."""
    function = getattr(metrics, name)
    computed, expected = [], []
    for task in ("binary", "multiclass"):
        stored = witness("reference")[task]["values"]
        if name in RATES and task == "binary":
            computed.append(function(*arrays(task), average="positive"))
        elif name in stored:
            computed.append(function(*arrays(task)))
        else:  # of several classes scikit-learn has no specificity and no npv
            continue
        expected.append(stored[name])
    truth, logits = arrays("multilabel")
    computed.append(function(truth, metrics.decide("multilabel", logits)))
    expected.append(_mean(name))
    if name in RATES:
        computed.append(function(*arrays("multiclass"), average=None))
        expected.append([column[name] for column in _columns("multiclass")])
    return computed, expected, ROUNDING


def _weighted_f1() -> Compared:
    tasks = ("binary", "multiclass")
    computed = [metrics.f1(*arrays(task), average="weighted") for task in tasks]
    return computed, [witness("reference")[task]["values"]["f1_weighted"] for task in tasks], ROUNDING


def _probabilities(task: str) -> tuple[Any, Any]:
    truth, logits = arrays(task)
    return truth, metrics.sigmoid(logits) if task == "multilabel" else metrics.softmax(logits)


def _of_probabilities(name: str, tolerance: Tolerance) -> Compared:
    """Compare a metric of probabilities: two classes, several, findings."""
    function = getattr(metrics, name)
    truth, p = _probabilities("binary")
    binary = function(truth, p) if name == "ece" else function(truth, p[:, 1])
    computed = [binary, function(*_probabilities("multiclass")), function(*_probabilities("multilabel"))]
    stored = witness("reference")
    return computed, [stored[t]["values"][name] for t in ("binary", "multiclass")] + [_mean(name)], tolerance


def _area_averages() -> Compared:
    stored = witness("reference")["multiclass"]["values"]
    computed = [metrics.auroc(*_probabilities("multiclass"), average=how) for how in ("weighted", "hand-till")]
    return computed, [stored["auroc_weighted"], stored["auroc_hand_till"]], ROUNDING


def _log_loss() -> Compared:
    stored = witness("reference")
    computed = [metrics.log_loss(*arrays(task)) for task in ("binary", "multiclass", "multilabel")]
    expected = [stored[task]["values"]["log_loss"] for task in ("binary", "multiclass")]
    return computed, [*expected, _mean("log_loss")], ROUNDING


def _rows(task: str) -> tuple[dict[tuple[str, str], float], list[str]]:
    truth, logits = arrays(task)
    names = [str(c) for c in range(logits.shape[1])]
    return {(r.metric, r.klass): r.value for r in metrics.scores(task, truth, logits, classes=names)}, names


def _stored_rows(task: str, rows: dict[tuple[str, str], float], names: list[str]) -> dict[tuple[str, str], float]:
    """Give the expected value of every row that scikit-learn has."""
    stored = witness("reference")[task]
    expected = {(m, ""): v for m, v in stored.get("values", {}).items() if (m, "") in rows}
    if task != "binary":
        columns = _columns(task)
        expected |= {(m, k): c[m] for k, c in zip(names, columns, strict=True) for m in c if (m, k) in rows}
    return {key: value for key, value in expected.items() if key[0] != "ece"}


def _scores() -> Compared:
    computed, expected = [], []
    for task in metrics.TASKS:
        rows, names = _rows(task)
        wanted = _stored_rows(task, rows, names)
        computed.append([rows[key] for key in wanted])
        expected.append(list(wanted.values()))
    return computed, expected, ROUNDING


def _metric_value() -> Compared:
    computed, expected = [], []
    for task in ("binary", "multiclass"):
        rows, names = _rows(task)
        wanted = {m: v for (m, k), v in _stored_rows(task, rows, names).items() if k == ""}
        computed.append([metrics.metric_value(name, task, *arrays(task)) for name in wanted])
        expected.append(list(wanted.values()))
    return computed, expected, ROUNDING


def _confusion() -> Compared:
    return (
        metrics.confusion_matrix(*arrays("multiclass")),
        witness("reference")["multiclass"]["values"]["confusion"],
        EXACT,
    )


def _counts() -> Compared:
    computed, expected = [], []
    for task in ("multiclass", "multilabel"):
        truth, logits = arrays(task)
        found = metrics.counts(truth, logits if task == "multiclass" else metrics.decide(task, logits))
        computed.append(np.stack(attributes(found, *CELLS), axis=1))
        expected.append([column["cells"] for column in _columns(task)])
    return computed, expected, EXACT


def _finding_tables() -> Compared:
    truth, logits = arrays("multilabel")
    tables = metrics.finding_tables(truth, metrics.decide("multilabel", logits))
    computed = [[table[1, 1], table[0, 1], table[1, 0], table[0, 0]] for table in tables]
    return computed, [column["cells"] for column in _columns("multilabel")], EXACT


def _roc_curve() -> Compared:
    truth, p = _probabilities("binary")
    curve, stored = metrics.roc_curve(truth, p[:, 1]), witness("reference")["binary"]["values"]["roc"]
    return [curve.false_positive_rate, curve.sensitivity], [stored["fpr"], stored["tpr"]], ROUNDING


def _precision_recall() -> Compared:
    stored = witness("curves")["curves"]
    found = metrics.precision_recall_curve(stored["truth"], stored["score"])
    tail = len(stored["recall"])
    names = ("recall", "precision", "thresholds")
    computed = [getattr(found, name)[:tail] for name in names]
    return computed, [stored[name] for name in names], ROUNDING


def _reliability() -> Compared:
    stored = witness("curves")["curves"]
    found = metrics.reliability(stored["truth"], stored["score"])
    full = found.count > 0
    return [found.observed[full], found.predicted[full]], [stored["observed"], stored["predicted"]], ROUNDING


def _reliability_of_r() -> Compared:
    stored = witness("limits")["brier"]
    found = metrics.reliability(stored["truth"], stored["probability"])
    names = ("count", "predicted", "observed")
    return attributes(found, *names), [stored[name] for name in names], ROUNDING


def _decomposition() -> Compared:
    stored = witness("limits")["brier"]
    found = metrics.brier_decomposition(stored["truth"], stored["probability"])
    names = ("reliability", "resolution", "uncertainty", "within_bin", "brier")
    return attributes(found, *names), [stored[name] for name in names], ROUNDING


def _thresholds() -> Compared:
    computed, expected = [], []
    for task in ("multiclass", "multilabel"):
        computed.append(metrics.choose_thresholds(task, *arrays(task)))
        expected.append([column["youden_threshold"] for column in _columns(task)])
    return computed, expected, ROUNDING


def _youden() -> Compared:
    truth, p = _probabilities("binary")
    wanted = witness("reference")["binary"]["values"]["youden_threshold"]
    return metrics.youden_threshold(truth, p[:, 1]), wanted, ROUNDING


def _sensitivity_at() -> Compared:
    truth, p = _probabilities("multiclass")
    computed = [metrics.sensitivity_at_specificity(truth == c, p[:, c], 0.9) for c in range(p.shape[1])]
    return computed, [column["sensitivity_at_specificity_90"] for column in _columns("multiclass")], ROUNDING


def _link(name: str) -> Compared:
    stored = witness("curves")["links"]
    return getattr(metrics, name)(stored["logits"]), stored[name], ROUNDING


def _decide() -> Compared:
    stored = witness("curves")["decisions"]
    tasks = ("multiclass", "multilabel")
    return [metrics.decide(task, arrays(task)[1]) for task in tasks], [stored[task] for task in tasks], EXACT


def _confidence() -> Compared:
    stored = witness("curves")["decisions"]
    right, sure = metrics.confidence(*_probabilities("multiclass"))
    return [right, sure], [stored["right"], stored["confidence"]], ROUNDING


def _sklearn(name: str, call: str, compare: Callable[[], Compared]) -> Comparison:
    return Comparison(f"metrics.{name}", by_program("reference", "scikit-learn", call), compare)


def _mpmath(name: str) -> Comparison:
    return Comparison(f"metrics.{name}", by_program("curves", "mpmath", "1,000 digits"), lambda: _link(name))


COMPARISONS = (
    _sklearn("accuracy", "accuracy_score", lambda: _of_calls("accuracy")),
    _sklearn("balanced_accuracy", "balanced_accuracy_score", lambda: _of_calls("balanced_accuracy")),
    _sklearn("sensitivity", "recall_score", lambda: _of_calls("sensitivity")),
    _sklearn("specificity", "recall_score of the negatives", lambda: _of_calls("specificity")),
    _sklearn("ppv", "precision_score", lambda: _of_calls("ppv")),
    _sklearn("npv", "precision_score of the negatives", lambda: _of_calls("npv")),
    _sklearn("f1", "f1_score", lambda: _of_calls("f1")),
    _sklearn("f1", "f1_score, weighted", _weighted_f1),
    _sklearn("mcc", "matthews_corrcoef", lambda: _of_calls("mcc")),
    _sklearn("kappa", "cohen_kappa_score", lambda: _of_calls("kappa")),
    _sklearn("auroc", "roc_auc_score", lambda: _of_probabilities("auroc", ROUNDING)),
    _sklearn("auroc", "roc_auc_score, weighted and ovo", _area_averages),
    _sklearn("average_precision", "average_precision_score", lambda: _of_probabilities("average_precision", ROUNDING)),
    _sklearn("brier", "brier_score_loss", lambda: _of_probabilities("brier", ROUNDING)),
    Comparison("metrics.brier_decomposition", by_program("limits", "R", "cut, ave and aov"), _decomposition),
    _sklearn("log_loss", "log_loss", _log_loss),
    Comparison(
        "metrics.ece",
        by_program("reference", "torchmetrics", "multiclass_calibration_error"),
        lambda: _of_probabilities("ece", SINGLE),
    ),
    Comparison("metrics.reliability", by_program("curves", "scikit-learn", "calibration_curve"), _reliability),
    Comparison("metrics.reliability", by_program("limits", "R", "cut and tapply"), _reliability_of_r),
    _sklearn("roc_curve", "roc_curve", _roc_curve),
    Comparison(
        "metrics.precision_recall_curve",
        by_program("curves", "scikit-learn", "precision_recall_curve"),
        _precision_recall,
    ),
    _sklearn("youden_threshold", "roc_curve, largest difference", _youden),
    _sklearn("choose_thresholds", "roc_curve, largest difference", _thresholds),
    _sklearn("sensitivity_at_specificity", "roc_curve", _sensitivity_at),
    _sklearn("confusion_matrix", "confusion_matrix", _confusion),
    _sklearn("counts", "confusion_matrix", _counts),
    _sklearn("finding_tables", "confusion_matrix", _finding_tables),
    _sklearn("scores", "every metric it has", _scores),
    _sklearn("metric_value", "every metric it has", _metric_value),
    Comparison("metrics.decide", by_program("curves", "torch", "argmax and sigmoid"), _decide),
    Comparison("metrics.confidence", by_program("curves", "torch", "max of softmax"), _confidence),
    _mpmath("softmax"),
    _mpmath("log_softmax"),
    _mpmath("sigmoid"),
    _mpmath("log_sigmoid"),
    _mpmath("margins"),
)
