"""A table's name and a folder in; text, JSON and the report of its audit out: what the command line does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cxr_report.verify.tables import Said, audit
from cxr_report.verify.tables.files import write
from cxr_report.verify.tables.grid import TYPED
from cxr_report.verify.tables.lines import to_text
from cxr_report.verify.tables.record import to_json

__all__ = ["Done", "folder_name", "run"]


@dataclass(frozen=True, slots=True)
class Done:
    """What an audit printed and wrote."""

    text: str
    json: str
    pdf: Path | None
    """None where no report was asked for."""
    impossible: bool
    """Whether something cannot have arisen as the table says."""


def folder_name(table: str) -> str:
    """Name the folder of a table's report.

    Example:
        >>> folder_name("papers/Table 2.csv"), folder_name("-")
        ('audit-Table-2', 'audit-typed')
    """
    stem = "typed" if table == TYPED else Path(table).stem
    return "audit-" + (re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:60] or "table")


def run(table: str, said: Said, folder: Path | None) -> Done:
    """Audit a table, and write its report where a folder is given.

    Raises:
        Refusal: the table is at fault, or the PDF cannot be set; nothing is written then.
    """
    found = audit(table, said)
    pdf = None if folder is None else write(found, folder)
    return Done(to_text(found), to_json(found), pdf, bool(found.impossible))
