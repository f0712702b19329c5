"""An audit and a folder in, the report's files out: HTML, PDF, JSON and CSV."""

from __future__ import annotations

from pathlib import Path

from cxr_report.runs import write_bytes, write_text
from cxr_report.verify.tables import Audit
from cxr_report.verify.tables.record import to_csv, to_json

__all__ = ["write"]


def write(found: Audit, folder: Path) -> Path:
    """Write the report; equal tables give equal bytes.

    Args:
        found: the audit.
        folder: where ``audit.html``, ``audit.pdf``, ``audit.json`` and ``audit.csv`` shall lie.

    Returns:
        audit.pdf.

    Raises:
        Refusal: Pango is missing; nothing is written then.
    """
    from cxr_report.report import audit as room
    from cxr_report.verify.tables.page import compose

    html = room.to_html(compose(found))
    pdf = room.to_pdf(html)
    write_text(folder / "audit.html", html)
    write_text(folder / "audit.json", to_json(found))
    write_text(folder / "audit.csv", to_csv(found, room.neutralise))
    write_bytes(folder / "audit.pdf", pdf)
    return folder / "audit.pdf"
