"""A run and a bench in, the time of one epoch out; nothing is written."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.loop import Run

__all__ = ["Epoch", "measure"]

LONGEST = 20.0
"""Chosen: seconds of training after which the rest of an epoch is extrapolated."""

WARM = 2
"""Steps that are not timed: the first ones allocate memory and choose kernels."""


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
    order = torch.split(torch.arange(len(bench.train)), work.batch)
    work.learner.classifier.train()
    done, began = 0, 0.0
    for step in range(WARM + work.steps):
        if step == WARM:
            _wait(bench.device)
            began = time.monotonic()
        images, target = bench.train.batch(order[step % work.steps])
        work.step(images, target, 0, step % work.steps)
        done = step + 1 - WARM
        if done > 0 and time.monotonic() - began > LONGEST:
            break
    _wait(bench.device)
    training = (time.monotonic() - began) * work.steps / done
    began = time.monotonic()
    work.logits()
    _wait(bench.device)
    weights = sum(value.nbytes for value in work.learner.classifier.state_dict().values())
    return Epoch(training + time.monotonic() - began, weights)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
