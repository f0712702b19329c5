"""Torch's own logits and the variants of exported models: made once, hashed, and redone alone where one is missing."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

from cxr_report import inference
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.inference import card, exporter, quantisation, variants
from cxr_report.progress import Silent
from cxr_report.runs import SPLITS, TORCH, RunFolder, StudyFolder, read_arrays, read_json, sha256, write_json
from cxr_report.study import Study

BOTH = {"variants": ["fp16", "int8"], "cases_for_calibration": 16}


class Sentences(Silent):
    """Progress that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@dataclasses.dataclass(frozen=True)
class Place:
    """A study with its data and its folder."""

    study: Study
    folder: StudyFolder
    dataset: DataSet

    def evaluate(self) -> list[str]:
        teller = Sentences()
        inference.evaluate(
            self.study, folder=self.folder, dataset=self.dataset, progress=teller, provider="cpu"
        )  # the bits of a test shall not depend on the machine
        return teller.said

    def run(self, loss: str = "ce", seed: int = 1) -> RunFolder:
        return self.folder.run(loss, seed)

    def contents(self) -> dict[str, bytes]:
        files = [file for file in self.folder.path.rglob("*") if file.is_file() and file.name != "evaluation.json"]
        return {self.folder.relative(file): file.read_bytes() for file in files}

    def stamps(self) -> dict[str, int]:
        return {self.folder.relative(file): file.stat().st_mtime_ns for file in self.folder.path.rglob("*.*")}


@pytest.fixture(scope="session")
def finished(
    make_study: Callable[..., Study],
    make_dataset: Callable[..., DataSet],
    train_all: Callable[..., list[RunFolder]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Place:
    """A study with both variants, evaluated; tests work on copies."""
    root = tmp_path_factory.mktemp("variants")
    place = Place(make_study(inference=BOTH), StudyFolder(root / "small"), make_dataset())
    train_all(place.study, place.folder, place.dataset)
    inference.export(
        place.study, study_file=Path("small.toml"), folder=place.folder, dataset=place.dataset, progress=Silent()
    )
    place.evaluate()
    return place


@pytest.fixture
def place(finished: Place, tmp_path: Path) -> Place:
    """A copy that may be changed."""
    shutil.copytree(finished.folder.path, tmp_path / "small")
    return dataclasses.replace(finished, folder=StudyFolder(tmp_path / "small"))


def logits(run: RunFolder, split: str, variant: str = "") -> NDArray[np.float32]:
    found: NDArray[np.float32] = read_arrays(run.predictions(split, variant), ["ids", "logits"])["logits"]
    return found


def entry(run: RunFolder, variant: str) -> dict[str, Any]:
    told: dict[str, Any] = read_json(run.evaluation_json)[variants.ENTRY][variant]
    return told


# --- torch


def test_torchs_own_logits_stand_beside_the_exported_models_and_hold_the_proofs(finished: Place) -> None:
    for loss in finished.study.losses:
        run = finished.run(loss, 2)
        told = read_json(run.export_json)
        assert told["torch_predictions_sha256"] == {s: sha256(run.predictions(s, TORCH)) for s in SPLITS}
        for split, key in (("val", "proof"), ("test", "test_proof")):
            ours, theirs = logits(run, split, TORCH), logits(run, split)
            assert float(np.abs(ours.astype(np.float64) - theirs).max()) == told[key]["max_difference"]
            assert 0 < told[key]["max_difference"] < 1e-4


@pytest.mark.parametrize("split", SPLITS)
def test_an_export_without_torchs_logits_is_stale(place: Place, split: str) -> None:
    run = place.run()
    right = run.predictions(split, TORCH).read_bytes()
    assert exporter.complete(run)
    run.predictions(split, TORCH).write_bytes(right + b"x")
    assert not exporter.complete(run)
    run.predictions(split, TORCH).unlink()
    assert not exporter.complete(run)
    inference.export(
        place.study, study_file=Path("small.toml"), folder=place.folder, dataset=place.dataset, progress=Silent()
    )
    assert run.predictions(split, TORCH).read_bytes() == right


# --- variants


@pytest.mark.parametrize("variant", ["fp16", "int8"])
def test_a_variant_is_a_smaller_file_that_takes_and_gives_what_the_model_does(finished: Place, variant: str) -> None:
    run = finished.run("focal", 2)
    whole, small = onnx.load(run.onnx), onnx.load(run.graph(variant))
    assert run.graph(variant).stat().st_size < run.onnx.stat().st_size
    assert [entry.type for entry in small.graph.input] == [entry.type for entry in whole.graph.input]
    assert [entry.type for entry in small.graph.output] == [entry.type for entry in whole.graph.output]
    told = {each.key: each.value for each in small.metadata_props}
    assert told.pop("variant") == variant
    exported = {each.key: each.value for each in whole.metadata_props}
    assert told.pop("graph_sha256") != exported.pop("graph_sha256")
    assert told == exported


@pytest.mark.parametrize(("variant", "words"), [("fp16", "half precision"), ("int8", "eight-bit integers")])
def test_prediction_says_in_which_arithmetic_a_variant_computes(
    finished: Place, variant: str, words: str, tmp_path: Path
) -> None:
    class Told(Silent):
        said = ""

        def say(self, text: str) -> None:
            self.said += text

    told, run = Told(), finished.run()
    Image.fromarray(finished.dataset.test.images[0]).save(tmp_path / "0.png")
    found = inference.predict(run.graph(variant), [tmp_path / "0.png"], progress=told)
    np.testing.assert_array_equal(found.logits[0], logits(run, "test", variant)[0])
    assert f", in {words} ({variant}); on " in told.said


@pytest.mark.parametrize("variant", ["fp16", "int8"])
def test_a_variant_of_another_run_is_refused_where_its_record_lies_beside(place: Place, variant: str) -> None:
    ours, other = place.run("ce", 1).graph(variant), place.run("ce", 2).graph(variant)
    assert card.read(ours).variant == variant
    shutil.copy(other, ours)
    with pytest.raises(Refusal, match=r"is not the model that .*evaluation\.json records"):
        card.read(ours)
    alone = ours.parent.parent / ours.name
    shutil.copy(other, alone)
    assert card.read(alone).seed == 2


@pytest.mark.parametrize(("variant", "low", "high"), [("fp16", 1e-6, 2e-2), ("int8", 1e-3, 1.0)])
def test_a_variant_computes_nearly_but_not_quite_the_same(
    finished: Place, variant: str, low: float, high: float
) -> None:
    for split in SPLITS:
        ours, theirs = logits(finished.run(), split), logits(finished.run(), split, variant)
        assert low < float(np.abs(ours - theirs).max() / np.abs(ours).max()) < high


@pytest.mark.parametrize("variant", ["fp16", "int8"])
def test_a_variant_is_noted_with_recipe_hashes_size_and_speed(finished: Place, variant: str) -> None:
    run = finished.run("focal", 1)
    told = entry(run, variant)
    assert told["onnx_sha256"] == sha256(run.onnx)
    assert told["graph_sha256"] == sha256(run.graph(variant))
    assert told["graph_bytes"] == run.graph(variant).stat().st_size
    assert told["predictions_sha256"] == {split: sha256(run.predictions(split, variant)) for split in SPLITS}
    assert told["images_per_second"] > 0
    assert told["recipe"]["variant"] == variant
    assert told["recipe"]["calibration_cases"] == (16 if variant == "int8" else 0)


def test_evaluating_again_touches_nothing(place: Place) -> None:
    before = place.stamps()
    assert place.evaluate() == []
    assert place.stamps() == before


LOST: dict[str, Callable[[RunFolder], Path]] = {
    "graph": lambda run: run.graph("int8"),
    "val": lambda run: run.predictions("val", "int8"),
    "test": lambda run: run.predictions("test", "int8"),
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("how", ["missing", "changed"])
def test_a_variant_that_lost_a_file_is_done_again_alone_and_to_the_same_bytes(
    place: Place, lost: str, how: str
) -> None:
    run, right, before = place.run("focal", 2), place.contents(), place.stamps()
    file = LOST[lost](run)
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-5])
    said = place.evaluate()
    assert len(said) == 1
    assert said[0].startswith("variant int8: ")
    assert place.contents() == right
    touched = {name for name, stamp in place.stamps().items() if before.get(name) != stamp}
    own = {run.graph("int8"), run.evaluation_json, *(run.predictions(split, "int8") for split in SPLITS)}
    assert touched == {place.folder.relative(each) for each in own}


def test_another_recipe_makes_the_variant_stale(place: Place) -> None:
    other = dataclasses.replace(
        place, study=place.study.model_copy(update={"inference": place.study.inference.model_copy(
            update={"cases_for_calibration": 9})})
    )  # fmt: skip
    said = other.evaluate()
    assert [line.split(":")[0] for line in said] == ["variant int8"]
    assert entry(other.run(), "int8")["recipe"]["calibration_cases"] == 9


def test_int8_is_calibrated_on_just_the_validation_cases_that_it_names(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[NDArray[np.uint8]] = []
    right = quantisation._Images.get_next

    def recording(self: Any) -> Any:
        batch = right(self)
        seen.extend([] if batch is None else list(batch["image"][:, 0]))
        return batch

    monkeypatch.setattr(quantisation._Images, "get_next", recording)
    place.run().graph("int8").unlink()
    place.evaluate()
    val = {image.tobytes() for image in place.dataset.val.images}
    test = {image.tobytes() for image in place.dataset.test.images}
    assert len(seen) == 16
    assert {image.tobytes() for image in seen} <= val - test


def test_other_test_images_leave_the_graph_of_int8_as_it_is(place: Place) -> None:
    graph, before = place.run().graph("int8").read_bytes(), logits(place.run(), "test", "int8")
    test = dataclasses.replace(place.dataset.test, images=255 - place.dataset.test.images)
    other = dataclasses.replace(place, dataset=dataclasses.replace(place.dataset, test=test))
    place.run().graph("int8").unlink()
    other.evaluate()
    assert place.run().graph("int8").read_bytes() == graph
    assert not np.array_equal(logits(place.run(), "test", "int8"), before)


def test_the_cases_of_the_calibration_are_drawn_once_and_by_the_data() -> None:
    first = quantisation.calibration_cases("0123456789abcdef" * 4, 100, wanted=20)
    assert first.tolist() == quantisation.calibration_cases("0123456789abcdef" * 4, 100, wanted=20).tolist()
    assert first.tolist() != quantisation.calibration_cases("f" * 64, 100, wanted=20).tolist()
    assert len(set(first.tolist())) == 20
    assert first.min() >= 0
    assert first.max() < 100


def test_the_cpu_is_a_variant_only_where_the_reference_was_computed_elsewhere(place: Place) -> None:
    asked = place.study.inference.model_copy(update={"variants": ("cpu",)})
    cpu = dataclasses.replace(place, study=place.study.model_copy(update={"inference": asked}))
    assert cpu.evaluate() == []
    run = cpu.run("focal", 1)
    write_json(run.evaluation_json, {**read_json(run.evaluation_json), "provider": "CUDAExecutionProvider"})
    said = cpu.evaluate()
    assert len(said) == 1
    assert said[0].startswith("variant cpu: ")
    assert entry(run, "cpu")["graph_sha256"] == sha256(run.onnx)
    assert not run.graph("cpu").exists()
    for split in SPLITS:  # the reference of this test really is of the CPU
        assert run.predictions(split, "cpu").read_bytes() == run.predictions(split).read_bytes()
    assert not cpu.run("ce", 1).predictions("test", "cpu").exists()
    assert cpu.evaluate() == []


def test_logits_that_are_not_finite_are_kept_for_the_comparison(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    right = variants.session.predict

    def broken(*args: Any, **named: Any) -> list[NDArray[np.float32]]:
        found = right(*args, **named)
        for each in found:
            each[0] = np.inf
        return found

    monkeypatch.setattr(variants.session, "predict", broken)
    place.run().graph("fp16").unlink()
    place.evaluate()
    assert np.isinf(logits(place.run(), "test", "fp16")[0]).all()


def test_variants_need_no_torch(place: Place, tmp_path: Path) -> None:
    for run in (place.run(loss, seed) for loss in place.study.losses for seed in place.study.seeds):
        run.graph("fp16").unlink()
        run.graph("int8").unlink()
        run.weights.unlink()
    right = logits(place.run(), "test", "int8")
    arrays = {
        f"{name}_{field}": getattr(place.dataset.split(name), field)
        for name in ("train", *SPLITS)
        for field in ("images", "labels", "ids", "patients")
    }
    np.savez(tmp_path / "data.npz", **arrays)
    write_json(tmp_path / "study.json", place.study.model_dump(mode="json"))
    code = f"""
import sys
from pathlib import Path
import numpy as np
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "monai", "onnxscript", "safetensors"):
            raise ImportError(name + " is not installed")
sys.meta_path.insert(0, Absent())
from cxr_report import inference
from cxr_report.data.cases import Cases, DataSet
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder, read_json
from cxr_report.study import parse
arrays = np.load({str(tmp_path / "data.npz")!r})
splits = [Cases(*(arrays[f"{{name}}_{{field}}"] for field in ("images", "labels", "ids", "patients")), {{}})
          for name in ("train", "val", "test")]
dataset = DataSet({place.dataset.classes!r}, *splits, {place.dataset.fingerprint!r}, {{}})
study = parse(read_json(Path({str(tmp_path / "study.json")!r})), "study.json")
inference.evaluate(study, folder=StudyFolder(Path({str(place.folder.path)!r})), dataset=dataset, progress=Silent())
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "")
    assert np.array_equal(logits(place.run(), "test", "int8"), right)
    assert place.run("focal", 2).graph("fp16").exists()


def test_without_onnx_one_sentence_names_the_extra(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run().graph("fp16").unlink()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(Refusal, match=r"fp16 and int8 need onnx, .*cxr_report\[infer\]"):
        place.evaluate()
