"""What tuning spent on each loss, where it searched, and what it chose."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_report.analysis.value.numbers import Number

__all__ = ["LossTuning", "SearchedValue", "TuningTrial"]


@dataclass(frozen=True, slots=True)
class SearchedValue:
    """Where one value of a loss was searched."""

    name: str
    """``learning_rate``, ``weight_decay``, or a parameter of the loss."""
    scale: str
    """``linear``, ``log`` or ``complement`` (the logarithm of 1 - x) for a range, ``list``, or ``fixed``."""
    low: Number
    """Smallest value; NaN where it is fixed."""
    high: Number
    values: tuple[Number, ...] = ()
    """Of a list."""


@dataclass(frozen=True, slots=True)
class TuningTrial:
    """One configuration."""

    number: int
    """From 1 on; 1 is the configuration that is written in the study."""
    values: dict[str, Number]
    scores: tuple[Number, ...]
    """Primary metric on validation per training; NaN where it diverged or is undefined."""
    mean: Number
    """Of the scores; NaN where one of them is."""


@dataclass(frozen=True, slots=True)
class LossTuning:
    """The tuning of one loss; the budget is the same for every loss of a study."""

    loss: str
    metric: str
    """The primary metric of the plan before the runs, on validation."""
    seeds: tuple[int, ...]
    """Of the trainings of every configuration; no run has one of them."""
    epochs: int
    """Of one training."""
    space: tuple[SearchedValue, ...]
    trials: tuple[TuningTrial, ...]
    chosen: int
    """Number of the trial with the best mean, of equals the earliest."""
    best: tuple[Number, ...]
    """Best mean so far, after each trial; NaN before the first that has one."""
    note: str = ""
    """Why the written configuration was taken where no trial has a score; empty otherwise."""
