"""The tables of an external test set: an Analysis in; its cases, the losses on them, and comparisons of them out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from cxr_report.analysis.value import Analysis, Change, ExternalTest, Joint, JointPair
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import Speech, speech
from cxr_report.report.names import adjustment, divergence, number_of_seeds
from cxr_report.report.tables.comparisons import intervals, pair_cell
from cxr_report.report.tables.results import CUT, level, p_cell, reaches, with_role
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, plain

__all__ = ["cases", "comparisons", "mean_of", "results"]

CLASSES = 6
"""Chosen: classes whose cases have room side by side; of more the fewest are told."""


def cases(analysis: Analysis, place: int) -> Table:
    """Make the table that sets the cases of an external test set beside the study's own.

    Args:
        analysis: everything.
        place: of the set in ``external``.
    """
    say, found = speech(analysis), analysis.external[place]
    names = analysis.classes if len(analysis.classes) <= CLASSES else ()
    own = analysis.data.content.get("splits", {}).get("test", {})
    rows = (
        (say.text("Own test cases"), own, analysis.data.patients_known, "data.content.splits.test"),
        (found.title, found.content, found.patients_known, f"external.{place}.content"),
    )
    finding = analysis.study.task == "multilabel"
    kind = say.text("Cases that have the finding" if finding else "Cases of the class")
    return Table(
        key=f"external-{found.name}-cases",
        number="",
        title=say.text("Cases of the external test set {name}, beside the study’s own test cases", name=found.title),
        n=say.text("n = {cases} external test cases", cases=numerals.count(found.n_cases)),
        columns=(
            Column("set", say.text("Set"), "text"),
            Column("cases", say.text("Cases")),
            Column("patients", say.text("Patients")),
            *(Column(f"positive_{name}", name, group=kind) for name in names),
            *(() if names else (Column("fewest", say.text("Fewest of a class"), parts=("cases",)),)),
            Column("demographics", say.text("Sex, age and view"), "text"),
        ),
        bodies=(Body(tuple(_cases(say, *row, names=names) for row in rows)),),
        notes=tuple(_cases_notes(say, found)),
        dense=True,
    )


def _cases(
    say: Speech, title: str, counts: Mapping[str, Any], known: bool, key: str, *, names: tuple[str, ...]
) -> tuple[Cell, ...]:
    positive = counts.get("positive") or {}
    fewest = min(positive, key=lambda name: positive[name], default="")
    number_ = counts.get("patients") if known else None
    patients = Cell(numerals.UNDEFINED, (None,)) if number_ is None else of(int(number_), f"{key}.patients")
    told = _people(say, counts.get("demographics") or {})
    return (
        plain(title),
        of(int(counts.get("cases", 0)), f"{key}.cases"),
        patients,
        *(of(int(positive.get(name, 0)), f"{key}.positive.{name}") for name in names),
        *(() if names else (of(int(positive.get(fewest, 0)), f"{key}.positive.{fewest}"),)),
        plain(told),
    )


def _people(say: Speech, told: Mapping[str, Any]) -> str:
    parts = [
        ", ".join(f"{_named(say, name)} {numerals.count(count)}" for name, count in told[column].items())
        for column in ("sex", "view")
        if column in told
    ]
    if "age" in told:
        age = told["age"]
        years = {"mean": numerals.fixed(age["mean"], 1), "low": f"{age['min']:g}", "high": f"{age['max']:g}"}
        parts.insert(1 if "sex" in told else 0, say.text("age {mean} ({low} to {high})", **years))
    return "; ".join(parts) if parts else say.text("not known")


def _named(say: Speech, value: str) -> str:
    """Say what is said of cases whose sex or view is not known; codes stay as they are."""
    return say.text("unknown") if value == "unknown" else value


def _cases_notes(say: Speech, found: ExternalTest) -> Iterator[str]:
    excluded = (found.content.get("flow") or {}).get("excluded") or {}
    if excluded:
        listed = "; ".join(f"{reason} {numerals.count(count)}" for reason, count in excluded.items())
        yield say.text("Left out of the external source: {listed}.", listed=listed)
    if found.absent:
        names = ", ".join(dict.fromkeys(gone.klass for gone in found.absent))
        yield say.text(
            "Without positive or without negative cases in the external set: {names}; a mean over classes runs over "
            "the others.",
            names=names,
        )


def results(analysis: Analysis, place: int) -> Table:
    """Make the table of means on an external test set, and of what changed from the study's own test cases.

    Args:
        analysis: everything.
        place: of the set in ``external``.
    """
    say, found = speech(analysis), analysis.external[place]
    group = say.text("External minus own")
    return Table(
        key=f"external-{found.name}-results",
        number="",
        title=say.text("Losses on the external test set {name}, and the change from own test cases", name=found.title),
        n=_n(say, found),
        columns=(
            Column("loss", say.text("Loss function"), "text"),
            Column("mean", say.text("Mean"), chance="both"),
            Column("interval", say.text("{level} interval", level=level(analysis)), parts=LOW_HIGH, chance="both"),
            Column("own", say.text("Own cases"), chance="both"),
            Column("change", say.text("Change"), group=group, chance="both"),
            Column(
                "change_interval",
                say.text("{level} interval", level=level(analysis)),
                group=group,
                parts=LOW_HIGH,
                chance="both",
            ),
        ),
        bodies=tuple(
            Body(
                tuple(_result(analysis, place, metric, loss) for loss in analysis.losses),
                with_role(analysis, metric),
            )
            for metric in analysis.metrics
        ),
        notes=tuple(_results_notes(analysis, found)),
        bodies_title="metric",
        dense=True,
    )


def _result(analysis: Analysis, place: int, metric: str, loss: str) -> tuple[Cell, ...]:
    found, key = analysis.external[place], f"external.{place}"
    mean, low, high, at = mean_of(found, metric, loss)
    change, changed = _change(found, metric, loss)
    band = (
        interval(low, high, f"{key}.{at}", say=speech(analysis))
        if at.startswith("joint")
        else interval(math.nan, math.nan)
    )
    return (
        plain(analysis.labels[loss]),
        number(mean, f"{key}.{at}.{'estimate' if at.startswith('joint') else 'mean'}"),
        band,
        *_changed(speech(analysis), change, f"{key}.{changed}"),
    )


def _changed(say: Speech, change: Change | None, key: str) -> tuple[Cell, Cell, Cell]:
    if change is None:
        return number(math.nan), number(math.nan), interval(math.nan, math.nan)
    return (
        number(change.own, f"{key}.own"),
        number(change.difference, f"{key}.difference", by=numerals.difference),
        interval(change.low, change.high, key, decimals=4, say=say),
    )


def mean_of(found: ExternalTest, metric: str, loss: str) -> tuple[float, float, float, str]:
    """Return the mean of a loss on an external test set with its interval over seeds and cases.

    Returns:
        Mean, low, high and the place in the set: of the joint analysis, or of the mean over seeds where there is none.
    """
    for n, test in enumerate(found.joint):
        if test.metric == metric:
            m, row = next((m, row) for m, row in enumerate(test.means) if row.loss == loss)
            return row.estimate, row.low, row.high, f"joint.{n}.means.{m}"
    for n, entry in enumerate(found.summaries):
        if (entry.metric, entry.loss) == (metric, loss):
            return entry.mean, math.nan, math.nan, f"summaries.{n}"
    return math.nan, math.nan, math.nan, ""


def _change(found: ExternalTest, metric: str, loss: str) -> tuple[Change | None, str]:
    for n, row in enumerate(found.changes):
        if (row.metric, row.loss) == (metric, loss):
            return row, f"changes.{n}"
    return None, ""


def _results_notes(analysis: Analysis, found: ExternalTest) -> Iterator[str]:
    say = speech(analysis)
    yield say.text(
        "Intervals over seeds and cases together, unadjusted. Change: the same runs on both sets; seeds are paired, "
        "the cases of the two sets independent. Metrics that hang on how frequent the classes are change with that too."
    )
    if any(reaches(test.metric, mean.low, mean.high) for test in found.joint for mean in test.means):
        yield CUT
    for metric, why in found.without_joint.items():
        yield say.text("No interval of {metric}: {why}.", metric=METRICS[metric].title, why=say.note(why))
    undefined = dict.fromkeys((row.metric, row.note) for row in found.changes if row.note)
    for metric, why in undefined:
        yield say.text("Change of {metric}: {why}.", metric=METRICS[metric].title, why=say.note(why))
    yield from divergence(analysis)


def comparisons(analysis: Analysis, place: int) -> Table | None:
    """Make the table of the declared family on an external test set; None where no metric has a joint analysis.

    Args:
        analysis: everything.
        place: of the set in ``external``.
    """
    say, found = speech(analysis), analysis.external[place]
    if not found.joint:
        return None
    return Table(
        key=f"external-{found.name}-pairs",
        number="",
        title=say.text("Comparisons on the external test set {name}, first minus second", name=found.title),
        n=_n(say, found),
        columns=(
            Column("pair", say.text("First − second"), "text", parts=("first", "second")),
            Column("difference", say.text("Difference"), chance="both"),
            *intervals(analysis),
            Column("t", "t", chance="both"),
            Column("df", "df", chance="both"),
            Column("p", "p", chance="both"),
            Column("p_adjusted", say.text("p adj."), chance="both"),
        ),
        bodies=tuple(_body(analysis, f"external.{place}.joint.{n}", test) for n, test in enumerate(found.joint)),
        notes=tuple(_comparison_notes(analysis, found)),
        bodies_title="metric",
        dense=True,
    )


def _body(analysis: Analysis, key: str, test: Joint) -> Body:
    rows = tuple(_row(analysis, f"{key}.pairs.{n}", pair) for n, pair in enumerate(test.pairs) if pair.in_family)
    return Body(rows, with_role(analysis, test.metric))


def _row(analysis: Analysis, key: str, pair: JointPair) -> tuple[Cell, ...]:
    alpha, wide = analysis.study.analysis.alpha, (pair.low_simultaneous, pair.high_simultaneous)
    return (
        pair_cell(analysis, pair.first, pair.second),
        number(pair.difference, f"{key}.difference", by=numerals.difference),
        interval(pair.low, pair.high, key, decimals=4, say=speech(analysis)),
        Cell(speech(analysis).interval(*wide, 4), wide, f"{key}.low_simultaneous"),
        number(pair.t, f"{key}.t", by=numerals.statistic),
        number(pair.df, f"{key}.df", by=lambda value: numerals.fixed(value, 1)),
        p_cell(pair.p, f"{key}.p", alpha),
        p_cell(pair.p_adjusted, f"{key}.p_adjusted", alpha, strong=pair.verdict in ("first better", "second better")),
    )


def _comparison_notes(analysis: Analysis, found: ExternalTest) -> Iterator[str]:
    say = speech(analysis)
    yield say.text(
        "Seeds and cases of this source together, by the analysis that decides on the study’s own test cases. p adj.: "
        "{adjustment}, over the family of a metric on this set alone. Bold: adjusted p at most {alpha}.",
        adjustment=adjustment(analysis),
        alpha=numerals.general(analysis.study.analysis.alpha),
    )
    undefined = dict.fromkeys(pair.note for test in found.joint for pair in test.pairs if math.isnan(pair.p))
    for why in undefined:
        yield f"{numerals.UNDEFINED} {say.note(why)}."


def _n(say: Speech, found: ExternalTest) -> str:
    told = {"cases": numerals.count(found.n_cases), "seeds": number_of_seeds(len(found.seeds), say=say)}
    if not found.patients_known:
        return say.text("n = {cases} external test cases, {seeds} per loss function", **told)
    patients = numerals.count(found.n_patients)
    return say.text(
        "n = {cases} external test cases of {patients} patients, {seeds} per loss function", patients=patients, **told
    )
