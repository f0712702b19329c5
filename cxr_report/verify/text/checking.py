"""A document in, every finding with its verdict out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from cxr_report.verify.text.characters import plain
from cxr_report.verify.text.document import Document, Grid, Passage
from cxr_report.verify.text.finding.prose import find
from cxr_report.verify.text.finding.rows import find_rows
from cxr_report.verify.text.finding.surroundings import Surroundings, survey, with_note
from cxr_report.verify.text.grading import described, grade
from cxr_report.verify.text.statements import GRADES, Finding, Grade

__all__ = ["Checked", "check"]

CAPTION, NOTE = 600, 1_500
"""Chosen: characters before and after a table that are about it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A document, and what was found in it."""

    document: Document
    findings: tuple[Finding, ...]
    """In the order of the document."""
    alpha: float
    """The level that decisions were taken at."""

    @property
    def counts(self) -> dict[Grade, int]:
        """How many findings have each grade, in the order of `GRADES`."""
        counted = Counter(finding.verdict.grade for finding in self.findings)
        return {grade: counted[grade] for grade in GRADES}

    @property
    def clean(self) -> bool:
        """Whether nothing is inconsistent."""
        return not (self.counts["inconsistent"] or self.counts["changes the decision"])


def check(document: Document) -> Checked:
    """Find and recompute every statement of a document.

    Example:
        >>> checked = check(Document("x", "text", (Passage("It was t(28) = 2.20, p = .06."),)))
        >>> checked.findings[0].verdict.grade, checked.clean
        ('changes the decision', False)
    """
    around = survey(plain(part.text).text for part in _texts(document))
    findings: list[Finding] = []
    for place, part in enumerate(document.parts):
        if isinstance(part, Passage):
            findings += _passage(part, place, around)
        else:
            caption, note = _neighbours(document, place)
            grid = replace(part, caption=f"{caption} {part.caption}".strip(), note=f"{note} {part.note}".strip())
            findings += _grid(grid, place, around)
    return Checked(document, tuple(findings), around.alpha)


def _texts(document: Document) -> list[Passage]:
    return [part for part in document.parts if isinstance(part, Passage)]


def _passage(passage: Passage, place: int, around: Surroundings) -> list[Finding]:
    shown = plain(passage.text)
    findings = []
    for found in find(shown.text, around):
        start, end = shown.original(found.start, _closed(shown.text, found.start, found.end))
        printed = " ".join(passage.text[start:end].split())
        kind, verdict = described(found.statement), grade(found.statement)
        findings.append(Finding(passage.place(start), printed, kind, verdict, place, ((-1, -1, start, end),)))
    return findings


def _closed(text: str, start: int, end: int) -> int:
    """Return the end of a span, with the bracket that it opens and that ends right after it."""
    piece = text[start:end]
    opened = sum(piece.count(letter) for letter in "([") - sum(piece.count(letter) for letter in ")]")
    return end + 1 if opened > 0 and text[end : end + 1] in (")", "]") else end


def _grid(grid: Grid, place: int, around: Surroundings) -> list[Finding]:
    around = with_note(around, plain(f"{grid.caption} {grid.note}").text)
    findings = []
    for placed in find_rows(grid, around):
        row, column = placed.cells[0][:2]
        printed = _printed(grid, placed.cells)
        kind, verdict = described(placed.statement), grade(placed.statement)
        findings.append(Finding(grid.place(row, column), printed, kind, verdict, place, placed.cells))
    return findings


def _printed(grid: Grid, cells: tuple[tuple[int, int, int, int], ...]) -> str:
    """Write the cells with the last words of their headers."""
    if len(cells) == 1 and cells[0][2:] != (0, len(grid.rows[cells[0][0]][cells[0][1]])):
        row, column, start, end = cells[0]
        return grid.rows[row][column][start:end]
    heads = [grid.rows[grid.heads - 1][column] if grid.heads else "" for _, column, _, _ in cells]
    texts = [grid.rows[row][column] for row, column, _, _ in cells]
    shown = [" ".join(f"{head} {text}".split()) for head, text in zip(heads, texts, strict=True)]
    label = grid.rows[cells[0][0]][0]
    return f"{label}: {', '.join(shown)}" if label and cells[0][1] else ", ".join(shown)


def _neighbours(document: Document, place: int) -> tuple[str, str]:
    """Return the text right before a table and the text below it, up to the next table."""
    before = document.parts[place - 1] if place else None
    caption = before.text[-CAPTION:] if isinstance(before, Passage) else ""
    note = ""
    for part in document.parts[place + 1 : place + 5]:
        if not isinstance(part, Passage) or len(note) > NOTE:
            break
        note += f" {part.text[:NOTE]}"
    return caption, note.strip()
