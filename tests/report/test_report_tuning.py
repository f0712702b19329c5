"""The tuning in the methods: a table that can be typed in again, a curve that rises, and silence where nothing was."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from report_grammar.reader import Reader
from report_grammar.sections import check_limitations, check_numbers, check_tuning, look_up
from report_grammar.words import Broken
from report_makers.tuning import tune

from cxr_report.analysis.value import Analysis, to_plain
from cxr_report.report import document, narrative, page
from cxr_report.report.figures import tuning as curve
from cxr_report.report.tables import Table
from cxr_report.report.tables.tuning import tuning as table

SEEDS = range(12)


@pytest.fixture(params=SEEDS)
def tuned(request: pytest.FixtureRequest, made_up: Callable[..., Analysis]) -> Analysis:
    """Make-up analyses with tuning."""
    return tune(made_up(losses=4), request.param)


def test_every_number_of_the_table_is_that_of_the_analysis(tuned: Analysis) -> None:
    made, plain = table(tuned), to_plain(tuned)
    assert made is not None
    cells = [cell for row in made.bodies[0].rows for cell in row if cell.key]
    assert len(cells) == 7 * len(tuned.losses)
    for cell in cells:
        found = look_up(plain, cell.key)
        assert cell.values == (found,) or (found != found and cell.text == "–")


def test_chosen_values_are_printed_so_that_they_can_be_typed_in_again(tuned: Analysis) -> None:
    made = table(tuned)
    assert made is not None
    heads = [column.name for column in made.columns]
    for row, loss in zip(made.bodies[0].rows, tuned.losses, strict=True):
        shown = dict(zip(heads, (cell.text for cell in row), strict=True))
        assert typed(shown["learning_rate_chosen"]) == tuned.study.learning_rate(loss)
        assert typed(shown["weight_decay_chosen"]) == tuned.study.weight_decay(loss)
        told = [typed(part.partition(" = ")[2]) for part in shown["values"].split("; ") if " = " in part]
        assert told == list(tuned.study.losses[loss].parameters.values())


def typed(text: str) -> float:
    """Read a printed setting, also one like 6 × 10⁻⁵."""
    plain = text.replace("\N{MINUS SIGN}", "-").replace("\u00a0", " ")
    power = re.fullmatch(r"([\d.]+) × 10(.+)", plain)
    if power is None:
        return float(plain)
    return float(f"{power[1]}e{power[2].translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")


def test_the_curve_is_told_in_words_too(tuned: Analysis) -> None:
    drawn = curve.draw(tuned)
    if all(one.best[-1] != one.best[-1] for one in tuned.tuning):
        assert drawn is None
        return
    assert drawn is not None
    for one in tuned.tuning:
        assert f"{tuned.labels[one.loss]} from " in drawn.alt
    assert f"n = {len(tuned.tuning[0].trials)} configurations" in drawn.n


def test_the_methods_hold_sentences_table_and_figure(tuned: Analysis, machine: Callable[..., Table]) -> None:
    made = document.compose(tuned, machine())
    assert list(made.tables)[:3] == ["data", "losses", "tuning"]
    html = page.render(made)
    methods = html[html.index('id="methods-losses"') : html.index('id="methods-analysis"')]
    assert 'id="tuning"' in methods
    assert ('id="tuning-curve"' in methods) == ("tuning-curve" in made.figures)
    assert "with the same budget" in methods
    assert any("Random search" in reference.text for reference in made.references)


def test_a_study_without_tuning_says_so_among_its_limitations_and_nowhere_else(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    plain = made_up(losses=4)
    made = document.compose(plain, machine())
    assert table(plain) is None
    assert curve.draw(plain) is None
    assert narrative.tuning_methods(plain) == ()
    assert "tuning" not in made.tables
    assert "not tuned for any loss by this study" in narrative.limitations(plain)[0].text()
    assert not any("Random search" in reference.text for reference in made.references)


BUGS: dict[str, Callable[[Any], Any]] = {
    "a trial less": lambda one: replace(one, trials=one.trials[:-1], best=one.best[:-1]),
    "a training more": lambda one: replace(one, seeds=(*one.seeds, 1)),
    "another length": lambda one: replace(one, epochs=one.epochs + 1),
    "the other choice": lambda one: replace(one, chosen=2 if one.chosen == 1 else 1),
    "another metric": lambda one: replace(one, metric="brier"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_sentence_on_other_numbers_is_found(bug: str, made_up: Callable[..., Analysis]) -> None:
    caught = 0
    for seed in SEEDS:
        true = tune(made_up(losses=4), seed)
        false = replace(true, tuning=tuple(map(BUGS[bug], true.tuning)))
        try:
            check_tuning(true, narrative.tuning_methods(false))
            check_limitations(true, narrative.limitations(false))
            check_numbers(to_plain(true), narrative.tuning_methods(false))
        except Broken:
            caught += 1
    assert caught >= len(SEEDS) - 2, "where no loss has a score, another choice is not told of"


def test_the_reader_reads_what_is_written(tuned: Analysis) -> None:
    texts = [paragraph.text() for paragraph in narrative.tuning_methods(tuned)]
    assert [name for text in texts for name, _ in Reader(tuned).sentences(text)][:3] == [
        "tuning-budget",
        "tuning-draw",
        "tuning-choice",
    ]
