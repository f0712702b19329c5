"""Export and evaluation of whole studies: what is written, what is left alone, what is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file, save_file

from cxr_report import inference
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.inference import exporter
from cxr_report.progress import Silent
from cxr_report.runs import SPLITS, RunFolder, StudyFolder, read_arrays, read_json, sha256, write_json
from cxr_report.study import Study

MakeData = Callable[..., DataSet]
MakeStudy = Callable[..., Study]
TrainOne = Callable[..., RunFolder]
TrainAll = Callable[..., list[RunFolder]]


class Sentences(Silent):
    """Progress that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.counted: dict[str, list[int]] = {}

    def start(self, label: str, total: int) -> None:
        self.counted[label] = [total, 0]

    def advance(self, label: str, count: int = 1) -> None:
        self.counted[label][1] += count

    def say(self, text: str) -> None:
        self.said.append(text)


@dataclasses.dataclass(frozen=True)
class Place:
    """A study with its data and its folder."""

    study: Study
    folder: StudyFolder
    dataset: DataSet

    def export(self) -> Sentences:
        teller = Sentences()
        inference.export(
            self.study, study_file=Path("small.toml"), folder=self.folder, dataset=self.dataset, progress=teller
        )
        return teller

    def evaluate(self) -> Sentences:
        teller = Sentences()
        inference.evaluate(self.study, folder=self.folder, dataset=self.dataset, progress=teller)
        return teller

    def copied(self, folder: Path) -> Place:
        shutil.copytree(self.folder.path, folder)
        return dataclasses.replace(self, folder=StudyFolder(folder))

    def stamps(self) -> dict[str, int]:
        files = [path for path in self.folder.path.rglob("*") if path.is_file()]
        return {self.folder.relative(path): path.stat().st_mtime_ns for path in files}

    def run(self, loss: str = "ce", seed: int = 1) -> RunFolder:
        return self.folder.run(loss, seed)


@pytest.fixture(scope="session")
def stages(
    make_study: MakeStudy, make_dataset: MakeData, train_all: TrainAll, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Place]:
    """One study after each stage; tests work on copies."""
    root = tmp_path_factory.mktemp("stages")
    made = {name: Place(make_study(), StudyFolder(root / name), make_dataset()) for name in ("trained", "exported")}
    train_all(made["trained"].study, made["trained"].folder, made["trained"].dataset)
    shutil.copytree(root / "trained", root / "exported")
    made["exported"].export()
    made["evaluated"] = made["exported"].copied(root / "evaluated")
    made["evaluated"].evaluate()
    return made


@pytest.fixture
def place(stages: dict[str, Place], tmp_path: Path) -> Place:
    """A trained study."""
    return stages["trained"].copied(tmp_path / "small")


@pytest.fixture
def exported(stages: dict[str, Place], tmp_path: Path) -> Place:
    """An exported study."""
    return stages["exported"].copied(tmp_path / "small")


@pytest.fixture
def evaluated(stages: dict[str, Place], tmp_path: Path) -> Place:
    """An evaluated study."""
    return stages["evaluated"].copied(tmp_path / "small")


def change(file: Path, **entries: Any) -> None:
    write_json(file, {**read_json(file), **entries})


# --- export


def test_every_run_is_exported_with_its_proof(exported: Place) -> None:
    for loss in exported.study.losses:
        for seed in exported.study.seeds:
            run = exported.run(loss, seed)
            told = read_json(run.export_json)
            assert told["weights_sha256"] == sha256(run.weights)
            assert told["onnx_sha256"] == sha256(run.onnx)
            assert (told["opset"], told["loss"], told["seed"]) == (18, loss, seed)
            weights = load_file(run.weights)
            assert 0 < told["size"]["parameters"] <= sum(weight.size for weight in weights.values())
            assert told["size"]["multiply_accumulates"] > told["size"]["parameters"]
            assert [told[key]["split"] for key in ("proof", "test_proof")] == list(SPLITS)
            for proof in (told["proof"], told["test_proof"]):
                assert proof["cases"] == len(exported.dataset.split(proof["split"]))
                assert 0 <= proof["max_difference"] <= 1e-5 * proof["max_logit"]
                assert (proof["flips_outside"], proof["flips_inside"], proof["flipped"]) == (0, 0, [])
    hashes = {read_json(exported.run(loss, 1).export_json)["architecture_sha256"] for loss in exported.study.losses}
    assert len(hashes) == 1


def test_the_model_says_what_it_is_to_whoever_has_just_the_file(exported: Place) -> None:
    model = onnx.load(exported.run("focal", 2).onnx)
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert (told["study"], told["loss"], told["seed"], told["task"]) == ("small", "focal", "2", "multiclass")
    assert json.loads(told["classes"]) == list(exported.dataset.classes)
    assert json.loads(told["input"])["shape"] == ["N", 1, 32, 32]
    assert json.loads(told["input"])["resize"] == "pad"
    assert told["weights_sha256"] == sha256(exported.run("focal", 2).weights)


def test_the_same_weights_exported_elsewhere_give_the_same_files(
    exported: Place, train_all: TrainAll, tmp_path: Path
) -> None:
    other = dataclasses.replace(exported, folder=StudyFolder(tmp_path / "elsewhere"))
    train_all(other.study, other.folder, other.dataset)
    other.export()
    for loss in exported.study.losses:
        for file in ("onnx", "export_json"):
            assert getattr(other.run(loss), file).read_bytes() == getattr(exported.run(loss), file).read_bytes()


def test_exporting_again_touches_nothing_and_loads_no_graph(exported: Place) -> None:
    before = exported.stamps()
    assert exported.export().counted == {}
    assert exported.stamps() == before


@pytest.mark.parametrize(
    "fault", ["no json", "no model", "broken json", "another model", "other weights", "old format"]
)
def test_an_export_that_is_not_of_these_weights_and_this_model_counts_as_missing(
    exported: Place, train_one: TrainOne, fault: str
) -> None:
    run = exported.run("ce", 1)
    assert exporter.complete(run)
    if fault == "no json":
        run.export_json.unlink()
    elif fault == "no model":
        run.onnx.unlink()
    elif fault == "broken json":
        run.export_json.write_text("{")
    elif fault == "another model":
        run.onnx.write_bytes(exported.run("ce", 2).onnx.read_bytes())
    elif fault == "other weights":
        train_one(exported.study, exported.folder, exported.dataset, "ce", 1, scale=1.5)
    else:
        change(run.export_json, format=0)
    assert not exporter.complete(run)


def test_a_stale_export_is_done_again_to_the_same_bytes_and_the_others_are_left_alone(exported: Place) -> None:
    run = exported.run("ce", 1)
    right, proof = run.onnx.read_bytes(), run.export_json.read_bytes()
    run.onnx.write_bytes(exported.run("ce", 2).onnx.read_bytes())
    before = exported.stamps()
    assert exported.export().counted == {"export": [1, 1]}
    touched = {name for name, stamp in exported.stamps().items() if before.get(name) != stamp}
    torch_logits = {f"predictions-{split}.torch.npz" for split in SPLITS}
    assert touched == {f"ce/seed-0001/{name}" for name in ("model.onnx", "export.json", *torch_logits)}
    assert (run.onnx.read_bytes(), run.export_json.read_bytes()) == (right, proof)


def test_weights_of_another_plan_or_other_data_are_refused_with_both_names(place: Place) -> None:
    for stale in (
        dataclasses.replace(place, dataset=dataclasses.replace(place.dataset, fingerprint="0" * 64)),
        dataclasses.replace(
            place,
            study=place.study.model_copy(update={"training": place.study.training.model_copy(update={"epochs": 3})}),
        ),
    ):
        with pytest.raises(Refusal) as caught:
            stale.export()
        assert "ce/seed-0001/weights.safetensors" in str(caught.value)
        assert "study.json" in str(caught.value)
        assert not place.run().onnx.exists()


def test_weights_that_are_no_safetensors_file_are_refused(place: Place) -> None:
    place.run().weights.write_bytes(b"not weights")
    with pytest.raises(Refusal, match=r"weights\.safetensors: is damaged"):
        place.export()


def test_weights_with_a_name_too_few_or_too_many_are_refused(place: Place) -> None:
    run = place.run()
    identity = {"identity": place.study.run_identity("ce", 1, place.dataset.fingerprint)}
    weights = load_file(run.weights)
    name = sorted(weights)[0]
    kept = {key: value for key, value in weights.items() if key != name}
    save_file({**kept, "ghost": np.zeros(1, dtype=np.float32)}, run.weights, identity)
    with pytest.raises(Refusal, match=rf"1 missing \({name}\); 1 extra \(ghost\)"):
        place.export()


def test_weights_that_give_no_finite_logits_are_refused_and_nothing_is_written(place: Place) -> None:
    run = place.run("focal", 1)
    weights = load_file(run.weights)
    for value in weights.values():
        if value.ndim > 1:
            value[:] = np.nan
    save_file(weights, run.weights, {"identity": place.study.run_identity("focal", 1, place.dataset.fingerprint)})
    with pytest.raises(Refusal, match=r"loss focal, seed 1 gives logits that are not finite"):
        place.export()
    assert not run.onnx.exists()
    assert not run.export_json.exists()
    assert place.run("ce", 2).export_json.exists(), "what was finished before is kept"


LIAR = """
import torch
from torch import nn

class Liar(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.head = nn.Linear(32, classes)
    def forward(self, x):
        logits = self.head(x.mean((1, 2)))
        return 1.01 * logits if torch.compiler.is_exporting() else logits

def network(num_classes, image_size):
    return Liar(num_classes)
"""


def test_a_network_that_computes_otherwise_when_exported_is_refused_and_the_run_named(
    make_study: MakeStudy,
    make_dataset: MakeData,
    train_one: TrainOne,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "liar.py").write_text(LIAR)
    monkeypatch.syspath_prepend(tmp_path)
    study = make_study(model={"name": "custom", "function": "liar:network"})
    made = Place(study, StudyFolder(tmp_path / "small"), make_dataset())
    run = train_one(made.study, made.folder, made.dataset, "focal", 2)
    with pytest.raises(
        Refusal, match=r"loss focal, seed 2 differs from the trained one by up to .*; it was not written"
    ):
        made.export()
    assert not run.onnx.exists()
    assert not run.export_json.exists()


def test_untrained_runs_are_left_out_and_diverged_ones_passed_over(place: Place) -> None:
    place.run("ce", 1).weights.unlink()
    write_json(place.run("ce", 1).diverged, {"identity": place.study.run_identity("ce", 1, place.dataset.fingerprint)})
    place.run("ce", 2).weights.unlink()
    assert place.export().said == ["1 of 4 runs are not trained yet and are left out"]
    assert not place.run("ce", 1).export_json.exists()
    assert place.run("focal", 1).export_json.exists()


def test_a_study_without_any_trained_run_is_refused(
    make_study: MakeStudy, make_dataset: MakeData, tmp_path: Path
) -> None:
    empty = Place(make_study(), StudyFolder(tmp_path / "small"), make_dataset())
    with pytest.raises(Refusal, match="none of the 4 runs is trained; run `cxr-report train` first"):
        empty.export()
    with pytest.raises(Refusal, match="none of the 4 runs is exported; run `cxr-report export` first"):
        empty.evaluate()


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("small-resnet", "binary"),
        ("small-resnet", "multilabel"),
        ("resnet18", "multiclass"),
        pytest.param("densenet121", "multiclass", marks=pytest.mark.slow),
    ],
)
def test_every_architecture_is_exported_soundly(
    name: str, task: str, make_study: MakeStudy, make_dataset: MakeData, train_one: TrainOne, tmp_path: Path
) -> None:
    model = {"name": name, "width": 4} if name == "small-resnet" else {"name": name}
    made = Place(make_study(task, model=model), StudyFolder(tmp_path / "small"), make_dataset(task, val=9))
    loss = next(iter(made.study.losses))
    run = train_one(made.study, made.folder, made.dataset, loss, 1)
    made.export()
    proof = read_json(run.export_json)["proof"]
    assert proof["max_difference"] < 2e-5 * proof["max_logit"]
    assert proof["flips_outside"] == 0
    assert "BatchNormalization" not in {
        node.op_type for node in onnx.load(run.onnx).graph.node if name != "densenet121"
    }


# --- evaluation


def test_every_run_gets_predictions_and_says_what_computed_them(evaluated: Place) -> None:
    for loss in evaluated.study.losses:
        run = evaluated.run(loss, 2)
        for split in SPLITS:
            found = read_arrays(run.predictions(split), ["ids", "logits"])
            assert found["ids"].tolist() == evaluated.dataset.split(split).ids.tolist()
            assert found["logits"].shape == (len(evaluated.dataset.split(split)), 3)
            assert found["logits"].dtype == np.float32
        told = read_json(run.evaluation_json)
        assert told["onnx_sha256"] == sha256(run.onnx)
        assert told["fingerprint"] == evaluated.dataset.fingerprint
        assert told["predictions_sha256"] == {split: sha256(run.predictions(split)) for split in SPLITS}
        assert told["provider"] in ("CPUExecutionProvider", "CUDAExecutionProvider")
        assert told["batch"] > 0
        assert told["images_per_second"] > 0
        assert told["onnxruntime"]


def test_the_predictions_are_those_that_the_proof_was_about(evaluated: Place) -> None:
    logits = read_arrays(evaluated.run().predictions("val"), ["logits"])["logits"]
    largest = read_json(evaluated.run().export_json)["proof"]["max_logit"]
    assert np.abs(logits).max() == pytest.approx(largest, rel=1e-4)


def test_the_provider_is_said_once_and_every_image_is_counted(exported: Place) -> None:
    teller = exported.evaluate()
    assert sum(line.startswith("evaluating on") for line in teller.said) == 1
    total = 4 * (len(exported.dataset.val) + len(exported.dataset.test))
    assert teller.counted == {"evaluate": [total, total]}


def test_evaluating_again_touches_nothing(evaluated: Place) -> None:
    before = evaluated.stamps()
    assert evaluated.evaluate().said == []
    assert evaluated.stamps() == before


@pytest.mark.parametrize("fault", ["no json", "broken json", "predictions", "no predictions", "model", "fingerprint"])
def test_a_missing_or_stale_evaluation_is_done_again_to_the_same_bytes(evaluated: Place, fault: str) -> None:
    run = evaluated.run("focal", 2)
    right = {split: run.predictions(split).read_bytes() for split in SPLITS}
    if fault == "no json":
        run.evaluation_json.unlink()
    elif fault == "broken json":
        run.evaluation_json.write_text("[]")
    elif fault == "predictions":
        run.predictions("test").write_bytes(right["test"][:-9])
    elif fault == "no predictions":
        run.predictions("val").unlink()
    else:
        change(run.evaluation_json, **{"onnx_sha256" if fault == "model" else fault: "0" * 64})
    before = evaluated.stamps()
    evaluated.evaluate()
    assert {split: run.predictions(split).read_bytes() for split in SPLITS} == right
    touched = {name for name, stamp in evaluated.stamps().items() if before.get(name) != stamp}
    assert {name.rpartition("/")[0] for name in touched} == {"focal/seed-0002"}


def test_a_run_is_predicted_alike_alone_and_among_others(evaluated: Place) -> None:
    run = evaluated.run("ce", 2)
    among = run.predictions("test").read_bytes()
    run.evaluation_json.unlink()
    evaluated.evaluate()
    assert run.predictions("test").read_bytes() == among


def test_a_truncated_model_is_refused_in_one_sentence_and_nothing_is_written(exported: Place) -> None:
    run = exported.run("ce", 1)
    run.onnx.write_bytes(run.onnx.read_bytes()[:1000])
    with pytest.raises(Refusal, match=r"model\.onnx: is not the model that .*export\.json has proved") as caught:
        exported.evaluate()
    assert "\n" not in str(caught.value)
    change(run.export_json, onnx_sha256=sha256(run.onnx))
    with pytest.raises(Refusal, match=r"model\.onnx: is damaged or no ONNX model") as caught:
        exported.evaluate()
    assert "\n" not in str(caught.value)
    assert not [file for file in exported.folder.path.rglob("predictions-*") if ".torch." not in file.name]


def test_weights_that_changed_after_the_export_are_refused(exported: Place, train_one: TrainOne) -> None:
    train_one(exported.study, exported.folder, exported.dataset, "ce", 1, scale=2.0)
    with pytest.raises(Refusal, match=r"weights\.safetensors: is not what .*model\.onnx was exported from"):
        exported.evaluate()


def test_evaluation_needs_no_weights_and_no_torch(exported: Place, tmp_path: Path) -> None:
    for weights in exported.folder.path.rglob("*.safetensors"):
        weights.unlink()
    arrays = {
        f"{name}_{field}": getattr(exported.dataset.split(name), field)
        for name in ("train", *SPLITS)
        for field in ("images", "labels", "ids", "patients")
    }
    np.savez(tmp_path / "data.npz", **arrays)
    write_json(tmp_path / "study.json", exported.study.model_dump(mode="json"))
    code = f"""
import sys
from pathlib import Path
import numpy as np
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "monai", "onnx", "onnxscript", "safetensors"):
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
dataset = DataSet({exported.dataset.classes!r}, *splits, {exported.dataset.fingerprint!r}, {{}})
study = parse(read_json(Path({str(tmp_path / "study.json")!r})), "study.json")
inference.evaluate(study, folder=StudyFolder(Path({str(exported.folder.path)!r})), dataset=dataset, progress=Silent())
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "")
    assert exported.run("focal", 2).evaluation_json.exists()


@pytest.mark.parametrize("absent", ["onnxruntime", "torch", "onnx"])
def test_a_missing_extra_is_named_in_one_sentence(absent: str) -> None:
    code = f"""
import sys
sys.modules[{absent!r}] = None
from cxr_report import inference
from cxr_report.errors import Refusal
verb, more = (inference.evaluate, {{}}) if {absent!r} == "onnxruntime" else (inference.export, {{"study_file": None}})
try:
    verb(None, folder=None, dataset=None, progress=None, **more)
except Refusal as refusal:
    print(refusal)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    extra = "infer" if absent == "onnxruntime" else "train"
    (line,) = shown.stdout.splitlines()
    assert f"needs {absent}, " in line
    assert f"pip install 'cxr_report[{extra}]'" in line


def test_importing_the_room_loads_neither_torch_nor_onnxruntime() -> None:
    code = "import sys, cxr_report.inference; print([n for n in ('torch', 'onnxruntime', 'onnx') if n in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
