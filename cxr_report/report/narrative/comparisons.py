"""Answers to comparisons in, the sentences on which of them show a difference out: for any metric and any target."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cxr_report.analysis.value import CASES, SEEDS, Analysis
from cxr_report.metrics import METRICS
from cxr_report.report.answers import Answer, Answers, shown
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.names import family
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.pieces import Said, text_of

__all__ = ["MANY", "clauses", "count", "counted", "detailed", "details", "largest", "listed_pairs", "pairs", "said"]

MANY = 6
"""Chosen: up to so many comparisons are told one by one, as many as four losses have; beyond, the table tells them."""

FEW = 3
"""Chosen: up to so many comparisons are named in a list; beyond, they are counted."""

_NOT_SHOWN = {
    (False, False): phrase(
        "{where} a difference in {metric} was shown for none of the {total} {what} {adjusted} (α = {alpha}; smallest "
        "{p_name}{p})."
    ),
    (False, True): phrase(
        "{where} a difference in {metric} was shown for none of the {total} {what} {adjusted} (α = {alpha}; smallest "
        "{p_name}{p}), which is no evidence that the losses are equal."
    ),
    (True, False): phrase(
        "{where} a difference in {metric} between the two losses was not shown {adjusted} (α = {alpha}; {p_name}{p})."
    ),
    (True, True): phrase(
        "{where} a difference in {metric} between the two losses was not shown {adjusted} (α = {alpha}; {p_name}{p}), "
        "which is no evidence that the losses are equal."
    ),
}
"""Whether the family has one comparison only, and whether a reader is warned -> how no difference is told."""


def said(analysis: Analysis, found: Answers, *, warning: bool = False) -> Sentence:
    """Say in how many comparisons a difference is shown, or that none could be tested.

    Args:
        analysis: everything.
        found: the answers.
        warning: whether to add, where nothing is shown, that this is no evidence of equality.
    """
    if not found.defined:
        return _untested(analysis, found)
    say, rows, (total, what) = speech(analysis), [row for row in found.family if shown(row)], family(analysis)
    told: dict[str, Said] = {
        "where": facts.over(analysis, found.target),
        "metric": facts.spoken(found.metric, say),
        "adjusted": facts.by_adjustment(analysis),
        "alpha": prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
    }
    if total > 1:
        told |= {"total": prose.count(total), "what": what}
    if not rows:
        told |= {"p_name": facts.adjusted_name(analysis), "p": _smallest_p(analysis, found.defined)}
        return sentence("count", say(_NOT_SHOWN[total == 1, warning], **told))
    if total == 1:
        one = phrase("{where} a difference in {metric} between the two losses was shown {adjusted} (α = {alpha}).")
        return sentence("count", say(one, **told))
    many = phrase("{where} a difference in {metric} was shown for {shown} of {total} {what} {adjusted} (α = {alpha}).")
    return sentence("count", say(many, shown=prose.count(len(rows)), **told))


def _untested(analysis: Analysis, found: Answers) -> Sentence:
    say = speech(analysis)
    where, name = facts.over(analysis, found.target), facts.spoken(found.metric, say)
    notes = dict.fromkeys(row.note for row in found.family if row.note)
    if not notes:
        text = say("{where} no comparison in {metric} could be tested.", where=where, metric=name)
        return sentence("untested", text)
    why = facts.noted("; ".join(notes), say)
    text = say("{where} no comparison in {metric} could be tested: {why}.", where=where, metric=name, why=why)
    return sentence("untested", text)


def _smallest_p(analysis: Analysis, rows: Sequence[Answer]) -> tuple[Piece, ...]:
    row = min(rows, key=lambda each: each.p_adjusted)
    return prose.p_of(row.p_adjusted, row.p_adjusted_key, alpha=analysis.study.analysis.alpha)


def count(number: int, total: int, *, say: Speech = ENGLISH) -> tuple[Piece, ...]:
    """Say ``none of the 3`` or ``2 of 3``, to stand before what was counted."""
    if not number:
        return say("none of the {total}", total=prose.count(total))
    return say("{n} of {total}", n=prose.count(number), total=prose.count(total))


def counted(analysis: Analysis, number: int) -> tuple[Piece, ...]:
    """Say a number of comparisons: ``1 comparison``."""
    return speech(analysis).counted(number, "{n} comparison", "{n} comparisons", n=prose.count(number))


def detailed(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Tell of every comparison that shows a difference by how much, or who is better than whom where they are many."""
    rows = [row for row in found.family if shown(row)]
    if len(rows) <= MANY:
        return [_pair(analysis, found, row) for row in rows]
    return [clauses(analysis, found.metric, rows)]


def clauses(analysis: Analysis, metric: str, rows: Sequence[Answer]) -> Sentence:
    """Say with which losses a metric was better than with which.

    Args:
        analysis: everything.
        metric: of which.
        rows: comparisons of which one loss is shown to be better.
    """
    said = speech(analysis)(
        phrase("{metric} was higher {clauses}.")
        if METRICS[metric].higher_is_better
        else phrase("{metric} was lower {clauses}."),
        metric=facts.titled(metric, speech(analysis)),
        clauses=facts.clauses(analysis, rows),
    )
    return sentence("clauses", said)


def _pair(analysis: Analysis, found: Answers, row: Answer) -> Sentence:
    say, labels = speech(analysis), analysis.labels
    said = say(
        phrase("{metric} was higher with {better} than with {worse}: {difference}.")
        if METRICS[found.metric].higher_is_better
        else phrase("{metric} was lower with {better} than with {worse}: {difference}."),
        metric=facts.titled(found.metric, say),
        better=labels[row.better],
        worse=labels[row.worse],
        difference=_difference(analysis, found, row),
    )
    return sentence("pair", said)


def _difference(analysis: Analysis, found: Answers, row: Answer) -> tuple[Piece, ...]:
    """Tell the size of a difference and its test, and where it is shown and yet within the planned margin."""
    say, margin = speech(analysis), analysis.study.analysis.margin
    told: dict[str, Said] = {
        "first": analysis.labels[row.first],
        "second": analysis.labels[row.second],
        "difference": prose.difference(row.difference, f"{row.key}.difference"),
        "test": _test(analysis, found, row),
    }
    if found.metric == analysis.study.metrics.primary and abs(row.difference) < margin:
        return say(
            "mean difference ({first} minus {second}) {difference} ({test}), which is less than the planned margin of "
            "{margin}",
            margin=prose.exactly(margin, "study.analysis.margin"),
            **told,
        )
    return say("mean difference ({first} minus {second}) {difference} ({test})", **told)


def _test(analysis: Analysis, found: Answers, row: Answer) -> tuple[Piece, ...]:
    """Tell intervals, statistic and p values of a comparison."""
    say = speech(analysis)
    told: dict[str, Said] = {
        "intervals": _intervals(analysis, row),
        "t": prose.statistic(row.statistic, f"{row.key}.t"),
        "p": _p_values(analysis, row),
    }
    if found.target == CASES:
        return say("{intervals}; z = {t}, {p}", **told)
    told["df"] = prose.exactly(row.df, f"{row.key}.df")
    if found.target == SEEDS:
        size = prose.statistic(row.d_z, f"{row.key}.d_z")
        return say("{intervals}; t({df}) = {t}, {p}, d_z = {d_z}", d_z=size, **told)
    return say("{intervals}; t({df}) = {t}, {p}", **told)


def _intervals(analysis: Analysis, row: Answer) -> tuple[Piece, ...]:
    say = speech(analysis)
    told = {
        "level": prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
        "low": prose.difference(row.low, f"{row.key}.low"),
        "high": prose.difference(row.high, f"{row.key}.high"),
    }
    if family(analysis)[0] == 1:
        return say("{level} CI {low} to {high}", **told)
    return say(
        "{level} CI {low} to {high}, simultaneous {wide_low} to {wide_high}",
        wide_low=prose.difference(row.low_simultaneous, f"{row.key}.low_simultaneous"),
        wide_high=prose.difference(row.high_simultaneous, f"{row.key}.high_simultaneous"),
        **told,
    )


def _p_values(analysis: Analysis, row: Answer) -> tuple[Piece, ...]:
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    p = prose.p_of(row.p, row.p_key, alpha=alpha)
    if analysis.study.analysis.adjustment == "none":
        return say("p{p}", p=p)
    return say("p{p}, adjusted p{p_adjusted}", p=p, p_adjusted=_smallest_p(analysis, [row]))


def largest(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Tell the largest difference of the family, where one has a defined test."""
    if not found.defined:
        return []
    row, labels = max(found.defined, key=lambda each: abs(each.difference)), analysis.labels
    said = speech(analysis)(
        phrase("The mean difference was {difference} ({first} minus {second}; {intervals}; {p}).")
        if len(found.family) == 1
        else phrase("The largest mean difference was {difference} ({first} minus {second}; {intervals}; {p})."),
        difference=prose.difference(row.difference, f"{row.key}.difference"),
        first=labels[row.first],
        second=labels[row.second],
        intervals=_intervals(analysis, row),
        p=_p_values(analysis, row),
    )
    return [sentence("largest", said)]


def details(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Say what the comparisons show, what they leave open and what could not be tested."""
    rows = [row for row in found.family if shown(row)]
    sentences = [said(analysis, found, warning=True)]
    sentences += detailed(analysis, found) if rows else largest(analysis, found)
    return [*sentences, *_open(analysis, found), *_undefined(analysis, found)]


def _open(analysis: Analysis, found: Answers) -> list[Sentence]:
    rows = [row for row in found.defined if not shown(row)]
    if not rows or len(rows) == len(found.defined):
        return []
    text = speech(analysis).counted(
        len(rows),
        "For {n} comparison no difference was shown ({p_name}{p}), which is no evidence that the losses are equal.",
        "For {n} comparisons no difference was shown (smallest {p_name}{p}), which is no evidence that the losses are "
        "equal.",
        n=prose.count(len(rows)),
        p_name=facts.adjusted_name(analysis),
        p=_smallest_p(analysis, rows),
    )
    return [sentence("open", text)]


def _undefined(analysis: Analysis, found: Answers) -> list[Sentence]:
    rows = [row for row in found.family if math.isnan(row.p)]
    if not rows or not found.defined:
        return []
    say, pairs = speech(analysis), counted(analysis, len(rows))
    notes = [facts.noted(note, say) for note in dict.fromkeys(row.note for row in rows if row.note)]
    if not notes:
        return [sentence("undefined-pairs", say("For {pairs} the test is undefined.", pairs=pairs))]
    why = say.listed(notes)
    return [sentence("undefined-pairs", say("For {pairs} the test is undefined ({why}).", pairs=pairs, why=why))]


def listed_pairs(analysis: Analysis, rows: Sequence[tuple[str, str]]) -> str:
    """Name a few comparisons: ``A against B and C against D``; empty where they are many or none."""
    return pairs(analysis, rows) if len(rows) <= FEW else ""


def pairs(analysis: Analysis, rows: Sequence[tuple[str, str]]) -> str:
    """Name comparisons: ``A against B and C against D``; empty where there are none."""
    say, labels = speech(analysis), analysis.labels
    told = [say.text("{first} against {second}", first=labels[first], second=labels[second]) for first, second in rows]
    return text_of(say.listed(told))
