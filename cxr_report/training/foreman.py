"""Runs and a crew in, every run done out: idle workers get the next one, and where memory runs out fewer go on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from cxr_report.progress import Progress, RunState
from cxr_report.study import Study
from cxr_report.training.bench import Assignment
from cxr_report.training.crew import Message
from cxr_report.training.trouble import KILLED, trouble

__all__ = ["ATTEMPTS", "Foreman", "Hands", "order", "waiting_state"]

ATTEMPTS = 3
"""Chosen: how often a run is begun before memory that runs out is put down to the run itself."""


class Hands(Protocol):
    """Workers, as `crew.Crew` has them."""

    def __len__(self) -> int:
        """Return how many there are and were."""

    def order(self, worker: int, content: dict[str, Any]) -> None:
        """Send a worker an order."""

    def next(self) -> Message:
        """Wait for what anyone says next."""

    def again(self, worker: int) -> int:
        """Start another worker like one that has ended; return its place."""


class Foreman:
    """Who keeps the list of the runs that wait and of who is at what."""

    def __init__(self, waiting: Sequence[Assignment], hands: Hands, study: Study, progress: Progress) -> None:
        """Say of every run that it waits.

        Args:
            waiting: the runs, in the order in which they are begun.
            hands: who trains them.
            study: what is asked.
            progress: who is told.
        """
        self._line = deque(waiting)
        self._hands, self._study, self._progress = hands, study, progress
        self._left = set(waiting)
        self._at_work: dict[int, list[Assignment]] = {}
        self._asking: list[int] = []
        """Workers that could take a run when there was none."""
        self._gone: set[int] = set()
        self._lost: Counter[Assignment | None] = Counter()
        """How often memory ran out on a run; None: on a worker that had none yet."""
        self._noted: set[str] = set()
        for task in waiting:
            progress.run(waiting_state(task, study))

    def work(self) -> None:
        """Go on until every run is done.

        Raises:
            Refusal: memory ran out too often on one run, or what is the user's own failed.
            RuntimeError: a run failed; the message names it.
        """
        while self._left:
            self._take(self._hands.next())

    def _take(self, message: Message) -> None:
        told, worker = message.content, message.worker
        if worker in self._gone:
            return
        if message.kind == "state":
            self._progress.run(RunState(**told))
        elif message.kind == "note":
            self._note(told["sentence"])
        elif message.kind == "ready":
            self._asking.append(worker)
            self._give()
        elif message.kind == "done":
            task = self._ended(worker, told)
            self._left.discard(task)
        elif message.kind == "short":
            self._put_off(worker, told)
        elif message.kind == "memory" or (message.kind == "ended" and told.get("code") == KILLED):
            self._lose(message)
        else:
            raise trouble(message, self._blamed(message), self._study)

    def _give(self) -> None:
        while self._line and self._asking:
            worker, task = self._asking.pop(0), self._line.popleft()
            self._at_work.setdefault(worker, []).append(task)
            self._hands.order(worker, order("train", task))

    def _ended(self, worker: int, told: dict[str, Any]) -> Assignment:
        task = Assignment(**told["task"])
        self._at_work[worker].remove(task)
        return task

    def _put_off(self, worker: int, told: dict[str, Any]) -> None:
        """Keep a run for later that a worker has given up, so that its others go on."""
        task = self._ended(worker, told)
        self._again(task, f"memory ran out; {_runs(told['at_once'])} at once on {told['device']} from now on")
        self._give()

    def _lose(self, message: Message) -> None:
        """Go on without a worker; where it was the last one, with another like it."""
        self._gone.add(message.worker)
        self._asking = [worker for worker in self._asking if worker != message.worker]
        tasks = self._at_work.pop(message.worker, [])
        if not tasks:
            self._count_loss(None, message)
        for task in tasks:
            self._count_loss(task, message)
        left = len(self._hands) - len(self._gone)
        how = "memory ran out" if message.kind == "memory" else "the system killed its worker, most likely for memory"
        what = f"{how}; {left} of {left + 1} workers go on" if left else f"{how}; its only worker is started again"
        for task in reversed(tasks):
            self._again(task, what)
        if not tasks:
            self._progress.say(f"a worker: {what}")
        if not left:
            self._hands.again(message.worker)
        self._give()

    def _count_loss(self, task: Assignment | None, message: Message) -> None:
        self._lost[task] += 1
        if self._lost[task] >= ATTEMPTS:
            raise trouble(message, task, self._study)

    def _again(self, task: Assignment, why: str) -> None:
        self._progress.say(f"loss {task.loss}, seed {task.seed}: {why}; the run goes on from its checkpoint later")
        self._progress.run(waiting_state(task, self._study))
        self._line.appendleft(task)

    def _note(self, sentence: str) -> None:
        """Say once what every run of a kind says."""
        if sentence not in self._noted:
            self._noted.add(sentence)
            self._progress.say(sentence)

    def _blamed(self, message: Message) -> Assignment | None:
        if "task" in message.content:
            return Assignment(**message.content["task"])
        tasks = self._at_work.get(message.worker, [])
        return tasks[0] if len(tasks) == 1 else None


def order(kind: str, task: Assignment) -> dict[str, Any]:
    """Write an order to train a run, or to measure it."""
    return {"kind": kind, "task": asdict(task)}


def waiting_state(task: Assignment, study: Study) -> RunState:
    """Say that a run has not begun."""
    nothing = float("nan")
    return RunState(task.loss, task.seed, "waiting", 0, study.training.epochs, nothing, nothing, nothing)


def _runs(count: int) -> str:
    return f"{count} {'run' if count == 1 else 'runs'}"
