"""A metric without each patient is the metric of the other cases, however it was come by."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.metrics import METRICS, TASKS, choose_thresholds, scores
from cxr_report.metrics.leave_one_out import NOT_SMOOTH, leave_one_out
from cxr_report.metrics.ranks_without import areas_without, precisions_without
from cxr_report.metrics.scoring import has_classes
from cxr_report.metrics.thresholds import area, precision

SMOOTH = [
    (task, name)
    for task in TASKS
    for name, metric in METRICS.items()
    if task in metric.tasks and name not in NOT_SMOOTH
]


def random_run(task, rng, *, n=22, classes=3, levels=6):
    """Draw truth, logits with many ties, and thresholds; findings have unknown labels and rare ones occur."""
    width = 2 if task == "binary" else classes
    logits = rng.integers(0, levels, size=(n, width)) / 2 - 1.0
    if task == "multilabel":
        truth = (rng.random((n, width)) < rng.choice([0.1, 0.4, 0.6], width)).astype(float)
        truth[rng.random(truth.shape) < 0.15] = np.nan
    else:
        truth = rng.choice(width, n, p=np.array([6, 3, 1][:width]) / sum([6, 3, 1][:width]))
    return truth, logits, choose_thresholds(task, truth, logits)


@functools.cache
def by_force(task, clustered, seed):
    """Draw a run and score the other cases from scratch, patient by patient, nobody left out last; for all metrics."""
    rng = np.random.default_rng([TASKS.index(task), clustered, seed])
    truth, logits, thresholds = random_run(task, rng)
    patients = rng.integers(0, 9, len(logits)) * 5 if clustered else np.arange(len(logits))
    names = [str(place) for place in range(logits.shape[1])]
    table = {}
    for one in [*np.unique(patients), None]:
        kept = patients != one
        for row in scores(task, truth[kept], logits[kept], classes=names, thresholds=thresholds):
            table.setdefault((row.metric, row.klass), []).append((row.value, row.undefined))
    return truth, logits, thresholds, patients, {key: np.array(rows).T for key, rows in table.items()}


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize(("task", "name"), SMOOTH)
def test_every_value_is_that_of_the_other_cases_scored_from_scratch(task, name, clustered):
    for seed in range(6):
        truth, logits, thresholds, patients, table = by_force(task, clustered, seed)
        groups = patients if clustered else None
        for column in [None, *range(logits.shape[1])] if has_classes(METRICS[name], task) else [None]:
            result = leave_one_out(name, task, truth, logits, groups=groups, thresholds=thresholds, column=column)
            wanted, missing = table[name, "" if column is None else str(column)]
            assert result.values == pytest.approx(wanted[:-1], abs=1e-12, nan_ok=True)
            assert result.value == pytest.approx(wanted[-1], abs=1e-12, nan_ok=True)
            assert result.undefined_without.tolist() == missing[:-1].tolist()
            assert result.undefined == missing[-1]


def test_the_runs_above_hold_undefined_values_and_defined_ones():
    """Without rare classes the equality would say little."""
    lost = [np.isnan(by_force("multilabel", False, seed)[-1]["auroc", "0"][0]).mean() for seed in range(6)]
    assert 0 < np.mean(lost) < 0.5


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 100_000))
def test_areas_and_precisions_hold_for_any_ties_and_any_patients(seed):
    rng = np.random.default_rng(seed)
    n, patients = rng.integers(1, 30), rng.integers(1, 12)
    true, score, codes = rng.random(n) < 0.4, rng.integers(0, rng.integers(1, 12), n) / 4, rng.integers(0, patients, n)
    for fast, plain in ((areas_without, area), (precisions_without, precision)):
        values = fast(true, score, codes, patients + 1)
        for one in range(patients + 1):
            kept = codes != one
            wanted = plain(true[kept], score[kept]) if kept.any() else np.nan
            assert values[one] == pytest.approx(wanted, abs=1e-13, nan_ok=True)


def test_a_patient_with_most_of_the_cases_is_left_out_as_exactly_as_one_with_a_single_case():
    rng = np.random.default_rng(3)
    true, score = rng.random(400) < 0.3, rng.normal(size=400).round(1)
    codes = np.r_[np.zeros(300, dtype=int), np.arange(1, 101)]
    values = precisions_without(true, score, codes, 101)
    assert values[0] == pytest.approx(precision(true[300:], score[300:]), abs=1e-13)
    assert values[50] == pytest.approx(precision(np.delete(true, 349), np.delete(score, 349)), abs=1e-13)


@pytest.mark.parametrize("name", ["auroc", "average_precision", "mcc", "brier"])
def test_the_names_and_the_order_of_patients_do_not_matter(name):
    rng = np.random.default_rng(4)
    truth, logits, _ = random_run("multiclass", rng, n=40)
    patients, order = rng.integers(0, 12, 40), rng.permutation(40)
    plain = leave_one_out(name, "multiclass", truth, logits, groups=patients)
    text = np.array([f"p{one:02d}" for one in patients])
    shuffled = leave_one_out(name, "multiclass", truth[order], logits[order], groups=text[order])
    assert shuffled.values == pytest.approx(plain.values, abs=1e-13)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"name": "ece"}, "smooth metric"),
        ({"name": "sensitivity_at_specificity_90"}, "smooth metric"),
        ({"name": "auroc_hand_till", "task": "binary"}, "smooth metric of a binary task"),
        ({"name": "mcc", "column": 1}, "no value per class in a multiclass task"),
        ({"column": 3}, "one of 0 to 2"),
        ({"groups": [1, 2]}, "one id per case"),
        ({"thresholds": np.zeros(2)}, "thresholds"),
    ],
)
def test_input_at_fault_is_named(wishes, words):
    given = {"name": "f1", "task": "multiclass", "truth": [0, 1, 2], "logits": np.eye(3), **wishes}
    if given["task"] == "binary":
        given |= {"truth": [0, 1], "logits": np.eye(2)}
    name, task, truth, logits = (given.pop(key) for key in ("name", "task", "truth", "logits"))
    with pytest.raises(ValueError, match=words):
        leave_one_out(name, task, truth, logits, **given)
