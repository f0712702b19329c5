"""Words and numbers go through where they are allowed and are named where they are not."""

from fractions import Fraction

import numpy as np
import pytest

from cxr_report.stats import arguments


def test_every_kind_of_number_goes_through():
    assert arguments.integer(np.int64(4), "n") == 4
    assert arguments.integer(np.array(3.0), "n") == 3
    assert arguments.real(Fraction(1, 4), "margin") == 0.25
    assert arguments.number_of(float("inf"), "df") == float("inf")
    assert np.isnan(arguments.number_of(np.nan, "df"))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: arguments.choice("up", "alternative", ("less", "greater")),
            "must be one of 'less', 'greater', got 'up'",
        ),
        (lambda: arguments.real("a", "margin"), "margin must be a real number"),
        (lambda: arguments.real(np.nan, "margin"), "margin must be a finite number"),
        (lambda: arguments.real(-1, "margin", low=0), "got -1"),
        (lambda: arguments.open_unit(1.0, "alpha"), "strictly between"),
        (lambda: arguments.integer(2.5, "n"), "whole number"),
        (lambda: arguments.integer(True, "n"), "whole number"),
        (lambda: arguments.integer(0, "n", minimum=1), "at least 1"),
        (lambda: arguments.integer(1e400, "n"), "finite"),
    ],
)
def test_faulty_arguments_are_refused_with_their_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    "value",
    [
        "0.5",
        b"1",
        None,
        1j,
        np.complex128(1),
        [0.5],
        np.array([1.0, 2.0]),
        np.ma.masked_equal(np.array(3.0), 3.0),
        np.datetime64("2020-01-01"),
        {"a": 1},
        10**400,
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused_in_one_line(value):
    for read in (arguments.real, arguments.number_of, arguments.integer, arguments.open_unit):
        with pytest.raises(ValueError, match=r"^n must be a real number, got \w+\.$"):
            read(value, "n")
