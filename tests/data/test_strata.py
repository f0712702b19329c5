"""Sex, view and band of age: how they are written, that no exact age is, and that they come back."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cxr_report.data import DataSet, read_strata, write
from cxr_report.data.strata import AGE_BANDS, strata
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, write_arrays
from cxr_report.study import Study

Ask = Callable[..., Study]
Read = Callable[..., DataSet]


def band(age: float) -> str:
    return str(strata({"age": np.array([age])})["age"][0])


@pytest.mark.parametrize(
    ("age", "name"),
    [(0, "0-17"), (17.99, "0-17"), (18, "18-39"), (39.9, "18-39"), (40, "40-64"), (64.5, "40-64"), (65, "65+")],
)
def test_a_band_begins_at_its_first_whole_year(age: float, name: str) -> None:
    assert band(age) == name


@given(st.floats(0, 120))
def test_every_age_has_one_band_and_older_people_never_a_younger_one(age: float) -> None:
    names = [name for _, name in AGE_BANDS]
    assert names.index(band(age)) <= names.index(band(age + 1))


def test_what_is_not_known_stays_empty_and_what_is_absent_stays_absent() -> None:
    words = strata({"sex": np.array(["M", "", "F", "O"]), "age": np.array([np.nan, 30.0, 80.0, 1.0])})
    assert {name: values.tolist() for name, values in words.items()} == {
        "sex": ["male", "", "female", "other"],
        "age": ["", "18-39", "65+", "0-17"],
    }


def test_a_view_is_written_in_upper_case_with_single_blanks() -> None:
    assert strata({"view": np.array(["pa", " AP  supine ", ""])})["view"].tolist() == ["PA", "AP SUPINE", ""]


def manifest(place: Path, rows: list[dict[str, str]]) -> None:
    for number in range(len(rows)):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    with (place / "m.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["path", "label", *rows[0]])
        writer.writeheader()
        writer.writerows(
            {"path": f"{number}.png", "label": "ill" if number % 2 else "well", **row}
            for number, row in enumerate(rows)
        )


def written(study: Study, read: Read, place: Path) -> tuple[DataSet, StudyFolder]:
    loaded, folder = read(study), StudyFolder(place / "runs" / "t")
    write(loaded, study, folder)
    return loaded, folder


def test_a_manifest_gives_the_columns_that_it_has_and_no_exact_age_is_written(
    ask: Ask, read: Read, tmp_path: Path
) -> None:
    manifest(tmp_path, [{"sex": "f" if number % 3 else "", "age": "61.25"} for number in range(60)])
    loaded, folder = written(ask(source="manifest", path="m.csv"), read, tmp_path)
    for split in ("val", "test"):
        found = read_strata(folder, split)
        assert set(found) == {"sex", "age"}
        assert set(found["age"]) == {"40-64"}
        assert found["sex"].tolist() == ["female" if sex else "" for sex in loaded.split(split).metadata["sex"]]
        with np.load(folder.truth(split)) as archive:
            assert sorted(archive.files) == ["age", "classes", "height", "ids", "labels", "patients", "sex", "width"]
        assert np.float64(61.25).tobytes() not in folder.truth(split).read_bytes()


def test_a_column_without_a_single_known_case_is_not_written(ask: Ask, read: Read, tmp_path: Path) -> None:
    manifest(tmp_path, [{"sex": "unknown", "view": "pa", "age": "-"} for _ in range(60)])
    _, folder = written(ask(source="manifest", path="m.csv"), read, tmp_path)
    assert set(read_strata(folder, "test")) == {"view"}
    assert set(read_strata(folder, "test")["view"]) == {"PA"}


def test_images_without_any_metadata_have_no_strata(
    ask: Ask, read: Read, folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder({"ill": 20, "well": 20})
    _, place = written(ask(source="folder", path="images"), read, tmp_path)
    assert read_strata(place, "val") == {}


def test_the_real_manifest_gives_the_words_of_its_rows(ask: Ask, read: Read, shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "cxr3" / "manifest.csv"
    study = ask(source="manifest", path=str(file), image_size=16, publish_names=True)
    loaded, folder = written(study, read, tmp_path)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = {row["path"]: row for row in csv.DictReader(stream)}
    for split in ("val", "test"):
        found = read_strata(folder, split)
        mine = [rows[key] for key in loaded.split(split).ids.tolist()]
        assert found["sex"].tolist() == [{"M": "male", "F": "female"}.get(row["sex"], "") for row in mine]
        assert found["view"].tolist() == [row["view"].upper() for row in mine]
        for word, row in zip(found["age"].tolist(), mine, strict=True):
            assert word == expected_band(row["age"])
    assert Counter(found["sex"].tolist())["male"] > 50


def expected_band(age: str) -> str:
    """Sort a whole number of years by hand."""
    if not age:
        return ""
    years = float(age)
    return "0-17" if years < 18 else "18-39" if years < 40 else "40-64" if years < 65 else "65+"


@pytest.mark.parametrize("values", [np.array([50.0, 60.0]), np.array(["0-17"]), np.array([["65+"], ["65+"]])])
def test_a_truth_file_whose_column_is_no_word_a_case_is_refused(values: Any, tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    write_arrays(folder.truth("test"), ids=np.array(["a", "b"]), age=values)
    with pytest.raises(Refusal, match=r"truth-test\.npz: the array age must hold one word a case"):
        read_strata(folder, "test")
