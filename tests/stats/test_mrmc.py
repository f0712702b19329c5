"""The joint analysis of areas: the Van Dyke study, brute force over all pairs, and simulation."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.conformance import witness
from cxr_report.stats import (
    adjust,
    delong,
    hand_till,
    jackknife_covariance,
    mrmc,
    obuchowski_rockette,
    paired_t,
)

PUBLISHED = witness("vandyke")


@pytest.fixture(scope="module")
def van_dyke(shared_data):
    """Truth `(114,)` and ratings `(2, 5, 114)`, read in place."""
    path = shared_data / "mrmc" / "VanDyke.csv"
    if not path.is_file():
        pytest.skip("the Van Dyke ratings are absent")
    truth, ratings = np.zeros(114), np.zeros((2, 5, 114))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            case = int(row["case"]) - 1
            truth[case] = int(row["truth"])
            ratings[int(row["treatment"]) - 1, int(row["reader"]) - 1, case] = int(row["rating"])
    return truth, ratings


def area(positive, score):
    up, down = score[positive][:, None], score[~positive][None]
    return ((up > down) + 0.5 * (up == down)).mean() if up.size and down.size else np.nan


def macro(truth, table):
    """Mean one-against-rest area over the classes or findings that have both kinds; `table (N, C)`."""
    if truth.ndim == 1:
        return np.mean([area(truth == c, table[:, c]) for c in range(table.shape[1])])
    known = ~np.isnan(truth)
    return np.nanmean([area(truth[known[:, c], c] == 1, table[known[:, c], c]) for c in range(table.shape[1])])


def slow_macro_covariance(positives, runs):
    """Sum over pairs of classes of `Cov(A_rc, A_qd)`, the formula term by term; `positives` 0, 1 or NaN `(N, C)`."""
    n_runs, size, classes = runs.shape
    v, w = np.zeros((n_runs, classes, size)), np.zeros((classes, size))
    for c in range(classes):
        known = np.flatnonzero(~np.isnan(positives[:, c]))
        truth = positives[known, c] == 1
        m, n = truth.sum(), (~truth).sum()
        w[c, known] = np.where(truth, 1 / np.sqrt(m * (m - 1)), 1 / np.sqrt(n * (n - 1)))
        for r in range(n_runs):
            score = runs[r, known, c]
            up, down = score[truth][:, None], score[~truth][None]
            wins = (up > down) + 0.5 * (up == down)
            v[r, c, known[truth]] = wins.mean(axis=1) - wins.mean()
            v[r, c, known[~truth]] = wins.mean(axis=0) - wins.mean()
    total = np.zeros((n_runs, n_runs))
    for c in range(classes):
        for d in range(classes):
            total += np.einsum("i,i,ri,qi->rq", w[c], w[d], v[:, c], v[:, d])
    return total / classes**2


def study(rng, k=3, s=4, n=60, classes=None, decimals=1):
    shape = (k, s, n) if classes is None else (k, s, n, classes)
    common = rng.normal(size=shape[2:])
    truth = rng.integers(0, classes or 2, n)
    signal = truth if classes is None else np.eye(classes)[truth]
    return truth, (rng.normal(size=shape) + common + 1.2 * signal).round(decimals)


@pytest.mark.parametrize("method", ["jackknife", "delong"])
def test_the_van_dyke_study_is_that_of_mrmcaov(van_dyke, method):
    result, published = mrmc(*van_dyke, covariance=method), PUBLISHED[method]
    assert result.auc == pytest.approx(np.array(PUBLISHED["auc"]), abs=6e-8)
    assert [row.estimate for row in result.means] == pytest.approx(PUBLISHED["means"], abs=6e-8)
    assert result.var_error == pytest.approx(published["var_error"], abs=6e-11)
    assert [result.cov1, result.cov2, result.cov3] == pytest.approx(published["cov"], abs=6e-11)
    assert [result.var_seed, result.var_loss_seed] == pytest.approx(
        [published["var_seed"], published["var_loss_seed"]], abs=6e-11
    )
    both = published["both"]
    assert [result.f, result.df2, result.p] == pytest.approx([both["f"], both["df2"], both["p"]], rel=1e-6)
    row = result.differences()[0]
    if method == "delong":
        assert [row.se, row.low, row.high, row.t] == pytest.approx(
            [both[name] for name in ("se", "low", "high", "t")], rel=1e-6
        )
        for mean, numbers in zip(result.means, both["means"], strict=True):
            own = [mean.estimate, result.ms_seed_by_loss[mean.loss], result.cov2_by_loss[mean.loss]]
            assert [*own, mean.se, mean.df, mean.low, mean.high] == pytest.approx(numbers, rel=1e-6)
    else:
        assert [row.estimate, row.low, row.high] == pytest.approx(both["difference"], abs=6e-6)
        spread = np.sqrt(np.diagonal(result.covariance)).reshape(2, 5)
        assert spread == pytest.approx(np.array(published["single"]), rel=1e-6)


def test_van_dyke_with_seeds_or_cases_fixed(van_dyke):
    published = PUBLISHED["jackknife"]
    fixed = mrmc(*van_dyke, covariance="jackknife", seeds="fixed")
    assert fixed.chi2 == pytest.approx(5.475953, rel=1e-6)
    assert fixed.p == pytest.approx(0.01927984, rel=1e-6)
    for mean, numbers in zip(fixed.means, published["seeds_fixed"]["means"], strict=True):
        assert [mean.estimate, mean.se, mean.low, mean.high] == pytest.approx(numbers, abs=6e-8)
    cases = mrmc(*van_dyke, cases="fixed")
    assert [cases.f, cases.df2] == pytest.approx([8.704, 4], rel=1e-6)
    assert cases.p == pytest.approx(0.04195875, rel=1e-6)
    row, test = cases.differences()[0], paired_t(*cases.auc)
    assert [row.t, row.p, row.low, row.high] == pytest.approx([test.t, test.p, test.low, test.high], rel=1e-10)


def test_another_metric_of_van_dyke_through_the_jackknife(van_dyke):
    """Sensitivity at rating 3, the way for every metric that is no area; MRMCaov prints the same."""
    truth, ratings = van_dyke
    calls = np.moveaxis(ratings >= 3, 2, 0)[truth == 1]

    def sensitivity(calls):
        return calls.mean(axis=0)

    published = PUBLISHED["sensitivity_at_rating_3"]
    result = obuchowski_rockette(sensitivity(calls), jackknife_covariance(sensitivity, calls), bounds=(0.0, 1.0))
    assert [result.var_error, result.cov1, result.cov2, result.cov3] == pytest.approx(
        [published["var_error"], *published["cov"]], abs=6e-11
    )
    both = published["both"]
    assert [result.ms_loss, result.ms_loss_seed, result.f, result.df2, result.p] == pytest.approx(
        [both[name] for name in ("ms_loss", "ms_loss_seed", "f", "df2", "p")], rel=1e-6
    )
    row = result.differences("pooled")[0]
    assert [row.se, row.low, row.high, row.t] == pytest.approx([both[n] for n in ("se", "low", "high", "t")], rel=1e-6)
    for mean, numbers in zip(result.means, both["means"], strict=True):
        own = [mean.estimate, result.ms_seed_by_loss[mean.loss], result.cov2_by_loss[mean.loss]]
        assert [*own, mean.se, mean.df, mean.low, mean.high] == pytest.approx(numbers, rel=1e-6)


def test_binary_delong_covariance_is_that_of_delong():
    truth, scores = study(np.random.default_rng(1))
    result = mrmc(truth, scores)
    table = delong(truth, scores.reshape(12, 60).T)
    assert result.auc.ravel() == pytest.approx(table.auc)
    assert result.covariance == pytest.approx(table.covariance, rel=1e-10)


@pytest.mark.parametrize("classes", [2, 4])
def test_class_covariance_has_the_terms_between_classes(classes):
    rng = np.random.default_rng(2)
    truth, scores = study(rng, 2, 3, 50, classes)
    result = mrmc(truth, scores)
    runs = scores.reshape(6, 50, classes)
    assert result.auc.ravel() == pytest.approx([macro(truth, run) for run in runs], abs=1e-13)
    expected = slow_macro_covariance(np.eye(classes)[truth], runs)
    assert result.covariance == pytest.approx(expected, rel=1e-9)
    assert result.auc_by_class.shape == (2, 3, classes)
    assert result.auc_by_class.mean(axis=2) == pytest.approx(result.auc)


def test_findings_with_unknown_truth_count_for_the_known_cases():
    rng = np.random.default_rng(3)
    findings = (rng.random((70, 3)) < [0.3, 0.5, 0.2]).astype(float)
    scores = (rng.normal(size=(2, 3, 70, 3)) + findings).round(1)
    findings[rng.random((70, 3)) < 0.2] = np.nan
    result = mrmc(findings, scores)
    runs = scores.reshape(6, 70, 3)
    assert result.auc.ravel() == pytest.approx([macro(findings, run) for run in runs], abs=1e-13)
    assert result.covariance == pytest.approx(slow_macro_covariance(findings, runs), rel=1e-9)
    alone = [mrmc(findings[known, c], scores[:, :, known, c]) for c, known in enumerate((~np.isnan(findings)).T)]
    for c, one in enumerate(alone):
        assert result.auc_by_class[:, :, c] == pytest.approx(one.auc)


@pytest.mark.parametrize("kind", ["binary", "classes", "findings"])
@pytest.mark.parametrize("clustered", [False, True])
def test_the_jackknife_in_closed_form_is_leaving_out_one_patient_after_the_other(kind, clustered):
    rng = np.random.default_rng(4)
    n, classes = 40, {"binary": None, "classes": 3, "findings": 3}[kind]
    truth, scores = study(rng, 2, 2, n, classes)
    if kind == "findings":
        truth = (rng.random((n, 3)) < 0.4).astype(float)
        truth[rng.random((n, 3)) < 0.15] = np.nan
    groups = rng.integers(0, 14, n) if clustered else None
    result = mrmc(truth, scores, covariance="jackknife", groups=groups)

    def statistic(truth, cases):
        runs = np.moveaxis(cases, 0, 2).reshape(4, len(truth), -1)
        return [area(truth == 1, run[:, 0]) if kind == "binary" else macro(truth, run) for run in runs]

    expected = jackknife_covariance(statistic, truth, np.moveaxis(scores, 2, 0), groups=groups)
    assert result.covariance == pytest.approx(expected, rel=1e-9)


def test_patients_with_several_images_enter_by_obuchowskis_formula():
    rng = np.random.default_rng(5)
    truth, scores = study(rng)
    groups = rng.integers(0, 25, 60)
    result = mrmc(truth, scores, groups=groups)
    table = delong(truth, scores.reshape(12, 60).T, groups=groups)
    assert result.covariance == pytest.approx(table.covariance, rel=1e-10)


@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("method", ["delong", "jackknife"])
def test_a_patient_per_case_is_the_same_as_no_groups(classes, method):
    truth, scores = study(np.random.default_rng(6), 2, 3, 40, classes)
    plain, ids = (mrmc(truth, scores, covariance=method, groups=groups) for groups in (None, np.arange(40) + 7))
    assert np.array_equal(plain.covariance, ids.covariance)
    assert plain.p == ids.p


def test_copies_of_every_image_change_nothing_once_patients_are_known():
    """Between classes too: threefold images under one patient id give the covariance of the single ones."""
    truth, scores = study(np.random.default_rng(7), 2, 3, 40, 3)
    single = mrmc(truth, scores)
    copies = mrmc(np.repeat(truth, 3), np.repeat(scores, 3, axis=2), groups=np.repeat(np.arange(40), 3))
    assert copies.covariance == pytest.approx(single.covariance, rel=1e-9)


def test_a_class_without_cases_is_left_out_and_counted():
    truth, scores = study(np.random.default_rng(8), 2, 3, 40, 4)
    truth[truth == 3] = 0
    result = mrmc(truth, scores)
    assert "1 of 4 classes" in result.note
    assert np.isnan(result.auc_by_class[:, :, 3]).all()
    assert result.auc == pytest.approx(result.auc_by_class[:, :, :3].mean(axis=2))
    assert 0 < result.p <= 1


@pytest.mark.parametrize("method", ["delong", "jackknife"])
def test_one_positive_case_has_areas_but_no_test_over_cases(method):
    rng = np.random.default_rng(9)
    truth, scores = np.r_[1, np.zeros(29)], rng.normal(size=(2, 4, 30))
    result = mrmc(truth, scores, covariance=method)
    assert np.isfinite(result.auc).all()
    assert np.isnan([result.f, result.p, result.var_error, result.means[0].se]).all()
    assert result.note
    assert np.isnan(result.differences()[0].p)
    assert 0 < mrmc(truth, scores, covariance=method, cases="fixed").p < 1


@pytest.mark.parametrize("design", ["crossed", "nested"])
def test_without_a_positive_case_everything_is_undefined(design):
    scores = [np.ones((2, 5)), np.ones((3, 5))] if design == "nested" else np.ones((2, 3, 5))
    result = mrmc(np.zeros(5), scores, design=design)
    assert np.isnan(result.auc).all()
    assert np.isnan([result.f, result.p, result.cov1]).all()
    assert "missing" in result.note
    assert np.isnan(result.differences()[0].estimate)


def test_perfect_and_constant_classifiers_are_undefined_not_significant():
    truth = np.repeat([0, 1], 10)
    scores = np.stack([np.tile(truth, (3, 1)), np.full((3, 20), 0.5)]).astype(float)
    result = mrmc(truth, scores)
    assert result.auc.tolist() == [[1.0] * 3, [0.5] * 3]
    assert np.isnan([result.f, result.p]).all()
    assert result.note
    assert np.isnan(result.differences()[0].p)


def test_identical_losses_are_undefined_not_significant():
    truth, scores = study(np.random.default_rng(10))
    scores[1] = np.exp(scores[0])
    result = mrmc(truth, scores)
    row = result.differences()[0]
    assert row.estimate == 0
    assert np.isnan(row.p)
    assert 0 < result.p < 1
    two = mrmc(truth, scores[:2])
    assert np.isnan(two.p)
    assert "identical" in two.note


def test_nested_studies_may_differ_in_their_numbers_of_seeds():
    truth, scores = study(np.random.default_rng(11), 2, 6)
    result = mrmc(truth, [scores[0], scores[1, :3]], design="nested")
    assert result.auc.shape == (2, 6)
    assert np.isnan(result.auc[1, 3:]).all()
    assert 0 < result.p < 1
    assert result.means[1] == mrmc(truth, scores[:, :3], design="nested").means[1]


def test_two_softmax_classes_equal_the_binary_area():
    truth, scores = study(np.random.default_rng(12))
    two = mrmc(truth, np.stack([-scores, scores], axis=3))
    one = mrmc(truth, scores)
    assert two.auc == pytest.approx(one.auc)
    assert two.p == pytest.approx(one.p, rel=1e-9)
    assert hand_till(truth, np.stack([-scores[0, 0], scores[0, 0]], axis=1)).auc == pytest.approx(one.auc[0, 0])


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.sampled_from(["delong", "jackknife"]), st.booleans())
def test_order_of_cases_seeds_and_losses_and_monotone_transforms_do_not_matter(seed, method, clustered):
    rng = np.random.default_rng(seed)
    truth, scores = study(rng, 2, 3, 30)
    truth[:4] = [0, 0, 1, 1]
    groups = rng.integers(0, 20, 30) if clustered else np.arange(30)
    one = mrmc(truth, scores, covariance=method, groups=groups)
    cases, seeds = rng.permutation(30), rng.permutation(3)
    moved = np.exp(scores[::-1][:, seeds][:, :, cases] / 2)
    two = mrmc(truth[cases], moved, covariance=method, groups=groups[cases])
    assert two.p == pytest.approx(one.p, rel=1e-7, nan_ok=True)
    assert two.differences()[0].estimate == pytest.approx(-one.differences()[0].estimate, abs=1e-12)
    assert two.differences()[0].p == pytest.approx(one.differences()[0].p, rel=1e-7, nan_ok=True)


@pytest.mark.parametrize(
    ("truth", "scores", "options", "words"),
    [
        ([0, 1], np.ones((1, 3, 2)), {}, "at least 2 losses"),
        ([0, 1, 1], np.ones((2, 3, 2)), {}, "one row per case"),
        ([0, 2], np.ones((2, 3, 2)), {}, "0 and 1 only"),
        ([0, 3], np.ones((2, 3, 2, 3)), {}, "class indices 0 to 2"),
        ([[0, 1], [1, 5]], np.ones((2, 3, 2, 2)), {}, "0, 1 or NaN"),
        ([[0, 1], [1, 0]], np.ones((2, 3, 2, 3)), {}, "column per finding"),
        ([0, 1], np.full((2, 3, 2), np.nan), {}, "scores must be finite"),
        ([0, 1], np.ones((2, 2)), {}, "3 axes"),
        ([0, 1], np.ones((2, 1, 2)), {}, "at least 2 seeds"),
        ([0, 1], np.ones((2, 3, 2)), {"covariance": "bootstrap"}, "covariance"),
        ([0, 1], np.ones((2, 3, 2)), {"average": "micro"}, "average"),
        ([0, 1], [np.ones((2, 2)), np.ones((3, 2))], {}, "rectangular"),
        ([0, 1], [np.ones((2, 2)), np.ones((3, 4))], {"design": "nested"}, "same cases"),
        ([0, 1], [np.ones((2, 2)), np.ones((1, 2))], {"design": "nested"}, "at least 2 seeds"),
    ],
)
def test_input_at_fault_is_named(truth, scores, options, words):
    with pytest.raises(ValueError, match=words):
        mrmc(truth, scores, **options)


def cases_with_interaction(rng, k, s, n=120, positives=40):
    """Scores with case effects of their own for every loss (all mean areas equal) and noise per seed."""
    truth = np.repeat([1, 0], [positives, n - positives])
    strength = 1.3 + 0.15 * rng.normal(size=s) + 0.15 * rng.normal(size=(k, s))
    shared, own = rng.normal(size=n), 0.7 * rng.normal(size=(k, 1, n))
    return truth, strength[:, :, None] * truth + shared + own + 0.3 * rng.normal(size=(k, s, n))


@pytest.mark.parametrize("s", [3, 5, 10])
def test_the_joint_test_keeps_its_level_where_tests_over_seeds_do_not(s):
    """With a loss x case interaction a paired t test over seeds claims far too much about other patients."""
    rng, rejected, repeats = np.random.default_rng(13 + s), np.zeros(3), 400
    for _ in range(repeats):
        result = mrmc(*cases_with_interaction(rng, 2, s))
        row = result.differences()[0]
        rejected += [result.p < 0.05, row.p < 0.05, paired_t(*result.auc).p < 0.05]
    omnibus, pair, seeds_only = rejected / repeats
    error = 3 * (0.05 * 0.95 / repeats) ** 0.5
    assert omnibus <= 0.05 + error
    assert 0.05 - error <= pair <= 0.05 + error
    assert seeds_only > 0.13


def test_a_planted_difference_is_found():
    rng, found = np.random.default_rng(14), 0
    for _ in range(50):
        truth, scores = cases_with_interaction(rng, 2, 5)
        scores[0] += 1.2 * truth
        found += mrmc(truth, scores).p < 0.05
    assert found >= 40


@pytest.mark.parametrize("noisy", [0.0, 0.03])
def test_holm_over_pairs_keeps_the_family_error_with_three_seeds(noisy):
    """Four equal losses, one of them noisy; errors of pairs with their floor, over all six comparisons."""
    k, s, repeats, wrong = 4, 3, 400, 0
    loss, seed = np.repeat(np.arange(k), s), np.tile(np.arange(s), k)
    same_loss, same_seed = loss[:, None] == loss, seed[:, None] == seed
    covariance = 1.8e-4 + 8e-5 * same_loss + 2e-5 * same_seed + 1.2e-4 * (same_loss & same_seed)
    root, rng = np.linalg.cholesky(covariance), np.random.default_rng(15)
    for _ in range(repeats):
        spread = np.full((k, 1), 8e-3)
        spread[0] += noisy
        theta = 0.85 + 0.01 * rng.normal(size=s) + spread * rng.normal(size=(k, s))
        theta += (root @ rng.normal(size=k * s)).reshape(k, s)
        rows = obuchowski_rockette(theta, covariance).differences()
        wrong += adjust([row.p for row in rows], "holm").min() < 0.05
    assert wrong / repeats <= 0.05 + 3 * (0.05 * 0.95 / repeats) ** 0.5


@pytest.mark.parametrize("images", [1, 3])
def test_macro_intervals_cover_with_rare_classes_and_several_images(images):
    """The interval of a mean over classes holds its level over cases (seeds fixed) with 10 patients of the rarest."""
    rng, covered, repeats = np.random.default_rng(16), 0, 300
    groups = np.repeat(np.arange(100), images)
    classes = np.repeat([0, 1, 2], [50, 40, 10])
    for _ in range(repeats):
        truth = rng.permutation(classes)[groups]
        noise = 0.8 * rng.normal(size=(100, 3))[groups] + 0.6 * rng.normal(size=(groups.size, 3))
        scores = 1.2 * np.eye(3)[truth] + noise
        runs = np.stack([scores, scores + 0.1 * rng.normal(size=scores.shape)])[:, None]
        row = mrmc(truth, runs, seeds="fixed", groups=groups).means[0]
        covered += row.low <= 0.8019 <= row.high  # Phi(1.2 / sqrt(2))
    assert abs(covered / repeats - 0.95) <= 3 * (0.05 * 0.95 / repeats) ** 0.5
