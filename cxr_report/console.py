"""Progress drawn for people: bars and a live table on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from cxr_report.progress import RunState

__all__ = ["Lines", "LiveTable", "teller"]

PLAIN_SECONDS = 10.0
"""Chosen: a plain line at most this often per piece of work, so that a log of a day stays readable."""


class Lines:
    """Plain lines, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._last: dict[str, float] = {}

    def start(self, label: str, total: int) -> None:
        """Begin a countable piece of work."""
        self._total[label], self._done[label], self._last[label] = total, 0, time.monotonic()

    def advance(self, label: str, count: int = 1) -> None:
        """Print a line now and then."""
        self._done[label] = self._done.get(label, 0) + count
        if time.monotonic() - self._last.get(label, 0.0) >= PLAIN_SECONDS:
            self._last[label] = time.monotonic()
            self.say(f"{label}: {self._done[label]} of {self._total.get(label, 0)}")

    def finish(self, label: str) -> None:
        """Print the end."""
        self.say(f"{label}: {self._done.get(label, 0)} of {self._total.get(label, 0)}, done")

    def run(self, state: RunState) -> None:
        """Print a run's end, and its epochs now and then."""
        if state.state == "waiting":
            return
        key = f"{state.loss} seed {state.seed}"
        ended = state.state in ("trained", "diverged")
        if not ended and time.monotonic() - self._last.get(key, -math.inf) < PLAIN_SECONDS:
            return
        self._last[key] = time.monotonic()
        self.say(f"{key}: {state.state}, epoch {state.epoch} of {state.epochs}{_figures(state)}")

    def say(self, text: str) -> None:
        """Print one sentence."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveTable:
    """Bars, and one line per run at work, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self._tasks: dict[str, TaskID] = {}
        self._runs: dict[tuple[str, int], RunState] = {}
        self._began: float | None = None
        self._epochs_at_start = 0
        self.live = Live(get_renderable=self._draw, console=console, refresh_per_second=4, transient=True)

    def start(self, label: str, total: int) -> None:
        """Show a bar."""
        self._tasks[label] = self._bars.add_task(label, total=total)

    def advance(self, label: str, count: int = 1) -> None:
        """Move a bar."""
        if label in self._tasks:
            self._bars.advance(self._tasks[label], count)

    def finish(self, label: str) -> None:
        """Leave one line in place of the bar."""
        task = self._tasks.pop(label, None)
        if task is not None:
            done = int(self._bars.tasks[self._bars.task_ids.index(task)].completed)
            self._bars.remove_task(task)
            self.say(f"{label}: {done} done")

    def run(self, state: RunState) -> None:
        """Update a run's line."""
        self._runs[state.loss, state.seed] = state
        if self._began is None and state.state == "training":
            self._began, self._epochs_at_start = time.monotonic(), self._epochs()

    def say(self, text: str) -> None:
        """Print one sentence above the bars."""
        self._console.print(text, markup=False, highlight=False)

    def _epochs(self) -> int:
        return sum(run.epochs if run.state in ("trained", "diverged") else run.epoch for run in self._runs.values())

    def _left(self) -> str:
        gained = self._epochs() - self._epochs_at_start
        if self._began is None or gained <= 0:
            return "time left: not known yet"
        total = sum(run.epochs for run in self._runs.values())
        seconds = (time.monotonic() - self._began) / gained * (total - self._epochs())
        return f"time left: about {duration(seconds)}"

    def _draw(self) -> Group:
        parts: list[Table | Progress] = [self._bars] if self._tasks else []
        if any(run.state in ("training", "waiting") for run in self._runs.values()):
            parts.append(self._table())
        return Group(*parts)

    def _table(self) -> Table:
        done = sum(run.state in ("trained", "diverged") for run in self._runs.values())
        table = Table(title=f"{done} of {len(self._runs)} runs finished, {self._left()}", title_justify="left")
        for head in ("loss", "seed", "epoch", "training loss", "validation", "images/s"):
            table.add_column(head, justify="left" if head == "loss" else "right")
        for run in self._runs.values():
            if run.state == "training":
                numbers = (f"{run.train_loss:.4f}", f"{run.score:.4f}", f"{run.images_per_second:.0f}")
                shown = ("" if text == "nan" else text for text in numbers)
                table.add_row(run.loss, str(run.seed), f"{run.epoch}/{run.epochs}", *shown)
        return table


@contextmanager
def teller() -> Iterator[Lines | LiveTable]:
    """Give the progress that fits where stderr goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    table = LiveTable(console)
    with table.live:
        yield table


def duration(seconds: float) -> str:
    """Write a length of time for people.

    Example:
        >>> duration(59), duration(3700), duration(200_000)
        ('59 s', '1 h 2 min', '2 d 8 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {round(whole % 86_400 / 3600)} h"


def size(count: float) -> str:
    """Write a number of bytes for people.

    Example:
        >>> size(512), size(3_000_000)
        ('512 B', '3.0 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _figures(state: RunState) -> str:
    parts = []
    if math.isfinite(state.train_loss):
        parts.append(f"training loss {state.train_loss:.4f}")
    if math.isfinite(state.score):
        parts.append(f"validation {state.score:.4f}")
    if math.isfinite(state.images_per_second):
        parts.append(f"{state.images_per_second:.0f} images/s")
    return "".join(f", {part}" for part in parts)
