"""The table of equivalence: an Analysis in; for every comparison whether it is shown within the planned margin, out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import BOTH, SEEDS, Analysis, Equivalence, SeedsEquivalence
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import adjustment, counting, divergence, number_of_seeds, short_target, spoken, tested
from cxr_report.report.tables.comparisons import pair_cell
from cxr_report.report.tables.results import p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number
from cxr_report.report.tables.table import spoken as heads

__all__ = ["equivalence"]

SEEDS_ONLY, NOT_INFERIOR = phrase("Seeds, these cases only"), phrase("First not inferior")


def equivalence(analysis: Analysis) -> Table | None:
    """Make the table of equivalence and non-inferiority; None where neither could be tested for any target."""
    alone = {
        (row.first, row.second): (f"seeds_equivalences.{n}", row) for n, row in enumerate(analysis.seeds_equivalences)
    }
    both = {(row.first, row.second): (f"equivalences.{n}", row) for n, row in enumerate(analysis.equivalences)}
    if not alone and not both:
        return None
    say = speech(analysis)
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
    target = short_target(analysis, BOTH if both else SEEDS)
    return Table(
        key="equivalence",
        number="",
        title=say.text(
            "Equivalence in {metric} within ±{margin} for other {target}",
            metric=spoken(analysis.metrics[0], say),
            margin=margin,
            target=target,
        ),
        n=counting(tested(analysis), number_of_seeds(len(analysis.seeds), say=say)),
        columns=heads(
            say,
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
    return heads(
        speech(analysis),
        Column("interval", _head(analysis, f"{level}\N{NO-BREAK SPACE}%"), parts=LOW_HIGH),
        Column("p_equivalence", "p", group="Equivalence"),
        Column("p_equivalence_adjusted", "p adj.", group="Equivalence"),
        *((Column("p_noninferiority", "p", group=NOT_INFERIOR),) if inferior else ()),
        *((Column("p_noninferiority_adjusted", "p adj.", group=NOT_INFERIOR),) if inferior else ()),
        Column("shown", "Shown", "text"),
    )


def _head(analysis: Analysis, level: str) -> str:
    return speech(analysis).text("{level} interval, unadjusted", level=level)


def _joint(analysis: Analysis, key: str, row: Equivalence, *, inferior: bool) -> tuple[Cell, ...]:
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    if row.equivalent:
        told, plain = say.text("equivalent"), "equivalent"
    elif row.noninferior:
        told, plain = say.text("not\N{NO-BREAK SPACE}inferior"), "not inferior"
    else:
        told, plain = say.text("neither"), "neither"
    one_sided = (
        p_cell(row.p_noninferiority, f"{key}.p_noninferiority", alpha),
        p_cell(row.p_noninferiority_adjusted, f"{key}.p_noninferiority_adjusted", alpha, strong=row.noninferior),
    )
    return (
        interval(row.low, row.high, key, decimals=4, say=say),
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
    say = speech(analysis)
    if joint:
        rule = (
            phrase(
                "Two one-sided t tests with the joint standard error; not inferior: the first is not worse than the "
                "second by the margin. p adj.: {adjustment}, each question over the family. Bold: adjusted p at most "
                "{alpha}. What is not shown here is no difference either."
            )
            if inferior
            else phrase(
                "Two one-sided t tests with the joint standard error. p adj.: {adjustment}, each question over the "
                "family. Bold: adjusted p at most {alpha}. What is not shown here is no difference either."
            )
        )
        alpha = numerals.general(analysis.study.analysis.alpha)
        yield say.text(rule, adjustment=adjustment(analysis), alpha=alpha)
    yield say.text(
        "Over seeds, on these cases only, and unadjusted: p of two one-sided t tests, and the posterior probability "
        "that the difference lies within the margin, by the correlated t model (correlation 0) and by signed ranks."
    )
    yield from divergence(analysis)
    undefined = [row.note for row in analysis.equivalences if inferior or math.isnan(row.p_equivalence)]
    undefined += [row.note for row in analysis.seeds_equivalences]
    yield from (f"{numerals.UNDEFINED} {say.note(note)}." for note in dict.fromkeys(undefined) if note)
    told = (say.note(row.note) for row in analysis.equivalences if row.note not in undefined)
    yield from (f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(told) if note)
