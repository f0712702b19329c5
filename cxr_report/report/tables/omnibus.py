"""The table of tests of all losses at once: an Analysis in; the planned test first, the others beside it, out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cxr_report.analysis.value import Analysis, Omnibus
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.names import counting, number_of_seeds, roles, short_target, spoken, tested
from cxr_report.report.tables.results import direction, p_cell, whole
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, plain

__all__ = ["TESTS", "omnibus"]

TESTS = {
    "mrmc": "Obuchowski–Rockette F",
    "mrmc-seeds-fixed": "Obuchowski–Rockette χ², seeds fixed",
    "iman-davenport": "F of Iman and Davenport",
    "friedman": "Friedman’s χ²",
    "rm-anova": "Repeated-measures ANOVA F",
    "mixed-model": "Mixed model χ²",
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
    several = len(metrics) > 1
    bodies = tuple(
        Body(
            tuple(_row(analysis, place, test) for place, test in _of(analysis, metric)),
            f"{direction(metric)}, {roles(analysis)[metric]}" if several else "",
        )
        for metric in metrics
    )
    which = "the secondary metrics" if key != "omnibus" else spoken(metrics[0])
    return Table(
        key=key,
        number="",
        title=f"Tests of all loss functions at once on {which}, the planned one first",
        n=counting(f"{len(analysis.losses)} loss functions", tested(analysis), number_of_seeds(len(analysis.seeds))),
        columns=(
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
        Cell(f"{TESTS[test.test]}{_planned(analysis, test)}", (test.test,)),
        Cell(short_target(analysis, test.target), (test.target,)),
        number(test.statistic, f"{key}.statistic", by=numerals.statistic),
        Cell(_degrees(test), (test.df1, test.df2), f"{key}.df1"),
        p_cell(test.p, f"{key}.p", analysis.study.analysis.alpha, strong=test.rejected),
        plain(_EFFECTS.get(test.effect, "")),
        number(test.effect_value, f"{key}.effect_value", by=numerals.statistic),
    )


def _planned(analysis: Analysis, test: Omnibus) -> str:
    """Mark the planned test, and the one that stands in for it where it does not exist for the metric."""
    if not test.planned:
        return ""
    return " (planned)" if test.test == analysis.study.analysis.omnibus else " (in place of the planned)"


def _degrees(test: Omnibus) -> str:
    if math.isnan(test.df1):
        return numerals.UNDEFINED
    return whole(test.df1) if math.isinf(test.df2) else f"{whole(test.df1)}; {whole(test.df2)}"


def _notes(analysis: Analysis, metrics: Sequence[str]) -> Iterator[str]:
    tests = [test for test in analysis.omnibus if test.metric in metrics]
    yield (
        "df: degrees of freedom, those of the analysis of variance after Greenhouse and Geisser; one number: χ². "
        "Friedman’s χ² is corrected for ties. W: Kendall’s; η²: generalised. Bold: p at most "
        f"{numerals.general(analysis.study.analysis.alpha)} (α). No test here gates the comparisons of two losses."
    )
    told: dict[str, dict[str, list[str]]] = {}
    for test in tests:
        for note in test.note.split("; ") if test.note else ():
            told.setdefault(note, {}).setdefault(test.test, []).append(test.metric)
    for note, who in told.items():
        named = [f"{TESTS[test]}{_on(own, metrics)}" for test, own in who.items()]
        yield f"{numerals.listed(named)}: {note}."


def _on(own: Sequence[str], metrics: Sequence[str]) -> str:
    """Say on which of the metrics of the table a test has a note."""
    if len(metrics) == 1:
        return ""
    which = "all metrics" if len(own) == len(metrics) else numerals.listed([METRICS[metric].title for metric in own])
    return f" ({which})"
