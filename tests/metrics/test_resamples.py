"""Sensitivity at a specificity on weighted cases is that of the cases written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.metrics import sensitivity_at_specificity
from cxr_report.metrics.resamples import STRIP, resampled_sensitivities


def draws(true, samples, rng):
    """Draw resamples that hold both classes, as counts `(N, B)`."""
    kept = []
    while len(kept) < samples:
        counts = np.bincount(rng.integers(0, true.size, true.size), minlength=true.size)
        if counts[true].any() and counts[~true].any():
            kept.append(counts)
    return np.array(kept, dtype=np.uint8).T


def written_out(true, score, counts, specificity):
    return sensitivity_at_specificity(np.repeat(true, counts), np.repeat(score, counts), specificity)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.9, 0.95, 1.0]))
def test_every_resample_scores_as_its_cases_do(seed, specificity):
    rng = np.random.default_rng(seed)
    n = rng.choice([2, 10, 60, 400])
    true = np.append([True, False], rng.random(n) < 0.4)
    scores = rng.integers(0, rng.integers(2, 40), (2, true.size)) / 4
    weights = draws(true, 7, rng)
    wanted = [[written_out(true, score, column, specificity) for column in weights.T] for score in scores]
    assert resampled_sensitivities(true, scores, weights, specificity).tolist() == wanted


def test_strips_of_resamples_and_long_rankings_change_nothing():
    rng = np.random.default_rng(1)
    true = rng.random(1500) < 0.3
    scores = (rng.normal(size=(2, 1500)) + true).round(2)
    weights = draws(true, STRIP + 10, rng)
    values = resampled_sensitivities(true, scores, weights, 0.9)
    for column in (0, STRIP - 1, STRIP, STRIP + 9):
        wanted = [written_out(true, score, weights[:, column], 0.9) for score in scores]
        assert values[:, column].tolist() == wanted


def test_weights_of_one_give_the_metric_itself():
    rng = np.random.default_rng(2)
    true, score = rng.random(200) < 0.4, rng.normal(size=200)
    ones = np.ones((200, 1), dtype=np.uint8)
    assert resampled_sensitivities(true, score[None], ones, 0.9)[0, 0] == sensitivity_at_specificity(true, score, 0.9)


@pytest.mark.parametrize("negatives", range(1, 40))
def test_the_limit_is_the_metrics_own_comparison_down_to_rounding(negatives):
    """At 0.9 of 10, 20, 30 negatives the border itself is met, and floats decide it."""
    true, score = np.repeat([True, False], negatives), np.tile(np.arange(negatives) / 1.0, 2)
    ones = np.ones((2 * negatives, 1), dtype=np.uint8)
    for specificity in (0.9, 0.7, 0.8):
        wanted = sensitivity_at_specificity(true, score, specificity)
        assert resampled_sensitivities(true, score[None], ones, specificity)[0, 0] == wanted
