"""A pair of losses means the same either way round."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cxr_report.exchange.orientation import oriented, pairs_of

number = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["inf", "-inf"]))
pair = st.fixed_dictionaries(
    {
        "first": st.just("b"),
        "second": st.just("a"),
        "verdict": st.sampled_from(["first better", "second better", "not shown", "outside the family"]),
        "n_zero": st.integers(),
        **dict.fromkeys(("difference", "t", "d_z", "low", "high", "w_plus", "w_minus", "p", "sd"), number),
        "differences": st.lists(number, max_size=3),
        "rows": st.lists(
            st.fixed_dictionaries({"low": number, "high": number, "verdict": st.sampled_from(["better", "worse"])}),
            max_size=2,
        ),
    }
)


@given(told=pair)
def test_turned_twice_is_as_it_was(told: dict[str, Any]) -> None:
    once = oriented({"pairs": [told]}, {("a", "b")})
    assert pairs_of(once) == {("a", "b")}
    assert oriented(once, {("b", "a")}) == {"pairs": [told]}


@given(told=pair)
def test_a_pair_that_the_other_has_alike_or_not_at_all_stays(told: dict[str, Any]) -> None:
    assert oriented([told], {("b", "a"), ("a", "b")}) == [told]
    assert oriented([told], {("a", "c")}) == [told]


def test_signs_bounds_and_words_turn_and_magnitudes_stay() -> None:
    told = {
        "first": "b", "second": "a", "difference": 0.2, "low": 0.1, "high": 0.3, "t": 4.0, "p": 0.01, "sd": 0.05,
        "w_plus": 6.0, "w_minus": 0.0, "t_left": 0.9, "t_right": 0.1, "verdict": "first better", "df": "inf",
    }  # fmt: skip
    found = oriented(told, {("a", "b")})
    assert (found["first"], found["second"], found["verdict"]) == ("a", "b", "second better")
    assert (found["difference"], found["low"], found["high"], found["t"]) == (-0.2, -0.3, -0.1, -4.0)
    assert (found["p"], found["sd"], found["df"]) == (0.01, 0.05, "inf")
    assert (found["w_plus"], found["w_minus"], found["t_left"], found["t_right"]) == (0.0, 6.0, 0.1, 0.9)


def test_non_inferiority_has_no_other_way_round() -> None:
    found = oriented({"first": "b", "second": "a", "noninferior": True, "p_noninferiority": math.pi}, {("a", "b")})
    assert "noninferior" not in found
    assert found["noninferior of the second"] is True
