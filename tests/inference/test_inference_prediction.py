"""Prediction by a model file alone: the study's own bits, every kind of image, one sentence for what is at fault."""

from __future__ import annotations

import csv
import dataclasses
import doctest
import hashlib
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import scipy.special
from numpy.typing import NDArray
from onnx.external_data_helper import convert_model_to_external_data
from PIL import Image

from cxr_report import cli, inference, stages
from cxr_report.data import images, load
from cxr_report.errors import Refusal
from cxr_report.inference import card, gathering, graph, prediction, session, wire
from cxr_report.progress import Silent
from cxr_report.runs import RunFolder, StudyFolder, read_arrays, read_json, sha256, write_json
from cxr_report.study import Study

README = Path(__file__).parents[2] / "README.md"
PER_SPLIT = {"train": 6, "val": 5, "test": 11}


@dataclasses.dataclass(frozen=True)
class Place:
    """An evaluated study whose images are files of many kinds."""

    run: RunFolder
    images: Path
    """Folder of the test cases."""
    root: Path

    def truth(self) -> dict[str, NDArray[np.float32]]:
        """Name of every test image -> what the evaluation of the study stored for it."""
        found = read_arrays(self.run.predictions("test"), ["ids", "logits"])
        return dict(zip((str(name) for name in found["ids"]), found["logits"], strict=True))


def dicom(file: Path, pixels: NDArray[Any], **header: Any) -> None:
    """Write an uncompressed DICOM file."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[file.name])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    content = Dataset()
    content.file_meta = meta
    content.SOPClassUID, content.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    content.PatientID = f"{file.parent.name} {file.name}"
    content.SamplesPerPixel, content.PhotometricInterpretation = 1, "MONOCHROME2"
    content.Rows, content.Columns = pixels.shape[:2]
    bits = pixels.dtype.itemsize * 8
    content.BitsAllocated, content.BitsStored, content.HighBit = bits, bits, bits - 1
    content.PixelRepresentation = 0
    for name, value in header.items():
        setattr(content, name, value)
    content.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    content.save_as(file, enforce_file_format=True)


def draw(folder: Path, number: int, rng: np.random.Generator) -> None:
    """Draw one image of random pixels: of several shapes, depths and formats in turn."""
    height, width = (int(side) for side in rng.integers(20, 90, 2))
    grey = rng.integers(0, 256, (height, width), dtype=np.uint8)
    kind = number % 6
    name = folder / f"image {number:02d}"
    if kind == 0:
        Image.fromarray(grey).save(name.with_suffix(".png"))
    elif kind == 1:
        Image.fromarray(grey.astype(np.uint16) * 15).save(name.with_suffix(".png"))
    elif kind == 2:
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(name.with_suffix(".jpg"))
    elif kind == 3:
        dicom(name.with_suffix(".dcm"), grey.astype(np.uint16) * 11, PhotometricInterpretation="MONOCHROME1")
    elif kind == 4:
        dicom(name, grey)  # known by its content alone
    else:
        Image.fromarray(grey).save(name.with_suffix(".tiff"))


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory,
    make_study: Callable[..., Study],
    train_all: Callable[..., list[RunFolder]],
) -> Callable[[str], Place]:
    """Make a study of each task with its data on disk, once."""
    known: dict[str, Place] = {}

    def make(task: str = "multiclass") -> Place:
        if task not in known:
            known[task] = _study(tmp_path_factory.mktemp(task), task, make_study, train_all)
        return known[task]

    return make


def _study(root: Path, task: str, make_study: Callable[..., Study], train_all: Callable[..., list[RunFolder]]) -> Place:
    rng = np.random.default_rng([7, len(task)])
    names = ("no_finding", "pneumonia", "=covid19")[: 2 if task == "binary" else 3]
    lines = ["path,split," + (",".join(names) if task == "multilabel" else "label")]
    for split, count in PER_SPLIT.items():
        (root / "data" / split).mkdir(parents=True)
        for number in range(count):
            draw(root / "data" / split, number, rng)
        for place, file in enumerate(sorted((root / "data" / split).iterdir())):
            label = names[place % len(names)]
            labels = [str(place // 2**each % 2) for each in range(len(names))] if task == "multilabel" else [label]
            lines.append(",".join([file.relative_to(root / "data").as_posix(), split, *labels]))
    (root / "data" / "manifest.csv").write_text("\n".join(lines) + "\n")
    more = {"positive": "pneumonia"} if task == "binary" else {}
    data = {"source": "manifest", "path": "data/manifest.csv", "image_size": 32, "publish_names": True}
    study = make_study(task, data={**data, "classes": list(names), **more})
    dataset = load(study, study_file=root / "s.toml", cache=root / ".cache", workers=2, progress=Silent())
    folder = StudyFolder(root / "small")
    train_all(study, folder, dataset)
    inference.export(study, study_file=root / "s.toml", folder=folder, dataset=dataset, progress=Silent())
    inference.evaluate(study, folder=folder, dataset=dataset, progress=Silent())
    return Place(folder.run("bce" if task == "multilabel" else "ce", 1), root / "data" / "test", root / "data")


@pytest.fixture
def alone(built: Callable[..., Place], tmp_path: Path) -> Path:
    """The model of a run by itself in an empty folder."""
    return Path(shutil.copy(built().run.onnx, tmp_path / "model.onnx"))


@pytest.fixture
def good(built: Callable[..., Place]) -> Path:
    """An image that can be read."""
    return sorted(built().images.glob("*.png"))[0]


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., tuple[object, bytes, str]]:
    """Run the command line: exit code, stdout, stderr."""

    def invoke(*words: object) -> tuple[object, bytes, str]:
        monkeypatch.setattr(sys, "argv", ["cxr-report", "predict", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsysbinary.readouterr()
        return end.value.code, out, err.decode()

    return invoke


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_the_file_alone_gives_the_logits_of_the_study_to_the_last_bit(
    task: str, built: Callable[[str], Place], tmp_path: Path
) -> None:
    place = built(task)
    model = shutil.copy(place.run.onnx, tmp_path / "renamed.onnx")
    found = inference.predict(Path(model), [place.images], progress=Silent())
    assert len(found.files) == PER_SPLIT["test"]
    wanted = place.truth()
    for file, logits in zip(found.files, found.logits, strict=True):
        assert logits.tobytes() == wanted[file.relative_to(place.root).as_posix()].tobytes(), file


def test_an_image_has_the_same_bits_alone_in_another_order_and_in_smaller_pieces(
    built: Callable[..., Place], alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(built().images.iterdir())
    whole = inference.predict(alone, files, progress=Silent()).logits
    back = inference.predict(alone, files[::-1], progress=Silent()).logits[::-1]
    one = np.concatenate([inference.predict(alone, [file], progress=Silent()).logits for file in files])
    monkeypatch.setattr(prediction, "BATCHES", 1)
    monkeypatch.setattr(session, "cores", lambda: 1)
    pieces = inference.predict(alone, files, progress=Silent()).logits
    assert whole.tobytes() == back.tobytes() == one.tobytes() == pieces.tobytes()


def test_probabilities_are_the_softmax_or_the_sigmoid_by_the_task_that_the_file_names(
    built: Callable[[str], Place],
) -> None:
    for task in ("binary", "multiclass", "multilabel"):
        place = built(task)
        found = inference.predict(place.run.onnx, [place.images], progress=Silent())
        z = found.logits.astype(np.float64)
        witness = scipy.special.expit(z) if task == "multilabel" else scipy.special.softmax(z, axis=1)
        np.testing.assert_allclose(found.probabilities, witness, rtol=1e-12)


def test_the_table_reads_back_without_loss_and_names_are_no_formulas(
    built: Callable[..., Place], alone: Path, tmp_path: Path, call: Callable[..., tuple[object, bytes, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    source = sorted(built().images.glob("*.png"))[0]
    monkeypatch.chdir(tmp_path)
    odd = ["=1+1.png", '-x "y",z.png', "@a.png", "line\nbreak.png"]
    for name in odd:
        shutil.copy(source, name)
    code, out, err = call(alone, "--", *odd)
    assert (code, "Traceback" in err) == (0, False)
    head, *rows = csv.reader(io.StringIO(out.decode()))
    assert head == ["image", "prob_no_finding", "prob_pneumonia", "prob_=covid19"]
    assert [row[0] for row in rows] == ["'=1+1.png", '\'-x "y",z.png', "'@a.png", "line break.png"]
    found = inference.predict(alone, [Path(name) for name in odd], progress=Silent())
    assert np.array_equal(np.array([row[1:] for row in rows], dtype=np.float64), found.probabilities)
    _, out, _ = call(alone, source, "--logits")
    (head, row) = csv.reader(io.StringIO(out.decode()))
    assert head[1:] == ["logit_no_finding", "logit_pneumonia", "logit_=covid19"]
    assert np.array([float(cell) for cell in row[1:]], dtype=np.float32).tobytes() == found.logits[0].tobytes()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such names")
def test_a_name_that_is_no_utf_8_comes_out_as_the_bytes_that_the_disk_has(
    alone: Path, good: Path, tmp_path: Path, call: Callable[..., tuple[object, bytes, str]]
) -> None:
    name = tmp_path / "caf\udce9.png"
    shutil.copy(good, name)
    code, out, _ = call(alone, name)
    assert code == 0
    assert b"caf\xe9.png," in out


def test_progress_goes_to_stderr_and_results_alone_to_stdout(
    alone: Path, good: Path, call: Callable[..., tuple[object, bytes, str]]
) -> None:
    code, out, err = call(alone, good, good)
    assert code == 0
    assert len(out.decode().splitlines()) == 3
    assert "study small, loss ce, seed 1" in err


def test_torch_and_the_study_are_not_needed(alone: Path, good: Path) -> None:
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "monai", "onnx", "onnxscript", "safetensors"):
            raise ImportError(name + " is not installed")
sys.meta_path.insert(0, Absent())
sys.argv = ["cxr-report", "predict", {str(alone)!r}, {str(good)!r}]
from cxr_report.cli import main
main()
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=alone.parent)
    assert (shown.returncode, len(shown.stdout.splitlines())) == (0, 2), shown.stderr


def test_only_two_pieces_are_decoded_ahead_of_who_takes_them(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Path] = []
    real = images.picture

    def counted(file: Path, size: int, *, policy: Any) -> Any:
        begun.append(file)
        return real(file, size, policy=policy)

    monkeypatch.setattr(gathering, "picture", counted)
    pieces = gathering.squares([good] * 40, 16, policy="pad", together=4, workers=2)
    next(pieces)
    next(pieces)
    assert len(begun) <= 12
    pieces.close()  # type: ignore[attr-defined]
    assert len(begun) <= 16


# --- images at fault


def _truncated(folder: Path, good: Path) -> Path:
    (folder / "half.png").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    return folder / "half.png"


def _text(folder: Path, good: Path) -> Path:
    (folder / "text.png").write_text("no image")
    return folder / "text.png"


def _empty(folder: Path, good: Path) -> Path:
    (folder / "empty.png").touch()
    return folder / "empty.png"


def _frames(folder: Path, good: Path) -> Path:
    dicom(folder / "cine.dcm", np.zeros((40, 8), dtype=np.uint8), NumberOfFrames=5, Rows=8)
    return folder / "cine.dcm"


def _pages(folder: Path, good: Path) -> Path:
    page = Image.fromarray(np.zeros((8, 8), dtype=np.uint8))
    page.save(folder / "pages.tiff", save_all=True, append_images=[page])
    return folder / "pages.tiff"


def _missing(folder: Path, good: Path) -> Path:
    return folder / "none.png"


def _dangling(folder: Path, good: Path) -> Path:
    (folder / "link.png").symlink_to(folder / "nowhere")
    return folder / "link.png"


def _nothing_in_it(folder: Path, good: Path) -> Path:
    (folder / "letters").mkdir()
    (folder / "letters" / "letter.txt").write_text("Dear")
    return folder / "letters"


FAULTS: dict[Callable[[Path, Path], Path], str] = {
    _truncated: "half.png: cannot be decoded",
    _text: "text.png: is neither PNG, JPEG, TIFF nor DICOM by its content",
    _empty: "empty.png: is empty",
    _frames: "cine.dcm: holds 5 frames; one image a file is allowed",
    _pages: "pages.tiff: holds 2 images; one image a file is allowed",
    _missing: "none.png: is missing; allowed: images and folders of images",
    _dangling: "link.png: is missing",
    _nothing_in_it: "letters: holds no image; allowed: .png",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_one_image_at_fault_is_named_and_nothing_is_printed(
    fault: Callable[[Path, Path], Path], alone: Path, good: Path, tmp_path: Path,
    call: Callable[..., tuple[object, bytes, str]],
) -> None:  # fmt: skip
    code, out, err = call(alone, good, fault(tmp_path, good), good)
    assert (code, out) == (2, b"")
    assert FAULTS[fault] in err
    assert "Traceback" not in err


def test_every_image_at_fault_is_listed(alone: Path, good: Path, tmp_path: Path) -> None:
    bad = [_text(tmp_path, good), _empty(tmp_path, good)]
    with pytest.raises(Refusal, match="2 images of 3 cannot be read, and nothing was predicted:") as told:
        inference.predict(alone, [bad[0], good, bad[1]], progress=Silent())
    assert [line.partition(": ")[0].strip() for line in str(told.value).splitlines()[1:]] == [str(file) for file in bad]


def test_colour_is_taken_as_luma_like_in_the_data_of_a_study(alone: Path, tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / "colour.png")
    Image.fromarray(rgb).convert("L").save(tmp_path / "grey.png")
    dicom(tmp_path / "colour.dcm", rgb, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    names = [tmp_path / name for name in ("colour.png", "grey.png", "colour.dcm")]
    one, two, three = inference.predict(alone, names, progress=Silent()).logits
    assert one.tobytes() == two.tobytes() == three.tobytes()


# --- models at fault


def _changed(model: Path, change: Callable[[onnx.ModelProto], None]) -> Path:
    proto = onnx.load(model)
    change(proto)
    other = model.with_name("other.onnx")
    other.write_bytes(proto.SerializeToString())
    return other


def _say(key: str, value: str | None) -> Callable[[onnx.ModelProto], None]:
    def change(proto: onnx.ModelProto) -> None:
        told = {entry.key: entry.value for entry in proto.metadata_props if entry.key != key}
        onnx.helper.set_model_props(proto, told if value is None else {**told, key: value})

    return change


def _to_five_classes(proto: onnx.ModelProto) -> None:
    _say("classes", '["a", "b", "c", "d", "e"]')(proto)


WRONG_METADATA = {
    "foreign": (_say("program", None), "was not exported by cxr_report"),
    "another number of classes": (_to_five_classes, "gives 3 logits a case for 5 classes"),
    "another size": (
        _say("input", '{"shape": ["N", 1, 64, 64], "dtype": "uint8", "resize": "pad"}'),
        "takes images of 32 x 32 pixels, not 64 x 64",
    ),
    "an absurd size": (
        _say("input", '{"shape": ["N", 1, 99999, 99999], "dtype": "uint8", "resize": "pad"}'),
        "ask for images of 99999 pixels; allowed: 1 to 1024",
    ),
    "unknown policy": (
        _say("input", '{"shape": ["N", 1, 32, 32], "dtype": "uint8", "resize": "warp"}'),
        "name the resize policy 'warp'; allowed: pad, crop, squash",
    ),
    "unknown task": (_say("task", "regression"), "name the task 'regression'; allowed: binary, multiclass"),
    "no JSON": (_say("classes", "a, b, c"), "its metadata cannot be read"),
    "classes in one text": (_say("classes", '"abc"'), "its metadata cannot be read (classes are str and no list)"),
    "classes by name": (_say("classes", '{"a": 1, "b": 2, "c": 3}'), "its metadata cannot be read (classes are dict"),
    "classes that are numbers": (_say("classes", "[1, 2, 3]"), "must name every class once, in words"),
    "unknown arithmetic": (_say("variant", "fp4"), "name the variant 'fp4'; allowed: fp16, int8, or none"),
    "no hash of the graph": (_say("graph_sha256", None), "its metadata lack graph_sha256; export it again"),
    "what steers a terminal": (
        _say("input", '{"shape": ["N", 1, 32, 32], "dtype": "a\\u001b[2J\\u202e\\n", "resize": "pad"}'),
        "ask for a\\x1b[2J\\u202e\\n images",
    ),
    "no classes": (_say("classes", None), "its metadata lack classes"),
    "a class twice": (_say("classes", '["a", "a", "b"]'), "must name every class once"),
    "no input": (_say("input", "[]"), "its metadata cannot be read"),
    "a deep list": (_say("input", "[" * 100_000), "its metadata cannot be read"),
}


@pytest.mark.parametrize("what", WRONG_METADATA)
def test_metadata_that_do_not_fit_are_refused_before_any_image(
    what: str, alone: Path, good: Path, call: Callable[..., tuple[object, bytes, str]]
) -> None:
    change, words = WRONG_METADATA[what]
    code, out, err = call(_changed(alone, change), "no such image")
    assert (code, out) == (2, b"")
    assert words in err
    assert err.count("\n") == 1


def test_a_model_whose_weight_changed_is_damaged_wherever_it_lies(alone: Path) -> None:
    def change(proto: onnx.ModelProto) -> None:
        weight = next(each for each in proto.graph.initializer if each.data_type == 1 and len(each.raw_data) > 64)
        weight.raw_data = weight.raw_data[:-4] + np.float32(0.5).tobytes()

    assert card.read(_changed(alone, lambda _: None)).seed == 1, "written anew but the same"
    with pytest.raises(Refusal, match="is damaged: its graph is not the one that it names"):
        card.read(_changed(alone, change))


def test_the_hash_of_a_graph_is_that_of_its_file_without_metadata(alone: Path) -> None:
    proto = onnx.load(alone)
    named = {entry.key: entry.value for entry in proto.metadata_props}["graph_sha256"]
    proto.ClearField("metadata_props")
    witness = hashlib.sha256(proto.SerializeToString(deterministic=True)).hexdigest()
    assert named == wire.contents(alone.read_bytes()).graph_sha256 == witness
    for change in (lambda: proto.opset_import[0].__setattr__("version", 17), lambda: proto.graph.node.pop()):
        change()
        assert wire.contents(proto.SerializeToString()).graph_sha256 != witness


def test_a_pipe_in_the_place_of_the_proof_is_refused_and_not_waited_for(alone: Path) -> None:
    os.mkfifo(RunFolder(alone.parent, "", 0).export_json)
    with pytest.raises(Refusal, match=r"export\.json: is no regular file but a pipe"):
        card.read(alone)


def test_names_that_steer_a_terminal_are_printed_escaped(
    alone: Path, good: Path, tmp_path: Path, call: Callable[..., tuple[object, bytes, str]]
) -> None:
    odd = "a\x1b[2J\u202e\nb"
    told = _changed(alone, _say("loss", odd))
    code, _, err = call(told, good)
    assert code == 0
    assert "loss a\\x1b[2J\\u202e\\nb, seed 1, in float32; on " in err
    (tmp_path / f"{odd}.png").write_text("no image")
    for words in ([alone, tmp_path / f"{odd}.png"], [alone, f"{odd}.gif"], [f"{odd}.onnx", good]):
        code, out, err = call(*words)
        assert (code, out) == (2, b"")
        assert "a\\x1b[2J\\u202e\\nb." in err
        assert not {"\x1b", "\u202e"} & set(err)


@pytest.mark.parametrize("place", [0, 1])
def test_an_empty_name_is_refused_and_not_taken_for_the_working_directory(
    place: int, alone: Path, good: Path, call: Callable[..., tuple[object, bytes, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(good.parent)
    words: list[object] = [alone, good]
    words[place] = ""
    code, out, err = call(*words)
    assert (code, out) == (2, b"")
    assert "an empty name names no file" in err


@pytest.mark.parametrize("cut", [0, 1, 100, 0.5, 0.99])
def test_a_truncated_model_is_one_sentence(
    cut: float, alone: Path, good: Path, call: Callable[..., tuple[object, bytes, str]]
) -> None:
    whole = alone.read_bytes()
    alone.write_bytes(whole[: cut if isinstance(cut, int) else int(cut * len(whole))])
    code, out, err = call(alone, good)
    assert (code, out) == (2, b"")
    assert err.startswith(f"cxr-report: {alone}: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_are_refused_or_read_but_never_crash(seed: int, alone: Path, good: Path) -> None:
    rng = np.random.default_rng(seed)
    whole = bytearray(alone.read_bytes())
    for place in rng.integers(0, min(len(whole), 400 if seed % 2 else len(whole)), 5):
        whole[place] = int(rng.integers(256))
    alone.write_bytes(bytes(whole))
    said = "read"
    try:
        card.read(alone)
    except Refusal as refusal:
        said = str(refusal)
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_model_that_is_not_there_is_one_sentence(
    kind: str, tmp_path: Path, good: Path, call: Callable[..., tuple[object, bytes, str]]
) -> None:
    code, out, err = call(tmp_path / "none.onnx" if kind == "missing" else tmp_path, good)
    assert (code, out) == (2, b"")
    assert "allowed: an ONNX file that `cxr-report export` wrote" in err


def test_weights_in_another_file_are_refused_and_that_file_is_never_opened(
    alone: Path, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    proto = onnx.load(alone)
    convert_model_to_external_data(proto, location="weights.bin", size_threshold=1024)
    onnx.save(proto, tmp_path / "outside.onnx")
    assert (tmp_path / "weights.bin").exists()
    assert session.load((tmp_path / "outside.onnx").read_bytes(), session.CPU, where="x").classes == 3, "a real danger"
    with pytest.raises(Refusal, match=r"keeps weights in other files, which are never opened"):
        inference.predict(tmp_path / "outside.onnx", [good], progress=Silent())


def _in_a_branch(tensor: onnx.TensorProto) -> onnx.ModelProto:
    """Hide a tensor as deep as ONNX allows: in a constant of a branch of a function."""
    constant = onnx.helper.make_node("Constant", [], ["c"], value=tensor)
    branch = onnx.helper.make_graph([constant], "b", [], [onnx.helper.make_tensor_value_info("c", 1, [2])])
    choice = onnx.helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    opset = [onnx.helper.make_opsetid("", 18)]
    function = onnx.helper.make_function("own", "f", ["x"], ["y"], [choice], opset)
    return onnx.helper.make_model(onnx.helper.make_graph([], "g", [], []), functions=[function])


def test_every_way_to_a_tensor_is_looked_through() -> None:
    inside = onnx.numpy_helper.from_array(np.ones(2, dtype=np.float32), "t")
    outside = onnx.TensorProto()
    outside.CopyFrom(inside)
    outside.ClearField("raw_data")
    outside.data_location = onnx.TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="/etc/passwd")
    indices = onnx.numpy_helper.from_array(np.array([0, 1]), "i")

    def plain(tensor: onnx.TensorProto) -> onnx.ModelProto:
        return onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], initializer=[tensor]))

    def sparse(tensor: onnx.TensorProto) -> onnx.ModelProto:
        found = onnx.helper.make_sparse_tensor(tensor, indices, [3])
        return onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], sparse_initializer=[found]))

    def attribute(tensor: onnx.TensorProto) -> onnx.ModelProto:
        node = onnx.helper.make_node("Own", [], ["y"], many=[inside, tensor])
        return onnx.helper.make_model(onnx.helper.make_graph([node], "g", [], []))

    for make in (plain, sparse, attribute, _in_a_branch):
        assert not wire.contents(make(inside).SerializeToString()).external
        assert wire.contents(make(outside).SerializeToString()).external


def test_the_numbers_of_the_fields_are_those_of_onnx() -> None:
    """Every field of every message that holds a tensor, or leads to one, by onnx's own descriptors."""
    for kind, fields in wire.FIELDS.items():
        described = getattr(onnx.onnx_ml_pb2, kind).DESCRIPTOR.fields
        leading = {each.number: each.message_type.name for each in described if each.message_type is not None}
        assert dict(fields) == {number: name for number, name in leading.items() if name in wire.FIELDS}
    tensor = onnx.TensorProto.DESCRIPTOR.fields_by_name
    assert (tensor["external_data"].number, tensor["data_location"].number) == (wire.EXTERNAL_DATA, wire.DATA_LOCATION)
    assert onnx.ModelProto.DESCRIPTOR.fields_by_name["metadata_props"].number == wire.METADATA


def test_metadata_are_read_as_onnx_reads_them(alone: Path) -> None:
    witness = {entry.key: entry.value for entry in onnx.load(alone).metadata_props}
    assert dict(wire.contents(alone.read_bytes()).metadata) == witness
    assert {"study", "loss", "seed", "task", "classes", "input", "output", "normalisation", "weights_sha256"} < set(
        witness
    )


def test_a_graph_nested_without_end_is_refused() -> None:
    content = b""
    for _ in range(200):
        for field in (6, 5, 1):  # a graph as an attribute of a node of a graph
            content = bytes([field << 3 | 2]) + _length(len(content)) + content
    with pytest.raises(ValueError, match="nested more than"):
        wire.contents(bytes([7 << 3 | 2]) + _length(len(content)) + content)


def _length(size: int) -> bytes:
    digits = []
    while size > 127:
        digits.append(size & 127 | 128)
        size >>= 7
    return bytes([*digits, size])


def test_beside_its_proof_a_model_must_be_the_one_that_was_proved(
    built: Callable[..., Place], good: Path, tmp_path: Path
) -> None:
    run = RunFolder(Path(shutil.copytree(built().run.path, tmp_path / "seed-0001")), "ce", 1)
    inference.predict(run.onnx, [good], progress=Silent())
    told = read_json(run.export_json)
    shutil.copy(built().run.path.parent / "seed-0002" / "model.onnx", run.onnx)
    with pytest.raises(Refusal, match=r"model\.onnx: is not the model that .*export\.json has proved"):
        inference.predict(run.onnx, [good], progress=Silent())
    write_json(run.export_json, {**told, "onnx_sha256": sha256(run.onnx)})
    with pytest.raises(Refusal, match=r"names other weights than .*export\.json"):
        inference.predict(run.onnx, [good], progress=Silent())
    write_json(run.export_json, [])
    with pytest.raises(Refusal, match="has proved"):
        inference.predict(run.onnx, [good], progress=Silent())


def test_logits_that_are_not_finite_are_refused_with_the_first_image(alone: Path, good: Path) -> None:
    def broken(proto: onnx.ModelProto) -> None:
        for weight in proto.graph.initializer:
            values = onnx.numpy_helper.to_array(weight)
            if values.dtype == np.float32 and values.ndim == 2:
                weight.CopyFrom(onnx.numpy_helper.from_array(np.full_like(values, np.inf), weight.name))
        sealed = graph.finish(proto, {entry.key: entry.value for entry in proto.metadata_props})
        proto.ParseFromString(sealed)

    with pytest.raises(Refusal, match=r"gives logits that are not finite, the first for .*\.png"):
        inference.predict(_changed(alone, broken), [good], progress=Silent())


# --- without our program


@pytest.mark.parametrize("name", ["report.tables.predicted", "inference.wire"])
def test_the_examples_say_what_they_give(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"cxr_report.{name}"))
    assert (found.failed, found.attempted > 0) == (0, True)


def test_the_example_of_the_readme_gives_the_same_probabilities_without_our_program(
    alone: Path, tmp_path: Path
) -> None:
    (snippet,) = re.findall(r"<!-- tested: onnxruntime -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert "cxr_report" not in snippet
    pixels = np.random.default_rng(1).integers(0, 256, (60, 80), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    told = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in shown.stdout.splitlines()}
    found = inference.predict(alone, [tmp_path / "image.png"], progress=Silent())
    assert list(told) == list(found.classes)
    np.testing.assert_allclose(list(told.values()), found.probabilities[0], atol=1e-5)
    assert stages.predict(alone, [tmp_path / "image.png"]).startswith("image,prob_")
