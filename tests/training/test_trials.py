"""Trials on the fleet: an equal number for every loss, no weights kept, no test case read, a better rate found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cxr_report import training, tuning
from cxr_report.data.cases import DataSet
from cxr_report.progress import RunState, Silent
from cxr_report.runs import RunFolder, StudyFolder, read_json, write_json
from cxr_report.study import Study
from cxr_report.training import fleet, loop
from cxr_report.training.cluster.delivery import collect, deliver

Make = Callable[..., Any]


class Untouchable:
    """Test cases that nobody may look at."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"tuning looked at the {name} of the test cases")

    def __len__(self) -> int:
        raise AssertionError("tuning counted the test cases")


def fenced(dataset: DataSet) -> DataSet:
    return replace(dataset, test=cast(Any, Untouchable()))


def tune(study: Study, dataset: DataSet, place: Path, *, workers: int = 2) -> StudyFolder:
    folder = StudyFolder(place / "runs" / "tiny")
    write_json(folder.data_json, {"fingerprint": dataset.fingerprint})
    training.train(
        tuning.of_trials(study),
        study_file=place / "tiny.toml",
        folder=folder.trials,
        dataset=dataset,
        workers=workers,
        progress=Silent(),
        provenance={"plan_sha256": "p", "ledger_sha256": "l"},
        tasks=training.trials(study, dataset),
    )
    assert tuning.conclude(study, folder, dataset.fingerprint) == ()
    return folder


def outcomes_of(folder: StudyFolder) -> dict[str, bytes]:
    files = [*folder.trials.path.rglob("*.json"), *folder.trials.path.rglob("*.csv")]
    return {folder.relative(file): file.read_bytes() for file in files if file.name != "run.json"}


def test_every_loss_gets_the_same_trainings_by_files_and_none_leaves_weights_or_reads_a_test_case(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    study = make_study(tuning={"trials": 3, "trainings": 2, "epochs": 1})
    folder = tune(study, fenced(make_dataset()), tmp_path)
    ended = Counter(tuning.loss_of(file.parents[1].name) for file in folder.trials.path.rglob("trial.json"))
    assert ended == {"ce": 6, "focal": 6}
    names = {file.name for file in folder.trials.path.rglob("*") if file.is_file()}
    assert names == {"run.json", "history.csv", "trial.json", "ce.json", "focal.json"}
    seeds = {int(file.parent.name.removeprefix("seed-")) for file in folder.trials.path.rglob("trial.json")}
    assert not seeds & {*study.seeds, *study.floor_seeds}


def test_the_fence_of_the_test_cases_is_a_fence(make_dataset: Make) -> None:
    with pytest.raises(AssertionError, match="looked at the images"):
        _ = fenced(make_dataset()).test.images


def test_what_tuning_leaves_does_not_depend_on_company(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    study, dataset = make_study(tuning={"trials": 3, "epochs": 1}), make_dataset()
    many = outcomes_of(tune(study, dataset, tmp_path / "many"))
    bench = replace(make_bench(tuning.of_trials(study), dataset), folder=StudyFolder(tmp_path / "one/tiny").trials)
    for task in reversed(training.trials(study, dataset)):
        loop.train(task, bench, lambda _: None)
    one = StudyFolder(tmp_path / "one/tiny")
    write_json(one.data_json, {"fingerprint": dataset.fingerprint})
    tuning.conclude(study, one, dataset.fingerprint)
    assert outcomes_of(one) == many


def test_a_planted_better_learning_rate_is_found(make_study: Make, make_dataset: Make, tmp_path: Path) -> None:
    study = make_study(
        training={"epochs": 6, "learning_rate": 1e-6},
        tuning={"trials": 3, "learning_rate": [1e-6, 2e-6, 1e-2], "weight_decay": "fixed"},
        losses={name: {"loss": name, "tuning": own} for name, own in (("cross-entropy", {}), ("focal", FIXED))},
    )
    folder = tune(study, make_dataset(), tmp_path)
    found = tuning.outcomes(study, folder)
    tuned = tuning.tuned(study, found)
    for loss in study.losses:
        curve = found[loss].curve()
        assert tuned.learning_rate(loss) == 1e-2
        assert curve[-1] > curve[0] + 0.1


FIXED = {"gamma": "fixed"}


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


def test_a_trial_that_was_killed_between_epochs_goes_on_and_ends_with_the_same_bytes(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    study, dataset = make_study(tuning={"trials": 2}), make_dataset()
    calm = tune(study, dataset, tmp_path / "calm")
    hurt = StudyFolder(tmp_path / "hurt" / "runs" / "tiny")
    bench = replace(make_bench(tuning.of_trials(study), dataset), folder=hurt.trials)

    def kill(state: RunState) -> None:
        if state.epoch == 2:
            raise Killed

    first, second, *_ = training.trials(study, dataset)
    loop.train(first, bench, lambda _: None)
    with pytest.raises(Killed):
        loop.train(second, bench, kill)
    assert hurt.trials.run(second.loss, second.seed).checkpoint.exists()
    before = hurt.trials.run(first.loss, first.seed).trial.stat().st_mtime_ns
    tune(study, dataset, tmp_path / "hurt")
    assert hurt.trials.run(first.loss, first.seed).trial.stat().st_mtime_ns == before, "a finished trial is kept"
    assert outcomes_of(hurt) == outcomes_of(calm)


def test_a_trial_that_diverges_is_finished_and_never_chosen(
    make_study: Make, make_dataset: Make, tmp_path: Path
) -> None:
    study = make_study(tuning={"trials": 2, "learning_rate": [1e-3, 2e-3]}, losses=OWN)
    (tmp_path / "breaks.py").write_text(BREAKS)
    folder = tune(study, make_dataset(), tmp_path, workers=1)
    found = tuning.outcomes(study, folder)["own"]
    assert [trial.trainings[0].epoch > 0 for trial in found.trials] == [True, False]
    assert found.chosen.configuration.number == 1
    assert not list(folder.trials.path.rglob("checkpoint.pt"))


OWN = {
    "ce": {"loss": "cross-entropy"},
    "own": {"function": "breaks:loss", "formula": "x", "reference": "y", "power": 1.0, "tuning": {"power": [1.0, 9.0]}},
}
BREAKS = """
import torch
from torch.nn import functional

def loss(logits, target, power):
    value = functional.cross_entropy(logits, target)
    return value * (torch.inf if power > 1 and len(logits) == 8 else 1.0)
"""
"""A loss that passes its checks on a dozen cases and is infinite on a batch of training, but for its written power."""


def test_a_trial_comes_back_from_a_cluster_without_weights_and_counts_as_finished(
    make_study: Make, make_dataset: Make, make_bench: Make, tmp_path: Path
) -> None:
    study, dataset = make_study(tuning={"trials": 2, "epochs": 1}), make_dataset()
    bench = make_bench(tuning.of_trials(study), dataset)
    task = training.trials(study, dataset)[0]
    loop.train(task, bench, lambda _: None)
    files = collect(bench.folder.run(task.loss, task.seed))
    assert set(files) == {"run_json", "history", "trial"}
    home = StudyFolder(tmp_path / "home")
    deliver(files, task, home)
    assert fleet.unfinished([task], home, Silent()) == []


def test_the_score_is_that_of_the_epoch_that_a_run_would_keep(
    make_study: Make, make_dataset: Make, make_bench: Make
) -> None:
    dataset = make_dataset()
    for checkpoint in ("best", "last"):
        study = make_study(tuning={"trials": 2}, training={"epochs": 3, "checkpoint": checkpoint})
        bench = make_bench(tuning.of_trials(study), dataset)
        task = replace(training.trials(study, dataset)[0], seed=7 + len(checkpoint))
        loop.train(task, bench, lambda _: None)
        run: RunFolder = bench.folder.run(task.loss, task.seed)
        rows = [line.split(",") for line in run.history.read_text().splitlines()[1:]]
        scores = [float(row[3]) for row in rows]
        told = read_json(run.trial)
        assert told["score"] == (max(scores) if checkpoint == "best" else scores[-1])
        assert scores[told["epoch"] - 1] == told["score"]
