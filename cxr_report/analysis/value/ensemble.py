"""What is told of the ensembles over seeds: one value per loss and metric, and their comparisons over cases alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxr_report.analysis.value.comparisons import JointPair, Role
from cxr_report.analysis.value.numbers import Number

__all__ = ["ENSEMBLES", "Ensemble", "EnsembleScore"]

ENSEMBLES = "cases, these ensembles"
"""What a test of ensembles generalises to; no target of the tests over runs, and therefore none of `Target`."""


@dataclass(frozen=True, slots=True)
class EnsembleScore:
    """One metric of one loss's ensemble, on test."""

    loss: str
    n_seeds: int
    """Its members: the seeds that this loss has finished."""
    estimate: Number
    """NaN where undefined."""
    se: Number
    """Over cases, with the members as they are; NaN where the metric has no covariance over cases."""
    low: Number
    """1 - alpha interval over cases, clipped to the metric's range."""
    high: Number
    members: Number
    """Mean of the same metric over the members; NaN where one of them is undefined."""
    gain: Number
    """``estimate - members``, whichever direction is better."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """One metric of the ensembles of all losses: each is the mean of the probabilities of its finished seeds."""

    metric: str
    role: Role
    covariance: Literal["delong", "jackknife", "bootstrap", "none"]
    """How the covariance over cases was estimated; none: there is no interval and no comparison."""
    n_cases: int
    n_patients: int
    scores: tuple[EnsembleScore, ...]
    """Of every loss that has finished a seed, in the study's order."""
    pairs: tuple[JointPair, ...]
    """Every pair of losses, over cases alone: ``df`` is infinite and ``t`` is z; p is adjusted over the family of this
    metric and, for a metric of the hierarchy, not below those before it. None without a covariance."""
    redrawn: int
    """Resamples that lacked a class and were drawn again, where the covariance is a bootstrap's."""
    note: str

    @property
    def unequal(self) -> bool:
        """Whether two ensembles that the declared family compares are of different numbers of seeds."""
        seeds = {score.loss: score.n_seeds for score in self.scores}
        return any(seeds.get(pair.first) != seeds.get(pair.second) for pair in self.pairs if pair.in_family)
