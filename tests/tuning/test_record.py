"""What tuning came to as a file: written once all trials are finished, and held against plan, data and histories."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cxr_report.errors import Refusal
from cxr_report.runs import RunFolder, StudyFolder, read_json, sha256, write_json, write_text
from cxr_report.study import Study, parse
from cxr_report.tuning import check_histories, conclude, outcomes, require_all, trial_name, tuning_seeds

LOSSES: dict[str, Any] = {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}}
SCORES = {1: (0.6, 0.7), 2: (0.9, 0.8), 3: (0.9, None)}
"""Trial -> score per training; None diverged."""


def make(**changes: Any) -> Study:
    raw = {"name": "t", "task": "multiclass", "seeds": 2, "data": {"source": "phantom"}, "losses": LOSSES}
    return parse({**raw, "tuning": {"trials": 3, "trainings": 2}, **changes}, "study.toml")


def write_trial(run: RunFolder, score: float | None) -> None:
    write_text(run.history, f"epoch,val_primary\n1,{score}\n")
    write_text(run.checkpoint, "left by a kill between two steps")
    if score is None:
        write_json(run.diverged, {"identity": "i", "epoch": 1, "reason": "NaN"})
        return
    write_json(run.trial, {"identity": "i", "score": score, "epoch": 1, "history_sha256": sha256(run.history)})


def write_trials(folder: StudyFolder, study: Study, loss: str) -> None:
    for number, scores in SCORES.items():
        for seed, score in zip(tuning_seeds(study), scores, strict=True):
            write_trial(folder.trials.run(trial_name(loss, number), seed), score)


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    place = StudyFolder(tmp_path / "t")
    write_json(place.data_json, {"fingerprint": "f"})
    return place


def test_a_loss_is_concluded_when_all_its_trials_are_finished_and_others_are_named(folder: StudyFolder) -> None:
    study = make()
    write_trials(folder, study, "focal")
    assert conclude(study, folder, "f") == ("ce",)
    assert not folder.tuning("ce").exists()
    found = outcomes(study, folder)["focal"]
    assert found.chosen.configuration.number == 2
    assert found.chosen.score == pytest.approx(0.85)
    assert [math.isnan(trial.score) for trial in found.trials] == [False, False, True]
    assert not list(folder.trials.path.rglob("checkpoint.pt"))


def test_a_trial_that_is_missing_leaves_the_loss_open(folder: StudyFolder) -> None:
    study = make()
    write_trials(folder, study, "focal")
    folder.trials.run(trial_name("focal", 2), tuning_seeds(study)[1]).trial.unlink()
    assert conclude(study, folder, "f") == ("ce", "focal")
    with pytest.raises(Refusal, match=r"tuning is not finished for ce, focal.*train"):
        require_all(study, folder)


def test_equal_trials_give_equal_bytes_and_what_stands_is_not_written_again(folder: StudyFolder) -> None:
    study = make()
    write_trials(folder, study, "focal")
    conclude(study, folder, "f")
    first = folder.tuning("focal").read_bytes()
    stamp = folder.tuning("focal").stat().st_mtime_ns
    conclude(study, folder, "f")
    assert folder.tuning("focal").stat().st_mtime_ns == stamp
    folder.tuning("focal").unlink()
    conclude(study, folder, "f")
    assert folder.tuning("focal").read_bytes() == first


def test_a_published_folder_without_the_trials_tells_the_same(folder: StudyFolder, tmp_path: Path) -> None:
    study = make()
    for loss in LOSSES:
        write_trials(folder, study, loss)
    conclude(study, folder, "f")
    other = StudyFolder(tmp_path / "published")
    write_json(other.data_json, {"fingerprint": "f"})
    for loss in LOSSES:
        write_text(other.tuning(loss), folder.tuning(loss).read_text())
    assert outcomes(study, other) == outcomes(study, folder) == require_all(study, other)
    check_histories(study, other, outcomes(study, other))


def test_a_study_without_tuning_asks_for_nothing(folder: StudyFolder) -> None:
    plain = make().model_copy(update={"tuning": None})
    assert conclude(plain, folder, "f") == ()
    assert outcomes(plain, folder) == require_all(plain, folder) == {}


def by_hand(change: Callable[[dict[str, Any]], None], file: Path) -> None:
    raw = read_json(file)
    change(raw)
    write_json(file, raw)


TAMPERING: dict[str, Callable[[dict[str, Any]], None]] = {
    "another choice": lambda raw: raw.update(chosen=1),
    "another score": lambda raw: raw["trials"][0].update(scores=[1.0, 1.0]),
    "other values": lambda raw: raw["trials"][1]["values"].update(gamma=5.0),
    "a trial less": lambda raw: raw["trials"].pop(),
    "another metric": lambda raw: raw.update(metric="brier"),
    "a narrower space": lambda raw: raw["space"].update(gamma="fixed"),
    "another loss": lambda raw: raw.update(loss="ce"),
    "other data": lambda raw: raw.update(fingerprint="g"),
    "other seeds": lambda raw: raw.update(seeds=[1, 2]),
    "no trials": lambda raw: raw.pop("trials"),
}


@pytest.mark.parametrize("change", TAMPERING)
def test_a_file_that_does_not_follow_from_the_plan_is_refused_by_name(folder: StudyFolder, change: str) -> None:
    study = make()
    write_trials(folder, study, "focal")
    conclude(study, folder, "f")
    by_hand(TAMPERING[change], folder.tuning("focal"))
    with pytest.raises(Refusal, match=r"focal\.json: .*(put the right file back|delete it)") as caught:
        outcomes(study, folder)
    assert "\n" not in str(caught.value)


def test_the_outcome_of_another_plan_is_refused(folder: StudyFolder) -> None:
    study = make()
    write_trials(folder, study, "focal")
    conclude(study, folder, "f")
    with pytest.raises(Refusal, match="another plan"):
        outcomes(make(training={"learning_rate": 0.01}), folder)


def test_a_history_that_is_another_file_is_refused_by_both_names(folder: StudyFolder) -> None:
    study = make()
    write_trials(folder, study, "focal")
    conclude(study, folder, "f")
    found = outcomes(study, folder)
    check_histories(study, folder, found)
    run = folder.trials.run(trial_name("focal", 2), tuning_seeds(study)[0])
    write_text(run.history, "another\n")
    with pytest.raises(Refusal, match=r"tuning/focal\.trial-002/.*history\.csv .*tuning/focal\.json"):
        check_histories(study, folder, found)


def test_a_damaged_trial_is_refused_with_the_way_to_mend_it(folder: StudyFolder) -> None:
    study = make()
    write_trials(folder, study, "focal")
    run = folder.trials.run(trial_name("focal", 1), tuning_seeds(study)[0])
    write_text(run.history, "another\n")
    with pytest.raises(Refusal, match=r"history\.csv: is not what trial\.json records.*trains this trial anew"):
        conclude(study, folder, "f")
