"""Equivalence and non-inferiority with any standard error, against R's t distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.conformance import witness
from cxr_report.stats import equivalence, noninferiority, tost

R = witness("mrmc")["equivalence"]


@pytest.mark.parametrize("case", R)
def test_both_tests_and_the_interval_are_those_of_r(case):
    result = equivalence(case["estimate"], case["se"], case["df"], low=case["low"], high=case["high"])
    assert [result.p_lower, result.p_upper] == pytest.approx([case["p_lower"], case["p_upper"]], rel=1e-10)
    assert result.p == max(result.p_lower, result.p_upper)
    assert [result.low, result.high] == pytest.approx(case["interval"], rel=1e-9)
    one = noninferiority(case["estimate"], case["se"], case["df"], margin=-case["low"])
    assert one.p == pytest.approx(case["p_lower"], rel=1e-10)
    assert [one.low, one.high] == [result.low, result.high]


def test_with_the_error_of_a_paired_t_test_it_is_tost():
    x, y = np.random.default_rng(1).normal(0.9, 0.01, size=(2, 8))
    seeds = tost(x, y, low=-0.02, high=0.02)
    se = (x - y).std(ddof=1) / 8**0.5
    result = equivalence((x - y).mean(), se, 7, low=-0.02, high=0.02)
    assert [result.p_lower, result.p_upper, result.p] == pytest.approx([seeds.p_lower, seeds.p_upper, seeds.p])


@given(st.floats(-1, 1), st.floats(0.001, 1), st.floats(1, 50), st.floats(0.01, 1), st.floats(0.01, 0.2))
def test_the_verdict_is_the_interval_within_the_limits(estimate, se, df, margin, alpha):
    result = equivalence(estimate, se, df, low=-margin, high=margin, alpha=alpha)
    assert 0 <= result.p <= 1
    inside = -margin < result.low and result.high < margin
    assert result.equivalent == inside or abs(result.p - alpha) < 1e-9
    one = noninferiority(estimate, se, df, margin=margin, alpha=alpha)
    assert one.noninferior == (one.low > -margin) or abs(one.p - alpha) < 1e-9
    assert one.noninferior or not result.equivalent


def test_infinite_degrees_of_freedom_are_the_normal_distribution():
    result = equivalence(0.0, 1.0, np.inf, low=-1.959963984540054, high=3)
    assert result.p_lower == pytest.approx(0.025)


def test_no_standard_error_is_undefined_and_no_verdict():
    result = equivalence(0.0, 0.0, np.nan, low=-0.01, high=0.01)
    assert np.isnan([result.p, result.low]).all()
    assert (result.equivalent, result.note) == (False, "the standard error is 0")
    one = noninferiority(0.0, 0.0, 5, margin=0.01)
    assert np.isnan(one.p)
    assert not one.noninferior


def test_the_test_keeps_its_level_at_the_limit():
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(600):
        x = rng.normal(0.02, 0.01, size=6)
        wrong += equivalence(x.mean(), x.std(ddof=1) / 6**0.5, 5, low=-0.02, high=0.02).equivalent
    assert wrong / 600 <= 0.05 + 3 * (0.05 * 0.95 / 600) ** 0.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: equivalence(np.nan, 1, 5, low=-1, high=1), "estimate"),
        (lambda: equivalence(0, -1, 5, low=-1, high=1), "se"),
        (lambda: equivalence(0, 1, np.nan, low=-1, high=1), "df"),
        (lambda: equivalence(0, 1, 0, low=-1, high=1), "df"),
        (lambda: equivalence(0, 1, 5, low=1, high=-1), "low"),
        (lambda: equivalence(0, 1, 5, low=-1, high=1, alpha=0.5), "alpha"),
        (lambda: noninferiority(0, 1, 5, margin=-0.1), "margin"),
    ],
)
def test_input_at_fault_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("df", ["many", None, [5.0, 6.0], 1j, {}])
def test_degrees_of_freedom_that_are_no_number_are_refused(df):
    for call in (lambda: equivalence(0, 0.1, df, low=-1, high=1), lambda: noninferiority(0, 0.1, df, margin=1)):
        with pytest.raises(ValueError, match=r"^df must be a real number"):
            call()
