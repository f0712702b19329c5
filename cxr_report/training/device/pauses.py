"""Where a run's course may be left for another's: after every piece of work, and where it waits for results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cxr_report.training.device.lanes import Lane, Mark

__all__ = ["Course", "Pause", "follow"]


@dataclass(frozen=True, slots=True)
class Pause:
    """A place at which another course may go on."""

    images: int = 0
    """Trained since the pause before."""
    until: Mark | None = None
    """What must be reached before this course goes on; None: nothing."""
    warm: bool = False
    """Whether further steps take as long as the last one."""
    epochs: int = 0
    """Finished since the pause before."""


Course = Iterator[Pause]
"""A run on its way; each piece of it must be done inside the run's lane."""


def follow(course: Course, lane: Lane) -> None:
    """Walk a course to its end, with nobody beside it."""
    while True:
        with lane.entered():
            try:
                pause = next(course)
            except StopIteration:
                return
        if pause.until is not None:
            pause.until.wait()
