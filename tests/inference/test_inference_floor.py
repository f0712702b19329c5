"""Runs of the noise floor are exported and evaluated like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cxr_report import inference
from cxr_report.errors import Refusal
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder

Make = Callable[..., Any]
FLOOR = {"seeds": True, "identical": {"kl": {"loss": "kl-divergence"}}}


class Said(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_every_planned_run_is_exported_and_evaluated(
    make_study: Make, make_dataset: Make, train_all: Make, tmp_path: Path
) -> None:
    study, dataset, folder = make_study(noise_floor=FLOOR), make_dataset(), StudyFolder(tmp_path / "small")
    assert len(train_all(study, folder, dataset)) == 8
    inference.export(study, study_file=Path("small.toml"), folder=folder, dataset=dataset, progress=Silent())
    inference.evaluate(study, folder=folder, dataset=dataset, progress=Silent())
    for loss, seed in study.planned_runs():
        run = folder.run(loss, seed)
        assert run.export_json.exists()
        assert run.evaluation_json.exists()
        assert run.predictions("test").exists()
    assert folder.run("ce", 1_000_002).path.name == "seed-1000002"
    assert folder.run("kl", 1).path.parent.name == "kl"


def test_a_missing_floor_run_is_counted_among_those_left_out(
    make_study: Make, make_dataset: Make, train_one: Make, tmp_path: Path
) -> None:
    study, dataset, folder = make_study(noise_floor=FLOOR), make_dataset(), StudyFolder(tmp_path / "small")
    said = Said()
    with pytest.raises(Refusal, match="none of the 8 runs is trained"):
        inference.export(study, study_file=Path("small.toml"), folder=folder, dataset=dataset, progress=said)
    train_one(study, folder, dataset, "kl", 2)
    inference.export(study, study_file=Path("small.toml"), folder=folder, dataset=dataset, progress=said)
    inference.evaluate(study, folder=folder, dataset=dataset, progress=said)
    assert "7 of 8 runs are not trained yet and are left out" in said.lines
    assert "7 of 8 runs are not exported yet and are left out" in said.lines
    assert folder.run("kl", 2).evaluation_json.exists()
