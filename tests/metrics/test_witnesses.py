"""Every metric agrees with scikit-learn and torchmetrics on three stored data sets with ties and unknown labels."""

import numpy as np
import pytest

from cxr_report import metrics
from cxr_report.conformance import witness

REFERENCE = witness("reference")
COLUMN = ("sensitivity", "specificity", "ppv", "npv", "f1", "auroc", "average_precision", "brier")
MORE = ("accuracy", "balanced_accuracy", "mcc", "kappa", "log_loss")
ECE_TOLERANCE = 1e-6  # torchmetrics computes it in float32


def arrays(task):
    data = REFERENCE[task]
    return np.array(data["truth"], dtype=float if task == "multilabel" else int), np.array(data["logits"])


def rows(task, names):
    return {(row.metric, row.klass): row for row in metrics.scores(task, *arrays(task), classes=names)}


def close(value, wanted, metric):
    return value == pytest.approx(wanted, rel=0, abs=ECE_TOLERANCE if metric == "ece" else 1e-12)


def test_binary_metrics_agree_with_scikit_learn():
    found, wanted = rows("binary", ["no", "yes"]), REFERENCE["binary"]["values"]
    for metric in (*COLUMN, *MORE, "f1_weighted", "ece", "sensitivity_at_specificity_90"):
        assert close(found[metric, ""].value, wanted[metric], metric), metric
    assert {klass for _, klass in found} == {""}


def test_multiclass_metrics_agree_with_scikit_learn_overall():
    found, wanted = rows("multiclass", list("abcd")), REFERENCE["multiclass"]["values"]
    for metric in wanted.keys() - {"confusion"}:
        assert close(found[metric, ""].value, wanted[metric], metric), metric


def test_multiclass_metrics_agree_with_scikit_learn_per_class():
    found = rows("multiclass", list("abcd"))
    for klass, wanted in zip("abcd", REFERENCE["multiclass"]["classes"], strict=True):
        for metric in (*COLUMN, "sensitivity_at_specificity_90"):
            assert close(found[metric, klass].value, wanted[metric], metric), (metric, klass)
    assert ("accuracy", "a") not in found
    assert found["auroc", "a"].n == 90


def test_findings_agree_with_scikit_learn_over_the_known_labels():
    found, findings = rows("multilabel", list("xyz")), REFERENCE["multilabel"]["findings"]
    for metric in (*COLUMN, *MORE, "ece", "sensitivity_at_specificity_90"):
        for klass, wanted in zip("xyz", findings, strict=True):
            assert close(found[metric, klass].value, wanted[metric], metric), (metric, klass)
            assert found[metric, klass].n == wanted["n"]
        assert close(found[metric, ""].value, np.mean([wanted[metric] for wanted in findings]), metric), metric


def test_thresholds_agree_with_the_first_largest_youden_index_of_scikit_learn():
    for task, columns in (("multiclass", "classes"), ("multilabel", "findings")):
        wanted = [column["youden_threshold"] for column in REFERENCE[task][columns]]
        np.testing.assert_allclose(metrics.choose_thresholds(task, *arrays(task)), wanted, rtol=1e-14)
    found = metrics.choose_thresholds("binary", *arrays("binary"))
    assert found[1] == pytest.approx(REFERENCE["binary"]["values"]["youden_threshold"], rel=1e-14)


def test_the_roc_curve_agrees_with_scikit_learn():
    truth, logits = arrays("binary")
    curve = metrics.roc_curve(truth, metrics.softmax(logits)[:, 1])
    wanted = REFERENCE["binary"]["values"]["roc"]
    np.testing.assert_allclose(curve.false_positive_rate, wanted["fpr"], rtol=1e-14)
    np.testing.assert_allclose(curve.sensitivity, wanted["tpr"], rtol=1e-14)


def test_the_calibration_of_a_finding_agrees_with_torchmetrics():
    truth, logits = arrays("multilabel")
    for column, wanted in enumerate(REFERENCE["multilabel"]["findings"]):
        known = ~np.isnan(truth[:, column])
        table = metrics.reliability(truth[known, column], metrics.sigmoid(logits[known, column]))
        full = table.count > 0
        gap = np.abs(table.observed - table.predicted)[full]
        error = (table.count[full] * gap).sum() / table.count.sum()
        assert error == pytest.approx(wanted["reliability"], abs=ECE_TOLERANCE)


def test_counts_and_confusion_agree_with_scikit_learn():
    truth, logits = arrays("multiclass")
    np.testing.assert_array_equal(
        metrics.confusion_matrix(truth, logits), REFERENCE["multiclass"]["values"]["confusion"]
    )
    cells = metrics.counts(truth, logits)
    wanted = np.array([column["cells"] for column in REFERENCE["multiclass"]["classes"]])
    np.testing.assert_array_equal(np.stack([cells.tp, cells.fp, cells.fn, cells.tn], axis=1), wanted)


def test_the_single_functions_agree_with_the_rows():
    truth, logits = arrays("multiclass")
    p, found = metrics.softmax(logits), rows("multiclass", list("abcd"))
    single = {
        "accuracy": metrics.accuracy(truth, p),
        "balanced_accuracy": metrics.balanced_accuracy(truth, logits),
        "sensitivity": metrics.sensitivity(truth, logits),
        "specificity": metrics.specificity(truth, logits),
        "ppv": metrics.ppv(truth, logits),
        "npv": metrics.npv(truth, logits),
        "f1": metrics.f1(truth, logits),
        "f1_weighted": metrics.f1(truth, logits, average="weighted"),
        "mcc": metrics.mcc(truth, logits),
        "kappa": metrics.kappa(truth, logits),
        "auroc": metrics.auroc(truth, p),
        "auroc_weighted": metrics.auroc(truth, p, average="weighted"),
        "auroc_hand_till": metrics.auroc(truth, p, average="hand-till"),
        "average_precision": metrics.average_precision(truth, p),
        "brier": metrics.brier(truth, p),
        "log_loss": metrics.log_loss(truth, logits),
        "ece": metrics.ece(truth, p),
    }
    for metric, value in single.items():
        assert found[metric, ""].value == pytest.approx(value, abs=1e-14), metric
    for metric in ("sensitivity", "specificity", "ppv", "npv", "f1"):
        values = getattr(metrics, metric)(truth, logits, average=None)
        assert [found[metric, c].value for c in "abcd"] == pytest.approx(list(values), abs=1e-14)


def test_the_single_functions_agree_with_the_rows_for_findings():
    truth, logits = arrays("multilabel")
    p, decided, found = metrics.sigmoid(logits), metrics.decide("multilabel", logits), rows("multilabel", list("xyz"))
    for metric in ("accuracy", "balanced_accuracy", "mcc", "kappa", "sensitivity", "specificity", "ppv", "npv", "f1"):
        assert found[metric, ""].value == pytest.approx(getattr(metrics, metric)(truth, decided), abs=1e-14), metric
    for metric in ("auroc", "average_precision", "brier", "ece"):
        assert found[metric, ""].value == pytest.approx(getattr(metrics, metric)(truth, p), abs=1e-14), metric
    assert found["log_loss", ""].value == pytest.approx(metrics.log_loss(truth, logits), abs=1e-14)
    assert found["auroc_weighted", ""].value == pytest.approx(metrics.auroc(truth, p, average="weighted"), abs=1e-14)


@pytest.mark.parametrize("task", metrics.TASKS)
def test_metric_value_is_the_overall_row(task):
    truth, logits = arrays(task)
    thresholds = metrics.choose_thresholds(task, truth, logits)
    names = [str(c) for c in range(logits.shape[1])]
    for row in metrics.scores(task, truth, logits, classes=names, thresholds=thresholds):
        if row.klass == "":
            assert metrics.metric_value(row.metric, task, truth, logits, thresholds=thresholds) == row.value
            assert np.isfinite(row.value)
            assert metrics.METRICS[row.metric].low <= row.value <= metrics.METRICS[row.metric].high
