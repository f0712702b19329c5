"""A run and a bench in, the time of one epoch out; nothing is written."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.lanes import Mark
from cxr_report.training.loop import Run

__all__ = ["Epoch", "measure"]

LONGEST = 20.0
"""Chosen: seconds of training after which the rest of an epoch is extrapolated."""

WARM = 4
"""Steps that are not timed: the first ones allocate memory, choose kernels and are captured."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch of one run takes."""

    seconds: float
    """Training and validation."""
    bytes_of_weights: int


def measure(task: Assignment, bench: Bench) -> Epoch:
    """Time one epoch of a run on training data, and its validation.

    A long epoch is timed in part and extrapolated.
    """
    work = Run(task, bench)
    with work.lane.entered():
        training = _training(work)
        began = time.monotonic()
        logits = work.logits()
        work.lane.fetch(logits).wait()
        validating = time.monotonic() - began
    weights = sum(value.nbytes for value in work.learner.classifier.state_dict().values())
    return Epoch(training + validating, weights)


def _training(work: Run) -> float:
    """Return the seconds that the steps of an epoch take."""
    done, began, before = 0, 0.0, work.lane.mark()
    work.learner.classifier.train()
    for step in range(WARM + work.plan.steps):
        if step % work.plan.steps == 0:
            work.stepper.begin(0, work.plan.agenda(0), None)
        if step == WARM:
            work.lane.mark().wait()
            began = time.monotonic()
        work.stepper.step()
        before = _paced(work, before)
        done = step + 1 - WARM
        if done > 0 and time.monotonic() - began > LONGEST:
            break
    work.lane.mark().wait()
    return (time.monotonic() - began) * work.plan.steps / done


def _paced(work: Run, before: Mark) -> Mark:
    """Wait for the step before, so that the clock stops where the work does."""
    before.wait()
    return work.lane.mark()
