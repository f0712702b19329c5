"""The table of the other rule for diverged runs: an Analysis in; the comparisons over seeds under that rule out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, Pair
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import adjustment, counting, divergence, number_of_seeds
from cxr_report.report.tables.comparisons import pair_cell
from cxr_report.report.tables.results import level_interval, p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of, spoken

__all__ = ["sensitivity"]

_TITLES = {
    "drop-seed": phrase(
        "{metric} over seeds, on these cases, with the worst score for every run that diverged, first minus second"
    ),
    "worst-score": phrase(
        "{metric} over seeds, on these cases, without the seeds of runs that diverged, first minus second"
    ),
}
"""Planned rule for diverged runs -> the title that tells the other one."""


def sensitivity(analysis: Analysis) -> Table | None:
    """Make the table; None where no run diverged."""
    rows = [(n, pair) for n, pair in enumerate(analysis.sensitivity) if pair.in_family]
    if not rows:
        return None
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    return Table(
        key="sensitivity",
        number="",
        title=say.text(_TITLES[analysis.study.analysis.on_diverged], metric=say.text(METRICS[rows[0][1].metric].title)),
        n=counting(number_of_seeds(max(pair.n_seeds for _, pair in rows), "paired", say=say)),
        columns=spoken(
            say,
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("n_seeds", "Seeds"),
            Column("difference", "Difference"),
            Column("interval", level_interval(analysis), parts=LOW_HIGH),
            Column("p_t", "p", group="Paired t test"),
            Column("p_t_adjusted", "p adj.", group="Paired t test"),
        ),
        bodies=(Body(tuple(_row(analysis, f"sensitivity.{n}", pair, alpha) for n, pair in rows)),),
        notes=(
            say.text(
                "A sensitivity analysis, which decides nothing. p adj.: {adjustment}, over the family. Bold: adjusted "
                "p at most {alpha}. Over seeds only: a run that diverged has no predictions, so that nothing can be "
                "said over cases. Worst score: the worst of any finished run on the metric.",
                adjustment=adjustment(analysis),
                alpha=numerals.general(alpha),
            ),
            *divergence(analysis),
        ),
        dense=True,
    )


def _row(analysis: Analysis, key: str, pair: Pair, alpha: float) -> tuple[Cell, ...]:
    return (
        pair_cell(analysis, pair.first, pair.second),
        of(pair.n_seeds, f"{key}.n_seeds"),
        number(pair.difference, f"{key}.difference", by=numerals.difference),
        interval(pair.low, pair.high, key, decimals=4, say=speech(analysis)),
        p_cell(pair.p_t, f"{key}.p_t", alpha),
        p_cell(pair.p_t_adjusted, f"{key}.p_t_adjusted", alpha, strong=pair.p_t_adjusted <= alpha),
    )
