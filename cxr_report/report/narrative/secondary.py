"""An Analysis in, the sentences on the secondary metrics out: those tested in order, then the exploratory ones."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, Target
from cxr_report.metrics import METRICS
from cxr_report.report.answers import answers, deciding, shown
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import amount
from cxr_report.report.narrative.prose import Piece, Sentence, sentence

__all__ = ["gate_closed", "secondary"]


def secondary(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say of every secondary metric how many comparisons show a difference, and by which right it was tested."""
    order = analysis.study.analysis.hierarchy
    free = [metric for metric in analysis.study.metrics.secondary if metric not in order]
    told = [_told(analysis, metric) for metric in (*order, *free)]
    if not free or analysis.study.analysis.adjustment == "none":
        return tuple(told)
    name = facts.by_adjustment(analysis).removeprefix("after ")
    return (*told, sentence("family-bound", f"{name} holds within a metric, not across exploratory metrics."))


def _told(analysis: Analysis, metric: str) -> Sentence:
    found, order = deciding(analysis, metric), analysis.study.analysis.hierarchy
    begin = f"Tested in order, step {order.index(metric) + 2}" if metric in order else "Exploratory"
    where = facts.over(analysis, found.target)
    pieces: list[Piece] = [f"{begin}, {facts.spoken(metric)}: {where[0].lower()}{where[1:]}"]
    rows = [row for row in found.family if shown(row)]
    if found.defined:
        pieces += [" a difference", *amount(analysis, len(rows)), f" {facts.by_adjustment(analysis)}"]
    else:
        pieces.append(" no comparison could be tested")
    if rows:
        pieces.append(f", {facts.direction(metric)} {facts.clauses(analysis, rows)}")
    if metric in order and found.defined and gate_closed(analysis, metric, found.target):
        pieces.append("; none could be shown, because not every comparison of the metrics before it was")
    return sentence("secondary", *pieces, *_leader(analysis, metric), ".")


def gate_closed(analysis: Analysis, metric: str, target: Target) -> bool:
    """Say whether a metric of the hierarchy cannot show a difference, because one before it did not show all."""
    order = (analysis.study.metrics.primary, *analysis.study.analysis.hierarchy)
    before = [answers(analysis, each, target) for each in order[: order.index(metric)]]
    alpha = analysis.study.analysis.alpha
    return any(found is None or any(not row.p_adjusted <= alpha for row in found.family) for found in before)


def _leader(analysis: Analysis, metric: str) -> list[Piece]:
    leaders = facts.best(analysis, metric)
    if len(leaders) != 1:
        return []
    key, first = leaders[0]
    extreme = "highest" if METRICS[metric].higher_is_better else "lowest"
    mean = prose.value(first.mean, f"{key}.mean")
    return [f"; the {extreme} mean was that of {analysis.labels[first.loss]} (", mean, ")"]
