"""The tables of comparisons: an Analysis in; the decisions, and what the tests over seeds say of every pair, out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Pair, Target
from cxr_report.report import numerals
from cxr_report.report.answers import Answer, Answers, answers, deciding, over_seeds, shown
from cxr_report.report.names import (
    adjustment,
    counting,
    divergence,
    family,
    number_of_seeds,
    roles,
    short,
    short_target,
    spoken,
    tested,
)
from cxr_report.report.tables.results import direction, level, p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number

__all__ = [
    "NO_CASE_PART",
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

_WHOSE: dict[Target, str] = {BOTH: "Seeds and cases", SEEDS: "Seeds, these cases", CASES: "Cases, these runs"}
_VERDICTS = {"first better": "better", "second better": "worse", "not shown": f"not{numerals.NO_BREAK}shown"}


def headline(analysis: Analysis) -> Table:
    """Make the table of the decisions on the primary metric: one row per comparison of the declared family."""
    found = deciding(analysis, analysis.metrics[0])
    title, target = spoken(found.metric), short_target(analysis, found.target)
    beside = [each for each in _others(analysis, found) if each is not None]
    return Table(
        key="headline",
        number="",
        title=f"Decisions on {title} for other {target}, first minus second",
        n=_n(analysis, found),
        columns=(
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
        return counting(tested(analysis), number_of_seeds(len(analysis.seeds)))
    cases, patients = numerals.count(found.test.n_cases), numerals.count(found.test.n_patients)
    whose = f" of {patients} patients" if analysis.data.patients_known else ""
    seeds = found.test.n_seeds
    return f"n = {cases} test cases{whose}, {seeds} {'seed' if seeds == 1 else 'seeds'}"


def _decision(analysis: Analysis, found: Answers, beside: Sequence[Answers], row: Answer) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    places = {(each.first, each.second): each for each in over_seeds(analysis, found.metric).every}
    effect = places[row.first, row.second]
    return (
        pair_cell(analysis, row.first, row.second, note=row.note),
        number(row.difference, f"{row.key}.difference", by=numerals.difference),
        interval(row.low, row.high, row.key, decimals=4),
        simultaneous(row),
        p_cell(row.p, row.p_key, alpha),
        p_cell(row.p_adjusted, row.p_adjusted_key, alpha, strong=shown(row)),
        *(_p_beside(each, row, alpha) for each in beside),
        number(effect.d_z, f"{effect.key}.d_z", by=numerals.statistic),
        Cell(_VERDICTS[row.verdict], (row.verdict,), strong=shown(row)),
    )


def _p_beside(beside: Answers, row: Answer, alpha: float) -> Cell:
    other = next(each for each in beside.family if (each.first, each.second) == (row.first, row.second))
    return p_cell(other.p, other.p_key, alpha, strong=shown(other))


def intervals(analysis: Analysis) -> tuple[Column, Column]:
    """Make the columns of the two intervals that every difference has."""
    group = f"{level(analysis)} interval"
    return (
        Column("interval", "unadjusted", group=group, parts=LOW_HIGH),
        Column("simultaneous", "simultaneous", group=group, parts=LOW_HIGH),
    )


def simultaneous(row: Answer) -> Cell:
    """Make the cell of the simultaneous interval."""
    low, high = row.low_simultaneous, row.high_simultaneous
    return Cell(numerals.interval(low, high, 4), (low, high), f"{row.key}.low_simultaneous")


def _headline_notes(analysis: Analysis, found: Answers, beside: Sequence[Answers]) -> Iterator[str]:
    size, what = family(analysis)
    over = "the one" if size == 1 else f"the {size}"
    yield (
        f"p adj.: {adjustment(analysis)}, over {over} {what}. Interval: unadjusted; simultaneous: Bonferroni’s, over "
        f"the same. Bold: adjusted p at most {numerals.general(analysis.study.analysis.alpha)}, also where a raw p of "
        "a column is printed alone. Better, worse: of the first, in the metric’s direction; not shown is no evidence "
        "that two losses are equal."
    )
    told = {
        BOTH: "seeds and cases: would other training runs and other test cases agree (the decision)",
        SEEDS: "seeds, these cases: would other training runs agree on these test cases (paired t)",
        CASES: "cases, these runs: would other test cases agree about these runs (seeds fixed)",
    }
    texts = [told[each.target] for each in (found, *beside)]
    text = "; ".join(texts)
    yield (
        f"{text[0].upper()}{text[1:]}. Training set and split are fixed in all. "
        "d_z: mean difference over its SD. Differences have a decimal more than means, for pairing makes them sharper."
    )
    yield from seeds_only(row.note for row in found.family)
    yield from divergence(analysis)
    notes = dict.fromkeys(row.note for row in found.family if row.note and math.isnan(row.p))
    yield from (f"{numerals.UNDEFINED} {note}." for note in notes)


def pairs(analysis: Analysis, metrics: Sequence[str], key: str) -> Table:
    """Make the table of the family over seeds for one or several metrics."""
    several = key != "pairs"
    bodies = tuple(
        Body(
            tuple(_pair_row(analysis, row) for row in over_seeds(analysis, metric).family),
            f"{direction(metric)}, {roles(analysis)[metric]}" if several else "",
        )
        for metric in metrics
    )
    which = "the secondary metrics" if several else spoken(metrics[0])
    return Table(
        key=key,
        number="",
        title=f"Comparisons of {which} over seeds, on these test cases, first minus second",
        n=counting(number_of_seeds(len(analysis.seeds), "paired"), tested(analysis)),
        columns=(
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
    pair = analysis.pairs[int(row.key.removeprefix("pairs."))]
    effect = f"{numerals.statistic(pair.d_z)} ({numerals.interval(pair.d_z_low, pair.d_z_high, 2)})"
    values = (pair.d_z, pair.d_z_low, pair.d_z_high)
    return (
        pair_cell(analysis, row.first, row.second),
        number(row.difference, f"{row.key}.difference", by=numerals.difference),
        interval(row.low, row.high, row.key, decimals=4),
        simultaneous(row),
        number(row.statistic, f"{row.key}.t", by=numerals.statistic),
        p_cell(row.p, row.p_key, alpha),
        p_cell(row.p_adjusted, row.p_adjusted_key, alpha, strong=shown(row)),
        Cell(numerals.UNDEFINED if math.isnan(pair.d_z) else effect, values, f"{row.key}.d_z"),
    )


def seeds_only(notes: Iterable[str]) -> Iterator[str]:
    """Yield what the dagger means, where the note of a pair calls for it."""
    if any(note.startswith(NO_CASE_PART) for note in notes):
        yield (
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
    size, what = family(analysis)
    over = "one" if size == 1 else str(size)
    yield (
        f"Degrees of freedom of t: {max(len(analysis.seeds) - 1, 0)}. p adj.: {adjustment(analysis)}, over the {over} "
        f"{what} of a metric. Interval: unadjusted; simultaneous: Bonferroni’s. d_z: mean difference over its SD "
        "(standard deviation), with its interval by the noncentral t. Bold: adjusted p at most "
        f"{numerals.general(analysis.study.analysis.alpha)}. Nothing here speaks of other test cases."
    )
    yield from divergence(analysis)
    for note in sorted({pair.note for pair in analysis.pairs if pair.note and pair.metric in metrics}):
        yield f"{numerals.UNDEFINED} {note}."


def exact(analysis: Analysis) -> Table:
    """Make the table of the exact tests over seeds: Wilcoxon's, and the permutation of signs."""
    found = [(place, pair) for place, pair in enumerate(analysis.pairs) if pair.in_family]
    bodies = tuple(
        Body(
            tuple(_exact_row(analysis, f"pairs.{place}", pair) for place, pair in found if pair.metric == metric),
            f"{direction(metric)}, {roles(analysis)[metric]}",
        )
        for metric in analysis.metrics
    )
    return Table(
        key="pairs-exact",
        number="",
        title="Exact tests over seeds, on these test cases, first minus second",
        n=counting(number_of_seeds(len(analysis.seeds), "paired")),
        columns=(
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
    plan, (size, _) = analysis.study.analysis, family(analysis)
    yield (
        "Differences: those that are not 0, which Wilcoxon’s test leaves out. W⁺: sum of the ranks of positive "
        f"differences. p adj.: {adjustment(analysis)}. Bold: adjusted p at most {numerals.general(plan.alpha)}."
    )
    if analysis.smallest_wilcoxon_p > plan.alpha:
        yield (
            f"With {len(analysis.seeds)} seeds and {'one comparison' if size == 1 else f'{size} comparisons'} the "
            f"exact Wilcoxon test cannot reach {numerals.general(plan.alpha)}: its smallest possible adjusted p is "
            f"{numerals.p_value(analysis.smallest_wilcoxon_p, plan.alpha)}."
        )
    yield from divergence(analysis)


def outside(analysis: Analysis) -> Table | None:
    """Make the table of the pairs outside of the declared family, whose p values are not adjusted; None without any."""
    metric = analysis.metrics[0]
    found = deciding(analysis, metric)
    beside = [each for each in _others(analysis, found) if each is not None]
    if not found.outside:
        return None
    return Table(
        key="pairs-outside",
        number="",
        title=f"Pairs of loss functions outside of the declared family, {spoken(metric)}, first minus second",
        n=_n(analysis, found),
        columns=(
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("difference", "Difference"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
            *(
                Column(f"p_{each.target.split(',')[0]}", "p", group=_WHOSE[each.target])
                for each in (found, *beside)
            ),
        ),
        bodies=(Body(tuple(_outside_row(analysis, row, beside) for row in found.outside)),),
        notes=(
            f"For completeness: only {family(analysis)[1]} were planned, so that these p values are raw, and nothing "
            f"is concluded from them. Difference and interval: for other {short_target(analysis, found.target)}.",
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
        interval(row.low, row.high, row.key, decimals=4),
        *(p_cell(each.p, each.p_key, alpha) for each in (row, *others)),
    )
