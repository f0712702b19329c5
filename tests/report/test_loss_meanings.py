"""The letters of the losses' formulas are explained, and told apart where two losses use one letter."""

from __future__ import annotations

import re

import pytest

from cxr_report.losses import CATALOGUE
from cxr_report.report.tables.study import meanings
from cxr_report.study import Loss


def told(*names: str) -> list[str]:
    return list(meanings({name: Loss(loss=name) for name in names}, {name: name.upper() for name in names}))


def test_a_letter_of_one_meaning_stands_alone() -> None:
    assert told("focal", "cross-entropy") == ["γ: focusing exponent, 0 is cross-entropy"]
    assert told("generalised-cross-entropy")[0].startswith("q: exponent, its limit 0")


def test_a_letter_of_two_meanings_names_the_loss() -> None:
    first, second = told("confidence-penalty", "class-balanced")
    assert first.startswith("β (CONFIDENCE-PENALTY): weight of the entropy")
    assert second.startswith("β (CLASS-BALANCED): how fast")
    shared = told("symmetric-cross-entropy", "nce-rce")
    assert [text for text in shared if text.startswith("A")] == ["A: what stands for the logarithm of 0"] * 2


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_parameter_has_a_letter_that_stands_in_the_formula_or_its_explanation(name: str) -> None:
    entry = CATALOGUE[name]
    for parameter in entry.parameters:
        assert re.fullmatch(r"[A-Za-zα-ω](_[0-9+-])?", parameter.letter)
        assert parameter.symbol in entry.formula or parameter.letter in entry.where, parameter.name
