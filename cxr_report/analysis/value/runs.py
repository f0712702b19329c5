"""What is told of single runs, of the losses over their seeds, of the controls and of runs that diverged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cxr_report.analysis.value.numbers import Interval, Number

__all__ = ["Control", "Diverged", "LossSummary", "ModelSize", "RunSummary"]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run, for the appendix."""

    loss: str
    seed: int
    state: Literal["done", "diverged", "missing"]
    chosen_epoch: int
    """1-based; 0 where there is none."""
    values: dict[str, Number]
    """Metric -> value on test, overall."""
    auroc: Interval
    """AUROC on test with its DeLong interval over cases (macro for several classes); NaN where undefined."""
    max_delta: Number
    """Largest |torch - onnx| logit on validation."""
    flips: int
    """Labels that differ between torch and onnx on validation."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    """How large an exported network is."""

    parameters: int
    """Trained ones."""
    multiply_accumulates: int | None
    """Of convolutions and matrix products, for one image; None = not known."""


@dataclass(frozen=True, slots=True)
class LossSummary:
    """One metric of one loss over its seeds, on test."""

    loss: str
    metric: str
    klass: str
    """Empty = overall."""
    n_seeds: int
    mean: Number
    sd: Number
    median: Number
    low: Number
    """95 % (1 - alpha) t interval over seeds."""
    high: Number
    values: tuple[Number, ...]
    """One per seed, in the order of ``Analysis.seeds`` that are paired; NaN where undefined."""
    note: str = ""
    """Why a number is undefined; empty where none is."""


@dataclass(frozen=True, slots=True)
class Control:
    """A row that is no run: what a shortcut alone reaches on test."""

    name: Literal["pixels", "metadata"]
    values: dict[str, Number]
    auroc: Interval
    classes: dict[str, Number] = field(default_factory=dict)
    """Class or finding -> AUROC on test; empty for a binary task."""


@dataclass(frozen=True, slots=True)
class Diverged:
    """A run that did not finish with a finite loss."""

    loss: str
    seed: int
    epoch: int
    reason: str
