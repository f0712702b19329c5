"""Wilcoxon's test is exact with ties and zeros; sign flips agree with full enumeration and with R."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from cxr_report import stats
from cxr_report.conformance import witness

R = witness("pairs")["pairs"]
SIDES = ("two-sided", "greater", "less")
DIFFERENCES = st.lists(st.integers(-6, 6), min_size=1, max_size=9)


def pair(name):
    return np.array(R[name]["x"]) / 1000, np.array(R[name]["y"]) / 1000


def scores(differences):
    """Turn whole differences into scores whose computed differences are off by rounding."""
    y = 0.81 + 0.001 * np.arange(len(differences))
    return y + 0.01 * np.array(differences), y


def enumerated(ranks, positive, side):
    """p of the sum of positive ranks over all 2^n signs."""
    observed = ranks[positive].sum()
    sums = np.array([(ranks * signs).sum() for signs in itertools.product((0, 1), repeat=len(ranks))])
    below, above = (sums <= observed + 1e-9).mean(), (sums >= observed - 1e-9).mean()
    return {"two-sided": min(1.0, 2 * min(below, above)), "greater": above, "less": below}[side]


@pytest.mark.parametrize("name", sorted(R))
def test_wilcoxon_agrees_with_r_exact_and_asymptotic(name):
    x, y = pair(name)
    wanted = R[name]["wilcoxon"]
    for place, side in enumerate(SIDES):
        found = stats.wilcoxon(x, y, alternative=side)
        assert (found.w_plus, found.w_minus, found.n_zero) == (wanted["w_plus"], wanted["w_minus"], wanted["n_zero"])
        assert found.p == pytest.approx(wanted["exact"][place], abs=1e-12)
        pratt = stats.wilcoxon(x, y, zeros="pratt", alternative=side)
        assert pratt.p == pytest.approx(wanted["pratt_exact"][place], abs=1e-12)
        normal = stats.wilcoxon(x, y, method="asymptotic", alternative=side)
        assert normal.p == pytest.approx(wanted["asymptotic"][place], abs=1e-12)
        normal = stats.wilcoxon(x, y, method="asymptotic", zeros="pratt", alternative=side)
        assert normal.p == pytest.approx(wanted["pratt_asymptotic"][place], abs=1e-12)


@pytest.mark.parametrize("name", [name for name in sorted(R) if len(R[name]["x"]) <= 16])
def test_sign_flip_agrees_with_r(name):
    x, y = pair(name)
    for place, side in enumerate(SIDES):
        found = stats.sign_flip(x, y, alternative=side)
        assert found.exact
        assert found.p == pytest.approx(R[name]["wilcoxon"]["sign_flip"][place], abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(DIFFERENCES, st.sampled_from(SIDES), st.sampled_from(["wilcox", "pratt"]))
def test_exact_wilcoxon_is_full_enumeration_with_ties_and_zeros(differences, side, zeros):
    d = np.array(differences)
    x, y = scores(d)
    found = stats.wilcoxon(x, y, zeros=zeros, alternative=side)
    if not d.any():
        assert np.isnan(found.p)
        assert found.note
        return
    ranks = scipy_stats.rankdata(np.abs(d if zeros == "pratt" else d[d != 0]))
    ranks = ranks[d != 0] if zeros == "pratt" else ranks
    assert found.p == pytest.approx(enumerated(ranks, d[d != 0] > 0, side), abs=1e-12)
    assert found.n_zero == (d == 0).sum()


@settings(max_examples=80, deadline=None)
@given(DIFFERENCES, st.sampled_from(SIDES))
def test_exact_sign_flip_is_full_enumeration(differences, side):
    d = np.array(differences)
    x, y = scores(d)
    found = stats.sign_flip(x, y, alternative=side)
    if not d.any():
        assert np.isnan(found.p)
        assert found.note
        return
    sums = np.array([(np.abs(d) * signs).sum() for signs in itertools.product((-1, 1), repeat=len(d))])
    wanted = {
        "two-sided": (np.abs(sums) >= abs(d.sum())).mean(),
        "greater": (sums >= d.sum()).mean(),
        "less": (sums <= d.sum()).mean(),
    }[side]
    assert found.p == pytest.approx(wanted, abs=1e-12)
    assert found.difference == pytest.approx(0.01 * d.mean(), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(DIFFERENCES, st.data())
def test_swap_and_seed_order_keep_p(differences, data):
    x, y = scores(differences)
    order = np.array(data.draw(st.permutations(range(x.size))))
    for test in (stats.wilcoxon, stats.sign_flip):
        p = test(x, y).p
        assert test(y, x).p == pytest.approx(p, abs=1e-13, nan_ok=True)
        assert test(x[order], y[order]).p == pytest.approx(p, abs=1e-13, nan_ok=True)
        one_sided = test(x, y, alternative="greater").p, test(y, x, alternative="less").p
        assert one_sided[0] == pytest.approx(one_sided[1], abs=1e-13, nan_ok=True)
    assert stats.rank_biserial(x, y).estimate == pytest.approx(-stats.rank_biserial(y, x).estimate, nan_ok=True)


@pytest.mark.parametrize("n", range(2, 9))
def test_the_smallest_p_is_the_one_announced(n):
    y = np.linspace(0.7, 0.8, n)
    x = y + 0.01 * np.arange(1, n + 1)
    assert stats.wilcoxon(x, y).p == pytest.approx(stats.smallest_p("wilcoxon", n), abs=1e-15)
    assert stats.sign_flip(x, y).p == pytest.approx(stats.smallest_p("sign_flip", n), abs=1e-15)


def test_without_ties_it_is_the_exact_test_of_scipy_far_into_the_tail():
    rng = np.random.default_rng(3)
    for n in (10, 25, 50):
        x, y = rng.normal(0.8, 1, n), rng.normal(0, 1, n)
        for side in SIDES:
            wanted = scipy_stats.wilcoxon(x, y, method="exact", alternative=side).pvalue
            assert stats.wilcoxon(x, y, alternative=side).p == pytest.approx(wanted, rel=1e-10)


def test_many_pairs_stay_exact_and_in_bounds():
    rng = np.random.default_rng(4)
    d = rng.integers(-3, 5, 300)
    x, y = 0.5 + 0.001 * d, np.full(300, 0.5)
    exact, normal = stats.wilcoxon(x, y), stats.wilcoxon(x, y, method="asymptotic")
    assert 0 < exact.p < 1
    assert np.log(exact.p) == pytest.approx(np.log(normal.p), rel=0.05)


def test_monte_carlo_sign_flip_is_near_the_exact_p_and_repeatable():
    rng = np.random.default_rng(5)
    d = rng.integers(-4, 8, 20)
    d = d[d != 0][:17]
    x, y = scores(d)
    sums = np.zeros(1)
    for size in np.abs(d):
        sums = np.concatenate([sums + size, sums - size])
    wanted = (np.abs(sums) >= abs(d.sum())).mean()
    found = stats.sign_flip(x, y, rng=np.random.default_rng(6))
    assert not found.exact
    assert found.p == pytest.approx(wanted, abs=4 * np.sqrt(wanted / 99_999))
    assert found.p == stats.sign_flip(x, y, rng=np.random.default_rng(6)).p
    with pytest.raises(ValueError, match="rng must be given"):
        stats.sign_flip(x, y)


def test_monte_carlo_p_is_never_zero():
    x, y = scores(np.arange(1, 31))
    assert stats.sign_flip(x, y, rng=np.random.default_rng(1), samples=99).p == pytest.approx(0.01)


@pytest.mark.parametrize("test", [stats.wilcoxon, stats.sign_flip])
def test_under_the_null_the_size_is_at_most_the_level(test):
    rng = np.random.default_rng(12)
    p = np.array([test(rng.integers(0, 9, 8) / 9, rng.integers(0, 9, 8) / 9).p for _ in range(1500)])
    p = p[~np.isnan(p)]
    assert (p <= 0.05).mean() < 0.05 + 0.012
    assert (p <= 0.3).mean() > 0.2


def test_faulty_words_are_refused():
    for keywords in ({"zeros": "split"}, {"method": "auto"}, {"alternative": "up"}):
        with pytest.raises(ValueError, match="must be one of"):
            stats.wilcoxon([1.0, 2.0], [0.0, 1.0], **keywords)
    with pytest.raises(ValueError, match="one length"):
        stats.sign_flip([1.0, 2.0], [0.0])
