"""Image folders in both layouts, and what is wrong with others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

from cxr_report.data import DataSet, inspect
from cxr_report.errors import Refusal
from cxr_report.study import Study

Ask = Callable[..., Study]
Read = Callable[..., DataSet]
Folder = Callable[[Mapping[str, int]], Path]

SPLIT = {
    f"{split}/{name}": count for split, count in (("train", 6), ("val", 3), ("test", 3)) for name in ("ill", "well")
}


def refusal(read: Read, study: Study) -> str:
    with pytest.raises(Refusal) as refused:
        read(study)
    return str(refused.value)


def test_given_splits_are_kept(ask: Ask, read: Read, folder: Folder) -> None:
    folder(SPLIT)
    loaded = read(ask(source="folder", path="images"))
    assert loaded.classes == ("ill", "well")
    assert [len(loaded.split(split)) for split in ("train", "val", "test")] == [12, 6, 6]
    assert loaded.test.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert loaded.description["split_rule"]["kind"] == "given"


@pytest.mark.parametrize(("val", "train"), [("valid", "Train"), ("validation", "TRAIN"), ("Val", "train")])
def test_splits_go_by_all_their_usual_names(ask: Ask, read: Read, folder: Folder, val: str, train: str) -> None:
    folder({name.replace("val", val).replace("train", train): count for name, count in SPLIT.items()})
    assert len(read(ask(source="folder", path="images")).val) == 6


def test_classes_alone_are_split_by_the_rule(ask: Ask, read: Read, folder: Folder) -> None:
    folder({"ill": 10, "well": 30})
    loaded = read(ask(source="folder", path="images"))
    assert [len(loaded.split(split)) for split in ("train", "val", "test")] == [24, 8, 8]
    assert [int((loaded.split(split).labels == 0).sum()) for split in ("train", "val", "test")] == [6, 2, 2]
    rule = loaded.description["split_rule"]
    assert rule == {"kind": "made", "made": ["val", "test"], "seed": 0, "validation": 0.2, "test": 0.2}


def test_missing_validation_is_cut_from_train_and_test_stays(ask: Ask, read: Read, folder: Folder) -> None:
    folder({"train/ill": 20, "train/well": 30, "test/ill": 4, "test/well": 5})
    loaded = read(ask(source="folder", path="images", publish_names=True))
    assert [len(loaded.split(split)) for split in ("train", "val", "test")] == [40, 10, 9]
    assert all(name.startswith("train/") for name in loaded.val.ids)
    assert all(name.startswith("test/") for name in loaded.test.ids)
    assert loaded.description["split_rule"]["kind"] == "completed"
    assert loaded.description["split_rule"]["made"] == ["val"]


def test_positive_class_is_the_second(ask: Ask, read: Read, folder: Folder) -> None:
    folder(SPLIT)
    loaded = read(ask("binary", source="folder", path="images", positive="ill"))
    assert loaded.classes == ("well", "ill")
    assert loaded.test.labels.tolist() == [1, 1, 1, 0, 0, 0]


def test_study_may_choose_and_order_classes(ask: Ask, read: Read, folder: Folder) -> None:
    folder({"a": 10, "b": 10, "c": 7})
    loaded = read(ask(source="folder", path="images", classes=["b", "a"]))
    assert loaded.classes == ("b", "a")
    assert loaded.description["flow"] == {
        "found": 27, "excluded": {"of a class that the study leaves out": 7}, "kept": 20
    }  # fmt: skip


def test_other_files_are_counted_and_hidden_ones_ignored(ask: Ask, read: Read, folder: Folder) -> None:
    root = folder(SPLIT)
    (root / "train" / "ill" / "notes.txt").write_text("x")
    (root / "train" / "ill" / ".DS_Store").write_text("x")
    (root / "__MACOSX").mkdir()
    Image.new("L", (9, 9)).save(root / "train" / "loose.png")
    flow = read(ask(source="folder", path="images")).description["flow"]
    assert flow["excluded"] == {"no image by its name": 1, "outside of a class folder": 1}
    assert flow["found"] == flow["kept"] + 2 == 26


def test_nested_folders_belong_to_their_class(ask: Ask, read: Read, folder: Folder) -> None:
    folder({**{f"ill/p{patient}": 2 for patient in range(5)}, "well": 10})
    loaded = read(ask(source="folder", path="images"))
    assert sum(len(loaded.split(split)) for split in ("train", "val", "test")) == 20


def test_a_manifest_beside_the_classes_is_not_silently_used(ask: Ask, read: Read, folder: Folder) -> None:
    root = folder(SPLIT)
    (root / "manifest.csv").write_text("path,label\n")
    loaded = read(ask(source="folder", path="images"))
    assert loaded.description["notes"] == ["a manifest.csv lies beside the images and was not used"]
    assert loaded.description["patients"]["known"] is False


def test_layouts_that_cannot_be_are_refused(ask: Ask, read: Read, folder: Folder, tmp_path: Path) -> None:
    study = ask(source="folder", path="images")
    assert "study.toml: data.path: there is no folder images" in refusal(read, study)
    (tmp_path / "images").mkdir()
    assert "holds no class folders" in refusal(read, study)
    folder({"train/ill": 1, "train/well": 1, "other": 1})
    assert "mixes split folders (train) with others (other)" in refusal(read, study)


def test_two_names_of_one_split_are_refused(ask: Ask, read: Read, folder: Folder) -> None:
    folder({**SPLIT, "valid/ill": 1})
    assert "two names of one split" in refusal(read, ask(source="folder", path="images"))


def test_one_class_is_refused_and_so_is_an_unknown_one(ask: Ask, read: Read, folder: Folder) -> None:
    folder({"ill": 3})
    assert "the single class 'ill'" in refusal(read, ask(source="folder", path="images"))
    assert "'illl' is not among the class folders of images: ill, did you mean 'ill'" in refusal(
        read, ask(source="folder", path="images", classes=["illl", "well"])
    )


def test_binary_needs_two_classes(ask: Ask, read: Read, folder: Folder) -> None:
    folder({"a": 3, "b": 3, "c": 3})
    said = refusal(read, ask("binary", source="folder", path="images", positive="a"))
    assert "a binary study needs 2 classes, images holds 3 (a, b, c); data.classes = [...] chooses two" in said


def test_names_that_are_no_regular_files_are_all_listed(ask: Ask, read: Read, folder: Folder) -> None:
    root = folder(SPLIT)
    os.mkfifo(root / "train" / "ill" / "pipe.png")
    (root / "test" / "well" / "gone.png").symlink_to(root / "nowhere.png")
    (root / "test" / "well" / "elsewhere").symlink_to(root / "train")
    said = refusal(read, ask(source="folder", path="images")).splitlines()
    assert "3 names that are no regular file" in said[0]
    assert sorted(line.strip() for line in said[1:]) == [
        "test/well/elsewhere: is a link to a folder, not a regular file",
        "test/well/gone.png: is missing",
        "train/ill/pipe.png: is not a regular file",
    ]


def test_inspection_counts_without_decoding(ask: Ask, folder: Folder, tmp_path: Path) -> None:
    root = folder(SPLIT)
    (root / "train" / "ill" / "bad.png").write_text("not an image")
    found = inspect(ask(source="folder", path="images"), tmp_path / "study.toml")
    assert (found.kind, found.images, found.classes) == ("folder", 25, ("ill", "well"))
    assert found.splits == {"train": 13, "val": 6, "test": 6}
