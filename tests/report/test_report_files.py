"""The files of a report: complete exactly when every hash matches, redone when stale, equal from equal inputs."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxr_report import report as room
from cxr_report.analysis import analyse
from cxr_report.errors import Refusal
from cxr_report.progress import Silent
from cxr_report.report import page, pdf
from cxr_report.runs import StudyFolder, read_json, sha256, write_json


@pytest.fixture(scope="module", autouse=True)
def _quick_pdf() -> Iterator[None]:
    """Set no real PDF here: what is asked is when a file is made, and from what."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pdf, "render", lambda source, attached=(): b"%PDF-" + hashlib.sha256(source.encode()).hexdigest().encode()
        )
        yield


@pytest.fixture(scope="module")
def reported(finished: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """The finished study with its report."""
    folder = _copy(finished, tmp_path_factory.mktemp("reported"))
    _report(folder)
    return folder


def _copy(folder: StudyFolder, place: Path) -> StudyFolder:
    shutil.copytree(folder.path, place / folder.path.name)
    return StudyFolder(place / folder.path.name)


def _report(folder: StudyFolder) -> Path:
    return room.report(folder, folder.analysis(), folder.report(), progress=Silent())


def _stamps(folder: StudyFolder) -> dict[str, tuple[int, int]]:
    files = [path for path in folder.report().path.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder.path)): (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}


def _hashes(folder: StudyFolder) -> dict[str, str]:
    root = folder.report().path
    return {path.relative_to(root).as_posix(): sha256(path) for path in root.rglob("*") if path.is_file()}


def test_the_manifest_holds_every_file_of_the_report_and_what_it_was_made_from(reported: StudyFolder) -> None:
    told = read_json(reported.report().manifest)
    found = _hashes(reported)
    del found["manifest.json"]
    assert told["outputs"] == found
    assert told["inputs"]["analysis/statistics.json"] == sha256(reported.analysis().statistics)
    assert told["inputs"]["study.json"] == sha256(reported.study_json)
    assert "cross-entropy/seed-0001/run.json" in told["inputs"]
    assert "cross-entropy/seed-0001/evaluation.json" in told["inputs"]
    assert "template:report.html.j2" in told["inputs"]
    assert set(told["attached"]["names"]) <= set(told["inputs"]), "what travels inside makes the report stale"
    assert told["attached"]["left_out"] == {}


def test_every_table_has_its_twins_and_every_figure_its_file(reported: StudyFolder) -> None:
    names = {path.name for path in (reported.report().path / "tables").iterdir()}
    listings = {"multiverse-rows.csv", "arithmetic-shifts.csv"}
    assert listings <= names, "every combination stands in a file, too many of them to print"
    stems = {name.rpartition(".")[0] for name in names - listings}
    assert {"main", "pairs", "omnibus", "runs", "data", "losses", "settings"} <= stems
    assert "time-and-machine" not in stems
    assert names - listings == {f"{stem}.{kind}" for stem in stems for kind in ("csv", "tex")}
    figures = {path.name for path in (reported.report().path / "figures").iterdir()}
    shown = ("flow", "learning", "seeds", "roc", "precision-recall", "confusion", "differences")
    further = ("variance", "ranking", "multiverse", "reliability", "power", "population")
    assert figures == {f"{name}.svg" for name in (*shown, *further)}


def test_the_same_command_again_does_nothing(reported: StudyFolder) -> None:
    before = _stamps(reported)
    assert _report(reported) == reported.report().pdf
    assert _stamps(reported) == before


def test_equal_inputs_give_equal_bytes_in_every_file(reported: StudyFolder, tmp_path: Path) -> None:
    again = _copy(reported, tmp_path)
    shutil.rmtree(again.report().path)
    _report(again)
    assert _hashes(again) == _hashes(reported)


def test_the_references_of_the_list_lie_beside_the_report_as_bibtex(reported: StudyFolder) -> None:
    written = reported.report().references.read_text(encoding="utf-8")
    source = reported.report().html.read_text(encoding="utf-8")
    listed = source.split('<ol class="references">', 1)[1].split("</ol>")[0]
    assert written.count("\n}\n") == listed.count("<li ") > 10
    assert read_json(reported.report().manifest)["outputs"]["references.bib"] == sha256(reported.report().references)


@pytest.mark.parametrize("name", ["figures/roc.svg", "tables/main.csv", "references.bib", "report.html"])
def test_a_file_that_is_gone_or_changed_is_made_again(name: str, reported: StudyFolder, tmp_path: Path) -> None:
    folder = _copy(reported, tmp_path)
    wanted = _hashes(folder)
    file = folder.report().path / name
    if name == "report.html":
        file.unlink()
    else:
        file.write_bytes(b"changed")
    _report(folder)
    assert _hashes(folder) == wanted


def test_a_report_without_its_manifest_is_no_report(reported: StudyFolder, tmp_path: Path) -> None:
    folder = _copy(reported, tmp_path)
    wanted = _hashes(folder)
    folder.report().manifest.unlink()
    (folder.report().path / "tables" / "left-over.csv").write_text("x")
    _report(folder)
    assert _hashes(folder) == wanted


def test_another_machine_changes_the_marked_block_and_the_pdf_alone(reported: StudyFolder, tmp_path: Path) -> None:
    folder = _copy(reported, tmp_path)
    record = folder.run("cross-entropy", 1).evaluation_json
    write_json(record, {**read_json(record), "images_per_second": 77777.0, "provider": "CUDAExecutionProvider ☃"})
    _report(folder)
    before, after = _hashes(reported), _hashes(folder)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"manifest.json", "report.html", "report.pdf"}
    old, new = (each.report().html.read_text() for each in (reported, folder))
    assert "CUDAExecutionProvider" in new
    assert _without_block(old) == _without_block(new)


def _without_block(text: str) -> str:
    before, rest = text.split(page.BEGIN)
    return before + rest.split(page.END)[1]


def test_a_new_title_makes_a_new_report_of_the_same_analysis(reported: StudyFolder, tmp_path: Path) -> None:
    folder = _copy(reported, tmp_path)
    told = json.loads(folder.study_json.read_text())
    told["study"]["report"]["title"] = "Quite another title"
    folder.study_json.write_text(json.dumps(told))
    _report(folder)
    assert "Quite another title" in folder.report().html.read_text()
    assert sha256(folder.analysis().statistics) == sha256(reported.analysis().statistics)


def test_without_an_analysis_there_is_no_report(finished: StudyFolder, tmp_path: Path) -> None:
    folder = _copy(finished, tmp_path)
    folder.analysis().statistics.unlink()
    with pytest.raises(Refusal, match=r"statistics\.json: is missing"):
        _report(folder)
    assert not folder.report().path.exists()


@pytest.mark.parametrize("name", ["analysis/scores.csv", "truth-test.npz", "cross-entropy/seed-0001/history.csv"])
def test_a_break_in_the_chain_of_hashes_is_refused_with_both_names(
    name: str, finished: StudyFolder, tmp_path: Path
) -> None:
    folder = _copy(finished, tmp_path)
    with (folder.path / name).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(Refusal, match=rf"{name} does not match the hash that analysis/statistics\.json records"):
        _report(folder)


def test_an_incomplete_study_gives_a_partial_report_in_its_own_folder(finished: StudyFolder, tmp_path: Path) -> None:
    folder = _copy(finished, tmp_path)
    shutil.rmtree(folder.run("weighted", 3).path)
    analysed = analyse(folder, partial=True)
    room.report(folder, analysed, folder.report("partial"), progress=Silent())
    front = folder.report("partial").html.read_text().split("</header>")[0]
    assert "Partial" in front
    assert "the study was incomplete" in front
    assert not folder.report().path.exists()


def test_a_published_folder_without_weights_is_enough(reported: StudyFolder, tmp_path: Path) -> None:
    folder = _copy(reported, tmp_path)
    for ending in ("*.pt", "*.safetensors", "*.onnx"):
        for file in folder.path.rglob(ending):
            file.unlink()
    wanted = _hashes(folder)
    shutil.rmtree(folder.report().path)
    _report(folder)
    assert _hashes(folder) == wanted
