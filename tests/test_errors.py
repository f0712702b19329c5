"""What a message is made of: the nearest word, the character that cannot be shown, the obstacle of a path."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report import cli
from cxr_report.errors import Refusal, nearest, obstacle, refuse_irregular, shown, unprintable

PSEUDO = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder of the kernel, absent here")


def test_the_nearest_word_is_found_in_any_case_of_letters_and_told_as_it_is_known() -> None:
    assert nearest("AUROC", ["brier", "auroc"]) == ", did you mean 'auroc'"
    assert nearest("auroc", ["Auroc"]) == ", did you mean 'Auroc'"
    assert nearest("CE", ["ce", "Ce"]) == ", did you mean 'ce'"
    assert nearest("x", ["auroc"]) == ""
    assert nearest("epoch", (word for word in ("epochs", "seeds"))) == ", did you mean 'epochs'"


@given(st.text())
def test_a_shown_name_has_no_character_that_steers_and_is_left_alone_without_one(text: str) -> None:
    told = shown(text)
    assert not unprintable(told)
    assert not {chr(27), chr(10), chr(0x202E), chr(0x2066), chr(0xFEFF)} & set(told)
    assert (told == text) == (shown(told) == text)
    assert shown("흉부 x-ray/ß (γ = 2).png") == "흉부 x-ray/ß (γ = 2).png"


@given(st.text())
def test_text_without_control_characters_can_be_shown_and_written_as_utf_8(text: str) -> None:
    if not unprintable(text):
        assert text.encode("utf-8").decode() == text
        assert len(text.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "character"),
    [("a\x00", "U+0000"), ("a\tb\n", "U+0009"), ("\x7f", "U+007F"), ("\x85", "U+0085"), ("\udcff", "U+DCFF")],
)
def test_the_first_character_that_cannot_be_shown_is_named(text: str, character: str) -> None:
    assert unprintable(text) == character


def test_a_file_and_nothing_at_all_are_let_pass_and_a_folder_and_a_pipe_are_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refuse_irregular(tmp_path / "file")
    refuse_irregular(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path, "a folder"), (tmp_path / "pipe", "a pipe or a device")):
        with pytest.raises(Refusal, match=f"is no regular file but {kind}"):
            refuse_irregular(path)


@PSEUDO
def test_a_folder_in_which_nothing_can_be_kept_is_an_obstacle() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Path("/proc/nothing/below").mkdir(parents=True)
    assert obstacle(caught.value) == "/proc/nothing: no file can be kept in /proc; name a folder on a disk"


def test_a_file_that_is_not_there_is_no_obstacle(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        (tmp_path / "none").read_text()
    assert obstacle(caught.value) == ""
    assert obstacle(FileNotFoundError(errno.ENOENT, "No such file or directory")) == ""


@pytest.mark.parametrize(
    "words",
    [("init",), ("compare", "t.csv"), ("status", "s.toml"), ("init", "a/b.toml"), ("conformance", "--write", "x.json")],
)
def test_a_working_directory_that_is_gone_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").mkdir()
    os.chdir("gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "argv", ["cxr-report", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert said.count("\n") == 1
    assert "there is no such" in said or "the working directory is no longer there" in said


@PSEUDO
def test_a_comparison_cannot_be_written_among_the_folders_of_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{loss},{seed},auroc,0.{seed}{place}" for place, loss in enumerate("ab") for seed in range(1, 4)]
    (tmp_path / "t.csv").write_text("\n".join(["loss,seed,metric,value", *rows]))
    words = ["cxr-report", "compare", str(tmp_path / "t.csv"), "--runs", "/proc/nothing"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "no file can be kept in /proc" in capsys.readouterr().err
