"""An Analysis in, the sentences on the conclusion under other analyses out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, MultiverseGroup, Target
from cxr_report.report.figures.multiverse import planned_groups
from cxr_report.report.names import short_target
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import count
from cxr_report.report.narrative.facts import Keyed
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["alternatives"]

MOST, ALL = 6, 3
"""Chosen: comparisons that a sentence can list, and up to which every target is listed; else they are counted."""

TARGETS: tuple[Target, ...] = (BOTH, SEEDS, CASES)


def alternatives(analysis: Analysis) -> tuple[Sentence, ...]:
    """Count decisions on the primary metric target by target, and say how not to read the counts."""
    groups = [(f"multiverse.{place}", group) for place, group in planned_groups(analysis)]
    if not groups:
        return ()
    return (
        *_told(analysis, groups),
        *_unreachable(analysis, groups),
        sentence(
            "multiverse-reading",
            "This is a description: no p value belongs to it, a share of decisions is no probability, and the planned "
            "analysis alone decides.",
        ),
    )


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
    metric = facts.spoken(analysis.study.metrics.primary)
    shown = [each for each in groups if each[1].n_better or each[1].n_worse]
    none = listed(
        [
            f"{analysis.labels[group.first]} against {analysis.labels[group.second]}"
            for _, group in groups
            if not (group.n_better or group.n_worse)
        ]
    )
    begin = f"For other {short_target(analysis, target)}, "
    if not shown:
        return sentence("multiverse-none", f"{begin}no decision on {metric} shows a difference for {none}.")
    pieces = [each for turn, one in enumerate(shown) for each in ("; " if turn else "", *_shares(analysis, *one))]
    tail = f"; none shows a difference for {none}" if none else ""
    return sentence("multiverse", f"{begin}of the decisions on {metric}: ", pieces, f"{tail}.")


def _shares(analysis: Analysis, key: str, group: MultiverseGroup) -> Iterator[Piece]:
    """Say of one comparison in how many decisions the first loss is better, and in how many it is worse."""
    yield f"{analysis.labels[group.first]} against {analysis.labels[group.second]} was "
    ways = [way for way in ("better", "worse") if getattr(group, f"n_{way}")]
    for turn, way in enumerate(ways):
        yield f"{' and ' if turn else ''}{way} in "
        yield prose.count(getattr(group, f"n_{way}"), f"{key}.n_{way}")
    yield " of "
    yield prose.count(group.n_reachable, f"{key}.n_reachable")


def _changed(
    analysis: Analysis, target: Target, groups: list[MultiverseGroup], planned: Mapping[tuple[str, str], str]
) -> Sentence:
    changed = [
        group
        for group in groups
        if any(row.reachable and row.verdict != planned[group.first, group.second] for row in group.rows)
    ]
    metric = facts.spoken(analysis.study.metrics.primary)
    return sentence(
        "multiverse-changed",
        f"For other {short_target(analysis, target)}, some decision on {metric} is another than the planned one in ",
        *count(len(changed), len(groups)),
        " comparisons.",
    )


def _unreachable(analysis: Analysis, groups: list[Keyed[MultiverseGroup]]) -> Iterator[Sentence]:
    out = {
        (place, row.test, row.adjustment) for place, group in groups for row in group.rows if not row.reachable
    }  # fmt: skip
    if out:
        yield sentence(
            "multiverse-unreachable",
            "Of the decisions on this metric ",
            prose.count(len(out)),
            " cannot reach α = ",
            prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
            f", and {'is' if len(out) == 1 else 'are'} not counted.",
        )
