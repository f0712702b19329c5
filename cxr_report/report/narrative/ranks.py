"""An Analysis in, the sentences on the order of the losses, and on how stable it is, out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Ranking
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

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
    metric = facts.spoken(each.metric)
    if any(math.isnan(rank) for rank in each.mean_ranks):
        yield sentence("no-ranks", f"The losses could not be ranked in {metric}: {facts.noted(each.note)}.")
        return
    begin: list[Piece] = ["Over ", prose.count(each.n_seeds, f"{key}.n_seeds"), " seeds, on these test cases, "]
    first, last = _holders(each, min(each.mean_ranks)), _holders(each, max(each.mean_ranks))
    if len(first) == len(each.losses):
        yield sentence(
            "ranks-equal", *begin, f"all losses had the same mean rank in {metric}", *_rank(key, each, 0), "."
        )
    else:
        yield sentence(
            "ranks",
            *begin,
            f"the best mean rank in {metric} {_whose(analysis, each, first)}",
            *_rank(key, each, first[0]),
            f", the worst {_whose(analysis, each, last)}",
            *_rank(key, each, last[0]),
            "; 1 is the best possible.",
        )
    yield sentence(
        "ranks-nemenyi",
        "Nemenyi’s test tells losses apart whose mean ranks differ by more than ",
        prose.statistic(each.critical_difference, f"{key}.critical_difference"),
        " at α = ",
        prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
        ".",
    )
    yield _stable(analysis, key, each, first)
    yield sentence(
        "ranks-limit",
        f"Ranks say nothing about how large a difference is, and nothing here speaks of other "
        f"{facts.case_unit(analysis)}.",
    )


def _holders(each: Ranking, rank: float) -> list[int]:
    """Return the places of the losses that have a mean rank."""
    return [place for place, own in enumerate(each.mean_ranks) if abs(own - rank) <= TIE]


def _whose(analysis: Analysis, each: Ranking, places: list[int]) -> str:
    names = listed([analysis.labels[each.losses[place]] for place in places])
    return f"was that of {names}" if len(places) == 1 else f"was shared by {names}"


def _rank(key: str, each: Ranking, place: int) -> list[Piece]:
    return [" (", prose.statistic(each.mean_ranks[place], f"{key}.mean_ranks.{place}"), ")"]


def _stable(analysis: Analysis, key: str, each: Ranking, first: list[int]) -> Sentence:
    pieces: list[Piece] = ["When the seeds were drawn anew, the first rank was held by "]
    for turn, place in enumerate(first):
        pieces.append("" if not turn else " and " if turn == len(first) - 1 else ", ")
        share = prose.share(each.distribution[place][0], f"{key}.distribution.{place}.0")
        pieces += [f"{analysis.labels[each.losses[place]]} in ", share]
    pieces.append(" of the resamples")
    if not math.isnan(each.tau):
        pieces += [
            "; Kendall’s τ between resampled and observed order was ",
            prose.statistic(each.tau, f"{key}.tau"),
            " on average (",
            prose.percent_of(analysis.study.analysis.alpha, facts.ALPHA),
            " interval ",
            prose.statistic(each.tau_low, f"{key}.tau_low"),
            " to ",
            prose.statistic(each.tau_high, f"{key}.tau_high"),
            ")",
        ]
    return sentence("ranks-stable", *pieces, ".")
