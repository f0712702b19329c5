"""A study's folder, or a report's PDF or page, in; everything recomputed and what differs out.

    source -> links, plans -> recomputing -> values, second -> composing -> contents, pages, twins, portable -> writing

The corridor of the house walked backwards, without torch and onnxruntime.
"""

from __future__ import annotations

from cxr_report.verify.study.difference import Difference, Step, Verified
from cxr_report.verify.study.recomputing import Memory
from cxr_report.verify.study.verifying import OUT_OF_REACH, verify
from cxr_report.verify.study.writing.asked import refuse_options
from cxr_report.verify.study.writing.github import github_lines
from cxr_report.verify.study.writing.page import page
from cxr_report.verify.study.writing.record import encode
from cxr_report.verify.study.writing.table import text_table

__all__ = [
    "OUT_OF_REACH",
    "Difference",
    "Memory",
    "Step",
    "Verified",
    "encode",
    "github_lines",
    "page",
    "refuse_options",
    "text_table",
    "verify",
]
