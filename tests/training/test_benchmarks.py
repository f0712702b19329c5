"""The benchmarks of training: what they count is right, and they run in small on a CPU."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks" / "training"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import a module of the benchmarks, which lie beside each other and are no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


def test_bytes_are_counted_as_read_and_written(load: Any) -> None:
    left, right = torch.zeros(10, 20), torch.zeros(20, 5)
    with load("ceilings").ByteCounter() as counter:
        (left @ right).t()
    assert counter.bytes == 4 * (10 * 20 + 20 * 5 + 10 * 5)


def test_operations_and_bytes_of_a_step_are_those_of_its_layers(
    load: Any, make_study: Any, make_dataset: Any, make_bench: Any, tmp_path: Path
) -> None:
    (tmp_path / "linear_for_tests.py").write_text(
        "from torch import nn\n"
        "def network(num_classes, image_size):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(image_size ** 2, num_classes))\n"
    )
    study = make_study(model={"name": "custom", "function": "linear_for_tests:network"})
    from cxr_report.training.bench import Assignment

    found = load("ceilings").counted(make_bench(study, make_dataset()), Assignment("ce", 1, "i"))
    pixels, classes = 16 * 16, 3
    layer = [2 * pixels * classes] * 2  # forward, and the gradient of the weights; images need none
    assert found["floating_point_operations_per_image"] == sum(layer)
    assert found["bytes_per_image"] > 4 * pixels * 4


def test_a_straight_line_is_found_and_a_bent_one_is_told(load: Any) -> None:
    slope = load("kit").slope
    straight = slope([1, 2, 4], [5.0, 7.0, 11.0])
    assert straight["per_unit"] == pytest.approx(2.0)
    assert straight["once"] == pytest.approx(3.0)
    assert straight["worst_relative_distance"] < 1e-9
    assert slope([1, 2, 4, 8], [1.0, 4.0, 16.0, 64.0])["worst_relative_distance"] > 0.5


def test_memory_is_that_of_a_process_and_its_descendants(load: Any) -> None:
    memory = load("memory")
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("needs /proc/self/smaps_rollup, which is absent here")
    code = "import sys; held = bytearray(b'x') * (50 * 2**20); print('held', flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == b"held\n"
    assert child.pid in memory.family(os.getpid())
    pss, anonymous = memory._rollup(child.pid)
    child.stdin.close()
    assert child.wait() == 0
    child.stdout.close()
    assert pss >= anonymous > 50 * 2**20
    assert memory._rollup(child.pid) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "keys"),
    [
        ("cpu.py --quick", {"throughput", "ratio", "profile", "needed", "target"}),
        ("gpu.py --device cpu --quick", {"small", "dense", "growth"}),
        ("growth.py --quick", {"growth"}),
        ("memory.py --quick", {"memory", "target"}),
    ],
)
def test_a_benchmark_runs_in_small_and_ends_with_one_document(script: str, keys: set[str]) -> None:
    file, *asked = script.split()
    done = subprocess.run([sys.executable, BENCHMARKS / file, *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout.splitlines()[-1])
    assert keys <= document.keys()
    assert document["quick"] is True
    assert document["machine"]["versions"]["torch"]
    if "growth" in document:
        assert document["growth"]["over_runs"]["line_of_processor_seconds"]["per_unit"] > 0


def test_an_idle_machine_is_computed_from_processor_times(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = load("contest")
    monkeypatch.setattr(contest, "cores", lambda: 2)
    told = {
        "ours": {"training_images": 1000, "processor_seconds": 10.0},  # 5 seconds on two cores: 200 images/s
        "bound by itself": {"training_images": 100, "processor_seconds": 3.0, "threads": 1},
        "bound by its readers": {"training_images": 100, "processor_seconds": 6.0, "threads": 1},
        "on two threads": {"training_images": 100, "processor_seconds": 6.0, "threads": 2},
    }
    for peer in list(told)[1:]:
        told[peer]["processor_seconds_of_this_process"] = 2.0
    assert contest.if_idle(told) == {"bound by itself": 4.0, "bound by its readers": 6.0}
