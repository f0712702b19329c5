"""Bootstrap intervals against R's boot on the very same replicates, and their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cxr_report.conformance import witness
from cxr_report.stats import bootstrap_interval
from cxr_report.stats.bootstrap import bca_levels, quantiles

CASES = witness("bootstrap")["cases"]
STATISTICS = {
    "mean": np.mean,
    "sd": lambda x: np.std(x, ddof=1),
    "correlation": lambda xy: np.corrcoef(xy[:, 0], xy[:, 1])[0, 1],
}
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


@by_name
def test_bca_is_that_of_boot_on_the_same_replicates(case):
    """Equal z0 and acceleration give equal levels; boot interpolates on the normal scale, here it is linear."""
    replicates = np.array(case["replicates"])
    low, high = levels = bca_levels(replicates, case["estimate"], np.array(case["left_out"]), 0.95)
    z, z0, a = stats.norm.ppf([0.025, 0.975]), case["z0"], case["acceleration"]
    assert levels == pytest.approx(stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))), rel=1e-9)
    ordered, (wanted_low, wanted_high) = np.sort(replicates), case["bca"]
    for level, mine, wanted in zip((low, high), quantiles(replicates, levels), (wanted_low, wanted_high), strict=True):
        rank = int(min(max(np.floor(1000 * level), 1), 998))
        gap = ordered[rank] - ordered[rank - 1]
        assert abs(mine - wanted) <= 0.1 * gap + 1e-12


@by_name
def test_percentile_and_basic_are_those_of_boot_on_the_same_replicates(case):
    """With 999 replicates the ranks are whole, so the quantiles are exact order statistics."""
    low, high = quantiles(np.array(case["replicates"]), np.array([0.025, 0.975]))
    assert [low, high] == pytest.approx(case["percentile"], rel=1e-12)
    assert [2 * case["estimate"] - high, 2 * case["estimate"] - low] == pytest.approx(case["basic"], rel=1e-12)


@by_name
@pytest.mark.parametrize("method", ["bca", "percentile", "basic", "normal"])
def test_fresh_resamples_come_near_boot(case, method):
    data, statistic = np.array(case["data"]), STATISTICS[case["statistic"]]
    result = bootstrap_interval(data, statistic, rng=np.random.default_rng(1), samples=2000, method=method)
    assert result.estimate == pytest.approx(case["estimate"], rel=1e-9)
    assert result.se == pytest.approx(np.std(case["replicates"], ddof=1), rel=0.1)
    assert [result.low, result.high] == pytest.approx(case[method], abs=0.35 * result.se)


def test_half_of_the_ties_count_in_z0():
    """An accuracy takes few values; counting no ties would shift BCa although the distribution is symmetric."""
    replicates = np.repeat([0.4, 0.5, 0.6], [250, 500, 250])
    levels = bca_levels(replicates, 0.5, np.array([0.4, 0.5, 0.6]), 0.9)
    assert levels == pytest.approx([0.05, 0.95])
    rounded = np.where(replicates == 0.5, 0.1 * 5 + 1e-16, replicates)
    assert bca_levels(rounded, 0.5, np.array([0.4, 0.5, 0.6]), 0.9) == pytest.approx([0.05, 0.95])


def test_whole_patients_are_drawn():
    """Threefold copies of every case, known as one patient, give the interval of the single cases."""
    rng = np.random.default_rng(2)
    data = rng.normal(size=30)
    single = bootstrap_interval(data, np.mean, rng=np.random.default_rng(3), samples=3000)
    copies = bootstrap_interval(
        np.repeat(data, 3), np.mean, rng=np.random.default_rng(3), samples=3000, groups=np.repeat(np.arange(30), 3)
    )
    naive = bootstrap_interval(np.repeat(data, 3), np.mean, rng=np.random.default_rng(3), samples=1000)
    assert [copies.low, copies.high] == pytest.approx([single.low, single.high], rel=1e-9)
    assert naive.se < 0.7 * single.se


def test_a_patient_per_case_is_the_same_as_no_groups():
    data = np.random.default_rng(4).normal(size=20)
    results = [
        bootstrap_interval(data, np.mean, rng=np.random.default_rng(5), samples=200, groups=groups)
        for groups in (None, np.arange(20), [f"{i:02}" for i in range(20)])
    ]
    assert results[0] == results[1] == results[2]


def test_several_arrays_stay_together():
    rng = np.random.default_rng(6)
    x = rng.normal(size=50)
    result = bootstrap_interval(
        (x, 2 * x), lambda a, b: np.corrcoef(a, b)[0, 1] + a.mean(), rng=rng, samples=300, method="percentile"
    )
    assert result.estimate == pytest.approx(1 + x.mean())
    assert result.low == pytest.approx(result.estimate - 2 * result.se, abs=result.se)


def test_equal_values_have_no_interval():
    for method in ("bca", "percentile"):
        result = bootstrap_interval(np.full(9, 0.1), np.mean, rng=np.random.default_rng(7), samples=100, method=method)
        assert np.isnan([result.low, result.high]).all()
        assert "same value" in result.note


def test_an_undefined_statistic_is_undefined_and_redraws_are_counted():
    never = bootstrap_interval([1.0, 2.0], lambda x: np.nan, rng=np.random.default_rng(8), samples=100)
    assert np.isnan([never.estimate, never.low]).all()
    assert never.note

    def prevalence_known(x):
        return x.mean() if 0 < x.mean() < 1 else np.nan

    data = np.r_[1.0, np.zeros(7)]
    sometimes = bootstrap_interval(
        data, prevalence_known, rng=np.random.default_rng(9), samples=400, method="percentile"
    )
    assert sometimes.redrawn == pytest.approx(400 * (7 / 8) ** 8 / (1 - (7 / 8) ** 8), rel=0.25)
    left = bootstrap_interval(data, prevalence_known, rng=np.random.default_rng(9), samples=400)
    assert np.isnan(left.low)
    assert "acceleration" in left.note


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        ([1.0], {}, "at least 2 cases"),
        (([1.0, 2.0], [1.0]), {}, "share"),
        ([1.0, 2.0], {"samples": 10}, "at least 100"),
        ([1.0, 2.0], {"method": "studentized"}, "method"),
        ([1.0, 2.0], {"confidence": 0}, "confidence"),
        ([1.0, 2.0], {"groups": ["a", "a"]}, "2 patients"),
        ([1.0, 2.0], {"rng": np.random.RandomState(1)}, "Generator"),
    ],
)
def test_input_at_fault_is_named(data, options, words):
    with pytest.raises(ValueError, match=words):
        bootstrap_interval(data, np.mean, **{"rng": np.random.default_rng(1), **options})


def test_bca_covers_a_skewed_mean_better_than_basic():
    """Vectorised over 400 studies of 40 exponential numbers; BCa is known to reach about 92 % here."""
    rng, covered = np.random.default_rng(10), np.zeros(2)
    for _ in range(400):
        data = rng.exponential(size=40)
        replicates = data[rng.integers(0, 40, (600, 40))].mean(axis=1)
        left = (data.sum() - data) / 39
        bca = quantiles(replicates, bca_levels(replicates, data.mean(), left, 0.95))
        plain = 2 * data.mean() - quantiles(replicates, np.array([0.975, 0.025]))
        covered += [bca[0] <= 1 <= bca[1], plain[0] <= 1 <= plain[1]]
    assert covered[0] / 400 >= 0.93 - 3 * (0.07 * 0.93 / 400) ** 0.5
    assert covered[0] >= covered[1]


def test_nan_among_plain_numbers_is_refused_where_the_statistic_does_not_pass_it_over():
    data, options = np.array([1.0, np.nan, 3.0, 4.0]), {"rng": np.random.default_rng(1), "samples": 100}
    with pytest.raises(ValueError, match="data must hold no NaN"):
        bootstrap_interval(data, np.mean, **options)
    with pytest.raises(ValueError, match="masked"):
        bootstrap_interval(np.ma.masked_invalid(data), np.mean, **options)
    assert bootstrap_interval(data, np.nansum, **options).estimate == pytest.approx(8)
    truth = np.array([[1.0, np.nan], [np.nan, 1.0], [1.0, 1.0]])
    assert "undefined" in bootstrap_interval(truth, lambda rows: np.nan, **options).note
