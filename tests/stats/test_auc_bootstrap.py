"""Areas on resamples by shared weights against repeating the cases."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_report.stats import auc_bootstrap, delong
from cxr_report.stats.case_draws import Cases
from cxr_report.stats.placements import placements


@pytest.mark.parametrize("decimals", [9, 1, 0])
@pytest.mark.parametrize("clustered", [False, True])
def test_every_replicate_is_the_area_of_the_repeated_cases(decimals, clustered):
    """To the last bit: counts of pairs are multiples of one half."""
    rng = np.random.default_rng(1)
    n = 400
    truth = rng.random(n) < 0.3
    scores = (rng.normal(size=(n, 3)) + truth[:, None]).round(decimals)
    groups = rng.integers(0, 150, n) if clustered else None
    result = auc_bootstrap(truth, scores, rng=np.random.default_rng(2), samples=70, groups=groups)
    weights = Cases.of(groups, n).weights(np.random.default_rng(2), 70)
    assert result.redrawn == 0
    for column, replicate in zip(weights.T, result.replicates, strict=True):
        cases = np.repeat(np.arange(n), column)
        assert np.array_equal(placements(truth[cases], scores[cases].T.copy())[0], replicate)


def test_the_covariance_approaches_that_of_delong():
    rng = np.random.default_rng(3)
    truth = rng.random(500) < 0.4
    scores = rng.normal(size=(500, 1)) + 0.5 * rng.normal(size=(500, 2)) + truth[:, None]
    result = auc_bootstrap(truth, scores, rng=rng, samples=4000)
    assert result.covariance == pytest.approx(delong(truth, scores).covariance, rel=0.12)
    assert result.replicates.mean(axis=0) == pytest.approx(result.auc, abs=0.002)


def test_perfect_and_constant_scores_stay_exact():
    truth = np.arange(300) % 3 == 0
    result = auc_bootstrap(truth, np.stack([truth, np.zeros(300)], axis=1), rng=np.random.default_rng(4), samples=50)
    assert np.array_equal(result.replicates, np.tile([1.0, 0.5], (50, 1)))


def test_patients_are_drawn_whole():
    weights = Cases.of(["a", "b", "a", "c"], 4).weights(np.random.default_rng(5), 100)
    assert np.array_equal(weights[0], weights[2])
    assert (weights[[0, 1, 3]].sum(axis=0) == 3).all()


def test_resamples_without_a_class_are_drawn_again_and_counted():
    truth = np.r_[1, 1, np.zeros(8)]
    scores = np.random.default_rng(6).normal(size=(10, 1))
    result = auc_bootstrap(truth, scores, rng=np.random.default_rng(7), samples=400)
    assert np.isfinite(result.replicates).all()
    assert result.redrawn / (400 + result.redrawn) == pytest.approx(0.8**10, abs=0.05)
    never = auc_bootstrap(np.zeros(4), np.ones((4, 2)), rng=np.random.default_rng(8), samples=10)
    assert np.isnan(never.replicates).all()
    assert never.note


@pytest.mark.parametrize(
    ("truth", "scores", "words"),
    [
        ([0, 1], [1.0, 2.0], "2 axes"),
        ([0, 1], [[1.0], [2.0], [3.0]], r"\(2, m\)"),
        ([0, 1], [[1.0], [np.nan]], "finite"),
        ([0, 3], [[1.0], [2.0]], "0 and 1"),
    ],
)
def test_input_at_fault_is_named(truth, scores, words):
    with pytest.raises(ValueError, match=words):
        auc_bootstrap(truth, scores, rng=np.random.default_rng(1))
