"""Batches found by measuring: the fastest that changes no bit, and how many models the memory takes at once."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import nn

from cxr_report.inference import batches, graph, residence, session
from cxr_report.inference.engine import CPU, CUDA, TENSORRT, Trial

IMAGES = np.random.default_rng(4).integers(0, 256, (90, 32, 32), dtype=np.uint8)


@pytest.fixture
def content(
    form: graph.Template,
    folding: Callable[[int], nn.Module],
    weights_of: Callable[[nn.Module], dict[str, NDArray[Any]]],
) -> bytes:
    """Bytes of an exported model."""
    return graph.finish(graph.optimise(graph.fill(form, weights_of(folding(5)), where="w")), {})


@pytest.fixture
def model(content: bytes) -> session.Model:
    return session.load(content, dataclasses.replace(session.CPU, threads=2), where="model.onnx")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Set what a pass with each batch takes and gives; returns the batches that were tried."""

    def put(seconds: dict[int, float], *, other_bits: tuple[int, ...] = (), fails: tuple[int, ...] = ()) -> list[int]:
        tried: list[int] = []

        def timed(model: session.Model, batch: int, sample: NDArray[np.uint8]) -> batches._Pass:
            tried.append(batch)
            if batch in fails:
                raise RuntimeError("out of memory")
            logits = np.ones((len(sample), 3), dtype=np.float32)
            if batch in other_bits:
                logits[-1, 0] = np.nextafter(np.float32(1), np.float32(2))
            return batches._Pass(logits, 1000 / seconds[batch])

        monkeypatch.setattr(batches, "_timed", timed)
        monkeypatch.setattr(batches, "_resident", lambda engine, *_, **__: engine)
        return tried

    return put


def measured(content: bytes, cases: int = 1_000_000, engine: session.Engine = CPU) -> session.Engine:
    return session.measured(engine, content, IMAGES, where="model.onnx", models=10, cases=cases)


def test_the_fastest_batch_is_taken_and_what_was_measured_is_told(content: bytes, clock: Any) -> None:
    clock({1: 9.0, 2: 4.0, 4: 5.0, 8: 5.0, 16: 5.1})
    found = measured(content)
    assert found.batch == 2
    assert [trial.batch for trial in found.trials] == [8, 1, 2, 4, 16]
    assert all(trial.same_bits for trial in found.trials)
    assert found.trials[2].images_per_second == pytest.approx(found.trials[0].images_per_second * 5 / 4)


def test_a_faster_batch_with_one_other_bit_is_never_taken(content: bytes, clock: Any) -> None:
    tried = clock({1: 9.0, 2: 1.0, 4: 4.0, 8: 5.0, 16: 5.1}, other_bits=(2,))
    found = measured(content)
    assert found.batch == 4
    assert Trial(2, found.trials[0].images_per_second * 5, same_bits=False) in found.trials
    assert tried.count(2) == 1, "it is not tried again"


def test_noise_does_not_move_the_batch_away_from_the_reference(content: bytes, clock: Any) -> None:
    clock({1: 9.0, 2: 4.95, 4: 5.0, 8: 5.0, 16: 5.1})
    assert measured(content).batch == 8


def test_a_batch_that_does_not_fit_is_left_out_and_larger_ones_are_not_tried(model: session.Model, clock: Any) -> None:
    tried = clock({4: 2.0, 8: 5.0}, fails=(16,))
    trials = batches.tried(model, (4, 16, 32), IMAGES, seconds=99.0)
    assert [trial.batch for trial in trials] == [8, 4]
    assert 32 not in tried
    assert tried.count(16) == 1


def test_beyond_a_much_slower_batch_larger_ones_are_not_tried(model: session.Model, clock: Any) -> None:
    tried = clock({4: 5.0, 8: 5.0, 16: 9.0})
    batches.tried(model, (4, 16, 32), IMAGES, seconds=99.0)
    assert 32 not in tried


def test_nothing_is_measured_where_it_would_cost_more_than_it_can_bring(content: bytes, clock: Any) -> None:
    clock({1: 9.0, 2: 4.0, 4: 5.0, 8: 5.0, 16: 5.1})
    assert measured(content, cases=100).batch == 8
    assert measured(content, cases=1000).batch == 2
    assert measured(content, engine=TENSORRT) == TENSORRT
    assert session.measured(CPU, content, IMAGES[:0], where="model.onnx", models=9, cases=0) == CPU


def test_real_passes_find_equal_bits_whatever_the_batch(model: session.Model) -> None:
    trials = batches.tried(model, (1, 2, 4, 16, 64), IMAGES[:67], seconds=60.0)
    assert all(trial.same_bits and trial.images_per_second > 0 for trial in trials)
    assert trials[0].batch == 8


def test_the_sample_leaves_the_last_batch_open_and_fills_every_thread() -> None:
    engine = dataclasses.replace(CPU, threads=3)
    sample = batches._sample(IMAGES[:10], engine)
    assert len(sample) == 3 * 16 + batches.OPEN
    assert len(sample) % 8
    assert len(np.unique(sample, axis=0)) == 10


def test_what_one_model_takes_is_measured_and_bounds_how_many_are_resident(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = iter([10_000, 10_600, 11_300, 11_800])
    monkeypatch.setattr(residence, "taken", lambda engine: next(taken))
    monkeypatch.setattr(residence, "free_memory", lambda engine: 20_000)
    monkeypatch.setattr(batches, "BOX", 1e9)
    found = measured(content, cases=1000)
    assert (found.model_memory, found.memory_budget, found.together) == (700, 5000, 7)
    assert found.batch in {trial.batch for trial in found.trials if trial.same_bits}


def test_no_more_models_are_resident_than_memory_and_the_work_at_stake_allow() -> None:
    assert residence.together(100, 1.0, memory=1000, fallback=4) == 10
    assert residence.together(100, 50.0, memory=1000, fallback=4) == 2
    assert residence.together(5000, 1.0, memory=1000, fallback=4) == 1
    assert residence.together(0, 1.0, memory=1000, fallback=4) == 4
    assert residence.together(100, 1.0, memory=0, fallback=4) == 4
    assert residence.together(100, 1e6, memory=1000, fallback=4) == 1


def test_free_memory_is_what_the_container_leaves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(residence, "CGROUP", tmp_path)
    monkeypatch.setattr(residence, "_free_here", lambda: 900)
    assert residence.free_memory(CPU) == 900
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("300\n")
    assert residence.free_memory(CPU) == 900
    (tmp_path / "memory.max").write_text("1000\n")
    assert residence.free_memory(CPU) == 700
    assert residence.budget(CPU) == 175


def test_a_gpu_that_tells_nothing_gives_the_constant() -> None:
    assert residence.free_memory(CUDA) == 0 or residence.taken(CUDA) < 0
    assert residence.together(10, 1.0, memory=residence.budget(CUDA) and 0, fallback=CUDA.together) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
def test_resident_models_stay_within_the_budget_that_was_derived_from_one(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    code = f"""
import dataclasses
from pathlib import Path
import numpy as np
from cxr_report.inference import batches, residence, session
content = Path({str(tmp_path / "model.onnx")!r}).read_bytes()
images = np.random.default_rng(0).integers(0, 256, (400, 32, 32), dtype=np.uint8)
batches.BOX = 1e9
residence.free_memory = lambda engine: 4 * 24 * 2**20
start = dataclasses.replace(session.CPU, threads=2)
engine = session.measured(start, content, images, where="m", models=500, cases=400)
before = residence.taken(engine)
models = [session.load(content, engine, where="m") for _ in range(engine.together)]
session.predict(models, images)
print(engine.model_memory, engine.memory_budget, engine.together, residence.taken(engine) - before)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    cost, memory, many, grown = (int(number) for number in shown.stdout.split())
    assert memory == 24 * 2**20
    assert cost > 0
    assert 5 <= many <= memory // cost
    assert 0 < grown <= memory
