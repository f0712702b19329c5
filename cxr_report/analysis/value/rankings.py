"""What is told of the order of the losses, and how stable it is."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_report.analysis.value.comparisons import Role
from cxr_report.analysis.value.numbers import Number

__all__ = ["Cliques", "Ranking"]


@dataclass(frozen=True, slots=True)
class Cliques:
    """Which losses a procedure over all pairs does not tell apart, at alpha.

    A clique is a longest run of losses, in the order of their mean ranks, none of which is told apart from another: one
    bar of a critical-difference diagram. Runs are given only where they say all that the matrix says, that is where two
    losses share a run exactly if they are not told apart. Nemenyi's test asks for the distance of two mean ranks alone,
    so its runs always do. Wilcoxon's test looks at two losses at a time and may tell neighbours apart and not the
    losses around them; no bars can show that, and only the matrix speaks.
    """

    procedure: str
    """``nemenyi`` or ``wilcoxon-holm``."""
    p: tuple[tuple[Number, ...], ...]
    """``(k, k)`` p values adjusted over all pairs, losses in the study's order; 1 on the diagonal."""
    transitive: bool
    """Whether being not told apart is transitive, so that no two runs overlap."""
    drawn: bool
    """Whether bars are drawn: the relation is transitive and its groups are runs; else the matrix is printed."""
    cliques: tuple[tuple[str, ...], ...]
    """Runs of at least two losses, the best first; empty where there is none, or where runs cannot say it."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranks of the losses on one metric over seeds, on these cases."""

    metric: str
    role: Role
    n_seeds: int
    losses: tuple[str, ...]
    """k names, in the study's order."""
    mean_ranks: tuple[Number, ...]
    """``(k,)``, 1 = best."""
    low: tuple[Number, ...]
    """``(k,)`` bounds of the bootstrap interval of the mean rank."""
    high: tuple[Number, ...]
    critical_difference: Number
    """Nemenyi's, in ranks, at alpha."""
    procedures: tuple[Cliques, ...]
    distribution: tuple[tuple[Number, ...], ...]
    """``(k, k)``: row = loss, column = rank, share of the bootstrap resamples of the seeds."""
    tau: Number
    """Mean of Kendall's tau between the resampled and the observed ranking."""
    tau_low: Number
    tau_high: Number
    note: str
