"""A verification in, the lines by which a workflow on GitHub marks files out."""

from __future__ import annotations

from pathlib import Path

from cxr_report.verify.study.difference import Difference, Verified
from cxr_report.verify.study.writing.table import answer

__all__ = ["github_lines"]


def github_lines(found: Verified, folder: Path) -> str:
    r"""Write a line per difference (an error) and per last digit (a warning), the answer last.

    Args:
        found: what was found.
        folder: of the study, as the workflow names it.

    Example:
        >>> github_lines(Verified("runs/x", "folder", "1.0", (), ()), Path("runs/x"))
        '::notice title=cxr-report verify::runs/x agrees: 0 things checked, nothing differs'
    """
    lines = [_line("error", each, folder) for each in found.differences]
    lines += [_line("warning", each, folder) for each in found.notices]
    return "\n".join([*lines, f"::notice title=cxr-report verify::{_escaped(answer(found))}"])


def _line(kind: str, each: Difference, folder: Path) -> str:
    file = _property((folder / each.file).as_posix())
    return f"::{kind} file={file},title=cxr-report verify::{_escaped(each.line())}"


def _escaped(text: str) -> str:
    """Write a message so that no part of it is read as a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
