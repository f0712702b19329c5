"""External test sets: the same models predict them, run by run and once, and nothing else is touched."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxr_report import inference
from cxr_report.data.cases import Cases, DataSet, ExternalCases
from cxr_report.errors import Refusal
from cxr_report.inference import session
from cxr_report.progress import Silent
from cxr_report.runs import RunFolder, StudyFolder, read_arrays, read_json, sha256, write_json
from cxr_report.study import Study

SIDE, COUNT = 32, 19
SPLIT = "external-other"


@dataclasses.dataclass(frozen=True)
class Place:
    """A study with its data and its folder."""

    study: Study
    folder: StudyFolder
    dataset: DataSet

    def evaluate(self) -> None:
        inference.evaluate(self.study, folder=self.folder, dataset=self.dataset, progress=Silent())

    def stamps(self) -> dict[str, int]:
        files = [path for path in self.folder.path.rglob("*") if path.is_file()]
        return {self.folder.relative(path): path.stat().st_mtime_ns for path in files}

    def with_set(self, *sets: ExternalCases) -> Place:
        return dataclasses.replace(self, dataset=dataclasses.replace(self.dataset, external=sets))


def cases(name: str = "other", *, seed: int = 5, side: int = SIDE) -> ExternalCases:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (COUNT, side, side), dtype=np.uint8)
    ids = np.array([f"{name}{row}" for row in range(COUNT)])
    return ExternalCases(name, Cases(images, np.arange(COUNT) % 3, ids, np.arange(COUNT), {}), f"{name} {seed}", {})


@pytest.fixture(scope="module")
def finished(
    make_study: Callable[..., Study],
    make_dataset: Callable[..., DataSet],
    train_all: Callable[..., list[RunFolder]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Place:
    """A study that is evaluated on its own cases; tests work on copies."""
    place = Place(make_study(), StudyFolder(tmp_path_factory.mktemp("external") / "small"), make_dataset())
    train_all(place.study, place.folder, place.dataset)
    inference.export(
        place.study, study_file=Path("small.toml"), folder=place.folder, dataset=place.dataset, progress=Silent()
    )
    place.evaluate()
    return place


@pytest.fixture
def place(finished: Place, tmp_path: Path) -> Place:
    """A copy of it."""
    shutil.copytree(finished.folder.path, tmp_path / "small")
    return dataclasses.replace(finished, folder=StudyFolder(tmp_path / "small"))


def test_every_run_predicts_a_set_that_is_added_and_its_own_predictions_are_not_redone(place: Place) -> None:
    before = place.stamps()
    asked = place.with_set(cases())
    asked.evaluate()
    after = place.stamps()
    touched = {name.rpartition("/")[2] for name in after if after[name] != before.get(name)}
    assert touched == {"evaluation.json", "predictions-external-other.npz"}
    for loss, seed in place.study.compared_runs():
        run = place.folder.run(loss, seed)
        told = read_json(run.evaluation_json)
        noted = told["external"]["other"]
        assert noted["predictions_sha256"] == sha256(run.predictions(SPLIT))
        assert (noted["onnx_sha256"], noted["fingerprint"]) == (sha256(run.onnx), "other 5")
        assert noted["provider"] in ("CPUExecutionProvider", "CUDAExecutionProvider")
        assert set(told["predictions_sha256"]) == {"val", "test"}
    asked.evaluate()
    assert place.stamps() == after


def test_the_predictions_are_those_of_the_exported_model(place: Place) -> None:
    found = cases()
    place.with_set(found).evaluate()
    run = place.folder.run("focal", 2)
    model = session.load(run.onnx.read_bytes(), session.CPU, where="model")
    (expected,) = session.predict([model], found.cases.images)
    arrays = read_arrays(run.predictions(SPLIT), ["ids", "logits"])
    assert arrays["ids"].tolist() == found.cases.ids.tolist()
    np.testing.assert_allclose(arrays["logits"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fault", ["predictions", "no predictions", "noted graph", "other cases", "no entry"])
def test_a_missing_or_stale_prediction_is_made_again_for_that_run_alone(place: Place, fault: str) -> None:
    asked = place.with_set(cases())
    asked.evaluate()
    run = place.folder.run("ce", 2)
    right, told = run.predictions(SPLIT).read_bytes(), read_json(run.evaluation_json)
    if fault == "predictions":
        run.predictions(SPLIT).write_bytes(right[:-9])
    elif fault == "no predictions":
        run.predictions(SPLIT).unlink()
    elif fault == "no entry":
        write_json(run.evaluation_json, {key: value for key, value in told.items() if key != "external"})
    else:
        key = "onnx_sha256" if fault == "noted graph" else "fingerprint"
        told["external"]["other"][key] = "0" * 64
        write_json(run.evaluation_json, told)
    before = place.stamps()
    asked.evaluate()
    assert run.predictions(SPLIT).read_bytes() == right
    touched = {name for name, stamp in place.stamps().items() if before.get(name) != stamp}
    assert {name.rpartition("/")[0] for name in touched} == {"ce/seed-0002"}


def test_two_sets_stand_side_by_side(place: Place) -> None:
    first, second = cases(), cases("more", seed=6)
    place.with_set(first).evaluate()
    kept = place.folder.run("ce", 1).predictions(SPLIT).stat().st_mtime_ns
    place.with_set(first, second).evaluate()
    run = place.folder.run("ce", 1)
    assert run.predictions(SPLIT).stat().st_mtime_ns == kept
    assert set(read_json(run.evaluation_json)["external"]) == {"other", "more"}


def test_a_run_that_diverged_or_is_not_evaluated_is_left_out(place: Place) -> None:
    run = place.folder.run("ce", 1)
    shutil.rmtree(run.path)
    write_json(run.diverged, {"loss": "ce", "seed": 1, "epoch": 1, "reason": "x"})
    place.with_set(cases()).evaluate()
    assert not run.predictions(SPLIT).exists()
    assert place.folder.run("ce", 2).predictions(SPLIT).exists()


def test_a_kill_between_two_runs_keeps_the_finished_ones(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from cxr_report.inference import external

    written: list[Path] = []
    right = external._write

    def failing(run: RunFolder, *rest: Any) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        right(run, *rest)
        written.append(run.path)

    monkeypatch.setattr(external, "_write", failing)
    with pytest.raises(KeyboardInterrupt):
        place.with_set(cases()).evaluate()
    monkeypatch.undo()
    stamps = [path.joinpath("predictions-external-other.npz").stat().st_mtime_ns for path in written]
    place.with_set(cases()).evaluate()
    assert [path.joinpath("predictions-external-other.npz").stat().st_mtime_ns for path in written] == stamps
    assert all(place.folder.run(*each).predictions(SPLIT).exists() for each in place.study.compared_runs())


def test_images_of_another_size_are_refused_in_one_sentence(place: Place) -> None:
    with pytest.raises(Refusal, match="takes images of 32 x 32 pixels, not 16 x 16"):
        place.with_set(cases(side=16)).evaluate()
    assert not place.folder.run("ce", 1).predictions(SPLIT).exists()
