"""The tables of subgroups: an Analysis in; how large they are, and the primary metric within them, out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Subgroup
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.figures.subgroups import named
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import counting, tested
from cxr_report.report.tables.results import CUT, level_interval, reaches
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, plain, spoken

__all__ = ["results", "sizes"]

CLASSES = 6
"""Chosen: classes whose cases have room side by side; of more the fewest are told."""

RARE = 10
"""Chosen: cases of a class below which a metric of a subgroup hangs on single cases."""


def sizes(analysis: Analysis) -> Table | None:
    """Make the table of the subgroups' sizes and refusals; None where the source knows no attribute."""
    if not analysis.subgroups:
        return None
    say, names = speech(analysis), analysis.classes if len(analysis.classes) <= CLASSES else ()
    refused = any(group.refused for group in analysis.subgroups)
    kind = say.text("Cases that have the finding" if analysis.study.task == "multilabel" else "Cases of the class")
    return Table(
        key="subgroup-sizes",
        number="",
        title=say.text("Subgroups of the test cases"),
        n=counting(tested(analysis)),
        columns=(
            *spoken(
                say,
                Column("subgroup", "Subgroup", "text"),
                Column("cases", "Cases"),
                *((Column("patients", "Patients"),) if analysis.data.patients_known else ()),
            ),
            *(Column(f"positive_{name}", name, group=kind) for name in names),
            *spoken(
                say,
                *(() if names else (Column("fewest", "Fewest of a class", parts=("cases",)),)),
                *((Column("refused", "Refused because", "text"),) if refused else ()),
            ),
        ),
        bodies=(
            Body(
                tuple(_size(analysis, n, group, names, refused=refused) for n, group in enumerate(analysis.subgroups))
            ),
        ),
        notes=(
            say.text(
                "A subgroup is refused below {cases} cases, or where a class lacks positive or negative cases in it; "
                "cases whose attribute is not known are counted and form no subgroup.",
                cases=str(analysis.study.analysis.subgroup_minimum),
            ),
            *_rare(analysis),
        ),
        dense=True,
    )


def _rare(analysis: Analysis) -> Iterator[str]:
    """Warn of subgroups that have numbers, and a class of few cases."""
    say = speech(analysis)
    told = [
        f"{named(group, say)} ({', '.join(f'{name} {count}' for name, count in few.items())})"
        for group in analysis.subgroups
        if group.means and (few := {name: count for name, count in group.positives.items() if count < RARE})
    ]
    if told:
        yield say.text(
            "Fewer than {cases} cases of a class, so that estimates are unstable: {groups}.",
            cases=str(RARE),
            groups="; ".join(told),
        )


def _size(
    analysis: Analysis, place: int, group: Subgroup, names: tuple[str, ...], *, refused: bool
) -> tuple[Cell, ...]:
    key = f"subgroups.{place}"
    fewest = min(group.positives, key=lambda name: group.positives[name], default="")
    say = speech(analysis)
    return (
        plain(named(group, say)),
        of(group.n_cases, f"{key}.n_cases"),
        *((of(group.n_patients, f"{key}.n_patients"),) if analysis.data.patients_known else ()),
        *(of(group.positives.get(name, 0), f"{key}.positives.{name}") for name in names),
        *(() if names else (of(group.positives.get(fewest, 0), f"{key}.positives.{fewest}"),)),
        *((Cell(say.note(group.refused), (group.refused,)),) if refused else ()),
    )


def results(analysis: Analysis) -> Table | None:
    """Make the table of means and differences within the subgroups; None where all are refused."""
    found = [(n, group) for n, group in enumerate(analysis.subgroups) if group.means]
    if not found:
        return None
    say, baseline = speech(analysis), analysis.labels[analysis.study.analysis.baseline]
    return Table(
        key="subgroup-results",
        number="",
        title=say.text(
            "{metric} among the cases of each subgroup, over seeds and cases together, exploratory",
            metric=say.text(METRICS[analysis.metrics[0]].title),
        ),
        n=say.text(
            "n = {cases} test cases, and as given with each subgroup", cases=numerals.count(analysis.data.n_test)
        ),
        columns=spoken(
            say,
            Column("loss", "Loss function", "text"),
            Column("mean", "Mean"),
            Column("interval", level_interval(analysis), parts=LOW_HIGH),
            Column("difference", "Minus baseline"),
            Column("difference_interval", level_interval(analysis), parts=LOW_HIGH),
        ),
        bodies=tuple(Body(_rows(analysis, f"subgroups.{n}", group), _titled(analysis, group)) for n, group in found),
        notes=(
            say.text(
                "Baseline: {baseline}. Intervals are unadjusted; nothing is tested, and nothing is concluded about the "
                "difference between two subgroups.",
                baseline=baseline,
            ),
            *((say.text(CUT),) if any(_cut(group) for _, group in found) else ()),
            *_rare(analysis),
        ),
        bodies_title="subgroup",
        dense=True,
    )


def _titled(analysis: Analysis, group: Subgroup) -> str:
    say, cases, patients = speech(analysis), numerals.count(group.n_cases), numerals.count(group.n_patients)
    trained, known = analysis.study.trained, analysis.data.patients_known
    return say.text(
        _SIZES[trained, known], group=named(group, say), cases=cases, **({"patients": patients} if known else {})
    )


_SIZES = {
    (True, True): phrase("{group}, {cases} images of {patients} patients"),
    (True, False): phrase("{group}, {cases} images"),
    (False, True): phrase("{group}, {cases} cases of {patients} patients"),
    (False, False): phrase("{group}, {cases} cases"),
}
"""Whether the runs were trained here, and whether patients are known -> how large a group is."""


def _cut(group: Subgroup) -> bool:
    return any(reaches(group.metric, mean.low, mean.high) for mean in group.means)


def _rows(analysis: Analysis, key: str, group: Subgroup) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (
            plain(analysis.labels[mean.loss]),
            number(mean.estimate, f"{key}.means.{n}.estimate"),
            interval(mean.low, mean.high, f"{key}.means.{n}", say=speech(analysis)),
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
                interval(pair.low, pair.high, f"{key}.pairs.{n}", decimals=4, say=speech(analysis)),
            )
    return Cell("", (None,)), Cell("", (None, None))
