"""Processes that train: orders in, messages out; when the driver is left, however, all of them end."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Crew", "Message", "crew"]

COMMAND = (sys.executable, "-P", "-m", "cxr_report.training.worker")

SECONDS_TO_END = 5.0
"""Chosen: how long a worker may take to end by itself when its orders end."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a worker says."""

    worker: int
    """Its place in the crew."""
    kind: str
    """``ready`` (for one run more), ``state``, ``note``, ``done``, ``short`` (a run was given up for now),
    ``measured``, ``refusal``, ``memory``, ``failure`` or ``ended``; the last four are the last of a worker."""
    content: dict[str, Any]


class Crew:
    """Workers at their pipes."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self._processes = list(processes)
        self._first: dict[int, dict[str, Any]] = {}
        """The first order of each worker, which says what the study is."""
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        for place in range(len(self._processes)):
            self._listen(place)

    def __len__(self) -> int:
        return len(self._processes)

    def order(self, worker: int, content: dict[str, Any]) -> None:
        """Send a worker one order; one that has ended is silently left, since its end is a message already."""
        self._first.setdefault(worker, content)
        stream = self._processes[worker].stdin
        try:
            if stream is not None:
                stream.write(json.dumps(content) + "\n")
                stream.flush()
        except BrokenPipeError:
            return

    def again(self, worker: int) -> int:
        """Start another worker in the place of one that has ended, with the same first order; return its place."""
        with _interrupts_held_back():
            self._processes.append(_start())
        place = len(self._processes) - 1
        self._listen(place)
        self.order(place, self._first[worker])
        return place

    def next(self) -> Message:
        """Wait for the next message of anyone."""
        while True:
            try:
                return self._messages.get(timeout=1.0)  # in pieces, so that Windows sees Ctrl-C
            except queue.Empty:
                continue

    def end(self) -> None:
        """Close every worker's orders, and end those that do not end."""
        for process in self._processes:
            if process.stdin is not None:
                try:
                    process.stdin.close()
                except BrokenPipeError:
                    continue
        for process in self._processes:
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _listen(self, place: int) -> None:
        threading.Thread(target=self._read, args=(place,), daemon=True).start()

    def _read(self, place: int) -> None:
        process = self._processes[place]
        for line in process.stdout or ():
            content = json.loads(line)
            self._messages.put(Message(place, content.pop("kind"), content))
        self._messages.put(Message(place, "ended", {"code": process.wait()}))
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def crew(devices: Sequence[str]) -> Iterator[Crew]:
    """Start one worker per entry, and end them all when the block is left.

    Args:
        devices: the device of each worker, as torch names it.
    """
    processes: list[subprocess.Popen[str]] = []
    try:
        with _interrupts_held_back():
            for _ in devices:
                processes.append(_start())
        hands = Crew(processes)
    except BaseException:
        for process in processes:
            process.kill()
        raise
    try:
        yield hands
    finally:
        hands.end()


def _start() -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # asked for by torch's deterministic mode
    }
    pipe = subprocess.PIPE
    return subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, env=environment, text=True, encoding="utf-8")


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let what is started here never see Ctrl-C, not even while it imports torch; here it arrives afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
