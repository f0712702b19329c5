"""The probability behind two published accuracies against R's beta distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.conformance import witness
from cxr_report.stats import probability_better

R = witness("mrmc")["better"]


@pytest.mark.parametrize("case", R)
def test_the_curve_is_that_of_r(case):
    result = probability_better(case["n"], case["a"], case["b"])
    assert result.discordant.tolist() == case["discordant"]
    assert result.probability == pytest.approx(case["probability"], rel=1e-9, abs=1e-14)


def test_every_number_of_discordant_cases_that_is_possible_occurs():
    """By enumeration of all two-by-two tables with these margins."""
    n, x_a, x_b = 12, 9, 7
    possible = {b + x_b - (x_a - b) for b in range(n + 1) if x_a >= b >= x_a - x_b and x_b + b <= n}
    assert set(probability_better(n, x_a, x_b).discordant.tolist()) == possible


@given(st.integers(1, 300), st.data())
def test_swapping_the_classifiers_gives_the_complement(n, data):
    x_a, x_b = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    one, two = probability_better(n, x_a, x_b), probability_better(n, x_b, x_a)
    assert np.array_equal(one.only_a, two.only_b)
    assert one.probability == pytest.approx(1 - two.probability, abs=1e-12)
    assert 0 <= one.low <= one.high <= 1


def test_equal_and_perfect_accuracies_decide_nothing():
    assert (probability_better(50, 20, 20).probability == 0.5).all()
    result = probability_better(10, 10, 10)
    assert (result.discordant.tolist(), result.low) == ([0], 0.5)


@pytest.mark.parametrize(
    ("n", "a", "b", "words"),
    [(10, 11, 5, "x_a"), (10, 5, -1, "x_b"), (10, 0.9, 5, "x_a"), (0, 0, 0, "n must"), (10, 5, 11, "x_b")],
)
def test_input_at_fault_is_named(n, a, b, words):
    with pytest.raises(ValueError, match=words):
        probability_better(n, a, b)
