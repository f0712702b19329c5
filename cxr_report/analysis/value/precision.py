"""What is told of where uncertainty comes from, and of equivalence with the planned margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxr_report.analysis.value.numbers import Number

__all__ = ["Equivalence", "SeedsEquivalence", "VarianceParts"]


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """The variance of an estimate over seeds and cases, taken apart by what would make it smaller."""

    metric: str
    of: Literal["difference of two losses", "mean of one loss"]
    seeds: Number
    """Part that only more seeds make smaller, in squared units of the metric."""
    cases: Number
    """Part that only more cases make smaller."""
    both: Number
    """Part of the interaction of seeds and cases, which more of either make smaller."""
    se: Number
    """Square root of the sum."""
    se_twice_the_seeds: Number
    se_twice_the_cases: Number
    worth_more_of: Literal["seeds", "cases", "either", "undefined"]
    """Of which a doubling lowers the standard error by more; either where both do within a tenth."""
    n_seeds: int
    n_cases: int


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether two losses are equivalent, and whether the first is not inferior, with the joint standard error."""

    metric: str
    first: str
    second: str
    margin: Number
    difference: Number
    low: Number
    """Bounds of the 1 - 2 alpha interval over seeds and cases."""
    high: Number
    p_equivalence: Number
    p_equivalence_adjusted: Number
    """Over the family."""
    equivalent: bool
    """Whether the adjusted p is at most alpha."""
    p_noninferiority: Number
    """That the first is not worse than the second by the margin, in the metric's direction."""
    p_noninferiority_adjusted: Number
    noninferior: bool
    note: str


@dataclass(frozen=True, slots=True)
class SeedsEquivalence:
    """The same question over seeds, on these cases only: two one-sided tests and two posteriors."""

    metric: str
    first: str
    second: str
    margin: Number
    p_tost: Number
    t_left: Number
    """Posterior probability (correlated t, correlation 0) that first - second is below -margin."""
    t_rope: Number
    """That it lies within the region of practical equivalence."""
    t_right: Number
    rank_left: Number
    """The same by the Bayesian signed-rank test."""
    rank_rope: Number
    rank_right: Number
    note: str
