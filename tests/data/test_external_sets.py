"""External test sets: the study's classes from other names, nothing that runs learned from, and truth bound by hash."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cxr_report.data import DataSet, ExternalCases, add_external, read_truth, write
from cxr_report.data.leakage import crossings_with
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, sha256
from cxr_report.study import Study

Ask = Callable[..., Study]
Read = Callable[..., DataSet]
Folder = Callable[[Mapping[str, int]], Path]
Grain = Callable[..., NDArray[np.uint8]]
SPLIT = {f"{split}/{name}": 4 for split in ("train", "val", "test") for name in ("ill", "well")}
TWO = {"patients": 40, "images_per_patient": 1.3, "findings": ["consolidation"]}


def images(root: Path, counts: Mapping[str, int], grain: Grain, *, seed: int = 500) -> None:
    """Write so many distinct PNG files into each named subfolder."""
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for place in range(count):
            Image.fromarray(grain(seed)).save(root / name / f"{place:03d}.png")
            seed += 1


def manifest(root: Path, rows: list[dict[str, Any]], grain: Grain, *, seed: int = 900) -> None:
    """Write a manifest and an image for every row."""
    root.mkdir(parents=True, exist_ok=True)
    for place, row in enumerate(rows):
        row.setdefault("path", f"{place:03d}.png")
        Image.fromarray(grain(seed + place)).save(root / row["path"])
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")


def one(found: DataSet) -> ExternalCases:
    (each,) = found.external
    return each


def other(**section: Any) -> list[dict[str, Any]]:
    return [{"name": "other", "source": "folder", "path": "other", **section}]


@pytest.fixture
def own(folder: Folder, ask: Ask) -> Callable[..., Study]:
    """Write the study's own folder of images, and ask for it with external test sets."""
    folder(SPLIT)
    return lambda external, **more: ask(source="folder", path="images", external=external, **more)


def test_the_study_s_own_cases_and_fingerprint_do_not_depend_on_it(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"ill": 3, "well": 2}, grain)
    plain, more = read(own([])), read(own(other()))
    assert plain.fingerprint == more.fingerprint
    assert plain.description == more.description
    study = own(other())
    assert study.run_identity("a", 1, more.fingerprint) == own([]).run_identity("a", 1, plain.fingerprint)


def test_classes_come_by_their_own_names_or_by_translation_and_others_are_counted(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"SICK": 3, "very sick": 1, "well": 2, "unsure": 4}, grain)
    found = one(read(own(other(classes={"SICK": "ill", "very sick": "ill"}))))
    assert found.cases.labels.tolist() == [0, 0, 0, 0, 1, 1]
    assert found.description["flow"] == {
        "found": 10,
        "kept": 6,
        "excluded": {"of a class that the study leaves out": 4},
    }
    assert found.description["positive"] == {"ill": 4, "well": 2}


def test_a_translated_class_hides_the_source_s_class_of_that_name(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"ill": 3, "truly ill": 1, "well": 2}, grain)
    found = one(read(own(other(classes={"truly ill": "ill"}))))
    assert found.description["positive"] == {"ill": 1, "well": 2}


def test_a_source_of_a_single_class_is_taken_and_the_other_class_is_absent(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"ill": 3}, grain)
    assert one(read(own(other()))).description["positive"] == {"ill": 3, "well": 0}


def test_of_given_splits_all_or_the_test_cases_are_taken(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"train/ill": 3, "train/well": 3, "test/ill": 2, "test/well": 1}, grain)
    whole, part = (one(read(own(other(split=split)))) for split in ("all", "test"))
    assert (len(whole.cases), len(part.cases)) == (9, 3)
    assert part.description["flow"]["excluded"] == {"of a split that is not taken": 6}
    pixels = {image.tobytes() for image in np.asarray(whole.cases.images)}
    assert {image.tobytes() for image in np.asarray(part.cases.images)} < pixels
    assert whole.fingerprint != part.fingerprint


def test_binary_studies_name_the_positive_class_of_the_source(
    ask: Ask, folder: Folder, read: Read, tmp_path: Path, grain: Grain
) -> None:
    folder(SPLIT)
    images(tmp_path / "other", {"TB": 3, "well": 2, "unsure": 1}, grain)
    study = ask("binary", source="folder", path="images", positive="ill", external=other(positive="TB"))
    found = one(read(study))
    assert found.cases.labels.tolist() == [1, 1, 1, 0, 0]


def test_a_manifest_with_a_single_finding_gives_both_classes(
    ask: Ask, folder: Folder, read: Read, tmp_path: Path, grain: Grain
) -> None:
    folder(SPLIT)
    manifest(tmp_path / "other", [{"TB": 1}, {"TB": 0}, {"TB": 0}, {"TB": -1}], grain)
    section = other(source="manifest", path="other/manifest.csv", positive="TB")
    study = ask("binary", source="folder", path="images", positive="ill", external=section)
    assert one(read(study)).cases.labels.tolist() == [1, 0, 0]


def test_findings_that_a_manifest_does_not_label_are_not_known_and_columns_are_translated(
    ask: Ask, read: Read, tmp_path: Path, grain: Grain
) -> None:
    rows = [{"mass": place % 2, "edema": place % 3 % 2, "split": split} for place, split in enumerate(
        ["train"] * 6 + ["val"] * 6 + ["test"] * 6
    )]  # fmt: skip
    manifest(tmp_path / "own", rows, grain)
    manifest(tmp_path / "other", [{"Lung Mass": 1}, {"Lung Mass": 0}, {"Lung Mass": ""}], grain, seed=2000)
    section = other(source="manifest", path="other/manifest.csv", classes={"Lung Mass": "mass"})
    study = ask("multilabel", source="manifest", path="own/manifest.csv", classes=["mass", "edema"], external=section)
    found = one(read(study))
    assert np.array_equal(found.cases.labels, [[1, np.nan], [0, np.nan]], equal_nan=True)
    assert found.description["unknown"] == {"mass": 0, "edema": 2}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"classes": {"sick": "ill"}}, "'sick' is not among the classes of other: well, zick"),
        ({"classes": {"zick": "il"}}, "'il' is not among the study's classes: ill, well, did you mean 'ill'"),
        ({"path": "nowhere"}, "data.external.other.path: there is no folder nowhere"),
        ({"source": "medmnist"}, "data.external.other.path: there is no file other"),
    ],
)
def test_a_fault_names_the_key_and_what_is_allowed(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain, section: dict[str, Any], said: str
) -> None:
    images(tmp_path / "other", {"zick": 1, "well": 1}, grain)
    with pytest.raises(Refusal) as caught:
        read(own(other(**section)))
    assert said in str(caught.value)
    assert "data.external.other" in str(caught.value)


@pytest.mark.parametrize("special", ["pipe", "device"])
def test_a_manifest_that_is_no_regular_file_is_refused_and_not_waited_for(
    own: Callable[..., Study], read: Read, tmp_path: Path, special: str
) -> None:
    if special == "pipe":
        os.mkfifo(tmp_path / "other")
    path = "other" if special == "pipe" else "/dev/zero"
    with pytest.raises(Refusal, match=r"data\.external\.other\.path: there is no file"):
        read(own(other(source="manifest", path=path)))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("ill", "well"), "other gives no splits, so that no case is a test case; allowed here: 'all'"),
        (("train/ill", "val/well"), "other gives the splits train, val alone, so that no case is a test case"),
    ],
)
def test_the_test_cases_of_a_source_that_names_none_are_refused_and_the_classes_not_blamed(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain, names: tuple[str, ...], said: str
) -> None:
    images(tmp_path / "other", dict.fromkeys(names, 2), grain)
    with pytest.raises(Refusal) as caught:
        read(own(other(split="test")))
    assert f"data.external.other.split: {said}" in str(caught.value)


def test_a_source_without_any_class_of_the_study_is_refused(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"zick": 2, "zunt": 2}, grain)
    with pytest.raises(Refusal, match="its classes are zick, zunt, the study's ill, well"):
        read(own(other()))


@pytest.mark.parametrize(("split", "refused"), [("train", True), ("val", True), ("test", False)])
def test_images_that_runs_learn_from_are_refused_with_the_list_and_those_of_the_test_cases_are_told(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain, split: str, *, refused: bool
) -> None:
    images(tmp_path / "other", {"ill": 2, "well": 2}, grain)
    shutil.copy(tmp_path / "images" / split / "ill" / "000.png", tmp_path / "other" / "ill" / "twin.png")
    if not refused:
        overlap = one(read(own(other()))).description["overlap"]["images"]
        assert [overlap[part]["count"] for part in ("train", "val", "test")] == [0, 0, 1]
        return
    with pytest.raises(Refusal) as caught:
        read(own(other()))
    assert f"1 identical image in both {split} and other:\n  {split}/ill/000.png = ill/twin.png" in str(caught.value)
    allowed = one(read(own(other(), allow_leakage=True)))
    assert allowed.description["overlap"]["images"][split]["count"] == 1


def test_patients_of_the_same_name_are_refused_unless_they_are_other_people(
    ask: Ask, read: Read, tmp_path: Path, grain: Grain
) -> None:
    splits = ["train"] * 6 + ["val"] * 4 + ["test"] * 4
    rows = [{"label": "ab"[place % 2], "patient_id": f"p{place}", "split": split} for place, split in enumerate(splits)]
    manifest(tmp_path / "own", rows, grain)
    manifest(tmp_path / "other", [{"label": "a", "patient_id": name} for name in ("p0", "p13", "q")], grain, seed=3000)
    section = {"source": "manifest", "path": "other/manifest.csv"}

    def study(**more: Any) -> Study:
        return ask(source="manifest", path="own/manifest.csv", external=other(**section, **more))

    with pytest.raises(Refusal) as caught:
        read(study())
    assert "1 patient in both train and other:\n  000.png = 000.png" in str(caught.value)
    assert "patients = 'other'" in str(caught.value)
    assert "p0" not in str(caught.value).replace("000.png", "")
    found = one(read(study(patients="other")))
    assert found.description["overlap"]["patients"]["train"]["count"] == 0
    assert found.description["patients"] == 3


def test_people_of_another_phantom_are_other_people_and_those_of_the_same_are_not(ask: Ask, read: Read) -> None:
    def study(seed: int) -> Study:
        section = [{"name": "other", "source": "phantom", "phantom": {"seed": seed, **TWO, "difficulty": 0.9}}]
        return ask(source="phantom", phantom={"seed": 1, **TWO}, external=section, image_size=16)

    assert one(read(study(2))).description["overlap"]["patients"]["train"]["count"] == 0
    with pytest.raises(Refusal, match="patients in both train and other"):
        read(study(1))


def test_an_unreadable_image_is_refused_or_skipped_as_in_the_study_s_own_source(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"ill": 2, "well": 2}, grain)
    (tmp_path / "other" / "ill" / "bad.png").write_bytes(b"no image")
    with pytest.raises(Refusal, match=r"ill/bad\.png"):
        read(own(other()))
    found = one(read(own(other(), on_bad_image="skip")))
    assert found.description["flow"]["excluded"] == {"image that cannot be read": 1}


def test_no_name_of_a_file_or_a_patient_is_written_and_the_truth_is_bound(
    ask: Ask, folder: Folder, read: Read, tmp_path: Path, grain: Grain
) -> None:
    folder(SPLIT)
    rows = [{"path": f"SMITH_{place}.png", "label": "ill", "patient_id": "SMITH JOHN"} for place in range(3)]
    manifest(tmp_path / "other", rows, grain)
    study = ask(source="folder", path="images", external=other(source="manifest", path="other/manifest.csv"))
    loaded, place = read(study), StudyFolder(tmp_path / "runs" / "t")
    write(loaded, study, place)
    (block,) = json.loads(place.data_json.read_text())["external"]
    assert block["truth_sha256"] == sha256(place.truth("external-other"))
    assert (block["cases"], block["patients"], block["patients_known"]) == (3, 1, True)
    truth = read_truth(place, "external-other")
    assert truth.labels.tolist() == [0, 0, 0]
    for file in place.path.iterdir():
        assert b"SMITH" not in file.read_bytes()
        assert "SMITH".encode("utf-32-le") not in file.read_bytes()


def test_a_set_that_is_added_leaves_the_other_entries_and_truth_files_as_they_are(
    own: Callable[..., Study], read: Read, tmp_path: Path, grain: Grain
) -> None:
    images(tmp_path / "other", {"ill": 2, "well": 2}, grain)
    place = StudyFolder(tmp_path / "runs" / "t")
    write(read(own([])), own([]), place)
    before, truth = json.loads(place.data_json.read_text()), sha256(place.truth("test"))
    add_external(read(own(other())), place)
    after = json.loads(place.data_json.read_text())
    assert {key: value for key, value in after.items() if key != "external"} == before
    assert sha256(place.truth("test")) == truth
    content, stamp = place.data_json.read_bytes(), place.data_json.stat().st_mtime_ns
    add_external(read(own(other())), place)
    assert (place.data_json.read_bytes(), place.data_json.stat().st_mtime_ns) == (content, stamp)


def test_a_key_is_found_in_every_split_that_holds_it_and_an_empty_name_is_nobody() -> None:
    known, split = np.array(["a", "b", "a", "", "c"]), np.array([0, 1, 2, 0, 0])
    found = crossings_with(known, split, np.array(["", "a", "b", "a"]))
    assert [(each.border[0], each.first, each.second) for each in found] == [
        ("train", (0,), (1, 3)),
        ("val", (1,), (2,)),
        ("test", (2,), (1, 3)),
    ]
