"""Small sources of images, made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cxr_report.data import DataSet, load
from cxr_report.progress import Silent
from cxr_report.study import Study, parse

SOFTMAX = {"a": {"loss": "cross-entropy"}, "b": {"loss": "focal"}}
SIGMOID = {"a": {"loss": "bce"}, "b": {"loss": "sigmoid-focal"}}


@pytest.fixture(scope="session")
def pydicom() -> ModuleType:
    """pydicom, where the extra is installed."""
    module: ModuleType = pytest.importorskip("pydicom", reason="pydicom comes with the extras train and infer")
    return module


@pytest.fixture(scope="session")
def ask() -> Callable[..., Study]:
    """Make a study of a task with the given data section."""

    def make(task: str = "multiclass", **data: Any) -> Study:
        losses = SIGMOID if task == "multilabel" else SOFTMAX
        return parse({"name": "t", "task": task, "losses": losses, "seeds": 2, "data": data}, "study.toml")

    return make


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., DataSet]:
    """Load a study whose file lies in the test's folder."""

    def make(study: Study, *, workers: int = 1, progress: Any = None, cache: Path | None = None) -> DataSet:
        return load(
            study,
            study_file=tmp_path / "study.toml",
            cache=cache or tmp_path / "runs" / ".cache",
            workers=workers,
            progress=progress or Silent(),
        )

    return make


@pytest.fixture(scope="session")
def grain() -> Callable[..., NDArray[np.uint8]]:
    """Make a random grey image from a seed."""

    def make(seed: int, height: int = 24, width: int = 20) -> NDArray[np.uint8]:
        return np.random.default_rng(seed).integers(0, 256, size=(height, width), dtype=np.uint8)

    return make


@pytest.fixture
def folder(tmp_path: Path, grain: Callable[..., NDArray[np.uint8]]) -> Callable[[Mapping[str, int]], Path]:
    """Write so many distinct PNG files into each named subfolder of ``images``."""

    def make(counts: Mapping[str, int]) -> Path:
        root = tmp_path / "images"
        seed = 0
        for name, count in counts.items():
            (root / name).mkdir(parents=True)
            for place in range(count):
                Image.fromarray(grain(seed)).save(root / name / f"{place:03d}.png")
                seed += 1
        return root

    return make
