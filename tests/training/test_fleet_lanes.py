"""Steps that are captured: equal to the last bit to those that are not, for every loss, dropout and changing phases."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from cxr_report.losses import CATALOGUE
from cxr_report.training import loop
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.graphs import Uncapturable
from cxr_report.training.device.lanes import lane
from cxr_report.training.device.pauses import follow
from cxr_report.training.device.routine import WARM, Routine
from cxr_report.training.resident import Resident

Make = Callable[..., Any]


def recording() -> Any:
    """The module beside this one; tests are no package."""
    spec = importlib.util.spec_from_file_location("recording_lanes", Path(__file__).with_name("recording.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def resident(bench: Bench, place: Path, notes: list[str]) -> Bench:
    """The data as a GPU holds them, in tensors, and a folder of its own."""

    def held(split: Resident) -> Resident:
        return replace(split, images=torch.from_numpy(split.images.copy()))

    folder = type(bench.folder)(place)
    return replace(bench, train=held(bench.train), val=held(bench.val), folder=folder, note=notes.append)


def files(bench: Bench, task: Assignment) -> tuple[bytes, bytes]:
    run = bench.folder.run(task.loss, task.seed)
    return run.weights.read_bytes(), run.history.read_bytes()


def both(bench: Bench, loss: str, place: Path) -> tuple[Any, list[str], tuple[bytes, bytes], tuple[bytes, bytes]]:
    """Train a run on a lane that captures and on a plain one; return the first, what it noted, and both results."""
    notes: list[str] = []
    task = Assignment(loss, 1, "i")
    captured, plain = (resident(bench, place / name, notes) for name in ("captured", "plain"))
    own = recording().RecordingLane()
    follow(loop.course(task, captured, lambda _: None, own), own)
    loop.train(task, plain, lambda _: None)
    return own, notes, files(captured, task), files(plain, task)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_loss_can_be_captured_and_gives_the_same_weights(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path, name: str
) -> None:
    task = "multilabel" if "multilabel" in CATALOGUE[name].tasks else "multiclass"
    other = "bce" if task == "multilabel" else "cross-entropy"
    losses = {"own": {"loss": name}, "other": {"loss": "focal" if name == other == "cross-entropy" else other}}
    if name == "bce":
        losses["other"] = {"loss": "zlpr"}
    study = make_study(task, losses=losses, model={"width": 4, "dropout": 0.2})
    own, notes, captured, plain = both(make_bench(study, make_dataset(task)), "own", tmp_path)
    assert captured == plain
    assert notes == []
    assert own.captured >= 1
    assert own.replayed >= 3 * 5 - WARM * (2 if CATALOGUE[name].uses_progress else 1)


def test_a_captured_step_goes_by_its_schedule_and_draws_anew(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    """The witness that the recorder is no eager lane in disguise: without new numbers its steps repeat themselves."""
    bench = resident(make_bench(make_study(model={"width": 4, "dropout": 0.5}), make_dataset()), tmp_path, [])
    own = recording().RecordingLane()
    work = loop.Run(Assignment("ce", 1, "i"), bench, own)
    work.epoch()
    rates = [group["lr"].item() for group in work.learner.optimiser.param_groups]
    assert rates == [work.plan.rate(0, work.plan.steps - 1)] * len(rates)
    before = {name: value.clone() for name, value in work.learner.classifier.state_dict().items()}
    losses = []
    for start in (1, 2, 1):
        work.learner.classifier.load_state_dict(before)
        work.stepper._place.zero_()
        work.stepper._routine.go(start)
        losses.append(work.stepper.losses[0].item())
    assert losses[0] == losses[2] != losses[1]


OWN = """
from torch import nn
from torch.nn import functional

def plain(logits, target):
    return functional.cross_entropy(logits, target)

def ready(logits, target):
    return functional.cross_entropy(logits, target)

def waiting(logits, target):
    value = functional.cross_entropy(logits, target)
    return value * 2 if value.item() > 1.0 else value

ready.capturable = waiting.capturable = True

def network(num_classes, image_size):
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, num_classes))
"""


def own_loss(name: str) -> dict[str, str]:
    return {"function": f"capturing_for_tests:{name}", "formula": "x", "reference": "y"}


@pytest.mark.parametrize(
    ("name", "captures", "said"),
    [
        ("plain", 0, "capturing_for_tests:plain does not say that its Python does the same in every step"),
        ("ready", 1, ""),
        ("waiting", 0, "waits for the device"),
    ],
)
def test_a_loss_that_cannot_be_captured_is_trained_step_by_step_and_the_log_says_so(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path, name: str, captures: int, said: str
) -> None:
    (tmp_path / "capturing_for_tests.py").write_text(OWN)
    study = make_study(losses={"ce": {"loss": "cross-entropy"}, "own": own_loss(name)})
    own, notes, captured, plain = both(make_bench(study, make_dataset()), "own", tmp_path)
    assert captured == plain
    assert own.captured >= captures
    assert own.replayed >= 3 * 5 - WARM if name == "ready" else own.replayed == 0
    if said:
        assert all(note.startswith("loss own: its steps are issued one by one") for note in notes)
        assert said in notes[0]
    else:
        assert notes == []


def test_a_network_of_the_users_own_is_not_captured_unasked(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    (tmp_path / "capturing_for_tests.py").write_text(OWN)
    study = make_study(model={"name": "custom", "function": "capturing_for_tests:network"})
    own, notes, captured, plain = both(make_bench(study, make_dataset()), "ce", tmp_path)
    assert captured == plain
    assert own.captured == 0
    assert "capturing_for_tests:network does not say" in notes[0]


def test_half_precision_is_captured_too(make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path) -> None:
    study = make_study(training={"epochs": 2, "batch_size": 8, "precision": "bfloat16"})
    own, _, captured, plain = both(make_bench(study, make_dataset()), "ce", tmp_path)
    assert captured == plain
    assert own.replayed >= 7


def test_a_step_is_captured_anew_when_its_loss_becomes_another_one(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    losses = {"ldam": {"loss": "ldam", "parameters": {"deferral": 0.5}}, "ce": {"loss": "cross-entropy"}}
    study = make_study(losses=losses, training={"epochs": 4, "batch_size": 8})
    own, _, captured, plain = both(make_bench(study, make_dataset()), "ldam", tmp_path)
    assert captured == plain
    assert own.captured == 2 + 1  # two phases of training, one validation


def test_work_is_issued_as_it_is_before_it_is_captured() -> None:
    own = recording().RecordingLane()
    count = torch.zeros(1)

    def work() -> None:
        count.add_(1)

    routine = Routine(work, own, eager="", note=lambda _: None)
    seen = []
    for _ in range(WARM + 2):
        routine.go()
        seen.append((int(count), own.captured, routine.warm))
    assert seen == [(1, 0, False), (2, 0, False), (3, 0, False), (4, 1, True), (5, 1, True)]


def test_a_cpu_captures_nothing_and_has_nothing_to_wait_for() -> None:
    plain = lane(torch.device("cpu"))
    assert not plain.captures
    assert plain.mark().ready()
    with pytest.raises(Uncapturable):
        plain.capture(lambda: None)
    source = torch.zeros(2)
    fetched = plain.fetch(source)
    source.add_(1)
    assert fetched.tensors()[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["agenda", "device.capacity", "device.graphs", "fleet", "randomness", "schedule"])
def test_the_examples_are_right(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"cxr_report.training.{name}"))
    assert found.attempted
    assert not found.failed
