"""The tables of comparisons: an Analysis in; pairs over seeds, and means and pairs over seeds and cases, out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cxr_report.analysis.value import Analysis, Joint, Pair
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.names import adjustment, short
from cxr_report.report.tables.results import CUT, direction, level, p_cell, reaches
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, plain

__all__ = ["joint", "joint_means", "pairs"]

WHOLE = 100
"""Chosen: degrees of freedom above which decimals say nothing."""

_COVARIANCES = {"delong": "DeLong", "jackknife": "jackknife"}


def pairs(analysis: Analysis, metrics: Sequence[str], key: str) -> Table:
    """Make the table of all pairs over seeds for one or several metrics."""
    bodies = []
    for metric in metrics:
        found = [(f"pairs.{place}", pair) for place, pair in enumerate(analysis.pairs) if pair.metric == metric]
        rows = tuple(_pair_row(analysis, place, pair) for place, pair in found)
        bodies.append(Body(rows, direction(metric) if len(metrics) > 1 else ""))
    which = METRICS[metrics[0]].title if len(metrics) == 1 else "the secondary metrics (exploratory)"
    return Table(
        key=key,
        number="",
        title=f"Pairwise comparisons of {which} over seeds, first minus second",
        n=f"n = {len(analysis.seeds)} paired seeds, {numerals.count(analysis.data.n_test)} test cases",
        columns=(
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
            Column("t", "t", group="Paired t test"),
            Column("p_t", "p", group="Paired t test"),
            Column("p_t_adjusted", "p adj.", group="Paired t test"),
            Column("w_plus", "W⁺", group="Exact Wilcoxon"),
            Column("p_wilcoxon", "p", group="Exact Wilcoxon"),
            Column("p_wilcoxon_adjusted", "p adj.", group="Exact Wilcoxon"),
            Column("d_z", "Effect size d_z", parts=("estimate", *LOW_HIGH)),
        ),
        bodies=tuple(bodies),
        notes=tuple(_pair_notes(analysis, metrics)),
        bodies_title="metric" if len(metrics) > 1 else "",
        dense=True,
    )


def _pair_row(analysis: Analysis, key: str, pair: Pair) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    shown = pair.verdict != "not shown"
    effect = f"{numerals.statistic(pair.d_z)} ({numerals.interval(pair.d_z_low, pair.d_z_high, 2)})"
    return (
        pair_cell(analysis, pair.first, pair.second),
        number(pair.difference, f"{key}.difference", by=numerals.difference),
        interval(pair.low, pair.high, key, decimals=4),
        number(pair.t, f"{key}.t", by=numerals.statistic),
        p_cell(pair.p_t, f"{key}.p_t", alpha),
        p_cell(pair.p_t_adjusted, f"{key}.p_t_adjusted", alpha, strong=shown),
        number(pair.w_plus, f"{key}.w_plus", by=_rank_sum),
        p_cell(pair.p_wilcoxon, f"{key}.p_wilcoxon", alpha),
        p_cell(pair.p_wilcoxon_adjusted, f"{key}.p_wilcoxon_adjusted", alpha, strong=pair.p_wilcoxon_adjusted <= alpha),
        Cell(
            numerals.UNDEFINED if math.isnan(pair.d_z) else effect,
            (pair.d_z, pair.d_z_low, pair.d_z_high),
            f"{key}.d_z",
        ),
    )


def pair_cell(analysis: Analysis, first: str, second: str) -> Cell:
    """Make the cell that names a pair."""
    names, labels = short(analysis), analysis.labels
    return Cell(f"{names[first]} − {names[second]}", (labels[first], labels[second]))


def _rank_sum(value: float) -> str:
    return numerals.fixed(value, 0 if math.isfinite(value) and value == round(value) else 1)


def _pair_notes(analysis: Analysis, metrics: Sequence[str]) -> Iterator[str]:
    plan, comparisons = analysis.study.analysis, math.comb(len(analysis.losses), 2)
    one = comparisons == 1
    family = "one pair" if one else f"{comparisons} pairs"
    yield (
        f"Degrees of freedom of t: {len(analysis.seeds) - 1}. p adj.: {adjustment(analysis)}, over the {family} of a "
        "metric. Intervals are not adjusted. W⁺: sum of the ranks of positive differences. d_z: mean difference over "
        f"its SD (standard deviation). Interval of d_z: noncentral t. Bold: "
        f"adjusted p at most {numerals.general(plan.alpha)}."
    )
    if analysis.smallest_wilcoxon_p > plan.alpha:
        yield (
            f"With {len(analysis.seeds)} seeds and {'one comparison' if one else f'{comparisons} comparisons'} the "
            f"exact Wilcoxon test cannot reach {numerals.general(plan.alpha)}: its smallest possible adjusted p is "
            f"{numerals.p_value(analysis.smallest_wilcoxon_p, plan.alpha)}."
        )
    if dropped := list(_dropped(analysis, metrics)):
        yield f"Zero differences are dropped by the Wilcoxon test: {'; '.join(dropped)}."
    yield _divergence(analysis)
    for note in sorted({pair.note for pair in analysis.pairs if pair.note and pair.metric in metrics}):
        yield f"{numerals.UNDEFINED} {note}."


def _dropped(analysis: Analysis, metrics: Sequence[str]) -> Iterator[str]:
    names = short(analysis)
    for pair in analysis.pairs:
        if pair.n_zero and pair.metric in metrics:
            which = "" if len(metrics) == 1 else f"{METRICS[pair.metric].title}, "
            yield f"{which}{names[pair.first]} − {names[pair.second]}, n = {pair.n_seeds - pair.n_zero}"


def _divergence(analysis: Analysis) -> str:
    finished = sum(run.state != "missing" for run in analysis.runs)
    if not analysis.diverged:
        return f"Diverged runs: 0 of {finished}."
    per = [
        f"{analysis.labels[loss]} {sum(run.loss == loss for run in analysis.diverged)}"
        for loss in analysis.losses
        if any(run.loss == loss for run in analysis.diverged)
    ]
    return f"Diverged runs: {len(analysis.diverged)} of {finished} ({'; '.join(per)})."


def joint_means(analysis: Analysis, test: Joint, key: str) -> Table:
    """Make the table of means with their uncertainty over seeds and cases."""
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
    parts = (
        ("seed", test.var_seed), ("loss by seed", test.var_loss_seed), ("error", test.var_error),
        ("Cov1 (same seed)", test.cov1), ("Cov2 (same loss)", test.cov2), ("Cov3 (both differ)", test.cov3),
    )  # fmt: skip
    told = "; ".join(f"{name} {numerals.fixed(value * 1e4, 3)}" for name, value in parts)
    return Table(
        key="joint-means",
        number="",
        title=f"{METRICS[test.metric].title} per loss function with its uncertainty over seeds and cases together",
        n=_joint_n(analysis, test),
        columns=(
            Column("loss", "Loss function", "text"),
            Column("estimate", "Mean"),
            Column("se", "SE"),
            Column("df", "df"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
        ),
        bodies=(Body(rows),),
        notes=(
            "Obuchowski and Rockette’s analysis, losses as modalities and seeds as random readers; covariance over "
            f"cases: {_COVARIANCES.get(test.covariance, test.covariance)}. "
            f"Variance components and covariances, in units of 10⁻⁴: {told}."
            f"{' Estimates of them can fall below 0.' if any(value < 0 for _, value in parts) else ''}",
            "SE: standard error; df: degrees of freedom.",
            *((CUT,) if any(reaches(test.metric, mean.low, mean.high) for mean in test.means) else ()),
            *((f"{test.note}.",) if test.note else ()),
        ),
    )


def _degrees(value: float) -> str:
    """Write degrees of freedom, whole where a decimal says nothing."""
    return numerals.fixed(value, 1 if value <= WHOLE else 0)


def _joint_n(analysis: Analysis, test: Joint) -> str:
    cases, patients = numerals.count(test.n_cases), numerals.count(test.n_patients)
    whose = f" of {patients} patients" if analysis.data.patients_known else ""
    return f"n = {cases} test cases{whose}, {test.n_seeds} seeds"


def joint(analysis: Analysis, test: Joint, key: str) -> Table:
    """Make the table of pairs with their uncertainty over seeds and cases."""
    alpha = analysis.study.analysis.alpha
    unit = "patients" if analysis.data.patients_known else "cases"
    rows = tuple(
        (
            pair_cell(analysis, pair.first, pair.second),
            number(pair.difference, f"{key}.pairs.{place}.difference", by=numerals.difference),
            number(pair.se, f"{key}.pairs.{place}.se", by=numerals.spread),
            interval(pair.low, pair.high, f"{key}.pairs.{place}", decimals=4),
            number(pair.t, f"{key}.pairs.{place}.t", by=numerals.statistic),
            number(pair.df, f"{key}.pairs.{place}.df", by=_degrees),
            p_cell(pair.p, f"{key}.pairs.{place}.p", alpha),
            p_cell(pair.p_adjusted, f"{key}.pairs.{place}.p_adjusted", alpha, strong=pair.verdict != "not shown"),
        )
        for place, pair in enumerate(test.pairs)
    )
    return Table(
        key="joint",
        number="",
        title=f"Pairwise comparisons of {METRICS[test.metric].title} over seeds and cases together, first minus second",
        n=_joint_n(analysis, test),
        columns=(
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            Column("se", "SE"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
            Column("t", "t"),
            Column("df", "df"),
            Column("p", "p"),
            Column("p_adjusted", "p adj."),
        ),
        bodies=(Body(rows),),
        notes=(
            f"Target of the inference: other seeds and other {unit}. Training set and split are fixed. "
            "SE: standard error; df: degrees of freedom. "
            f"Intervals are not adjusted. Bold: adjusted p at most {numerals.general(alpha)}.",
        ),
    )
