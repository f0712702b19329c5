"""Deviations count what they should: undefined against a number is infinite, near zero they are absolute."""

import numpy as np
import pytest

from cxr_report.conformance import Comparison, Tolerance
from cxr_report.conformance.comparison import by_program, flat, of_resamples, printed


def check(computed, expected, held_to="relative", limit=1e-8):
    return Comparison("stats.x", "R", lambda: (computed, expected, Tolerance(limit, held_to, "why"))).check()


def test_the_largest_deviation_counts_in_both_measures():
    found = check([1.0, 10.5, -3.0], [1.0, 10.0, -3.0])
    assert (found.absolute, found.relative, found.values) == (0.5, 0.05, 3)
    assert (found.deviation, found.agrees) == (0.05, False)
    assert check([10.5], [10.0], "absolute", 0.5).agrees


def test_undefined_on_both_sides_agrees_and_on_one_side_never():
    assert check([np.nan, 1.0], [None, 1.0]).agrees
    assert check([np.inf], [np.inf]).agrees
    for computed, expected in (([np.nan], [1.0]), ([1.0], [None]), ([np.inf], [-np.inf]), ([np.inf], [1.0])):
        found = check(computed, expected, limit=1e300)
        assert found.deviation == np.inf
        assert not found.agrees


def test_next_to_zero_a_relative_deviation_is_taken_from_a_millionth():
    assert check([1e-15], [0.0]).relative == pytest.approx(1e-9)
    assert check([2e-12], [1e-12]).relative == pytest.approx(1e-6)


def test_nested_values_are_laid_out_in_order():
    assert flat({"a": [1, (2, np.array([[3.0], [4.0]]))], "b": True}).tolist() == [1, 2, 3, 4, 1]


def test_tolerances_follow_their_formulas():
    assert printed(3).limit == pytest.approx(0.000505)
    rng = np.random.default_rng(1)
    variances = rng.normal(size=(2000, 400)).var(axis=1, ddof=1)
    assert of_resamples(400).limit == pytest.approx(4 * variances.std(), rel=0.1)


def test_a_program_that_did_not_make_the_values_cannot_be_named():
    with pytest.raises(KeyError):
        by_program("losses", "SPSS", "GLM")
