"""The report's sentences say what the Analysis says: a grammar reads them back, and planted bugs do not get past it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_bugs import comparisons, numbers
from report_grammar import reader, sections
from report_grammar.words import Broken
from report_makers.drawn import random_analysis
from report_makers.further import enriched

from cxr_report.analysis.value import BOTH, CASES, Analysis, to_plain
from cxr_report.report import answers, narrative, numerals
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Paragraph

RARE = (114, 160, 320)
"""Analyses that meet what none of the first does: cases that decide, seeds that show less, a single undefined test."""

BUGS = [*comparisons.BUGS, *numbers.BUGS]


def check(analysis: Analysis) -> None:
    """Hold everything that is written about an analysis to it."""
    sections.check_results(analysis, narrative.results(analysis))
    sections.check_abstract(analysis, narrative.abstract(analysis))
    sections.check_limitations(analysis, narrative.limitations(analysis))
    sections.check_methods(analysis, narrative.analysis_methods(analysis))
    sections.check_tuning(analysis, narrative.tuning_methods(analysis))
    plain = to_plain(analysis)
    parts = (narrative.results, narrative.abstract, narrative.limitations, narrative.analysis_methods)
    for part in (*parts, narrative.tuning_methods):
        sections.check_numbers(plain, part(analysis))


def check_all(analyses: list[Analysis]) -> None:
    """Hold what is written about many analyses to them."""
    for analysis in analyses:
        check(analysis)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_sentence_is_true_and_nothing_that_must_be_said_is_left_out(seed: int) -> None:
    check(random_analysis(seed))


def test_the_random_analyses_meet_every_form_of_sentence(analyses: list[Analysis]) -> None:
    met = set()
    for analysis in analyses:
        read = reader.Reader(analysis)
        texts = sections.plain(narrative.abstract(analysis))
        for part in (narrative.results, narrative.limitations, narrative.analysis_methods, narrative.tuning_methods):
            texts += [paragraph.text() for paragraph in part(analysis)]
        met |= {name for text in texts for name, _ in read.sentences(text)}
    assert {name for name, _ in reader.FORMS} - met == set()


def test_there_are_more_than_fifty_bugs() -> None:
    assert len(BUGS) > 50


@pytest.fixture(scope="module")
def analyses() -> list[Analysis]:
    """The same random analyses for every bug, one whose targets contradict each other, and some with all parts."""
    whole = [enriched(random_analysis(seed), np.random.default_rng([seed, 1])) for seed in range(6)]
    return [*map(random_analysis, (*range(80), *RARE)), contradicting(), *whole]


def contradicting() -> Analysis:
    """Turn the answers over cases round, as only scores given to diverged runs could."""
    analysis = next(each for each in map(random_analysis, range(1000)) if _decided(each))
    turned: Any = {"first better": "second better", "second better": "first better"}
    cases = tuple(
        replace(
            test,
            pairs=tuple(
                replace(pair, difference=-pair.difference, verdict=turned.get(pair.verdict, pair.verdict))
                for pair in test.pairs
            ),
        )
        for test in analysis.cases
    )
    return replace(analysis, cases=cases)


def _decided(analysis: Analysis) -> bool:
    found = [answers.answers(analysis, analysis.metrics[0], target) for target in (BOTH, CASES)]
    return all(each is not None and any(answers.shown(row) for row in each.family) for each in found)


def test_without_a_bug_they_all_pass(analyses: list[Analysis]) -> None:
    check_all(analyses)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__.strip("_"))
def test_a_planted_bug_is_found(
    bug: Callable[[pytest.MonkeyPatch], None], analyses: list[Analysis], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    with pytest.raises(Broken):
        check_all(analyses)


def test_numbers_are_marked_for_a_readers_program_and_words_escaped() -> None:
    paragraph = Paragraph("main", "", (prose.sentence("x", "A < B: ", prose.value(0.91234, "summaries.0.mean"), "."),))
    assert paragraph.html() == ('A &lt; B: <span data-key="summaries.0.mean" data-value="0.91234">0.912</span>.')
    assert paragraph.text() == "A < B: 0.912."


def test_an_undefined_number_is_marked_as_null() -> None:
    assert prose.value(float("nan"), "x").html() == '<span data-key="x" data-value="null">–</span>'


@pytest.mark.parametrize(
    ("metric", "said"),
    [("auroc", "AUROC"), ("brier", "Brier score"), ("balanced_accuracy", "balanced accuracy"), ("f1", "F1 score")],
)
def test_a_metric_is_spoken_of_as_inside_a_sentence(metric: str, said: str) -> None:
    assert facts.spoken(metric) == said


@pytest.mark.parametrize(
    ("p", "alpha", "text"), [(0.0625, 0.05, "0.063"), (0.0125, 0.05, "0.013"), (0.0625, 0.0628, "0.0625")]
)
def test_half_a_p_is_rounded_up_unless_that_hides_the_decision(p: float, alpha: float, text: str) -> None:
    assert numerals.p_value(p, alpha) == text
