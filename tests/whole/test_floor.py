"""The noise floor on its way through training, export and evaluation, and its runs taken over by another study."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_report import stages, standing
from cxr_report.progress import Silent
from cxr_report.reuse import take_runs

FLOOR = """
[noise_floor]
seeds = true

[noise_floor.identical.kl]
loss = "kl-divergence"
"""


def opened(text: str, name: str, place: Path) -> stages.Workplace:
    file = place / f"{name}.toml"
    file.write_text(text.replace('name = "tiny"', f'name = "{name}"').replace("epochs = 2", "epochs = 1"))
    return stages.Workplace.open(file, place / "runs")


@pytest.fixture(scope="module")
def floor(tiny_text: str, tmp_path_factory: pytest.TempPathFactory) -> stages.Workplace:
    """The tiny study with a noise floor, evaluated."""
    place = opened(tiny_text + FLOOR, "floor", tmp_path_factory.mktemp("floor"))
    for stage in (stages.train, stages.export, stages.evaluate):
        stage(place)
    return place


def test_every_run_of_the_floor_is_evaluated_in_a_folder_of_its_own(floor: stages.Workplace) -> None:
    folders = {floor.folder.run(loss, seed).path for loss, seed in floor.study.planned_runs()}
    assert len(folders) == 8
    assert {path.name for path in (floor.folder.path / "ce").iterdir()} == {
        "seed-0001",
        "seed-0002",
        "seed-1000001",
        "seed-1000002",
    }
    assert "runs: 8 evaluated" in standing.table(floor.folder)


def test_floor_runs_are_offered_to_another_study_and_taken_by_its_floor(
    floor: stages.Workplace, tiny_text: str
) -> None:
    home = floor.study_file.parent
    plain = opened(tiny_text.replace("seeds = 2", "seeds = [2, 9, 1000001]"), "plain", home)
    frozen, _ = stages.prepare(plain, progress=Silent(), check=lambda _: None)
    assert take_runs(floor.folder, plain.study, plain.folder, frozen, progress=Silent()) == 3
    taken = plain.folder.run("ce", 1_000_001)
    assert taken.weights.read_bytes() == floor.folder.run("ce", 1_000_001).weights.read_bytes()
    renamed = opened(tiny_text + FLOOR.replace("identical.kl", "identical.twin"), "renamed", home)
    frozen, _ = stages.prepare(renamed, progress=Silent(), check=lambda _: None)
    assert take_runs(floor.folder, renamed.study, renamed.folder, frozen, progress=Silent()) == 8
    assert renamed.folder.run("twin", 1).weights.exists()
