"""An honest study agrees with itself, on every way in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report.runs import StudyFolder
from cxr_report.verify.study import Memory, Verified, encode, github_lines, page, text_table, verify


def lines(found: Verified) -> list[str]:
    return [each.line() for each in (*found.differences, *found.notices)]


def facts(found: Verified) -> str:
    return "\n".join(fact for step in found.steps for fact in step.facts)


@pytest.fixture(scope="module")
def found(original: StudyFolder, memory: Memory) -> Verified:
    return verify(original.path, memory=memory)


def test_the_folder_as_published_agrees(found: Verified) -> None:
    assert lines(found) == []
    assert found.agrees
    assert len(found.steps) == 9
    assert all(step.checked > 0 for step in found.steps)


def test_it_says_what_was_taken_at_its_word_and_what_is_out_of_reach(found: Verified) -> None:
    told = facts(found)
    assert "model.onnx" in told
    assert "taken at their word" in told
    assert "rewrites truth or predictions" in " ".join(found.out_of_reach)
    assert "dates are shown as they stand; nothing proves them" in told
    assert "no verdict of a planned comparison changes" in told


def test_two_ways_agree_to_many_digits(found: Verified) -> None:
    told = [fact for step in found.steps if "second way" in step.name for fact in step.facts]
    assert len(told) >= 8
    assert all(int(fact.split(" agree to ")[1].split()[0]) >= 9 for fact in told)


def test_the_pdf_alone_agrees(original: StudyFolder, memory: Memory, tmp_path: Path) -> None:
    alone = tmp_path / "paper.pdf"
    shutil.copyfile(original.report().pdf, alone)
    found = verify(alone, memory=memory)
    assert lines(found) == []
    assert found.kind == "pdf"
    assert "The text of the PDF" in [step.name for step in found.steps]


def test_a_page_alone_is_checked_against_itself_and_says_so(original: StudyFolder, tmp_path: Path) -> None:
    alone = tmp_path / "page.html"
    shutil.copyfile(original.report().html, alone)
    found = verify(alone)
    assert lines(found) == []
    assert "only be checked against itself" in facts(found)


def test_a_page_in_its_study_is_verified_with_the_folder(original: StudyFolder, memory: Memory) -> None:
    assert verify(original.report().html, memory=memory).kind == "folder"


def test_the_record_is_a_page_without_scripts_json_and_annotations(found: Verified, tmp_path: Path) -> None:
    assert "<script" not in page(found)
    assert "agrees" in page(found)
    assert b'"agrees": true' in encode(found)
    assert github_lines(found, tmp_path).startswith("::notice")
    assert text_table(found).splitlines()[-1].endswith("nothing differs")


def test_a_folder_without_a_report_is_verified_as_far_as_it_goes(
    copied: Callable[[], StudyFolder], memory: Memory
) -> None:
    folder = copied()
    shutil.rmtree(folder.report().path)
    found = verify(folder.path, memory=memory)
    assert lines(found) == []
    assert "there is no finished report" in facts(found)
