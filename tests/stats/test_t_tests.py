"""t tests agree with R, keep their laws, and are undefined, not significant, where nothing varies."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report import stats
from cxr_report.conformance import witness

R = witness("pairs")["pairs"]
NAMES = sorted(R)
SCORES = st.integers(2, 8).flatmap(
    lambda n: arrays(np.float64, (2, n), elements=st.integers(0, 60).map(lambda v: v / 60))
)


def pair(name):
    return np.array(R[name]["x"]) / 1000, np.array(R[name]["y"]) / 1000


def check(found, wanted):
    for key, value in wanted.items():
        assert getattr(found, key) == pytest.approx(value, rel=1e-9, abs=1e-14), key


@pytest.mark.parametrize("name", NAMES)
def test_paired_t_agrees_with_r(name):
    x, y = pair(name)
    wanted = R[name]["t"]
    found = stats.paired_t(x, y)
    check(found, wanted["paired"] | {"difference": wanted["difference"], "sd": wanted["sd"]})
    check(stats.paired_t(x, y, confidence=0.9), wanted["paired_90"])
    for side in ("greater", "less"):
        assert stats.paired_t(x, y, alternative=side).p == pytest.approx(wanted[side], rel=1e-9)
    assert found.note == ""


@pytest.mark.parametrize("name", NAMES)
def test_welch_one_sample_and_corrected_t_agree_with_r(name):
    x, y = pair(name)
    check(stats.welch_t(x, y), R[name]["t"]["welch"])
    one = {key: R[name]["t"]["one"][key] for key in ("estimate", "sd", "low", "high", "df")}
    check(stats.t_interval(x), one)
    check(stats.corrected_resampled_t(x, y, n_train=450, n_test=50), R[name]["t"]["corrected"])


@pytest.mark.parametrize("name", NAMES)
def test_tost_agrees_with_two_one_sided_tests_of_r(name):
    x, y = pair(name)
    found = stats.tost(x, y, low=-0.02, high=0.02)
    wanted = R[name]["t"]["tost"]
    check(found, wanted)
    assert found.p == max(found.p_lower, found.p_upper)


def test_corrected_t_without_test_cases_to_speak_of_is_the_paired_t():
    x, y = pair("twelve")
    corrected, plain = stats.corrected_resampled_t(x, y, n_train=10**12, n_test=1), stats.paired_t(x, y)
    assert corrected.t == pytest.approx(plain.t, rel=1e-9)
    assert corrected.p == pytest.approx(plain.p, rel=1e-9)


def test_a_constant_difference_with_rounding_noise_is_undefined_not_significant():
    x, y = np.array([0.82, 0.81, 0.80]), np.array([0.81, 0.80, 0.79])
    assert np.std(x - y) > 0
    for found in (
        stats.paired_t(x, y),
        stats.corrected_resampled_t(x, y, n_train=9, n_test=1),
        stats.tost(x, y, low=-0.1, high=0.1),
    ):
        assert np.isnan(found.p)
        assert found.note
    found = stats.paired_t(x, y)
    assert found.difference == pytest.approx(0.01)
    assert found.sd == 0
    assert np.isnan([found.t, found.low, found.high]).all()


def test_equal_values_have_a_mean_but_no_interval():
    found = stats.t_interval([0.1 + 0.2, 0.3, 0.3])
    assert (found.sd, found.df) == (0.0, 2)
    assert found.estimate == pytest.approx(0.3)
    assert np.isnan([found.low, found.high]).all()
    assert "equal" in found.note


def test_welch_with_one_constant_sample_leans_on_the_other():
    x, y = [0.5, 0.5, 0.5], [0.6, 0.7, 0.65, 0.72]
    found = stats.welch_t(x, y)
    one = stats.t_interval(y)
    assert found.df == pytest.approx(3)
    assert found.high - found.low == pytest.approx(one.high - one.low)
    undefined = stats.welch_t(x, [0.6, 0.6])
    assert np.isnan([undefined.t, undefined.p, undefined.df, undefined.low]).all()
    assert undefined.note


@settings(max_examples=50, deadline=None)
@given(SCORES)
def test_swapping_the_losses_turns_the_sign_and_keeps_p(rows):
    x, y = rows
    one, other = stats.paired_t(x, y), stats.paired_t(y, x)
    assert one.difference == -other.difference
    assert one.p == pytest.approx(other.p, nan_ok=True, abs=1e-15)
    assert one.low == pytest.approx(-other.high, nan_ok=True)
    up, down = stats.paired_t(x, y, alternative="greater"), stats.paired_t(y, x, alternative="less")
    assert up.p == pytest.approx(down.p, nan_ok=True, abs=1e-15)
    assert np.isnan(one.p) or 0 <= one.p <= 1


@settings(max_examples=50, deadline=None)
@given(SCORES, st.integers(-20, 20), st.data())
def test_seed_order_and_a_common_shift_do_not_matter(rows, shift, data):
    x, y = rows
    order = np.array(data.draw(st.permutations(range(x.size))))
    one, other = stats.paired_t(x, y), stats.paired_t(x[order] + shift / 4, y[order] + shift / 4)
    for a, b in zip(astuple(one)[:-1], astuple(other)[:-1], strict=True):
        assert a == pytest.approx(b, rel=1e-6, abs=1e-9, nan_ok=True)


@settings(max_examples=50, deadline=None)
@given(SCORES, st.floats(0.5, 0.99))
def test_the_interval_excludes_zero_exactly_where_p_is_below_alpha(rows, confidence):
    found = stats.paired_t(*rows, confidence=confidence)
    if not np.isnan(found.p) and abs(found.p - (1 - confidence)) > 1e-9:
        assert (found.p < 1 - confidence) == (found.low > 0 or found.high < 0)


@settings(max_examples=50, deadline=None)
@given(SCORES, st.floats(0.01, 0.5))
def test_tost_agrees_with_the_interval_of_twice_alpha(rows, margin):
    found, interval = stats.tost(*rows, low=-margin, high=margin), stats.paired_t(*rows, confidence=0.9)
    if not np.isnan(found.p) and abs(found.p - 0.05) > 1e-9:
        assert (found.p < 0.05) == (-margin < interval.low and interval.high < margin)


def test_under_the_null_the_paired_t_rejects_at_its_level():
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(2, 2000, 5))
    p = np.array([stats.paired_t(a, b).p for a, b in zip(x, y, strict=True)])
    assert abs((p < 0.05).mean() - 0.05) < 0.015
    assert abs((p < 0.5).mean() - 0.5) < 0.035


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stats.paired_t([1, 2], [1]), "one length"),
        (lambda: stats.paired_t([1], [1]), "at least 2 pair"),
        (lambda: stats.paired_t([1, np.nan], [1, 2]), "x must be finite"),
        (lambda: stats.paired_t([1, 2], [1, 3], alternative="up"), "alternative must be one of"),
        (lambda: stats.paired_t([1, 2], [1, 3], confidence=95), "confidence must lie strictly"),
        (lambda: stats.t_interval([1.0]), "at least 2"),
        (lambda: stats.welch_t([1.0], [1.0, 2.0]), "x must have at least 2"),
        (lambda: stats.tost([1, 2], [1, 3], low=1, high=1), "low must be below high"),
        (lambda: stats.corrected_resampled_t([1, 2], [1, 3], n_train=0, n_test=1), "n_train"),
    ],
)
def test_faulty_input_is_refused_with_its_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
