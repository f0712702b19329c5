"""What stands on both sides of a border."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.data.leakage import SPLITS, crossings, refuse_crossings
from cxr_report.errors import Refusal


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2)), min_size=1, max_size=30))
def test_a_key_is_found_at_every_border_it_crosses_and_nowhere_else(cases: list[tuple[str, int]]) -> None:
    keys, split = np.array([key for key, _ in cases]), np.array([place for _, place in cases])
    found = {(keys[c.first[0]], c.border) for c in crossings(keys, split)}
    expected = {
        (key, (SPLITS[a], SPLITS[b]))
        for key in set(keys.tolist())
        for a, b in ((0, 1), (0, 2), (1, 2))
        if (key, a) in cases and (key, b) in cases
    }
    assert found == expected


def test_refusal_names_borders_with_test_apart_and_lists_every_case() -> None:
    keys = np.array(["x", "x", "y", "y", "z", "x"])
    split = np.array([0, 1, 0, 2, 1, 0])
    with pytest.raises(Refusal) as refused:
        refuse_crossings(crossings(keys, split), (), [f"{place}.png" for place in range(6)])
    lines = str(refused.value).splitlines()
    assert "allow_leakage = true" in lines[0]
    assert lines[1:] == [
        "1 identical image in both train and val:",
        "  0.png, 5.png = 1.png",
        "1 identical image in both train and test:",
        "  2.png = 3.png",
    ]


def test_independent_splits_are_accepted() -> None:
    keys = np.arange(6)
    split = np.array([0, 0, 1, 1, 2, 2])
    assert crossings(keys, split) == ()
    refuse_crossings((), (), [])
