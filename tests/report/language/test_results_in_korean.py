"""What comparisons of losses show, in Korean: nothing of it is left in English, and the numbers are the same."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np
import pytest
from report_makers.drawn import random_analysis
from report_makers.further import enriched

from cxr_report.analysis.value import Analysis, to_plain
from cxr_report.report import language, narrative
from cxr_report.report.answers import deciding
from cxr_report.report.language import Speech
from cxr_report.report.narrative import agreement, comparisons, facts
from cxr_report.report.narrative.further import further
from cxr_report.report.narrative.prose import Sentence

SECTIONS = ("decisions", "equivalence", "omnibus", "beside", "secondary", "ranks", "floor", "multiverse")
PARTS = ("results.ko.toml", "further.ko.toml")

NAMES = {
    "AUROC", "Benjamini", "Bonferroni", "Brier", "Cohen", "Davenport", "Friedman", "Hochberg", "Holm", "Hommel", "Iman",
    "Kendall", "Matthews", "Nemenyi", "Obuchowski", "Rockette", "Wilcoxon", "Yekutieli", "Youden",
}  # fmt: skip
"""Names of people, and an abbreviation that stands for itself."""

KOREAN = Speech("ko")


def in_korean(analysis: Analysis) -> Analysis:
    study = analysis.study
    report = study.report.model_copy(update={"language": "ko"})
    return replace(analysis, study=study.model_copy(update={"report": report}))


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of one analysis."""

    analysis: Analysis
    english: list[Sentence]
    korean: list[Sentence]


@pytest.fixture(scope="module")
def tellings() -> list[Telling]:
    """Made-up analyses with every kind of decision, and some with all that stands beyond comparisons."""
    rich = [enriched(random_analysis(seed), np.random.default_rng([seed, 1])) for seed in range(30)]
    made = [*map(random_analysis, (*range(60), 114, 160, 320)), *rich]
    return [Telling(each, told(each), told(in_korean(each))) for each in made]


def told(analysis: Analysis) -> list[Sentence]:
    """Collect what is said of comparisons, ranks, the noise floor and other analyses."""
    paragraphs = [*narrative.results(analysis), *further(analysis)]
    decided = deciding(analysis, analysis.study.metrics.primary)
    inside = [each for paragraph in paragraphs if paragraph.section in SECTIONS for each in paragraph.sentences]
    largest = comparisons.largest(analysis, decided)
    return [*inside, comparisons.said(analysis, decided), *largest, *agreement.beside(analysis, decided)]


def words_of_others(analysis: Analysis) -> list[str]:
    """Collect what a user called things, and notes that other rooms wrote, as they stand in a Korean sentence."""
    own = analysis.study.noise_floor.identical
    labels = {*analysis.labels.values(), *own, *(loss.label for loss in own.values() if loss.label)}
    labels |= {twin.second for twin in analysis.twins}
    notes = {part for note in (*notes_in(to_plain(analysis)), *analysis.without_joint.values()) for part in split(note)}
    return sorted({*labels, *(facts.noted(note, KOREAN) for note in notes)} - {""}, key=len, reverse=True)


def notes_in(plain: Any) -> Iterator[str]:
    if isinstance(plain, dict):
        yield from [value for key, value in plain.items() if key == "note"]
    if isinstance(plain, dict | list | tuple):
        for each in plain.values() if isinstance(plain, dict) else plain:
            yield from notes_in(each)


def split(note: str) -> list[str]:
    return note.split("; ")


def test_no_word_is_left_in_english(tellings: list[Telling]) -> None:
    for telling in tellings:
        others = words_of_others(telling.analysis)
        for sentence in telling.korean:
            text = sentence.text()
            for word in others:
                text = text.replace(word, "")
            left = set(re.findall(r"[A-Za-z]{4,}", text)) - NAMES
            assert not left, (sentence.kind, sentence.text())


def test_the_same_is_claimed_with_the_same_numbers(tellings: list[Telling]) -> None:
    for telling in tellings:
        assert [each.kind for each in telling.english] == [each.kind for each in telling.korean]
        for one, other in zip(telling.english, telling.korean, strict=True):
            assert numbers(one) == numbers(other), (one.text(), other.text())


def numbers(sentence: Sentence) -> Counter[tuple[str, str, str]]:
    return Counter((number.key, repr(number.value), number.text) for number in sentence.numbers())


def test_most_entries_of_the_catalogue_are_said_of_some_analysis(
    tellings: list[Telling], monkeypatch: pytest.MonkeyPatch
) -> None:
    said, right = set(), Speech._template

    def remember(say: Speech, template: str) -> str:
        said.add(template)
        return right(say, template)

    monkeypatch.setattr(Speech, "_template", remember)
    for telling in tellings:
        told(in_korean(telling.analysis))
    folder = resources.files(language) / "catalogue"
    written = {template for part in PARTS for template in tomllib.loads((folder / part).read_text("utf-8"))}
    assert len(written - said) < 0.15 * len(written), sorted(written - said)


CLAIMS = [
    ("count", "was shown for none", "입증되지 않았"),
    ("count", "was not shown", "입증되지 않았"),
    ("count", " was shown", "입증되"),
    ("count", "which is no evidence that the losses are equal", "서로 같다는 근거가 아니다"),
    ("clauses", " was higher ", "더 높았다"),
    ("clauses", " was lower ", "더 낮았다"),
    ("pair", " was higher ", "더 높았다"),
    ("pair", " was lower ", "더 낮았다"),
    ("pair", "less than the planned margin", "보다 작음"),
    ("open", "no difference was shown", "입증되지 않았"),
    ("omnibus", "was rejected", "기각되었다"),
    ("omnibus", "no evidence", "근거는"),
    ("omnibus", "does not show that they are equal", "서로 같음을 보여 주지 않는다"),
    ("omnibus-beside", "none rejected", "기각한 것은 없었다"),
    ("equivalent", "was shown", "입증되었다"),
    ("equivalent", "was not shown", "입증되지 않았다"),
    ("not-inferior", "was shown", "입증되었다"),
    ("not-inferior", "was not shown", "입증되지 않았다"),
    ("wilcoxon-powerless", "cannot reach", "도달할 수 없다"),
    ("secondary", "none could be shown", "입증될 수 없었다"),
    ("secondary", "the highest mean", "평균이 가장 높은"),
    ("secondary", "the lowest mean", "평균이 가장 낮은"),
]


@pytest.mark.parametrize(("kind", "english", "korean"), CLAIMS)
def test_a_claim_is_as_strong_in_both_languages(tellings: list[Telling], kind: str, english: str, korean: str) -> None:
    pairs = [
        (one.text(), other.text())
        for telling in tellings
        for one, other in zip(telling.english, telling.korean, strict=True)
        if one.kind == kind
    ]
    assert any(english in one for one, _ in pairs)
    assert [(one, other) for one, other in pairs if english in one and korean not in other] == []
