"""One cell of a table in: its number, its standard deviation and whether it is set in bold, out."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Cell", "flagged", "plain", "read_cell"]

NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "nan", "n.a.", "n.r.", "nr", "none", "/"})
"""What stands where nothing is printed."""

_YES = frozenset({"yes", "y", "true", "1", "x", "bold", "winner", "best", "*", "✓"})
_NO = frozenset({"no", "n", "false", "0", *NOTHING})

_BOLD = re.compile(r"\*\*(.+)\*\*|__(.+)__|<b>(.+)</b>|<strong>(.+)</strong>|\\textbf\{(.+)\}|\\mathbf\{(.+)\}")
_SPREAD = re.compile(
    r"(?P<value>[^±(\[]+?)\s*(?:±\s*(?P<sd>[^±()\[\]]+)|\((?P<inner>[^()]*)\)|\[(?P<range>[^\[\]]*)\])"
)
_RANGE = re.compile(r".*\d\s*(?:-|–|—|to|,\s|;|\.\.)\s*\d.*")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell of a metric says."""

    value: str
    """Text of the number; empty where nothing is printed."""
    sd: str
    """Text of the standard deviation; empty where there is none."""
    bold: bool
    ranged: bool
    """Whether an interval stands beside the value, which is not read."""


def plain(text: str) -> tuple[str, bool]:
    r"""Take the marks of bold print away, and say whether there were any.

    Example:
        >>> plain("**0.91** ± 0.02"), plain(r"\textbf{A}"), plain("A*")
        (('0.91 ± 0.02', True), ('A', True), ('A*', False))
    """
    bare = _BOLD.sub(lambda found: next(part for part in found.groups() if part is not None), text)
    return bare.strip(), bare != text


def read_cell(text: str) -> Cell:
    r"""Read ``0.91``, ``91.2 ± 0.3``, ``0.91 (0.02)``, each perhaps in bold; an interval beside it is left aside.

    Example:
        >>> read_cell("**91.2 ± 0.3**"), read_cell("0.91 (0.90-0.93)").ranged
        (Cell(value='91.2', sd='0.3', bold=True, ranged=False), True)
    """
    bare, bold = plain(text.replace("$", ""))
    bare = re.sub(r"\s*(\\pm|\+/-|\+-|&plusmn;)\s*", " ± ", bare).replace("\\%", "%").strip().rstrip("*†‡§").strip()
    if bare.casefold() in NOTHING:
        return Cell("", "", bold, False)
    found = _SPREAD.fullmatch(bare)
    if not found:
        return Cell(bare, "", bold, False)
    inner = found["sd"] or found["inner"] or found["range"] or ""
    ranged = found["range"] is not None or bool(found["inner"] and _RANGE.fullmatch(found["inner"]))
    return Cell(found["value"].strip(), "" if ranged else inner.strip(), bold, ranged)


def flagged(text: str) -> bool | None:
    """Read a flag; None where it is none.

    Example:
        >>> flagged("yes"), flagged(""), flagged("maybe")
        (True, False, None)
    """
    word = plain(text)[0].casefold()
    if word in _YES:
        return True
    return False if word in _NO else None
