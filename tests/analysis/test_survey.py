"""Which files a study with a noise floor lacks, hashes and holds against each other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

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
    with pytest.raises(Refusal, match=r"(?s)incomplete, 20 files .*kl/seed-0002/evaluation.json"):
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
        for file in ("history.csv", "export.json", "predictions-val.npz", "predictions-test.npz")
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
    runs.write_arrays(run.predictions("test"), ids=arrays["ids"], logits=arrays["logits"][:, ::-1])
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
