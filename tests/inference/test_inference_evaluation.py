"""Evaluation by a wished provider and a measured batch: the same bytes whatever was measured, nothing for bad input."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from cxr_report import inference
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.inference import batches, controls, evaluator, graph, residence, session
from cxr_report.inference.engine import CPU, Trial
from cxr_report.progress import Silent
from cxr_report.runs import SPLITS, RunFolder, StudyFolder, read_json, sha256, write_json
from cxr_report.study import Study


@dataclasses.dataclass(frozen=True)
class Place:
    """An exported study with its data."""

    study: Study
    folder: StudyFolder
    dataset: DataSet

    def evaluate(self, provider: str = "auto") -> None:
        inference.evaluate(self.study, folder=self.folder, dataset=self.dataset, progress=Silent(), provider=provider)

    @property
    def runs(self) -> list[RunFolder]:
        return [self.folder.run(loss, seed) for loss, seed in self.study.planned_runs()]

    def predictions(self) -> dict[str, bytes]:
        files = [run.predictions(split) for run in self.runs for split in SPLITS]
        return {self.folder.relative(file): file.read_bytes() for file in files if file.exists()}

    def files(self) -> dict[str, bytes]:
        return {self.folder.relative(path): path.read_bytes() for path in self.folder.path.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def exported_once(
    make_study: Callable[..., Study],
    make_dataset: Callable[..., DataSet],
    train_all: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Place:
    made = Place(make_study(), StudyFolder(tmp_path_factory.mktemp("exported") / "small"), make_dataset())
    train_all(made.study, made.folder, made.dataset)
    inference.export(
        made.study, study_file=Path("small.toml"), folder=made.folder, dataset=made.dataset, progress=Silent()
    )
    return made


@pytest.fixture
def place(exported_once: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A copy of an exported study; its controls are left out, for they are not what is tried."""
    monkeypatch.setattr(controls, "evaluate", lambda *_, **__: None)
    shutil.copytree(exported_once.folder.path, tmp_path / "small")
    return dataclasses.replace(exported_once, folder=StudyFolder(tmp_path / "small"))


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let measuring be worth its time, and one batch win by far."""

    def winner(batch: int) -> None:
        real = batches.tried

        def tried(*arguments: Any, **more: Any) -> tuple[Trial, ...]:
            found = real(*arguments, **more)
            return tuple(
                dataclasses.replace(trial, images_per_second=1e9 if trial.batch == batch else 1.0) for trial in found
            )

        monkeypatch.setattr(batches, "BOX", 1e9)
        monkeypatch.setattr(batches, "SLOWER", 0.0)
        monkeypatch.setattr(batches, "tried", tried)

    return winner


def test_predictions_are_the_same_bytes_whatever_batch_was_fastest(
    place: Place, measure: Callable[[int], None]
) -> None:
    place.evaluate()
    right = place.predictions()
    assert len(right) == 2 * len(place.runs)
    assert read_json(place.runs[0].evaluation_json)["trials"] == [], "too small a study to measure anything"
    for batch in (1, 4, 16):
        for run in place.runs:
            run.evaluation_json.unlink()
        measure(batch)
        place.evaluate("cpu")
        told = read_json(place.runs[0].evaluation_json)
        assert told["batch"] == batch
        assert {trial["batch"] for trial in told["trials"]} == {1, 2, 4, 8, 16}
        assert all(trial["same_bits"] for trial in told["trials"])
        assert place.predictions() == right


def test_a_study_that_was_killed_goes_on_with_another_batch_to_the_same_bytes(
    place: Place, measure: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.evaluate()
    right = place.predictions()
    for file in [file for run in place.runs for file in (run.evaluation_json, *map(run.predictions, SPLITS))]:
        file.unlink()
    written = 0

    def killed(*arguments: Any, **more: Any) -> None:
        nonlocal written
        written += 1
        if written > 1:
            raise KeyboardInterrupt
        real(*arguments, **more)

    real = evaluator._evaluate_together
    monkeypatch.setattr(evaluator, "_evaluate_together", killed)
    monkeypatch.setattr(residence, "together", lambda *_, **__: 1)
    measure(16)
    with pytest.raises(KeyboardInterrupt):
        place.evaluate()
    assert len(place.predictions()) == 2
    monkeypatch.setattr(evaluator, "_evaluate_together", real)
    measure(2)
    place.evaluate()
    assert place.predictions() == right
    assert {read_json(run.evaluation_json)["batch"] for run in place.runs} == {16, 2}


def test_a_wished_provider_that_is_not_there_is_refused_and_nothing_is_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    before = place.files()
    for wish in ("cuda", "tensorrt"):
        with pytest.raises(Refusal, match=f"--provider {wish}: .* was asked for, but this onnxruntime is built with"):
            place.evaluate(wish)
    with pytest.raises(Refusal, match="--provider takes auto, cuda, tensorrt or cpu, got 'gpu'"):
        place.evaluate("gpu")
    assert place.files() == before


def _foreign(content: bytes) -> bytes:
    from onnx import TensorProto, helper

    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in "xy"]
    made = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "foreign", sides[:1], sides[1:])
    return helper.make_model(made, ir_version=10, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()


def _two_classes(content: bytes) -> bytes:
    model = onnx.load_model_from_string(content)
    for weight in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.ndim and 3 in values.shape and values.shape != (1, 1, 3, 3) and "head" in weight.name:
            keep = tuple(slice(0, 2) if side == 3 else slice(None) for side in values.shape)
            weight.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(values[keep]), weight.name))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2
    del model.graph.value_info[:]
    return graph.finish(model, {entry.key: entry.value for entry in model.metadata_props})


def _one_weight(content: bytes) -> bytes:
    model = onnx.load_model_from_string(content)
    weight = next(each for each in model.graph.initializer if each.data_type == 1 and len(each.raw_data) > 64)
    weight.raw_data = weight.raw_data[:-4] + np.float32(0.5).tobytes()
    return model.SerializeToString()


BAD = {
    "truncated": (lambda content: content[:1000], "is damaged or no ONNX model"),
    "empty": (lambda content: b"", "was not exported by cxr_report"),
    "text": (lambda content: b"no model at all", "is damaged or no ONNX model"),
    "foreign": (_foreign, "was not exported by cxr_report"),
    "one weight": (_one_weight, "is damaged: its graph is not the one that it names"),
    "two classes": (_two_classes, "gives 2 logits a case for 3 classes"),
}


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("proved", [False, True])
def test_a_bad_model_is_refused_in_one_sentence_and_nothing_is_written(place: Place, fault: str, proved: bool) -> None:
    spoil, sentence = BAD[fault]
    run = place.runs[0]
    run.onnx.write_bytes(spoil(run.onnx.read_bytes()))
    if proved:  # somebody has forged its record too
        write_json(run.export_json, {**read_json(run.export_json), "onnx_sha256": sha256(run.onnx)})
    before = place.files()
    with pytest.raises(Refusal, match=sentence if proved else "is not the model that .* has proved") as caught:
        place.evaluate()
    assert "\n" not in str(caught.value)
    assert str(run.onnx) in str(caught.value)
    assert place.files() == before


def test_models_for_images_of_another_size_are_refused(place: Place, make_dataset: Callable[..., DataSet]) -> None:
    def halved(cases: Any) -> Any:
        return dataclasses.replace(cases, images=np.ascontiguousarray(cases.images[:, ::2, ::2]))

    smaller = dataclasses.replace(place.dataset, val=halved(place.dataset.val), test=halved(place.dataset.test))
    with pytest.raises(Refusal, match="takes images of 32 x 32 pixels, not 16 x 16"):
        dataclasses.replace(place, dataset=smaller).evaluate()
    assert place.predictions() == {}


def test_the_command_ends_with_code_2_and_one_line_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        textwrap.dedent("""
        name = "small"
        task = "binary"
        seeds = [1, 2]
        [data]
        source = "phantom"
        image_size = 32
        [losses.ce]
        loss = "cross-entropy"
        [losses.focal]
        loss = "focal"
        """)
    )
    for verb in ("evaluate", "run"):
        shown = subprocess.run(
            [sys.executable, "-c", "from cxr_report.cli import main; main()", verb, "study.toml", "--provider", "gpu"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert (shown.returncode, shown.stdout) == (2, "")
        assert shown.stderr == "cxr-report: --provider takes auto, cuda, tensorrt or cpu, got 'gpu'\n"
        assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]


def test_the_engine_of_a_proof_is_left_alone() -> None:
    assert (CPU.batch, CPU.threads, CPU.trials) == (8, 1, ())
    assert session.CPU is CPU
