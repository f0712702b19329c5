"""Adjusted p values are those of R, and keep order and bounds; the smallest reachable p is announced."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.conformance import witness
from cxr_report.stats.adjustment import ADJUSTMENTS

R = witness("pairs")["families"]
FAMILIES = st.lists(st.floats(0, 1), min_size=1, max_size=9)


@pytest.mark.parametrize("method", ADJUSTMENTS)
def test_adjusted_p_values_are_those_of_r(method):
    for family in R:
        np.testing.assert_allclose(stats.adjust(family["p"], method), family[method], rtol=1e-12)


@given(FAMILIES, st.sampled_from(ADJUSTMENTS))
def test_adjustment_keeps_the_order_and_lies_between_the_raw_p_and_one(p, method):
    raw = np.array(p)
    adjusted = stats.adjust(raw, method)
    assert (adjusted >= raw).all()
    assert (adjusted <= 1).all()
    order = np.argsort(raw, kind="stable")
    assert (np.diff(adjusted[order]) >= -1e-12).all()
    np.testing.assert_array_equal(raw, np.array(p))


@given(FAMILIES, st.sampled_from(ADJUSTMENTS), st.data())
def test_the_order_of_the_family_does_not_matter(p, method, data):
    order = np.array(data.draw(st.permutations(range(len(p)))))
    np.testing.assert_allclose(stats.adjust(p, method)[order], stats.adjust(np.array(p)[order], method), rtol=1e-12)


@given(FAMILIES)
def test_the_methods_are_ordered_by_their_strictness(p):
    a = {method: stats.adjust(p, method) for method in ADJUSTMENTS}
    assert (a["bh"] <= a["by"] + 1e-12).all()
    chain = ("none", "bh", "hommel", "hochberg", "holm", "bonferroni")
    for looser, stricter in pairwise(chain):
        assert (a[looser] <= a[stricter] + 1e-12).all(), (looser, stricter)


@pytest.mark.parametrize("method", ADJUSTMENTS[1:])
def test_an_undefined_p_keeps_its_place_in_the_family(method):
    adjusted = stats.adjust([0.01, np.nan, 0.04], method)
    assert np.isnan(adjusted).tolist() == [False, True, False]
    np.testing.assert_allclose(adjusted[[0, 2]], stats.adjust([0.01, 1.0, 0.04], method)[[0, 2]])
    assert np.isnan(stats.adjust([np.nan, np.nan], method)).all()
    assert stats.adjust([], method).shape == (0,)


def test_holm_keeps_the_family_error_where_nothing_is_true():
    rng = np.random.default_rng(31)
    false = sum(stats.adjust(p).min() <= 0.05 for p in rng.random((1500, 6)))
    assert abs(false / 1500 - 0.05) < 0.017


def test_the_smallest_p_follows_its_formulas_and_never_exceeds_one():
    assert stats.smallest_p("wilcoxon", 5) == 0.0625
    assert stats.smallest_p("sign_flip", 3, comparisons=6) == 1.0
    assert stats.smallest_p("friedman", 3, k=4) == pytest.approx(1 / 576)
    assert stats.smallest_p("mcnemar", 0) == 1.0
    assert stats.smallest_p("paired_t", 3) == stats.smallest_p("mrmc", 3, comparisons=6) == 0.0


@pytest.mark.parametrize(("b", "method"), [(1, "exact"), (5, "exact"), (9, "exact")])
def test_mcnemar_reaches_the_smallest_p_announced(b, method):
    a, other = np.ones(b + 3), np.concatenate([np.zeros(b), np.ones(3)])
    assert stats.mcnemar(a, other, method=method).p == pytest.approx(stats.smallest_p("mcnemar", b))


def test_faulty_input_is_refused():
    for p in ([-0.1], [1.1], [[0.1]], ["a"]):
        with pytest.raises(ValueError, match="p must"):
            stats.adjust(p)
    with pytest.raises(ValueError, match="method must be one of"):
        stats.adjust([0.1], "sidak")
    with pytest.raises(ValueError, match="test must be one of"):
        stats.smallest_p("anova", 3)
    with pytest.raises(ValueError, match="n must be"):
        stats.smallest_p("wilcoxon", 0)


def test_every_test_of_the_interface_has_a_smallest_p():
    for name in ("t", "F", "MRMC", "paired_t", "rm_anova", "delong_test"):
        assert stats.smallest_p(name, 3, comparisons=5, k=4) == 0
    assert stats.smallest_p("Wilcoxon", 3, comparisons=3) == 0.75
