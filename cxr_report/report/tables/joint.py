"""The tables of the analyses over cases: an Analysis in; means and comparisons with their standard errors out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import BOTH, Analysis, Joint, Target
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.answers import Answer, Answers, answers, shown
from cxr_report.report.names import adjustment, divergence, roles, short_target
from cxr_report.report.tables.comparisons import intervals, pair_cell, seeds_only, simultaneous
from cxr_report.report.tables.results import CUT, direction, level, p_cell, reaches
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, plain

__all__ = ["COVARIANCES", "comparisons", "means"]

COVARIANCES = {"delong": "DeLong’s", "jackknife": "jackknife", "bootstrap": "bootstrap"}
"""How the covariance over cases is called."""


def means(analysis: Analysis, test: Joint, key: str) -> Table:
    """Make the table of means with their uncertainty over seeds and cases.

    Args:
        analysis: everything.
        test: the joint analysis of one metric.
        key: its place in statistics.json.
    """
    rows = tuple(
        (
            plain(analysis.labels[mean.loss]),
            number(mean.estimate, f"{key}.means.{place}.estimate"),
            number(mean.se, f"{key}.means.{place}.se", by=numerals.spread),
            number(mean.df, f"{key}.means.{place}.df", by=_degrees),
            interval(mean.low, mean.high, f"{key}.means.{place}"),
        )
        for place, mean in enumerate(test.means)
    )
    return Table(
        key="joint-means",
        number="",
        title=f"{METRICS[test.metric].title} per loss function with its uncertainty over seeds and cases together",
        n=_n(analysis, test),
        columns=(
            Column("loss", "Loss function", "text"),
            Column("estimate", "Mean"),
            Column("se", "SE"),
            Column("df", "df"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
        ),
        bodies=(Body(rows),),
        notes=(
            _components(test),
            "SE: standard error; df: degrees of freedom.",
            *((CUT,) if any(reaches(test.metric, mean.low, mean.high) for mean in test.means) else ()),
            *((f"{test.note[0].upper()}{test.note[1:]}.",) if test.note else ()),
            *divergence(analysis),
        ),
    )


def _components(test: Joint) -> str:
    parts = (
        ("seed", test.var_seed), ("loss by seed", test.var_loss_seed), ("error", test.var_error),
        ("Cov1 (same seed)", test.cov1), ("Cov2 (same loss)", test.cov2), ("Cov3 (both differ)", test.cov3),
    )  # fmt: skip
    told = "; ".join(f"{name} {numerals.fixed(value * 1e4, 3)}" for name, value in parts)
    below = " Estimates of them can fall below 0." if any(value < 0 for _, value in parts) else ""
    return (
        "Obuchowski and Rockette’s analysis, losses as modalities and seeds as random readers; covariance over "
        f"cases: {COVARIANCES[test.covariance]}. Variance components and covariances, in units of 10⁻⁴: {told}.{below}"
    )


def _degrees(value: float) -> str:
    """Write degrees of freedom, all of a column with one decimal: they need not be whole."""
    return numerals.fixed(value, 1)


def _n(analysis: Analysis, test: Joint) -> str:
    cases, patients = numerals.count(test.n_cases), numerals.count(test.n_patients)
    whose = f" of {patients} patients" if analysis.data.patients_known else ""
    return f"n = {cases} test cases{whose}, {test.n_seeds} {'seed' if test.n_seeds == 1 else 'seeds'}"


def comparisons(analysis: Analysis, target: Target, key: str) -> Table | None:
    """Make the table of the declared family over cases, every metric; None where no metric has such an analysis.

    Args:
        analysis: everything.
        target: seeds and cases, or cases with the seeds fixed.
        key: of the table.
    """
    found = [each for metric in analysis.metrics if (each := answers(analysis, metric, target)) is not None]
    if not found:
        return None
    with_df = target == BOTH
    return Table(
        key=key,
        number="",
        title=f"Comparisons for other {short_target(analysis, target)}, first minus second",
        n=_n(analysis, _test(found[0])),
        columns=(
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            Column("se", "SE"),
            *intervals(analysis),
            Column("t", "t" if with_df else "z"),
            *((Column("df", "df"),) if with_df else ()),
            Column("p", "p"),
            Column("p_adjusted", "p adj."),
        ),
        bodies=tuple(_body(analysis, each, with_df=with_df) for each in found),
        notes=tuple(_notes(analysis, found, with_df=with_df)),
        bodies_title="metric",
        dense=True,
    )


def _test(found: Answers) -> Joint:
    if found.test is None:
        raise ValueError("the tests over seeds have no standard errors over cases")
    return found.test


def _body(analysis: Analysis, found: Answers, *, with_df: bool) -> Body:
    test = _test(found)
    se = {(pair.first, pair.second): pair.se for pair in test.pairs}
    title = f"{direction(found.metric)}, {roles(analysis)[found.metric]}; covariance: {COVARIANCES[test.covariance]}"
    return Body(
        tuple(_row(analysis, row, se[row.first, row.second], with_df=with_df) for row in found.family), title
    )  # fmt: skip


def _row(analysis: Analysis, row: Answer, se: float, *, with_df: bool) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    return (
        pair_cell(analysis, row.first, row.second, note=row.note if with_df else ""),
        number(row.difference, f"{row.key}.difference", by=numerals.difference),
        number(se, f"{row.key}.se", by=numerals.spread),
        interval(row.low, row.high, row.key, decimals=4),
        simultaneous(row),
        number(row.statistic, f"{row.key}.t", by=numerals.statistic),
        *((number(row.df, f"{row.key}.df", by=_degrees),) if with_df else ()),
        p_cell(row.p, row.p_key, alpha),
        p_cell(row.p_adjusted, row.p_adjusted_key, alpha, strong=shown(row)),
    )


def _notes(analysis: Analysis, found: list[Answers], *, with_df: bool) -> list[str]:
    held = "" if with_df else " The runs are taken as they are: nothing here speaks of other training runs."
    notes = [
        "SE: standard error, of the pair’s own error term. Interval: unadjusted; simultaneous: Bonferroni’s. "
        f"p adj.: {adjustment(analysis)}, over the family of a metric"
        f"{', not below those before it in the hierarchy' if analysis.study.analysis.hierarchy else ''}. Bold: "
        f"adjusted p at most {numerals.general(analysis.study.analysis.alpha)}. Training set and split are fixed.{held}"
    ]
    if with_df:
        notes += seeds_only(row.note for each in found for row in each.family)
    notes += divergence(analysis)
    redrawn = [f"{METRICS[each.metric].title} {_test(each).redrawn}" for each in found if _test(each).redrawn]
    if redrawn:
        notes.append(f"Bootstrap resamples that lacked a class and were drawn again: {'; '.join(redrawn)}.")
    undefined = dict.fromkeys(row.note for each in found for row in each.family if row.note and math.isnan(row.p))
    return notes + [f"{numerals.UNDEFINED} {note}." for note in undefined]
