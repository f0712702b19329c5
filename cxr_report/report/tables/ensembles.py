"""The tables of the ensembles over seeds: an Analysis in; their values, and their comparisons over cases, out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import Analysis, Ensemble, EnsembleScore, JointPair
from cxr_report.report import numerals
from cxr_report.report.language import speech
from cxr_report.report.names import adjustment, counting, tested
from cxr_report.report.tables.comparisons import intervals, pair_cell
from cxr_report.report.tables.joint import COVARIANCES
from cxr_report.report.tables.results import CUT, direction, level, p_cell, reaches, with_role
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, plain

__all__ = ["comparisons", "values"]

Keyed = tuple[str, Ensemble]
"""One metric with its place in statistics.json."""


def values(analysis: Analysis) -> Table | None:
    """Make the table of every ensemble beside the mean of its members; None where there are no ensembles."""
    if not analysis.ensembles:
        return None
    say = speech(analysis)
    found = _keyed(analysis)
    cut = any(reaches(each.metric, score.low, score.high) for _, each in found for score in each.scores)
    return Table(
        key="ensembles",
        number="",
        title=say.text("Ensembles: the mean of the probabilities of the seeds of a loss function"),
        n=_n(analysis),
        columns=(
            Column("loss", say.text("Loss function"), "text"),
            Column("seeds", say.text("Seeds")),
            Column("estimate", say.text("Ensemble")),
            Column("interval", say.text("{level} interval", level=level(analysis)), parts=LOW_HIGH),
            Column("members", say.text("Mean of its seeds")),
            Column("gain", say.text("Ensemble − mean")),
        ),
        bodies=tuple(Body(_rows(analysis, key, each), _title(analysis, each)) for key, each in found),
        notes=(_about(analysis), *((CUT,) if cut else ()), *_without(analysis)),
        bodies_title="metric",
    )


def comparisons(analysis: Analysis) -> Table | None:
    """Make the table of the declared family of ensembles over cases; None where no metric has such tests."""
    found = [(key, each) for key, each in _keyed(analysis) if each.pairs]
    if not found:
        return None
    say = speech(analysis)
    return Table(
        key="ensemble-pairs",
        number="",
        title=say.text("Comparisons of ensembles over cases, for these ensembles, first minus second"),
        n=_n(analysis),
        columns=(
            Column("pair", say.text("First − second"), "text", parts=("first", "second")),
            Column("difference", say.text("Difference")),
            Column("se", say.text("SE")),
            *intervals(analysis),
            Column("z", "z"),
            Column("p", "p"),
            Column("p_adjusted", say.text("p adj.")),
        ),
        bodies=tuple(
            Body(
                tuple(
                    _pair(analysis, f"{key}.pairs.{place}", pair)
                    for place, pair in enumerate(each.pairs)
                    if pair.in_family
                ),
                _title(analysis, each),
            )
            for key, each in found
        ),
        notes=tuple(_pair_notes(analysis, found)),
        bodies_title="metric",
        dense=True,
    )


def _keyed(analysis: Analysis) -> list[Keyed]:
    return [(f"ensembles.{place}", each) for place, each in enumerate(analysis.ensembles)]


def _n(analysis: Analysis) -> str:
    cases = tested(analysis)
    if analysis.data.patients_known:
        patients = numerals.count(analysis.data.n_test_patients)
        cases = speech(analysis).text("{cases} of {patients} patients", cases=cases, patients=patients)
    return counting(cases)


def _title(analysis: Analysis, each: Ensemble) -> str:
    title = with_role(analysis, each.metric)
    if each.covariance == "none":
        return title
    say = speech(analysis)
    return say.text("{title}; covariance: {name}", title=title, name=say.text(COVARIANCES[each.covariance]))


def _rows(analysis: Analysis, key: str, each: Ensemble) -> tuple[tuple[Cell, ...], ...]:
    return tuple(_row(analysis, f"{key}.scores.{place}", score) for place, score in enumerate(each.scores))


def _row(analysis: Analysis, key: str, score: EnsembleScore) -> tuple[Cell, ...]:
    return (
        plain(analysis.labels[score.loss]),
        of(score.n_seeds, f"{key}.n_seeds"),
        number(score.estimate, f"{key}.estimate"),
        interval(score.low, score.high, key, say=speech(analysis)),
        number(score.members, f"{key}.members"),
        number(score.gain, f"{key}.gain", by=numerals.difference),
    )


def _pair(analysis: Analysis, key: str, pair: JointPair) -> tuple[Cell, ...]:
    alpha, shown = analysis.study.analysis.alpha, pair.verdict in ("first better", "second better")
    wide = (pair.low_simultaneous, pair.high_simultaneous)
    return (
        pair_cell(analysis, pair.first, pair.second),
        number(pair.difference, f"{key}.difference", by=numerals.difference),
        number(pair.se, f"{key}.se", by=numerals.spread),
        interval(pair.low, pair.high, key, decimals=4, say=speech(analysis)),
        Cell(speech(analysis).interval(*wide, 4), wide, f"{key}.low_simultaneous"),
        number(pair.t, f"{key}.t", by=numerals.statistic),
        p_cell(pair.p, f"{key}.p", alpha),
        p_cell(pair.p_adjusted, f"{key}.p_adjusted", alpha, strong=shown),
    )


def _about(analysis: Analysis) -> str:
    say = speech(analysis)
    if analysis.data.patients_known:
        return say.text(
            "Seeds: those that the loss function has finished. Interval: over patients only, for these ensembles, with "
            "their seeds as they are. Ensemble − mean: a description, and no test."
        )
    return say.text(
        "Seeds: those that the loss function has finished. Interval: over cases only, for these ensembles, with their "
        "seeds as they are. Ensemble − mean: a description, and no test."
    )


def _without(analysis: Analysis) -> tuple[str, ...]:
    """Say why there is something undefined."""
    say = speech(analysis)
    notes = dict.fromkeys(each.note for each in analysis.ensembles if each.note)
    return tuple(f"{numerals.UNDEFINED} {say.note(note)}." for note in notes)


def _pair_notes(analysis: Analysis, found: list[Keyed]) -> list[str]:
    say, plan = speech(analysis), analysis.study.analysis
    ordered = (
        say.text("; not below those before it in the hierarchy") if plan.hierarchy and plan.adjustment != "none" else ""
    )
    notes = [
        say.text(
            "SE: standard error of the difference over cases; z: difference over SE. Interval: unadjusted; "
            "simultaneous: Bonferroni’s. p adj.: {adjustment}, over the family of a metric{ordered}. Bold: adjusted p "
            "at most {alpha}. Nothing here speaks of other seeds, and no decision rests on it.",
            adjustment=adjustment(analysis),
            ordered=ordered,
            alpha=numerals.general(plan.alpha),
        )
    ]
    redrawn = say.rowed([f"{direction(each.metric, say)} {each.redrawn}" for _, each in found if each.redrawn], "; ")
    if redrawn:
        notes.append(say.text("Bootstrap resamples that lacked a class and were drawn again: {list}.", list=redrawn))
    if any(each.unequal for _, each in found):
        notes.append(
            say.text(
                "Ensembles of different numbers of seeds are compared as they are: a difference is of the losses and "
                "of how many seeds were averaged."
            )
        )
    undefined = dict.fromkeys(
        pair.note for _, each in found for pair in each.pairs if pair.in_family and pair.note and math.isnan(pair.p)
    )
    return [*notes, *(f"{numerals.UNDEFINED} {say.note(note)}." for note in undefined)]
