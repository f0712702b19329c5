"""Laws that all statistics of a kind keep: swapping, permuting, changing units, ids of patients, one refusal of NaN."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report import stats

GRID = st.integers(-16, 16).map(lambda v: v / 16)
"""Sixteenths, so that ties and zeros occur and sums are exact."""


def rng():
    return np.random.default_rng(7)


PAIRED = {
    "paired_t": (stats.paired_t, ("difference", "t"), ("p", "sd", "df"), ("low", "high")),
    "corrected_resampled_t": (
        lambda x, y: stats.corrected_resampled_t(x, y, n_train=90, n_test=10),
        ("difference", "t"),
        ("p", "se", "df"),
        ("low", "high"),
    ),
    "welch_t": (stats.welch_t, ("difference", "t"), ("p", "df"), ("low", "high")),
    "wilcoxon": (stats.wilcoxon, (), ("p", "n_zero"), ()),
    "wilcoxon of Pratt": (lambda x, y: stats.wilcoxon(x, y, zeros="pratt"), (), ("p", "n_zero"), ()),
    "wilcoxon asymptotic": (lambda x, y: stats.wilcoxon(x, y, method="asymptotic"), (), ("p",), ()),
    "sign_flip": (stats.sign_flip, ("difference",), ("p", "exact"), ()),
    "tost": (lambda x, y: stats.tost(x, y, low=-0.25, high=0.25), (), ("p", "df"), ()),
    "cohens_dz": (stats.cohens_dz, ("estimate",), (), ("low", "high")),
    "hedges_gz": (stats.hedges_gz, ("estimate",), (), ("low", "high")),
    "cohens_dav": (stats.cohens_dav, ("estimate",), (), ()),
    "rank_biserial": (stats.rank_biserial, ("estimate",), (), ()),
    "cliffs_delta": (stats.cliffs_delta, ("estimate",), (), ()),
}
"""Name: (function, what turns its sign, what stays, interval that turns round) when x and y change places."""


@st.composite
def pairs(draw):
    n = draw(st.integers(2, 8))
    return draw(arrays(np.float64, (2, n), elements=GRID))


def same(one, other):
    return one == pytest.approx(other, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", PAIRED)
@settings(max_examples=25, deadline=None)
@given(pair=pairs())
def test_swapping_two_losses_flips_the_sign_and_keeps_p(name, pair):
    call, odd, even, interval = PAIRED[name]
    one, other = call(*pair), call(*pair[::-1])
    assert all(same(getattr(one, key), -getattr(other, key)) for key in odd)
    assert all(same(getattr(one, key), getattr(other, key)) for key in even)
    if interval:
        assert same((one.low, one.high), (-other.high, -other.low))
    assert one.note == other.note


@pytest.mark.parametrize("name", PAIRED)
@settings(max_examples=25, deadline=None)
@given(pair=pairs(), data=st.data())
def test_permuting_seeds_jointly_and_changing_the_unit_change_nothing(name, pair, data):
    call, odd, even, _ = PAIRED[name]
    order = data.draw(st.permutations(range(pair.shape[1])))
    one, other = call(*pair), call(*pair[:, order])
    for key in (*odd, *even):
        assert same(getattr(one, key), getattr(other, key)), key
    if name not in ("tost", "sign_flip", "paired_t", "corrected_resampled_t", "welch_t"):
        for key in (*odd, *even):
            assert same(getattr(one, key), getattr(call(*(pair * 64)), key)), key


@pytest.mark.parametrize("name", PAIRED)
@settings(max_examples=40, deadline=None)
@given(pair=pairs())
def test_what_is_bounded_stays_in_bounds(name, pair):
    found = PAIRED[name][0](*pair)
    p = getattr(found, "p", 1.0)
    assert np.isnan(p) or 0 < p <= 1
    assert not np.isnan(p) or found.note
    if name in ("rank_biserial", "cliffs_delta"):
        assert np.isnan(found.estimate) or -1 <= found.estimate <= 1
    if hasattr(found, "low"):
        center = found.difference if hasattr(found, "difference") else found.estimate
        assert np.isnan(found.low) or found.low <= center <= found.high


SEVERAL = {
    "friedman": (stats.friedman, ("chi2", "p", "kendall_w", "p_f"), "mean_ranks"),
    "rm_anova": (stats.rm_anova, ("f", "p", "epsilon_gg", "p_gg", "p_hf", "mauchly_w", "mauchly_p"), None),
    "mixed_model": (stats.mixed_model, ("chi2", "p", "sd_seed", "sd_residual"), None),
    "nemenyi": (stats.nemenyi, (), "p"),
    "conover": (stats.conover, ("df",), "p"),
}


@st.composite
def tables(draw):
    return draw(arrays(np.float64, (draw(st.integers(2, 6)), draw(st.integers(2, 5))), elements=GRID))


@pytest.mark.parametrize("name", SEVERAL)
@settings(max_examples=25, deadline=None)
@given(table=tables(), data=st.data())
def test_permuting_seeds_and_relabelling_losses_change_nothing(name, table, data):
    call, keys, each = SEVERAL[name]
    rows = data.draw(st.permutations(range(table.shape[0])))
    columns = data.draw(st.permutations(range(table.shape[1])))
    one, other = call(table), call(table[np.ix_(rows, columns)])
    for key in keys:
        assert np.isclose(getattr(one, key), getattr(other, key), rtol=1e-6, atol=1e-9, equal_nan=True), key
    if each:
        found, wanted = getattr(other, each), getattr(one, each)
        wanted = wanted[columns] if wanted.ndim == 1 else wanted[np.ix_(columns, columns)]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SEVERAL)
@settings(max_examples=40, deadline=None)
@given(table=tables())
def test_every_p_of_several_losses_is_above_zero_and_at_most_one_or_undefined_with_a_reason(name, table):
    found = SEVERAL[name][0](table)
    for key in ("p", "p_f", "p_gg", "p_hf", "mauchly_p"):
        p = np.asarray(getattr(found, key, 1.0), dtype=float)
        assert (np.isnan(p) | ((p > 0) & (p <= 1))).all(), key
        assert not np.isnan(p).any() or found.note


@st.composite
def studies(draw):
    """Truth with both classes twice at least, and scores of three runs, with ties."""
    n = draw(st.integers(6, 14))
    truth = draw(st.permutations([0, 0, 1, 1] + [draw(st.integers(0, 1)) for _ in range(n - 4)]))
    return np.array(truth), draw(arrays(np.float64, (n, 3), elements=GRID))


CLUSTERED = {
    "delong": lambda truth, s, g: stats.delong(truth, s, groups=g).covariance,
    "delong_test": lambda truth, s, g: stats.delong_test(truth, s[:, 0], s[:, 1], groups=g).p,
    "auc_interval": lambda truth, s, g: stats.auc_interval(truth, s[:, 0], groups=g).low,
    "mrmc": lambda truth, s, g: stats.mrmc(truth, np.stack([s.T[:2], s.T[1:]]), groups=g).covariance,
    "mrmc, jackknife": lambda truth, s, g: (
        stats.mrmc(truth, np.stack([s.T[:2], s.T[1:]]), covariance="jackknife", groups=g).covariance
    ),
    "jackknife_covariance": lambda truth, s, g: stats.jackknife_covariance(lambda x: x.mean(axis=0), s, groups=g),
    "bootstrap_interval": lambda truth, s, g: (lambda r: (r.low, r.high, r.se))(
        stats.bootstrap_interval(s[:, 0], np.mean, rng=rng(), samples=100, groups=g)
    ),
    "crossed_bootstrap": lambda truth, s, g: (lambda r: (r.low, r.high, r.se))(
        stats.crossed_bootstrap(s.T, np.mean, rng=rng(), samples=100, groups=g)
    ),
    "proportion_interval": lambda truth, s, g: stats.proportion_interval(truth, groups=g).high,
    "mcnemar": lambda truth, s, g: stats.mcnemar(s[:, 0] > 0, s[:, 1] > 0, groups=g).p,
    "cochran_q": lambda truth, s, g: stats.cochran_q(s > 0, groups=g).q,
}


@pytest.mark.parametrize("name", CLUSTERED)
@settings(max_examples=20, deadline=None)
@given(study=studies())
def test_no_patient_ids_are_the_same_as_one_patient_per_case(name, study):
    truth, scores = study
    call = CLUSTERED[name]
    np.testing.assert_array_equal(call(truth, scores, None), call(truth, scores, np.arange(truth.size)))


@pytest.mark.parametrize("name", [name for name in CLUSTERED if "bootstrap" not in name])
@settings(max_examples=20, deadline=None)
@given(study=studies(), data=st.data())
def test_the_order_of_cases_and_the_names_of_patients_do_not_matter(name, study, data):
    truth, scores = study
    ids = np.array(data.draw(st.lists(st.integers(0, 5), min_size=truth.size, max_size=truth.size)))
    ids[:2] = [0, 1]
    order = np.array(data.draw(st.permutations(range(truth.size))))
    call = CLUSTERED[name]
    wanted = call(truth, scores, ids)
    renamed = np.array([f"patient {9 - one}" for one in ids])
    np.testing.assert_allclose(call(truth[order], scores[order], ids[order]), wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(call(truth, scores, renamed), wanted, rtol=1e-9, atol=1e-12)


AREAS = {name: CLUSTERED[name] for name in ("delong", "delong_test", "auc_interval", "mrmc", "mrmc, jackknife")} | {
    "hand_till": lambda truth, s, g: stats.hand_till(truth + (np.arange(truth.size) % 2), s).pairwise,
    "auc_bootstrap": lambda truth, s, g: stats.auc_bootstrap(truth, s, rng=rng(), samples=20).replicates,
}


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("rising", [np.exp, np.cbrt, lambda v: 1 / (2 - v), lambda v: 1e9 * v - 3], ids=range(4))
@settings(max_examples=15, deadline=None)
@given(study=studies())
def test_monotone_transforms_leave_statistics_of_areas_unchanged(name, rising, study):
    truth, scores = study
    np.testing.assert_array_equal(AREAS[name](truth, scores, None), AREAS[name](truth, rising(scores), None))


@settings(max_examples=40, deadline=None)
@given(study=studies())
def test_turning_scores_and_truth_round_mirrors_the_area(study):
    truth, scores = study
    found, turned = stats.delong(truth, scores), stats.delong(truth, -scores)
    np.testing.assert_allclose(turned.auc, 1 - found.auc, atol=1e-14)
    np.testing.assert_allclose(turned.covariance, found.covariance, atol=1e-14)
    np.testing.assert_allclose(stats.delong(1 - truth, scores).covariance, found.covariance, atol=1e-14)


@settings(max_examples=40, deadline=None)
@given(study=studies(), confidence=st.sampled_from([0.5, 0.9, 0.999]))
def test_intervals_of_areas_stay_in_bounds_around_the_estimate(study, confidence):
    truth, scores = study
    for method in ("delong", "logit"):
        found = stats.auc_interval(truth, scores[:, 0], method=method, confidence=confidence)
        assert np.isnan(found.low) or 0 <= found.low <= found.auc <= found.high <= 1
    difference = stats.delong_test(truth, scores[:, 0], scores[:, 1], confidence=confidence)
    assert np.isnan(difference.low) or -1 <= difference.low <= difference.difference <= difference.high <= 1
    joint = stats.mrmc(truth, np.stack([scores.T[:2], scores.T[1:]]), confidence=confidence)
    for row in joint.means:
        assert np.isnan(row.low) or 0 <= row.low <= row.estimate <= row.high <= 1
    for row in joint.differences():
        assert np.isnan(row.p) or 0 < row.p <= 1
        assert not np.isnan(row.p) or row.note


@settings(max_examples=40, deadline=None)
@given(study=studies(), error=st.sampled_from(["pair", "pooled"]), design=st.sampled_from(["crossed", "nested"]))
def test_swapping_two_losses_of_a_joint_study_flips_the_sign_and_keeps_p(study, error, design):
    truth, scores = study
    runs = np.stack([scores.T[:2], scores.T[1:]])
    one, other = stats.mrmc(truth, runs, design=design), stats.mrmc(truth, runs[::-1], design=design)
    assert same(one.p, other.p)
    a, b = one.differences(error)[0], other.differences(error)[0]
    assert same((a.estimate, a.t, a.p, a.low, a.high), (-b.estimate, -b.t, b.p, -b.high, -b.low))
