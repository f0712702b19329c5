"""The report of a study checks clean, as HTML and as PDF; with one planted error it does not."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from cxr_report import report
from cxr_report.analysis import analyse
from cxr_report.progress import Silent
from cxr_report.report import pdf
from cxr_report.runs import StudyFolder
from cxr_report.verify.text import Checked, check, read_bytes


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A small study of random predictions with a noise floor, analysed and reported."""
    name = "check_examples"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[2] / "examples.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = examples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(examples)
    recipe = examples.Recipe(losses=3, seeds=4, val=40, test=60, epochs=3, floor_seeds=True)
    folder: StudyFolder = examples.make_study(tmp_path_factory.mktemp("checked"), recipe)
    analyse(folder)
    report.report(folder, folder.analysis(), folder.report(), progress=Silent())
    return folder


@pytest.fixture(scope="module")
def page(study: StudyFolder) -> str:
    return (study.report().path / "report.html").read_text(encoding="utf-8")


def checked(data: bytes, suffix: str) -> Checked:
    return check(read_bytes(data, "report", suffix))


def wrong(found: Checked) -> list[str]:
    return [
        f"{finding.place}: {finding.printed}: {finding.verdict}"
        for finding in found.findings
        if finding.verdict.grade in ("inconsistent", "changes the decision")
    ]


def planted(page: str, pattern: str) -> str:
    """Change the first digit of what a pattern's first group matches, once."""
    match = re.search(pattern, page)
    assert match is not None, pattern
    digit = next(place for place in range(match.start(1), match.end(1)) if page[place] in "123456789")
    other = "9" if page[digit] != "9" else "2"
    return page[:digit] + other + page[digit + 1 :]


def test_our_own_page_checks_clean_and_much_of_it_is_checked(page: str) -> None:
    found = checked(page.encode(), ".html")
    assert wrong(found) == []
    kinds = {finding.kind for finding in found.findings}
    assert {"t", "F", "z", "chi-square", "Friedman chi-square", "interval", "AUC interval", "adjusted p"} <= kinds
    assert found.counts["consistent"] > 100


@pytest.mark.parametrize(
    "pattern",
    [
        r'F\(.{0,400}?\) = <span data-key="omnibus\.0\.statistic"[^>]*>(\d+\.\d+)<',
        r'<span data-key="omnibus\.0\.p"[^>]*>(0\.\d+)<',
        r'<span data-key="seed_floor\.0\.t"[^>]*>(−?\d+\.\d+)<',
        r'<span data-key="joint\.0\.means\.\d+\.high"[^>]*>(0\.9\d+)<',
        r'<td data-key="omnibus\.\d+\.statistic"[^>]*>(\d+\.\d+)<',
        r'<td data-key="[^"]*\.t"[^>]*>(−?\d+\.\d+)<',
    ],
)
def test_one_planted_error_in_our_own_page_is_found(page: str, pattern: str) -> None:
    assert len(wrong(checked(planted(page, pattern).encode(), ".html"))) == 1


def test_our_own_pdf_checks_clean_and_holds_what_the_page_holds(study: StudyFolder, page: str) -> None:
    found = checked((study.report().path / "report.pdf").read_bytes(), ".pdf")
    assert wrong(found) == []
    assert len(found.findings) == len(checked(page.encode(), ".html").findings)


@pytest.mark.slow
def test_one_planted_error_in_our_own_pdf_is_found(page: str) -> None:
    pattern = r'<td data-key="omnibus\.\d+\.statistic"[^>]*>(\d+\.\d+)<'
    errors = wrong(checked(pdf.render(planted(page, pattern)), ".pdf"))
    assert len(errors) == 1
    assert errors[0].startswith("page ")
