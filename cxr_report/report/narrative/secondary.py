"""An Analysis in, the sentences on the secondary metrics out: those tested in order, then the exploratory ones."""

from __future__ import annotations

from cxr_report.analysis.value import Analysis, Target
from cxr_report.metrics import METRICS
from cxr_report.report.answers import Answers, answers, deciding, shown
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import adjustment, family
from cxr_report.report.narrative import agreement, comparisons, facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["gate_closed", "secondary"]


def secondary(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say of every secondary metric how many comparisons show a difference, and by which right it was tested."""
    order = analysis.study.analysis.hierarchy
    free = [metric for metric in analysis.study.metrics.secondary if metric not in order]
    told = [_told(analysis, metric) for metric in (*order, *free)]
    if not free or analysis.study.analysis.adjustment == "none":
        return tuple(told)
    bound = speech(analysis)(
        "{adjustment} holds within a metric, not across exploratory metrics.", adjustment=adjustment(analysis)
    )
    return (*told, sentence("family-bound", bound))


def _told(analysis: Analysis, metric: str) -> Sentence:
    say, order, found = speech(analysis), analysis.study.analysis.hierarchy, deciding(analysis, metric)
    parts = [_finding(analysis, found)]
    if metric in order and found.defined and gate_closed(analysis, metric, found.target):
        parts.append(say("none could be shown, because not every comparison of the metrics before it was"))
    told: dict[str, Said] = {
        "metric": facts.spoken(metric, say),
        "told": say.rowed([*parts, *_leader(analysis, metric)], "; "),
    }
    if metric in order:
        step = str(order.index(metric) + 2)
        return sentence("secondary", say("Tested in order, step {step}, {metric}: {told}.", step=step, **told))
    return sentence("secondary", say("Exploratory, {metric}: {told}.", **told))


def _finding(analysis: Analysis, found: Answers) -> tuple[Piece, ...]:
    """Say in how many comparisons a difference is shown, and which losses are better."""
    say, where = speech(analysis), agreement.inside(analysis, found.target)
    rows = [row for row in found.family if shown(row)]
    if not found.defined:
        return say("{where} no comparison could be tested", where=where)
    counted = _amount(analysis, len(rows), where)
    if not rows:
        return counted
    better = facts.clauses(analysis, rows)
    if METRICS[found.metric].higher_is_better:
        return say("{counted}, higher {clauses}", counted=counted, clauses=better)
    return say("{counted}, lower {clauses}", counted=counted, clauses=better)


def _amount(analysis: Analysis, number: int, where: str) -> tuple[Piece, ...]:
    say, (total, what) = speech(analysis), family(analysis)
    told: dict[str, Said] = {"where": where, "adjusted": facts.by_adjustment(analysis)}
    if total == 1:
        one = (
            phrase("{where} a difference between the two losses was shown {adjusted}")
            if number
            else phrase("{where} a difference between the two losses was not shown {adjusted}")
        )
        return say(one, **told)
    count = comparisons.count(number, total, say=say)
    return say("{where} a difference was shown for {count} {what} {adjusted}", count=count, what=what, **told)


def gate_closed(analysis: Analysis, metric: str, target: Target) -> bool:
    """Say whether a metric of the hierarchy cannot show a difference, because one before it did not show all."""
    order = (analysis.study.metrics.primary, *analysis.study.analysis.hierarchy)
    before = [answers(analysis, each, target) for each in order[: order.index(metric)]]
    alpha = analysis.study.analysis.alpha
    return any(found is None or any(not row.p_adjusted <= alpha for row in found.family) for found in before)


def _leader(analysis: Analysis, metric: str) -> list[tuple[Piece, ...]]:
    leaders = facts.best(analysis, metric)
    if len(leaders) != 1:
        return []
    key, first = leaders[0]
    said = speech(analysis)(
        phrase("the highest mean was that of {loss} ({mean})")
        if METRICS[metric].higher_is_better
        else phrase("the lowest mean was that of {loss} ({mean})"),
        loss=analysis.labels[first.loss],
        mean=prose.value(first.mean, f"{key}.mean"),
    )
    return [said]
