"""An Analysis in, the sentences on the order of the losses, and on how stable it is, out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, Ranking
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence

__all__ = ["ranks"]


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
    order = sorted(range(len(each.losses)), key=lambda place: each.mean_ranks[place])
    first, last = order[0], order[-1]
    yield sentence(
        "ranks",
        "Over ",
        prose.count(each.n_seeds, f"{key}.n_seeds"),
        f" seeds, on these test cases, the best mean rank in {metric} was that of "
        f"{analysis.labels[each.losses[first]]} (",
        prose.statistic(each.mean_ranks[first], f"{key}.mean_ranks.{first}"),
        f"), the worst that of {analysis.labels[each.losses[last]]} (",
        prose.statistic(each.mean_ranks[last], f"{key}.mean_ranks.{last}"),
        "); 1 is the best possible.",
    )
    yield sentence(
        "ranks-nemenyi",
        "Nemenyi’s test tells losses apart whose mean ranks differ by more than ",
        prose.statistic(each.critical_difference, f"{key}.critical_difference"),
        " at α = ",
        prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
        ".",
    )
    yield _stable(analysis, key, each, order[0])
    yield sentence(
        "ranks-limit",
        f"Ranks say nothing about how large a difference is, and nothing here speaks of other "
        f"{facts.case_unit(analysis)}.",
    )


def _stable(analysis: Analysis, key: str, each: Ranking, first: int) -> Sentence:
    pieces: list[Piece] = [
        "When the seeds were drawn anew, ",
        analysis.labels[each.losses[first]],
        " held the first rank in ",
        prose.share(each.distribution[first][0], f"{key}.distribution.{first}.0"),
        " of the resamples",
    ]
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
