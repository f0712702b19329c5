"""What was seen of runs that share a device in, how many to train at once out: found by memory and throughput."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["GAIN", "Capacity", "Seen"]

GAIN = 0.05
"""Chosen: half as many runs more must bring at least this share of images per second more; else they only make every
run slower, and memory and the end of the study worse."""

STEP = 1.5
"""Chosen: how many times as many runs are tried next."""

SPARE = 0.9
"""Chosen: share of the free memory that is given away; the allocator loses some to fragments."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Throughput of one number of runs."""

    runs: int
    images_per_second: float


class Capacity:
    """How many runs share a device: one at first, then more as long as they fit and help."""

    def __init__(self, at_most: int | None = None) -> None:
        """Begin with one run.

        Args:
            at_most: the user's own limit; None: there is none.
        """
        self.target = 1
        self.seen: list[Seen] = []
        self._most = math.inf if at_most is None else at_most
        self._settled = False

    @property
    def settled(self) -> bool:
        """Whether the search is over."""
        return self._settled or self.target >= self._most

    def measured(self, bytes_of_run: int, bytes_free: int) -> None:
        """Take what one run holds at its peak, while one is at work, and what is free beside it."""
        if bytes_of_run > 0:
            self._most = min(self._most, 1 + int(SPARE * bytes_free // bytes_of_run))

    def observe(self, images_per_second: float) -> None:
        """Take the throughput of as many runs as `target`, and decide how many come next."""
        before = self.seen[-1] if self.seen else None
        self.seen.append(Seen(self.target, images_per_second))
        if self.settled:
            return
        if before is not None and images_per_second < (1.0 + GAIN) * before.images_per_second:
            self.target, self._settled = before.runs, True
            return
        self.target = int(min(self._most, max(self.target + 1, math.ceil(STEP * self.target))))

    def shrink(self, at_work: int) -> bool:
        """Take it that memory ran out with so many runs at work; return False where there was one alone."""
        if at_work <= 1:
            return False
        self.target = max(1, min(self.target, at_work) - 1)
        self._most, self._settled = self.target, True
        return True

    def said(self) -> str:
        """Describe the search, for the log; numbers as they were measured.

        Example:
            >>> found = Capacity()
            >>> found.observe(100.0), found.observe(180.0), found.observe(181.0)
            (None, None, None)
            >>> found.said()
            '2 runs at once (images/s: 100 with 1, 180 with 2, 181 with 3)'
        """
        runs = f"{self.target} {'run' if self.target == 1 else 'runs'} at once"
        told = ", ".join(f"{one.images_per_second:.0f} with {one.runs}" for one in self.seen)
        return f"{runs} (images/s: {told})" if told else runs
