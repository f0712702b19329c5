"""The losses and the plan in, the pairs that are compared out: how each is turned round, and which are the family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from cxr_report import stats
from cxr_report.analysis.value import Role, Verdict
from cxr_report.study import Study

__all__ = ["Adjustment", "Family", "adjusted", "role", "serial", "verdict"]

Adjustment = Literal["none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by"]


@dataclass(frozen=True, slots=True)
class Family:
    """All pairs of losses, each turned so that the baseline stands second, and those that the plan declares."""

    losses: tuple[str, ...]
    """k names, in the study's order."""
    baseline: str
    kind: Literal["baseline", "all"]
    """k - 1 comparisons with the baseline, or all k (k - 1) / 2."""

    @classmethod
    def of(cls, study: Study) -> Family:
        """Take the family from a study's plan."""
        return cls(tuple(study.losses), study.analysis.baseline, study.analysis.family)

    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Return every pair as places of the first and the second loss; a difference is first - second."""
        last = self.losses.index(self.baseline)
        return tuple((j, i) if i == last else (i, j) for i, j in combinations(range(len(self.losses)), 2))

    def holds(self, pair: tuple[int, int]) -> bool:
        """Say whether a pair belongs to the declared family."""
        return self.kind == "all" or self.losses.index(self.baseline) in pair

    @property
    def size(self) -> int:
        """How many comparisons the family has."""
        return sum(self.holds(pair) for pair in self.pairs())


def role(study: Study, metric: str) -> Role:
    """Say what the plan makes of a metric."""
    if metric == study.metrics.primary:
        return "primary"
    return "hierarchy" if metric in study.analysis.hierarchy else "exploratory"


def adjusted(p: Sequence[float], method: Adjustment) -> list[float]:
    """Adjust the p values of one family.

    An undefined p stays undefined but keeps its place in the family, as a comparison that was planned.

    Args:
        p: one per comparison, NaN where undefined.
        method: an adjustment of the plan.
    """
    return [float(value) for value in stats.adjust(p, method)] if len(p) else []


def serial(study: Study, families: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Adjust one family per metric, those of the hierarchy one after the other.

    A metric of the hierarchy is tested only where every comparison of the metrics before it is shown, so that its
    adjusted p is not below any of theirs (serial gatekeeping; Westfall & Krishen 2001, doi
    10.1016/S0378-3758(01)00077-5). Where one of theirs is undefined nothing after it can be shown: its p is then 1.
    Exploratory metrics are adjusted for themselves.

    Args:
        study: primary metric, hierarchy and adjustment.
        families: metric -> raw p values of its family.

    Returns:
        Metric -> adjusted p values, in the same order.
    """
    result = {metric: adjusted(p, study.analysis.adjustment) for metric, p in families.items()}
    gate = 0.0
    for metric in (study.metrics.primary, *study.analysis.hierarchy):
        own = [value if value != value else max(value, gate) for value in result.get(metric, [1.0])]
        if metric in result:
            result[metric] = own
        gate = max([gate, *(1.0 if value != value else value for value in own)])
    return result


def verdict(difference: float, p: float, *, alpha: float, higher_is_better: bool) -> Verdict:
    """Say which of two losses of the family is shown to be better, if any.

    Args:
        difference: first - second.
        p: adjusted.
        alpha: a difference counts as shown where p is at most this.
        higher_is_better: the metric's direction.
    """
    if not (p <= alpha) or difference == 0 or difference != difference:
        return "not shown"
    return "first better" if (difference > 0) == higher_is_better else "second better"
