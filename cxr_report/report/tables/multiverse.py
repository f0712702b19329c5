"""The tables of the multiverse: an Analysis in; counts of decisions to print, and every combination for a file, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, MultiverseGroup, MultiverseRow, Target
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures.multiverse import RULES
from cxr_report.report.language import Speech, speech
from cxr_report.report.names import counting, short_target, tested
from cxr_report.report.pieces import text_of
from cxr_report.report.tables.comparisons import pair_cell
from cxr_report.report.tables.results import direction
from cxr_report.report.tables.table import Body, Cell, Column, Table, number, plain, spoken

__all__ = ["decisions", "listing"]

TARGETS: tuple[Target, ...] = (BOTH, SEEDS, CASES)

Keyed = tuple[str, MultiverseGroup]
"""Place in statistics.json, and group."""


def decisions(analysis: Analysis) -> Table | None:
    """Make the table that counts decisions, one body per estimand and one column per target; None without any."""
    if not analysis.multiverse:
        return None
    say = speech(analysis)
    targets = [target for target in TARGETS if any(group.target == target for group in analysis.multiverse)]
    return Table(
        key="multiverse-decisions",
        number="",
        title=say.text("Decisions under other analyses: first loss better / worse, of those that can reach α"),
        n=counting(say.text("{n} groups of decisions", n=str(len(analysis.multiverse))), tested(analysis)),
        columns=(
            *spoken(
                say,
                Column("pair", "First − second", "text", parts=("first", "second")),
                Column("estimate", "Difference"),
            ),
            *(
                Column(_slug(target), short_target(analysis, target), parts=("better", "worse", "reachable"))
                for target in targets
            ),
        ),
        bodies=tuple(
            Body(tuple(_row(analysis, groups, targets) for groups in pairs), title)
            for title, pairs in _estimands(analysis)
        ),
        notes=tuple(_notes(analysis)),
        bodies_title="estimand",
        dense=True,
    )


def _slug(target: Target) -> str:
    return {BOTH: "seeds_and_cases", SEEDS: "seeds", CASES: "cases"}[target]


def _estimands(analysis: Analysis) -> Iterator[tuple[str, list[Mapping[Target, Keyed]]]]:
    """Yield every metric with its threshold rule, and the groups of each comparison by target."""
    say, found = speech(analysis), dict[tuple[str, str], dict[tuple[str, str], dict[Target, Keyed]]]()
    for place, group in enumerate(analysis.multiverse):
        pairs = found.setdefault((group.metric, group.threshold), {})
        pairs.setdefault((group.first, group.second), {})[group.target] = (f"multiverse.{place}", group)
    for (metric, threshold), pairs in found.items():
        rule = f", {say.text(RULES[threshold])}" if threshold else ""
        yield f"{direction(metric, say)}{rule}", list(pairs.values())


def _row(analysis: Analysis, groups: Mapping[Target, Keyed], targets: list[Target]) -> tuple[Cell, ...]:
    key, first = next(iter(groups.values()))
    return (
        pair_cell(analysis, first.first, first.second),
        number(first.estimate, f"{key}.estimate", by=numerals.difference),
        *(_counts(speech(analysis), *groups[target]) if target in groups else _none() for target in targets),
    )


def _counts(say: Speech, key: str, group: MultiverseGroup) -> Cell:
    text = say.text(
        "{better} / {worse} of {reachable}",
        better=str(group.n_better),
        worse=str(group.n_worse),
        reachable=str(group.n_reachable),
    )
    return Cell(text, (group.n_better, group.n_worse, group.n_reachable), f"{key}.n_better")


def _none() -> Cell:
    return Cell(numerals.UNDEFINED, (None, None, None))


def _notes(analysis: Analysis) -> Iterator[str]:
    say = speech(analysis)
    yield say.text(
        "A decision is a test with an adjustment over the family; one that cannot reach α for want of seeds, or is "
        "undefined, is not counted. Estimands and targets are never pooled. The counts are descriptive: no p value "
        "belongs to them, their share is no probability, and the planned analysis alone decides. Every combination "
        "stands with its interval in the file multiverse-rows.csv."
    )
    notes: dict[str, list[str]] = {}
    for group in analysis.multiverse:
        for note in filter(None, group.note.split("; ")):
            titles = notes.setdefault(note, [])
            title = say.text(METRICS[group.metric].title)
            titles += [] if title in titles else [title]
    every = {say.text(METRICS[group.metric].title) for group in analysis.multiverse}
    for note, titles in notes.items():
        said, whose = say.note(note), "" if set(titles) == every else f"{text_of(say.listed(titles))}: "
        yield f"{whose}{said[:1].upper() if not whose else said[:1]}{said[1:]}.".replace("'", "’")


def listing(analysis: Analysis) -> Table | None:
    """Make the table of every combination, for a file alone: it has hundreds of rows; None without any."""
    if not analysis.multiverse:
        return None
    head = ("metric", "threshold", "target", "first", "second", "estimate", "test", "adjustment", "interval", "low",
            "high", "p", "p_adjusted", "smallest_p", "reachable", "planned", "verdict")  # fmt: skip
    return Table(
        key="multiverse-rows",
        number="",
        title=speech(analysis).text("Every combination of test, adjustment and interval"),
        n=speech(analysis).text("n = {n} rows", n=str(sum(len(group.rows) for group in analysis.multiverse))),
        columns=tuple(Column(name, name) for name in head),
        bodies=(Body(tuple(_listed(group, row) for group in analysis.multiverse for row in group.rows)),),
    )


def _listed(group: MultiverseGroup, row: MultiverseRow) -> tuple[Cell, ...]:
    words = (group.metric, group.threshold, group.target, group.first, group.second)
    told = (row.test, row.adjustment, row.interval)
    last = ("yes" if row.reachable else "no", "yes" if row.planned else "no", row.verdict)
    return (
        *map(plain, words),
        number(group.estimate),
        *map(plain, told),
        *(number(value) for value in (row.low, row.high, row.p, row.p_adjusted, row.smallest_p)),
        *map(plain, last),
    )
