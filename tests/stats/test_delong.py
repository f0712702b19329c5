"""DeLong's areas, tests and intervals against pROC, the definition over all pairs, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.conformance import witness
from cxr_report.stats import auc_interval, delong, delong_test

PAIRS = witness("roc")["pairs"]
by_name = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])


def all_pairs(positive, score):
    up, down = score[positive][:, None], score[~positive][None]
    return (up > down) + 0.5 * (up == down)


def slow_covariance(positive, scores):
    """DeLong's covariance in O(M n) from the matrix of all pairs."""
    wins = [all_pairs(positive, score) for score in scores.T]
    v10, v01 = np.array([win.mean(axis=1) for win in wins]), np.array([win.mean(axis=0) for win in wins])
    return np.cov(v10) / positive.sum() + np.cov(v01) / (~positive).sum()


def slow_clustered(positive, scores, groups):
    """Obuchowski's clustered covariance, patient by patient, written out."""
    m, n = positive.sum(), (~positive).sum()
    patients = np.unique(groups)
    a, b = np.zeros((scores.shape[1], patients.size)), np.zeros((scores.shape[1], patients.size))
    for r, score in enumerate(scores.T):
        wins = all_pairs(positive, score)
        for g, patient in enumerate(patients):
            own = groups == patient
            a[r, g] = (wins.mean(axis=1) - wins.mean())[own[positive]].sum()
            b[r, g] = (wins.mean(axis=0) - wins.mean())[own[~positive]].sum()
    i10, i01 = np.unique(groups[positive]).size, np.unique(groups[~positive]).size
    size = patients.size
    return (
        i10 / ((i10 - 1) * m**2) * a @ a.T
        + i01 / ((i01 - 1) * n**2) * b @ b.T
        + size / ((size - 1) * m * n) * (a @ b.T + b @ a.T)
    )


@by_name
def test_areas_and_covariance_are_those_of_proc(pair):
    result = delong(pair["truth"], np.stack([pair["a"], pair["b"]], axis=1))
    assert result.auc == pytest.approx(pair["auc"], abs=1e-12)
    assert np.diagonal(result.covariance) == pytest.approx(pair["variance"], rel=1e-10, abs=1e-15)
    assert result.covariance[0, 1] == pytest.approx(pair["covariance"], rel=1e-10, abs=1e-15)


@by_name
def test_the_paired_test_is_that_of_proc(pair):
    result = delong_test(pair["truth"], pair["a"], pair["b"])
    assert result.z == pytest.approx(pair["z"], rel=1e-10)
    assert result.p == pytest.approx(pair["p"], rel=1e-9)
    assert [result.low, result.high] == pytest.approx(pair["difference"], rel=1e-10)
    for alternative in ("greater", "less"):
        one_sided = delong_test(pair["truth"], pair["a"], pair["b"], alternative=alternative)
        assert one_sided.p == pytest.approx(pair[f"p_{alternative}"], rel=1e-9)


@by_name
def test_the_interval_is_that_of_proc(pair):
    a = auc_interval(pair["truth"], pair["a"])
    b = auc_interval(pair["truth"], pair["b"], confidence=0.9)
    assert [a.low, a.high] == pytest.approx(pair["interval_a"], rel=1e-10)
    assert [b.low, b.high] == pytest.approx(pair["interval_b_90"], rel=1e-10)


@pytest.mark.parametrize("decimals", [8, 0])
def test_the_covariance_equals_the_definition_over_all_pairs(decimals):
    rng = np.random.default_rng(2)
    truth = rng.random(90) < 0.35
    scores = (rng.normal(size=(90, 5)) + truth[:, None] + rng.normal(size=(90, 1))).round(decimals)
    assert delong(truth, scores).covariance == pytest.approx(slow_covariance(truth, scores), rel=1e-10)


def test_the_clustered_covariance_equals_the_formula_written_out():
    rng = np.random.default_rng(3)
    truth = rng.random(80) < 0.4
    groups = rng.integers(0, 25, 80)
    scores = (rng.normal(size=(80, 3)) + truth[:, None] + rng.normal(size=25)[groups][:, None]).round(1)
    expected = slow_clustered(truth, scores, groups)
    assert delong(truth, scores, groups=groups).covariance == pytest.approx(expected, rel=1e-10)
    test = delong_test(truth, scores[:, 0], scores[:, 1], groups=groups)
    assert test.se**2 == pytest.approx(expected[0, 0] + expected[1, 1] - 2 * expected[0, 1], rel=1e-9)
    assert auc_interval(truth, scores[:, 2], groups=groups).se ** 2 == pytest.approx(expected[2, 2], rel=1e-10)


@pytest.mark.parametrize("ids", [np.arange(60)[::-1], [f"patient {i}" for i in range(60)]])
def test_a_patient_per_case_is_the_same_as_no_groups(ids):
    pair = PAIRS[0]
    plain = delong_test(pair["truth"], pair["a"], pair["b"])
    assert delong_test(pair["truth"], pair["a"], pair["b"], groups=ids) == plain
    scores = np.stack([pair["a"], pair["b"]], axis=1)
    assert np.array_equal(
        delong(pair["truth"], scores, groups=ids).covariance, delong(pair["truth"], scores).covariance
    )


def test_repeating_every_image_widens_the_clustered_interval_only():
    """Copies of an image bring no information; the clustered standard error stays, the naive one shrinks."""
    pair = PAIRS[0]
    truth, score = np.repeat(pair["truth"], 3), np.repeat(pair["a"], 3)
    alone = auc_interval(pair["truth"], pair["a"])
    naive, clustered = auc_interval(truth, score), auc_interval(truth, score, groups=np.repeat(np.arange(60), 3))
    assert clustered.se == pytest.approx(alone.se, rel=1e-12)
    assert naive.se < 0.6 * alone.se


def test_the_logit_interval_follows_its_formula_and_stays_inside():
    result = auc_interval(PAIRS[2]["truth"], PAIRS[2]["a"], method="logit")
    logit = np.log(result.auc / (1 - result.auc))
    reach = 1.959963984540054 * result.se / (result.auc * (1 - result.auc))
    assert [result.low, result.high] == pytest.approx(1 / (1 + np.exp([reach - logit, -reach - logit])))
    assert 0 < result.low < result.auc < result.high < 1


def test_identical_classifiers_are_undefined_not_significant():
    pair = PAIRS[1]
    for b in (pair["a"], np.exp(pair["a"])):
        result = delong_test(pair["truth"], pair["a"], b)
        assert (result.difference, result.se) == (0, 0)
        assert np.isnan([result.z, result.p, result.low, result.high]).all()
        assert "alike" in result.note


def test_a_perfect_against_a_constant_classifier_is_undefined():
    truth = np.repeat([0, 1], 10)
    result = delong_test(truth, truth, np.zeros(20))
    assert result.difference == 0.5
    assert np.isnan(result.p)
    assert "no variance" in result.note


@pytest.mark.parametrize(("score", "auc"), [([0, 0, 1, 1], 1.0), ([1, 1, 1, 1], 0.5), ([1, 1, 0, 0], 0.0)])
def test_an_interval_without_width_says_so(score, auc):
    result = auc_interval([0, 0, 1, 1], score)
    assert (result.auc, result.se, result.low, result.high) == (auc, 0, auc, auc)
    assert "no width" in result.note
    assert np.isnan(auc_interval([0, 0, 1, 1], score, method="logit").low) == (auc != 0.5)


@pytest.mark.parametrize("truth", [[0, 0, 0], [1, 1, 1]])
def test_a_missing_class_is_undefined(truth):
    result = delong(truth, np.ones((3, 2)))
    assert np.isnan(result.auc).all()
    assert np.isnan(result.covariance).all()
    assert result.note
    assert np.isnan(delong_test(truth, [1, 2, 3], [1, 2, 3]).p)
    assert np.isnan(auc_interval(truth, [1, 2, 3]).low)


def test_one_positive_case_has_an_area_and_no_variance():
    result = delong([0, 0, 0, 1], [[1.0], [2.0], [3.0], [2.5]])
    assert result.auc[0] == pytest.approx(2 / 3)
    assert np.isnan(result.covariance).all()
    assert "2 positive" in result.note
    test = delong_test([0, 0, 0, 1], [1, 2, 3, 4], [4, 3, 2, 1])
    assert np.isnan([test.se, test.p]).all()
    assert "2 positive" in test.note


def test_all_positives_in_one_patient_have_no_variance():
    result = auc_interval([0, 0, 0, 1, 1], [1, 2, 3, 2.5, 4], groups=[0, 1, 2, 3, 3])
    assert np.isnan([result.se, result.low]).all()
    assert "patients" in result.note


def test_a_score_of_the_patient_alone_has_no_clustered_variance():
    """Every patient has one image of either kind with the same score: the area is one half whoever is drawn."""
    rng = np.random.default_rng(6)
    groups, truth = np.repeat(np.arange(30), 2), np.tile([0, 1], 30)
    a, b = rng.normal(size=(2, 30))[:, groups]
    result = delong_test(truth, a, b, groups=groups)
    assert (result.auc_a, result.auc_b, result.se) == (0.5, 0.5, 0)
    assert np.isnan(result.p)
    assert auc_interval(truth, a, groups=groups).se == 0
    assert auc_interval(truth, a).se > 0


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 2))
def test_swapping_flips_the_sign_and_order_and_scale_do_not_matter(seed, decimals):
    rng = np.random.default_rng(seed)
    truth = np.r_[0, 0, 1, 1, rng.integers(0, 2, 20)]
    a, b = (rng.normal(size=(2, 24)) + truth).round(decimals)
    groups = rng.integers(0, 12, 24)
    for ids in (None, groups):
        there, back = delong_test(truth, a, b, groups=ids), delong_test(truth, b, a, groups=ids)
        assert back.difference == -there.difference
        assert back.p == pytest.approx(there.p, rel=1e-12, nan_ok=True)
        assert [back.low, back.high] == pytest.approx([-there.high, -there.low], nan_ok=True)
        order = rng.permutation(24)
        mixed = delong_test(
            truth[order], np.exp(a[order]), 3 * b[order] - 1, groups=None if ids is None else ids[order]
        )
        assert mixed.p == pytest.approx(there.p, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: delong([0, 1], [[np.nan], [1]]), "scores must be finite"),
        (lambda: delong([0, 1, 1], [[1], [2]]), "one row per case"),
        (lambda: delong([0, 2], [[1], [2]]), "0 and 1 only"),
        (lambda: delong([0, 1], np.empty((2, 0))), "at least one"),
        (lambda: delong_test([0, 1], [1, 2], [1, 2, 3]), "score_b"),
        (lambda: delong_test([0, 1], [1, 2], [2, 1], alternative="both"), "alternative"),
        (lambda: auc_interval([0, 1], [1, 2], method="bca"), "method"),
        (lambda: auc_interval([0, 1], [1, 2], confidence=95), "confidence"),
        (lambda: auc_interval([0, 1], [1, 2], groups=[1]), "groups"),
        (lambda: auc_interval([], []), "empty"),
    ],
)
def test_input_at_fault_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_test_keeps_its_level_and_the_interval_its_coverage():
    """600 studies of 100 cases with 15 positives: within 3 Monte-Carlo errors of 5 % and 95 %."""
    rng = np.random.default_rng(4)
    truth, rejected, covered = np.repeat([0, 1], [85, 15]), 0, 0
    for _ in range(600):
        common = rng.normal(size=100) + 1.2 * truth
        a, b = common + 0.7 * rng.normal(size=(2, 100))
        rejected += delong_test(truth, a, b).p < 0.05
        interval = auc_interval(truth, a, method="logit")
        covered += interval.low <= 0.7559 <= interval.high  # Phi(1.2 / sqrt(2 * 1.49))
    error = 3 * (0.05 * 0.95 / 600) ** 0.5
    assert abs(rejected / 600 - 0.05) <= error
    assert abs(covered / 600 - 0.95) <= error


def test_patients_with_several_images_need_the_clustered_form():
    """Three images per patient that share most of their score: naive coverage falls short, clustered does not."""
    rng = np.random.default_rng(5)
    groups, covered = np.repeat(np.arange(60), 3), np.zeros(2)
    truth = np.repeat(np.arange(60) < 25, 3)
    for _ in range(400):
        score = truth + rng.normal(size=60)[groups] + 0.5 * rng.normal(size=180)
        for i, ids in enumerate((None, groups)):
            interval = auc_interval(truth, score, groups=ids)
            covered[i] += interval.low <= 0.7365 <= interval.high  # Phi(1 / sqrt(2 * 1.25))
    assert covered[0] / 400 < 0.85
    assert abs(covered[1] / 400 - 0.95) <= 3 * (0.05 * 0.95 / 400) ** 0.5
