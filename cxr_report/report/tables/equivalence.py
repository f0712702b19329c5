"""The table of equivalence: an Analysis in; for every comparison whether it is shown within the planned margin, out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import BOTH, Analysis, Equivalence, SeedsEquivalence
from cxr_report.report import numerals
from cxr_report.report.names import adjustment, counting, divergence, number_of_seeds, short_target, spoken, tested
from cxr_report.report.tables.comparisons import pair_cell
from cxr_report.report.tables.results import p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number

__all__ = ["equivalence"]

SEEDS_ONLY, NOT_INFERIOR = "Seeds, these cases only", "First not inferior"


def equivalence(analysis: Analysis) -> Table | None:
    """Make the table of equivalence and non-inferiority; None where neither could be tested for any target."""
    alone = {
        (row.first, row.second): (f"seeds_equivalences.{n}", row) for n, row in enumerate(analysis.seeds_equivalences)
    }
    both = {(row.first, row.second): (f"equivalences.{n}", row) for n, row in enumerate(analysis.equivalences)}
    if not alone and not both:
        return None
    inferior = any(not math.isnan(row.p_noninferiority) for row in analysis.equivalences)
    margin = numerals.general(analysis.study.analysis.margin)
    rows = tuple(
        (
            pair_cell(analysis, *pair),
            *(_joint(analysis, *both[pair], inferior=inferior) if pair in both else ()),
            *_seeds(analysis, *alone[pair]),
        )
        for pair in alone
    )
    target = short_target(analysis, BOTH) if both else "seeds, these cases"
    return Table(
        key="equivalence",
        number="",
        title=f"Equivalence in {spoken(analysis.metrics[0])} within ±{margin} for other {target}",
        n=counting(tested(analysis), number_of_seeds(len(analysis.seeds))),
        columns=(
            Column("pair", "First − second", "text", parts=("first", "second")),
            *(_columns(analysis, inferior=inferior) if both else ()),
            Column("p_tost", "p", group=SEEDS_ONLY),
            Column("t_rope", "Within (t)", group=SEEDS_ONLY),
            Column("rank_rope", "Within (ranks)", group=SEEDS_ONLY),
        ),
        bodies=(Body(rows),),
        notes=tuple(_notes(analysis, joint=bool(both), inferior=inferior)),
        dense=True,
    )


def _columns(analysis: Analysis, *, inferior: bool) -> tuple[Column, ...]:
    level = numerals.fixed(100 * (1 - 2 * analysis.study.analysis.alpha), 0)
    return (
        Column("interval", f"{level}\N{NO-BREAK SPACE}% interval, unadjusted", parts=LOW_HIGH),
        Column("p_equivalence", "p", group="Equivalence"),
        Column("p_equivalence_adjusted", "p adj.", group="Equivalence"),
        *((Column("p_noninferiority", "p", group=NOT_INFERIOR),) if inferior else ()),
        *((Column("p_noninferiority_adjusted", "p adj.", group=NOT_INFERIOR),) if inferior else ()),
        Column("shown", "Shown", "text"),
    )


def _joint(analysis: Analysis, key: str, row: Equivalence, *, inferior: bool) -> tuple[Cell, ...]:
    alpha = analysis.study.analysis.alpha
    told = "equivalent" if row.equivalent else f"not{numerals.NO_BREAK}inferior" if row.noninferior else "neither"
    plain = told.replace(numerals.NO_BREAK, " ")
    one_sided = (
        p_cell(row.p_noninferiority, f"{key}.p_noninferiority", alpha),
        p_cell(row.p_noninferiority_adjusted, f"{key}.p_noninferiority_adjusted", alpha, strong=row.noninferior),
    )
    return (
        interval(row.low, row.high, key, decimals=4),
        p_cell(row.p_equivalence, f"{key}.p_equivalence", alpha),
        p_cell(row.p_equivalence_adjusted, f"{key}.p_equivalence_adjusted", alpha, strong=row.equivalent),
        *(one_sided if inferior else ()),
        Cell(told, (plain,)),
    )


def _seeds(analysis: Analysis, key: str, row: SeedsEquivalence) -> tuple[Cell, ...]:
    return (
        p_cell(row.p_tost, f"{key}.p_tost", analysis.study.analysis.alpha),
        number(row.t_rope, f"{key}.t_rope", by=numerals.statistic),
        number(row.rank_rope, f"{key}.rank_rope", by=numerals.statistic),
    )


def _notes(analysis: Analysis, *, joint: bool, inferior: bool) -> Iterator[str]:
    one_sided = "; not inferior: the first is not worse than the second by the margin" if inferior else ""
    if joint:
        yield (
            f"Two one-sided t tests with the joint standard error{one_sided}. p adj.: {adjustment(analysis)}, "
            "each question over the family. Bold: adjusted p at most "
            f"{numerals.general(analysis.study.analysis.alpha)}. What is not shown here is no difference either."
        )
    yield (
        "Over seeds, on these cases only, and unadjusted: p of two one-sided t tests, and the posterior probability "
        "that the difference lies within the margin, by the correlated t model (correlation 0) and by signed ranks."
    )
    yield from divergence(analysis)
    undefined = [row.note for row in analysis.equivalences if inferior or math.isnan(row.p_equivalence)]
    undefined += [row.note for row in analysis.seeds_equivalences]
    yield from (f"{numerals.UNDEFINED} {note}." for note in dict.fromkeys(undefined) if note)
    told = (row.note for row in analysis.equivalences if row.note not in undefined)
    yield from (f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(told) if note)
