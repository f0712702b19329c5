"""What is told of the conclusion under other defensible analyses; descriptive, the planned analysis alone decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxr_report.analysis.value.comparisons import Target
from cxr_report.analysis.value.numbers import Number

__all__ = ["MultiverseGroup", "MultiverseRow"]


@dataclass(frozen=True, slots=True)
class MultiverseRow:
    """One combination of test, adjustment and interval. Test and adjustment make the decision, whatever the interval.

    So that a decision stands as many times as there are kinds of intervals; the group counts it once.
    """

    test: str
    adjustment: str
    interval: Literal["unadjusted", "simultaneous"]
    low: Number
    """Bounds of the 1 - alpha interval of the test; Wilcoxon's and the sign-flip test show that of the paired t."""
    high: Number
    p: Number
    p_adjusted: Number
    """Over the family, within this estimand and test."""
    smallest_p: Number
    """The smallest adjusted p that the test can reach here; NaN where it is undefined."""
    reachable: bool
    """Whether that is at most alpha; a row that is not stays visible and leaves the denominator."""
    planned: bool
    """Whether this is the decision of the plan."""
    verdict: Literal["better", "worse", "not shown"]
    """Of the first loss against the second."""


@dataclass(frozen=True, slots=True)
class MultiverseGroup:
    """All combinations for one comparison, one estimand and one target; never pooled with another group."""

    metric: str
    threshold: Literal["", "argmax", "youden"]
    """The rule of the estimand; empty for a metric without threshold."""
    target: Target
    first: str
    second: str
    estimate: Number
    """First minus second."""
    rows: tuple[MultiverseRow, ...]
    n_reachable: int
    """Decisions, which are pairs of test and adjustment, that can reach alpha."""
    n_better: int
    """Among these."""
    n_worse: int
    note: str
