"""Planted tables in every form that can be read: each statement of each row gets its grade."""

from __future__ import annotations

import importlib
from pathlib import Path

import matplotlib
import pytest
import weasyprint

from cxr_report.verify.text import Grade, check, read_bytes

forms = importlib.import_module("checked_forms")
SIGNS: dict[Grade, str] = {
    "consistent": "+",
    "inconsistent": "-",
    "changes the decision": "!",
    "cannot be checked": "?",
}
TABLES = forms.planted_tables()


def signs(data: bytes, suffix: str) -> str:
    findings = check(read_bytes(data, "x", suffix)).findings
    return " ".join(SIGNS[finding.verdict.grade] for finding in findings)


@pytest.mark.parametrize("form", forms.FORMS)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.caption)
def test_a_planted_table_gets_its_grades_in_every_form(table, form: str) -> None:  # type: ignore[no-untyped-def]
    assert signs(forms.FORMS[form](table), f".{form}") == table.expected


def test_every_table_of_a_pdf_gets_its_grades() -> None:
    """One PDF with a table on each page, set by WeasyPrint in a font that comes with matplotlib (without Hangul)."""
    tables = [table for table in TABLES if table.caption.isascii() or "표" not in table.caption]
    bodies = [forms.html(table).decode().partition("<body>")[2].partition("</body>")[0] for table in tables]
    pages = "".join(f"<div style='page-break-after: always'>{body}</div>" for body in bodies)
    font = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf").as_uri()
    style = (
        f"@font-face {{ font-family: Tested; src: url({font}) }} body {{ font-family: Tested; font-size: 9pt }} "
        "table { border-spacing: 14pt 3pt } th, td { text-align: left; white-space: nowrap; font-weight: normal }"
    )
    data = weasyprint.HTML(string=f"<html><head><style>{style}</style></head><body>{pages}</body></html>").write_pdf()
    checked = check(read_bytes(data, "x", ".pdf"))
    found = {
        page: " ".join(SIGNS[finding.verdict.grade] for finding in checked.findings if finding.place.page == page)
        for page in range(1, len(tables) + 1)
    }
    assert found == {page: table.expected for page, table in enumerate(tables, start=1)}
