"""What is told of calibration and of subgroups of the test cases."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_report.analysis.value.comparisons import JointMean, JointPair
from cxr_report.analysis.value.numbers import Number

__all__ = ["AbsentClass", "Calibration", "ReliabilityBin", "Subgroup"]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of a reliability diagram, all seeds of a loss together."""

    low: Number
    high: Number
    """Right-closed bounds of the confidence."""
    n: int
    """Predictions, over all seeds."""
    confidence: Number
    """Mean; NaN in an empty bin."""
    accuracy: Number


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well the probabilities of one loss are calibrated on test."""

    loss: str
    n_seeds: int
    ece: Number
    """Mean over seeds."""
    ece_sd: Number
    brier: Number
    """Mean over seeds; equals reliability - resolution + uncertainty + within."""
    reliability: Number
    resolution: Number
    uncertainty: Number
    within: Number
    """Variance and covariance inside the bins, without which the parts do not add up."""
    bins: tuple[ReliabilityBin, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The primary metric among the test cases of one sex, age band or view, over seeds and cases; exploratory."""

    attribute: str
    """sex, age or view."""
    value: str
    metric: str
    n_cases: int
    n_patients: int
    positives: dict[str, int]
    """Class or finding -> cases that have it."""
    refused: str
    """Why no number is given (too few cases, a class is absent); empty where numbers are."""
    means: tuple[JointMean, ...]
    pairs: tuple[JointPair, ...]
    """Those of the family; never adjusted and never judged."""


@dataclass(frozen=True, slots=True)
class AbsentClass:
    """A class or finding without a positive or without a negative case in a split, whose metrics are undefined."""

    split: str
    klass: str
    lacks: str
    """``positive`` or ``negative``."""
