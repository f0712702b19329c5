"""The tables of subgroups: an Analysis in; how large they are, and the primary metric within them, out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Subgroup
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures.subgroups import named
from cxr_report.report.tables.results import CUT, level, reaches
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, plain

__all__ = ["results", "sizes"]

CLASSES = 6
"""Chosen: classes whose cases have room side by side; of more the fewest are told."""

RARE = 10
"""Chosen: cases of a class below which a metric of a subgroup hangs on single cases."""


def sizes(analysis: Analysis) -> Table | None:
    """Make the table of the subgroups' sizes and refusals; None where the source knows no attribute."""
    if not analysis.subgroups:
        return None
    names = analysis.classes if len(analysis.classes) <= CLASSES else ()
    refused = any(group.refused for group in analysis.subgroups)
    kind = "Cases that have the finding" if analysis.study.task == "multilabel" else "Cases of the class"
    return Table(
        key="subgroup-sizes",
        number="",
        title="Subgroups of the test cases",
        n=f"n = {numerals.count(analysis.data.n_test)} test cases",
        columns=(
            Column("subgroup", "Subgroup", "text"),
            Column("cases", "Cases"),
            *((Column("patients", "Patients"),) if analysis.data.patients_known else ()),
            *(Column(f"positive_{name}", name, group=kind) for name in names),
            *(() if names else (Column("fewest", "Fewest of a class", parts=("cases",)),)),
            *((Column("refused", "Refused because", "text"),) if refused else ()),
        ),
        bodies=(
            Body(
                tuple(_size(analysis, n, group, names, refused=refused) for n, group in enumerate(analysis.subgroups))
            ),
        ),
        notes=(
            f"A subgroup is refused below {analysis.study.analysis.subgroup_minimum} cases, or where a class lacks "
            "positive or negative cases in it; cases whose attribute is not known are counted and form no subgroup.",
            *_rare(analysis),
        ),
        dense=True,
    )


def _rare(analysis: Analysis) -> Iterator[str]:
    """Warn of subgroups that have numbers, and a class of few cases."""
    told = [
        f"{named(group)} ({', '.join(f'{name} {count}' for name, count in few.items())})"
        for group in analysis.subgroups
        if group.means and (few := {name: count for name, count in group.positives.items() if count < RARE})
    ]
    if told:
        yield f"Fewer than {RARE} cases of a class, so that estimates are unstable: {'; '.join(told)}."


def _size(
    analysis: Analysis, place: int, group: Subgroup, names: tuple[str, ...], *, refused: bool
) -> tuple[Cell, ...]:
    key = f"subgroups.{place}"
    fewest = min(group.positives, key=lambda name: group.positives[name], default="")
    return (
        plain(named(group)),
        of(group.n_cases, f"{key}.n_cases"),
        *((of(group.n_patients, f"{key}.n_patients"),) if analysis.data.patients_known else ()),
        *(of(group.positives.get(name, 0), f"{key}.positives.{name}") for name in names),
        *(() if names else (of(group.positives.get(fewest, 0), f"{key}.positives.{fewest}"),)),
        *((Cell(group.refused, (group.refused,)),) if refused else ()),
    )


def results(analysis: Analysis) -> Table | None:
    """Make the table of means and differences within the subgroups; None where all are refused."""
    found = [(n, group) for n, group in enumerate(analysis.subgroups) if group.means]
    if not found:
        return None
    title = METRICS[analysis.metrics[0]].title
    baseline = analysis.labels[analysis.study.analysis.baseline]
    return Table(
        key="subgroup-results",
        number="",
        title=f"{title} among the cases of each subgroup, over seeds and cases together, exploratory",
        n=f"n = {numerals.count(analysis.data.n_test)} test cases, and as given with each subgroup",
        columns=(
            Column("loss", "Loss function", "text"),
            Column("mean", "Mean"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
            Column("difference", "Minus baseline"),
            Column("difference_interval", f"{level(analysis)} interval", parts=LOW_HIGH),
        ),
        bodies=tuple(Body(_rows(analysis, f"subgroups.{n}", group), _titled(analysis, group)) for n, group in found),
        notes=(
            f"Baseline: {baseline}. Intervals are unadjusted; nothing is tested, and nothing is concluded about the "
            "difference between two subgroups.",
            *((CUT,) if any(_cut(group) for _, group in found) else ()),
            *_rare(analysis),
        ),
        bodies_title="subgroup",
        dense=True,
    )


def _titled(analysis: Analysis, group: Subgroup) -> str:
    unit = "images" if analysis.study.trained else "cases"
    patients = f" of {numerals.count(group.n_patients)} patients" if analysis.data.patients_known else ""
    return f"{named(group)}, {numerals.count(group.n_cases)} {unit}{patients}"


def _cut(group: Subgroup) -> bool:
    return any(reaches(group.metric, mean.low, mean.high) for mean in group.means)


def _rows(analysis: Analysis, key: str, group: Subgroup) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (
            plain(analysis.labels[mean.loss]),
            number(mean.estimate, f"{key}.means.{n}.estimate"),
            interval(mean.low, mean.high, f"{key}.means.{n}"),
            *_difference(analysis, key, group, mean.loss),
        )
        for n, mean in enumerate(group.means)
    )


def _difference(analysis: Analysis, key: str, group: Subgroup, loss: str) -> tuple[Cell, Cell]:
    baseline = analysis.study.analysis.baseline
    for n, pair in enumerate(group.pairs):
        if (pair.first, pair.second) == (loss, baseline):
            return (
                number(pair.difference, f"{key}.pairs.{n}.difference", by=numerals.difference),
                interval(pair.low, pair.high, f"{key}.pairs.{n}", decimals=4),
            )
    return Cell("", (None,)), Cell("", (None, None))
