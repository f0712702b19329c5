"""The tables of ranks: an Analysis in; mean ranks with their stability, and p values that no bars can show, out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Cliques, Ranking
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import Speech, phrase, speech
from cxr_report.report.names import counting, number_of_seeds, short, tested
from cxr_report.report.tables.results import direction, level_interval, p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, number, plain, spoken

__all__ = ["matrix", "ranks"]

PROCEDURES = {
    "nemenyi": phrase("Nemenyi’s test"),
    "wilcoxon-holm": phrase("Exact Wilcoxon test, Holm’s adjustment over all pairs"),
}
"""How the procedures over all pairs are called."""

TAU = phrase("Kendall’s τ")


def ranks(analysis: Analysis) -> Table | None:
    """Make the table of mean ranks and of Kendall's tau, one body per metric; None without rankings."""
    if not analysis.rankings:
        return None
    say = speech(analysis)
    return Table(
        key="ranks",
        number="",
        title=say.text("Mean ranks of the loss functions over seeds, on these test cases"),
        n=counting(number_of_seeds(len(analysis.seeds), say=say), tested(analysis)),
        columns=spoken(
            say,
            Column("loss", "Loss function", "text"),
            Column("mean_rank", "Mean rank"),
            Column("interval", level_interval(analysis), parts=LOW_HIGH),
            Column("first", "Rank 1 in"),
        ),
        bodies=tuple(_body(analysis, f"rankings.{n}", each) for n, each in enumerate(analysis.rankings)),
        notes=(
            say.text(
                "1 is best; equal scores share their ranks. Interval, and share of rank 1: bootstrap over the seeds. "
                "Kendall’s τ: mean agreement of the order in a resample with the observed one, 1 where they are the "
                "same."
            ),
            *_undefined(analysis),
        ),
        bodies_title="metric",
        dense=True,
    )


def _undefined(analysis: Analysis) -> Iterator[str]:
    say = speech(analysis)
    for each in analysis.rankings:
        if each.note:
            yield f"{say.text(METRICS[each.metric].title)}: {say.note(each.note)}."


def _body(analysis: Analysis, key: str, each: Ranking) -> Body:
    say = speech(analysis)
    rows = [
        (
            plain(analysis.labels[loss]),
            number(each.mean_ranks[n], f"{key}.mean_ranks.{n}", by=numerals.statistic),
            _band(say, each.low[n], each.high[n], f"{key}.low.{n}"),
            number(each.distribution[n][0], f"{key}.distribution.{n}.0", by=lambda share: numerals.percent(share, 0)),
        )
        for n, loss in enumerate(each.losses)
    ]
    rows.append((
        plain(say.text(TAU)),
        number(each.tau, f"{key}.tau", by=numerals.statistic),
        _band(say, each.tau_low, each.tau_high, f"{key}.tau_low"),
        Cell("", (None,)),
    ))  # fmt: skip
    return Body(tuple(rows), direction(each.metric, say))


def _band(say: Speech, low: float, high: float, key: str) -> Cell:
    return Cell(say.interval(low, high, 2), (low, high), key)


def matrix(analysis: Analysis) -> Table | None:
    """Make the table of p values of all pairs on the primary metric, where bars cannot say what they say.

    Returns:
        One body per procedure whose relation is not transitive; None where there is none.
    """
    places = [n for n, each in enumerate(analysis.rankings) if each.metric == analysis.metrics[0]]
    if not places:
        return None
    say, each = speech(analysis), analysis.rankings[places[0]]
    bodies = tuple(
        Body(
            _matrix(analysis, f"rankings.{places[0]}.procedures.{n}.p", procedure),
            say.text(PROCEDURES[procedure.procedure]),
        )
        for n, procedure in enumerate(each.procedures)
        if not procedure.drawn and any(p == p for row, own in enumerate(procedure.p) for p in own[:row])
    )
    if not bodies:
        return None
    return Table(
        key="ranks-matrix",
        number="",
        title=say.text(
            "Which loss functions are told apart on {metric}, adjusted p of all pairs over seeds, on these cases",
            metric=say.text(METRICS[each.metric].title),
        ),
        n=counting(say.text("{n} seeds", n=str(each.n_seeds))),
        columns=(
            *spoken(say, Column("loss", "Loss function", "text")),
            *(Column(loss, str(n)) for n, loss in enumerate(each.losses, start=1)),
        ),
        bodies=bodies,
        notes=(
            say.text(
                "Columns: the losses in the order of the rows. Bold: at most {alpha}. Not told apart is here no "
                "equivalence relation, so that groups of losses would say too much or too little.",
                alpha=numerals.general(_alpha(analysis)),
            ),
        ),
        bodies_title="procedure",
        dense=True,
    )


def _alpha(analysis: Analysis) -> float:
    return analysis.study.analysis.alpha


def _matrix(analysis: Analysis, key: str, procedure: Cliques) -> tuple[tuple[Cell, ...], ...]:
    names, alpha = short(analysis), _alpha(analysis)
    return tuple(
        (
            Cell(f"{row + 1} {names[loss]}", (analysis.labels[loss],)),
            *(
                p_cell(p, f"{key}.{row}.{column}", alpha, strong=p <= alpha) if column != row else Cell("", (math.nan,))
                for column, p in enumerate(procedure.p[row])
            ),
        )
        for row, loss in enumerate(analysis.losses)
    )
