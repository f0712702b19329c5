"""What cannot be verified is refused in one sentence; what somebody damaged is a difference and no crash."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from verify_tampering import unzipped

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder
from cxr_report.verify.study import Memory, github_lines, page, refuse_options, source, text_table, verify

SHORT_PDF = (
    b"%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj 2 0 obj <</Type /Pages /Kids [] /Count 0>> endobj\n"
)


def refused(path: Path) -> str:
    with pytest.raises(Refusal) as caught:
        verify(path)
    told = str(caught.value)
    assert "\n" not in told
    assert path.name in told
    return told


def test_a_path_at_which_nothing_lies(tmp_path: Path) -> None:
    assert "is not there" in refused(tmp_path / "absent")


def test_a_folder_without_a_study(tmp_path: Path) -> None:
    assert "holds no study.json" in refused(tmp_path)


def test_half_a_pdf(original: StudyFolder, tmp_path: Path) -> None:
    whole = original.report().pdf.read_bytes()
    half = tmp_path / "half.pdf"
    half.write_bytes(whole[: len(whole) // 2])
    refused(half)


@pytest.mark.parametrize("content", [b"", b"%PDF-", b"%PDF-1.7\n" + b"\0" * 500, SHORT_PDF, b"no pdf at all"])
def test_what_is_called_a_pdf_and_carries_no_study(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(content)
    refused(file)


@pytest.mark.parametrize(
    "content", ["", "<html><body>Hello</body></html>", "<main>0.91</main>", "\0\1\2", "<main data-value=", "<" * 1000]
)
def test_a_page_of_something_else(content: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(content)
    if "data-value=" in content:
        assert verify(file).agrees  # no number of it is marked, so that none is wrong
    else:
        assert "no report of this program" in refused(file)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    file = tmp_path / "numbers.xlsx"
    file.write_bytes(b"PK\3\4")
    assert "neither a PDF nor an HTML page" in refused(file)


def test_an_archive_that_unpacks_to_too_much(
    copied: Callable[[], StudyFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied()
    monkeypatch.setattr(source, "LARGEST", 20 * 2**20)
    folder.truth("test").write_bytes(unzipped(40 * 2**20))
    assert folder.truth("test").stat().st_size < 2**20
    with pytest.raises(Refusal, match=r"truth-test\.npz: unpacks to 40 MiB"):
        verify(folder.path)


def test_a_file_that_is_too_large_to_be_read(copied: Callable[[], StudyFolder]) -> None:
    folder = copied()
    with folder.analysis().scores.open("wb") as stream:
        stream.truncate(2 * 2**30)  # a hole of the disk: it takes no room
    with pytest.raises(Refusal, match=r"scores\.csv: holds 2048 MiB"):
        verify(folder.path)


@pytest.mark.parametrize(
    "name",
    [
        "study.json",
        "data.json",
        "truth-test.npz",
        "cross-entropy/seed-0001/predictions-test.npz",
        "cross-entropy/seed-0001/evaluation.json",
        "cross-entropy/seed-0001/export.json",
        "cross-entropy/seed-0001/run.json",
        "cross-entropy/seed-0001/history.csv",
        "analysis/statistics.json",
        "analysis/scores.csv",
        "report/manifest.json",
        "report/report.html",
        "report/report.pdf",
        "report/tables/main.csv",
    ],
)
@pytest.mark.parametrize("damage", ["cut", "emptied", "other", "gone"])
def test_a_damaged_file_is_named(name: str, damage: str, copied: Callable[[], StudyFolder], memory: Memory) -> None:
    folder = copied()
    file = folder.path / name
    if damage == "gone":
        file.unlink()
    else:
        whole = file.read_bytes()
        file.write_bytes({"cut": whole[: len(whole) // 2], "emptied": b"", "other": b'[1, {"a": null}]\n'}[damage])
    if name == "study.json" and damage == "gone":
        with pytest.raises(Refusal, match=r"holds no study\.json"):
            verify(folder.path, memory=memory)
        return
    found = verify(folder.path, memory=memory, thorough=name.startswith("analysis"))
    assert not found.agrees
    if (name, damage) != ("analysis/statistics.json", "gone"):
        assert any(name in each.line() for each in found.differences)


@pytest.mark.parametrize("name", ["run.json", "evaluation.json", "export.json"])
@pytest.mark.parametrize("value", [None, [], "x", 10**400, {"a": []}])
def test_entries_of_other_types_crash_nothing(
    name: str, value: object, copied: Callable[[], StudyFolder], memory: Memory
) -> None:
    folder = copied()
    file = folder.run("weighted", 1).path / name
    told = json.loads(file.read_text())
    file.write_text(json.dumps(dict.fromkeys(told, value)))
    found = verify(folder.path, memory=memory, thorough=False)
    assert not found.agrees


def test_what_is_printed_of_a_hostile_name_is_harmless(copied: Callable[[], StudyFolder], memory: Memory) -> None:
    folder = copied()
    table = folder.report().table("main", "csv")
    table.write_text(table.read_text().replace("0.", "<script>\x1b[2J::error::", 1))
    found = verify(folder.path, memory=memory)
    assert not found.agrees
    assert "\x1b" not in text_table(found)
    assert "<script>" not in page(found)
    lines = github_lines(found, Path("runs/example")).splitlines()
    assert all(line.startswith(("::error file=runs/example/", "::notice ")) for line in lines)


def test_options_are_refused_before_anything_is_read(original: StudyFolder, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="--format takes text or github"):
        refuse_options(original.path, "gitlab", {})
    with pytest.raises(Refusal, match="lies in the folder that is verified"):
        refuse_options(original.path, "text", {"--json": original.path / "found.json"})
    with pytest.raises(Refusal, match="there is no folder"):
        refuse_options(original.path, "text", {"--html": tmp_path / "absent" / "found.html"})


def test_a_pdf_whose_files_lead_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    from cxr_report.report import pdf
    from cxr_report.report.enclosures import Attached

    short = "<!DOCTYPE html><html lang='en'><head><title>x</title></head><body><main><h1>x</h1></main></body></html>"
    held = [Attached("study.json", "a study", b"{}"), Attached("../outside.json", "another", b"{}")]
    file = tmp_path / "paper.pdf"
    file.write_bytes(pdf.render(short, held))
    with pytest.raises(Refusal, match=r"'\.\./outside\.json', which leads out"):
        verify(file)
    assert not (tmp_path / "outside.json").exists()
    shutil.rmtree(tmp_path)
