"""Small cases and a small network whose parts are the ones that an export can get wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from cxr_report.data.cases import Cases, DataSet
from cxr_report.inference import exporter, graph
from cxr_report.runs import RunFolder, StudyFolder
from cxr_report.study import Study, parse
from cxr_report.training import models
from cxr_report.training.weights import encode

SIDE = 32
CLASSES = ("no_finding", "pneumonia", "covid19")
SOFTMAX = {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}}
SIGMOID = {"bce": {"loss": "bce"}, "focal": {"loss": "sigmoid-focal"}}


class Folding(nn.Module):
    """Convolutions with batch norms to fold, a residual sum, and buffers named like nodes of a graph."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.head = nn.Linear(4, classes)
        self.register_buffer("mean", torch.tensor(127.5))
        self.register_buffer("std", torch.tensor(64.0))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        grey = self.first((image.float() - self.mean) / self.std)
        return self.head(torch.relu(grey + self.second(grey)).mean((2, 3)))


def lived_in(module: nn.Module, seed: int) -> nn.Module:
    """Give every parameter and running statistic a value as after training, so that no batch norm is the identity."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if not value.is_floating_point() or value.ndim == 0:
                continue
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("running_var"):
                value.copy_(0.5 + noise.abs())
            elif value.ndim > 1:
                value.copy_(noise * (2.0 / value[0].numel()) ** 0.5)
            elif name not in ("mean", "std"):
                value.copy_(0.3 * noise + (1.0 if name.endswith("weight") else 0.0))
    return module.eval()


def _cases(count: int, labels: NDArray[Any], rng: np.random.Generator, name: str) -> Cases:
    images = rng.integers(0, 256, (count, SIDE, SIDE), dtype=np.uint8)
    ids = np.array([hashlib.sha256(f"{name} {row}".encode()).hexdigest()[:12] for row in range(count)])
    return Cases(images, labels, ids, np.arange(count, dtype=np.int64), {})


@pytest.fixture(scope="session")
def folding() -> Callable[[int], nn.Module]:
    """Make the small network with other weights per seed."""
    return lambda seed: lived_in(Folding(len(CLASSES)), seed)


@pytest.fixture(scope="session")
def form() -> graph.Template:
    """The unoptimised graph of the small network."""
    return exporter.export_template(lived_in(Folding(len(CLASSES)), 0), (SIDE, SIDE))


@pytest.fixture(scope="session")
def weights_of() -> Callable[[nn.Module], dict[str, NDArray[Any]]]:
    """Return a module's parameters and buffers by name."""
    return lambda module: {name: value.numpy().copy() for name, value in module.state_dict().items()}


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., DataSet]:
    """Make a data set of random pixels."""

    def make(task: str = "multiclass", *, train: int = 40, val: int = 37, test: int = 21, seed: int = 0) -> DataSet:
        rng = np.random.default_rng(seed)
        classes = CLASSES[:2] if task == "binary" else CLASSES
        splits = {}
        for name, count in (("train", train), ("val", val), ("test", test)):
            labels: NDArray[Any] = np.arange(count, dtype=np.int64) % len(classes)
            if task == "multilabel":
                labels = rng.integers(0, 2, (count, len(classes))).astype(np.float32)
            splits[name] = _cases(count, labels, rng, name)
        fingerprint = hashlib.sha256(f"{task} {train} {val} {test} {seed}".encode()).hexdigest()
        return DataSet(classes, splits["train"], splits["val"], splits["test"], fingerprint, {})

    return make


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    """Make a study of two losses and two seeds."""

    def make(task: str = "multiclass", **sections: Any) -> Study:
        plain = {
            "name": "small",
            "task": task,
            "data": {"source": "medmnist", "path": "small.npz", "image_size": SIDE},
            "model": {"name": "small-resnet", "width": 4},
            "losses": SIGMOID if task == "multilabel" else SOFTMAX,
            "seeds": [1, 2],
        }
        return parse({**plain, **sections}, "small.toml")

    return make


@pytest.fixture(scope="session")
def train_one() -> Callable[..., RunFolder]:
    """Leave the weights of one run as training does, without training."""

    def make(
        study: Study, folder: StudyFolder, dataset: DataSet, loss: str, seed: int, scale: float = 1.0
    ) -> RunFolder:
        run = folder.run(loss, seed)
        network = models.build(study.model, len(dataset.classes), study_file=Path("small.toml"), image_size=SIDE)
        network.normalise_by(0.5, 0.25)
        names = [*study.losses, *study.noise_floor.identical]
        lived_in(network, seed + 100 * names.index(loss))
        state = {name: value * (scale if value.ndim > 1 else 1) for name, value in network.state_dict().items()}
        run.path.mkdir(parents=True, exist_ok=True)
        content = encode(state, {"identity": study.run_identity(loss, seed, dataset.fingerprint)})
        run.weights.write_bytes(content)
        return run

    return make


@pytest.fixture(scope="session")
def train_all(train_one: Callable[..., RunFolder]) -> Callable[..., list[RunFolder]]:
    """Leave the weights of every run of a study."""

    def make(study: Study, folder: StudyFolder, dataset: DataSet) -> list[RunFolder]:
        return [train_one(study, folder, dataset, loss, seed) for loss, seed in study.planned_runs()]

    return make
