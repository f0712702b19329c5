"""A composed document in, the text files that stand beside the page out: figures, tables, listings, references."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cxr_report.report import bibtex, fonts, machine
from cxr_report.report.document import Document
from cxr_report.report.figures import standalone
from cxr_report.report.tables import to_csv, to_latex
from cxr_report.runs import ReportFolder

__all__ = ["beside"]


def beside(composed: Document, report: ReportFolder) -> Iterator[tuple[Path, str]]:
    """Yield each file and its text, those of the machine left out: their twins would differ where all else is equal.

    Args:
        composed: what is said.
        report: where the files lie or shall lie; nothing is read or written.
    """
    for picture in composed.figures.values():
        yield report.figure(picture.key), standalone(picture.svg, fonts.face_rules([picture.svg], fonts.FACES[:1]))
    for key, table in composed.tables.items():
        if key != machine.BLOCK:
            yield report.table(key, "csv"), to_csv(table)
            yield report.table(key, "tex"), to_latex(table)
    for table in composed.listings:
        yield report.table(table.key, "csv"), to_csv(table)
    yield report.references, bibtex.to_bibtex(composed.references)
