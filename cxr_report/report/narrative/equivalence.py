"""An Analysis in, the sentences on equivalence and non-inferiority within the planned margin out."""

from __future__ import annotations

from cxr_report.analysis.value import BOTH, Analysis, Equivalence
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import family
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import count, listed_pairs
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["equivalence", "equivalent"]

SURE = 0.95
"""Chosen: posterior probability from which Benavoli et al. 2017 call a region of practical equivalence decided."""

MARGIN = "study.analysis.margin"

_ALONE = {
    True: phrase(
        "{where} equivalence within ±{margin}, the planned margin, of the two losses was shown {adjusted} (two "
        "one-sided tests, α = {alpha})."
    ),
    False: phrase(
        "{where} equivalence within ±{margin}, the planned margin, of the two losses was not shown {adjusted} (two "
        "one-sided tests, α = {alpha})."
    ),
}
"""Whether the only comparison of the family is shown to be equivalent -> how that is told."""


def equivalence(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say which comparisons are shown to be equivalent, which not to be inferior, and what seeds alone say."""
    seeds = _seeds(analysis)
    if not analysis.equivalences:
        text = speech(analysis)(
            "Equivalence was not tested over seeds and {unit}, for want of a joint analysis.",
            unit=facts.case_unit(analysis),
        )
        return (sentence("no-equivalence", text), *seeds)
    return (equivalent(analysis), *_not_inferior(analysis), *_reservation(analysis), *seeds)


def equivalent(analysis: Analysis) -> Sentence:
    """Say of how many comparisons equivalence is shown with the joint standard error."""
    say, (total, what) = speech(analysis), family(analysis)
    rows = [row for row in analysis.equivalences if row.equivalent]
    told: dict[str, Said] = {
        "where": facts.over(analysis, BOTH),
        "margin": prose.exactly(analysis.study.analysis.margin, MARGIN),
        "adjusted": facts.by_adjustment(analysis),
        "alpha": prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
    }
    if total == 1:
        return sentence("equivalent", say(_ALONE[bool(rows)], **told))
    told |= {"count": count(len(rows), total, say=say), "what": what}
    names = _names(analysis, rows)
    if not names:
        said = say(
            "{where} equivalence within ±{margin}, the planned margin, was shown for {count} {what} {adjusted} (two "
            "one-sided tests, α = {alpha}).",
            **told,
        )
        return sentence("equivalent", said)
    said = say(
        "{where} equivalence within ±{margin}, the planned margin, was shown for {count} {what} {adjusted} (two "
        "one-sided tests, α = {alpha}): {pairs}.",
        pairs=names,
        **told,
    )
    return sentence("equivalent", said)


def _names(analysis: Analysis, rows: list[Equivalence]) -> str:
    """Name comparisons where they are few."""
    return listed_pairs(analysis, [(row.first, row.second) for row in rows])


def _not_inferior(analysis: Analysis) -> list[Sentence]:
    """Say which losses are not inferior to the baseline; a family of all pairs names none to be held against."""
    if analysis.study.analysis.family != "baseline":
        return []
    say, total = speech(analysis), family(analysis)[0]
    rows = [row for row in analysis.equivalences if row.noninferior]
    if total == 1:
        row = analysis.equivalences[0]
        only = (
            phrase("That {first} is not worse than {second} by that margin was shown.")
            if rows
            else phrase("That {first} is not worse than {second} by that margin was not shown.")
        )
        labels = analysis.labels
        return [sentence("not-inferior", say(only, first=labels[row.first], second=labels[row.second]))]
    names, counted = _names(analysis, rows), count(len(rows), total, say=say)
    said = say(
        phrase("That the first loss is not worse than the second by that margin was shown for {count}: {pairs}.")
        if names
        else phrase("That the first loss is not worse than the second by that margin was shown for {count}."),
        count=counted,
        pairs=names,
    )
    return [sentence("not-inferior", said)]


def _reservation(analysis: Analysis) -> list[Sentence]:
    if all(row.equivalent for row in analysis.equivalences):
        return []
    text = speech(analysis)("Where equivalence is not shown, that shows no difference either.")
    return [sentence("not-equivalent", text)]


def _seeds(analysis: Analysis) -> list[Sentence]:
    """Tell what the two one-sided t tests over seeds and the posterior say, which speak of these cases only."""
    rows = [row for row in analysis.seeds_equivalences if row.p_tost == row.p_tost]
    if not rows:
        return []
    say, alpha = speech(analysis), analysis.study.analysis.alpha
    sure, total = sum(row.t_rope >= SURE for row in rows), len(rows)
    reached = count(sum(row.p_tost <= alpha for row in rows), total, say=say)
    told: dict[str, Said] = {
        "alpha": prose.exactly(alpha, facts.ALPHA),
        "comparisons": say.counted(total, "{count} comparison", "{count} comparisons", count=reached),
        "sure": prose.exactly(SURE, ""),
    }
    if not sure:
        said = say(
            "Over seeds, on these cases only, two one-sided t tests, unadjusted, reached α = {alpha} for "
            "{comparisons}, and the posterior probability of a difference within the margin was at least {sure} for "
            "none.",
            **told,
        )
        return [sentence("seeds-equivalence", said)]
    said = say(
        "Over seeds, on these cases only, two one-sided t tests, unadjusted, reached α = {alpha} for "
        "{comparisons}, and the posterior probability of a difference within the margin was at least {sure} for {n}.",
        n=prose.count(sure),
        **told,
    )
    return [sentence("seeds-equivalence", said)]
