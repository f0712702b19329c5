"""The raw and adjusted p columns of a table in, each adjusted p with its family out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cxr_report.verify.text.characters import plain
from cxr_report.verify.text.document import Grid
from cxr_report.verify.text.finding.cells import cell_p
from cxr_report.verify.text.finding.columns import Column
from cxr_report.verify.text.finding.surroundings import Surroundings
from cxr_report.verify.text.numbers import Reported
from cxr_report.verify.text.reading.layout import is_section
from cxr_report.verify.text.statements import Adjusted, Method

__all__ = ["adjusted_rows"]

_METHODS: tuple[tuple[Method, re.Pattern[str]], ...] = (
    ("holm", re.compile(r"(?i:holm)")),
    ("hochberg", re.compile(r"(?i:(?<!benjamini-)(?<!benjamini and )(?<!benjamini & )hochberg)")),
    ("bh", re.compile(r"(?i:benjamini|\bBH\b|\bFDR\b|false discovery)")),
    ("bonferroni", re.compile(r"(?i:bonferroni)")),
)
_FAMILY = re.compile(
    r"(?i:over|for|across|of)(?: all)?(?: the)? (?P<count>\d{1,4}) (?:planned )?(?:comparisons|tests|pairs|hypotheses)"
)
_ADJUSTMENT = re.compile(r"(?i:p ?adj\.?:|adjust|correct)")

Row = tuple[int, Reported, Reported]
"""Row of the table, raw p, adjusted p."""
Cells = tuple[tuple[int, int, int, int], ...]


def adjusted_rows(grid: Grid, columns: Sequence[Column], around: Surroundings) -> list[tuple[Adjusted, Cells]]:
    """Hold every adjusted p column against the raw one before it.

    The family is all rows, or those of a section of the table, where the notes name a number of comparisons that is
    the number of rows; else its size is 0: not known.

    Example:
        >>> from cxr_report.verify.text.finding.columns import columns_of
        >>> table = Grid((("Loss", "p", "p adj. (Holm)"), ("a", ".01", ".02"), ("b", ".04", ".04")), 1, 1)
        >>> [each.method for each, _ in adjusted_rows(table, columns_of(table), Surroundings())]
        ['holm', 'holm']
    """
    found: list[tuple[Adjusted, Cells]] = []
    for place, column in enumerate(columns):
        raw = next((other for other in range(place - 1, -1, -1) if columns[other].role == "p"), None)
        if column.role != "adjusted" or raw is None:
            continue
        about = plain(f"{column.text} {grid.caption} {grid.note}").text
        method, count = _method(column.text, about), _FAMILY.search(about)
        sections = _sections(grid, raw, place, around.alpha)
        size = int(count["count"]) if count else 0
        for family, whole in _families(sections, size):
            values = tuple(each[1] for each in family)
            for rank, (row, _, p) in enumerate(family):
                statement = Adjusted(values, rank, p, method, len(family) if whole else 0)
                cells = tuple((row, at, 0, len(grid.rows[row][at])) for at in (raw, place))
                found.append((statement, cells))
    return found


def _method(header: str, about: str) -> Method | None:
    """Return the adjustment that the header names, else the only one that the notes name."""
    shown = plain(header).text
    named = [name for name, pattern in _METHODS if pattern.search(shown)]
    if named:
        return named[0]
    sentences = [piece for piece in re.split(r"[.;] ", about) if _ADJUSTMENT.search(piece)]
    named = [name for name, pattern in _METHODS if any(pattern.search(piece) for piece in sentences[:1] or [about])]
    return named[0] if len(named) == 1 else None


def _sections(grid: Grid, raw: int, place: int, alpha: float) -> list[list[Row]]:
    """Return the rows with both p values, section by section."""
    sections: list[list[Row]] = [[]]
    for row in range(grid.heads, len(grid.rows)):
        cells = grid.rows[row]
        if is_section(cells):
            sections.append([])
            continue
        first, second = cell_p(cells[raw], alpha), cell_p(cells[place], alpha)
        if first and second:
            sections[-1].append((row, first, second))
    return [section for section in sections if section]


def _families(sections: list[list[Row]], size: int) -> list[tuple[list[Row], bool]]:
    """Return the families, and whether each is known to be whole."""
    every = [row for section in sections for row in section]
    if size and size == len(every):
        return [(every, True)]
    if size and all(len(section) == size for section in sections):
        return [(section, True) for section in sections]
    return [(section, False) for section in sections]
