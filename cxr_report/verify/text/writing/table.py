"""Findings in, a table of plain text and a last line of counts out."""

from __future__ import annotations

import unicodedata

from cxr_report.verify.text.checking import Checked
from cxr_report.verify.text.statements import Finding

__all__ = ["summary", "text_table"]

PRINTED, RECOMPUTED, REASON = 60, 44, 80
"""Chosen: widest columns; a longer text is cut, and the JSON and HTML hold it whole."""

HEADS = ("where", "as printed", "recomputed", "grade", "why")


def text_table(checked: Checked) -> str:
    """Write one line for each finding, in the order of the document.

    Example:
        >>> from cxr_report.verify.text.checking import check
        >>> from cxr_report.verify.text.document import Document, Passage
        >>> print(text_table(check(Document("x", "text", (Passage("Nothing."),)))))
        no statistic that is known was found in x (text)
    """
    if not checked.findings:
        return f"no statistic that is known was found in {checked.document.name} ({checked.document.kind})"
    rows = [HEADS, *(_row(finding) for finding in checked.findings)]
    widths = [max(_width(row[place]) for row in rows) for place in range(len(HEADS))]
    lines = ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", summary(checked)])


def summary(checked: Checked) -> str:
    """Say how many statements were found and how many have each grade."""
    document = checked.document
    counts = ", ".join(f"{count} {grade}" for grade, count in checked.counts.items())
    notes = "".join(f"; {note}" for note in document.notes)
    found = f"{len(checked.findings)} statements in {document.name} ({document.kind})"
    return f"{found}: {counts}; alpha {checked.alpha:g}{notes}"


def _row(finding: Finding) -> tuple[str, ...]:
    verdict = finding.verdict
    return (
        str(finding.place),
        _cut(finding.printed, PRINTED),
        _cut(verdict.recomputed, RECOMPUTED),
        verdict.grade,
        _cut(verdict.reason, REASON),
    )


def _cut(text: str, width: int) -> str:
    shown = "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Cs") else letter for letter in text)
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"


def _width(text: str) -> int:
    """Return the columns of a terminal that a text takes; Korean letters take two."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
