"""The interval of a run's AUROC over cases, held against resampling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from cxr_report import metrics
from cxr_report.analysis.areas import intervals
from cxr_report.analysis.gather import Truth

Labels = np.ndarray


def _draw(task: str, images: int) -> tuple[Truth, np.ndarray]:
    """150 patients with one or several images, whose images resemble each other."""
    rng = np.random.default_rng(3)
    patients = np.repeat(np.arange(150), images)
    size = len(patients)
    own = rng.normal(size=(150, 3))[patients]
    if task == "multilabel":
        labels = (rng.random((150, 3)) < 0.4).astype(np.float32)[patients]
        labels[rng.random(labels.shape) < 0.1] = np.nan
        signal = np.nan_to_num(labels, nan=0.4)
    else:
        labels = rng.choice(3, 150, p=[0.5, 0.3, 0.2])[patients]
        signal = np.eye(3)[labels]
    logits = (1.2 * signal + own + 0.5 * rng.normal(size=(size, 3))).astype(np.float32)
    return Truth(np.arange(size).astype(str), patients, labels), logits


def _resampled(task: str, truth: Truth, logits: np.ndarray) -> float:
    """The standard error of the AUROC by resampling patients."""
    rng = np.random.default_rng(4)
    rows = [np.flatnonzero(truth.patients == patient) for patient in np.unique(truth.patients)]
    found = []
    for _ in range(400):
        take = np.concatenate([rows[place] for place in rng.integers(0, len(rows), len(rows))])
        found.append(metrics.metric_value("auroc", task, truth.labels[take], logits[take]))
    return float(np.std(found, ddof=1))


@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
@pytest.mark.parametrize("images", [1, 3])
def test_the_width_of_the_macro_interval_is_that_of_resampling_patients(task: str, images: int) -> None:
    truth, logits = _draw(task, images)
    (found,) = intervals(task, truth, [logits], alpha=0.05)
    se = (found.high - found.low) / (2 * norm.isf(0.025))
    assert found.estimate == pytest.approx(metrics.metric_value("auroc", task, truth.labels, logits))
    assert se == pytest.approx(_resampled(task, truth, logits), rel=0.12)


def test_one_positive_case_gives_an_area_without_an_interval() -> None:
    truth = Truth(np.array(list("abcd")), np.arange(4), np.array([0, 0, 0, 1]))
    logits = np.array([[0, 0], [0, 1], [0, 2], [0, 1.5]], dtype=np.float32)
    (found,) = intervals("binary", truth, [logits], alpha=0.05)
    assert found.estimate == pytest.approx(2 / 3)
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_no_runs_have_no_intervals() -> None:
    truth = Truth(np.array(list("ab")), np.arange(2), np.array([0, 1]))
    assert intervals("binary", truth, [], alpha=0.05) == ()
