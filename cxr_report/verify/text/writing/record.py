"""Findings in, a JSON document out."""

from __future__ import annotations

import json
from typing import Any

from cxr_report import __version__
from cxr_report.verify.text.checking import Checked
from cxr_report.verify.text.statements import Finding

__all__ = ["encode", "record"]


def record(checked: Checked) -> dict[str, Any]:
    """Return what was found as plain values.

    Example:
        >>> from cxr_report.verify.text.checking import check
        >>> from cxr_report.verify.text.document import Document, Passage
        >>> record(check(Document("x", "text", (Passage("Nothing."),))))["findings"]
        []
    """
    document = checked.document
    return {
        "program": f"cxr_report {__version__}",
        "file": document.name,
        "kind": document.kind,
        "notes": list(document.notes),
        "alpha": checked.alpha,
        "counts": dict(checked.counts),
        "clean": checked.clean,
        "findings": [_finding(finding) for finding in checked.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.place
    cell = {"table": place.table, "row": place.row, "column": place.column} if place.table else {}
    page = {"page": place.page} if place.page else {}
    return {
        "where": str(place),
        **page,
        **({place.unit: place.line} if place.line else {}),
        **cell,
        "kind": finding.kind,
        "printed": finding.printed,
        "recomputed": finding.verdict.recomputed,
        "grade": finding.verdict.grade,
        "reason": finding.verdict.reason,
    }


def encode(checked: Checked) -> bytes:
    """Write the record as UTF-8."""
    return (json.dumps(record(checked), ensure_ascii=False, indent=1) + "\n").encode("utf-8", errors="replace")
