"""Intervals over seeds and cases: parts of the variance, coverage, and what percentiles get wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cxr_report.stats import auc_interval, crossed_bootstrap, delong


def study(rng, s=4, n=80):
    """Per-case values with effects of seeds, of cases and of both."""
    return rng.normal(size=(s, 1)) * 0.3 + rng.normal(size=n) + 0.5 * rng.normal(size=(s, n))


def test_the_parts_are_those_of_the_exact_case_covariance():
    """For a mean the case covariance is known: the sample covariance of the seeds over n."""
    values = study(np.random.default_rng(1))
    result = crossed_bootstrap(values, np.mean, rng=np.random.default_rng(2), samples=4000)
    covariance = np.cov(values) / 80
    var, cov2 = np.trace(covariance) / 4, (covariance.sum() - np.trace(covariance)) / 12
    ms = values.mean(axis=1).var(ddof=1)
    assert result.estimate == pytest.approx(values.mean())
    assert result.variance_seeds == pytest.approx(ms / 4)
    assert result.variance_cases == pytest.approx((var + 3 * cov2) / 4, rel=0.1)
    assert result.variance_both == pytest.approx(ms / 4 + cov2, rel=0.1)
    assert result.variance_both == pytest.approx(result.se**2)
    assert result.df == pytest.approx(16 * result.se**4 / (ms**2 / 3))
    reach = stats.t.isf(0.025, result.df) * result.se
    assert [result.low, result.high] == pytest.approx([result.estimate - reach, result.estimate + reach])


def test_an_area_gets_the_standard_error_of_delong():
    rng = np.random.default_rng(3)
    truth = np.repeat([0, 1], [50, 30])
    scores = rng.normal(size=80) + 0.6 * rng.normal(size=(3, 80)) + truth
    values = np.stack([scores, np.tile(truth, (3, 1))], axis=2)
    result = crossed_bootstrap(values, lambda v: auc_interval(v[:, 1], v[:, 0]).auc, rng=rng, samples=1200)
    table = delong(truth, scores.T)
    assert result.estimate == pytest.approx(table.auc.mean())
    assert result.variance_cases == pytest.approx(table.covariance.mean(), rel=0.15)


def test_nested_cases_have_no_common_part():
    values = study(np.random.default_rng(4))
    result = crossed_bootstrap(values, np.mean, rng=np.random.default_rng(5), samples=400, design="nested")
    assert result.variance_both == result.variance_seeds
    assert result.df == pytest.approx(3)
    assert result.variance_cases == pytest.approx(values.var(axis=1, ddof=1).mean() / 80 / 4, rel=0.3)
    drawn = crossed_bootstrap(
        values, np.mean, rng=np.random.default_rng(5), samples=400, design="nested", method="percentile"
    )
    assert drawn.low < drawn.estimate < drawn.high


def test_percentiles_shrink_the_part_of_the_seeds():
    """With cases alike, resampling S seeds gives (S - 1) / S of MS / S: the reason why it is descriptive only."""
    values = np.tile(np.array([0.1, 0.5, 0.4, 0.9])[:, None], (1, 30))
    result = crossed_bootstrap(values, np.mean, rng=np.random.default_rng(6), samples=4000, method="percentile")
    joint = crossed_bootstrap(values, np.mean, rng=np.random.default_rng(6), samples=100)
    assert result.variance_seeds == pytest.approx(0.75 * joint.variance_seeds, rel=0.1)
    assert np.isnan(result.df)
    assert result.high - result.low < joint.high - joint.low


def test_whole_patients_are_drawn():
    values = study(np.random.default_rng(7), n=40)
    copies, ids = np.repeat(values, 3, axis=1), np.repeat(np.arange(40), 3)
    single = crossed_bootstrap(values, np.mean, rng=np.random.default_rng(8), samples=300)
    known = crossed_bootstrap(copies, np.mean, rng=np.random.default_rng(8), samples=300, groups=ids)
    assert known.se == pytest.approx(single.se, rel=1e-9)
    plain = crossed_bootstrap(values, np.mean, rng=np.random.default_rng(8), samples=300, groups=np.arange(40))
    assert plain == single


def test_resamples_without_a_class_are_drawn_again_and_counted():
    truth = np.r_[1.0, 1.0, np.zeros(8)]
    values = np.stack([np.tile(truth, (3, 1)), np.random.default_rng(9).normal(size=(3, 10))], axis=2)

    def sensitivity(v):
        return (v[v[:, 0] == 1, 1] > 0).mean() if (v[:, 0] == 1).any() else np.nan

    result = crossed_bootstrap(values, sensitivity, rng=np.random.default_rng(10), samples=300)
    assert result.redrawn / (300 + result.redrawn) == pytest.approx(0.8**10, abs=0.06)
    never = crossed_bootstrap(values, lambda v: np.nan, rng=np.random.default_rng(11), samples=100)
    assert np.isnan([never.estimate, never.low]).all()
    assert never.note


@pytest.mark.parametrize("method", ["or-t", "percentile"])
def test_equal_values_have_no_interval(method):
    result = crossed_bootstrap(np.full((3, 6), 0.1), np.mean, rng=np.random.default_rng(12), samples=100, method=method)
    assert np.isnan([result.low, result.high]).all()
    assert "vary" in result.note


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        (np.ones(5), {}, r"\(S, N"),
        (np.ones((1, 5)), {}, "2 seeds"),
        (np.ones((2, 1)), {}, "2 cases"),
        (np.ones((2, 5)), {"samples": 5}, "at least 100"),
        (np.ones((2, 5)), {"design": "split"}, "design"),
        (np.ones((2, 5)), {"method": "bca"}, "method"),
        (np.ones((2, 5)), {"groups": np.zeros(5)}, "2 patients"),
        (np.ones((2, 5)), {"rng": 1}, "Generator"),
    ],
)
def test_input_at_fault_is_named(values, options, words):
    with pytest.raises(ValueError, match=words):
        crossed_bootstrap(values, np.mean, **{"rng": np.random.default_rng(1), **options})


@pytest.mark.parametrize("s", [3, 5])
def test_the_interval_covers_for_new_seeds_and_cases(s):
    """200 studies; 3 Monte-Carlo errors. Percentiles over few seeds cover less."""
    rng, covered, repeats = np.random.default_rng(13 + s), 0, 200
    for _ in range(repeats):
        values = study(rng, s, 40)
        result = crossed_bootstrap(values, np.mean, rng=rng, samples=120)
        covered += result.low <= 0 <= result.high
    assert abs(covered / repeats - 0.95) <= 3 * (0.05 * 0.95 / repeats) ** 0.5


def test_nan_among_plain_numbers_is_refused_where_the_statistic_does_not_pass_it_over():
    values = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 4.0]])
    with pytest.raises(ValueError, match="values must hold no NaN"):
        crossed_bootstrap(values, np.mean, rng=np.random.default_rng(1), samples=100)
    found = crossed_bootstrap(values, np.nansum, rng=np.random.default_rng(1), samples=100)
    assert found.estimate == pytest.approx(5.5)
