"""Runs sent to a cluster that a script plays: what is written when, what is sent again where, and what is said."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from cxr_report import runs
from cxr_report.errors import Refusal
from cxr_report.progress import RunState, Silent
from cxr_report.runs import RunFolder, StudyFolder
from cxr_report.study import Study
from cxr_report.training import fleet, weights
from cxr_report.training.bench import Assignment
from cxr_report.training.cluster import delivery, dispatch
from cxr_report.training.cluster.dispatch import Notice

Make = Callable[..., Any]
Step = tuple[str, dict[str, Any]]


class Told(Silent):
    def __init__(self) -> None:
        self.states: list[RunState] = []
        self.said: list[str] = []

    def run(self, state: RunState) -> None:
        self.states.append(state)

    def say(self, text: str) -> None:
        self.said.append(text)


def finished_files(task: Assignment, content: float = 1.0) -> dict[str, bytes]:
    """The files of a run that nobody trained."""
    told = {"identity": task.identity, "loss": task.loss, "seed": str(task.seed)}
    return {
        "run_json": json.dumps({"identity": task.identity}).encode(),
        "history": b"epoch\n1\n",
        "weights": weights.encode({"w": torch.full((2,), content)}, told),
    }


def diverged_files(task: Assignment) -> dict[str, bytes]:
    return {"run_json": b"{}", "history": b"epoch\n", "diverged": json.dumps({"identity": task.identity}).encode()}


def begun(node: str) -> Step:
    return ("begun", {"node": node, "address": "10.0.0.1"})


def done(task: Assignment) -> Step:
    return ("files", {"files": finished_files(task)})


LOST: Step = ("lost", {"reason": "the node died"})
UNFIT: Step = ("unfit", {"sentence": "has torch 2.12.0 and the driver torch 2.13.0; install the same"})


@dataclass
class Fake:
    """A cluster that plays, for the n-th sending of a run, the n-th list of a script; else the run succeeds on "a"."""

    script: dict[tuple[str, int], list[list[Step]]] = field(default_factory=dict)
    nodes: set[str] = field(default_factory=lambda: {"a", "b"})
    per_device: int = 1
    sent: list[tuple[str, int]] = field(default_factory=list)
    avoided: list[tuple[frozenset[str], frozenset[str]]] = field(default_factory=list)
    queued: list[Notice] = field(default_factory=list)
    peak: int = 0
    limit: int | None = None
    recalled: int = 0
    interrupt_after: int | None = None
    interrupted: bool = False
    _count: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    _open: set[int] = field(default_factory=set)

    def send(self, task: Assignment, *, avoid: frozenset[str], strictly: frozenset[str]) -> Hashable:
        run = (task.loss, task.seed)
        ticket = len(self.sent)
        self.sent.append(run)
        self.avoided.append((avoid, strictly))
        played = self.script.get(run, [])
        number = self._count[run]
        self._count[run] += 1
        steps = played[number] if number < len(played) else [begun("a"), done(task)]
        self.queued += [Notice(ticket, kind, content) for kind, content in steps]
        self._open.add(ticket)
        self.peak = max(self.peak, len(self._open))
        return ticket

    def hear(self, seconds: float) -> list[Notice]:
        if self.interrupt_after == 0 and not self.interrupted:
            self.interrupted = True
            raise KeyboardInterrupt
        if not self.queued:
            assert seconds == 0 or self.interrupt_after is not None, "the driver waits for what never comes"
            return []
        if self.interrupt_after:
            self.interrupt_after -= 1
        notice = self.queued.pop(0)
        if notice.kind in dispatch.LAST_WORDS:
            self._open.discard(notice.ticket)  # type: ignore[arg-type]
        return [notice]

    def room(self, strictly: frozenset[str]) -> bool:
        return bool(self.nodes - strictly)

    def most(self) -> int | None:
        return self.limit

    def measured(self, bytes_of_run: int, bytes_of_device: int) -> None:
        self.limit = None
        self.per_device = bytes_of_device // bytes_of_run

    def shrink(self) -> bool:
        able = self.per_device > 1
        self.per_device = max(1, self.per_device // 2)
        return able

    def recall(self) -> None:
        self.recalled += 1


@pytest.fixture
def study(make_study: Make) -> Study:
    made: Study = make_study()
    return made


@pytest.fixture
def tasks(study: Study, make_dataset: Make) -> list[Assignment]:
    return fleet.assignments(study, make_dataset())


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "runs" / "tiny")


def go(
    tasks: list[Assignment], cluster: Fake, study: Study, folder: StudyFolder, *, at_once: int | None = None
) -> Told:
    told = Told()
    dispatch.carry_out(tasks, cluster, study=study, folder=folder, progress=told, at_once=at_once)
    return told


def test_every_run_is_sent_once_and_delivered(study: Study, tasks: list[Assignment], folder: StudyFolder) -> None:
    cluster = Fake()
    told = go(tasks, cluster, study, folder)
    assert cluster.sent == [("ce", 1), ("focal", 1), ("ce", 2), ("focal", 2)]
    assert told.said == []
    for task in tasks:
        run, files = folder.run(task.loss, task.seed), finished_files(task)
        assert {name: getattr(run, name).read_bytes() for name in files} == files
        assert sorted(file.name for file in run.path.iterdir()) == ["history.csv", "run.json", "weights.safetensors"]
    assert [state.state for state in told.states] == ["waiting"] * 4
    assert cluster.recalled == 1


def test_states_reach_whoever_is_told(study: Study, tasks: list[Assignment], folder: StudyFolder) -> None:
    state = {"loss": "ce", "seed": 1, "state": "training", "epoch": 2, "epochs": 3, "train_loss": 0.5, "score": 0.7}
    state["images_per_second"] = 9.0
    played = {("ce", 1): [[begun("a"), ("state", state), done(tasks[0])]]}
    told = go(tasks[:1], Fake(played), study, folder)
    assert told.states[-1] == RunState("ce", 1, "training", 2, 3, 0.5, 0.7, 9.0)


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_runs_are_under_way_than_asked_for(
    study: Study, tasks: list[Assignment], folder: StudyFolder, at_once: int
) -> None:
    cluster = Fake()
    go(tasks, cluster, study, folder, at_once=at_once)
    assert cluster.peak == at_once
    assert len(cluster.sent) == 4


def test_the_file_that_says_finished_is_written_last(
    tasks: list[Assignment], folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def note(file: Path, content: bytes) -> None:
        written.append(file.name)
        runs.write_bytes(file, content)

    monkeypatch.setattr(delivery, "write_bytes", note)
    shuffled = dict(reversed(finished_files(tasks[0]).items()))
    delivery.deliver(shuffled, tasks[0], folder)
    assert written == ["run.json", "history.csv", "weights.safetensors"]
    written.clear()
    delivery.deliver(diverged_files(tasks[1]), tasks[1], folder)
    assert written == ["run.json", "history.csv", "diverged.json"]


def test_what_an_earlier_beginning_left_is_gone_after_delivery(tasks: list[Assignment], folder: StudyFolder) -> None:
    run = folder.run(tasks[0].loss, tasks[0].seed)
    run.path.mkdir(parents=True)
    run.checkpoint.write_bytes(b"half a training")
    (run.path / ".weights.safetensors.xyz.part").write_bytes(b"half a file")
    delivery.deliver(finished_files(tasks[0]), tasks[0], folder)
    assert not run.checkpoint.exists()
    assert list(run.path.glob(".*.part")) == []


def test_another_run_than_was_sent_for_is_refused(tasks: list[Assignment], folder: StudyFolder) -> None:
    with pytest.raises(Refusal, match=r"ce/seed-0001/weights\.safetensors is run"):
        delivery.deliver(finished_files(tasks[1]), tasks[0], folder)


def test_weights_that_were_damaged_on_the_way_are_refused(tasks: list[Assignment], folder: StudyFolder) -> None:
    files = finished_files(tasks[0])
    files["weights"] = files["weights"][:-1] + bytes([files["weights"][-1] ^ 1])
    with pytest.raises(Refusal, match="is damaged"):
        delivery.deliver(files, tasks[0], folder)


def test_a_lost_run_is_tried_on_another_node_and_that_is_said(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake({("ce", 1): [[begun("a" * 20), LOST], [begun("b" * 20), done(tasks[0])]]})
    told = go(tasks, cluster, study, folder)
    assert cluster.sent.count(("ce", 1)) == 2
    assert cluster.avoided[4] == (frozenset({"a" * 20}), frozenset())
    assert told.said == [
        "loss ce, seed 1: lost with node 10.0.0.1 (aaaaaaaa) (the node died); tried again on another node where there "
        "is one, attempt 2 of 4",
        "loss ce, seed 1: begun again on node 10.0.0.1 (bbbbbbbb)",
    ]
    assert folder.run("ce", 1).weights.exists()


def test_a_run_that_is_lost_before_it_begins_avoids_no_node(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake({("ce", 1): [[LOST]]})
    told = go(tasks[:1], cluster, study, folder)
    assert cluster.avoided[1] == (frozenset(), frozenset())
    assert told.said[0].startswith("loss ce, seed 1: lost with a node (the node died); tried again")


def test_a_run_that_is_lost_time_and_again_ends_the_study_and_keeps_the_others(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake({("focal", 1): [[begun("a"), LOST]] * 4})
    with pytest.raises(Refusal, match=r"^loss focal, seed 1: was lost 4 times, at last on node 10\.0\.0\.1 \(a\)"):
        go(tasks, cluster, study, folder)
    assert cluster.sent.count(("focal", 1)) == dispatch.ATTEMPTS
    assert folder.run("ce", 1).weights.exists()
    assert not folder.run("focal", 1).path.exists()
    assert cluster.recalled == 1


def test_an_unfit_node_gets_no_run_any_more_and_is_named_once(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake({("ce", 1): [[begun("b"), UNFIT]], ("focal", 1): [[begun("b"), UNFIT]]})
    told = go(tasks, cluster, study, folder)
    assert told.said == [
        "node 10.0.0.1 (b) has torch 2.12.0 and the driver torch 2.13.0; install the same; it gets no run"
    ]
    assert cluster.avoided[-1] == (frozenset(), frozenset({"b"}))
    assert all(folder.run(task.loss, task.seed).weights.exists() for task in tasks)


def test_where_every_node_is_unfit_the_study_is_refused_in_one_sentence(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake({("ce", 1): [[begun("b"), UNFIT]]}, nodes={"b"})
    with pytest.raises(Refusal) as caught:
        go(tasks, cluster, study, folder)
    assert str(caught.value) == "node 10.0.0.1 (b) has torch 2.12.0 and the driver torch 2.13.0; install the same"
    assert cluster.recalled == 1


def test_when_memory_runs_out_fewer_runs_share_a_device(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake({("ce", 1): [[begun("a"), ("memory", {})]]}, per_device=4)
    told = go(tasks, cluster, study, folder)
    assert told.said == ["loss ce, seed 1: memory ran out on node 10.0.0.1 (a); fewer runs share a device from now on"]
    assert cluster.per_device == 2
    assert folder.run("ce", 1).weights.exists()


def test_one_run_goes_ahead_until_it_has_measured_how_many_share_a_device(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    seen: list[int] = []

    class Watching(Fake):
        def measured(self, bytes_of_run: int, bytes_of_device: int) -> None:
            seen.append(len(self.sent))
            super().measured(bytes_of_run, bytes_of_device)

    found = ("measured", {"bytes_of_run": 20, "bytes_of_device": 80})
    cluster = Watching({("ce", 1): [[begun("a"), found, done(tasks[0])]]}, limit=1)
    go(tasks, cluster, study, folder)
    assert seen == [1]
    assert (cluster.per_device, cluster.peak) == (4, 4)
    assert all(folder.run(task.loss, task.seed).weights.exists() for task in tasks)


def test_a_run_that_ends_without_having_measured_is_followed_by_the_next_alone(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake(limit=1)
    go(tasks, cluster, study, folder)
    assert cluster.peak == 1
    assert len(cluster.sent) == 4


def test_when_memory_runs_out_for_a_single_run_it_is_refused(
    study: Study, tasks: list[Assignment], folder: StudyFolder
) -> None:
    cluster = Fake({("ce", 1): [[begun("a"), ("memory", {})]]})
    with pytest.raises(Refusal, match=r"^loss ce, seed 1: memory ran out"):
        go(tasks, cluster, study, folder)


@pytest.mark.parametrize(
    ("kind", "error", "sentence"),
    [
        ("refusal", Refusal, "loss ce, seed 1: weights do not fit"),
        ("failure", RuntimeError, "loss ce, seed 1: weights do not fit"),
    ],
)
def test_a_failure_names_its_run_and_stops_the_others(
    study: Study, tasks: list[Assignment], folder: StudyFolder, kind: str, error: type[Exception], sentence: str
) -> None:
    step: Step = (kind, {"sentence": "weights do not fit", "traceback": "where"})
    cluster = Fake({("ce", 1): [[begun("a"), step]]})
    with pytest.raises(error) as caught:
        go(tasks, cluster, study, folder)
    assert str(caught.value) == sentence
    assert cluster.recalled == 1


@pytest.mark.parametrize("after", range(8))
def test_an_interrupt_keeps_what_has_come_back_and_recalls_the_rest(
    study: Study, tasks: list[Assignment], folder: StudyFolder, after: int
) -> None:
    cluster = Fake({("focal", 2): [[begun("a")]]}, interrupt_after=after)
    with pytest.raises(KeyboardInterrupt):
        go(tasks, cluster, study, folder)
    assert cluster.recalled == 1
    there = [(task.loss, task.seed) for task in tasks if folder.run(task.loss, task.seed).weights.exists()]
    assert there == [("ce", 1), ("focal", 1), ("ce", 2)], "the fake has sent these at once, so that they have come"
    assert not folder.run("focal", 2).path.exists()


def test_waiting_for_a_node_is_said_once(study: Study, tasks: list[Assignment], folder: StudyFolder) -> None:
    class Empty(Fake):
        """No node at first; one joins after three silent seconds."""

        silent = 0

        def hear(self, seconds: float) -> list[Notice]:
            self.silent += 1
            if self.silent <= 3:
                return []
            self.nodes = {"a"}
            return super().hear(seconds)

    told = go(tasks, Empty(nodes=set()), study, folder)
    assert told.said == ["no node of the cluster can take a run; waiting for one"]


def test_collecting_takes_what_is_finished_and_leaves_the_checkpoint(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, "ce", 1)
    for file in (run.run_json, run.history, run.weights, run.checkpoint):
        file.write_bytes(file.name.encode())
    assert delivery.collect(run) == {
        "run_json": b"run.json",
        "history": b"history.csv",
        "weights": b"weights.safetensors",
    }
