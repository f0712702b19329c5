"""One tiny study that goes the whole way, once per test run, and copies of it to be changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report import stages

TINY = """
name = "tiny"
task = "multiclass"
seeds = 2

[data]
source = "phantom"
image_size = 32

[data.phantom]
patients = 90
images_per_patient = 1.3
difficulty = 0.3

[model]
width = 4

[training]
epochs = 2
batch_size = 16

[losses.ce]
loss = "cross-entropy"

[losses.focal]
loss = "focal"
"""


@pytest.fixture(scope="session")
def tiny_text() -> str:
    """The study file of the tiny study."""
    return TINY


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> stages.Workplace:
    """The tiny study after `run`; tests must not change it."""
    place = tmp_path_factory.mktemp("finished")
    (place / "tiny.toml").write_text(TINY)
    workplace = stages.Workplace.open(place / "tiny.toml", place / "runs")
    stages.run(workplace)
    return workplace


@pytest.fixture
def copy(finished: stages.Workplace, tmp_path: Path) -> Callable[..., stages.Workplace]:
    """Make a copy of the finished study with a study file of one's own."""

    def make(text: str = TINY) -> stages.Workplace:
        runs = finished.folder.path.parent
        shutil.copytree(runs, tmp_path / "runs", ignore=shutil.ignore_patterns("*.lock"))
        (tmp_path / "tiny.toml").write_text(text)
        return stages.Workplace.open(tmp_path / "tiny.toml", tmp_path / "runs")

    return make
