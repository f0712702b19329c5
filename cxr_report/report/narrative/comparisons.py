"""Answers to comparisons in, the sentences on which of them show a difference out: for any metric and any target."""

from __future__ import annotations

import math

from cxr_report.analysis.value import CASES, SEEDS, Analysis
from cxr_report.report.answers import Answer, Answers, shown
from cxr_report.report.names import family
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["MANY", "amount", "count", "detailed", "details", "largest", "listed_pairs", "said"]

MANY = 6
"""Chosen: up to so many comparisons are told one by one, as many as four losses have; beyond, the table tells them."""

FEW = 3
"""Chosen: up to so many comparisons are named in a list; beyond, they are counted."""

NO_EVIDENCE = ", which is no evidence that the losses are equal"


def said(analysis: Analysis, found: Answers, *, closing: str = "") -> Sentence:
    """Say in how many comparisons a difference is shown, or that none could be tested.

    Args:
        analysis: everything.
        found: the answers.
        closing: what follows where nothing is shown.
    """
    where = facts.over(analysis, found.target)
    name = facts.spoken(found.metric)
    if not found.defined:
        notes = dict.fromkeys(row.note for row in found.family if row.note)
        why = f": {facts.noted('; '.join(notes))}" if notes else ""
        return sentence("untested", f"{where} no comparison in {name} could be tested{why}.")
    rows = [row for row in found.family if shown(row)]
    end: list[Piece] = [f" {facts.by_adjustment(analysis)} (α = "]
    end.append(prose.exactly(analysis.study.analysis.alpha, facts.ALPHA))
    end += [] if rows else smallest_p(analysis, found)
    end += [")", "" if rows else closing, "."]
    return sentence("count", f"{where} a difference in {name}", *amount(analysis, len(rows)), *end)


def amount(analysis: Analysis, number: int) -> list[Piece]:
    """Say of how many of the family something was shown: `` was shown for 2 of 3 pairs of losses``."""
    total, what = family(analysis)
    if total == 1:
        return [f" between the two losses was {'' if number else 'not '}shown"]
    return [" was shown for ", *count(number, total), f" {what}"]


def count(number: int, total: int) -> list[Piece]:
    """Say ``none of the 3`` or ``2 of 3``."""
    return [prose.count(number), " of ", prose.count(total)] if number else ["none of the ", prose.count(total)]


def smallest_p(analysis: Analysis, found: Answers) -> list[Piece]:
    """Name the smallest p value, as it stands behind alpha where no difference is shown."""
    row = min(found.defined, key=lambda each: each.p_adjusted)
    which = "" if len(found.family) == 1 else "smallest "
    p = prose.p_of(row.p_adjusted, row.p_adjusted_key, alpha=analysis.study.analysis.alpha)
    return [f"; {which}{facts.adjusted_name(analysis)}", *p]


def detailed(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Tell of every comparison that shows a difference by how much, or who is better than whom where they are many."""
    rows = [row for row in found.family if shown(row)]
    if len(rows) <= MANY:
        return [_pair(analysis, found, row) for row in rows]
    text = f"{facts.titled(found.metric)} was {facts.direction(found.metric)} {facts.clauses(analysis, rows)}."
    return [sentence("clauses", text)]


def _pair(analysis: Analysis, found: Answers, row: Answer) -> Sentence:
    labels, margin = analysis.labels, analysis.study.analysis.margin
    begin = (
        f"{facts.titled(found.metric)} was {facts.direction(found.metric)} with {labels[row.better]} than with "
        f"{labels[row.worse]}: mean difference ({labels[row.first]} minus {labels[row.second]}) "
    )
    pieces: list[Piece] = [
        begin,
        prose.difference(row.difference, f"{row.key}.difference"),
        " (",
        *_test(analysis, found, row),
    ]
    if found.metric == analysis.study.metrics.primary and abs(row.difference) < margin:
        pieces += [", which is less than the planned margin of ", prose.exactly(margin, "study.analysis.margin")]
    return sentence("pair", *pieces, ".")


def _test(analysis: Analysis, found: Answers, row: Answer) -> list[Piece]:
    """Tell intervals, statistic and p values of a comparison, up to the closing bracket."""
    pieces = [*_intervals(analysis, row), "; "]
    if found.target == CASES:
        pieces += ["z = "]
    else:
        pieces += ["t(", prose.exactly(row.df, f"{row.key}.df"), ") = "]
    pieces += [prose.statistic(row.statistic, f"{row.key}.t"), ", "]
    pieces += _p_values(analysis, row)
    if found.target == SEEDS:
        pieces += [", d_z = ", prose.statistic(row.d_z, f"{row.key}.d_z")]
    return [*pieces, ")"]


def _intervals(analysis: Analysis, row: Answer) -> list[Piece]:
    pieces: list[Piece] = [
        prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
        " CI ",
        prose.difference(row.low, f"{row.key}.low"),
        " to ",
        prose.difference(row.high, f"{row.key}.high"),
    ]
    if family(analysis)[0] == 1:
        return pieces
    return [
        *pieces,
        ", simultaneous ",
        prose.difference(row.low_simultaneous, f"{row.key}.low_simultaneous"),
        " to ",
        prose.difference(row.high_simultaneous, f"{row.key}.high_simultaneous"),
    ]


def _p_values(analysis: Analysis, row: Answer) -> list[Piece]:
    alpha = analysis.study.analysis.alpha
    pieces: list[Piece] = ["p", *prose.p_of(row.p, row.p_key, alpha=alpha)]
    if analysis.study.analysis.adjustment == "none":
        return pieces
    return [*pieces, ", adjusted p", *prose.p_of(row.p_adjusted, row.p_adjusted_key, alpha=alpha)]


def largest(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Tell the largest difference of the family, where one has a defined test."""
    if not found.defined:
        return []
    row, labels = max(found.defined, key=lambda each: abs(each.difference)), analysis.labels
    which = "" if len(found.family) == 1 else "largest "
    return [
        sentence(
            "largest",
            f"The {which}mean difference was ",
            prose.difference(row.difference, f"{row.key}.difference"),
            f" ({labels[row.first]} minus {labels[row.second]}; ",
            *_intervals(analysis, row),
            "; ",
            *_p_values(analysis, row),
            ").",
        )
    ]


def details(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Say what the comparisons show, what they leave open and what could not be tested."""
    rows = [row for row in found.family if shown(row)]
    sentences = [said(analysis, found, closing=NO_EVIDENCE)]
    sentences += detailed(analysis, found) if rows else largest(analysis, found)
    return [*sentences, *_open(analysis, found), *_undefined(found)]


def _open(analysis: Analysis, found: Answers) -> list[Sentence]:
    rows = [row for row in found.defined if not shown(row)]
    if not rows or len(rows) == len(found.defined):
        return []
    row = min(rows, key=lambda each: each.p_adjusted)
    p = prose.p_of(row.p_adjusted, row.p_adjusted_key, alpha=analysis.study.analysis.alpha)
    which = facts.adjusted_name(analysis) if len(rows) == 1 else f"smallest {facts.adjusted_name(analysis)}"
    unit = "comparison" if len(rows) == 1 else "comparisons"
    number = prose.count(len(rows))
    return [sentence("open", "For ", number, f" {unit} no difference was shown ({which}", *p, f"){NO_EVIDENCE}.")]


def _undefined(found: Answers) -> list[Sentence]:
    rows = [row for row in found.family if math.isnan(row.p)]
    if not rows or not found.defined:
        return []
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    unit = "comparison" if len(rows) == 1 else "comparisons"
    why = f" ({facts.noted(listed(notes))})" if notes else ""
    return [sentence("undefined-pairs", "For ", prose.count(len(rows)), f" {unit} the test is undefined{why}.")]


def listed_pairs(analysis: Analysis, rows: list[tuple[str, str]]) -> str:
    """Name a few comparisons: ``A against B and C against D``; empty where they are many or none."""
    labels = analysis.labels
    return listed([f"{labels[first]} against {labels[second]}" for first, second in rows]) if len(rows) <= FEW else ""
