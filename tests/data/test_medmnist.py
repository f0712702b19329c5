"""MedMNIST files."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cxr_report.data import DataSet, medmnist
from cxr_report.errors import Refusal
from cxr_report.study import Study

Ask = Callable[..., Study]
Read = Callable[..., DataSet]
SIZES = {"train": 20, "val": 8, "test": 10}


def arrays(columns: int = 1, *, colour: bool = False) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(0)
    made: dict[str, NDArray[Any]] = {}
    for split, count in SIZES.items():
        shape = (count, 28, 28, 3) if colour else (count, 28, 28)
        made[f"{split}_images"] = rng.integers(0, 256, size=shape).astype(np.uint8)
        labels = np.tile([[0], [1]], (count // 2, columns))
        made[f"{split}_labels"] = (labels ^ (np.arange(columns) % 2)).astype(np.uint8)
    return made


def refusal(read: Read, study: Study) -> str:
    with pytest.raises(Refusal) as refused:
        read(study)
    return str(refused.value)


def test_grey_images_and_given_splits(ask: Ask, read: Read, tmp_path: Path) -> None:
    made = arrays()
    np.savez_compressed(tmp_path / "x.npz", **made)
    loaded = read(ask("binary", source="medmnist", path="x.npz", image_size=28))
    assert loaded.classes == ("0", "1")
    for split, count in SIZES.items():
        assert len(loaded.split(split)) == count
        assert np.array_equal(loaded.split(split).images, made[f"{split}_images"])
        assert np.array_equal(loaded.split(split).labels, made[f"{split}_labels"][:, 0])


def test_colour_becomes_luma(ask: Ask, read: Read, tmp_path: Path) -> None:
    """ITU-R 601: 0.299 R + 0.587 G + 0.114 B."""
    made = arrays(colour=True)
    np.savez(tmp_path / "x.npz", **made)
    loaded = read(ask(source="medmnist", path="x.npz", image_size=28))
    luma = made["test_images"] @ np.array([0.299, 0.587, 0.114])
    assert np.abs(loaded.test.images - luma).max() <= 0.51


def test_several_findings(ask: Ask, read: Read, tmp_path: Path) -> None:
    made = arrays(14)
    np.savez(tmp_path / "chestmnist_64.npz", **made)
    loaded = read(ask("multilabel", source="medmnist", path="chestmnist_64.npz"))
    assert loaded.classes[:3] == ("atelectasis", "cardiomegaly", "effusion")
    assert np.array_equal(loaded.test.labels, made["test_labels"].astype(np.float32))
    assert "the study says task = 'multiclass'" in refusal(read, ask(source="medmnist", path="chestmnist_64.npz"))


def test_names_and_the_positive_class_follow_the_study(ask: Ask, read: Read, tmp_path: Path) -> None:
    made = arrays()
    np.savez(tmp_path / "x.npz", **made)
    study = ask("binary", source="medmnist", path="x.npz", classes=["ill", "well"], positive="ill")
    loaded = read(study)
    assert loaded.classes == ("well", "ill")
    assert np.array_equal(loaded.test.labels, 1 - made["test_labels"][:, 0])
    said = refusal(read, ask(source="medmnist", path="x.npz", classes=["a", "b", "c"]))
    assert "3 names are given, x.npz holds 2 labels" in said


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"val_images": None}, "holds no array val_images"),
        ({"val_images": np.zeros((8, 28, 28), dtype=np.float32)}, "val_images is float32"),
        ({"val_images": np.zeros((8, 28), dtype=np.uint8)}, "allowed: uint8 of shape"),
        ({"val_images": np.zeros((7, 28, 28), dtype=np.uint8)}, "val has 7 images and 8 labels"),
        ({"val_labels": np.zeros((8, 1))}, "val_labels is float64"),
        ({"val_labels": np.full((8, 1), -1)}, "whole numbers from 0 on"),
        ({"val_labels": np.zeros((8, 2), dtype=np.uint8)}, "different numbers of columns"),
        ({"val_labels": np.zeros((8, 1), dtype=np.uint8)}, "the split val holds the single class '0'"),
    ],
)
def test_other_arrays_are_refused(ask: Ask, read: Read, tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    made = {name: value for name, value in {**arrays(), **change}.items() if value is not None}
    np.savez(tmp_path / "x.npz", **made)
    assert reason in refusal(read, ask("binary", source="medmnist", path="x.npz"))


def test_pickled_objects_are_never_loaded(ask: Ask, read: Read, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **{**arrays(), "val_labels": np.array([print] * 8, dtype=object)})
    assert "is damaged or no MedMNIST .npz" in refusal(read, ask("binary", source="medmnist", path="x.npz"))


def test_damaged_and_missing_files_are_refused(ask: Ask, read: Read, tmp_path: Path) -> None:
    study = ask("binary", source="medmnist", path="x.npz")
    assert "there is no file x.npz" in refusal(read, study)
    (tmp_path / "x.npz").write_bytes(b"PK\3\4 not much of an archive")
    assert "is damaged" in refusal(read, study)
    np.savez_compressed(tmp_path / "x.npz", **arrays())
    (tmp_path / "x.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:-3000])
    assert "is damaged" in refusal(read, study)


def test_bomb_is_refused_before_it_is_unpacked(
    ask: Ask, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train_images.npy", bytes(2_000_000))
    monkeypatch.setattr(medmnist, "MAX_BYTES", 1_000_000)
    said = refusal(read, ask("binary", source="medmnist", path="x.npz"))
    assert "unpacks to 2000000 bytes; at most 1000000 are allowed" in said


def test_pneumoniamnist_needs_allow_leakage(ask: Ask, read: Read, shared_data: Path) -> None:
    """Eight of its validation images equal training images; test shares none."""
    path = str(shared_data / "medmnist" / "pneumoniamnist.npz")
    said = refusal(read, ask("binary", source="medmnist", path=path))
    assert "8 identical images in both train and val:" in said
    assert "test" not in said
    assert len(said.splitlines()) == 10
    loaded = read(ask("binary", source="medmnist", path=path, allow_leakage=True, image_size=28))
    assert loaded.classes == ("normal", "pneumonia")
    assert loaded.description["splits"]["test"]["positive"] == {"normal": 234, "pneumonia": 390}
    told = loaded.description["leakage"]
    assert {border: entry["count"] for border, entry in told["images"].items()} == {
        "train-val": 8, "train-test": 0, "val-test": 0
    }  # fmt: skip
    for first, second in told["images"]["train-val"]["list"]:
        train = loaded.train.images[np.isin(loaded.train.ids, first)]
        val = loaded.val.images[np.isin(loaded.val.ids, second)]
        assert (train == val[0]).all()
        assert len(train) == len(first)


def test_enlarging_is_smooth(ask: Ask, read: Read, tmp_path: Path) -> None:
    made = arrays()
    made["test_images"][:] = np.linspace(0, 255, 28).astype(np.uint8)
    made["test_images"] += np.arange(10, dtype=np.uint8)[:, None, None] // 9
    np.savez(tmp_path / "x.npz", **made)
    loaded = read(ask("binary", source="medmnist", path="x.npz", image_size=56, allow_leakage=True))
    witness = Image.fromarray(made["test_images"][0]).resize((56, 56), Image.Resampling.LANCZOS)
    assert np.array_equal(loaded.test.images[0], np.asarray(witness))
