"""Many runs at once: numbers that do not depend on company or kills, and failures that name their run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxr_report import training
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.progress import RunState, Silent
from cxr_report.runs import RunFolder, StudyFolder
from cxr_report.study import Study
from cxr_report.training import fleet, loop
from cxr_report.training.crew import Message, crew

Make = Callable[..., Any]
RUNS = [(loss, seed) for seed in (1, 2) for loss in ("ce", "focal")]
HASHES = {"plan_sha256": "p", "ledger_sha256": "l"}


class Told(Silent):
    """Progress that remembers."""

    def __init__(self) -> None:
        self.states: list[RunState] = []
        self.said: list[str] = []

    def run(self, state: RunState) -> None:
        self.states.append(state)

    def say(self, text: str) -> None:
        self.said.append(text)


def go(study: Study, dataset: DataSet, place: Path, *, workers: int = 2) -> tuple[StudyFolder, Told]:
    folder, told = StudyFolder(place / "runs" / "tiny"), Told()
    training.train(
        study,
        study_file=place / "tiny.toml",
        folder=folder,
        dataset=dataset,
        workers=workers,
        progress=told,
        provenance=HASHES,
    )
    return folder, told


def results(run: RunFolder) -> tuple[bytes, bytes]:
    return run.weights.read_bytes(), run.history.read_bytes()


def alone(study: Study, dataset: DataSet, make_bench: Make, place: Path) -> StudyFolder:
    """Train every run of a study one after another in this very process."""
    bench = replace(make_bench(study, dataset), folder=StudyFolder(place))
    for task in fleet.assignments(study, dataset):
        loop.train(task, bench, lambda _: None)
    return bench.folder


def test_a_run_is_the_same_alone_and_beside_others(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    dataset = make_dataset()
    study = make_study(model={"width": 4, "dropout": 0.2})
    many, told = go(study, dataset, tmp_path)
    one = alone(study, dataset, make_bench, tmp_path / "alone")
    for loss, seed in RUNS:
        assert results(many.run(loss, seed)) == results(one.run(loss, seed))
    assert results(many.run("ce", 1)) != results(many.run("ce", 2))
    assert {(state.loss, state.seed) for state in told.states if state.state == "waiting"} == set(RUNS)
    assert {(state.loss, state.seed) for state in told.states if state.state == "trained"} == set(RUNS)
    record = json.loads(many.run("ce", 1).run_json.read_text())
    assert record["plan_sha256"] == "p"
    assert "git_commit" in record


def test_what_is_finished_is_kept_and_what_is_new_is_added(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    dataset, study = make_dataset(), make_study()
    folder = alone(study, dataset, make_bench, tmp_path / "runs" / "tiny")
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.is_file()}
    _, again = go(study, dataset, tmp_path)
    assert again.states == []
    _, added = go(make_study(seeds=[1, 2, 3]), dataset, tmp_path, workers=1)
    assert {state.seed for state in added.states} == {3}
    assert added.said == ["4 of 6 runs are finished already"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    with pytest.raises(Refusal, match=r"weights\.safetensors is run"):
        go(make_study(training={"epochs": 4, "batch_size": 8}), dataset, tmp_path)


DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import conftest
from cxr_report import training
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder
place = Path(sys.argv[1])
study = conftest.make_study.__wrapped__()(training={{"epochs": 8, "batch_size": 8}})
dataset = conftest.make_dataset.__wrapped__()(train=64)
folder = StudyFolder(place / "runs" / "tiny")
training.train(study, study_file=place / "tiny.toml", folder=folder, dataset=dataset, workers=2,
               progress=Silent(), provenance={{}})
"""


def driver(place: Path) -> subprocess.Popen[bytes]:
    code = DRIVER.format(tests=str(Path(__file__).parent))
    environment = {**os.environ, "CXR_REPORT_TEST_MARK": str(place), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", code, str(place)], env=environment)


def alive(place: Path) -> list[int]:
    """Processes that carry the mark of a driver's environment and are no zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                marked = f"CXR_REPORT_TEST_MARK={place}\0".encode() in (entry / "environ").read_bytes()
                zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if marked and not zombie:
                found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds orphans through /proc, which is absent here")
@pytest.mark.parametrize(
    ("end", "file"),
    [
        (signal.SIGKILL, "ce/seed-0001/checkpoint.pt"),
        pytest.param(signal.SIGINT, "focal/seed-0002/checkpoint.pt", marks=pytest.mark.slow),
    ],
)
def test_a_fleet_killed_at_work_leaves_no_process_and_ends_the_same(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path, end: signal.Signals, file: str
) -> None:
    study, dataset = make_study(training={"epochs": 8, "batch_size": 8}), make_dataset(train=64)
    process = driver(tmp_path)
    hurt = StudyFolder(tmp_path / "runs" / "tiny")
    assert wait_until(lambda: (hurt.path / file).exists(), 120)
    process.send_signal(end)
    assert process.wait(60) != 0, "the fleet was done before it could be killed"
    assert wait_until(lambda: not alive(tmp_path), 10), "workers outlived their driver"
    assert not all(hurt.run(loss, seed).weights.exists() for loss, seed in RUNS)
    go(study, dataset, tmp_path)
    calm = alone(study, dataset, make_bench, tmp_path / "calm")
    for loss, seed in RUNS:
        assert results(hurt.run(loss, seed)) == results(calm.run(loss, seed))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the mask of signals in /proc, absent here")
def test_a_worker_never_sees_ctrl_c_not_even_while_it_starts() -> None:
    mask = 1 << (signal.SIGINT - 1)
    with crew(["cpu"]):
        born = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        states = [Path(f"/proc/{child}/status").read_text() for child in born]
    held = [int(line.split()[1], 16) & mask for state in states for line in state.splitlines() if "SigBlk" in line]
    assert held == [mask]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


OWN = """
import torch
from torch import nn
from torch.nn import functional

CALLS = []

def loss(logits, target):
    if not CALLS:
        print("a user's own print is no message")
    CALLS.append(1)
    if logits.dtype == torch.float32 and len(CALLS) > 3:
        raise ValueError("three calls are enough")
    return functional.cross_entropy(logits, target)
"""


def own(name: str) -> dict[str, str]:
    return {"function": name, "formula": "x", "reference": "y"}


def test_a_failure_in_a_worker_names_loss_and_seed(make_study: Make, make_dataset: Make, tmp_path: Path) -> None:
    (tmp_path / "failing_for_tests.py").write_text(OWN)
    study = make_study(losses={"ce": {"loss": "cross-entropy"}, "ours": own("failing_for_tests:loss")})
    said = r"^loss ours, seed 1: training with failing_for_tests:loss failed with ValueError: three calls are enough"
    with pytest.raises(Refusal, match=said) as caught:
        go(study, make_dataset(), tmp_path, workers=1)
    assert 'raise ValueError("three calls are enough")' in str(caught.value)


def test_a_loss_at_fault_is_refused_before_any_worker_starts(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    (tmp_path / "faulty_for_tests.py").write_text("def loss(logits, target):\n    return 3.0\n")
    study = make_study(losses={"ce": {"loss": "cross-entropy"}, "ours": own("faulty_for_tests:loss")})
    with pytest.raises(Refusal, match=r"tiny.toml: losses.ours: faulty_for_tests:loss must return a tensor"):
        go(study, make_dataset(), tmp_path)
    assert not (tmp_path / "runs").exists()


def test_a_failure_is_told_by_its_kind(make_study: Make, make_dataset: Make) -> None:
    study = make_study()
    task = fleet.assignments(study, make_dataset())[0]
    killed = fleet.trouble(Message(0, "ended", {"code": -9}), task, study)
    assert isinstance(killed, Refusal)
    assert str(killed).startswith("loss ce, seed 1: the system killed the worker, most likely for memory; try fewer")
    full = fleet.trouble(Message(0, "memory", {}), task, study)
    assert str(full).startswith("loss ce, seed 1: memory ran out; try fewer runs at once")
    ended = fleet.trouble(Message(0, "ended", {"code": 1}), None, study)
    assert str(ended) == "a worker: the worker ended unexpectedly (ended, exit code 1)"
    ours = fleet.trouble(Message(0, "failure", {"sentence": "KeyError: x", "traceback": "where"}), task, study)
    assert isinstance(ours, RuntimeError)
    assert (str(ours), ours.__notes__) == ("loss ce, seed 1: KeyError: x", ["where"])


def test_runs_are_done_seed_by_seed(make_study: Make, make_dataset: Make) -> None:
    tasks = fleet.assignments(make_study(), make_dataset())
    assert [(task.loss, task.seed) for task in tasks] == [("ce", 1), ("focal", 1), ("ce", 2), ("focal", 2)]
    assert len({task.identity for task in tasks}) == 4


def test_no_more_workers_than_runs() -> None:
    assert len(fleet.devices(8, 3)) == 3
    assert len(fleet.devices(2, 30)) == 2


def test_an_epoch_is_measured_without_leaving_anything(make_study: Make, make_dataset: Make, tmp_path: Path) -> None:
    cost = training.measure_epoch(make_study(), study_file=tmp_path / "tiny.toml", dataset=make_dataset(), workers=1)
    assert 0 < cost.seconds_per_epoch < 60
    assert cost.runs_at_once == 1
    assert 50_000_000 < cost.bytes_of_memory < 5_000_000_000
    assert 6 * 4 * 5000 < cost.bytes_per_run < 1_000_000
    assert list(tmp_path.iterdir()) == []
