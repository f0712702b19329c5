"""Who gives runs to workers: the next to whoever is idle, and with fewer workers on when memory kills one."""

from __future__ import annotations

import heapq
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import training
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.progress import RunState, Silent
from cxr_report.runs import StudyFolder
from cxr_report.study import Study
from cxr_report.training import fleet, loop
from cxr_report.training.bench import Assignment
from cxr_report.training.crew import Message
from cxr_report.training.foreman import ATTEMPTS, Foreman

Make = Callable[..., Any]


class Told(Silent):
    """Progress that remembers."""

    def __init__(self) -> None:
        self.states: list[RunState] = []
        self.said: list[str] = []

    def run(self, state: RunState) -> None:
        self.states.append(state)

    def say(self, text: str) -> None:
        self.said.append(text)


class Scripted:
    """Workers whose messages are a script of ``(worker, kind, content)``; a run is told by its seed."""

    def __init__(self, workers: int, script: list[tuple[int, str, dict[str, Any]]]) -> None:
        self.count = workers
        self.script = list(script)
        self.ordered: list[tuple[int, int]] = []
        self.started: list[int] = []

    def __len__(self) -> int:
        return self.count

    def order(self, worker: int, content: dict[str, Any]) -> None:
        self.ordered.append((worker, content["task"]["seed"]))

    def next(self) -> Message:
        worker, kind, content = self.script.pop(0)
        return Message(worker, kind, dict(content))

    def again(self, worker: int) -> int:
        self.started.append(worker)
        self.count += 1
        return self.count - 1


def tasks(count: int) -> list[Assignment]:
    return [Assignment("ce", seed, "i") for seed in range(1, count + 1)]


def done(seed: int) -> dict[str, Any]:
    return {"task": asdict(Assignment("ce", seed, "i"))}


def run(study: Study, count: int, hands: Scripted) -> Told:
    told = Told()
    Foreman(tasks(count), hands, study, told).work()
    assert hands.script == []
    return told


KILL = {"code": -9}


def test_whoever_is_idle_gets_the_next_run(make_study: Make) -> None:
    script = [(0, "ready", {}), (1, "ready", {}), (1, "done", done(2)), (1, "ready", {})]
    hands = Scripted(2, [*script, (0, "done", done(1)), (0, "ready", {}), (1, "done", done(3))])
    run(make_study(), 3, hands)
    assert hands.ordered == [(0, 1), (1, 2), (1, 3)]


def test_a_worker_may_have_several_runs_at_once(make_study: Make) -> None:
    script = [(0, "ready", {}), (0, "ready", {}), (0, "done", done(2)), (0, "ready", {})]
    hands = Scripted(1, [*script, (0, "done", done(3)), (0, "done", done(1))])
    run(make_study(), 3, hands)
    assert hands.ordered == [(0, 1), (0, 2), (0, 3)]


@pytest.mark.parametrize("last", [(1, "ended", KILL), (1, "memory", {})])
def test_a_worker_that_memory_killed_is_missed_and_its_run_is_done_by_another(
    make_study: Make, last: tuple[int, str, dict[str, Any]]
) -> None:
    script = [(0, "ready", {}), (1, "ready", {}), last, (1, "ended", KILL), (0, "done", done(1)), (0, "ready", {})]
    hands = Scripted(2, [*script, (0, "done", done(2))])
    told = run(make_study(), 2, hands)
    assert hands.ordered == [(0, 1), (1, 2), (0, 2)]
    assert hands.started == []
    assert len(told.said) == 1
    assert told.said[0].startswith("loss ce, seed 2: ")
    assert told.said[0].endswith("1 of 2 workers go on; the run goes on from its checkpoint later")
    assert [state.seed for state in told.states if state.state == "waiting"] == [1, 2, 2]


def test_a_run_that_was_lost_goes_to_a_worker_that_asked_in_vain(make_study: Make) -> None:
    script = [(0, "ready", {}), (1, "ready", {}), (0, "done", done(1)), (0, "ready", {}), (1, "ended", KILL)]
    hands = Scripted(2, [*script, (0, "done", done(2))])
    run(make_study(), 2, hands)
    assert hands.ordered == [(0, 1), (1, 2), (0, 2)]


def test_the_only_worker_is_started_again_and_the_run_named_after_so_many_times(make_study: Make) -> None:
    script: list[tuple[int, str, dict[str, Any]]] = []
    for attempt in range(ATTEMPTS):
        script += [(attempt, "ready", {}), (attempt, "ended", KILL)]
    hands = Scripted(1, script)
    with pytest.raises(Refusal, match=r"^loss ce, seed 1: the system killed the worker, most likely for memory"):
        run(make_study(), 2, hands)
    assert hands.started == list(range(ATTEMPTS - 1))
    assert hands.ordered == [(attempt, 1) for attempt in range(ATTEMPTS)]


def test_workers_that_are_killed_before_their_first_run_do_not_go_on_for_ever(make_study: Make) -> None:
    with pytest.raises(Refusal, match=r"^a worker: the system killed the worker"):
        run(make_study(), 1, Scripted(1, [(attempt, "ended", KILL) for attempt in range(ATTEMPTS)]))


def test_a_run_that_a_device_gave_up_is_begun_again_later(make_study: Make) -> None:
    short = {**done(2), "at_once": 1, "device": "cuda:0"}
    script = [(0, "ready", {}), (0, "ready", {}), (0, "short", short), (0, "done", done(1)), (0, "ready", {})]
    hands = Scripted(1, [*script, (0, "done", done(2))])
    told = run(make_study(), 2, hands)
    assert hands.ordered == [(0, 1), (0, 2), (0, 2)]
    said = "loss ce, seed 2: memory ran out; 1 run at once on cuda:0 from now on; the run goes on from its checkpoint"
    assert told.said == [f"{said} later"]


def test_a_note_is_told_once(make_study: Make) -> None:
    notes = [(0, "note", {"sentence": "x"})] * 3
    assert run(make_study(), 1, Scripted(1, [(0, "ready", {}), *notes, (0, "done", done(1))])).said == ["x"]


def test_a_failure_names_the_one_of_several_runs_that_failed(make_study: Make) -> None:
    failed = {**done(2), "sentence": "KeyError: x", "traceback": "where"}
    script = [(0, "ready", {}), (0, "ready", {}), (0, "failure", failed)]
    with pytest.raises(RuntimeError, match=r"^loss ce, seed 2: KeyError: x"):
        run(make_study(), 2, Scripted(1, script))


class Clocked:
    """Workers that take as long for a run as is told, and a clock."""

    def __init__(self, workers: int, seconds: list[float]) -> None:
        self.workers, self.seconds, self.now = workers, seconds, 0.0
        self.events: list[tuple[float, int, int, str, dict[str, Any]]] = []
        self.idle_since: dict[int, float] = {}
        self.number = 0
        self.busy = 0.0
        for worker in range(workers):
            self._tell(0.0, worker, "ready", {})

    def __len__(self) -> int:
        return self.workers

    def _tell(self, when: float, worker: int, kind: str, content: dict[str, Any]) -> None:
        self.number += 1
        heapq.heappush(self.events, (when, self.number, worker, kind, content))

    def order(self, worker: int, content: dict[str, Any]) -> None:
        seconds = self.seconds[content["task"]["seed"] - 1]
        self.busy += seconds
        self._tell(self.now + seconds, worker, "done", {"task": content["task"]})
        self._tell(self.now + seconds, worker, "ready", {})

    def next(self) -> Message:
        self.now, _, worker, kind, content = heapq.heappop(self.events)
        return Message(worker, kind, content)

    def again(self, worker: int) -> int:
        raise NotImplementedError


@settings(deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_no_core_is_idle_while_a_run_waits(workers: int, seconds: list[int]) -> None:
    """Graham 1966, doi 10.1002/j.1538-7305.1966.tb01709.x: what is begun by whoever is idle ends by this time."""
    longest = sorted(map(float, seconds), reverse=True)
    hands = Clocked(workers, longest)
    Foreman(tasks(len(seconds)), hands, STUDY, Silent()).work()
    assert hands.busy == sum(longest)
    last = max(longest)  # a run that begins last begins when nobody is idle, so before the mean of all work
    assert hands.now <= (sum(longest) - last) / workers + last


STUDY = Study.model_validate(
    {
        "name": "tiny",
        "task": "multiclass",
        "data": {"source": "phantom", "image_size": 16},
        "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
        "seeds": [1, 2],
    }
)


def test_runs_that_have_most_epochs_left_come_first(make_study: Make, tmp_path: Path) -> None:
    study, folder = make_study(), StudyFolder(tmp_path)
    for seed, epochs in ((1, 2), (3, 1)):
        run = folder.run("ce", seed)
        run.path.mkdir(parents=True)
        run.checkpoint.write_bytes(b"")
        run.history.write_text("head\n" + "row\n" * epochs)
    assert [task.seed for task in fleet.longest_first(tasks(4), folder, study)] == [2, 4, 3, 1]


def test_every_gpu_has_one_worker_with_a_share_of_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert fleet.devices(None, 60) == ["cuda:0", "cuda:1"]
    assert fleet.devices(None, 1) == ["cuda:0"]
    assert fleet.devices(5, 60) == ["cuda:0", "cuda:1"]
    assert fleet.devices(1, 60) == ["cuda:0"]
    assert fleet.share(None, ["cuda:0", "cuda:1"]) is None
    assert fleet.share(5, ["cuda:0", "cuda:1"]) == 3
    assert fleet.share(1, ["cuda:0"]) == 1


def children() -> list[int]:
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    return [int(child) for child in listed.read_text().split()]


LINUX = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes in /proc, absent here")


class Killing(Told):
    """Kills a worker when a run has come to its second epoch."""

    def __init__(self, pick: int) -> None:
        super().__init__()
        self.victims: list[int] = []
        self._pick = pick

    def run(self, state: RunState) -> None:
        super().run(state)
        if state.epoch >= 2 and state.state == "training" and not self.victims:
            self.victims.append(children()[self._pick])
            os.kill(self.victims[0], signal.SIGKILL)


def trained(study: Study, dataset: DataSet, place: Path, progress: Told, workers: int) -> StudyFolder:
    folder = StudyFolder(place / "runs" / "tiny")
    asked: dict[str, Any] = {"study_file": place / "tiny.toml", "folder": folder, "dataset": dataset}
    training.train(study, **asked, workers=workers, progress=progress, provenance={})
    return folder


@LINUX
@pytest.mark.parametrize(("workers", "said"), [(2, "1 of 2 workers go on"), (1, "its only worker is started again")])
def test_a_worker_killed_at_work_is_told_of_and_the_study_ends_the_same(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path, workers: int, said: str
) -> None:
    study, dataset, told = make_study(training={"epochs": 6, "batch_size": 8}), make_dataset(), Killing(0)
    folder = trained(study, dataset, tmp_path, told, workers)
    assert len(told.victims) == 1
    assert said in " ".join(told.said)
    bench = replace(make_bench(study, dataset), folder=StudyFolder(tmp_path / "calm"))
    for task in fleet.assignments(study, dataset):
        loop.train(task, bench, lambda _: None)
        calm, hurt = bench.folder.run(task.loss, task.seed), folder.run(task.loss, task.seed)
        assert hurt.weights.read_bytes() == calm.weights.read_bytes()
        assert hurt.history.read_bytes() == calm.history.read_bytes()


@LINUX
def test_a_worker_has_one_thread_for_numbers_and_the_data_of_all(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    study, dataset = make_study(), make_dataset()
    asked: dict[str, Any] = {"study_file": tmp_path / "tiny.toml", "folder": StudyFolder(tmp_path), "dataset": dataset}
    with fleet.open_crew(study, **asked, where=["cpu", "cpu"], provenance={}) as hands:
        seen = {hands.next().worker for _ in range(2)}
        maps = [Path(f"/proc/{child}/maps").read_text() for child in children()]
        environments = [Path(f"/proc/{child}/environ").read_bytes().split(b"\0") for child in children()]
    assert seen == {0, 1}
    shared = [{line.split()[-1] for line in text.splitlines() if line.endswith(".raw")} for text in maps]
    assert len(shared) == 2
    assert shared[0] == shared[1]
    assert len(shared[0]) == 2, "training and validation images, mapped and not copied"
    assert all(b"OMP_NUM_THREADS=1" in environment for environment in environments)
