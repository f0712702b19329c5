"""Plain text in, passages and the tables drawn with bars, tabs or blanks out."""

from __future__ import annotations

import re

from cxr_report.verify.text.document import Grid, Passage
from cxr_report.verify.text.reading.layout import grid, passages

__all__ = ["read_plain"]

_RULE = re.compile(r"[\s|+:=_-]*")
_GAP, _WIDE = re.compile(r"\s{2,}"), re.compile(r"\s{4,}")
LONGEST_ROW = 2_000
"""Chosen: a longer line is no row of a table."""


def read_plain(text: str) -> tuple[Passage | Grid, ...]:
    r"""Read plain text, Markdown included.

    A table is at least two lines in a row with the same number of cells, two or more, parted by bars or tabs; or
    three lines with three or more cells parted by two blanks, or with two parted by four.

    Example:
        >>> parts = read_plain("| Loss | t | p |\n|---|---|---|\n| a | 2.2 | .04 |\n\nText.")
        >>> [type(part).__name__ for part in parts]
        ['Grid', 'Passage']
    """
    parts: list[Passage | Grid] = []
    prose: list[tuple[int, str]] = []
    lines = text.split("\n")
    place = tables = 0
    while place < len(lines):
        rows, after = _table(lines, place)
        found = grid(rows, number=tables + 1, line=place + 1) if rows else None
        if found:
            parts += [*passages(prose), found]
            prose, tables, place = [], tables + 1, after
        else:
            prose.append((place + 1, lines[place]))
            place += 1
    return (*parts, *passages(prose))


def _table(lines: list[str], start: int) -> tuple[list[list[str]], int]:
    """Return the rows of a table that begins at a line, and the line after it; no rows where none begins."""
    for cells, least, width in ((_barred, 2, 2), (_tabbed, 2, 2), (_spaced, 3, 3), (_far, 3, 2)):
        first = cells(lines[start])
        if len(first) < width:
            continue
        rows, place = [], start
        while place < len(lines) and (len(cells(lines[place])) == len(first) or _is_rule(lines[place])):
            if not _is_rule(lines[place]):
                rows.append(cells(lines[place]))
            place += 1
        if len(rows) >= least:
            return rows, place
    return [], start


def _is_rule(line: str) -> bool:
    return len(line) < LONGEST_ROW and bool(line.strip()) and bool(_RULE.fullmatch(line))


def _barred(line: str) -> list[str]:
    if "|" not in line or len(line) > LONGEST_ROW:
        return []
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _tabbed(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("\t")] if "\t" in line and len(line) <= LONGEST_ROW else []


def _spaced(line: str) -> list[str]:
    return _GAP.split(line.strip()) if len(line) <= LONGEST_ROW and "  " in line.strip() else []


def _far(line: str) -> list[str]:
    return _WIDE.split(line.strip()) if len(line) <= LONGEST_ROW and "    " in line.strip() else []
