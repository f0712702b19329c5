"""The command line against bad input: exit code 2, one sentence that names what and where, nothing half-written."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cxr_report import cli, stages
from cxr_report.errors import obstacle

Call = Callable[..., "Called"]
Copy = Callable[..., stages.Workplace]

REST = """
[model]
width = 4
[training]
epochs = 1
batch_size = 8
[losses.ce]
loss = "cross-entropy"
[losses.focal]
loss = "focal"
"""
OWN = """
[losses.own]
function = "{function}"
formula = "L"
reference = "me"
"""


@dataclass(frozen=True, slots=True)
class Called:
    """How a command ended."""

    code: object
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What was said at the end, without the progress before it."""
        return self.err[self.err.index("cxr-report: ") :]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Run the command line in the test's own folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> Called:
        monkeypatch.setattr(sys, "argv", ["cxr-report", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        shown = capsys.readouterr()
        return Called(end.value.code, shown.out, shown.err)

    return invoke


def refused(done: Called, *words: str, lines: int = 1) -> None:
    """Hold what was said against the rule: exit code 2, one sentence (a list may follow), the words in it."""
    assert done.code == 2, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.sentence.count("\n") == lines, done.sentence
    assert [word for word in words if word not in done.sentence] == [], done.sentence


def write_study(place: Path, data: str, *, task: str = "multiclass", rest: str = REST) -> None:
    text = f'name = "s"\ntask = "{task}"\nseeds = 2\n[data]\nimage_size = 16\n{data}\n{rest}'
    (place / "s.toml").write_text(text)


def draw(file: Path, seed: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 18), dtype=np.uint8)
    Image.fromarray(pixels).save(file)


def nothing_begun(place: Path) -> bool:
    return not (place / "runs" / "s").exists()


FOLDER = 'source = "folder"\npath = "d"'
MANIFEST = 'source = "manifest"\npath = "m.csv"'
MEDMNIST = 'source = "medmnist"\npath = "x.npz"'


def a_file(place: Path) -> None:
    (place / "d").write_text("x")


def no_class(place: Path) -> None:
    (place / "d").mkdir()


def no_image(place: Path) -> None:
    (place / "d" / "a").mkdir(parents=True)
    (place / "d" / "b").mkdir()


def one_class(place: Path) -> None:
    draw(place / "d" / "a" / "1.png", 1)


def a_folder(place: Path) -> None:
    (place / "m.csv").mkdir()
    (place / "x.npz").mkdir()


def table(text: str) -> Callable[[Path], None]:
    def write(place: Path) -> None:
        (place / "m.csv").write_text(text)

    return write


def not_utf8(place: Path) -> None:
    (place / "m.csv").write_bytes("path,label\nä.png,a\n".encode("latin-1"))


def pickled(place: Path) -> None:
    np.savez(place / "x.npz", train_labels=np.array([{}], dtype=object), allow_pickle=True)


def keys_missing(place: Path) -> None:
    np.savez(place / "x.npz", train_images=np.zeros((2, 4, 4), np.uint8))


def no_archive(place: Path) -> None:
    (place / "x.npz").write_text("x")


def nothing(place: Path) -> None:
    del place


SOURCES: dict[str, tuple[str, Callable[[Path], None], tuple[str, ...]]] = {
    "folder missing": (FOLDER, nothing, ("s.toml: data.path", "no folder d", "<split>/<class>/*")),
    "file for a folder": (FOLDER, a_file, ("s.toml: data.path", "no folder d")),
    "empty folder": (FOLDER, no_class, ("data.path: d", "no class folders")),
    "class folders without images": (FOLDER, no_image, ("data.path: d", "no image", ".png")),
    "one class": (FOLDER, one_class, ("data.path: d", "single class 'a'", "at least 2")),
    "manifest missing": (MANIFEST, nothing, ("s.toml: data.path", "no file m.csv")),
    "folder for a manifest": (MANIFEST, a_folder, ("s.toml: data.path", "no file m.csv")),
    "empty manifest": (MANIFEST, table(""), ("m.csv", "is empty", "first row names the columns")),
    "manifest without rows": (MANIFEST, table("path,label\n"), ("m.csv", "'label' holds no label")),
    "no label column": (MANIFEST, table("path,lable\na.png,a\n"), ("m.csv", "no column 'label'", "lable")),
    "semicolons": (MANIFEST, table("path;label\na.png;a\n"), ("m.csv", "no column 'path'", "separated by commas")),
    "not UTF-8": (MANIFEST, not_utf8, ("m.csv", "UTF-8")),
    "npz missing": (MEDMNIST, nothing, ("s.toml: data.path", "no file x.npz")),
    "folder for an npz": (MEDMNIST, a_folder, ("s.toml: data.path", "no file x.npz")),
    "text for an npz": (MEDMNIST, no_archive, ("x.npz", "no MedMNIST .npz")),
    "npz with a pickle": (MEDMNIST, pickled, ("x.npz",)),
    "npz without its arrays": (MEDMNIST, keys_missing, ("x.npz", "holds no array", "train_labels")),
}


@pytest.mark.parametrize("fault", SOURCES)
def test_a_source_at_fault_is_one_sentence_and_nothing_is_written(call: Call, tmp_path: Path, fault: str) -> None:
    data, prepare, words = SOURCES[fault]
    prepare(tmp_path)
    write_study(tmp_path, data)
    refused(call("run", "s.toml"), *words)
    assert nothing_begun(tmp_path)


def test_every_row_at_fault_of_a_manifest_is_listed(call: Call, tmp_path: Path) -> None:
    for place in range(4):
        draw(tmp_path / "i" / f"{place}.png", place)
    (tmp_path / "i" / "out.png").symlink_to(shutil.which("sh") or "/")
    rows = [f"i/{place}.png,{'ab'[place % 2]}" for place in range(4)]
    rows += ["i/0.png,a", "/etc/x.png,a", "../x.png,a", "i/out.png,b", "i/3.png,", ",a"]
    (tmp_path / "m.csv").write_text("path,label\n" + "\n".join(rows) + "\n")
    write_study(tmp_path, MANIFEST)
    words = ("6 faults", "row 6", "row 2 already", "row 7", "absolute", "row 8", "'..'", "row 9", "link", "row 10")
    refused(call("run", "s.toml"), *words, "row 11: path is empty", lines=7)
    assert nothing_begun(tmp_path)


def test_every_bad_image_is_listed_with_its_reason(call: Call, tmp_path: Path) -> None:
    for place in range(12):
        draw(tmp_path / "d" / "ab"[place % 2] / f"{place}.png", place)
    home = tmp_path / "d" / "a"
    (home / "0.png").write_bytes((home / "0.png").read_bytes()[:80])
    (home / "2.png").write_bytes(b"")
    (home / "4.png").write_text("I am text")
    (home / "x.dcm").write_bytes(b"\0" * 128 + b"DICMnonsense")
    write_study(tmp_path, FOLDER)
    words = (
        "4 images of 13",
        "on_bad_image = 'skip'",
        "a/0.png",
        "truncated",
        "a/2.png is empty",
        "a/4.png",
        "a/x.dcm",
    )
    refused(call("run", "s.toml"), *words, lines=5)
    assert nothing_begun(tmp_path)


def test_images_shared_by_splits_are_listed_train_and_val_apart_from_test(call: Call, tmp_path: Path) -> None:
    for number, (split, label) in enumerate((s, c) for s in ("train", "val", "test") for c in "ab"):
        for place in range(3):
            draw(tmp_path / "d" / split / label / f"{place}.png", 10 * number + place)
    for split, place in (("val", 0), ("test", 1)):
        shutil.copy(tmp_path / "d" / "train" / "a" / f"{place}.png", tmp_path / "d" / split / "a" / "twin.png")
    write_study(tmp_path, FOLDER)
    refused(
        call("run", "s.toml"),
        "data.allow_leakage = true",
        "1 identical image in both train and val:\n  train/a/0.png = val/a/twin.png",
        "1 identical image in both train and test:\n  train/a/1.png = test/a/twin.png",
        lines=5,
    )
    assert nothing_begun(tmp_path)


def test_a_patient_in_two_splits_is_listed(call: Call, tmp_path: Path) -> None:
    rows = []
    for place in range(12):
        draw(tmp_path / "i" / f"{place}.png", place)
        rows.append(f"i/{place}.png,{'ab'[place % 2]},{('train', 'val', 'test')[place // 4]},P{max(place, 4)}")
    (tmp_path / "m.csv").write_text("path,label,split,patient_id\n" + "\n".join(rows) + "\n")
    write_study(tmp_path, MANIFEST)
    refused(call("run", "s.toml"), "1 patient in both train and val:", "i/4.png", lines=3)


def test_a_split_of_a_single_class_is_refused(call: Call, tmp_path: Path) -> None:
    for number, home in enumerate(("train/a", "train/b", "val/a", "val/b", "test/a")):
        for place in range(3):
            draw(tmp_path / "d" / home / f"{place}.png", 10 * number + place)
    (tmp_path / "d" / "test" / "b").mkdir()
    write_study(tmp_path, FOLDER)
    refused(call("run", "s.toml"), "split test", "single class 'a'", "at least 2")


FUNCTIONS = """
import sys
import torch
from torch import nn
from torch.nn import functional

def nan(logits, target): return functional.cross_entropy(logits, target) * float("nan")
def vector(logits, target): return functional.cross_entropy(logits, target, reduction="none")
def raises(logits, target): raise ValueError("two\\nlines")
def leaves(logits, target): sys.exit(3)
def good(logits, target): return functional.cross_entropy(logits, target)

class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x ** 2).sum()
    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]

def wrong(logits, target): return Wrong.apply(logits)

def wide(num_classes, image_size): return nn.Sequential(nn.Flatten(), nn.Linear(image_size**2, num_classes + 1))

class Branching(nn.Module):
    def __init__(self, classes, side):
        super().__init__()
        self.layer = nn.Linear(side * side, classes)
    def forward(self, x):
        y = self.layer(x.flatten(1))
        return y * 1.5 if y.detach().sum().item() > 0 else y

def branching(num_classes, image_size): return Branching(num_classes, image_size)
"""
PHANTOM = 'source = "phantom"\n[data.phantom]\npatients = 60\nimages_per_patient = 1.0'

LOSSES = {
    "nan": ("gives nan", "finite"),
    "vector": ("must return a tensor of shape ()", "(12,)"),
    "raises": ("failed with ValueError: two",),
    "leaves": ("failed with SystemExit: 3",),
    "wrong": ("gradient", "finite differences"),
    "absent": ("no function 'absent'", "it has"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_ones_own_at_fault_is_refused_and_can_be_mended_in_the_same_folder(
    call: Call, tmp_path: Path, name: str
) -> None:
    module = f"refused_losses_{name}"
    (tmp_path / f"{module}.py").write_text(FUNCTIONS)
    write_study(tmp_path, PHANTOM, rest=REST + OWN.format(function=f"{module}:{name}"))
    refused(call("train", "s.toml"), "losses.own", *LOSSES[name])
    assert nothing_begun(tmp_path)


def test_a_module_that_ends_the_program_when_imported_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "refused_leaving.py").write_text("import sys\nsys.exit(5)\n")
    write_study(tmp_path, PHANTOM, rest=REST + OWN.format(function="refused_leaving:f"))
    refused(call("train", "s.toml"), "losses.own.function", "importing refused_leaving failed with SystemExit: 5")


def test_a_function_that_is_no_reference_is_told_how_one_is_written(call: Call, tmp_path: Path) -> None:
    write_study(tmp_path, PHANTOM, rest=REST + OWN.format(function="no module"))
    refused(call("train", "s.toml"), "s.toml: losses.own.function", "'package.module:name'", "'no module'")


@pytest.mark.parametrize(("name", "words"), [("wide", ("logits (N, 3)", "(4, 4)")), ("branching", ("ONNX",))])
def test_a_network_that_cannot_be_trained_or_exported_is_refused_before_training(
    call: Call, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    module = f"refused_network_{name}"
    (tmp_path / f"{module}.py").write_text(FUNCTIONS)
    write_study(tmp_path, PHANTOM, rest=REST.replace("width = 4", f'name = "custom"\nfunction = "{module}:{name}"'))
    refused(call("train", "s.toml"), "model", *words)
    assert nothing_begun(tmp_path)


def test_pretrained_weights_that_are_none_are_refused_before_training(call: Call, tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_text("hello")
    write_study(tmp_path, PHANTOM, rest=REST.replace("width = 4", 'width = 4\npretrained = "w.pt"'))
    refused(call("train", "s.toml"), "s.toml: model.pretrained: w.pt", "weights_only=True")
    assert nothing_begun(tmp_path)


@pytest.mark.parametrize("verb", ["export", "evaluate"])
def test_a_stage_of_a_study_that_was_not_begun_is_refused_and_begins_none(
    call: Call, tmp_path: Path, verb: str
) -> None:
    write_study(tmp_path, PHANTOM)
    refused(call(verb, "s.toml"), "no run of this study is trained", "cxr-report train")
    assert nothing_begun(tmp_path)


@pytest.mark.parametrize("where", ["nothing", "s.toml", "."])
def test_reuse_of_what_is_no_study_is_refused(call: Call, tmp_path: Path, where: str) -> None:
    write_study(tmp_path, PHANTOM)
    refused(call("run", "s.toml", "--reuse", where), "--reuse", "folder of a study", "study.json")
    assert nothing_begun(tmp_path)


@pytest.mark.parametrize("blocked", ["runs", "runs/.cache", "runs/s", "runs/s/ce"])
def test_a_file_where_a_folder_must_lie_is_one_sentence(call: Call, tmp_path: Path, blocked: str) -> None:
    (tmp_path / blocked).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / blocked).write_text("x")
    write_study(tmp_path, PHANTOM)
    refused(call("train", "s.toml"), blocked, "make room or give access")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full, which is absent here")
def test_a_full_disk_is_an_obstacle_and_a_missing_file_is_none() -> None:
    with pytest.raises(OSError, match="No space left") as full, Path("/dev/full").open("wb", buffering=0) as stream:
        stream.write(b"x")
    assert obstacle(full.value).startswith("the disk: no space left on device; ")
    with pytest.raises(FileNotFoundError) as gone:
        Path("/nowhere/at/all").stat()
    assert obstacle(gone.value) == ""


@pytest.mark.parametrize("name", ["../x", "partial", "a b"])
def test_a_report_of_an_analysis_with_an_impossible_name_is_refused(call: Call, tmp_path: Path, name: str) -> None:
    write_study(tmp_path, PHANTOM)
    refused(call("report", "s.toml", "--as", name), f"--as {name}", "letters, digits")


def change(file: Path, edit: Callable[[Any], Any]) -> None:
    file.write_text(json.dumps(edit(json.loads(file.read_text()))))


DAMAGE: dict[str, tuple[str, Callable[[Any], Any], tuple[str, ...]]] = {
    "study that is a list": ("study.json", lambda _: [], ("study.json", "format 1")),
    "study of no table": ("study.json", lambda told: {**told, "study": [1]}, ("study.json", "is damaged")),
    "ledger of numbers": ("study.json", lambda told: {**told, "ledger": [1]}, ("study.json", "is damaged")),
    "data that are a list": ("data.json", lambda _: [], ("data.json", "no fingerprint", "delete it")),
    "data without classes": (
        "data.json",
        lambda told: {key: value for key, value in told.items() if key != "classes"},
        ("data.json", "no classes", "delete it"),
    ),
    "proof of no table": (
        "ce/seed-0001/export.json",
        lambda told: {**told, "proof": [1]},
        ("ce/seed-0001/export.json", "proof is damaged", "delete it"),
    ),
    "flips in words": (
        "ce/seed-0001/export.json",
        lambda told: {**told, "proof": {"flips_inside": "x"}},
        ("ce/seed-0001/export.json", "proof is damaged"),
    ),
}


@pytest.mark.parametrize("fault", DAMAGE)
def test_a_damaged_file_of_a_finished_study_is_named(call: Call, copy: Copy, fault: str) -> None:
    name, edit, words = DAMAGE[fault]
    place = copy()
    change(place.folder.path / name, edit)
    refused(call("run", "tiny.toml"), *words)


def test_weights_that_changed_on_the_disk_are_refused(call: Call, copy: Copy) -> None:
    file = copy().folder.run("ce", 1).weights
    content = bytearray(file.read_bytes())
    content[-9] ^= 16
    file.write_bytes(content)
    refused(call("run", "tiny.toml"), "ce/seed-0001/weights.safetensors", "is damaged", "delete it")


@pytest.mark.parametrize("fault", ["gone", "cut", "other"])
def test_a_history_that_is_not_what_training_left_is_written_anew(call: Call, copy: Copy, fault: str) -> None:
    file = copy().folder.run("ce", 1).history
    before = file.read_bytes()
    if fault == "gone":
        file.unlink()
    else:
        file.write_bytes(before[: len(before) // 2] if fault == "cut" else before.replace(b"1", b"2"))
    assert call("train", "tiny.toml").code == 0
    assert file.read_bytes() == before


def test_a_lost_history_without_its_checkpoint_is_refused(call: Call, copy: Copy) -> None:
    run = copy().folder.run("ce", 1)
    run.history.unlink()
    run.checkpoint.unlink()
    refused(call("run", "tiny.toml"), "history.csv: is missing", "checkpoint.pt", "delete")


@pytest.mark.parametrize("name", ["truth-val.npz", "truth-test.npz", "data.json", "study.json"])
def test_a_lost_file_that_the_source_can_give_again_is_written_anew(call: Call, copy: Copy, name: str) -> None:
    root = copy().folder.path
    before = (root / name).read_bytes()
    (root / name).unlink()
    assert call("train", "tiny.toml").code == 0
    assert name == "study.json" or (root / name).read_bytes() == before
    assert (root / name).exists()


def test_a_lost_study_is_not_written_anew_with_later_seeds_as_if_they_were_planned(
    call: Call, copy: Copy, tiny_text: str
) -> None:
    place = copy(tiny_text.replace("seeds = 2", "seeds = 3"))
    place.folder.study_json.unlink()
    refused(call("run", "tiny.toml"), "study.json: is missing", "another plan", "ce/seed-0001/run.json")
    assert not place.folder.study_json.exists()
