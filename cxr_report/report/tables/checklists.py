"""Reporting checklists in, one table each out: every item, what it asks, and the section that answers it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from cxr_report.analysis.value import Analysis
from cxr_report.report.checklists import GUIDELINES, TOPICS, Answer, Guideline, Told
from cxr_report.report.cohort import Cohort
from cxr_report.report.language import Speech, speech
from cxr_report.report.tables.table import Body, Cell, Column, Table, plain, spoken

__all__ = ["tables"]


def tables(analysis: Analysis, cases: Cohort, headings: Mapping[str, str]) -> tuple[Table, ...]:
    """Make the tables.

    Args:
        analysis: everything.
        cases: what is known of them.
        headings: anchor of every section of the report -> its number.
    """
    told, say = Told(analysis, cases, tuple(headings)), speech(analysis)
    return tuple(_table(say, guideline, told, headings) for guideline in GUIDELINES)


def _table(say: Speech, guideline: Guideline, told: Told, headings: Mapping[str, str]) -> Table:
    answers = [(number, topic, TOPICS[topic].place(told)) for number, topic in guideline.items]
    answered = sum(bool(answer.sections) for _, _, answer in answers)
    return Table(
        key=guideline.key,
        number="",
        title=say.text(
            "Checklist {name} ({year}): the section that answers each item",
            name=guideline.name,
            year=str(guideline.year),
        ),
        n=say.text("n = {n} items, {answered} of them answered", n=str(len(answers)), answered=str(answered)),
        columns=spoken(
            say, Column("item", "Item", "text"), Column("asks", "Asks for", "text"), Column("where", "Section", "text")
        ),
        bodies=(
            Body(
                tuple(
                    (plain(number), plain(say.text(TOPICS[topic].asks)), _cell(say, answer, headings))
                    for number, topic, answer in answers
                )
            ),
        ),
        notes=tuple(_notes(say, guideline, [answer for *_, answer in answers], own=told.introduced)),
        dense=True,
    )


def _notes(say: Speech, guideline: Guideline, answers: Iterable[Answer], *, own: bool) -> Iterable[str]:
    yield say.text(
        "Items in words of our own; what each asks in full stands in doi:{doi}. Not reported: this report does not say "
        "it, and the authors have to.",
        doi=guideline.doi,
    )
    if any(answer.sections and not answer.whole for answer in answers):
        yield say.text("In part: of the several things that the item asks for, the section says some.")
    if own:
        yield say.text("Section 1 holds the authors’ own words; whether they answer the item was not checked.")


def _cell(say: Speech, answer: Answer, headings: Mapping[str, str]) -> Cell:
    if not answer.sections:
        return plain(say.text("not reported"))
    text = _written(say, answer, [headings[key] for key in answer.sections])
    linked = [f'<a class="ref" href="#{key}">{html.escape(headings[key])}</a>' for key in answer.sections]
    return Cell(text, (text,), markup=_written(say, answer, linked))


def _written(say: Speech, answer: Answer, places: list[str]) -> str:
    joined = ", ".join(places)
    return joined if answer.whole else say.text("in part: {places}", places=joined)
