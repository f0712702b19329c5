"""Cases are ranked once, and every statistic of the ranking is what it is alone, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import metrics
from cxr_report.metrics.thresholds import steps

ALONE = {
    "auroc": metrics.auroc,
    "average_precision": metrics.average_precision,
    "sensitivity_at_specificity_90": metrics.sensitivity_at_specificity,
}


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_the_scores_table_holds_what_each_class_scores_alone(task, name):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(400, 3)).round(1)
    truth = rng.integers(0, 3, 400)
    ranking, outcome = metrics.margins(logits), np.eye(3)[truth]
    if task == "multilabel":
        truth = outcome = np.where(rng.random((400, 3)) < 0.1, np.nan, outcome)
        ranking = logits
    rows = metrics.scores(task, truth, logits, classes=("0", "1", "2"))
    for row in rows:
        if row.metric == name and row.klass:
            column = int(row.klass)
            known = ~np.isnan(outcome[:, column])
            assert row.value == ALONE[name](outcome[known, column], ranking[known, column])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000))
def test_the_order_of_tied_cases_leaves_every_bit_alone(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 80)
    true, score = rng.random(n) < 0.4, rng.integers(0, 6, n) / 4
    order = rng.permutation(n)
    for one, other in zip(steps(true, score), steps(true[order], score[order]), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(steps(true, score).levels, np.unique(score)[::-1])


def test_counts_run_up_to_all_cases():
    ranked = steps(np.array([True, False, True, False]), np.array([0.5, 0.5, 0.2, 0.9]))
    assert ranked.hits.tolist() == [0, 1, 2]
    assert ranked.misses.tolist() == [1, 2, 2]
    assert ranked.levels.tolist() == [0.9, 0.5, 0.2]
