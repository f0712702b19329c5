"""An Analysis in, the sentences on the order of the losses, and on how stable it is, out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Ranking
from cxr_report.report.language import speech
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Number, Piece, Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["ranks"]

TIE = 1e-9
"""Chosen: mean ranks that differ by no more are the same; others differ by a half over the number of seeds at least."""


def ranks(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say how the losses rank on the primary metric over seeds, on these cases."""
    for place, each in enumerate(analysis.rankings):
        if each.metric == analysis.study.metrics.primary:
            return tuple(_ranks(analysis, f"rankings.{place}", each))
    return ()


def _ranks(analysis: Analysis, key: str, each: Ranking) -> Iterator[Sentence]:
    say = speech(analysis)
    if any(math.isnan(rank) for rank in each.mean_ranks):
        name, why = facts.spoken(each.metric, say), facts.noted(each.note, say)
        none = say("The losses could not be ranked in {metric}: {why}.", metric=name, why=why)
        yield sentence("no-ranks", none)
        return
    first = _holders(each, min(each.mean_ranks))
    yield _order(analysis, key, each, first)
    nemenyi = say(
        "Nemenyi’s test tells losses apart whose mean ranks differ by more than {width} at α = {alpha}.",
        width=prose.statistic(each.critical_difference, f"{key}.critical_difference"),
        alpha=prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
    )
    yield sentence("ranks-nemenyi", nemenyi)
    yield _stable(analysis, key, each, first)
    limit = say(
        "Ranks say nothing about how large a difference is, and nothing here speaks of other {unit}.",
        unit=facts.case_unit(analysis),
    )
    yield sentence("ranks-limit", limit)


def _order(analysis: Analysis, key: str, each: Ranking, first: list[int]) -> Sentence:
    """Say who has the best and who the worst mean rank, or that there is one only."""
    say = speech(analysis)
    told: dict[str, Said] = {
        "n": prose.count(each.n_seeds, f"{key}.n_seeds"),
        "metric": facts.spoken(each.metric, say),
    }
    if len(first) == len(each.losses):
        equal = say(
            "Over {n} seeds, on these test cases, all losses had the same mean rank in {metric} ({rank}).",
            rank=_rank(key, each, 0),
            **told,
        )
        return sentence("ranks-equal", equal)
    said = say(
        "Over {n} seeds, on these test cases, the best mean rank in {metric} was {best}, the worst was {worst}; 1 is "
        "the best possible.",
        best=_whose(analysis, key, each, first),
        worst=_whose(analysis, key, each, _holders(each, max(each.mean_ranks))),
        **told,
    )
    return sentence("ranks", said)


def _holders(each: Ranking, rank: float) -> list[int]:
    """Return the places of the losses that have a mean rank."""
    return [place for place, own in enumerate(each.mean_ranks) if abs(own - rank) <= TIE]


def _whose(analysis: Analysis, key: str, each: Ranking, places: list[int]) -> tuple[Piece, ...]:
    say, names = speech(analysis), [analysis.labels[each.losses[place]] for place in places]
    rank = _rank(key, each, places[0])
    return say.counted(
        len(names), "that of {losses} ({rank})", "shared by {losses} ({rank})", losses=say.listed(names), rank=rank
    )


def _rank(key: str, each: Ranking, place: int) -> Number:
    return prose.statistic(each.mean_ranks[place], f"{key}.mean_ranks.{place}")


def _stable(analysis: Analysis, key: str, each: Ranking, first: list[int]) -> Sentence:
    """Say how often those who rank first do so when the seeds are drawn anew."""
    say = speech(analysis)
    held = [
        say(
            "{loss} in {share}",
            loss=analysis.labels[each.losses[place]],
            share=prose.share(each.distribution[place][0], f"{key}.distribution.{place}.0"),
        )
        for place in first
    ]
    if math.isnan(each.tau):
        said = say(
            "When the seeds were drawn anew, the first rank was held by {shares} of the resamples.",
            shares=say.listed(held),
        )
        return sentence("ranks-stable", said)
    said = say(
        "When the seeds were drawn anew, the first rank was held by {shares} of the resamples; Kendall’s τ between "
        "resampled and observed order was {tau} on average ({level} interval {low} to {high}).",
        shares=say.listed(held),
        tau=prose.statistic(each.tau, f"{key}.tau"),
        level=prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
        low=prose.statistic(each.tau_low, f"{key}.tau_low"),
        high=prose.statistic(each.tau_high, f"{key}.tau_high"),
    )
    return sentence("ranks-stable", said)
