"""Tuning on the whole way: before the runs, killed and resumed, in shards, taken over, analysed and reported."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cxr_report import analysis, ledger, stages, standing, tuning
from cxr_report.analysis.value import Analysis
from cxr_report.errors import Refusal
from cxr_report.holding import Shard
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder, write_text

TUNING = """
tuning = { gamma = { low = 0.5, high = 4.0 } }

[noise_floor]
seeds = true

[noise_floor.identical.kl]
loss = "kl-divergence"

[noise_floor.identical.twin]
loss = "focal"

[tuning]
trials = 3
epochs = 1
learning_rate = [2e-3, 1e-2, 3e-2]
"""
NOT_COMPARED = ("run.json", "evaluation.json", "checkpoint.pt", "study.json", "report.pdf", "manifest.json")
"""These hold times or machine facts, or hash files that do."""


class Told(Silent):
    """Progress that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def opened(text: str, place: Path, name: str = "tiny") -> stages.Workplace:
    place.mkdir(exist_ok=True)
    (place / f"{name}.toml").write_text(text.replace('name = "tiny"', f'name = "{name}"'))
    return stages.Workplace.open(place / f"{name}.toml", place / "runs")


@pytest.fixture(scope="session")
def tuned_text(tiny_text: str) -> str:
    """The tiny study with tuning."""
    return tiny_text.replace("epochs = 2", "epochs = 1") + TUNING


@pytest.fixture(scope="module")
def calm(tuned_text: str, tmp_path_factory: pytest.TempPathFactory) -> stages.Workplace:
    """The tuned study after `run`; tests must not change it."""
    place = opened(tuned_text, tmp_path_factory.mktemp("tuned"))
    stages.run(place)
    return place


def loaded(place: stages.Workplace) -> Analysis:
    return analysis.load(place.folder.analysis())


def content(folder: StudyFolder) -> dict[str, bytes]:
    files = [file for file in folder.path.rglob("*") if file.is_file() and file.name not in NOT_COMPARED]
    return {folder.relative(file): file.read_bytes() for file in files if file.parent.name != "report"}


def test_the_analysis_tells_the_budget_the_space_and_what_was_chosen_of_every_loss(calm: stages.Workplace) -> None:
    told = loaded(calm)
    assert [one.loss for one in told.tuning] == ["ce", "focal"]
    assert {(len(one.trials), one.seeds, one.epochs) for one in told.tuning} == {
        (3, tuning.tuning_seeds(calm.study), 1)
    }
    for one in told.tuning:
        values = one.trials[one.chosen - 1].values
        assert told.study.learning_rate(one.loss) == values["learning_rate"]
        assert told.study.weight_decay(one.loss) == values["weight_decay"]
        assert told.study.losses[one.loss].parameters == {
            key: values[key] for key in told.study.losses[one.loss].parameters
        }
        assert one.best[-1] == one.trials[one.chosen - 1].mean == max(trial.mean for trial in one.trials)
    assert {"tuning/ce.json", "tuning/focal.json"} <= set(told.inputs)
    assert [(one.name, one.scale) for one in told.tuning[1].space] == [
        ("learning_rate", "list"),
        ("weight_decay", "log"),
        ("gamma", "linear"),
    ]


def test_identical_losses_are_trained_like_their_partners_and_agree_with_them(calm: stages.Workplace) -> None:
    assert [(one.first, one.second, one.identical) for one in loaded(calm).twins] == [
        ("ce", "kl", True),
        ("focal", "twin", True),
    ]


def test_the_frozen_plan_stays_as_it_was_written(calm: stages.Workplace) -> None:
    frozen = ledger.read(calm.folder).study
    assert frozen.losses["focal"].parameters == {"gamma": 2.0}
    assert frozen.tuning == calm.study.tuning


def test_the_status_tells_trials_and_what_was_chosen(calm: stages.Workplace) -> None:
    said = standing.table(calm.folder)
    assert "tuning: 3 configurations x 1 training for each of 2 losses = 6 trainings of 1 epochs" in said
    assert re.search(r"focal: 3 of 3 trainings finished; configuration \d chosen: gamma", said)


def test_the_forecast_counts_the_trials(tuned_text: str, tmp_path: Path) -> None:
    said = standing.forecast(opened(tuned_text, tmp_path), workers=1, progress=Silent())
    assert "6 trainings of 1 epochs, 6 to do before the first run" in said
    assert "trials included" in said


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_study_killed_among_its_trials_ends_byte_identical(
    calm: stages.Workplace, tuned_text: str, tmp_path: Path
) -> None:
    place = opened(tuned_text, tmp_path)
    command = [sys.executable, "-c", "from cxr_report.cli import main; main()", "run", "tiny.toml", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(place.folder.trials.path.rglob("trial.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = {file: file.stat().st_mtime_ns for file in place.folder.trials.path.rglob("trial.json")}
    assert 1 <= len(kept) < 6, "the kill did not come among the trials"
    stages.run(place)
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in kept.items()), "a finished trial was trained again"
    assert content(place.folder) == content(calm.folder)


def test_shards_share_the_trials_and_then_the_runs(calm: stages.Workplace, tuned_text: str, tmp_path: Path) -> None:
    place, told = opened(tuned_text, tmp_path), Told()
    stages.train_shard(place, Shard(1, 2), progress=told)
    assert any(re.search(r"shard 1/2 has finished its trials.*once more", said) for said in told.said)
    assert not place.folder.run("ce", 1).weights.exists()
    stages.train_shard(place, Shard(2, 2))
    stages.train_shard(place, Shard(1, 2))
    for loss, seed in place.study.planned_runs():
        ours, theirs = place.folder.run(loss, seed), calm.folder.run(loss, seed)
        assert ours.weights.read_bytes() == theirs.weights.read_bytes()


def test_trials_and_runs_are_taken_over_by_a_study_that_asks_for_the_same(
    calm: stages.Workplace, tuned_text: str, tmp_path: Path
) -> None:
    other = opened(tuned_text.replace("trials = 3", "trials = 4"), tmp_path, "more")
    told = Told()
    stages.run(other, progress=told, reuse=calm.folder.path)
    said = "\n".join(told.said)
    assert "6 finished trials taken" in said
    same = sum(ledger_free(calm, *run) == ledger_free(other, *run) for run in calm.study.planned_runs())
    assert f"{same} finished run{'s' * (same != 1)} taken" in said


def ledger_free(place: stages.Workplace, loss: str, seed: int) -> str:
    """Return what a run of a tuned study is."""
    written = ledger.read(place.folder).study
    trained = tuning.tuned(written, tuning.outcomes(written, place.folder))
    return trained.run_identity(loss, seed, "f")


def test_no_run_is_exported_before_tuning_is_finished(tuned_text: str, tmp_path: Path) -> None:
    place = opened(tuned_text, tmp_path)
    stages.prepare(place, progress=Silent(), check=lambda _: None)
    with pytest.raises(Refusal, match="tuning is not finished for ce, focal"):
        stages.export(place)
    with pytest.raises(Refusal, match=r"tuning/ce\.json"):
        stages.analyse(place.folder)


def test_an_analysis_of_a_changed_trial_is_refused(calm: stages.Workplace, tmp_path: Path) -> None:
    copy = StudyFolder(tmp_path / "tiny")
    for name, data in content(calm.folder).items():
        (copy.path / name).parent.mkdir(parents=True, exist_ok=True)
        (copy.path / name).write_bytes(data)
    for name in ("study.json", *(f"{file}" for file in NOT_COMPARED[1:2])):
        for file in calm.folder.path.rglob(name):
            (copy.path / file.relative_to(calm.folder.path)).write_bytes(file.read_bytes())
    stages.analyse(copy)
    history = next(copy.trials.path.rglob("history.csv"))
    write_text(history, history.read_text() + "\n")
    with pytest.raises(Refusal, match=r"history\.csv does not match the hash that tuning/"):
        stages.analyse(copy)
