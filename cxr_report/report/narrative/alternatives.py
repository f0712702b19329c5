"""An Analysis in, the sentences on the conclusion under other analyses out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, MultiverseGroup, Target
from cxr_report.report.figures.multiverse import planned_groups
from cxr_report.report.names import short_target
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.prose import Piece, Sentence, sentence

__all__ = ["alternatives"]

MOST, ALL = 6, 3
"""Chosen: comparisons that a sentence can list, and up to which every target is listed; else the figure speaks."""

TARGETS: tuple[Target, ...] = (BOTH, SEEDS, CASES)


def alternatives(analysis: Analysis) -> tuple[Sentence, ...]:
    """Count decisions on the primary metric target by target, and say how not to read the counts."""
    groups = planned_groups(analysis)
    if not groups:
        return ()
    return (
        *_listed(analysis, groups),
        *_unreachable(analysis, groups),
        sentence(
            "multiverse-reading",
            "This is a description: no p value belongs to it, a share of decisions is no probability, and the planned "
            "analysis alone decides.",
        ),
    )


def _listed(analysis: Analysis, groups: list[tuple[int, MultiverseGroup]]) -> Iterator[Sentence]:
    metric = facts.spoken(analysis.study.metrics.primary)
    for target in TARGETS:
        mine = [each for each in groups if each[1].target == target]
        decides = any(row.planned for _, group in mine for row in group.rows)
        if not 0 < len(mine) <= (MOST if decides else ALL):
            continue
        pieces: list[Piece] = []
        for place, group in mine:
            key = f"multiverse.{place}"
            first, second = analysis.labels[group.first], analysis.labels[group.second]
            pieces += [
                "; " if pieces else "",
                f"{first} against {second} was better in ",
                prose.count(group.n_better, f"{key}.n_better"),
                " and worse in ",
                prose.count(group.n_worse, f"{key}.n_worse"),
                " of ",
                prose.count(group.n_reachable, f"{key}.n_reachable"),
            ]
        yield sentence(
            "multiverse", f"For other {short_target(analysis, target)}, of the decisions on {metric}: ", pieces, "."
        )


def _unreachable(analysis: Analysis, groups: list[tuple[int, MultiverseGroup]]) -> Iterator[Sentence]:
    out = {
        (place, row.test, row.adjustment) for place, group in groups for row in group.rows if not row.reachable
    }  # fmt: skip
    if out:
        yield sentence(
            "multiverse-unreachable",
            prose.count(len(out)),
            f" {'decision' if len(out) == 1 else 'decisions'} on this metric cannot reach α = ",
            prose.exactly(analysis.study.analysis.alpha, facts.ALPHA),
            ", and are not counted.",
        )
