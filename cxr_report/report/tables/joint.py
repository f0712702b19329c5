"""The tables of the analyses over cases: an Analysis in; means and comparisons with their standard errors out."""

from __future__ import annotations

import math

from cxr_report.analysis.value import BOTH, Analysis, Joint, Target
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.answers import Answer, Answers, answers, shown
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import adjustment, divergence, short_target
from cxr_report.report.tables.comparisons import counted_by, intervals, pair_cell, seeds_only, simultaneous
from cxr_report.report.tables.results import CUT, level_interval, p_cell, reaches, with_role
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, plain, spoken

__all__ = ["COVARIANCES", "comparisons", "means"]

COVARIANCES = {"delong": phrase("DeLong’s"), "jackknife": phrase("jackknife"), "bootstrap": phrase("bootstrap")}
"""How the covariance over cases is called."""


def means(analysis: Analysis, test: Joint, key: str) -> Table:
    """Make the table of means with their uncertainty over seeds and cases.

    Args:
        analysis: everything.
        test: the joint analysis of one metric.
        key: its place in statistics.json.
    """
    say = speech(analysis)
    rows = tuple(
        (
            plain(analysis.labels[mean.loss]),
            number(mean.estimate, f"{key}.means.{place}.estimate"),
            number(mean.se, f"{key}.means.{place}.se", by=numerals.spread),
            number(mean.df, f"{key}.means.{place}.df", by=_degrees),
            interval(mean.low, mean.high, f"{key}.means.{place}", say=say),
        )
        for place, mean in enumerate(test.means)
    )
    return Table(
        key="joint-means",
        number="",
        title=say.text(
            "{metric} per loss function with its uncertainty over seeds and cases together",
            metric=say.text(METRICS[test.metric].title),
        ),
        n=counted_by(analysis, test),
        columns=spoken(
            say,
            Column("loss", "Loss function", "text"),
            Column("estimate", "Mean"),
            Column("se", "SE"),
            Column("df", "df"),
            Column("interval", level_interval(analysis), parts=LOW_HIGH),
        ),
        bodies=(Body(rows),),
        notes=(
            _components(say, test),
            say.text("SE: standard error; df: degrees of freedom."),
            *((say.text(CUT),) if any(reaches(test.metric, mean.low, mean.high) for mean in test.means) else ()),
            *((f"{say.note(test.note)[0].upper()}{say.note(test.note)[1:]}.",) if test.note else ()),
            *divergence(analysis),
        ),
    )


def _components(say: Speech, test: Joint) -> str:
    parts = (
        (phrase("seed {value}"), test.var_seed),
        (phrase("loss by seed {value}"), test.var_loss_seed),
        (phrase("error {value}"), test.var_error),
        (phrase("Cov1 (same seed) {value}"), test.cov1),
        (phrase("Cov2 (same loss) {value}"), test.cov2),
        (phrase("Cov3 (both differ) {value}"), test.cov3),
    )
    told = "; ".join(say.text(name, value=numerals.fixed(value * 1e4, 3)) for name, value in parts)
    text = say.text(
        "Obuchowski and Rockette’s analysis, losses as modalities and seeds as random readers; covariance over cases: "
        "{covariance}. Variance components and covariances, in units of 10⁻⁴: {components}.",
        covariance=say.text(COVARIANCES[test.covariance]),
        components=told,
    )
    below = say.text("Estimates of them can fall below 0.")
    return f"{text} {below}" if any(value < 0 for _, value in parts) else text


def _degrees(value: float) -> str:
    """Write degrees of freedom, all of a column with one decimal: they need not be whole."""
    return numerals.fixed(value, 1)


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
    say, with_df = speech(analysis), target == BOTH
    return Table(
        key=key,
        number="",
        title=say.text("Comparisons for other {target}, first minus second", target=short_target(analysis, target)),
        n=counted_by(analysis, _test(found[0])),
        columns=spoken(
            say,
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
    say = speech(analysis)
    title = say.text(
        "{metric}; covariance: {covariance}",
        metric=with_role(analysis, found.metric),
        covariance=say.text(COVARIANCES[test.covariance]),
    )
    return Body(
        tuple(_row(analysis, row, se[row.first, row.second], with_df=with_df) for row in found.family), title
    )  # fmt: skip


def _row(analysis: Analysis, row: Answer, se: float, *, with_df: bool) -> tuple[Cell, ...]:
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    return (
        pair_cell(analysis, row.first, row.second, note=row.note if with_df else ""),
        number(row.difference, f"{row.key}.difference", by=numerals.difference),
        number(se, f"{row.key}.se", by=numerals.spread),
        interval(row.low, row.high, row.key, decimals=4, say=say),
        simultaneous(row, say),
        number(row.statistic, f"{row.key}.t", by=numerals.statistic),
        *((number(row.df, f"{row.key}.df", by=_degrees),) if with_df else ()),
        p_cell(row.p, row.p_key, alpha),
        p_cell(row.p_adjusted, row.p_adjusted_key, alpha, strong=shown(row)),
    )


def _notes(analysis: Analysis, found: list[Answers], *, with_df: bool) -> list[str]:
    say = speech(analysis)
    rule = phrase(
        "SE: standard error, of the pair’s own error term. Interval: unadjusted; simultaneous: Bonferroni’s. p adj.: "
        "{adjustment}, over the family of a metric. Bold: adjusted p at most {alpha}. Training set and split are fixed."
    )
    if analysis.study.analysis.hierarchy:
        rule = phrase(
            "SE: standard error, of the pair’s own error term. Interval: unadjusted; simultaneous: Bonferroni’s. p "
            "adj.: {adjustment}, over the family of a metric, not below those before it in the hierarchy. Bold: "
            "adjusted p at most {alpha}. Training set and split are fixed."
        )
    alpha = numerals.general(analysis.study.analysis.alpha)
    notes = [say.text(rule, adjustment=adjustment(analysis), alpha=alpha)]
    if with_df:
        notes += seeds_only((row.note for each in found for row in each.family), say)
    else:
        held = say.text("The runs are taken as they are: nothing here speaks of other training runs.")
        notes = [f"{notes[0]} {held}"]
    notes += divergence(analysis)
    redrawn = [f"{say.text(METRICS[each.metric].title)} {_test(each).redrawn}" for each in found if _test(each).redrawn]
    if redrawn:
        told = "; ".join(redrawn)
        notes.append(say.text("Bootstrap resamples that lacked a class and were drawn again: {metrics}.", metrics=told))
    undefined = dict.fromkeys(row.note for each in found for row in each.family if row.note and math.isnan(row.p))
    return notes + [f"{numerals.UNDEFINED} {say.note(note)}." for note in undefined]
