"""CSV manifests, and rows at fault."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cxr_report.data import DataSet
from cxr_report.errors import Refusal
from cxr_report.study import Study

Ask = Callable[..., Study]
Read = Callable[..., DataSet]
Table = Callable[..., Path]
Row = Mapping[str, Any]


@pytest.fixture
def table(tmp_path: Path, grain: Callable[..., NDArray[np.uint8]]) -> Table:
    """Write ``set/manifest.csv`` and, for each row's plain path that does not exist, an image."""

    def make(rows: Sequence[Row], *, images: bool = True) -> Path:
        home = tmp_path / "set"
        home.mkdir(exist_ok=True)
        with (home / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        name = "path" if "path" in rows[0] else next(iter(rows[0]))
        for seed, row in enumerate(rows):
            file = home / row[name]
            if images and not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(grain(seed)).save(file)
        return home

    return make


def plain(count: int = 20, **columns: Callable[[int], Any]) -> list[Row]:
    """Rows with two labels in turn, and further columns."""
    return [
        {"path": f"{place:03d}.png", "label": ("ill", "well")[place % 2], **{k: f(place) for k, f in columns.items()}}
        for place in range(count)
    ]


def refusal(read: Read, study: Study) -> str:
    with pytest.raises(Refusal) as refused:
        read(study)
    return str(refused.value)


def every(loaded: DataSet, field: str) -> NDArray[Any]:
    return np.concatenate([getattr(loaded.split(split), field) for split in ("train", "val", "test")])


def test_all_columns_arrive(ask: Ask, read: Read, table: Table) -> None:
    splits = ["train"] * 12 + ["valid"] * 4 + ["test"] * 4
    table(
        plain(
            split=lambda i: splits[i],
            patient_id=lambda i: f"p{i // 2}",
            sex=lambda i: ("F", "male", "", "O")[i % 4],
            age=lambda i: ("61", "062Y", "018M", "", "411")[i % 5],
            view=lambda i: ("PA", "")[i % 2],
        )
    )
    loaded = read(ask(source="manifest", path="set/manifest.csv"))
    assert [len(loaded.split(split)) for split in ("train", "val", "test")] == [12, 4, 4]
    train = loaded.train
    assert train.patients.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert train.metadata["sex"][:4].tolist() == ["F", "M", "", "O"]
    assert np.allclose(train.metadata["age"][:5], [61, 62, 1.5, np.nan, np.nan], equal_nan=True)
    assert train.metadata["view"][:2].tolist() == ["PA", ""]
    assert train.metadata["width"].tolist() == [20] * 12
    assert train.metadata["height"].tolist() == [24] * 12
    told = loaded.description["splits"]["train"]
    assert told["patients"] == 6
    assert told["demographics"]["sex"] == {"unknown": 3, "F": 3, "M": 3, "O": 3}
    assert told["demographics"]["age"]["known"] == 8


def test_columns_may_have_other_names(ask: Ask, read: Read, table: Table) -> None:
    rows = [{"Image Index": r["path"], "Dx": r["label"], "Patient ID": i // 2} for i, r in enumerate(plain())]
    table(rows)
    columns = {"path": "Image Index", "label": "Dx", "patient_id": "Patient ID"}
    loaded = read(ask(source="manifest", path="set/manifest.csv", columns=columns))
    assert loaded.description["patients"]["number"] == 10


def test_findings_are_one_zero_or_not_known(ask: Ask, read: Read, table: Table) -> None:
    codes = ["1", "0", "", "-1", "1.0", "0.0", "-1.0", "nan"]
    rows = [
        {"path": f"{i:03d}.png", "Edema": codes[i % 8], "Mass": "01"[i % 2], "split": ("train", "val", "test")[i // 16]}
        for i in range(48)
    ]
    table(rows)
    loaded = read(ask("multilabel", source="manifest", path="set/manifest.csv", classes=["Edema", "Mass"]))
    assert loaded.train.labels.dtype == np.float32
    expected = [1, 0, np.nan, np.nan, 1, 0, np.nan, np.nan]
    assert np.array_equal(loaded.train.labels[:8, 0], expected, equal_nan=True)
    told = loaded.description["splits"]["test"]
    assert (told["positive"]["Edema"], told["negative"]["Edema"], told["unknown"]["Edema"]) == (4, 4, 8)


def test_cases_without_any_known_finding_are_left_out_and_counted(ask: Ask, read: Read, table: Table) -> None:
    table([{"path": f"{i:03d}.png", "Edema": ["1", "0", "-1"][i % 3]} for i in range(30)])
    for study in (
        ask("multilabel", source="manifest", path="set/manifest.csv", classes=["Edema"]),
        ask("binary", source="manifest", path="set/manifest.csv", positive="Edema"),
    ):
        loaded = read(study)
        assert loaded.description["flow"] == {"found": 30, "excluded": {"label not known": 10}, "kept": 20}
    assert loaded.classes == ("no Edema", "Edema")
    assert every(loaded, "labels").sum() == 10


def test_one_column_per_class_is_a_class(ask: Ask, read: Read, table: Table) -> None:
    table(
        [{"path": f"{i:03d}.png", "a": int(i % 3 == 0), "b": int(i % 3 == 1), "c": int(i % 3 == 2)} for i in range(30)]
    )
    loaded = read(ask(source="manifest", path="set/manifest.csv", classes=["c", "a", "b"]))
    assert np.bincount(every(loaded, "labels")).tolist() == [10, 10, 10]
    rows = [{"path": "x.png", "a": 1, "b": 1}, {"path": "y.png", "a": 0, "b": 1}]
    table(rows)
    said = refusal(read, ask(source="manifest", path="set/manifest.csv", classes=["a", "b"]))
    assert "row 2: 2 of the columns a, b are 1; exactly one is allowed" in said


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc/hostname", "is absolute"),
        ("C:\\images\\x.png", "is absolute"),
        ("\\\\server\\x.png", "is absolute"),
        ("../outside.png", "holds '..'"),
        ("a/../000.png", "holds '..'"),
        ("a/../../outside.png", "holds '..'"),
        ("a\\..\\..\\outside.png", "holds '..'"),
        ("link.png", "leaves the manifest's folder through a link"),
        ("folder/outside.png", "leaves the manifest's folder through a link"),
    ],
)
def test_no_path_leaves_the_manifest_s_folder(
    ask: Ask, read: Read, table: Table, tmp_path: Path, path: str, reason: str
) -> None:
    Image.new("L", (9, 9)).save(tmp_path / "outside.png")
    home = table(plain(4))
    (home / "link.png").symlink_to(tmp_path / "outside.png")
    (home / "folder").symlink_to(tmp_path)
    table([*plain(4), {"path": path, "label": "ill"}], images=False)
    said = refusal(read, ask(source="manifest", path="set/manifest.csv"))
    assert "manifest.csv: 1 fault in its rows" in said
    assert f"row 6: path {path} {reason}" in said


def test_a_link_inside_the_folder_is_followed(ask: Ask, read: Read, table: Table) -> None:
    home = table(plain())
    (home / "000.png").rename(home / "real.png")
    (home / "000.png").symlink_to("real.png")
    assert len(every(read(ask(source="manifest", path="set/manifest.csv")), "ids")) == 20


def test_all_rows_at_fault_are_listed(ask: Ask, read: Read, table: Table) -> None:
    rows = [dict(row) for row in plain(8, split=lambda i: "train")]
    rows[1]["path"] = ""
    rows[2]["label"] = ""
    rows[3]["split"] = "holdout"
    rows[4]["path"] = rows[0]["path"]
    rows[5]["split"] = ""
    table(rows, images=False)
    said = refusal(read, ask(source="manifest", path="set/manifest.csv")).splitlines()
    assert "5 faults in its rows" in said[0]
    assert [line.strip() for line in said[1:]] == [
        "row 3: path is empty",
        "row 4: label is empty",
        "row 5: split 'holdout'; allowed: train, val, valid, validation, test",
        "row 6: path 000.png stands in row 2 already",
        "005.png: split is empty, while other rows have one",
    ]


def test_unreadable_and_missing_images_are_all_listed_or_skipped_and_counted(
    ask: Ask, read: Read, table: Table
) -> None:
    home = table(plain(30))
    (home / "003.png").write_text("no image")
    (home / "004.png").unlink()
    (home / "005.png").unlink()
    os.mkfifo(home / "005.png")
    said = refusal(read, ask(source="manifest", path="set/manifest.csv")).splitlines()
    assert "manifest.csv: 3 images of 30 cannot be used" in said[0]
    assert "data.on_bad_image = 'skip'" in said[0]
    assert [line.strip() for line in said[1:]] == [
        "003.png is neither PNG, JPEG, TIFF nor DICOM by its content",
        "004.png is missing",
        "005.png is not a regular file",
    ]
    loaded = read(ask(source="manifest", path="set/manifest.csv", on_bad_image="skip"))
    assert loaded.description["flow"] == {"found": 30, "excluded": {"image that cannot be read": 3}, "kept": 27}
    assert "3 images" in refusal(read, ask(source="manifest", path="set/manifest.csv"))


def test_a_mended_image_is_seen(ask: Ask, read: Read, table: Table, grain: Callable[..., NDArray[np.uint8]]) -> None:
    home = table(plain())
    (home / "003.png").write_text("no image")
    study = ask(source="manifest", path="set/manifest.csv")
    refusal(read, study)
    Image.fromarray(grain(99)).save(home / "003.png")
    assert len(every(read(study), "ids")) == 20


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file,label\nx.png,a\n", "has no column 'path'; its columns are file, label"),
        ("path;label\nx.png;a\n", "has no column 'path'; its columns are path;label"),
        ("path,kind\nx.png,a\n", "has no column 'label'; its columns are path, kind"),
        ("path,label,label\nx.png,a,b\n", "has two columns named 'label'"),
        ("path,label\nx.png,a,b\ny.png,a\n", "1 row does not have the header's 2 cells"),
        ("path,label\nx.png,\n", "column 'label' holds no label"),
        ("path,label\n", "column 'label' holds no label"),
        ('path,label\n"x.png,a\n', "cannot be read as a CSV table"),
        ("path,label\nx.png,a\ny.png,a\n", "holds the single class 'a'"),
        ("", "m.csv: is empty"),
    ],
)
def test_tables_at_fault_get_one_sentence(ask: Ask, read: Read, tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    assert reason in refusal(read, ask(source="manifest", path="m.csv"))


def test_other_encodings_and_missing_files_are_refused(ask: Ask, read: Read, tmp_path: Path) -> None:
    study = ask(source="manifest", path="m.csv")
    assert "there is no file m.csv" in refusal(read, study)
    (tmp_path / "m.csv").write_bytes("path,label\nä.png,a\n".encode("latin-1"))
    assert "cannot be read as a CSV table in UTF-8" in refusal(read, study)


def test_unknown_columns_of_the_study_are_named(ask: Ask, read: Read, table: Table) -> None:
    table(plain())
    said = refusal(read, ask(source="manifest", path="set/manifest.csv", columns={"patient_id": "labell"}))
    assert "data.columns.patient_id names a column 'labell' that is not there" in said
    assert "did you mean 'label'" in said
    said = refusal(read, ask("multilabel", source="manifest", path="set/manifest.csv", classes=["labl"]))
    assert "has no column 'labl', which data.classes names" in said
    said = refusal(read, ask("multilabel", source="manifest", path="set/manifest.csv", classes=["label"]))
    assert "row 2: label is 'ill'; allowed: 1, 0, and empty or -1 for not known" in said


def test_patients_stay_in_one_split(ask: Ask, read: Read, table: Table) -> None:
    table(plain(60, patient_id=lambda i: f"p{i // 6}"))
    loaded = read(ask(source="manifest", path="set/manifest.csv"))
    homes = [set(loaded.split(split).patients.tolist()) for split in ("train", "val", "test")]
    assert all(homes)
    assert sum(len(home) for home in homes) == len(set().union(*homes)) == 10
    assert loaded.description["patients"]["most_images"] == 6


def test_patient_in_two_given_splits_is_refused_or_recorded(ask: Ask, read: Read, table: Table) -> None:
    splits = ["train"] * 12 + ["val"] * 4 + ["test"] * 4
    owner = ["x" if i in (0, 12, 16) else f"p{i}" for i in range(20)]
    table(plain(split=lambda i: splits[i], patient_id=lambda i: owner[i]))
    said = refusal(read, ask(source="manifest", path="set/manifest.csv")).splitlines()
    assert said[1:] == [
        "1 patient in both train and val:", "  000.png = 012.png",
        "1 patient in both train and test:", "  000.png = 016.png",
        "1 patient in both val and test:", "  012.png = 016.png",
    ]  # fmt: skip
    loaded = read(ask(source="manifest", path="set/manifest.csv", allow_leakage=True))
    told = loaded.description["leakage"]
    assert told["allowed"] is True
    assert {border: entry["count"] for border, entry in told["patients"].items()} == {
        "train-val": 1, "train-test": 1, "val-test": 1
    }  # fmt: skip
    assert told["patients"]["train-val"]["list"] == [[[loaded.train.ids[0]], [loaded.val.ids[0]]]]


def test_identical_images_in_two_given_splits_are_refused(ask: Ask, read: Read, table: Table) -> None:
    splits = ["train"] * 12 + ["val"] * 4 + ["test"] * 4
    home = table(plain(split=lambda i: splits[i]))
    Image.open(home / "003.png").save(home / "019.png", compress_level=1)
    said = refusal(read, ask(source="manifest", path="set/manifest.csv"))
    assert "1 identical image in both train and test:\n  003.png = 019.png" in said


def test_identical_images_stay_together_where_the_splits_are_made(ask: Ask, read: Read, table: Table) -> None:
    home = table(plain(40))
    for place in range(0, 20, 2):
        (home / f"{place + 20:03d}.png").write_bytes((home / f"{place:03d}.png").read_bytes())
    loaded = read(ask(source="manifest", path="set/manifest.csv"))
    assert len(set(every(loaded, "ids").tolist())) == 40
    assert loaded.description["leakage"]["images"]["train-test"]["count"] == 0


def test_real_manifest_gives_patients_and_splits(ask: Ask, read: Read, shared_data: Path) -> None:
    loaded = read(ask(source="manifest", path=str(shared_data / "cxr3" / "manifest.csv")), workers=2)
    assert [len(loaded.split(split)) for split in ("train", "val", "test")] == [669, 224, 224]
    assert loaded.description["patients"]["number"] == 761
    assert loaded.description["splits"]["test"]["positive"] == {"covid19": 24, "no_finding": 100, "pneumonia": 100}
    same = read(ask(source="folder", path=str(shared_data / "cxr3")))
    assert np.array_equal(same.test.images, loaded.test.images)
    assert same.description["patients"]["known"] is False
