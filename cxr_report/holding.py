"""Who works on a study: one process that drives it, or several at once that train a shard of its runs each.

All locks lie beside the studies. The system lets go of them when a process ends, however it ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder

__all__ = ["Shard", "held", "held_by_shard"]

T = TypeVar("T")

TURN = 120.0
"""Chosen: seconds to wait for one's turn to begin; each takes a fraction of one, and hundreds may start at once."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a study's runs, for one job of an array."""

    number: int
    """1 to `count`."""
    count: int
    """How many parts there are."""

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``i/n``.

        Raises:
            Refusal: it is something else, or i does not lie in 1 to n.

        Example:
            >>> Shard.parse("3/10")
            Shard(number=3, count=10)
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise Refusal(f"--shard takes i/n with i in 1 to n, such as 3/10, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    def of(self, tasks: Sequence[T]) -> list[T]:
        """Return every n-th task, from the i-th one on: the shards of a study are disjoint and together are all of it.

        Example:
            >>> Shard(2, 3).of("abcdefgh")
            ['b', 'e', 'h']
        """
        return list(tasks[self.number - 1 :: self.count])

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@contextmanager
def held(folder: StudyFolder) -> Iterator[None]:
    """Hold a study for one driving process.

    Raises:
        Refusal: another process holds it, or shards of it are being trained.
    """
    with _locked(folder.lock, 0.0, _busy(folder)):
        at_work = _shards_at_work(folder)
        if at_work:
            raise Refusal(
                f"{folder.path}: {_listed(at_work)} of this study {'is' if len(at_work) == 1 else 'are'} being "
                "trained; wait for the end, or give the study another name"
            )
        yield


@contextmanager
def held_by_shard(folder: StudyFolder, shard: Shard, begin: Callable[[], T]) -> Iterator[T]:
    """Hold one shard of a study, while other processes hold the others.

    Args:
        folder: the study.
        shard: which one.
        begin: done first, by one process at a time; what it returns is given back.

    Raises:
        Refusal: the same shard is at work, or shards of another count are, which would train the same runs; or another
            process holds the whole study.
    """
    with _locked(folder.lock, TURN, _busy(folder)):
        others = [other for other in _shards_at_work(folder) if other.count != shard.count]
        if others:
            raise Refusal(
                f"{folder.path}: {_listed(others)} of this study is being trained, and a run may belong to that and to "
                f"{shard} too; use one count for all shards"
            )
        own = _lock(folder.shard_lock(shard.number, shard.count), 0.0, f"{folder.path}: shard {shard} is being trained")
        try:
            result = begin()
        except BaseException:
            own.release()
            raise
    try:
        yield result
    finally:
        own.release()


def _busy(folder: StudyFolder) -> str:
    return (
        f"{folder.path}: another process is working on this study; wait for it to end, or give the study another name"
    )


def _shards_at_work(folder: StudyFolder) -> list[Shard]:
    """Find the shards whose locks are held; whoever asks holds the study's lock, so none begins meanwhile."""
    return [Shard(number, count) for number, count, file in folder.shard_locks() if _is_held(file)]


def _listed(shards: Sequence[Shard]) -> str:
    return f"shard{'s' if len(shards) > 1 else ''} {', '.join(map(str, shards))}"


def _is_held(file: Path) -> bool:
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


@contextmanager
def _locked(file: Path, seconds: float, refusal: str) -> Iterator[None]:
    lock = _lock(file, seconds, refusal)
    try:
        yield
    finally:
        lock.release()


def _lock(file: Path, seconds: float, refusal: str) -> FileLock:
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file, timeout=seconds)
    try:
        lock.acquire()
    except Timeout:
        raise Refusal(refusal) from None
    return lock
