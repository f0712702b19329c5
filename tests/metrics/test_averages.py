"""One number from several classes: which mean a metric takes when none is asked for."""

import numpy as np
import pytest

from cxr_report import metrics

TRUTH = np.array([1, 1, 1, 0, 0, 0, 0, 0, 1, 0])
CALLED = np.array([1, 1, 0, 0, 0, 0, 1, 0, 1, 0])
"""3 of 4 positives found, 5 of 6 negatives called negative; 3 of 4 positive calls and 5 of 6 negative calls right."""
BY_HAND = {"sensitivity": 3 / 4, "specificity": 5 / 6, "ppv": 3 / 4, "npv": 5 / 6, "f1": 6 / 8}


@pytest.mark.parametrize("name", BY_HAND)
def test_two_classes_give_the_rate_of_the_positive_one(name):
    call = getattr(metrics, name)
    assert call(TRUTH, CALLED) == pytest.approx(BY_HAND[name])
    assert call(TRUTH, np.eye(2)[CALLED]) == pytest.approx(BY_HAND[name])
    assert call(TRUTH, CALLED) == call(TRUTH, CALLED, average="positive") == call(TRUTH, CALLED, average=None)[1]
    assert call(TRUTH, CALLED, average="macro") == pytest.approx(call(TRUTH, CALLED, average=None).mean())


@pytest.mark.parametrize("name", BY_HAND)
def test_the_function_and_the_table_agree_on_two_classes(name):
    logits = np.stack([np.zeros(10), 2.0 * CALLED - 1], axis=1)
    assert getattr(metrics, name)(TRUTH, CALLED) == metrics.metric_value(name, "binary", TRUTH, logits)


@pytest.mark.parametrize("name", [*BY_HAND, "auroc", "average_precision"])
def test_more_classes_and_findings_give_the_plain_mean(name):
    rng = np.random.default_rng(1)
    call, p = getattr(metrics, name), rng.dirichlet(np.ones(3), 30)
    truth = np.arange(30) % 3
    assert call(truth, p) == pytest.approx(call(truth, p, average=None).mean())
    findings = (rng.random((30, 2)) < 0.4).astype(float)
    scores = rng.random((30, 2)) if name.startswith("a") else (rng.random((30, 2)) < 0.5).astype(int)
    assert call(findings, scores) == pytest.approx(call(findings, scores, average=None).mean())


def test_the_average_precision_of_two_columns_is_that_of_the_positive_class():
    p = np.random.default_rng(2).random(10)
    two = np.stack([1 - p, p], axis=1)
    assert metrics.average_precision(TRUTH, two) == metrics.average_precision(TRUTH, p)
    assert metrics.auroc(TRUTH, two) == metrics.auroc(TRUTH, p)


def test_the_number_of_classes_given_decides_and_not_the_classes_that_occur():
    assert metrics.sensitivity(TRUTH, CALLED, classes=3) == metrics.sensitivity(TRUTH, CALLED, average="macro")
