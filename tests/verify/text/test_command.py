"""cxr-report check: exit codes, the table, JSON and the marked page."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from cxr_report import cli
from cxr_report.verify.text import check, marked_page, read_bytes

TEXT = "The groups differed, t(28) = 2.20, p = .036, and <b>F(1, 28) = 4.50, p = .034</b> & χ²(2) = 6.10, p = .09.\n"


class Called:
    def __init__(self, code: object, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> Called:
        monkeypatch.setattr(sys, "argv", ["cxr-report", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        shown = capsys.readouterr()
        return Called(end.value.code, shown.out, shown.err)

    return invoke


def test_a_clean_text_is_exit_code_0(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.txt").write_text("It was t(28) = 2.20, p = .036.")
    done = call("check", "a.txt")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1].split("  ")[0] == "line 1"
    assert "1 statements in a.txt (text): 1 consistent, 0 inconsistent" in done.out


def test_an_inconsistent_text_is_exit_code_1_and_leaves_its_records(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    done = call("check", "a.txt", "--json", "a.json", "--html", "a.html")
    assert (done.code, done.err) == (1, "")
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert found["counts"] == {"consistent": 1, "inconsistent": 1, "changes the decision": 1, "cannot be checked": 0}
    assert [each["printed"] for each in found["findings"]] == [
        "t(28) = 2.20, p = .036",
        "F(1, 28) = 4.50, p = .034",
        "χ²(2) = 6.10, p = .09",
    ]
    assert found["findings"][1]["where"] == "line 1"
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;<mark class='bad'" in page
    assert "<b>changes the decision</b>" in page


def test_the_standard_input_is_read(call, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    done = call("check", "-")
    assert done.code == 1
    assert "3 statements in standard input (text)" in done.out


def test_bad_input_is_exit_code_2_and_nothing_is_written(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\nno more")
    done = call("check", "a.pdf", "--json", "a.json", "--html", "a.html")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("cxr-report: a.pdf: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf"]


def test_a_target_that_is_the_source_or_has_no_folder_is_refused(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    assert "is the file that is read" in call("check", "a.txt", "--html", "a.txt").err
    assert "there is no folder" in call("check", "a.txt", "--json", "none/a.json").err
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == TEXT


def test_the_page_holds_every_character_of_the_text_in_order() -> None:
    page = marked_page(check(read_bytes(TEXT.encode(), "x", ".txt")))
    body = page.partition("<h2>The text</h2>")[2]
    assert "script" not in body
    for piece in ("The groups differed, ", "t(28) = 2.20, p = .036", ", and &lt;b&gt;", "&lt;/b&gt; &amp; "):
        assert piece in body
        body = body.partition(piece)[2]


def test_the_page_is_self_contained() -> None:
    page = marked_page(check(read_bytes(TEXT.encode(), "x", ".txt")))
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "src=" not in page


def test_wide_letters_keep_the_columns(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "한글.txt").write_text("값은 t(28) = 2.20, p = .06이었다.", encoding="utf-8")
    done = call("check", "한글.txt")
    assert "changes the decision" in done.out
