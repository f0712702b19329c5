"""What is told of the conclusion under other defensible analyses; descriptive, the planned analysis alone decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxr_report.analysis.value.comparisons import Target
from cxr_report.analysis.value.numbers import Number

__all__ = ["MultiverseGroup", "MultiverseRow"]


@dataclass(frozen=True, slots=True)
class MultiverseRow:
    """One combination of test, adjustment and interval."""

    test: str
    adjustment: str
    interval: Literal["unadjusted", "simultaneous"]
    low: Number
    high: Number
    p: Number
    p_adjusted: Number
    smallest_p: Number
    """The smallest adjusted p that the test can reach here."""
    reachable: bool
    """Whether that is at most alpha; a row that is not stays visible and leaves the denominator."""
    planned: bool
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
    rows: tuple[MultiverseRow, ...]
    n_reachable: int
    n_better: int
    """Among the reachable rows."""
    n_worse: int
    note: str
