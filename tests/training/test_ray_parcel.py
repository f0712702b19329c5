"""What travels to a node, how it is trained there, and which node is turned away."""

from __future__ import annotations

import ast
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from safetensors.torch import save_file

from cxr_report.runs import StudyFolder
from cxr_report.training import fleet, loop
from cxr_report.training.cluster import errand, remote, workshop
from cxr_report.training.cluster.parcel import here, pack
from cxr_report.training.cluster.sources import own_files

Make = Callable[..., Any]
HASHES = {"plan_sha256": "p", "ledger_sha256": "l", "git_commit": None}


@pytest.fixture(autouse=True)
def _a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test is a fresh process of a node, whose temporary folder is another one than the driver's."""
    monkeypatch.setattr(workshop, "_made", {})
    monkeypatch.setattr(workshop.tempfile, "gettempdir", lambda: str(tmp_path / "node"))
    monkeypatch.setattr(workshop.tempfile, "tempdir", str(tmp_path / "node"))
    (tmp_path / "node").mkdir()
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


def own(name: str) -> dict[str, str]:
    return {"function": name, "formula": "x", "reference": "y"}


def served(parcel: Any, task: Any) -> list[dict[str, Any]]:
    sent = pickle.loads(pickle.dumps(parcel))  # noqa: S301 - as it arrives elsewhere
    told = {"loss": task.loss, "seed": task.seed, "identity": task.identity}
    return list(remote.serve(sent, told, node="0123456789abcdef"))


def test_a_run_comes_back_with_the_bytes_of_a_local_one(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    study, dataset = make_study(), make_dataset()
    bench = make_bench(study, dataset)
    parcel = pack(study, dataset, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    for task in fleet.assignments(study, dataset)[:2]:
        loop.train(task, bench, lambda _: None)
        *states, last = served(parcel, task)
        assert last["kind"] == "files"
        assert [state["state"] for state in states][:1] + [state["state"] for state in states][-1:] == [
            "training",
            "trained",
        ]
        run = bench.folder.run(task.loss, task.seed)
        assert last["files"]["weights"] == run.weights.read_bytes()
        assert last["files"]["history"] == run.history.read_bytes()
        record = json.loads(last["files"]["run_json"])
        assert record["ray"] == {
            "node": "0123456789ab",
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "differs_from_driver": [],
        }
        local = json.loads(run.run_json.read_text())
        assert {key: record[key] for key in ("loss", "seed", "identity", "versions", "device")} == {
            key: local[key] for key in ("loss", "seed", "identity", "versions", "device")
        }
        assert str(tmp_path) not in json.dumps(record)


def test_a_node_that_has_trained_keeps_no_file_of_a_run(make_study: Make, make_dataset: Make, tmp_path: Path) -> None:
    study, dataset = make_study(), make_dataset()
    parcel = pack(study, dataset, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    for task in fleet.assignments(study, dataset)[:2]:
        served(parcel, task)
    left = [file.name for file in (tmp_path / "node").rglob("*") if file.is_file()]
    assert left == ["lock"]


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_living_one_is_not(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    dead, living = tmp_path / "node" / "cxr-report-ray-dead", tmp_path / "node" / "cxr-report-ray-living"
    for folder in (dead, living):
        folder.mkdir()
        (folder / "lock").touch()
    study, dataset = make_study(), make_dataset()
    parcel = pack(study, dataset, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    with FileLock(living / "lock"):
        workshop.workshop(parcel)
    assert not dead.exists()
    assert living.exists()


def test_no_path_of_the_driver_is_in_the_parcel(make_study: Make, make_dataset: Make, tmp_path: Path) -> None:
    place = tmp_path / "driver"
    place.mkdir()
    weights = place / "pretrained.safetensors"
    save_file({"w": torch.zeros(1)}, weights)
    study = make_study(model={"pretrained": str(weights), "width": 4})
    parcel = pack(study, make_dataset(), study_file=place / "tiny.toml", provenance=HASHES, gpu=False)
    assert str(place).encode() not in pickle.dumps(parcel)
    assert parcel["files"] == {"pretrained.safetensors": weights.read_bytes()}


def test_a_memory_map_travels_beside_the_message_and_not_in_it(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    dataset = make_dataset()
    file = tmp_path / "pixels.npy"
    np.save(file, dataset.train.images)
    mapped = replace(dataset, train=replace(dataset.train, images=np.load(file, mmap_mode="r")))
    parcel = pack(make_study(), mapped, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    beside: list[pickle.PickleBuffer] = []
    message = pickle.dumps(parcel, protocol=5, buffer_callback=beside.append)
    assert len(message) < 10_000
    assert dataset.train.images.nbytes in [buffer.raw().nbytes for buffer in beside]


MODULES = {
    "losses_of_mine.py": "import torch\nimport aside_of_mine\nfrom kit_of_mine.parts import scale\n\n"
    "def loss(logits, target):\n"
    "    return scale(torch.nn.functional.cross_entropy(logits, target)) + aside_of_mine.ZERO\n",
    "aside_of_mine.py": "ZERO = 0.0\n",
    "kit_of_mine/__init__.py": "",
    "kit_of_mine/parts.py": "from .deep import two\n\ndef scale(x):\n    return x * two() / 2\n",
    "kit_of_mine/deep.py": "def two():\n    return 2.0\n",
    "unrelated_of_mine.py": "raise RuntimeError\n",
}


def write_modules(place: Path) -> None:
    for name, source in MODULES.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)


def test_the_users_own_modules_travel_with_what_they_import(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    place = tmp_path / "driver"
    place.mkdir()
    write_modules(place)
    study = make_study(losses={"ce": {"loss": "cross-entropy"}, "ours": own("losses_of_mine:loss")})
    dataset = make_dataset()
    parcel = pack(study, dataset, study_file=place / "tiny.toml", provenance=HASHES, gpu=False)
    assert sorted(parcel["files"]) == sorted(set(MODULES) - {"unrelated_of_mine.py"})
    for file in place.rglob("*.py"):
        file.unlink()
    task = next(task for task in fleet.assignments(study, dataset) if task.loss == "ours")
    assert served(parcel, task)[-1]["kind"] == "files"


def test_a_module_elsewhere_on_the_path_travels_and_an_installed_one_does_not(
    make_study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine_elsewhere.py").write_text("import numpy\nimport cxr_report\n\ndef loss(a, b):\n    return a\n")
    monkeypatch.syspath_prepend(elsewhere)
    losses = {"a": own("mine_elsewhere:loss"), "b": own("torch.nn.functional:cross_entropy")}
    assert list(own_files(make_study(losses=losses), tmp_path / "tiny.toml")) == ["mine_elsewhere.py"]


def test_an_identical_loss_of_the_noise_floor_travels_too(make_study: Make, tmp_path: Path) -> None:
    (tmp_path / "twin_of_mine.py").write_text("def loss(a, b):\n    return a\n")
    study = make_study()
    floor = study.noise_floor.model_copy(update={"identical": {"twin": _loss("twin_of_mine:loss")}})
    changed = study.model_copy(update={"noise_floor": floor})
    assert list(own_files(changed, tmp_path / "tiny.toml")) == ["twin_of_mine.py"]


def _loss(function: str) -> Any:
    from cxr_report.study import Loss

    return Loss.model_validate(own(function))


def test_a_node_with_another_source_of_an_installed_loss_is_unfit(
    make_study: Make, make_dataset: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "installed_loss.py").write_text("def loss(a, b):\n    return a.mean()\n")
    study = make_study(losses={"ce": {"loss": "cross-entropy"}, "ours": own("installed_loss:loss")})
    ours = study.losses["ours"].model_copy(update={"function_sha256": "0" * 64})
    study = study.model_copy(update={"losses": {**study.losses, "ours": ours}})
    dataset = make_dataset()
    parcel = pack(study, dataset, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    task = fleet.assignments(study, dataset)[0]
    told = served(parcel, task)
    assert [message["kind"] for message in told] == ["unfit"]
    assert told[0]["sentence"].startswith("has no module installed_loss; install it on every node, or put it beside")
    monkeypatch.syspath_prepend(installed)
    assert served(parcel, task)[0]["sentence"].startswith("has another module installed_loss than the driver")


def test_a_node_whose_torch_finds_no_gpu_is_unfit_for_runs_on_gpus(
    make_study: Make, make_dataset: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, dataset = make_study(), make_dataset()
    parcel = pack(study, dataset, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    told = served(parcel, fleet.assignments(study, dataset)[0])
    assert told == [
        {
            "kind": "unfit",
            "sentence": "offers a GPU, but its torch finds none; install torch's build for the GPU there",
        }
    ]


def test_another_capability_of_the_cpu_is_written_down(make_study: Make, make_dataset: Make, tmp_path: Path) -> None:
    study, dataset = make_study(), make_dataset()
    parcel = pack(study, dataset, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    parcel["driver"] = {**here(), "CPU capability": "PENTIUM"}
    last = served(parcel, fleet.assignments(study, dataset)[0])[-1]
    told = json.loads(last["files"]["run_json"])["ray"]
    assert told["differs_from_driver"] == [f"CPU capability: PENTIUM there, {here()['CPU capability']} here"]


def test_a_failure_on_a_node_comes_back_as_a_workers_message(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    place = tmp_path / "driver"
    place.mkdir()
    (place / "broken_of_mine.py").write_text("def loss(logits, target):\n    raise ValueError('no')\n")
    study = make_study(losses={"ce": {"loss": "cross-entropy"}, "ours": own("broken_of_mine:loss")})
    dataset = make_dataset()
    parcel = pack(study, dataset, study_file=place / "tiny.toml", provenance=HASHES, gpu=False)
    told = served(parcel, next(task for task in fleet.assignments(study, dataset) if task.loss == "ours"))
    assert told[-1]["kind"] == "failure"
    assert told[-1]["sentence"] == "ValueError: no"


def test_a_diverged_run_comes_back_without_weights(make_study: Make, make_dataset: Make, tmp_path: Path) -> None:
    (tmp_path / "endless_of_mine.py").write_text("def loss(logits, target):\n    return logits.sum() / 0.0\n")
    study = make_study(losses={"ours": own("endless_of_mine:loss"), "ce": {"loss": "cross-entropy"}})
    dataset = make_dataset()
    parcel = pack(study, dataset, study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    last = served(parcel, fleet.assignments(study, dataset)[0])[-1]
    assert sorted(last["files"]) == ["diverged", "history", "run_json"]


HERE = {"cxr_report": "0.1.0 (sources aa)", "torch": "2.13.0+cpu", "numpy": "2.4.6"}


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        ({}, ""),
        ({"numpy": "2.4.5"}, "has numpy 2.4.5 and the driver numpy 2.4.6"),
        (
            {"torch": "none", "numpy": "1.26.4"},
            "has torch none, numpy 1.26.4 and the driver torch 2.13.0+cpu, numpy 2.4.6",
        ),
        (
            {"cxr_report": "0.1.0 (sources bb)"},
            "has cxr_report 0.1.0 (sources bb) and the driver cxr_report 0.1.0 (sources aa)",
        ),
        ({"torch": "2.13.0+cu130"}, "has torch 2.13.0+cu130 and the driver torch 2.13.0+cpu"),
    ],
)
def test_other_versions_are_named_on_both_sides(there: dict[str, str], sentence: str) -> None:
    assert errand.difference(HERE, {**HERE, **there}, builds=True) == sentence


def test_another_build_of_torch_is_no_difference_where_gpus_train() -> None:
    assert errand.difference(HERE, {**HERE, "torch": "2.13.0+cu130"}, builds=False) == ""
    assert errand.difference(HERE, {**HERE, "torch": "2.12.0+cu130"}, builds=False) != ""


def test_the_first_look_at_a_node_needs_nothing_but_python() -> None:
    source = Path(errand.__file__).read_text()
    code = f"import sys\nexec({source!r})\nprint(facts())\nprint([n for n in ('torch', 'numpy') if n in sys.modules])"
    shown = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd="/")
    told, loaded = shown.stdout.splitlines()
    assert ast.literal_eval(told)["torch"] == "none"  # -S hides what is installed
    assert ast.literal_eval(told)["cxr_report"] == "none"
    assert loaded == "[]"
    assert errand.facts()["torch"].startswith(torch.__version__.partition("+")[0])


def test_another_source_of_what_decides_a_runs_bytes_is_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(source: str, room: str) -> str:
        root = tmp_path / "cxr_report"
        (root / room).mkdir(parents=True, exist_ok=True)
        (root / "__init__.py").touch()
        (root / room / "some.py").write_text(source)
        monkeypatch.setattr(errand.importlib.util, "find_spec", lambda _: Found([str(root)]))
        return errand.facts()["cxr_report"]

    assert version("x = 1", "training") != version("x = 2", "training")
    assert version("x = 2", "report") == version("x = 3", "report")


class Found:
    def __init__(self, places: list[str]) -> None:
        self.submodule_search_locations = places


def test_a_runs_folder_lies_in_the_temporary_folder_of_its_process(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    parcel = pack(make_study(), make_dataset(), study_file=tmp_path / "tiny.toml", provenance=HASHES, gpu=False)
    made = workshop.workshop(parcel)
    bench = made.bench(HASHES, "n")
    assert isinstance(bench.folder, StudyFolder)
    assert bench.folder.path.is_relative_to(tmp_path / "node")
    assert workshop.workshop(parcel) is made
