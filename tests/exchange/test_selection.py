"""What the stages have written goes out; weights and what somebody else has put there stay at home."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cxr_report import ledger
from cxr_report.errors import Refusal
from cxr_report.exchange.selection import select
from cxr_report.runs import StudyFolder, read_json, write_json


def names(folder: StudyFolder, **asked: bool) -> set[str]:
    return {folder.relative(file) for file in select(folder, ledger.read(folder).study, **asked).files}


def test_everything_but_weights_goes_out(reported: StudyFolder) -> None:
    there = {folder_file for folder_file in reported.path.rglob("*") if folder_file.is_file()}
    weights = {file for file in there if file.suffix in (".pt", ".safetensors", ".onnx")}
    assert len(weights) == 8
    found = select(reported, ledger.read(reported).study)
    assert set(found.files) == there - weights
    assert (found.weights, found.strangers) == (8, ())


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "cross-entropy/seed-0001/notes.json", "cross-entropy/seed-0009/run.json", "report/tables/old.csv",
     "analysis/plan.json", "other/run.json", ".hidden", "report/.report.html.abc.part"],
)  # fmt: skip
def test_a_file_of_somebody_else_stays_at_home_and_is_named(copied: Callable[[], StudyFolder], name: str) -> None:
    folder = copied()
    before = names(folder)
    (folder.path / name).parent.mkdir(parents=True, exist_ok=True)
    (folder.path / name).write_text("{}")
    assert names(folder) == before
    assert select(folder, ledger.read(folder).study).strangers == (name,)


def test_a_manifest_that_names_a_file_outside_takes_none_along(copied: Callable[[], StudyFolder]) -> None:
    folder = copied()
    outside = folder.path.parent / "secret.txt"
    outside.write_text("x")
    manifest = read_json(folder.report().manifest)
    manifest["outputs"] |= {"../../secret.txt": "0", str(outside): "0"}
    write_json(folder.report().manifest, manifest)
    assert not [file for file in select(folder, ledger.read(folder).study).files if file.name == outside.name]


def test_a_link_is_refused(copied: Callable[[], StudyFolder]) -> None:
    folder = copied()
    (folder.path / "report" / "link.svg").symlink_to("/etc/hostname")
    with pytest.raises(Refusal, match=r"report/link\.svg: is a link"):
        names(folder)


def test_images_of_cases_go_out_where_there_are_some(copied: Callable[[], StudyFolder]) -> None:
    folder = copied()
    assert "gallery.npz" not in names(folder)
    folder.gallery.write_bytes(b"")
    assert "gallery.npz" in names(folder)


@pytest.mark.parametrize(
    ("source", "show", "goes"), [("phantom", False, False), ("folder", None, False), ("folder", True, True)]
)
def test_images_of_cases_go_out_by_decision_alone(
    copied: Callable[[], StudyFolder], source: str, show: bool | None, goes: bool
) -> None:
    folder = copied()
    folder.gallery.write_bytes(b"")
    study = ledger.read(folder).study
    report = study.report.model_copy(update={"show_cases": show})
    data = study.data.model_copy(update={"source": source})
    found = select(folder, study.model_copy(update={"report": report, "data": data}))
    assert (folder.gallery in found.files) == goes
    assert found.strangers == (() if goes else ("gallery.npz",))


def test_the_partial_analysis_goes_out_in_place_of_the_complete_one_and_the_reverse(
    copied: Callable[[], StudyFolder],
) -> None:
    folder = copied()
    for name in ("analysis-partial/statistics.json", "analysis-strict/statistics.json"):
        (folder.path / name).parent.mkdir()
        (folder.path / name).write_text("{}")
    whole, part = names(folder), names(folder, partial=True)
    assert {name for name in whole ^ part if name.startswith("analysis")} == {
        "analysis/scores.csv",
        "analysis/comparisons.csv",
        "analysis/statistics.json",
        "analysis-strict/statistics.json",
        "analysis-partial/statistics.json",
    }
    assert "analysis-partial/statistics.json" in part
    assert not [name for name in part if name.startswith("report")]
