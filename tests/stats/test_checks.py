"""Checks let sound arrays through and name what is wrong with others; snapping undoes rounding and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report.stats import checks

STEPS = st.lists(st.integers(-50, 50), min_size=1, max_size=12)


def test_differences_that_are_equal_on_paper_become_equal():
    x, y = np.array([0.82, 0.81, 0.3, 0.7]), np.array([0.81, 0.80, 0.2, 0.6])
    assert np.unique(x - y).size > 2
    assert np.unique(checks.snap(x - y, 0.82)).size == 2
    assert checks.snap([0.1 + 0.2 - 0.3], 0.3).tolist() == [0.0]
    assert checks.snap([0.0], 0.0).tolist() == [0.0]


def test_what_differs_by_more_than_rounding_stays_different():
    d = np.array([1e-9, 2e-9, -3e-10, 1e-11])
    np.testing.assert_array_equal(checks.snap(d, 1.0), d)
    assert np.unique(checks.tie([0.8, 0.8 + 1e-10], 0.8)).size == 2


@given(STEPS, st.floats(0.01, 1.0))
def test_snapped_multiples_of_a_step_tie_as_their_whole_numbers_do(steps, unit):
    whole = np.array(steps)
    base = 0.7123
    computed = (base + whole * unit) - base
    snapped = checks.snap(computed, checks.scale_of(base + whole * unit, [base]))
    assert ((snapped == 0) == (whole == 0)).all()
    sizes = np.abs(snapped)
    assert ((sizes[:, None] == sizes[None, :]) == (np.abs(whole)[:, None] == np.abs(whole)[None, :])).all()
    assert (np.sign(snapped) == np.sign(whole)).all()


@given(arrays(np.float64, st.integers(0, 9), elements=st.floats(-1, 1)))
def test_snapping_is_odd_and_moves_nothing_far(d):
    snapped = checks.snap(d, 1.0)
    np.testing.assert_array_equal(checks.snap(-d, 1.0), -snapped)
    np.testing.assert_allclose(snapped, d, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(checks.snap(snapped, 1.0), snapped)


def test_arguments_are_not_changed():
    d = np.array([1e-15, 0.5, 0.5 + 1e-15])
    before = d.copy()
    checks.snap(d, 1.0)
    checks.tie(d, 1.0)
    np.testing.assert_array_equal(d, before)


def test_scale_is_the_largest_size_of_all():
    assert checks.scale_of([0.5, -2.0], [[1.0, np.nan]]) == 2.0
    assert checks.scale_of([]) == 0.0
    assert checks.scale_of() == 0.0


def test_patients_become_codes_whatever_their_ids():
    assert checks.groups_of(["p2", "p10", "p2"], 3).tolist() == [1, 0, 1]
    assert checks.groups_of(np.array(["b", "a"], dtype=object), 2).tolist() == [1, 0]
    assert checks.groups_of([30, 7, 30], 3).tolist() == [1, 0, 1]
    assert checks.groups_of(None, 3).tolist() == [0, 1, 2]


def test_sound_input_goes_through():
    assert checks.vector([True, False], "x").tolist() == [1.0, 0.0]
    assert checks.array([[1.0, np.nan]], "x", 2, nan=True).shape == (1, 2)
    assert checks.array(np.array([1, 2.5], dtype=object), "x", 1).tolist() == [1.0, 2.5]
    assert checks.integer(np.int64(4), "n") == 4
    assert checks.matrix([[1, 2], [3, 4]]).dtype == np.float64
    assert checks.binary([[1, 0]], "correct", ndim=2).dtype == bool


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: checks.vector([], "x"), "x must have at least 1"),
        (lambda: checks.vector([1.0, np.nan], "x"), "x must be finite"),
        (lambda: checks.vector([1.0, np.inf], "x"), "x must be finite"),
        (lambda: checks.vector([[1.0]], "x"), "x must have 1 axis"),
        (lambda: checks.vector(["a"], "x"), "x must hold real numbers"),
        (lambda: checks.vector(np.array(["a", 1], dtype=object), "x"), "x must hold real numbers"),
        (lambda: checks.vector([1j], "x"), "x must hold real numbers"),
        (lambda: checks.array([[1.0], [1.0, 2.0]], "x", 2), "rectangular"),
        (lambda: checks.array([np.inf], "x", 1, nan=True), "finite or NaN"),
        (lambda: checks.paired([1.0, 2.0], [1.0]), "got 2 and 1"),
        (lambda: checks.paired([1.0], [1.0]), "at least 2 pair"),
        (lambda: checks.matrix([[1.0, 2.0]]), r"scores must have shape \(S, k\)"),
        (lambda: checks.matrix([[1.0], [2.0]]), r"scores must have shape \(S, k\)"),
        (lambda: checks.binary([0, 1, 2], "truth"), "truth must hold 0 and 1 only, got 2"),
        (lambda: checks.binary([], "truth"), "must not be empty"),
        (lambda: checks.binary_truth([0.5]), "truth must hold 0 and 1"),
        (lambda: checks.square_table([[1, 2, 3], [1, 2, 3]]), "square"),
        (lambda: checks.square_table([[1, -2], [1, 2]]), "at least 0"),
        (lambda: checks.groups_of([1], 2), "one id per case"),
        (lambda: checks.groups_of([1.0, np.nan], 2), "got NaN"),
        (lambda: checks.groups_of(np.array(["a", None], dtype=object), 2), "missing"),
        (lambda: checks.choice("up", "alternative", ("less", "greater")), "must be one of 'less', 'greater', got 'up'"),
        (lambda: checks.real("a", "margin"), "margin must be a real number"),
        (lambda: checks.real(np.nan, "margin"), "margin must be a finite number"),
        (lambda: checks.real(-1, "margin", low=0), "got -1"),
        (lambda: checks.open_unit(1.0, "alpha"), "strictly between"),
        (lambda: checks.integer(2.5, "n"), "whole number"),
        (lambda: checks.integer(True, "n"), "whole number"),
        (lambda: checks.integer(0, "n", minimum=1), "at least 1"),
        (lambda: checks.generator(7), "Generator, got int"),
    ],
)
def test_faulty_input_is_refused_with_its_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
