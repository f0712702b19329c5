"""Files inside the PDF: what goes in comes out, the same bytes every time, and enough to begin again."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxr_report import analysis as statistics
from cxr_report import report as room
from cxr_report.analysis import analyse
from cxr_report.analysis.value import Analysis
from cxr_report.errors import Refusal
from cxr_report.report import document, enclosures, page, pdf
from cxr_report.report.enclosures import Attached, Selection
from cxr_report.report.tables import Table
from cxr_report.runs import StudyFolder, sha256

checks = importlib.import_module("report_checks.structure")
SHORT = "<!DOCTYPE html><html lang='en'><head><title>x</title></head><body><main><h1>x</h1></main></body></html>"


@pytest.fixture(scope="module")
def selection(finished: StudyFolder) -> Selection:
    return enclosures.select(finished, finished.analysis(), statistics.load(finished.analysis()))


def test_what_goes_in_comes_out(finished: StudyFolder, selection: Selection) -> None:
    found = room.attachments(pdf.render(SHORT, selection.read()))
    assert list(found) == selection.names()
    assert found == {name: (finished.path / name).read_bytes() for name in selection.names()}
    assert {"study.json", "data.json", "truth-test.npz", "analysis/statistics.json"} <= set(found)
    assert {"analysis/scores.csv", "analysis/comparisons.csv"} <= set(found)
    assert "cross-entropy/seed-0001/predictions-test.npz" in found
    assert [name for name in found if name.endswith((".pt", ".safetensors", ".onnx"))] == []


def test_every_input_of_the_statistics_is_inside(finished: StudyFolder, selection: Selection) -> None:
    inputs = statistics.load(finished.analysis()).inputs
    assert selection.left_out == ()
    assert set(inputs) - {"plan"} <= set(selection.names())


def test_what_is_inside_is_enough_to_compute_the_statistics_again(
    finished: StudyFolder, selection: Selection, tmp_path: Path
) -> None:
    folder = StudyFolder(tmp_path / finished.path.name)
    for name, content in room.attachments(pdf.render(SHORT, selection.read())).items():
        (folder.path / name).parent.mkdir(parents=True, exist_ok=True)
        (folder.path / name).write_bytes(content)
    shutil.rmtree(folder.analysis().path)
    analyse(folder)
    assert sha256(folder.analysis().statistics) == sha256(finished.analysis().statistics)


def test_equal_files_give_equal_bytes(selection: Selection) -> None:
    assert pdf.render(SHORT, selection.read()) == pdf.render(SHORT, reversed(selection.read()))


def test_a_pdf_with_files_inside_keeps_every_rule(phantom_page: str, selection: Selection) -> None:
    made = pdf.render(phantom_page, selection.read())
    assert checks.findings(made) == []
    told = enclosures.DATE.encode()
    assert made.count(b"/EmbeddedFile") >= selection.count
    assert made.count(b"/CreationDate (" + told) == made.count(b"/ModDate (" + told) >= selection.count


def test_predictions_are_attached_together_or_not_at_all(finished: StudyFolder) -> None:
    found = statistics.load(finished.analysis())
    whole = enclosures.select(finished, finished.analysis(), found)
    sizes = {kind.title: kind.size for kind in whole.kinds}
    room_for_all = sum(sizes.values())
    assert enclosures.select(finished, finished.analysis(), found, limit=room_for_all).left_out == ()
    without = room_for_all - min(sizes["predictions"], sizes["records of the runs"], sizes["training histories"])
    tight = enclosures.select(finished, finished.analysis(), found, limit=without - sizes["predictions"])
    assert "predictions" in {kind.title for kind in tight.left_out}
    assert not [name for name in tight.names() if "predictions" in name]
    none = enclosures.select(finished, finished.analysis(), found, limit=0)
    assert {kind.title for kind in none.kinds} == {"study and data", "statistics"}


def test_the_page_says_what_is_inside_and_what_is_too_large(
    finished: StudyFolder, made_up: Callable[..., Analysis], machine: Callable[..., Table], selection: Selection
) -> None:
    composed = document.compose(made_up(), machine())
    assert "carries" not in page.render(composed)
    assert "These are all inputs of the statistics." in page.render(composed, attached=selection)
    none = enclosures.select(finished, finished.analysis(), statistics.load(finished.analysis()), limit=0)
    told = page.render(composed, attached=none)
    predictions = next(kind for kind in none.left_out if kind.title == "predictions")
    assert f"predictions ({len(predictions.files)} files," in told
    assert "These are all inputs" not in told


def test_no_file_is_attached_twice(selection: Selection) -> None:
    names = selection.names()
    assert len(names) == len(set(names)) == selection.count


@pytest.mark.parametrize("name", ["a (b) \\c.csv", "모델/시드.csv", "<script>.csv", "a/../b.csv", "x\N{SNOWMAN}.npz"])
def test_a_file_of_any_name_travels_as_it_is(name: str) -> None:
    attached = [Attached(name, "it is (what) it \\is <b>", b"1,2\n"), Attached("other.csv", "another", b"")]
    made = pdf.render(SHORT, attached)
    assert room.attachments(made) == {name: b"1,2\n", "other.csv": b""}


def test_what_is_no_pdf_is_refused_in_one_sentence(phantom_pdf: bytes) -> None:
    for damaged in (b"", b"no pdf", phantom_pdf[:2000], b"%PDF-1.7\n" + b"\0" * 100):
        with pytest.raises(Refusal, match="the PDF cannot be read") as caught:
            room.attachments(damaged)
        assert "\n" not in str(caught.value)


def test_two_files_of_one_name_are_refused() -> None:
    twice = [Attached("a.csv", "one", b"1"), Attached("a.csv", "two", b"2")]
    with pytest.raises(Refusal, match=r"two files that are called 'a\.csv'"):
        room.attachments(pdf.render(SHORT, twice))


def test_a_pdf_without_files_has_none(phantom_pdf: bytes) -> None:
    assert room.attachments(phantom_pdf) == {}


def test_a_selection_reads_only_what_it_names(selection: Selection) -> None:
    fewer: Any = replace(selection, kinds=selection.kinds[:1])
    assert {each.name for each in fewer.read()} == set(fewer.names())
