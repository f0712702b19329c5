"""Planted statements of every kind, with and without errors: each gets its grade, and clean text gives no alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxr_report.verify.text import Grade, check, read_bytes

CORPUS = Path(__file__).with_name("corpus")
SIGNS: dict[Grade, str] = {
    "consistent": "+",
    "inconsistent": "-",
    "changes the decision": "!",
    "cannot be checked": "?",
}


def lines(name: str) -> list[str]:
    """The lines of a file of the corpus, without notes."""
    text = (CORPUS / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


PLANTED = [line for name in ("prose.txt", "published.txt") for line in lines(name)]


def signs(text: str, suffix: str = ".txt") -> str:
    """The grades that a text gets, as signs."""
    findings = check(read_bytes(text.encode(), "x", suffix)).findings
    return " ".join(SIGNS[finding.verdict.grade] for finding in findings)


@pytest.mark.parametrize("line", PLANTED)
def test_every_planted_statement_gets_its_grade(line: str) -> None:
    expected, _, text = line.partition("|")
    assert signs(text.strip().replace("\\n", "\n")) == expected.strip()


@pytest.mark.parametrize("line", lines("clean.txt"))
def test_clean_text_gives_nothing(line: str) -> None:
    assert check(read_bytes(line.encode(), "x", ".txt")).findings == ()


def test_the_corpus_is_large_and_holds_every_grade() -> None:
    planted = [sign for line in PLANTED for sign in line.partition("|")[0].split()]
    assert len(planted) >= 150
    assert {sign: planted.count(sign) >= 15 for sign in "+-!?"} == dict.fromkeys("+-!?", True)
