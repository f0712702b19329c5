"""Lines of text in, passages with their line numbers out; rows of cells in, grids with their headers out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cxr_report.verify.text.document import Grid, Passage

__all__ = ["CELL_LIMIT", "PASSAGE_LIMIT", "grid", "header_rows", "is_section", "passages"]

CELL_LIMIT = 100_000
"""Chosen: cells of one table; further rows are left out."""

PASSAGE_LIMIT = 20_000
"""Chosen: characters of a passage; a longer paragraph is parted at a line's end, or hard where it has none."""

_FIGURE = re.compile(r"[-+−–]?[<>≤≥]?\s*[-+−–]?(?:\d|[.,]\d)")


def passages(lines: Sequence[tuple[int, str]], *, page: int = 0, unit: str = "line") -> list[Passage]:
    r"""Join lines into passages; empty lines part them.

    Args:
        lines: number and text of each line, in order.
        page: from 1; 0 where there are no pages.
        unit: what the numbers count.

    Example:
        >>> [passage.text for passage in passages([(1, "One"), (2, "two"), (3, ""), (4, "three")])]
        ['One\ntwo', 'three']
    """
    found: list[Passage] = []
    held: list[tuple[int, str]] = []
    length = 0
    for number, text in [*((n, piece) for n, line in lines for piece in _pieces(line)), (0, "")]:
        if held and (not text.strip() or length + len(text) > PASSAGE_LIMIT):
            found.append(_passage(held, page, unit))
            held, length = [], 0
        if text.strip():
            held.append((number, text))
            length += len(text) + 1
    return found


def _pieces(line: str) -> list[str]:
    return [line[start : start + PASSAGE_LIMIT] for start in range(0, len(line), PASSAGE_LIMIT)] or [""]


def _passage(held: list[tuple[int, str]], page: int, unit: str) -> Passage:
    starts, offset = [], 0
    for _, text in held:
        starts.append(offset)
        offset += len(text) + 1
    return Passage("\n".join(text for _, text in held), page, tuple(starts), tuple(n for n, _ in held), unit)


def header_rows(rows: Sequence[Sequence[str]]) -> int:
    """Count the rows above the first one that holds figures in at least a third of its filled cells after the first.

    Example:
        >>> header_rows([["", "Test", "Test"], ["Loss", "t", "p"], ["a", "2.2", ".036"]])
        2
    """
    count = min(1, len(rows))
    for place, row in enumerate(rows):
        filled = [cell.strip() for cell in row[1:] if cell.strip()]
        figures = sum(bool(_FIGURE.match(cell)) and "%" not in cell[:6] for cell in filled)
        if filled and 3 * figures >= len(filled):
            count = place
            break
    while count > 1 and is_section(rows[count - 1]):
        count -= 1
    return count


def is_section(row: Sequence[str]) -> bool:
    """Say whether a row is the title of a section: one text over all columns, or in the first alone.

    Example:
        >>> is_section(["AUROC", "", ""]), is_section(["a", "0.9", ""])
        (True, False)
    """
    return bool(row[0].strip()) and (not any(cell.strip() for cell in row[1:]) or len(set(row)) == 1)


def grid(
    rows: Sequence[Sequence[str]], *, number: int, heads: int | None = None, page: int = 0, line: int = 0,
    caption: str = "", note: str = "", unit: str = "line",
) -> Grid | None:  # fmt: skip
    """Make a grid of rows that may differ in length; nothing where there are not two rows and two columns."""
    width = max((len(row) for row in rows), default=0)
    most = max(1, CELL_LIMIT // max(1, width))
    if len(rows) < 2 or width < 2:
        return None
    filled = tuple((*row, *[""] * (width - len(row))) for row in rows[:most])
    known = header_rows(filled) if heads is None else heads
    return Grid(filled, known, number, page, line, caption, note, unit)
