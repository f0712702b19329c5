"""An Analysis in, the sentences on equivalence and non-inferiority within the planned margin out."""

from __future__ import annotations

from cxr_report.analysis.value import BOTH, Analysis, Equivalence
from cxr_report.report.names import family
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import count, listed_pairs
from cxr_report.report.narrative.prose import Piece, Sentence, sentence

__all__ = ["equivalence", "equivalent"]

SURE = 0.95
"""Chosen: posterior probability from which Benavoli et al. 2017 call a region of practical equivalence decided."""

MARGIN = "study.analysis.margin"


def equivalence(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say which comparisons are shown to be equivalent, which not to be inferior, and what seeds alone say."""
    seeds = _seeds(analysis)
    if not analysis.equivalences:
        text = f"Equivalence was not tested over seeds and {facts.case_unit(analysis)}, for want of a joint analysis."
        return (sentence("no-equivalence", text), *seeds)
    return (equivalent(analysis), *_not_inferior(analysis), *_reservation(analysis), *seeds)


def equivalent(analysis: Analysis) -> Sentence:
    """Say of how many comparisons equivalence is shown with the joint standard error."""
    rows = [row for row in analysis.equivalences if row.equivalent]
    margin = prose.exactly(analysis.study.analysis.margin, MARGIN)
    return sentence(
        "equivalent",
        f"{facts.over(analysis, BOTH)} equivalence within ±",
        margin,
        ", the planned margin,",
        *_amount(analysis, rows),
        f" {facts.by_adjustment(analysis)} (two one-sided tests, α = ",
        prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
        ")",
        _which(analysis, rows),
        ".",
    )


def _amount(analysis: Analysis, rows: list[Equivalence]) -> list[Piece]:
    total, what = family(analysis)
    if total == 1:
        return [f" of the two losses was {'' if rows else 'not '}shown"]
    return [" was shown for ", *count(len(rows), total), f" {what}"]


def _which(analysis: Analysis, rows: list[Equivalence]) -> str:
    names = listed_pairs(analysis, [(row.first, row.second) for row in rows])
    return f": {names}" if names and family(analysis)[0] > 1 else ""


def _not_inferior(analysis: Analysis) -> list[Sentence]:
    """Say which losses are not inferior to the baseline; a family of all pairs names none to be held against."""
    if analysis.study.analysis.family != "baseline":
        return []
    rows = [row for row in analysis.equivalences if row.noninferior]
    total = family(analysis)[0]
    if total == 1:
        row = analysis.equivalences[0]
        first, second = analysis.labels[row.first], analysis.labels[row.second]
        text = f"That {first} is not worse than {second} by that margin was {'' if rows else 'not '}shown."
        return [sentence("not-inferior", text)]
    begin = "That the first loss is not worse than the second by that margin was shown for "
    return [sentence("not-inferior", begin, *count(len(rows), total), _which(analysis, rows), ".")]


def _reservation(analysis: Analysis) -> list[Sentence]:
    if all(row.equivalent for row in analysis.equivalences):
        return []
    return [sentence("not-equivalent", "Where equivalence is not shown, that shows no difference either.")]


def _seeds(analysis: Analysis) -> list[Sentence]:
    """Tell what the two one-sided t tests over seeds and the posterior say, which speak of these cases only."""
    rows = [row for row in analysis.seeds_equivalences if row.p_tost == row.p_tost]
    if not rows:
        return []
    alpha, sure = analysis.study.analysis.alpha, prose.count(sum(row.t_rope >= SURE for row in rows))
    return [
        sentence(
            "seeds-equivalence",
            "Over seeds, on these cases only, two one-sided t tests, unadjusted, reached α = ",
            prose.exactly(alpha, facts.ALPHA),
            " for ",
            *count(sum(row.p_tost <= alpha for row in rows), len(rows)),
            f" {'comparison' if len(rows) == 1 else 'comparisons'}, and the posterior probability of a difference "
            "within the margin was at least ",
            prose.exactly(SURE, ""),
            " for ",
            sure if sure.value else "none",
            ".",
        )
    ]
