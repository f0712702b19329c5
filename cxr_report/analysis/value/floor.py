"""What is told of the noise floor: rounding alone, another set of seeds, and how often tests reject equal losses."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_report.analysis.value.comparisons import Target
from cxr_report.analysis.value.numbers import Number

__all__ = ["NullRate", "SeedFloor", "Twin"]


@dataclass(frozen=True, slots=True)
class Twin:
    """Two losses that are mathematically the same, trained with the same seeds: the numerical floor."""

    first: str
    second: str
    metric: str
    n_seeds: int
    n_cases: int
    identical: bool
    """Whether all bits of the test logits agree; then no p is given anywhere."""
    max_delta: Number
    """Largest |difference| of a test logit."""
    flips: int
    """Test labels that differ, summed over the seeds."""
    differences: tuple[Number, ...]
    """``(S,)`` first - second on the primary metric, seed by seed."""
    note: str


@dataclass(frozen=True, slots=True)
class SeedFloor:
    """The baseline against itself with further seeds: the seed floor. It belongs to no family and changes nothing."""

    loss: str
    metric: str
    seeds: tuple[int, ...]
    """The study's."""
    further: tuple[int, ...]
    """As many again, disjoint."""
    difference: Number
    """Mean over the first minus mean over the further seeds."""
    se: Number
    """Over seeds and cases, nested design."""
    df: Number
    t: Number
    p: Number
    """Of the one planned comparison, unadjusted."""
    low: Number
    high: Number
    percentile_95: Number
    """95th percentile of |difference of means| over splits of all these runs into two halves; these cases only."""
    n_splits: int
    exhaustive: bool
    """Whether these are all splits, or random ones."""
    note: str


@dataclass(frozen=True, slots=True)
class NullRate:
    """How often a planned test rejects where all losses are equal, simulated with the study's own components."""

    test: str
    claim: Target
    """What a rejection would claim to hold for."""
    rate: Number
    monte_carlo_error: Number
    """Standard error of the rate."""
    n_simulations: int
    note: str
