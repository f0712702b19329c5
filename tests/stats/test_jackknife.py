"""Leave-one-out and bootstrap covariances against formulas that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.stats import (
    bootstrap_covariance,
    jackknife_covariance,
    jackknife_covariance_of_sums,
    obuchowski_rockette,
)


def means(table):
    return table.mean(axis=0)


def test_of_means_it_is_the_sample_covariance_over_n():
    table = np.random.default_rng(1).normal(size=(40, 3))
    assert jackknife_covariance(means, table) == pytest.approx(np.cov(table, rowvar=False) / 40, rel=1e-10)


def test_it_is_leaving_out_one_case_after_the_other():
    """A ratio, written out with deletions and the textbook sum."""
    rng = np.random.default_rng(2)
    x, y = rng.exponential(size=(2, 15))
    left = np.array([np.delete(x, i).mean() / np.delete(y, i).mean() for i in range(15)])
    expected = 14 / 15 * ((left - left.mean()) ** 2).sum()
    assert jackknife_covariance(lambda a, b: a.mean() / b.mean(), x, y) == pytest.approx(np.array([[expected]]))


def test_groups_leave_out_whole_patients():
    rng = np.random.default_rng(3)
    table, ids = rng.normal(size=(20, 2)), rng.choice(list("abcdef"), 20)
    left = np.array([table[ids != one].mean(axis=0) for one in np.unique(ids)])
    g = len(left)
    expected = (g - 1) / g * (left - left.mean(axis=0)).T @ (left - left.mean(axis=0))
    assert jackknife_covariance(means, table, groups=ids) == pytest.approx(expected, rel=1e-10)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_order_of_cases_and_a_patient_per_case_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    table, order = rng.normal(size=(12, 2)), rng.permutation(12)
    plain = jackknife_covariance(means, table)
    assert np.array_equal(jackknife_covariance(means, table, groups=np.arange(12)), plain)
    assert jackknife_covariance(means, table[order]) == pytest.approx(plain, rel=1e-9)


def test_a_two_way_statistic_is_flattened_loss_major():
    rng = np.random.default_rng(4)
    table = rng.normal(size=(30, 2, 3)) * 0.1 + 0.8
    covariance = jackknife_covariance(means, table)
    assert covariance[0, 4] == pytest.approx(np.cov(table[:, 0, 0], table[:, 1, 1])[0, 1] / 30, rel=1e-9)
    assert 0 < obuchowski_rockette(means(table), covariance).p <= 1


@pytest.mark.parametrize("clustered", [False, True])
def test_a_function_of_sums_has_the_same_covariance_without_visiting_the_cases(clustered):
    """Macro recall of 2 x 3 runs from confusion matrices; 700 patients, so that there are two strips."""
    rng = np.random.default_rng(8)
    n = 700
    truth = np.r_[0, 1, 2, rng.integers(0, 3, n - 3)]
    calls = np.where(rng.random((n, 2, 3)) < 0.7, truth[:, None, None], rng.integers(0, 3, (n, 2, 3)))
    groups = rng.integers(0, 60, n) if clustered else None
    confusion = (truth[:, None] == np.arange(3))[:, None, None, :, None] & (calls[..., None] == np.arange(3))[
        ..., None, :
    ]

    def of_sums(table):
        return (np.diagonal(table, axis1=-2, axis2=-1) / table.sum(axis=-1)).mean(axis=-1)

    def of_cases(truth, calls):
        return np.mean([(calls[truth == c] == c).mean(axis=0) for c in range(3)], axis=0)

    expected = jackknife_covariance(of_cases, truth, calls, groups=groups)
    assert jackknife_covariance_of_sums(of_sums, confusion, groups=groups) == pytest.approx(expected, rel=1e-9)


def test_an_undefined_leave_one_out_value_makes_the_covariance_undefined():
    def sensitivity(truth, call):
        return call[truth == 1].mean() if (truth == 1).any() else np.nan

    assert np.isnan(jackknife_covariance(sensitivity, [1, 0, 0], [1.0, 0.0, 1.0])).all()


def test_the_bootstrap_covariance_approaches_that_of_the_jackknife():
    rng = np.random.default_rng(5)
    table, ids = rng.normal(size=(60, 2)) + rng.normal(size=60)[:, None], np.repeat(np.arange(20), 3)
    for groups in (None, ids):
        drawn = bootstrap_covariance(means, table, rng=rng, samples=3000, groups=groups)
        left = jackknife_covariance(means, table, groups=groups)
        assert drawn.covariance == pytest.approx(left, rel=0.15)
        assert (drawn.redrawn, drawn.note) == (0, "")


def test_resamples_without_a_class_are_drawn_again_and_counted():
    truth, call = np.r_[1, 1, np.zeros(8)], np.r_[1.0, 0.0, np.zeros(8)]

    def sensitivity(truth, call):
        return call[truth == 1].mean() if (truth == 1).any() else np.nan

    result = bootstrap_covariance(sensitivity, truth, call, rng=np.random.default_rng(6), samples=500)
    share = result.redrawn / (500 + result.redrawn)
    assert share == pytest.approx(0.8**10, abs=0.05)
    never = bootstrap_covariance(lambda t: np.nan, truth, rng=np.random.default_rng(7), samples=10)
    assert np.isnan(never.covariance).all()
    assert "undefined" in never.note


@pytest.mark.parametrize(
    ("arrays", "groups", "words"),
    [
        ((), None, "at least one array"),
        (([1.0, 2.0], [1.0]), None, "share a first axis"),
        (([1.0],), None, "at least 2 cases"),
        (([1.0, 2.0],), [1, 1], "at least 2 patients"),
        (([1.0, 2.0],), [1], "groups"),
    ],
)
def test_input_at_fault_is_named(arrays, groups, words):
    with pytest.raises(ValueError, match=words):
        jackknife_covariance(np.mean, *arrays, groups=groups)


def test_the_generator_is_an_argument():
    with pytest.raises(ValueError, match="Generator"):
        bootstrap_covariance(np.mean, [1.0, 2.0], rng=1)


def test_an_infinite_leave_one_out_value_makes_the_covariance_undefined_without_a_warning():
    found = jackknife_covariance(lambda x: np.inf if x.sum() < 5 else x.mean(), [1.0, 2.0, 3.0])
    assert np.isnan(found).all()
