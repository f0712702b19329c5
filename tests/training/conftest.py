"""A tiny study with data that a tiny network can learn, and benches to train it on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cxr_report.data.cases import Cases, DataSet
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse
from cxr_report.training.bench import Bench
from cxr_report.training.resident import Resident, grey_levels

SIZE = 16
LOSSES = {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}}
SIGMOID = {"bce": {"loss": "bce"}, "weighted": {"loss": "weighted-bce"}}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Numbers of a run are those of one thread and of deterministic algorithms."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    yield
    torch.set_num_threads(before[0])
    torch.use_deterministic_algorithms(before[1])


@pytest.fixture
def make_study() -> Callable[..., Study]:
    """Write a tiny study; sections given by name replace or extend the defaults."""

    def make(task: str = "multiclass", **changes: Any) -> Study:
        raw: dict[str, Any] = {
            "name": "tiny",
            "task": task,
            "data": {"source": "phantom", "image_size": SIZE},
            "model": {"width": 4},
            "training": {"epochs": 3, "batch_size": 8, "checkpoint": "best"},
            "losses": SIGMOID if task == "multilabel" else LOSSES,
            "seeds": [1, 2],
        }
        for key, value in changes.items():
            old = raw.get(key)
            raw[key] = {**old, **value} if isinstance(old, dict) and key != "losses" else value
        return parse(raw, "tiny.toml")

    return make


@pytest.fixture
def make_dataset() -> Callable[..., DataSet]:
    """Draw cases whose brighter half tells the class."""

    def make(task: str = "multiclass", *, train: int = 40, val: int = 18) -> DataSet:
        rng = np.random.default_rng(0)
        sizes = {"train": train, "val": val, "test": 6}
        splits = {name: draw_cases(task, size, rng) for name, size in sizes.items()}
        classes = ("a", "b", "c") if task == "multiclass" else ("a", "b")
        fingerprint = hashlib.sha256(f"{task}{sizes}".encode()).hexdigest()
        return DataSet(classes, splits["train"], splits["val"], splits["test"], fingerprint, {})

    return make


def draw_cases(task: str, size: int, rng: np.random.Generator) -> Cases:
    images = rng.integers(0, 120, (size, SIZE, SIZE), dtype=np.uint8)
    if task == "multilabel":
        labels: Any = np.stack([np.arange(size) % 2, np.arange(size) // 2 % 2], axis=1).astype(np.float32)
        images[labels[:, 0] == 1, : SIZE // 2] += 60
        images[labels[:, 1] == 1, :, : SIZE // 2] += 60
        labels[::5, 1] = np.nan
    else:
        labels = np.arange(size) % (3 if task == "multiclass" else 2)
        for case, label in enumerate(labels):
            images[case, label * 5 : label * 5 + 5] += 60
    ids = np.array([f"case-{place}" for place in range(size)])
    return Cases(images, labels, ids, np.arange(size), {})


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[[Study, DataSet], Bench]:
    """Put a study's data on the CPU; runs land in the test's own folder."""

    def make(study: Study, dataset: DataSet) -> Bench:
        device = torch.device("cpu")
        return Bench(
            study=study,
            study_file=tmp_path / "tiny.toml",
            folder=StudyFolder(tmp_path / "runs" / "tiny"),
            train=Resident.place(dataset.train.images, dataset.train.labels, device),
            val=Resident.place(dataset.val.images, dataset.val.labels, device),
            classes=len(dataset.classes),
            grey=grey_levels(dataset.train.images),
            device=device,
            provenance={"plan_sha256": "p", "ledger_sha256": "l"},
        )

    return make
