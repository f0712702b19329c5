"""Which means of counts can be printed: against enumeration and published examples."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.verify.tables import Said, audit_grid, parse
from cxr_report.verify.tables.counted import Lattice, chance, possible, printable, route
from cxr_report.verify.tables.finding import CHECKED, IMPOSSIBLE, POSSIBLE
from cxr_report.verify.tables.printed import read_printed


def roundings(value: Fraction, decimals: int) -> set[int]:
    """All whole numbers of units within half a unit, by trying each neighbour."""
    scaled = value * 10**decimals
    return {unit for unit in range(int(scaled) - 1, int(scaled) + 3) if abs(unit - scaled) <= Fraction(1, 2)}


def attained(n: int, runs: int, decimals: int) -> tuple[set[int], set[int]]:
    """By enumeration: what means of counts print as, and what means of rounded runs print as."""
    exact, rounded = set(), set()
    for counts in combinations_with_replacement(range(n + 1), runs):
        exact |= roundings(Fraction(sum(counts), n * runs), decimals)
    singles = {unit for count in range(n + 1) for unit in roundings(Fraction(count, n), decimals)}
    for units in combinations_with_replacement(sorted(singles), runs):
        rounded |= roundings(Fraction(sum(units), runs * 10**decimals), decimals)
    return exact, rounded


@pytest.mark.parametrize(("n", "runs"), [(1, 1), (7, 1), (12, 1), (3, 2), (7, 2), (11, 2), (6, 3), (4, 4)])
def test_exactly_the_enumerated_values_are_possible(n: int, runs: int) -> None:
    exact, rounded = attained(n, runs, 2)
    lattice = Lattice(n, runs, 2)
    for unit in range(101):
        way = route(printable(unit, lattice), lattice)
        if unit in exact:
            assert way == "count"
        elif unit in rounded:
            assert way == "rounded runs"
        elif way:  # only runs rounded more finely are left: within a twentieth of a unit of a count
            whole = n * runs
            nearest = min(abs(Fraction(k, whole) * 100 - unit) for k in range(whole + 1))
            assert Fraction(1, 2) < nearest <= Fraction(11, 20)


@given(st.integers(1, 100), st.integers(0, 100))
def test_a_single_run_passes_if_and_only_if_a_count_lies_within_half_a_unit(n: int, unit: int) -> None:
    near = any(abs(Fraction(k, n) - Fraction(unit, 100)) <= Fraction(1, 200) for k in range(n + 1))
    assert possible(read_printed(f"{unit / 100:.2f}"), Lattice(n, 1, 2)) == near


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 60), st.data())
def test_planted_values_of_one_run_are_found(n: int, data: st.DataObject) -> None:
    """A value that no count gives is always called impossible, and one that a count gives never."""
    given_ = {unit for k in range(n + 1) for unit in roundings(Fraction(k, n), 3)}
    unit = data.draw(st.sampled_from(sorted(set(range(1001)) - given_)))
    text = f"method,metric,value,n_test\nA,accuracy,{unit / 1000:.3f},{n}\n"
    (found,) = audit_grid(parse(text, "t"), Said(scale="fraction")).impossible
    assert f"n = {n}" in found.text
    assert found.chance == pytest.approx(n / 1000)


@pytest.mark.parametrize(
    ("value", "n", "verdict"),
    [
        # Brown & Heathers 2017, doi 10.1177/1948550616673876: a mean of 28 whole numbers cannot print as 5.19
        ("5.19", 28, False),
        ("5.18", 28, True),
        ("5.21", 28, True),
    ],
)
def test_the_published_example_of_grim(value: str, n: int, verdict: bool) -> None:
    """28 whole numbers of any size: one part each, in units of 100 so that the mean lies below one."""
    printed = read_printed(value)
    shifted = printed.__class__(value, printed.number / 100, printed.decimals + 2)
    assert possible(shifted, Lattice(100 * n, 1, 4)) == verdict


def test_where_every_value_is_within_reach_nothing_is_said() -> None:
    assert chance(Lattice(500, 5, 3)) == 1.0
    (found,) = audit_grid(parse("method,metric,value,n,seeds\nA,acc,0.912,500,5\n", "t"), Said()).findings
    assert found.grade == CHECKED
    assert found.chance == 1.0


@pytest.mark.parametrize(
    ("row", "grade"),
    [
        ("A,accuracy,0.933,30,1", POSSIBLE),
        ("A,accuracy,0.930,30,1", IMPOSSIBLE),
        ("A,accuracy,0.950,10,2", POSSIBLE),
        ("A,accuracy,0.930,10,2", IMPOSSIBLE),
        ("A,accuracy,1.200,30,1", IMPOSSIBLE),
        ("A,accuracy,1.000,30,1", POSSIBLE),
        ("A,loss,1.200,30,1", CHECKED),
        ("A,sensitivity,0.933,30,1", CHECKED),
        ("A,f1,0.933,30,2", CHECKED),
    ],
)
def test_the_grades(row: str, grade: str) -> None:
    text = f"method,metric,value,n,seeds\n{row}\n"
    assert audit_grid(parse(text, "t"), Said(scale="fraction")).findings[0].grade == grade


def test_a_tie_may_have_gone_either_way_and_digits_cut_off_only_where_declared() -> None:
    for value in ("0.12", "0.13"):  # 1 / 8 = 0.125
        assert possible(read_printed(value), Lattice(8, 1, 2))
    assert not possible(read_printed("0.66"), Lattice(3, 1, 2))
    assert possible(read_printed("0.66"), Lattice(3, 1, 2, "truncated"))
    assert not possible(read_printed("0.67"), Lattice(3, 1, 2, "truncated"))
