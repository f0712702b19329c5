"""What is told of the arithmetic: whether another one than the exported float32 graph's leads to other conclusions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxr_report.analysis.value.comparisons import Role
from cxr_report.analysis.value.numbers import Number

__all__ = ["Agreement", "Arithmetic", "Reversal", "Shift"]

Arithmetic = Literal["torch", "cpu", "fp16", "int8"]
"""The trained network itself; the exported graph on the CPU where the reference ran on a GPU; a graph in fewer bits."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What an arithmetic does to a metric of one loss: the mean over seeds of its value less the reference's."""

    loss: str
    metric: str
    n_seeds: int
    difference: Number
    se: Number
    df: Number
    """Infinite where there is one seed, and the interval is over cases alone."""
    low: Number
    """1 - alpha interval over seeds and cases, both arithmetics on the same runs and the same cases; unadjusted."""
    high: Number
    note: str
    """Why there is no interval, else empty."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """A conclusion that another arithmetic would turn."""

    kind: Literal["ranking", "decision"]
    metric: str
    role: Role
    first: str
    """Of the pair that is decided on; empty for a ranking."""
    second: str
    before: str
    """Verdict, or the losses from the best mean to the worst, as the reference has it."""
    after: str
    """The same by the other arithmetic."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One arithmetic held against the exported float32 graphs that the report rests on, on the test cases."""

    arithmetic: Arithmetic
    n_runs: int
    """Compared runs that were computed in it."""
    n_labels: int
    """Predicted labels: runs times cases, times findings where a case may have several."""
    max_delta: Number
    """Largest |difference of logits|; NaN where one is not finite."""
    flips: int
    """Labels that differ."""
    not_finite: int
    """Cases of all runs and splits with a logit that is not finite; nothing further is compared then."""
    n_rankings: int
    """Metrics whose means are defined, by the reference or by this arithmetic, and order the losses."""
    n_decisions: int
    """Comparisons of the declared family, for every metric that is compared, that could be tested in either."""
    changes: tuple[Reversal, ...]
    shifts: tuple[Shift, ...]
    """Every metric and loss."""

    @property
    def rankings_changed(self) -> int:
        """How many rankings are other ones."""
        return sum(change.kind == "ranking" for change in self.changes)

    @property
    def decisions_changed(self) -> int:
        """How many decisions are other ones."""
        return sum(change.kind == "decision" for change in self.changes)

    @property
    def barred(self) -> bool:
        """Whether it may not stand in for the reference: it turns a ranking or a decision, or is not finite."""
        return bool(self.changes) or bool(self.not_finite)

    @property
    def undecided(self) -> bool:
        """Whether nothing says if it may stand in for the reference: there was no decision to compare."""
        return not self.barred and not self.n_decisions

    @property
    def replaces(self) -> bool:
        """Whether it may stand in for the reference: there were decisions, and it changes none, nor a ranking."""
        return not self.barred and not self.undecided
