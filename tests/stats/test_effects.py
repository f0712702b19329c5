"""Effect sizes agree with R (effectsize), their intervals cover, and undefined ones say why."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy import stats as scipy_stats

from cxr_report import stats
from cxr_report.conformance import witness
from cxr_report.stats.effects import LARGE_T, noncentrality_limits, small_sample_factor

R = witness("pairs")["pairs"]
SAMPLES = st.lists(st.integers(0, 9).map(lambda v: 0.7 + v / 60), min_size=1, max_size=8)


def pair(name):
    return np.array(R[name]["x"]) / 1000, np.array(R[name]["y"]) / 1000


@pytest.mark.parametrize("name", sorted(R))
def test_effects_agree_with_effectsize(name):
    x, y = pair(name)
    wanted = R[name]["effects"]
    dz, gz = stats.cohens_dz(x, y), stats.hedges_gz(x, y)
    assert dz.estimate == pytest.approx(wanted["dz"][0], rel=1e-10)
    assert gz.estimate == pytest.approx(wanted["gz"][0], rel=1e-10)
    # effectsize finds its limits by a general optimiser, to about 1e-6
    assert [dz.low, dz.high] == pytest.approx(wanted["dz"][1:], rel=1e-5, abs=1e-5)
    assert [gz.low, gz.high] == pytest.approx(wanted["gz"][1:], rel=1e-5, abs=1e-5)
    assert stats.rank_biserial(x, y).estimate == pytest.approx(wanted["rank_biserial"], abs=1e-12)
    assert stats.cliffs_delta(x, y).estimate == pytest.approx(wanted["cliffs_delta"], abs=1e-12)
    assert stats.vargha_delaney(x, y).estimate == pytest.approx(wanted["vargha_delaney"], abs=1e-12)
    assert stats.cohens_dav(x, y).estimate == pytest.approx(wanted["dav"], rel=1e-10)


def integrated(t, df, nc):
    """P(T <= t) of the noncentral t by integrating over the chi distribution, without scipy's nct."""
    value = integrate.quad(
        lambda v: scipy_stats.norm.cdf(t * v - nc) * scipy_stats.chi.pdf(v * np.sqrt(df), df) * np.sqrt(df),
        0, 20, points=[max(0.0, nc / t)] if t > 0 and nc / t < 20 else None, epsabs=1e-12, limit=500,
    )  # fmt: skip
    return value[0]


@pytest.mark.parametrize(("t", "df"), [(0.5, 2), (2.57, 2), (4.0, 4), (12.0, 9), (60.0, 4), (-3.0, 7), (0.0, 5)])
def test_limits_are_where_the_integrated_distribution_says(t, df):
    low, high = noncentrality_limits(t, df, 0.95)
    assert integrated(t, df, low) == pytest.approx(0.975, abs=1e-7)
    assert integrated(t, df, high) == pytest.approx(0.025, abs=1e-7)


def test_limits_run_on_smoothly_where_the_formula_changes():
    for df in (1, 2, 4, 30):
        inside, outside = (noncentrality_limits(LARGE_T * factor, df, 0.95) for factor in (1 - 1e-9, 1 + 1e-9))
        assert inside == pytest.approx(outside, rel=1e-6)
    assert noncentrality_limits(-1e9, 4, 0.95) == tuple(-v for v in reversed(noncentrality_limits(1e9, 4, 0.95)))


def test_the_interval_of_dz_covers_the_true_value():
    rng = np.random.default_rng(21)
    hits = 0
    for d in rng.normal(0.8, 1.0, size=(600, 6)):
        found = stats.cohens_dz(d, np.zeros(6))
        hits += found.low <= 0.8 <= found.high
    assert abs(hits / 600 - 0.95) < 0.03


def test_gz_is_unbiased_where_dz_is_not():
    rng = np.random.default_rng(22)
    d = rng.normal(0.8, 1.0, size=(40_000, 5))
    dz = d.mean(axis=1) / d.std(axis=1, ddof=1)
    assert dz.mean() > 0.95
    assert small_sample_factor(4) * dz.mean() == pytest.approx(0.8, abs=0.02)
    found = stats.hedges_gz(d[0], np.zeros(5))
    assert found.estimate == pytest.approx(small_sample_factor(4) * dz[0])


def test_the_limits_follow_the_test():
    """The 95 % interval of d_z excludes 0 exactly where the t test has p < 0.05."""
    rng = np.random.default_rng(23)
    for x, y in rng.normal(0.3, 1.0, size=(100, 2, 5)) * [[[1], [0.2]]]:
        found, p = stats.cohens_dz(x, y), stats.paired_t(x, y).p
        assert (p < 0.05) == (found.low > 0 or found.high < 0)


def test_constant_differences_have_no_standardised_size():
    x, y = [0.82, 0.81, 0.80], [0.81, 0.80, 0.79]
    for found in (stats.cohens_dz(x, y), stats.hedges_gz(x, y)):
        assert np.isnan([found.estimate, found.low, found.high]).all()
        assert found.note
    assert stats.rank_biserial(x, y).estimate == 1
    still = stats.cohens_dav([0.1 + 0.2, 0.3], [0.4, 0.4])
    assert np.isnan(still.estimate)
    assert still.note
    zero = stats.rank_biserial([0.1 + 0.2], [0.3])
    assert np.isnan(zero.estimate)
    assert zero.note


def test_two_pairs_leave_gz_undefined():
    found = stats.hedges_gz([0.8, 0.9], [0.7, 0.75])
    assert np.isnan(found.estimate)
    assert "two pairs" in found.note


@settings(max_examples=60, deadline=None)
@given(SAMPLES, SAMPLES)
def test_dominance_is_counted_over_all_pairs(x, y):
    gap = np.subtract.outer(np.round(np.array(x) * 60), np.round(np.array(y) * 60))
    wanted = (gap > 0).mean() - (gap < 0).mean()
    found = stats.cliffs_delta(x, y).estimate
    assert found == pytest.approx(wanted, abs=1e-12)
    assert stats.cliffs_delta(y, x).estimate == pytest.approx(-found, abs=1e-12)
    assert stats.vargha_delaney(x, y).estimate == pytest.approx((wanted + 1) / 2, abs=1e-12)
    assert -1 <= found <= 1


@pytest.mark.parametrize("effect", [stats.cohens_dz, stats.hedges_gz, stats.cohens_dav, stats.rank_biserial])
def test_unpaired_input_is_refused(effect):
    with pytest.raises(ValueError, match="one length"):
        effect([0.1, 0.2], [0.1])
    with pytest.raises(ValueError, match="finite"):
        effect([0.1, np.nan], [0.1, 0.3])


@pytest.mark.parametrize("effect", [stats.cliffs_delta, stats.vargha_delaney])
def test_empty_input_is_refused(effect):
    with pytest.raises(ValueError, match="y must have at least 1"):
        effect([0.1], [])


@pytest.mark.parametrize("df", [1, 4, 29, 99])
@pytest.mark.parametrize("t", [0.3, 2.0, 34.0, 200.0, 2000.0, 9000.0])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_the_limits_of_a_large_negative_size_mirror_those_of_a_positive_one(t, df, confidence):
    """Also where the library has no number for the far tail of the noncentral t."""
    low, high = noncentrality_limits(t, df, confidence)
    assert low < high
    assert noncentrality_limits(-t, df, confidence) == (-high, -low)


def test_a_hundred_seeds_with_a_large_difference_have_an_interval_on_either_side():
    d = np.linspace(2.9, 3.1, 100)
    up, down = stats.cohens_dz(d, np.zeros(100)), stats.cohens_dz(np.zeros(100), d)
    assert (down.low, down.high) == (-up.high, -up.low)
    assert up.low < up.estimate < up.high
