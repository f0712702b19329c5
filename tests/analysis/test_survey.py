"""Which files a study with a noise floor lacks, hashes and holds against each other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cxr_report import ledger, runs
from cxr_report.analysis import analyse, load
from cxr_report.analysis.survey import check_chain, hashes, survey
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder

Make = Callable[..., StudyFolder]
FLOOR = {"losses": 2, "seeds": 2, "floor_seeds": True, "identical": True}


def surveyed(folder: StudyFolder):
    return survey(folder, ledger.read(folder).study)


def names(found) -> list[tuple[str, int]]:
    return [(run.loss, run.seed) for run in found]


def test_floor_runs_stand_apart_from_the_compared_runs(made: Make) -> None:
    found = surveyed(made(**FLOOR))
    assert names(found.done) == [("cross-entropy", 1), ("cross-entropy", 2), ("weighted", 1), ("weighted", 2)]
    assert names(found.floor) == [("cross-entropy", 1_000_001), ("cross-entropy", 1_000_002), ("kl", 1), ("kl", 2)]
    assert found.missing == ()
    assert set(found.states()) == set(names(found.done))
    assert found.floor_states() == dict.fromkeys(names(found.floor), "done")


def test_missing_floor_files_are_listed_after_those_of_the_compared_runs(made: Make) -> None:
    folder = made(**FLOOR, missing=((1, 2),), floor_missing=(1,))
    folder.run("kl", 2).export_json.unlink()
    found = surveyed(folder)
    runs_lacking = list(dict.fromkeys(name.rsplit("/", 1)[0] for name in found.missing))
    assert runs_lacking == ["weighted/seed-0002", "cross-entropy/seed-1000002", "kl/seed-0002"]
    assert [name for name in found.missing if name.startswith("kl")] == ["kl/seed-0002/export.json"]
    assert found.floor_states()["cross-entropy", 1_000_002] == found.floor_states()["kl", 2] == "missing"


def test_an_incomplete_floor_makes_the_study_incomplete_and_leaves_the_comparison_possible(made: Make) -> None:
    folder = made(**FLOOR, floor_missing=(0, 1, 2, 3))
    with pytest.raises(Refusal, match=r"(?s)incomplete, 28 files .*kl/seed-0002/evaluation.json"):
        analyse(folder)
    whole = load(analyse(made(losses=2, seeds=2)))
    partial = load(analyse(folder, partial=True))
    assert partial.seeds == (1, 2)
    assert partial.joint == whole.joint
    assert partial.pairs == whole.pairs


def test_a_diverged_floor_run_counts_as_finished_and_is_named_apart(made: Make) -> None:
    found = surveyed(made(**FLOOR, floor_diverged=(1, 2)))
    assert found.missing == ()
    assert found.diverged == ()
    assert names(found.floor_diverged) == [("cross-entropy", 1_000_002), ("kl", 1)]
    assert found.floor_states()["kl", 1] == "diverged"
    assert found.finished_seeds(with_diverged=False) == (1, 2)


def test_every_file_of_a_floor_run_that_the_analysis_reads_is_hashed(made: Make) -> None:
    folder = made(**FLOOR, floor_diverged=(2,))
    told = hashes(surveyed(folder))
    assert {name for name in told if name.startswith("cross-entropy/seed-1000001/")} == {
        f"cross-entropy/seed-1000001/{file}"
        for file in (
            "history.csv",
            "export.json",
            *(f"predictions-{split}{own}.npz" for split in ("val", "test") for own in ("", ".torch")),
        )
    }
    assert {name for name in told if name.startswith("kl/seed-0001/")} == {
        "kl/seed-0001/diverged.json",
        "kl/seed-0001/history.csv",
    }
    assert all(told[name] == runs.sha256(folder.path / name) for name in told)


@pytest.mark.parametrize(
    ("file", "witness"),
    [
        ("weights.safetensors", "export.json"),
        ("model.onnx", "export.json"),
        ("predictions-test.npz", "evaluation.json"),
    ],
)
def test_a_break_in_the_chain_of_a_floor_run_names_both_files(file: str, witness: str, made: Make) -> None:
    folder = made(**FLOOR)
    run = folder.run("cross-entropy", 1_000_002)
    shutil.copy(folder.run("cross-entropy", 1).path / file, run.path / file)
    with pytest.raises(Refusal, match=rf"seed-1000002/{file} .*seed-1000002/{witness}"):
        check_chain(surveyed(folder))


def test_a_new_prediction_of_a_floor_run_makes_the_analysis_stale(made: Make) -> None:
    folder = made(**FLOOR)
    before = load(analyse(folder))
    run = folder.run("kl", 1)
    arrays = runs.read_arrays(run.predictions("test"), ["ids", "logits"])
    moved = np.nextafter(arrays["logits"], np.float32(np.inf))  # other predictions, and still those of the export
    runs.write_arrays(run.predictions("test"), ids=arrays["ids"], logits=moved)
    told = runs.read_json(run.evaluation_json)
    told["predictions_sha256"]["test"] = runs.sha256(run.predictions("test"))
    runs.write_json(run.evaluation_json, told)
    after = load(analyse(folder))
    changed = {name for name in before.inputs if before.inputs[name] != after.inputs[name]}
    assert changed == {"kl/seed-0001/predictions-test.npz"}


def test_another_plan_with_another_baseline_asks_for_no_other_floor_runs(made: Make, tmp_path: Path) -> None:
    folder = made(**FLOOR)
    plan = tmp_path / "plan.toml"
    plan.write_text('[analysis]\nbaseline = "weighted"\n')
    other = load(analyse(folder, name="other", plan=plan))
    assert other.study.analysis.baseline == "weighted"
    assert not other.partial


@pytest.mark.parametrize("split", ["val", "test"])
@pytest.mark.parametrize("name", ["labels", "patients", "ids"])
def test_a_truth_file_that_changed_is_refused_with_data_json(name: str, split: str, made: Make) -> None:
    folder = made(losses=2, seeds=2)
    arrays = runs.read_arrays(folder.truth(split), ["ids", "patients", "labels"])
    runs.write_arrays(folder.truth(split), **{**arrays, name: np.roll(arrays[name], 1)})
    with pytest.raises(Refusal, match=rf"truth-{split}\.npz does not match the hash that data\.json records of it"):
        analyse(folder)


def test_a_changed_truth_makes_no_analysis_stand_that_stood_before(made: Make) -> None:
    folder = made(losses=2, seeds=2)
    analyse(folder)
    arrays = runs.read_arrays(folder.truth("test"), ["ids", "patients", "labels"])
    runs.write_arrays(folder.truth("test"), **{**arrays, "labels": np.roll(arrays["labels"], 1)})
    with pytest.raises(Refusal, match=r"truth-test\.npz does not match .*data\.json"):
        analyse(folder)


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def test_the_runs_of_two_losses_in_each_others_place_are_refused(made: Make) -> None:
    folder = made(losses=2, seeds=2)
    swap(folder.path / "cross-entropy", folder.path / "weighted")
    with pytest.raises(
        Refusal,
        match=r"cross-entropy/seed-0001/run\.json was written for loss weighted, seed 1, and lies where loss "
        r"cross-entropy, seed 1 belongs",
    ):
        analyse(folder)


@pytest.mark.parametrize("gone", [("run_json",), ("run_json", "evaluation_json")])
def test_two_seeds_in_each_others_place_are_refused_by_every_file_that_tells(gone: tuple[str, ...], made: Make) -> None:
    folder = made(losses=2, seeds=2)
    one, other = folder.run("weighted", 1), folder.run("weighted", 2)
    swap(one.path, other.path)
    for name in gone:
        for run in (one, other):
            told = runs.read_json(getattr(run, name))
            runs.write_json(getattr(run, name), {**told, "loss": run.loss, "seed": run.seed})
    file = "evaluation" if len(gone) == 1 else "export"
    with pytest.raises(Refusal, match=rf"seed-0001/{file}\.json was written for loss weighted, seed 2, and lies where"):
        analyse(folder)


def test_runs_of_the_noise_floor_in_each_others_place_are_refused(made: Make) -> None:
    folder = made(**FLOOR)
    swap(folder.run("cross-entropy", 1).path, folder.run("cross-entropy", 1_000_001).path)
    with pytest.raises(Refusal, match=r"was written for loss cross-entropy, seed 1000001, and lies where .*seed 1 bel"):
        analyse(folder)


def test_a_diverged_run_in_the_place_of_another_is_refused(made: Make) -> None:
    folder = made(losses=2, seeds=3, diverged=((0, 1), (1, 2)))
    swap(folder.path / "cross-entropy", folder.path / "weighted")
    with pytest.raises(Refusal, match=r"seed-000[12]/run\.json was written for loss .*, and lies where loss"):
        analyse(folder)


def test_run_json_may_be_absent_and_the_others_tell_where_a_run_belongs(made: Make) -> None:
    folder = made(losses=2, seeds=2)
    for run in surveyed(folder).done:
        run.run_json.unlink()
    analyse(folder)
    told = runs.read_json(folder.run("weighted", 1).evaluation_json)
    del told["loss"]
    runs.write_json(folder.run("weighted", 1).evaluation_json, told)
    with pytest.raises(Refusal, match=r"evaluation\.json: records no loss"):
        analyse(folder)


def test_the_predictions_of_another_control_are_refused(made: Make) -> None:
    folder = made(losses=2, seeds=2, controls=("pixels", "metadata"))
    swap(folder.control("pixels").path, folder.control("metadata").path)
    with pytest.raises(Refusal, match=r"pixels/evaluation\.json was written for the control metadata and lies where"):
        analyse(folder)


@pytest.mark.parametrize("place", [1, 1_000_001])
@pytest.mark.parametrize("left", ["weights.safetensors", "export.json", "evaluation.json"])
def test_a_run_that_diverged_and_was_trained_to_its_end_is_refused(left: str, place: int, made: Make) -> None:
    folder = made(**FLOOR)
    run = folder.run("cross-entropy", place)
    runs.write_json(run.diverged, {"loss": run.loss, "seed": run.seed, "epoch": 3, "reason": "the loss became NaN"})
    for file in (run.weights, run.export_json, run.evaluation_json):
        if file.name != left:
            file.unlink()
    with pytest.raises(Refusal, match=rf"/diverged\.json says that .*/{left} that it was trained to its end"):
        analyse(folder)
