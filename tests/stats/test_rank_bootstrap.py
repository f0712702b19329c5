"""The stability of a ranking: enumeration of all resamples, R's tau, laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cxr_report.conformance import witness
from cxr_report.stats import friedman, rank_bootstrap
from cxr_report.stats.rank_bootstrap import kendall_taus, ranks_within_rows

R = witness("mrmc")["kendall"]


def test_tau_is_that_of_r():
    assert kendall_taus(np.array(R["ranks"]), np.array(R["reference"])) == pytest.approx(R["tau"], rel=1e-10)


def test_the_distribution_approaches_the_enumeration_of_all_resamples():
    scores = np.array([[0.90, 0.88, 0.80], [0.84, 0.89, 0.83], [0.91, 0.86, 0.90], [0.80, 0.88, 0.85]])
    exact = np.zeros((3, 3))
    rows = list(itertools.product(range(4), repeat=4))
    for row in rows:
        ranks = stats.rankdata(-scores[list(row)].mean(axis=0).round(12))
        for loss, rank in enumerate(ranks):
            share = (ranks == rank).sum()
            first = round(rank - (share - 1) / 2)
            exact[loss, first - 1 : first - 1 + share] += 1 / share / len(rows)
    result = rank_bootstrap(scores, rng=np.random.default_rng(1), samples=20_000)
    assert result.distribution == pytest.approx(exact, abs=0.015)


def test_mean_ranks_are_those_of_friedman():
    scores = np.random.default_rng(2).normal(0.9, 0.01, size=(7, 4)).round(2)
    for direction in (True, False):
        result = rank_bootstrap(scores, rng=np.random.default_rng(3), samples=300, higher_is_better=direction)
        assert result.mean_ranks == pytest.approx(friedman(scores, higher_is_better=direction).mean_ranks)
        assert (result.low <= result.mean_ranks).all()
        assert (result.mean_ranks <= result.high).all()


def test_scores_that_differ_by_rounding_alone_tie():
    assert ranks_within_rows(np.array([[0.82 - 0.81, 0.81 - 0.80, 0.5]]), 0.82).tolist() == [[2.5, 2.5, 1.0]]


def test_all_ties_have_no_tau():
    result = rank_bootstrap(np.full((3, 3), 0.9), rng=np.random.default_rng(4), samples=100)
    assert np.isnan([result.tau, result.tau_low, result.tau_high]).all()
    assert result.note
    assert result.distribution == pytest.approx(np.full((3, 3), 1 / 3))
    assert result.ranks.tolist() == [2, 2, 2]


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 6))
def test_rows_and_columns_are_distributions_and_relabelling_relabels(seed, s, k):
    scores = np.random.default_rng(seed).normal(size=(s, k)).round(1)
    order = np.random.default_rng(seed).permutation(k)
    one = rank_bootstrap(scores, rng=np.random.default_rng(5), samples=100)
    two = rank_bootstrap(scores[:, order], rng=np.random.default_rng(5), samples=100)
    assert one.distribution.sum(axis=0) == pytest.approx(np.ones(k))
    assert one.distribution.sum(axis=1) == pytest.approx(np.ones(k))
    assert two.distribution == pytest.approx(one.distribution[order])
    assert two.mean_ranks == pytest.approx(one.mean_ranks[order])
    assert two.tau == pytest.approx(one.tau, nan_ok=True)
    assert np.isnan(one.tau) or -1 <= one.tau <= 1


@pytest.mark.parametrize(
    ("scores", "options", "words"),
    [
        ([[0.9], [0.8]], {}, "at least 2"),
        ([[0.9, np.nan], [0.8, 0.7]], {}, "finite"),
        ([[0.9, 0.8], [0.8, 0.7]], {"samples": 3}, "samples"),
        ([[0.9, 0.8], [0.8, 0.7]], {"rng": 3}, "Generator"),
    ],
)
def test_input_at_fault_is_named(scores, options, words):
    with pytest.raises(ValueError, match=words):
        rank_bootstrap(scores, **{"rng": np.random.default_rng(1), **options})
