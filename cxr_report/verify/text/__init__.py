"""A paper in; the statistics that it prints, recomputed and graded, out.

    reading -> finding -> grading (with recomputing) -> writing

What statcheck (Nuijten et al. 2016, doi 10.3758/s13428-015-0664-2) does for sentences in APA style, for the usual other
styles, for tables, for intervals, for shares and means of counted cases (GRIM, doi 10.1177/1948550616673876) as well.
"""

from __future__ import annotations

from cxr_report.verify.text.checking import Checked, check
from cxr_report.verify.text.document import Document
from cxr_report.verify.text.reading import read_bytes, read_document
from cxr_report.verify.text.statements import GRADES, Finding, Grade, Verdict
from cxr_report.verify.text.writing.marked import marked_page
from cxr_report.verify.text.writing.record import encode, record
from cxr_report.verify.text.writing.table import summary, text_table
from cxr_report.verify.text.writing.targets import refuse_target

__all__ = [
    "GRADES",
    "Checked",
    "Document",
    "Finding",
    "Grade",
    "Verdict",
    "check",
    "encode",
    "marked_page",
    "read_bytes",
    "read_document",
    "record",
    "refuse_target",
    "summary",
    "text_table",
]
