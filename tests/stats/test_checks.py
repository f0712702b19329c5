"""Checks let sound arrays through and name what is wrong with others."""

import numpy as np
import pytest

from cxr_report.stats import checks


def test_patients_become_codes_whatever_their_ids():
    assert checks.groups_of(["p2", "p10", "p2"], 3).tolist() == [1, 0, 1]
    assert checks.groups_of(np.array(["b", "a"], dtype=object), 2).tolist() == [1, 0]
    assert checks.groups_of([30, 7, 30], 3).tolist() == [1, 0, 1]
    assert checks.groups_of(None, 3).tolist() == [0, 1, 2]


def test_sound_input_goes_through():
    assert checks.vector([True, False], "x").tolist() == [1.0, 0.0]
    assert checks.array([[1.0, np.nan]], "x", 2, nan=True).shape == (1, 2)
    assert checks.array(np.array([1, 2.5], dtype=object), "x", 1).tolist() == [1.0, 2.5]
    assert checks.matrix([[1, 2], [3, 4]]).dtype == np.float64
    assert checks.binary([[1, 0]], "correct", ndim=2).dtype == bool


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: checks.vector([], "x"), "x must have at least 1"),
        (lambda: checks.vector([1.0, np.nan], "x"), "x must be finite"),
        (lambda: checks.vector([1.0, np.inf], "x"), "x must be finite"),
        (lambda: checks.vector([[1.0]], "x"), "x must have 1 axis"),
        (lambda: checks.vector(np.ma.masked_equal([1.0, 2.0], 2.0), "x"), "x must have a value everywhere"),
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
        (lambda: checks.generator(7), "Generator, got int"),
    ],
)
def test_faulty_input_is_refused_with_its_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
