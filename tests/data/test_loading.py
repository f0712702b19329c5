"""From a study to its data set: names, fingerprints, checks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cxr_report.data import DataSet
from cxr_report.errors import Refusal
from cxr_report.study import Study

Ask = Callable[..., Study]
Read = Callable[..., DataSet]
Folder = Callable[[Mapping[str, int]], Path]
SPLIT = {
    f"{split}/{name}": count for split, count in (("train", 6), ("val", 3), ("test", 3)) for name in ("ill", "well")
}


def test_fingerprint_depends_on_content_and_not_on_place_cache_or_workers(
    ask: Ask, read: Read, folder: Folder, tmp_path: Path
) -> None:
    root = folder(SPLIT)
    shutil.copytree(root, tmp_path / "elsewhere" / "deep" / "images")
    one = read(ask(source="folder", path="images"), workers=1, cache=tmp_path / "a")
    two = read(ask(source="folder", path="elsewhere/deep/images"), workers=3, cache=tmp_path / "b")
    assert one.fingerprint == two.fingerprint
    assert one.description == two.description


def test_fingerprint_changes_with_pixels_labels_and_classes(
    ask: Ask, read: Read, folder: Folder, grain: Callable[..., NDArray[np.uint8]]
) -> None:
    root = folder(SPLIT)
    study = ask(source="folder", path="images")
    seen = {read(study).fingerprint}
    Image.fromarray(grain(999)).save(root / "test" / "ill" / "000.png")
    seen.add(read(study).fingerprint)
    (root / "train" / "ill" / "000.png").rename(root / "train" / "well" / "900.png")
    seen.add(read(study).fingerprint)
    seen.add(read(ask(source="folder", path="images", classes=["well", "ill"])).fingerprint)
    seen.add(read(ask(source="folder", path="images", resize="crop")).fingerprint)
    seen.add(read(ask(source="folder", path="images", image_size=32)).fingerprint)
    assert len(seen) == 6


def test_cases_do_not_share_names_and_tell_no_file_name(ask: Ask, read: Read, folder: Folder) -> None:
    root = folder(SPLIT)
    shutil.copy(root / "train" / "ill" / "000.png", root / "train" / "ill" / "SMITH_JOHN.png")
    loaded = read(ask(source="folder", path="images"))
    ids = np.concatenate([loaded.split(split).ids for split in ("train", "val", "test")]).tolist()
    assert len(set(ids)) == 25
    assert all(len(name) == 16 and set(name) <= set("0123456789abcdef") for name in ids)
    assert "SMITH" not in json.dumps(loaded.description)


def test_names_are_published_on_request(ask: Ask, read: Read, folder: Folder) -> None:
    folder(SPLIT)
    loaded = read(ask(source="folder", path="images", publish_names=True))
    assert loaded.test.ids.tolist() == [f"test/{name}/{i:03d}.png" for name in ("ill", "well") for i in range(3)]


def test_no_path_of_the_machine_is_told(ask: Ask, read: Read, folder: Folder, tmp_path: Path) -> None:
    root = folder(SPLIT)
    loaded = read(ask(source="folder", path=str(root)))
    assert len(list((tmp_path / "runs" / ".cache").glob("*.npy"))) == 1, "given splits need no second array"
    assert loaded.description["source"] == {"kind": "folder", "name": "images"}
    assert str(tmp_path) not in json.dumps(loaded.description)


def test_images_of_all_splits_are_one_mapped_read_only_array(ask: Ask, read: Read, folder: Folder) -> None:
    folder({"ill": 10, "well": 30})
    loaded = read(ask(source="folder", path="images"))
    for split in ("train", "val", "test"):
        assert isinstance(loaded.split(split).images, np.memmap)
        assert not loaded.split(split).images.flags.writeable
    assert len({str(loaded.split(split).images.filename) for split in ("train", "val", "test")}) == 1


def test_labels_and_images_stay_together(ask: Ask, read: Read, tmp_path: Path) -> None:
    """Each image's grey level is written in its own file name, whatever split it falls into."""
    for place in range(60):
        home = tmp_path / "images" / ("low" if place < 20 else "high")
        home.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((20, 20), 4 * place, dtype=np.uint8)).save(home / f"{4 * place:03d}.png")
    loaded = read(ask(source="folder", path="images", publish_names=True), workers=3)
    for split in ("train", "val", "test"):
        cases = loaded.split(split)
        for image, label, name in zip(cases.images, cases.labels, cases.ids, strict=True):
            level = int(Path(str(name)).stem)
            assert (image == level).all()
            assert loaded.classes[label] == ("low" if level < 80 else "high")
    assert loaded.description["blank_images"] == 60


def test_pixel_mean_and_spread_are_those_of_train(ask: Ask, read: Read, folder: Folder) -> None:
    folder(SPLIT)
    loaded = read(ask(source="folder", path="images"))
    scaled = np.asarray(loaded.train.images, dtype=np.float64) / 255
    assert loaded.description["pixel_mean"] == pytest.approx([scaled.mean()], abs=1e-12)
    assert loaded.description["pixel_sd"] == pytest.approx([scaled.std()], abs=1e-12)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_split_of_one_class_is_refused(ask: Ask, read: Read, folder: Folder, split: str) -> None:
    folder({name: count for name, count in SPLIT.items() if name != f"{split}/ill"})
    with pytest.raises(Refusal, match=f"the split {split} holds the single class 'well'; at least 2 are needed"):
        read(ask(source="folder", path="images"))


def test_a_class_without_training_cases_is_refused_and_one_without_test_cases_is_counted(
    ask: Ask, read: Read, folder: Folder
) -> None:
    root = folder({**SPLIT, "train/rare": 2})
    loaded = read(ask(source="folder", path="images"))
    assert loaded.description["splits"]["test"]["positive"] == {"ill": 3, "rare": 0, "well": 3}
    shutil.move(root / "train" / "rare", root / "test" / "rare")
    with pytest.raises(Refusal, match="the split train holds no case of rare"):
        read(ask(source="folder", path="images"))


def test_too_few_patients_for_three_splits_are_refused(ask: Ask, read: Read, folder: Folder) -> None:
    folder({"ill": 1, "well": 1})
    with pytest.raises(Refusal, match=r"the split val holds no case|single class"):
        read(ask(source="folder", path="images"))


def test_only_unreadable_images_are_refused_even_if_bad_ones_are_skipped(ask: Ask, read: Read, tmp_path: Path) -> None:
    for name in ("ill", "well"):
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "images" / name / "x.png").write_text("no image")
    with pytest.raises(Refusal, match="not one of 2 images can be read"):
        read(ask(source="folder", path="images", on_bad_image="skip"))


def test_seed_of_the_split_decides_and_the_images_are_not_decoded_again(
    ask: Ask, read: Read, folder: Folder, tmp_path: Path
) -> None:
    folder({"ill": 10, "well": 30})
    first = read(ask(source="folder", path="images"))
    facts = list((tmp_path / "runs" / ".cache").glob("*.npz"))
    second = read(ask(source="folder", path="images", split={"seed": 1}))
    assert first.fingerprint != second.fingerprint
    assert list((tmp_path / "runs" / ".cache").glob("*.npz")) == facts
