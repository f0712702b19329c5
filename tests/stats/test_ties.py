"""Snapping undoes rounding and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report.stats import ties

STEPS = st.lists(st.integers(-50, 50), min_size=1, max_size=12)


def test_differences_that_are_equal_on_paper_become_equal():
    x, y = np.array([0.82, 0.81, 0.3, 0.7]), np.array([0.81, 0.80, 0.2, 0.6])
    assert np.unique(x - y).size > 2
    assert np.unique(ties.snap(x - y, 0.82)).size == 2
    assert ties.snap([0.1 + 0.2 - 0.3], 0.3).tolist() == [0.0]
    assert ties.snap([0.0], 0.0).tolist() == [0.0]


def test_what_differs_by_more_than_rounding_stays_different():
    d = np.array([1e-9, 2e-9, -3e-10, 1e-11])
    np.testing.assert_array_equal(ties.snap(d, 1.0), d)
    assert np.unique(ties.tie([0.8, 0.8 + 1e-10], 0.8)).size == 2


@given(STEPS, st.floats(0.01, 1.0))
def test_snapped_multiples_of_a_step_tie_as_their_whole_numbers_do(steps, unit):
    whole = np.array(steps)
    base = 0.7123
    computed = (base + whole * unit) - base
    snapped = ties.snap(computed, ties.scale_of(base + whole * unit, [base]))
    assert ((snapped == 0) == (whole == 0)).all()
    sizes = np.abs(snapped)
    assert ((sizes[:, None] == sizes[None, :]) == (np.abs(whole)[:, None] == np.abs(whole)[None, :])).all()
    assert (np.sign(snapped) == np.sign(whole)).all()


@given(arrays(np.float64, st.integers(0, 9), elements=st.floats(-1, 1)))
def test_snapping_is_odd_and_moves_nothing_far(d):
    snapped = ties.snap(d, 1.0)
    np.testing.assert_array_equal(ties.snap(-d, 1.0), -snapped)
    np.testing.assert_allclose(snapped, d, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(ties.snap(snapped, 1.0), snapped)


def test_arguments_are_not_changed():
    d = np.array([1e-15, 0.5, 0.5 + 1e-15])
    before = d.copy()
    ties.snap(d, 1.0)
    ties.tie(d, 1.0)
    np.testing.assert_array_equal(d, before)


def test_scale_is_the_largest_size_of_all():
    assert ties.scale_of([0.5, -2.0], [[1.0, np.nan]]) == 2.0
    assert ties.scale_of([]) == 0.0
    assert ties.scale_of() == 0.0
