"""The catalogue of losses, which needs no torch."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.losses import CATALOGUE, SIGMOID, SOFTMAX, alike, entry, identity, sameness


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_is_complete(name: str) -> None:
    one = CATALOGUE[name]
    assert one.name == name
    assert one.tasks in (SOFTMAX, SIGMOID)
    assert one.doi.startswith("10.")
    assert one.reference.endswith(".")
    assert one.title
    assert not one.title.startswith(("A ", "The ", "a ", "the "))
    assert one.spoken == one.spoken.strip(" .")
    assert "\\" not in one.spoken + one.where
    assert len({parameter.name for parameter in one.parameters}) == len(one.parameters)
    assert len({parameter.letter for parameter in one.parameters}) == len(one.parameters)
    assert all(parameter.low <= parameter.default <= parameter.high for parameter in one.parameters)


def test_titles_are_told_apart_without_what_stands_in_brackets() -> None:
    for tasks in (SOFTMAX, SIGMOID):
        titles = [one.title.partition(" (")[0] for one in CATALOGUE.values() if one.tasks == tasks]
        assert len(set(titles)) == len(titles)


def test_a_loss_with_a_cosine_head_has_its_scale() -> None:
    heads = [one for one in CATALOGUE.values() if one.cosine_head]
    assert heads
    assert all("scale" in {parameter.name for parameter in one.parameters} for one in heads)


def test_one_source_is_written_in_one_way() -> None:
    written: dict[str, set[str]] = {}
    for one in CATALOGUE.values():
        written.setdefault(one.doi, set()).add(one.reference)
    assert all(len(texts) == 1 for texts in written.values())


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_defaults_are_one_of_the_settings_that_are_like_them(name: str) -> None:
    assert alike(name, {})
    defaults = {parameter.name: parameter.default for parameter in CATALOGUE[name].parameters}
    assert identity(name, {}) == identity(name, defaults)


@given(epsilon=st.floats(-1, 20), q=st.floats(0.001, 0.999))
def test_other_values_are_other_functions(epsilon: float, q: float) -> None:
    assert (identity("poly-1", {"epsilon": epsilon}) == identity("cross-entropy", {})) == (epsilon == 0)
    assert identity("generalised-cross-entropy", {"q": q}) != identity("cross-entropy", {})
    assert identity("generalised-cross-entropy", {"q": q}) != identity("mean-absolute-error", {})


@pytest.mark.parametrize("module", [entry, sameness])
def test_the_examples_are_right(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted > 0
    assert found.failed == 0
