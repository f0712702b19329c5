"""A run and a bench in, the time of one epoch in the company that it would have out; nothing is written."""

from __future__ import annotations

import itertools
import sys
import time
from dataclasses import dataclass, replace

import torch

from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.capacity import Capacity
from cxr_report.training.device.lanes import Lane, Mark, lane
from cxr_report.training.device.pauses import Course, Pause
from cxr_report.training.device.rounds import Place, Rounds, meter
from cxr_report.training.run import Run

__all__ = ["Epoch", "company", "endless", "measure"]

LONGEST = 20.0
"""Chosen: seconds of training after which the rest of an epoch is extrapolated."""

WARM = 4
"""Steps that are not timed: the first ones allocate memory, choose kernels and are captured."""

SEARCH = 60.0
"""Chosen: seconds for finding out how many runs share a GPU best; what was found until then counts."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch of one run takes."""

    seconds: float
    """Training and validation, while `runs_at_once` runs share the process's device."""
    bytes_of_weights: int
    bytes_of_memory: int
    """Of one run: of its process on a CPU, on the device on a GPU."""
    runs_at_once: int


def measure(task: Assignment, bench: Bench) -> Epoch:
    """Time one epoch of a run on training data, and its validation.

    A long epoch is timed in part and extrapolated. On a GPU more runs join until they fit or help no more.
    """
    before = meter(bench.device).held()
    work = Run(task, bench)
    with work.lane.entered():
        seconds = _training(work) + _validating(work)
    weights = sum(value.nbytes for value in work.learner.classifier.state_dict().values())
    found = Epoch(seconds, weights, _memory(bench.device, before), 1)
    if bench.device.type == "cpu":
        return found
    del work
    place = Place(lambda one, own: endless(Run(one, bench, own)), lambda: lane(bench.device), meter(bench.device))
    return company(found, task, bench, place)


def company(alone: Epoch, task: Assignment, bench: Bench, place: Place) -> Epoch:
    """Find out how many runs share the device, and what an epoch takes then.

    Args:
        alone: what it takes alone.
        task: of every one of them; their numbers go nowhere.
        bench: what they share.
        place: where they are walked; their courses never end.
    """
    rounds, began = Rounds(place, Capacity()), place.clock()
    while not rounds.capacity.settled and place.clock() - began < SEARCH:
        while rounds.room:
            rounds.add(task)
        rounds.turn()
    seen = [one for one in rounds.capacity.seen if one.runs == rounds.capacity.target] or rounds.capacity.seen[-1:]
    if not seen:
        return alone
    images = len(bench.train) * seen[0].runs
    return replace(alone, seconds=images / seen[0].images_per_second, runs_at_once=seen[0].runs)


def endless(work: Run) -> Course:
    """Train epoch after epoch, for being measured; the one who walks it must stop."""
    while True:
        yield from work.steps()
        yield Pause(epochs=1, warm=work.stepper.warm)


def _training(work: Run) -> float:
    """Return the seconds that the steps of an epoch take."""
    steps, done, began, before = work.plan.steps, 0, 0.0, work.lane.mark()
    work.learner.classifier.train()
    for step in itertools.count():
        if step % steps == 0:
            work.stepper.begin(0, work.plan.agenda(0), None)
        if step == WARM:
            work.lane.mark().wait()
            began = time.monotonic()
        work.stepper.step()
        before = _paced(work.lane, before)
        done = step + 1 - WARM
        if done == steps or (done > 0 and time.monotonic() - began > LONGEST):
            break
    work.lane.mark().wait()
    return (time.monotonic() - began) * steps / done


def _validating(work: Run) -> float:
    began = time.monotonic()
    work.lane.fetch(work.logits()).wait()
    return time.monotonic() - began


def _paced(own: Lane, before: Mark) -> Mark:
    """Wait for the step before, so that the clock stops where the work does."""
    before.wait()
    return own.mark()


def _memory(device: torch.device, before: int) -> int:
    if device.type == "cuda":
        return meter(device).held() - before
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
