"""The tables of comparisons: an Analysis in; the decisions, and what the tests over seeds say of every pair, out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Joint, Pair, Target
from cxr_report.report import numerals
from cxr_report.report.answers import Answer, Answers, answers, deciding, over_seeds, shown
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.names import (
    adjustment,
    counting,
    divergence,
    family,
    number_of_seeds,
    short,
    short_target,
    spoken,
    tested,
)
from cxr_report.report.pieces import text_of
from cxr_report.report.tables.results import level_interval, p_cell, with_role
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number
from cxr_report.report.tables.table import spoken as heads

__all__ = [
    "NO_CASE_PART",
    "counted_by",
    "exact",
    "headline",
    "intervals",
    "outside",
    "pair_cell",
    "pairs",
    "seeds_only",
    "simultaneous",
]

TOGETHER = 26
"""Chosen: characters up to which the names of a pair stay on one line."""

NO_CASE_PART = ("no case part", "no sign of the case part")
"""How the note of a pair begins whose interval over seeds and cases is that over seeds."""

DAGGER = f"{numerals.NO_BREAK}†"

_WHOSE: dict[Target, str] = {
    BOTH: phrase("Seeds and cases"),
    SEEDS: phrase("Seeds, these cases"),
    CASES: phrase("Cases, these runs"),
}
_VERDICTS = {
    "first better": phrase("better"),
    "second better": phrase("worse"),
    "not shown": phrase("not\N{NO-BREAK SPACE}shown"),
}


def headline(analysis: Analysis) -> Table:
    """Make the table of the decisions on the primary metric: one row per comparison of the declared family."""
    found = deciding(analysis, analysis.metrics[0])
    say = speech(analysis)
    beside = [each for each in _others(analysis, found) if each is not None]
    return Table(
        key="headline",
        number="",
        title=say.text(
            "Decisions on {metric} for other {target}, first minus second",
            metric=spoken(found.metric, say),
            target=short_target(analysis, found.target),
        ),
        n=_n(analysis, found),
        columns=heads(
            say,
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            *intervals(analysis),
            Column("p", "p", group=_WHOSE[found.target]),
            Column("p_adjusted", "p adj.", group=_WHOSE[found.target]),
            *(Column(f"p_{each.target.split(',')[0]}", "p", group=_WHOSE[each.target]) for each in beside),
            Column("d_z", "d_z"),
            Column("verdict", "First is", "text"),
        ),
        bodies=(Body(tuple(_decision(analysis, found, beside, row) for row in found.family)),),
        notes=tuple(_headline_notes(analysis, found, beside)),
        dense=True,
    )


def _others(analysis: Analysis, found: Answers) -> list[Answers | None]:
    return [answers(analysis, found.metric, target) for target in (SEEDS, CASES) if target != found.target]


def _n(analysis: Analysis, found: Answers) -> str:
    if found.test is None:
        return counting(tested(analysis), number_of_seeds(len(analysis.seeds), say=speech(analysis)))
    return counted_by(analysis, found.test)


def counted_by(analysis: Analysis, test: Joint) -> str:
    """Return what an analysis over cases counted, to close a caption."""
    say = speech(analysis)
    cases = say.text("{cases} test cases", cases=numerals.count(test.n_cases))
    if analysis.data.patients_known:
        cases = say.text("{cases} of {patients} patients", cases=cases, patients=numerals.count(test.n_patients))
    return counting(cases, number_of_seeds(test.n_seeds, say=say))


def _decision(analysis: Analysis, found: Answers, beside: Sequence[Answers], row: Answer) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    places = {(each.first, each.second): each for each in over_seeds(analysis, found.metric).every}
    effect, say = places[row.first, row.second], speech(analysis)
    return (
        pair_cell(analysis, row.first, row.second, note=row.note),
        number(row.difference, f"{row.key}.difference", by=numerals.difference),
        interval(row.low, row.high, row.key, decimals=4, say=say),
        simultaneous(row, say),
        p_cell(row.p, row.p_key, alpha),
        p_cell(row.p_adjusted, row.p_adjusted_key, alpha, strong=shown(row)),
        *(_p_beside(each, row, alpha) for each in beside),
        number(effect.d_z, f"{effect.key}.d_z", by=numerals.statistic),
        Cell(say.text(_VERDICTS[row.verdict]), (row.verdict,), strong=shown(row)),
    )


def _p_beside(beside: Answers, row: Answer, alpha: float) -> Cell:
    other = next(each for each in beside.family if (each.first, each.second) == (row.first, row.second))
    return p_cell(other.p, other.p_key, alpha, strong=shown(other))


def intervals(analysis: Analysis) -> tuple[Column, Column]:
    """Make the columns of the two intervals that every difference has."""
    group = level_interval(analysis)
    unadjusted, simultaneous = heads(
        speech(analysis),
        Column("interval", "unadjusted", group=group, parts=LOW_HIGH),
        Column("simultaneous", "simultaneous", group=group, parts=LOW_HIGH),
    )
    return unadjusted, simultaneous


def simultaneous(row: Answer, say: Speech = ENGLISH) -> Cell:
    """Make the cell of the simultaneous interval."""
    low, high = row.low_simultaneous, row.high_simultaneous
    return Cell(say.interval(low, high, 4), (low, high), f"{row.key}.low_simultaneous")


def _headline_notes(analysis: Analysis, found: Answers, beside: Sequence[Answers]) -> Iterator[str]:
    say, (size, what) = speech(analysis), family(analysis)
    adjusted = say.counted(
        size,
        "p adj.: {adjustment}, over the one {comparisons}. Interval: unadjusted; simultaneous: Bonferroni’s, over the "
        "same. Bold: adjusted p at most {alpha}, also where a raw p of a column is printed alone. Better, worse: of "
        "the first, in the metric’s direction; not shown is no evidence that two losses are equal.",
        "p adj.: {adjustment}, over the {n} {comparisons}. Interval: unadjusted; simultaneous: Bonferroni’s, over the "
        "same. Bold: adjusted p at most {alpha}, also where a raw p of a column is printed alone. Better, worse: of "
        "the first, in the metric’s direction; not shown is no evidence that two losses are equal.",
        adjustment=adjustment(analysis),
        n=str(size),
        comparisons=what,
        alpha=numerals.general(analysis.study.analysis.alpha),
    )
    yield text_of(adjusted)
    text = "; ".join(say.text(_ASKED[each.target]) for each in (found, *beside))
    yield say.text(
        "{targets}. Training set and split are fixed in all. d_z: mean difference over its SD. Differences have a "
        "decimal more than means, for pairing makes them sharper.",
        targets=f"{text[0].upper()}{text[1:]}",
    )
    yield from seeds_only((row.note for row in found.family), say)
    yield from divergence(analysis)
    notes = dict.fromkeys(row.note for row in found.family if row.note and math.isnan(row.p))
    yield from (f"{numerals.UNDEFINED} {say.note(note)}." for note in notes)


_ASKED: dict[Target, str] = {
    BOTH: phrase("seeds and cases: would other training runs and other test cases agree (the decision)"),
    SEEDS: phrase("seeds, these cases: would other training runs agree on these test cases (paired t)"),
    CASES: phrase("cases, these runs: would other test cases agree about these runs (seeds fixed)"),
}


def pairs(analysis: Analysis, metrics: Sequence[str], key: str) -> Table:
    """Make the table of the family over seeds for one or several metrics."""
    say, several = speech(analysis), key != "pairs"
    bodies = tuple(
        Body(
            tuple(_pair_row(analysis, row) for row in over_seeds(analysis, metric).family),
            with_role(analysis, metric) if several else "",
        )
        for metric in metrics
    )
    which = say.text("the secondary metrics") if several else spoken(metrics[0], say)
    return Table(
        key=key,
        number="",
        title=say.text("Comparisons of {metrics} over seeds, on these test cases, first minus second", metrics=which),
        n=counting(number_of_seeds(len(analysis.seeds), "paired", say=say), tested(analysis)),
        columns=heads(
            say,
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            *intervals(analysis),
            Column("t", "t", group="Paired t test"),
            Column("p_t", "p", group="Paired t test"),
            Column("p_t_adjusted", "p adj.", group="Paired t test"),
            Column("d_z", "Effect size d_z", parts=("estimate", *LOW_HIGH)),
        ),
        bodies=bodies,
        notes=tuple(_pair_notes(analysis, metrics)),
        bodies_title="metric" if several else "",
        dense=True,
    )


def _pair_row(analysis: Analysis, row: Answer) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    pair, say = analysis.pairs[int(row.key.removeprefix("pairs."))], speech(analysis)
    effect = f"{numerals.statistic(pair.d_z)} ({say.interval(pair.d_z_low, pair.d_z_high, 2)})"
    values = (pair.d_z, pair.d_z_low, pair.d_z_high)
    return (
        pair_cell(analysis, row.first, row.second),
        number(row.difference, f"{row.key}.difference", by=numerals.difference),
        interval(row.low, row.high, row.key, decimals=4, say=say),
        simultaneous(row, say),
        number(row.statistic, f"{row.key}.t", by=numerals.statistic),
        p_cell(row.p, row.p_key, alpha),
        p_cell(row.p_adjusted, row.p_adjusted_key, alpha, strong=shown(row)),
        Cell(numerals.UNDEFINED if math.isnan(pair.d_z) else effect, values, f"{row.key}.d_z"),
    )


def seeds_only(notes: Iterable[str], say: Speech = ENGLISH) -> Iterator[str]:
    """Yield what the dagger means, where the note of a pair calls for it."""
    if any(note.startswith(NO_CASE_PART) for note in notes):
        yield say.text(
            "† No sign of the case part in this sample: the interval is that over seeds, and the number of cases tells "
            "nothing about it."
        )


def pair_cell(analysis: Analysis, first: str, second: str, *, note: str = "") -> Cell:
    """Make the cell that names a pair, with a dagger where its note says that it has no part of the cases."""
    names, labels = short(analysis), analysis.labels
    text = f"{names[first]} − {names[second]}"
    kept = text.replace(" ", numerals.NO_BREAK) if len(text) <= TOGETHER else text
    mark = DAGGER if note.startswith(NO_CASE_PART) else ""
    return Cell(f"{kept}{mark}", (labels[first], labels[second]))


def _pair_notes(analysis: Analysis, metrics: Sequence[str]) -> Iterator[str]:
    say, (size, what) = speech(analysis), family(analysis)
    told = say.counted(
        size,
        "Degrees of freedom of t: {df}. p adj.: {adjustment}, over the one {comparisons} of a metric. Interval: "
        "unadjusted; simultaneous: Bonferroni’s. d_z: mean difference over its SD (standard deviation), with its "
        "interval by the noncentral t. Bold: adjusted p at most {alpha}. Nothing here speaks of other test cases.",
        "Degrees of freedom of t: {df}. p adj.: {adjustment}, over the {n} {comparisons} of a metric. Interval: "
        "unadjusted; simultaneous: Bonferroni’s. d_z: mean difference over its SD (standard deviation), with its "
        "interval by the noncentral t. Bold: adjusted p at most {alpha}. Nothing here speaks of other test cases.",
        df=str(max(len(analysis.seeds) - 1, 0)),
        adjustment=adjustment(analysis),
        n=str(size),
        comparisons=what,
        alpha=numerals.general(analysis.study.analysis.alpha),
    )
    yield text_of(told)
    yield from divergence(analysis)
    for note in sorted({pair.note for pair in analysis.pairs if pair.note and pair.metric in metrics}):
        yield f"{numerals.UNDEFINED} {say.note(note)}."


def exact(analysis: Analysis) -> Table:
    """Make the table of the exact tests over seeds: Wilcoxon's, and the permutation of signs."""
    say = speech(analysis)
    found = [(place, pair) for place, pair in enumerate(analysis.pairs) if pair.in_family]
    bodies = tuple(
        Body(
            tuple(_exact_row(analysis, f"pairs.{place}", pair) for place, pair in found if pair.metric == metric),
            with_role(analysis, metric),
        )
        for metric in analysis.metrics
    )
    return Table(
        key="pairs-exact",
        number="",
        title=say.text("Exact tests over seeds, on these test cases, first minus second"),
        n=counting(number_of_seeds(len(analysis.seeds), "paired", say=say)),
        columns=heads(
            say,
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("n", "Differences"),
            Column("w_plus", "W⁺", group="Exact Wilcoxon"),
            Column("p_wilcoxon", "p", group="Exact Wilcoxon"),
            Column("p_wilcoxon_adjusted", "p adj.", group="Exact Wilcoxon"),
            Column("p_sign_flip", "p", group="Permutation of signs"),
        ),
        bodies=bodies,
        notes=tuple(_exact_notes(analysis)),
        bodies_title="metric",
        dense=True,
    )


def _exact_row(analysis: Analysis, key: str, pair: Pair) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    n = pair.n_seeds - pair.n_zero
    return (
        pair_cell(analysis, pair.first, pair.second),
        Cell(numerals.count(n), (n,)),
        number(pair.w_plus, f"{key}.w_plus", by=_rank_sum),
        p_cell(pair.p_wilcoxon, f"{key}.p_wilcoxon", alpha),
        p_cell(pair.p_wilcoxon_adjusted, f"{key}.p_wilcoxon_adjusted", alpha, strong=pair.p_wilcoxon_adjusted <= alpha),
        p_cell(pair.p_sign_flip, f"{key}.p_sign_flip", alpha),
    )


def _rank_sum(value: float) -> str:
    return numerals.fixed(value, 0 if math.isfinite(value) and value == round(value) else 1)


def _exact_notes(analysis: Analysis) -> Iterator[str]:
    say, plan, (size, _) = speech(analysis), analysis.study.analysis, family(analysis)
    yield say.text(
        "Differences: those that are not 0, which Wilcoxon’s test leaves out. W⁺: sum of the ranks of positive "
        "differences. p adj.: {adjustment}. Bold: adjusted p at most {alpha}.",
        adjustment=adjustment(analysis),
        alpha=numerals.general(plan.alpha),
    )
    if analysis.smallest_wilcoxon_p > plan.alpha:
        told = say.counted(
            size,
            "With {seeds} seeds and one comparison the exact Wilcoxon test cannot reach {alpha}: its smallest possible "
            "adjusted p is {p}.",
            "With {seeds} seeds and {n} comparisons the exact Wilcoxon test cannot reach {alpha}: its smallest "
            "possible adjusted p is {p}.",
            seeds=str(len(analysis.seeds)),
            n=str(size),
            alpha=numerals.general(plan.alpha),
            p=numerals.p_value(analysis.smallest_wilcoxon_p, plan.alpha),
        )
        yield text_of(told)
    yield from divergence(analysis)


def outside(analysis: Analysis) -> Table | None:
    """Make the table of the pairs outside of the declared family, whose p values are not adjusted; None without any."""
    say, metric = speech(analysis), analysis.metrics[0]
    found = deciding(analysis, metric)
    beside = [each for each in _others(analysis, found) if each is not None]
    if not found.outside:
        return None
    return Table(
        key="pairs-outside",
        number="",
        title=say.text(
            "Pairs of loss functions outside of the declared family, {metric}, first minus second",
            metric=spoken(metric, say),
        ),
        n=_n(analysis, found),
        columns=heads(
            say,
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            Column("interval", level_interval(analysis), parts=LOW_HIGH),
            *(
                Column(f"p_{each.target.split(',')[0]}", "p", group=_WHOSE[each.target])
                for each in (found, *beside)
            ),
        ),
        bodies=(Body(tuple(_outside_row(analysis, row, beside) for row in found.outside)),),
        notes=(
            say.text(
                "For completeness: only {comparisons} were planned, so that these p values are raw, and nothing is "
                "concluded from them. Difference and interval: for other {target}.",
                comparisons=family(analysis)[1],
                target=short_target(analysis, found.target),
            ),
            *divergence(analysis),
        ),
        dense=True,
    )  # fmt: skip


def _outside_row(analysis: Analysis, row: Answer, beside: Sequence[Answers]) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    others = [
        next(each for each in found.every if (each.first, each.second) == (row.first, row.second)) for found in beside
    ]
    return (
        pair_cell(analysis, row.first, row.second),
        number(row.difference, f"{row.key}.difference", by=numerals.difference),
        interval(row.low, row.high, row.key, decimals=4, say=speech(analysis)),
        *(p_cell(each.p, each.p_key, alpha) for each in (row, *others)),
    )
