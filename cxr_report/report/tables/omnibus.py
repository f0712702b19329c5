"""The table of tests of all losses at once: an Analysis in; the planned test first, the others beside it, out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cxr_report.analysis.value import Analysis, Omnibus
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import counting, number_of_seeds, short_target, spoken, tested
from cxr_report.report.pieces import text_of
from cxr_report.report.tables.results import p_cell, whole, with_role
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, plain
from cxr_report.report.tables.table import spoken as heads

__all__ = ["TESTS", "omnibus"]

TESTS = {
    "mrmc": phrase("Obuchowski–Rockette F"),
    "mrmc-seeds-fixed": phrase("Obuchowski–Rockette χ², seeds fixed"),
    "iman-davenport": phrase("F of Iman and Davenport"),
    "friedman": phrase("Friedman’s χ²"),
    "rm-anova": phrase("Repeated-measures ANOVA F"),
    "mixed-model": phrase("Mixed model χ²"),
}
"""How the tests are called."""

_EFFECTS = {"Kendall's W": "W", "generalised eta2": "η²"}


def omnibus(analysis: Analysis, metrics: Sequence[str], key: str) -> Table:
    """Make the table of the tests of all losses at once for one or several metrics.

    Args:
        analysis: everything.
        metrics: the metrics, one body each.
        key: of the table.
    """
    say, several = speech(analysis), len(metrics) > 1
    bodies = tuple(
        Body(
            tuple(_row(analysis, place, test) for place, test in _of(analysis, metric)),
            with_role(analysis, metric) if several else "",
        )
        for metric in metrics
    )
    which = say.text("the secondary metrics") if key != "omnibus" else spoken(metrics[0], say)
    losses = say.text("{n} loss functions", n=str(len(analysis.losses)))
    return Table(
        key=key,
        number="",
        title=say.text("Tests of all loss functions at once on {metrics}, the planned one first", metrics=which),
        n=counting(losses, tested(analysis), number_of_seeds(len(analysis.seeds), say=say)),
        columns=heads(
            say,
            Column("test", "Test", "text"),
            Column("target", "Holds for other", "text"),
            Column("statistic", "Statistic"),
            Column("df1", "df", parts=("df1", "df2")),
            Column("p", "p"),
            Column("effect", "", "text", group="Effect size"),
            Column("effect_value", "", group="Effect size"),
        ),
        bodies=bodies,
        notes=tuple(_notes(analysis, metrics)),
        bodies_title="metric" if several else "",
        dense=True,
    )


def _of(analysis: Analysis, metric: str) -> list[tuple[int, Omnibus]]:
    found = [(place, test) for place, test in enumerate(analysis.omnibus) if test.metric == metric]
    return sorted(found, key=lambda each: not each[1].planned)


def _row(analysis: Analysis, place: int, test: Omnibus) -> tuple[Cell, ...]:
    key = f"omnibus.{place}"
    return (
        Cell(_named(analysis, test), (test.test,)),
        Cell(short_target(analysis, test.target), (test.target,)),
        number(test.statistic, f"{key}.statistic", by=numerals.statistic),
        Cell(_degrees(test), (test.df1, test.df2), f"{key}.df1"),
        p_cell(test.p, f"{key}.p", analysis.study.analysis.alpha, strong=test.rejected),
        plain(_EFFECTS.get(test.effect, "")),
        number(test.effect_value, f"{key}.effect_value", by=numerals.statistic),
    )


def _named(analysis: Analysis, test: Omnibus) -> str:
    """Name a test, and mark the planned one, or the one that stands in for it where that does not exist."""
    say = speech(analysis)
    name = say.text(TESTS[test.test])
    if not test.planned:
        return name
    as_planned = test.test == analysis.study.analysis.omnibus
    return say.text("{test} (planned)" if as_planned else "{test} (in place of the planned)", test=name)


def _degrees(test: Omnibus) -> str:
    if math.isnan(test.df1):
        return numerals.UNDEFINED
    return whole(test.df1) if math.isinf(test.df2) else f"{whole(test.df1)}; {whole(test.df2)}"


def _notes(analysis: Analysis, metrics: Sequence[str]) -> Iterator[str]:
    tests = [test for test in analysis.omnibus if test.metric in metrics]
    say = speech(analysis)
    yield say.text(
        "df: degrees of freedom, those of the analysis of variance after Greenhouse and Geisser; one number: χ². "
        "Friedman’s χ² is corrected for ties. W: Kendall’s; η²: generalised. Bold: p at most {alpha} (α). No test here "
        "gates the comparisons of two losses.",
        alpha=numerals.general(analysis.study.analysis.alpha),
    )
    told: dict[str, dict[str, list[str]]] = {}
    for test in tests:
        for note in test.note.split("; ") if test.note else ():
            told.setdefault(note, {}).setdefault(test.test, []).append(test.metric)
    for note, who in told.items():
        named = [f"{say.text(TESTS[test])}{_on(say, own, metrics)}" for test, own in who.items()]
        yield f"{text_of(say.listed(named))}: {say.note(note)}."


def _on(say: Speech, own: Sequence[str], metrics: Sequence[str]) -> str:
    """Say on which of the metrics of the table a test has a note."""
    if len(metrics) == 1:
        return ""
    if len(own) == len(metrics):
        return f" ({say.text('all metrics')})"
    return f" ({text_of(say.listed([say.text(METRICS[metric].title) for metric in own]))})"
