"""The table of the other rule for diverged runs: an Analysis in; the comparisons over seeds under that rule out."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, Pair
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.names import adjustment, divergence
from cxr_report.report.tables.comparisons import pair_cell
from cxr_report.report.tables.results import level, p_cell
from cxr_report.report.tables.table import LOW_HIGH, Body, Cell, Column, Table, interval, number, of

__all__ = ["OTHER_RULE", "sensitivity"]

OTHER_RULE = {
    "drop-seed": "with the worst score for every run that diverged",
    "worst-score": "without the seeds of runs that diverged",
}
"""Planned rule for diverged runs -> the other one."""


def sensitivity(analysis: Analysis) -> Table | None:
    """Make the table; None where no run diverged."""
    rows = [(n, pair) for n, pair in enumerate(analysis.sensitivity) if pair.in_family]
    if not rows:
        return None
    alpha = analysis.study.analysis.alpha
    other = OTHER_RULE[analysis.study.analysis.on_diverged]
    return Table(
        key="sensitivity",
        number="",
        title=f"{METRICS[rows[0][1].metric].title} over seeds, on these cases, {other}, first minus second",
        n=f"n = {max(pair.n_seeds for _, pair in rows)} paired seeds",
        columns=(
            Column("pair", "First − second", "text", parts=("first", "second")),
            Column("n_seeds", "Seeds"),
            Column("difference", "Difference"),
            Column("interval", f"{level(analysis)} interval", parts=LOW_HIGH),
            Column("p_t", "p", group="Paired t test"),
            Column("p_t_adjusted", "p adj.", group="Paired t test"),
        ),
        bodies=(Body(tuple(_row(analysis, f"sensitivity.{n}", pair, alpha) for n, pair in rows)),),
        notes=(
            f"A sensitivity analysis, which decides nothing. p adj.: {adjustment(analysis)}, over the family. Bold: "
            f"adjusted p at most {numerals.general(alpha)}. Over seeds only: a run that diverged has no predictions, "
            "so that nothing can be said over cases. Worst score: the worst of any finished run on the metric.",
            *divergence(analysis),
        ),
        dense=True,
    )


def _row(analysis: Analysis, key: str, pair: Pair, alpha: float) -> tuple[Cell, ...]:
    return (
        pair_cell(analysis, pair.first, pair.second),
        of(pair.n_seeds, f"{key}.n_seeds"),
        number(pair.difference, f"{key}.difference", by=numerals.difference),
        interval(pair.low, pair.high, key, decimals=4),
        p_cell(pair.p_t, f"{key}.p_t", alpha),
        p_cell(pair.p_t_adjusted, f"{key}.p_t_adjusted", alpha, strong=pair.p_t_adjusted <= alpha),
    )
