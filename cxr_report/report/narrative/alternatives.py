"""An Analysis in, the sentences on the conclusion under other analyses out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, MultiverseGroup, Target
from cxr_report.report.figures.multiverse import planned_groups
from cxr_report.report.language import speech
from cxr_report.report.names import short_target
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import count, pairs
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.pieces import Said

__all__ = ["alternatives"]

MOST, ALL = 6, 3
"""Chosen: comparisons that a sentence can list, and up to which every target is listed; else they are counted."""

TARGETS: tuple[Target, ...] = (BOTH, SEEDS, CASES)


def alternatives(analysis: Analysis) -> tuple[Sentence, ...]:
    """Count decisions on the primary metric target by target, and say how not to read the counts."""
    groups = [(f"multiverse.{place}", group) for place, group in planned_groups(analysis)]
    if not groups:
        return ()
    reading = speech(analysis)(
        "This is a description: no p value belongs to it, a share of decisions is no probability, and the planned "
        "analysis alone decides."
    )
    return (*_told(analysis, groups), *_unreachable(analysis, groups), sentence("multiverse-reading", reading))


def _told(analysis: Analysis, groups: list[Keyed[MultiverseGroup]]) -> Iterator[Sentence]:
    """Tell target by target every comparison where they are few, else in how many the plan's decision changes."""
    planned = {
        (group.first, group.second): row.verdict for _, group in groups for row in group.rows if row.planned
    }  # fmt: skip
    for target in TARGETS:
        mine = [each for each in groups if each[1].target == target]
        decides = any(row.planned for _, group in mine for row in group.rows)
        if 0 < len(mine) <= (MOST if decides else ALL):
            yield _listed(analysis, target, mine)
        elif mine and planned:
            yield _changed(analysis, target, [group for _, group in mine], planned)


def _listed(analysis: Analysis, target: Target, groups: list[Keyed[MultiverseGroup]]) -> Sentence:
    say = speech(analysis)
    shown = [each for each in groups if each[1].n_better or each[1].n_worse]
    none = [(group.first, group.second) for _, group in groups if not (group.n_better or group.n_worse)]
    told: dict[str, Said] = {
        "target": short_target(analysis, target),
        "metric": facts.spoken(analysis.study.metrics.primary, say),
        "pairs": pairs(analysis, none),
        "shares": say.rowed([_shares(analysis, *one) for one in shown], "; "),
    }
    if not shown:
        said = say("For other {target}, no decision on {metric} shows a difference for {pairs}.", **told)
        return sentence("multiverse-none", said)
    if none:
        said = say(
            "For other {target}, of the decisions on {metric}: {shares}; none shows a difference for {pairs}.", **told
        )
        return sentence("multiverse", said)
    return sentence("multiverse", say("For other {target}, of the decisions on {metric}: {shares}.", **told))


def _shares(analysis: Analysis, key: str, group: MultiverseGroup) -> tuple[Piece, ...]:
    """Say of one comparison in how many decisions the first loss is better, and in how many it is worse."""
    say = speech(analysis)
    told: dict[str, Said] = {
        "first": analysis.labels[group.first],
        "second": analysis.labels[group.second],
        "better": prose.count(group.n_better, f"{key}.n_better"),
        "worse": prose.count(group.n_worse, f"{key}.n_worse"),
        "total": prose.count(group.n_reachable, f"{key}.n_reachable"),
    }
    if group.n_better and group.n_worse:
        return say("{first} against {second} was better in {better} and worse in {worse} of {total}", **told)
    if group.n_better:
        return say("{first} against {second} was better in {better} of {total}", **told)
    return say("{first} against {second} was worse in {worse} of {total}", **told)


def _changed(
    analysis: Analysis, target: Target, groups: list[MultiverseGroup], planned: Mapping[tuple[str, str], str]
) -> Sentence:
    say = speech(analysis)
    changed = [
        group
        for group in groups
        if any(row.reachable and row.verdict != planned[group.first, group.second] for row in group.rows)
    ]
    said = say(
        "For other {target}, some decision on {metric} is another than the planned one in {count} comparisons.",
        target=short_target(analysis, target),
        metric=facts.spoken(analysis.study.metrics.primary, say),
        count=count(len(changed), len(groups), say=say),
    )
    return sentence("multiverse-changed", said)


def _unreachable(analysis: Analysis, groups: list[Keyed[MultiverseGroup]]) -> Iterator[Sentence]:
    out = {
        (place, row.test, row.adjustment) for place, group in groups for row in group.rows if not row.reachable
    }  # fmt: skip
    if out:
        said = speech(analysis).counted(
            len(out),
            "Of the decisions on this metric {n} cannot reach α = {alpha}, and is not counted.",
            "Of the decisions on this metric {n} cannot reach α = {alpha}, and are not counted.",
            n=prose.count(len(out)),
            alpha=prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
        )
        yield sentence("multiverse-unreachable", said)
