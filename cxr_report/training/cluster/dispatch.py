"""Runs and a cluster in, every run delivered: lost ones are sent again, nodes that are unfit get none."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cxr_report.errors import Refusal
from cxr_report.progress import Progress, RunState
from cxr_report.runs import StudyFolder
from cxr_report.study import Study
from cxr_report.training import fleet
from cxr_report.training.bench import Assignment
from cxr_report.training.cluster.delivery import deliver
from cxr_report.training.crew import Message

__all__ = ["Cluster", "Notice", "carry_out"]

ATTEMPTS = 4
"""Chosen: how often a run is sent before its losses are put down to the run itself; Ray's own default for tasks."""

SECONDS = 1.0
"""Chosen: how long is waited for a word at one time; short, so that Ctrl-C is answered."""

LAST_WORDS = ("files", "unfit", "refusal", "memory", "failure", "lost")
"""After one of these a ticket is used up."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is heard of a run that was sent."""

    ticket: Hashable
    """What `Cluster.send` returned."""
    kind: str
    """``begun``, ``state``, ``measured``, or one of `LAST_WORDS`."""
    content: dict[str, Any]
    """``begun``: node and address; ``lost``: reason; others: see `remote.serve`."""


class Cluster(Protocol):
    """Where runs are sent to."""

    def send(self, task: Assignment, *, avoid: frozenset[str], strictly: frozenset[str]) -> Hashable:
        """Send a run; it begins when there is room.

        Args:
            task: the run.
            avoid: nodes that are taken only where no other is left.
            strictly: nodes that are never taken.
        """

    def hear(self, seconds: float) -> list[Notice]:
        """Return what is heard, at once if there is something, else after ``seconds`` at most."""

    def room(self, strictly: frozenset[str]) -> bool:
        """Say whether a node that may be taken is there at all, busy or not."""

    def most(self) -> int | None:
        """Return how many runs may be under way at this time; None: any number."""

    def measured(self, bytes_of_run: int, bytes_of_device: int) -> None:
        """Take what a run that has a device to itself holds of it."""

    def shrink(self) -> bool:
        """Put fewer runs on one device from now on; return False where it is one already."""

    def recall(self) -> None:
        """Stop every run that was sent and has not ended."""


@dataclass(frozen=True, slots=True)
class _Trip:
    """A run under way."""

    task: Assignment
    attempt: int
    """1 for the first."""
    node: str = ""
    """Where it began; empty before."""
    address: str = ""
    """Of that node."""
    left: str = ""
    """The node with which it was lost the time before."""

    @property
    def name(self) -> str:
        return f"loss {self.task.loss}, seed {self.task.seed}"

    @property
    def place(self) -> str:
        return f"node {self.address} ({self.node[:8]})" if self.node else "a node"


def carry_out(
    waiting: Sequence[Assignment],
    cluster: Cluster,
    *,
    study: Study,
    folder: StudyFolder,
    progress: Progress,
    at_once: int | None = None,
) -> None:
    """Send every run and write the files of each as it comes back.

    However this ends, what has come back is written and nothing goes on in the cluster.

    Args:
        waiting: the runs.
        cluster: who trains them.
        study: what is asked.
        folder: where the runs land.
        progress: who is told.
        at_once: most runs under way; None: all that are left.

    Raises:
        Refusal: no node is fit, a run was lost too often, ran out of memory, or is at fault in what is the user's own.
        RuntimeError: a run failed; the message names it.
    """
    desk = _Desk(waiting, cluster, study, folder, progress, at_once or len(waiting))
    try:
        desk.work()
    except BaseException:
        desk.keep_what_has_come()
        raise
    finally:
        cluster.recall()


class _Desk:
    """Who keeps the list of runs that wait and of those under way."""

    def __init__(
        self,
        waiting: Sequence[Assignment],
        cluster: Cluster,
        study: Study,
        folder: StudyFolder,
        progress: Progress,
        at_once: int,
    ) -> None:
        self.line = deque(_Trip(task, 1) for task in waiting)
        self.cluster, self.study, self.folder, self.progress, self.at_once = cluster, study, folder, progress, at_once
        self.under_way: dict[Hashable, _Trip] = {}
        self.struck: dict[str, str] = {}
        """Nodes that are unfit, and why."""
        self.said_to_wait = False
        for task in waiting:
            progress.run(fleet.waiting_state(task, study))

    def work(self) -> None:
        """Go on until every run is delivered."""
        while self.line or self.under_way:
            while self.line and len(self.under_way) < min(self.at_once, self.cluster.most() or self.at_once):
                self._send(self.line.popleft())
            heard = self.cluster.hear(SECONDS)
            for notice in heard:
                self._take(notice)
            if not heard:
                self._look_for_room()

    def keep_what_has_come(self) -> None:
        """Write the files that are here already; what else has come is of no interest any more."""
        while heard := self.cluster.hear(0.0):
            for notice in heard:
                trip = self.under_way.get(notice.ticket)
                if trip is not None and notice.kind == "files":
                    deliver(notice.content["files"], trip.task, self.folder)

    def _send(self, trip: _Trip) -> None:
        avoid = frozenset({trip.left} if trip.left else ())
        ticket = self.cluster.send(trip.task, avoid=avoid, strictly=frozenset(self.struck))
        self.under_way[ticket] = trip

    def _take(self, notice: Notice) -> None:
        trip = self.under_way.get(notice.ticket)
        if trip is None:
            return
        if notice.kind in LAST_WORDS:
            del self.under_way[notice.ticket]
        told = notice.content
        if notice.kind == "begun":
            self._begun(notice.ticket, trip, told)
        elif notice.kind == "state":
            self.progress.run(RunState(**told))
        elif notice.kind == "measured":
            self.cluster.measured(told["bytes_of_run"], told["bytes_of_device"])
        elif notice.kind == "files":
            deliver(told["files"], trip.task, self.folder)
        elif notice.kind == "unfit":
            self._strike(trip, told["sentence"])
        elif notice.kind == "lost":
            self._again(trip, told["reason"])
        elif notice.kind == "memory" and self.cluster.shrink():
            self.progress.say(f"{trip.name}: memory ran out on {trip.place}; fewer runs share a device from now on")
            self.line.appendleft(_Trip(trip.task, trip.attempt))
        else:
            raise fleet.trouble(Message(0, notice.kind, told), trip.task, self.study)

    def _begun(self, ticket: Hashable, trip: _Trip, told: dict[str, Any]) -> None:
        moved = replace(trip, node=told["node"], address=told["address"])
        self.under_way[ticket] = moved
        self.said_to_wait = False
        if moved.attempt > 1:
            self.progress.say(f"{moved.name}: begun again on {moved.place}")

    def _again(self, trip: _Trip, reason: str) -> None:
        if trip.attempt == ATTEMPTS:
            raise Refusal(
                f"{trip.name}: was lost {ATTEMPTS} times, at last on {trip.place} ({reason}); look into the logs of "
                "that node, mostly memory ran out; what was finished is kept"
            )
        self.progress.say(
            f"{trip.name}: lost with {trip.place} ({reason}); tried again on another node where there is one, "
            f"attempt {trip.attempt + 1} of {ATTEMPTS}"
        )
        self.progress.run(fleet.waiting_state(trip.task, self.study))
        self.line.appendleft(_Trip(trip.task, trip.attempt + 1, left=trip.node))

    def _strike(self, trip: _Trip, sentence: str) -> None:
        """Send a node no more runs; whatever else was sent there comes back likewise."""
        if trip.node not in self.struck:
            self.struck[trip.node] = f"{trip.place} {sentence}"
            self.progress.say(f"{self.struck[trip.node]}; it gets no run")
        self.line.appendleft(_Trip(trip.task, trip.attempt, left=trip.left))
        if not self.cluster.room(frozenset(self.struck)):
            raise Refusal(self.struck[trip.node])

    def _look_for_room(self) -> None:
        """Where nothing is at work, say once that no node can take a run; one may join, so that waiting goes on."""
        if any(trip.node for trip in self.under_way.values()) or self.cluster.room(frozenset(self.struck)):
            return
        if not self.said_to_wait:
            self.progress.say("no node of the cluster can take a run; waiting for one")
            self.said_to_wait = True
