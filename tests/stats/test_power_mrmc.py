"""Power of the joint comparison against R's noncentral t and against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_report.conformance import witness
from cxr_report.stats import obuchowski_rockette, power_mrmc

R = witness("mrmc")["power"]


@pytest.mark.parametrize("case", R)
def test_power_and_width_are_those_of_r(case):
    wanted = {name: case.pop(name) for name in ("power", "width")} if "power" in case else None
    assert wanted is not None
    result = power_mrmc(case.pop("delta"), case.pop("n_seeds"), **case)
    assert result.power == pytest.approx(wanted["power"], rel=1e-8)
    assert result.width == pytest.approx(wanted["width"], rel=1e-9)


def test_no_difference_is_found_as_often_as_alpha_says():
    assert power_mrmc(0, 4, ms=1e-4, case=1e-5).power == pytest.approx(0.05)
    assert power_mrmc(0, 4, ms=1e-4, case=1e-5, comparisons=5).power == pytest.approx(0.01)


def test_more_seeds_help_up_to_what_the_cases_allow():
    powers = [power_mrmc(0.01, s, ms=1e-4, case=4e-5).power for s in (2, 3, 5, 10, 100, 10_000)]
    assert (np.diff(powers) > 0).all()
    assert power_mrmc(0.01, 10_000, ms=1e-4, case=4e-5).se == pytest.approx((2 * 4e-5) ** 0.5, rel=1e-3)


@pytest.mark.parametrize("delta", [0.3, 3.0, 30.0, -30.0])
def test_large_differences_have_power_one_not_nan(delta):
    assert power_mrmc(delta, 8, ms=1e-4, case=1e-5).power == pytest.approx(1)


def test_no_seed_part_is_normal_and_no_part_at_all_undefined():
    normal = power_mrmc(0.02, 5, ms=0, case=1e-4)
    assert normal.df == np.inf
    assert normal.power == pytest.approx(0.2930, abs=1e-4)
    nothing = power_mrmc(0.02, 5, ms=0, case=-1e-5)
    assert np.isnan(nothing.power)
    assert nothing.note


def test_a_negative_case_part_counts_as_zero():
    assert power_mrmc(0.02, 5, ms=1e-4, case=-1.0) == power_mrmc(0.02, 5, ms=1e-4, case=0)


def test_the_power_is_what_the_analysis_then_has():
    """600 studies drawn from the model, analysed with the known case covariance."""
    s, delta, rng, found = 5, 0.022, np.random.default_rng(1), 0
    loss, seed = np.repeat([0, 1], s), np.tile(np.arange(s), 2)
    same_loss, same_seed = loss[:, None] == loss, seed[:, None] == seed
    covariance = 1e-4 + 4e-5 * same_loss + 5e-5 * same_seed + 1e-4 * (same_loss & same_seed)
    root = np.linalg.cholesky(covariance)
    for _ in range(600):
        theta = (root @ rng.normal(size=2 * s)).reshape(2, s) + 0.01 * rng.normal(size=s)
        theta += 0.005 * rng.normal(size=(2, s)) + [[0.8 + delta], [0.8]]
        found += obuchowski_rockette(theta, covariance).p < 0.05
    expected = power_mrmc(delta, s, ms=0.005**2 + 1e-4, case=4e-5).power
    assert abs(found / 600 - expected) <= 3 * (expected * (1 - expected) / 600) ** 0.5
    assert 0.3 < expected < 0.7


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((0.01, 1), {"ms": 1, "case": 0}, "n_seeds"),
        ((0.01, 2.5), {"ms": 1, "case": 0}, "n_seeds"),
        ((np.nan, 3), {"ms": 1, "case": 0}, "delta"),
        ((0.01, 3), {"ms": -1, "case": 0}, "ms"),
        ((0.01, 3), {"ms": 1, "case": 0, "comparisons": 0}, "comparisons"),
        ((0.01, 3), {"ms": 1, "case": 0, "alpha": 1}, "alpha"),
    ],
)
def test_input_at_fault_is_named(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        power_mrmc(*arguments, **options)


@pytest.mark.parametrize("ms", [1e-200, 1e-300])
def test_a_seed_part_that_is_nothing_beside_the_cases_gives_the_normal_power(ms):
    assert power_mrmc(0.02, 5, ms=ms, case=1e-4) == power_mrmc(0.02, 5, ms=0, case=1e-4)
