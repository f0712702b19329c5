"""The command: exit codes, what stands on which stream, files that are stored, and what is never loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report import cli
from cxr_report.runs import StudyFolder


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cxr-report", "verify", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


def test_a_page_alone_leaves_with_0_and_a_misprint_with_1(
    original: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    shutil.copyfile(original.report().html, page)
    assert run(monkeypatch, str(page), "--json", str(tmp_path / "found.json"), "--html", str(tmp_path / "f.html")) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[-1].endswith("nothing differs")
    assert "numbers, 0 differences" in told.err
    assert json.loads((tmp_path / "found.json").read_text())["agrees"] is True
    assert "Out of reach" in (tmp_path / "f.html").read_text()
    text = page.read_text()
    at = text.index('data-value="0.') + 14
    page.write_text(f"{text[:at]}{(int(text[at]) + 5) % 10}{text[at + 1 :]}")
    assert run(monkeypatch, str(page), "--format", "github") == 1
    assert capsys.readouterr().out.startswith("::error file=")


def test_what_is_no_study_leaves_with_2_and_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, str(tmp_path)) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "holds no study.json" in told.err


def test_neither_torch_nor_onnxruntime_is_loaded_and_nothing_in_the_folder_is_touched(
    copied: Callable[[], StudyFolder],
) -> None:
    folder = copied()
    before = {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in folder.path.rglob("*")}
    code = (
        "import sys; from pathlib import Path; from cxr_report.verify.study import verify\n"
        f"found = verify(Path({str(folder.path)!r}))\n"
        "print(found.agrees, [name for name in ('torch', 'onnxruntime', 'onnx', 'sklearn') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "True []"
    assert {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in folder.path.rglob("*")} == before
