"""Which standard deviations whole numbers can have: against enumeration and published examples."""

from __future__ import annotations

import math
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest

from cxr_report.verify.tables import Said, audit_grid, parse
from cxr_report.verify.tables.printed import Interval
from cxr_report.verify.tables.spread import Undecided, Window, bounded, possible


def window(mean: str, sd: str, runs: int, top: int) -> Window:
    def around(text: str) -> Interval:
        half = Fraction(Decimal(1).scaleb(Decimal(text).as_tuple().exponent)) / 2  # type: ignore[arg-type]
        return Interval(Fraction(text) - half, Fraction(text) + half)

    return Window(around(mean), around(sd), runs, top)


@pytest.mark.parametrize(("runs", "top"), [(2, 9), (3, 7), (4, 5), (5, 4), (6, 3)])
def test_exactly_the_enumerated_standard_deviations_are_possible(runs: int, top: int) -> None:
    """Every pair of a mean (two decimals) and a standard deviation (two decimals) of whole numbers in 0..m."""
    attained: dict[int, set[Fraction]] = defaultdict(set)
    for counts in combinations_with_replacement(range(top + 1), runs):
        total = sum(counts)
        square = sum(k * k for k in counts) - Fraction(total * total, runs)
        attained[total] |= {square / runs, square / (runs - 1)}
    for total, variances in attained.items():
        mean = Interval(Fraction(total, runs), Fraction(total, runs))
        for unit in range(0, 100 * top, 3):
            sd = Interval(max(Fraction(0), Fraction(2 * unit - 1, 200)), Fraction(2 * unit + 1, 200))
            expected = any(sd.low**2 <= variance <= sd.high**2 for variance in variances)
            assert possible(Window(mean, sd, runs, top)) == expected, (total, unit)


@pytest.mark.parametrize(
    ("mean", "sd", "runs", "verdict"),
    [
        # Allard 2018, Analytic-GRIMMER, as documented with R's scrutiny (grimmer("7.3", "2.51", n = 12) is FALSE)
        ("7.3", "2.51", 12, False),
        # Anaya 2016, doi 10.7287/peerj.preprints.2400v1: two whole numbers differ by a whole number
        ("2.50", "0.71", 2, True),
        ("2.50", "0.90", 2, False),
    ],
)
def test_published_examples(mean: str, sd: str, runs: int, verdict: bool) -> None:
    assert possible(window(mean, sd, runs, 1000)) == verdict


def test_parity_alone_does_not_grant_a_sum_of_squares() -> None:
    """Three numbers of sum 0 and squares 10: the parity is right, yet x^2 + xy + y^2 = 5 has no whole solution."""
    assert not any(
        sum(k) == 9 and sum((x - 3) ** 2 for x in k) == 10 for k in combinations_with_replacement(range(7), 3)
    )
    root = math.isqrt(10**12 * 5)  # over S the squares would be 15, which is odd
    sd = Interval(Fraction(root - 1, 10**6), Fraction(root + 1, 10**6))
    assert not possible(Window(Interval(Fraction(3), Fraction(3)), sd, 3, 6))


def test_the_range_of_the_counts_bounds_the_spread() -> None:
    wide = Interval(Fraction(5), Fraction(6))
    assert not possible(Window(Interval(Fraction(2), Fraction(2)), wide, 3, 6))
    assert possible(Window(Interval(Fraction(2), Fraction(2)), Interval(Fraction(3), Fraction(4)), 3, 6))
    assert not bounded(Interval(Fraction(99, 100), Fraction(99, 100)), Interval(Fraction(1, 2), Fraction(1)), 4)


def test_a_search_that_is_given_up_says_so() -> None:
    with pytest.raises(Undecided):
        possible(window("5.000", "2.503", 12, 10), steps=3)
    text = "method,accuracy,sd,seeds,n\nA,0.9,0.1,1000,50\n"
    assert audit_grid(parse(text, "t"), Said(scale="fraction")).findings[1].text == "the search was given up"


def test_means_that_leave_many_sums_open_are_judged_in_time() -> None:
    text = "method,recall,sd,seeds,positives,negatives\nF,1,0.5,2,1000000,5000\n"
    assert audit_grid(parse(text, "t"), Said(scale="fraction")).impossible == ()


@pytest.mark.parametrize(
    ("mean", "sd", "grade"),
    [("0.9000", "0.0200", "possible"), ("0.9000", "0.0163", "possible"), ("0.9000", "0.0150", "impossible")],
)
def test_planted_standard_deviations_in_a_table(mean: str, sd: str, grade: str) -> None:
    """Three runs of 50: 44, 45, 46 have SD 0.02, and 0.0163 over S; 0.0150 lies between what three counts can have."""
    text = f"method,metric,value,sd,seeds,n\nA,accuracy,{mean},{sd},3,50\n"
    found = [each for each in audit_grid(parse(text, "t"), Said()).findings if each.what == "sd"]
    assert [each.grade for each in found] == [grade]


def test_a_spread_larger_than_any_in_range_is_impossible_for_every_metric() -> None:
    text = "method,metric,value,sd,seeds\nA,f1,0.95,0.40,5\n"
    found = audit_grid(parse(text, "t"), Said()).findings
    assert [(each.what, each.grade) for each in found] == [("value", "cannot be checked"), ("sd", "impossible")]
