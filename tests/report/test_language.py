"""The languages of a report: everything that is said is in the catalogue, and says the same with the same numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

import cxr_report.report
from cxr_report.losses import CATALOGUE
from cxr_report.metrics import METRICS
from cxr_report.report import templates
from cxr_report.report.language import Speech, entries
from cxr_report.report.language.catalogue import slots_of
from cxr_report.report.language.particles import settle
from cxr_report.report.pieces import Number, text_of

ROOM = Path(cxr_report.report.__file__).parent
HANGUL = re.compile("[가-힣]")
SPEAKERS = ("say", "text", "counted", "phrase")

WITHOUT_HANGUL = re.compile(r"(\{\w+\}|[\W\d_]|SE|SD|SHA-256|AUROC|AUPRC|ECE|MCC|Brier|DOI|df|CI|d_z|\b[A-Za-z]\b)*")
"""What needs no translation: slots, signs, numbers, single letters and the field's abbreviations."""


def spoken_in_code() -> Iterator[str]:
    for source in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and speaks(node.func):
                yield from literals(node.args)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("spoken", "heads"):
                yield from heads(node)


def heads(call: ast.Call) -> Iterator[str]:
    """Heads of columns that are said all at once: the second argument of `Column`, and the group above."""
    for node in ast.walk(call):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Column":
            yield from literals(node.args[1:2])
            yield from literals([word.value for word in node.keywords if word.arg == "group"])


def speaks(function: ast.expr) -> bool:
    """Whether a call says something: `say(...)`, `say.text(...)`, `speech(analysis).counted(...)`, `phrase(...)`."""
    if isinstance(function, ast.Name):
        return function.id in ("say", "phrase")
    if isinstance(function, ast.Call):
        return isinstance(function.func, ast.Name) and function.func.id == "speech"
    return isinstance(function, ast.Attribute) and function.attr in ("text", "counted") and is_speech(function.value)


def is_speech(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in ("speech", "Speech")
    name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return name in ("say", "ENGLISH")


def literals(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.IfExp):
            yield from literals([argument.body, argument.orelse])
        elif isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
            yield argument.value


def spoken_in_templates() -> Iterator[str]:
    for file in sorted(templates.find().glob("*.j2")):
        tree = jinja2.Environment(trim_blocks=True).parse(file.read_text(encoding="utf-8"))  # noqa: S701 - parsed only
        for call in tree.find_all(nodes.Call):
            spoken = call.node.node if isinstance(call.node, nodes.Getattr) else call.node
            if isinstance(spoken, nodes.Name) and spoken.name == "say":
                yield from jinja_literals(call.args)


def jinja_literals(arguments: list[nodes.Expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, nodes.CondExpr):
            yield from jinja_literals([argument.expr1, *([argument.expr2] if argument.expr2 else [])])
        elif isinstance(argument, nodes.Const) and isinstance(argument.value, str):
            yield argument.value


def taken_from_other_rooms() -> Iterator[str]:
    """Titles and definitions that the report says as the catalogues of metrics and losses have them."""
    for metric in METRICS.values():
        yield metric.title
        yield metric.definition
    for entry in CATALOGUE.values():
        yield entry.title
        yield entry.title.partition(" (")[0]
        for text in (entry.where, entry.spoken, *(parameter.meaning for parameter in entry.parameters)):
            yield from text.split("; ")


EVERYTHING = sorted({*spoken_in_code(), *spoken_in_templates(), *taken_from_other_rooms()})


def test_the_search_for_templates_finds_those_of_code() -> None:
    assert "The {metric} was undefined on test for every loss." in EVERYTHING
    assert len(EVERYTHING) > 50


def test_everything_that_is_said_has_a_translation() -> None:
    known = entries("ko")
    missing = [each for each in EVERYTHING if each not in known and not WITHOUT_HANGUL.fullmatch(each)]
    assert missing == []


def test_the_catalogue_holds_nothing_that_is_never_said() -> None:
    assert [each for each in entries("ko") if each not in EVERYTHING] == []


@pytest.mark.parametrize("template", sorted(entries("ko")))
def test_a_translation_is_korean_and_has_the_same_slots(template: str) -> None:
    translation = entries("ko")[template]
    assert slots_of(translation) == slots_of(template)
    assert HANGUL.search(translation) or WITHOUT_HANGUL.fullmatch(translation), translation


def test_numbers_keep_their_place_in_every_word_order() -> None:
    number = Number("0.91", "summaries.0.mean", 0.91)
    spoken = Speech("ko")("{metric} of {klass}", metric="AUROC", klass=(number,))
    assert number in spoken
    assert text_of(spoken) == "0.91의 AUROC"


def test_a_user_s_braces_are_no_slots() -> None:
    assert Speech("en").text("{metric} of {klass}", metric="{klass}", klass="{0}") == "{klass} of {0}"


@pytest.mark.parametrize(
    ("before", "literal", "after"),
    [("정확도", "은(는)", "는"), ("값", "은(는)", "은"), ("서울", "(으)로", "로"), ("손실", "이(가) 크다", "이 크다")],
)
def test_a_particle_follows_the_last_sound(before: str, literal: str, after: str) -> None:
    assert settle(before, literal) == after


def test_a_particle_after_a_latin_name_keeps_both_forms() -> None:
    assert settle("DenseNet121", "은(는)") == "은(는)"


def test_a_note_with_numbers_is_found_by_its_form() -> None:
    assert Speech("ko").note("undefined on 1 of 5 seeds") == "시드 5개 중 1개에서 정의되지 않음"
    assert Speech("en").note("undefined on 1 of 5 seeds") == "undefined on 1 of 5 seeds"


@pytest.mark.parametrize("note", ["nobody has written this", "nobody has written of 5 seeds"])
def test_an_unknown_note_stays_as_it_is_though_a_sentence_looks_alike(note: str) -> None:
    assert Speech("ko").note(note) == note
