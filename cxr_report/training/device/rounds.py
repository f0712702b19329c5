"""Runs in, turn after turn out: one process that walks the courses of several runs on one device, as many as help."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch

from cxr_report.training.bench import Assignment
from cxr_report.training.device.capacity import Capacity
from cxr_report.training.device.graphs import out_of_memory
from cxr_report.training.device.lanes import Lane, Mark
from cxr_report.training.device.pauses import Course

__all__ = ["CudaMeter", "Failed", "Meter", "Place", "PlainMeter", "Rounds", "Turn", "meter"]

WINDOW = 3.0
"""Chosen: seconds over which throughput is measured."""


class Meter(Protocol):
    """The memory of a device."""

    def held(self) -> int:
        """Return the bytes that this process has held at most."""

    def free(self) -> int:
        """Return the bytes that nobody holds."""

    def release(self) -> None:
        """Give back what is held and not used."""


class PlainMeter:
    """A CPU, where a process trains one run and the system keeps the books."""

    def held(self) -> int:
        """Return 0, which says that nothing is known."""
        return 0

    def free(self) -> int:
        """Return 0."""
        return 0

    def release(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class CudaMeter:
    """A GPU."""

    device: torch.device

    def held(self) -> int:
        """Return the most that torch has reserved, graphs included."""
        return torch.cuda.max_memory_reserved(self.device)

    def free(self) -> int:
        """Return what the driver calls free."""
        return int(torch.cuda.mem_get_info(self.device)[0])

    def release(self) -> None:
        """Empty torch's cache."""
        torch.cuda.empty_cache()


def meter(device: torch.device) -> Meter:
    """Return the meter of a device."""
    return CudaMeter(device) if device.type == "cuda" else PlainMeter()


class Failed(Exception):  # noqa: N818 - carries the error of a run, which is its cause
    """A run failed; the cause says how."""

    def __init__(self, task: Assignment) -> None:
        super().__init__(f"loss {task.loss}, seed {task.seed}")
        self.task = task


@dataclass(frozen=True, slots=True)
class Place:
    """What the rounds need of where they are walked."""

    begin: Callable[[Assignment, Lane], Course]
    """Makes the course of a run."""
    lane: Callable[[], Lane]
    """Makes a new lane."""
    meter: Meter
    clock: Callable[[], float] = time.monotonic
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn brought."""

    done: tuple[Assignment, ...] = ()
    """Runs that came to their end."""
    short: tuple[Assignment, ...] = ()
    """Runs that were given up for now since memory ran out."""
    settled: bool = False
    """Whether it was found in this turn how many runs go at once."""


@dataclass(slots=True)
class _Walk:
    """A run on its way."""

    task: Assignment
    lane: Lane
    course: Course
    until: Mark | None = None
    warm: bool = False


@dataclass(slots=True)
class _Window:
    """A stretch of time over which images are counted."""

    runs: int
    since: float
    images: int = 0


@dataclass(slots=True)
class Rounds:
    """Runs that take turns."""

    place: Place
    capacity: Capacity
    _walks: list[_Walk] = field(default_factory=list)
    _window: _Window | None = None
    _base: int = 0
    """Bytes held before the first run."""
    _measured: bool = False

    @property
    def at_work(self) -> int:
        """How many runs are on their way."""
        return len(self._walks)

    @property
    def room(self) -> int:
        """How many more may begin."""
        return max(0, self.capacity.target - self.at_work)

    def add(self, task: Assignment) -> None:
        """Let a run begin with the next turn."""
        if not self._measured and not self._walks:
            self._base = self.place.meter.held()
        own = self.place.lane()
        self._walks.append(_Walk(task, own, self.place.begin(task, own)))

    def turn(self) -> Turn:
        """Do the next piece of every run that waits for nothing; where all wait, wait for the first.

        Raises:
            Failed: a run raised an error, or memory ran out while one was alone.
        """
        able = [walk for walk in self._walks if walk.until is None or walk.until.ready()]
        if not able and self._walks and self._walks[0].until is not None:
            self._walks[0].until.wait()
            able = self._walks[:1]
        done: list[Assignment] = []
        short: list[Assignment] = []
        for walk in able:
            outcome = self._advance(walk)
            if outcome == "done":
                done.append(walk.task)
            elif outcome == "short":
                short.append(walk.task)
        return Turn(tuple(done), tuple(short), self._watch())

    def _advance(self, walk: _Walk) -> str:
        """Do the next piece of a run; say whether it goes ``on``, is ``done``, or is ``short`` of memory."""
        at_work = self.at_work
        try:
            with walk.lane.entered():
                pause = next(walk.course)
        except StopIteration:
            self._drop(walk)
            return "done"
        except Exception as error:
            if not out_of_memory(error) or not self.capacity.shrink(at_work):
                raise Failed(walk.task) from error
        else:
            walk.until, walk.warm = pause.until, walk.warm or pause.warm
            self._count(pause.images, pause.epochs)
            return "on"
        self._drop(walk)  # out here, where the error and the tensors in its frames are gone
        self.place.meter.release()
        return "short"

    def _drop(self, walk: _Walk) -> None:
        """Forget a run; its parts know each other, so that nothing else would free their memory now."""
        self._walks.remove(walk)
        walk.course = iter(())
        gc.collect()

    def _count(self, images: int, epochs: int) -> None:
        if self._window is not None:
            self._window.images += images
        if epochs and not self._measured and self.at_work == 1:
            self._measured = True
            self.capacity.measured(self.place.meter.held() - self._base, self.place.meter.free())

    def _watch(self) -> bool:
        """Measure throughput where it would tell something; say whether the search has just ended."""
        if self.capacity.settled or not self._measured:
            return False
        if self.at_work != self.capacity.target or not all(walk.warm for walk in self._walks):
            self._window = None
            return False
        now = self.place.clock()
        if self._window is None or self._window.runs != self.at_work:
            self._window = _Window(self.at_work, now)
            return False
        if now - self._window.since < WINDOW:
            return False
        self.capacity.observe(self._window.images / (now - self._window.since))
        self._window = None
        return self.capacity.settled
