"""The Obuchowski-Rockette analysis against MRMCaov, base R and explicit sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.conformance import witness
from cxr_report.stats import Mrmc, jackknife_covariance, obuchowski_rockette

R = witness("mrmc")
VAN_DYKE = witness("vandyke")


def blocks(k, s, var, cov1, cov2, cov3):
    """The `(ks, ks)` covariance with four values."""
    loss, seed = np.repeat(np.arange(k), s), np.tile(np.arange(s), k)
    same_loss, same_seed = loss[:, None] == loss, seed[:, None] == seed
    return np.where(same_loss & same_seed, var, np.where(same_seed, cov1, np.where(same_loss, cov2, cov3)))


def random_study(rng, k=3, s=4):
    """Metric values and a positive definite covariance whose blocks all differ."""
    theta = 0.85 + 0.01 * rng.normal(size=(k, s)) + 0.01 * rng.normal(size=s)
    loading = 0.002 * (
        rng.normal(size=(k * s, 30)) + rng.normal(size=30) + np.repeat(rng.normal(size=(k, 30)), s, axis=0)
    )
    return theta, loading @ loading.T / 30


def permuted(theta, covariance, losses, seeds):
    k, s = theta.shape
    order = np.arange(k * s).reshape(k, s)[np.ix_(losses, seeds)].ravel()
    return theta[np.ix_(losses, seeds)], covariance[np.ix_(order, order)]


def check_rows(rows, expected):
    for row, (estimate, *others) in zip(rows, expected, strict=True):
        assert row.estimate == pytest.approx(estimate, abs=6e-8)
        se, *df, low, high = others
        assert [row.se, row.low, row.high] == pytest.approx([se, low, high], rel=2e-5, abs=6e-8)
        assert not df or row.df == pytest.approx(df[0], rel=2e-5)


@pytest.mark.parametrize("method", ["jackknife", "delong"])
def test_van_dyke_from_its_published_areas_and_covariances(method):
    """The analysis of MRMCaov and OR-DBM MRMC, from the numbers they print (7 digits)."""
    published = VAN_DYKE[method]
    result = obuchowski_rockette(VAN_DYKE["auc"], blocks(2, 5, published["var_error"], *published["cov"]))
    both = published["both"]
    assert result.f == pytest.approx(both["f"], rel=1e-5)
    assert result.df2 == pytest.approx(both["df2"], rel=1e-5)
    assert result.p == pytest.approx(both["p"], rel=1e-5)
    assert result.ms_loss == pytest.approx(VAN_DYKE["ms_loss"], rel=1e-5)
    assert result.ms_loss_seed == pytest.approx(VAN_DYKE["ms_loss_seed"], rel=1e-5)
    assert result.var_seed == pytest.approx(published["var_seed"], rel=1e-5)
    assert result.var_loss_seed == pytest.approx(published["var_loss_seed"], rel=1e-4)
    for error in ("pair", "pooled"):
        row = result.differences(error)[0]
        assert [row.estimate, row.low, row.high] == pytest.approx(
            [-0.04380, *both.get("difference", [0, both.get("low"), both.get("high")])[1:]], abs=6e-6
        )
        assert row.p == pytest.approx(result.p, rel=1e-9)


def test_van_dyke_with_seeds_or_cases_fixed():
    published = VAN_DYKE["jackknife"]
    covariance = blocks(2, 5, published["var_error"], *published["cov"])
    fixed = obuchowski_rockette(VAN_DYKE["auc"], covariance, seeds="fixed")
    expected = published["seeds_fixed"]
    assert [fixed.chi2, fixed.p] == pytest.approx([expected["chi2"], expected["p"]], rel=2e-5)
    assert (fixed.f, fixed.df1, fixed.df2) == (fixed.chi2, 1, np.inf)
    row = fixed.differences()[0]
    assert [row.se, row.low, row.high, row.t] == pytest.approx(
        [expected[name] for name in ("se", "low", "high", "z")], rel=2e-5
    )
    cases = obuchowski_rockette(VAN_DYKE["auc"], covariance, cases="fixed")
    expected = published["cases_fixed"]
    assert [cases.f, cases.df2, cases.p] == pytest.approx([expected["f"], 4, expected["p"]], rel=2e-5)
    assert np.isnan(cases.chi2)
    row = cases.differences()[0]
    assert [row.se, row.low, row.high, row.t] == pytest.approx(
        [expected[name] for name in ("se", "low", "high", "t")], rel=2e-5
    )
    check_rows(cases.means, expected["means"])


@pytest.mark.parametrize("study", R["crossed"], ids=lambda study: f"{len(study['theta'])} losses")
def test_mean_squares_and_tests_are_those_of_aov(study):
    theta, covariance = np.array(study["theta"]), np.array(study["covariance"])
    result = obuchowski_rockette(theta, covariance)
    assert [result.ms_loss, result.ms_seed, result.ms_loss_seed] == pytest.approx(study["ms"], rel=1e-9)
    assert [result.var_error, result.cov1, result.cov2, result.cov3] == pytest.approx(
        [study["var"], *study["cov"]], rel=1e-9
    )
    assert [result.f, result.df2, result.p] == pytest.approx([study["f"], study["df2"], study["p"]], rel=1e-8)
    mean = result.means[0]
    assert [mean.estimate, mean.se, mean.df, mean.low, mean.high] == pytest.approx(study["mean1"], rel=1e-9)
    fixed = obuchowski_rockette(theta, covariance, seeds="fixed")
    assert [fixed.chi2, fixed.p] == pytest.approx([study["chi2"], study["p_seeds_fixed"]], rel=1e-8)
    cases = obuchowski_rockette(theta, covariance, cases="fixed")
    assert [cases.f, cases.p] == pytest.approx([study["f_cases_fixed"], study["p_cases_fixed"]], rel=1e-8)
    row = cases.differences()[0]
    assert [row.t, row.df, row.p, row.low, row.high] == pytest.approx(study["paired_t"], rel=1e-8)


@pytest.mark.parametrize("study", R["nested"], ids=lambda study: str([len(row) for row in study["theta"]]))
def test_nested_seeds_on_fixed_cases_are_a_one_way_analysis_of_variance(study):
    """Numbers of seeds may differ; a pair is then Student's two-sample test."""
    runs = sum(map(len, study["theta"]))
    result = obuchowski_rockette(study["theta"], np.eye(runs) * 1e-5, cases="fixed", design="nested")
    assert [result.ms_loss, result.ms_seed] == pytest.approx(study["ms"], rel=1e-9)
    assert [result.f, result.p] == pytest.approx([study["f"], study["p"]], rel=1e-8)
    assert [result.df1, result.df2] == study["df"]
    row = result.differences()[0]
    assert [row.t, row.df, row.p, row.low, row.high] == pytest.approx(study["pooled_t"], rel=1e-8)


@pytest.mark.parametrize("seeds", ["random", "fixed"])
def test_the_nested_terms_follow_their_formulas(seeds):
    rng = np.random.default_rng(3)
    theta, covariance = random_study(rng)
    k, s = theta.shape
    result = obuchowski_rockette(theta, covariance, design="nested", seeds=seeds)
    loss = np.repeat(np.arange(k), s)
    same = loss[:, None] == loss
    cov2, cov3 = covariance[same & ~np.eye(k * s, dtype=bool)].mean(), covariance[~same].mean()
    ms = theta.var(axis=1, ddof=1).mean()
    ms_loss = s * theta.mean(axis=1).var(ddof=1)
    assert [result.cov2, result.cov3, result.ms_seed] == pytest.approx([cov2, cov3, ms], rel=1e-9)
    assert np.isnan([result.cov1, result.ms_loss_seed, result.var_loss_seed]).all()
    if seeds == "random":
        d = ms + s * max(cov2 - cov3, 0)
        assert result.f == pytest.approx(ms_loss / d, rel=1e-9)
        assert result.df2 == pytest.approx(d**2 / (ms**2 / (k * (s - 1))), rel=1e-9)
        assert result.var_seed == pytest.approx(ms - result.var_error + cov2, rel=1e-9)
    else:
        # the variance of a contrast of means over fixed seeds, from the covariance itself
        means = np.kron(np.eye(k), np.full((1, s), 1 / s))
        table = means @ covariance @ means.T
        contrast = np.mean([table[i, i] + table[j, j] - 2 * table[i, j] for i in range(k) for j in range(i)])
        assert result.chi2 == pytest.approx((k - 1) * ms_loss / (s * contrast / 2), rel=1e-9)


def test_crossed_and_fixed_seeds_use_the_variance_of_the_contrast_itself():
    theta, covariance = random_study(np.random.default_rng(4), k=2, s=5)
    row = obuchowski_rockette(theta, covariance, seeds="fixed").differences()[0]
    weights = np.repeat([0.2, -0.2], 5)
    assert row.estimate == pytest.approx(weights @ theta.ravel())
    assert row.se**2 == pytest.approx(weights @ covariance @ weights, rel=1e-9)


def test_pair_errors_take_the_two_losses_alone_with_a_floor():
    theta, covariance = random_study(np.random.default_rng(5), k=4, s=3)
    k, s = theta.shape
    rows = obuchowski_rockette(theta, covariance).differences(error="pair")
    assert [(row.i, row.j) for row in rows] == [(i, j) for i in range(k) for j in range(i + 1, k)]
    floors = 0
    for row in rows:
        pick = np.r_[row.i * s : row.i * s + s, row.j * s : row.j * s + s]
        alone = obuchowski_rockette(theta[[row.i, row.j]], covariance[np.ix_(pick, pick)])
        case = max(alone.cov2 - alone.cov3, 0)
        ms = max(alone.ms_loss_seed, alone.var_error - alone.cov1 - case)
        floors += ms > alone.ms_loss_seed
        d = ms + s * case
        assert row.se**2 == pytest.approx(2 * d / s, rel=1e-9)
        assert row.df == pytest.approx(d**2 / (ms**2 / (s - 1)), rel=1e-9)
        assert row.t == pytest.approx((theta[row.i].mean() - theta[row.j].mean()) / row.se, rel=1e-9)
    theta = np.outer([1, 1.001], np.full(5, 0.9)) + 1e-7 * np.random.default_rng(6).normal(size=(2, 5))
    floored = obuchowski_rockette(theta, blocks(2, 5, 4e-4, 1e-4, 2e-4, 1e-4)).differences()[0]
    assert floored.se**2 == pytest.approx(2 / 5 * (2e-4 + 5e-4), rel=1e-6)
    assert floored.df == pytest.approx((7 / 2) ** 2 * 4, rel=1e-6)


def test_pooled_errors_share_one_standard_error():
    theta, covariance = random_study(np.random.default_rng(7))
    result = obuchowski_rockette(theta, covariance)
    rows = result.differences("pooled")
    d = result.ms_loss_seed + 4 * max(result.cov2 - result.cov3, 0)
    for row in rows:
        assert row.se == pytest.approx((2 * d / 4) ** 0.5, rel=1e-9)
        assert row.df == pytest.approx(result.df2, rel=1e-9)


def test_negative_case_terms_count_as_zero_in_tests_and_stay_raw_in_the_components():
    theta = random_study(np.random.default_rng(8))[0]
    result = obuchowski_rockette(theta, blocks(3, 4, 4e-4, 1e-4, -1e-5, 5e-5))
    assert result.cov2 == pytest.approx(-1e-5)
    assert result.f == pytest.approx(result.ms_loss / result.ms_loss_seed)
    assert result.df2 == pytest.approx(6)
    assert result.means[0].se ** 2 == pytest.approx(result.ms_seed_by_loss[0] / 4)
    assert result.means[0].df == pytest.approx(3)
    assert obuchowski_rockette(theta * 0.01 + 0.9, blocks(3, 4, 4e-4, 1e-4, 1e-4, 5e-5)).var_loss_seed < 0


def test_one_seed_allows_only_fixed_seeds():
    covariance = np.array([[2e-4, 1e-4], [1e-4, 3e-4]])
    with pytest.raises(ValueError, match="at least 2 seeds"):
        obuchowski_rockette([[0.9], [0.8]], covariance)
    result = obuchowski_rockette([[0.9], [0.8]], covariance, seeds="fixed")
    assert result.chi2 == pytest.approx(0.01 / 3e-4)
    assert result.note == ""
    assert np.isnan([result.cov2, result.cov3, result.ms_seed, result.ms_loss_seed]).all()
    assert result.means[1].se == pytest.approx(3e-4**0.5)
    assert result.differences()[0].t == pytest.approx(0.1 / 3e-4**0.5)
    nested = obuchowski_rockette([[0.9], [0.8]], covariance, seeds="fixed", design="nested")
    assert nested.chi2 == pytest.approx(result.chi2)


@pytest.mark.parametrize("design", ["crossed", "nested"])
def test_identical_losses_are_undefined_not_significant(design):
    seeds = np.array([0.82, 0.81, 0.80])
    covariance = np.tile(3e-4 * (np.eye(3) + 0.3), (2, 2)) if design == "crossed" else np.full((6, 6), 1e-4)
    theta = np.stack([seeds, seeds]) if design == "crossed" else np.full((2, 3), 0.1 + 0.2)
    result = obuchowski_rockette(theta, covariance, design=design)
    assert np.isnan([result.f, result.df2, result.p]).all()
    assert "identical" in result.note
    row = result.differences()[0]
    assert (row.estimate, row.se) == (0, 0)
    assert np.isnan([row.t, row.df, row.p, row.low, row.high]).all()
    assert row.note


def test_a_constant_difference_on_fixed_cases_is_undefined_despite_rounding():
    """0.82 - 0.81 is not 0.81 - 0.80 in binary; without snapping F would be 1e30."""
    theta = [[0.82, 0.81, 0.80], [0.81, 0.80, 0.79]]
    result = obuchowski_rockette(theta, np.eye(6) * 1e-4, cases="fixed")
    assert np.isnan([result.f, result.p]).all()
    assert "constant difference" in result.note
    assert result.ms_loss_seed == 0
    random = obuchowski_rockette(theta, blocks(2, 3, 4e-4, 1e-4, 2e-4, 1e-4))
    assert random.df2 == np.inf
    assert 0 < random.p < 1


def test_equal_means_have_a_p_of_one():
    theta = [[0.8, 0.9, 0.85], [0.9, 0.8, 0.85]]
    result = obuchowski_rockette(theta, blocks(2, 3, 4e-4, 1e-4, 2e-4, 1e-4))
    assert (result.f, result.p) == (0, 1)
    row = result.differences()[0]
    assert (row.estimate, row.t, row.p) == (0, 0, 1)


def test_a_negative_error_term_of_fixed_seeds_is_undefined():
    theta = random_study(np.random.default_rng(9))[0]
    result = obuchowski_rockette(theta, blocks(3, 4, 1e-4, 2e-4, 1e-5, 1e-5), seeds="fixed")
    assert np.isnan([result.chi2, result.p]).all()
    assert "negative" in result.note
    assert np.isnan(result.differences()[0].se)


def test_intervals_are_clipped_only_where_bounds_are_given():
    theta, covariance = [[0.999, 0.997], [0.99, 0.95]], blocks(2, 2, 4e-3, 1e-3, 2e-3, 1e-3)
    free, held = (obuchowski_rockette(theta, covariance, bounds=bounds) for bounds in (None, (0.0, 1.0)))
    assert free.means[0].high > 1
    assert held.means[0].high == 1
    assert held.means[0].low == free.means[0].low
    assert free.p == held.p


def test_a_wider_interval_can_be_asked_of_the_same_analysis():
    """Bonferroni-simultaneous intervals stand beside the unadjusted ones."""
    result = obuchowski_rockette(*random_study(np.random.default_rng(10)))
    plain, wide = result.differences(), result.differences(confidence=1 - 0.05 / 3)
    for a, b in zip(plain, wide, strict=True):
        assert (a.p, a.se) == (b.p, b.se)
        assert b.low < a.low < a.high < b.high


def test_padding_and_ragged_lists_are_the_same_nested_study():
    rng = np.random.default_rng(11)
    rows = [0.9 + 0.01 * rng.normal(size=n) for n in (3, 5)]
    loading = rng.normal(size=(8, 20)) * 0.003
    covariance = loading @ loading.T
    padded = np.array([[*rows[0], np.nan, np.nan], rows[1]])
    full = np.full((10, 10), np.nan)
    keep = ~np.isnan(padded.ravel())
    full[np.ix_(keep, keep)] = covariance
    results = [
        obuchowski_rockette(theta, table, design="nested")
        for theta, table in ((rows, covariance), (padded, covariance), (padded, full))
    ]
    assert len({(result.f, result.df2, result.p, result.means) for result in results}) == 1
    row = results[0].differences()[0]
    assert row.p == pytest.approx(results[0].p) or row.se > 0


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from(["crossed", "nested"]), st.sampled_from(["random", "fixed"]))
def test_relabelling_losses_and_seeds_changes_nothing(seed, design, seeds):
    rng = np.random.default_rng(seed)
    k, s = int(rng.integers(2, 5)), int(rng.integers(2, 6))
    theta, covariance = random_study(rng, k, s)
    losses, order = rng.permutation(k), rng.permutation(s)
    one = obuchowski_rockette(theta, covariance, design=design, seeds=seeds)
    two = obuchowski_rockette(*permuted(theta, covariance, losses, order), design=design, seeds=seeds)
    assert two.p == pytest.approx(one.p, rel=1e-7)
    pairs = {(row.i, row.j): row for row in one.differences()}
    for row in two.differences():
        i, j = losses[row.i], losses[row.j]
        old, sign = pairs[min(i, j), max(i, j)], 1 if i < j else -1
        assert row.estimate == pytest.approx(sign * old.estimate, rel=1e-9)
        assert row.p == pytest.approx(old.p, rel=1e-7)
        assert [row.low, row.high] == pytest.approx(sorted([sign * old.low, sign * old.high]), rel=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_adding_a_constant_or_changing_the_unit_keeps_p(seed):
    theta, covariance = random_study(np.random.default_rng(seed))
    one, two = obuchowski_rockette(theta, covariance), obuchowski_rockette(100 * theta - 3, 1e4 * covariance)
    assert two.p == pytest.approx(one.p, rel=1e-6)
    assert two.df2 == pytest.approx(one.df2, rel=1e-6)


def test_with_two_losses_the_pooled_difference_is_the_omnibus():
    result = obuchowski_rockette(*random_study(np.random.default_rng(12), k=2))
    row = result.differences("pooled")[0]
    assert row.t**2 == pytest.approx(result.f)
    assert row.p == pytest.approx(result.p)
    assert isinstance(result, Mrmc)


GOOD = ([[0.9, 0.8], [0.7, 0.6]], np.eye(4))


@pytest.mark.parametrize(
    ("theta", "covariance", "options", "words"),
    [
        ([[0.9, 0.8]], np.eye(2), {}, "at least 2 losses"),
        ([[0.9, np.nan], [0.7, 0.6]], np.eye(4), {}, "finite"),
        ([[np.nan, 0.9], [0.7, 0.6]], np.eye(4), {"design": "nested"}, "NaN may only follow"),
        ([[0.9, np.nan], [0.7, 0.6]], np.eye(4), {"design": "nested"}, "at least 2 seeds"),
        ([[0.9, 0.8], [0.7]], np.eye(3), {}, "rectangular"),
        (GOOD[0], np.eye(3), {}, r"\(4, 4\)"),
        (GOOD[0], np.full((4, 4), np.nan), {}, "covariance"),
        (GOOD[0], np.triu(np.ones((4, 4))), {}, "symmetric"),
        (GOOD[0], -np.eye(4), {}, "at least 0"),
        (*GOOD, {"seeds": "fixed", "cases": "fixed"}, "must not both"),
        (*GOOD, {"design": "split"}, "design"),
        (*GOOD, {"seeds": "some"}, "seeds"),
        (*GOOD, {"confidence": 1}, "confidence"),
        (*GOOD, {"bounds": (1, 0)}, "bounds"),
    ],
)
def test_input_at_fault_is_named(theta, covariance, options, words):
    with pytest.raises(ValueError, match=words):
        obuchowski_rockette(theta, covariance, **options)


def test_an_unknown_error_term_is_refused():
    with pytest.raises(ValueError, match="pooled"):
        obuchowski_rockette(*GOOD).differences("both")


@pytest.mark.parametrize("seeds", ["random", "fixed"])
def test_a_covariance_that_is_rounding_alone_is_no_error_term(seeds: str) -> None:
    correct = np.repeat([[0.9, 0.8]], 60, axis=0)  # every case gets the same probability, so no case changes the mean
    values = (1 - np.repeat(correct, 2, axis=1)) ** 2
    covariance = jackknife_covariance(lambda table: table.mean(axis=0), values)
    result = obuchowski_rockette(values.mean(axis=0).reshape(2, 2), covariance + 1e-32, seeds=seeds)
    assert np.isnan(result.p)
    assert "error term is 0" in result.note
    assert all(np.isnan(row.p) and np.isnan(row.low) for row in result.differences())
