"""Work that is done over and over in: issued a few times as it is, then captured and replayed out."""

from __future__ import annotations

from collections.abc import Callable

from cxr_report.training.device.graphs import Uncapturable
from cxr_report.training.device.lanes import Lane, Replay
from cxr_report.training.randomness import drawing

__all__ = ["WARM", "Routine"]

WARM = 3
"""Quoted: eager rounds before a capture, as in torch's notes on CUDA graphs; here they are steps that count."""


class Routine:
    """Work on tensors that stay where they are, on one lane."""

    def __init__(self, work: Callable[[], None], lane: Lane, *, eager: str, note: Callable[[str], None]) -> None:
        """Set it up; nothing is done yet.

        Args:
            work: takes and returns nothing, and must not depend on anything in Python that changes.
            lane: where it is issued.
            eager: why it must not be captured; empty: it may.
            note: told in half a sentence why it is not captured, where the lane could.
        """
        self._work, self._lane, self._note = work, lane, note
        self._capturing = lane.captures and not eager
        self._replay: Replay | None = None
        self._done = 0
        if lane.captures and eager:
            note(eager)

    @property
    def warm(self) -> bool:
        """Whether what is to come takes as long each time: it is captured, or never will be."""
        return self._done >= WARM and (self._replay is not None or not self._capturing)

    def forget(self) -> None:
        """Issue it anew from now on, since something in Python has changed."""
        self._replay, self._done = None, 0

    def go(self, start: int | None = None) -> None:
        """Do it once.

        Args:
            start: what torch's own generators start from inside; None: nothing is drawn.
        """
        if self._capturing and self._replay is None and self._done >= WARM:
            self._capture()
        if self._replay is not None:
            self._replay(start)
        elif start is None:
            self._work()
        else:
            with drawing(self._lane.device, start):
                self._work()
        self._done += 1

    def _capture(self) -> None:
        try:
            self._replay = self._lane.capture(self._work)
        except Uncapturable as reason:
            self._capturing = False
            self._note(str(reason))
