"""`publish` and `diff` on the command line: exit codes, results alone on stdout, one sentence for what is at fault."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report import cli
from cxr_report.runs import StudyFolder

Call = Callable[..., tuple[object, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Run a command in an empty folder; return exit code, stdout and stderr."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def invoke(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["cxr-report", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        shown = capsys.readouterr()
        return end.value.code, shown.out, shown.err

    return invoke


def test_publish_says_where_the_zip_lies_and_how_large_it_is(
    call: Call, copied: Callable[[], StudyFolder], tmp_path: Path
) -> None:
    folder = copied()
    (folder.path / "notes.txt").write_text("mine")
    code, out, err = call("publish", str(folder.path), "--licence", "CC-BY-4.0")
    size = (tmp_path / "here" / "example.zip").stat().st_size
    files = sum(file.is_file() for file in folder.path.rglob("*")) - 8 - 1
    assert (code, out) == (0, f"example.zip  {size} bytes, {files} files; 8 files with weights stay at home\n")
    assert "notes.txt: stays at home, for it is no part of what is published" in err


@pytest.mark.parametrize("words", [(), ("--licence", "mine"), ("--licence", "MIT", "--out", "x.tar")])
def test_what_publish_refuses_is_one_sentence_and_leaves_nothing(
    call: Call, reported: StudyFolder, words: tuple[str, ...], tmp_path: Path
) -> None:
    code, out, err = call("publish", str(reported.path), *words)
    assert (code, out) == (2, "")
    assert err.startswith("cxr-report: --")
    assert err.count("\n") == 1
    assert list((tmp_path / "here").iterdir()) == []


def test_diff_gives_0_where_nothing_and_1_where_something_changed(
    call: Call, analysed: Callable[..., StudyFolder]
) -> None:
    first, second = (str(analysed(seed=seed).path) for seed in (0, 1))
    code, out, err = call("diff", first, first)
    assert (code, err) == (0, "")
    assert out.endswith("Nothing changed; every number is the same to its last digit.\n")
    code, out, err = call("diff", first, second)
    assert (code, err) == (1, "")
    assert out.splitlines()[3].startswith("Decisions: ")
    code, out, _ = call("diff", first, second, "--json")
    assert code == 1
    assert json.loads(out)["changed"] is True


@pytest.mark.parametrize("name", ["nothing", "x.zip", "folder"])
def test_diff_gives_2_for_what_is_no_study(
    call: Call, analysed: Callable[..., StudyFolder], tmp_path: Path, name: str
) -> None:
    (tmp_path / "here" / "x.zip").write_bytes(b"PK\x03\x04 half")
    (tmp_path / "here" / "folder").mkdir()
    code, out, err = call("diff", str(analysed().path), name)
    assert (code, out) == (2, "")
    assert err.startswith(f"cxr-report: {name}: ")
    assert err.count("\n") == 1
