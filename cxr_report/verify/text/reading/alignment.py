"""Pieces of text with their positions on a page in, the tables that they form out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cxr_report.verify.text.document import Grid
from cxr_report.verify.text.reading.layout import grid, header_rows

__all__ = ["Piece", "tables"]

PROSE = 90
"""Chosen: a piece with so many characters is a line of a paragraph and no cell."""

NEAR = 2.4
"""Chosen: rows of a table lie within so many heights of a line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A cell, or a line of text; lengths in points, y from the bottom of the page."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    order: int
    """Number of its line on the page."""

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return (self.bottom + self.top) / 2


def tables(pieces: Sequence[Piece], *, page: int, before: int, last: Grid | None = None) -> tuple[list[Grid], set[int]]:
    """Find the tables of a page.

    Pieces at one height form a row; rows of three and more short pieces that follow each other form a table, with the
    rows of fewer pieces between them, and rows of two above it. Columns are what the pieces of its full rows cover.
    Headers of several columns stand in each of them. A table without a header that has as many columns as the one
    before it goes on from it and takes its header.

    Args:
        pieces: of the whole page, paragraphs left out.
        page: its number.
        before: tables on the pages before.
        last: the last of them.

    Returns:
        The grids, and the numbers of the lines in them.
    """
    grids: list[Grid] = []
    inside: set[int] = set()
    for block in _blocks(_rows([piece for piece in pieces if len(piece.text) < PROSE])):
        columns = _columns(block)
        heads = header_rows([_laid(row, columns, header=False) for row in block])
        laid = [_laid(row, columns, header=place < heads) for place, row in enumerate(block)]
        if not heads and last and last.heads and len(last.rows[0]) == len(columns):
            laid, heads = [*map(list, last.rows[: last.heads]), *laid], last.heads
        lines = {piece.order for row in block for piece in row}
        found = grid(laid, number=before + len(grids) + 1, heads=heads, page=page, line=min(lines))
        if found:
            grids.append(found)
            inside |= lines
            last = found
    return grids, inside


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Group pieces by height, from the top; each row from the left."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda each: -each.middle):
        if rows and rows[-1][0].middle - piece.middle < 0.4 * (piece.top - piece.bottom):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def _blocks(rows: list[list[Piece]]) -> list[list[list[Piece]]]:
    """Part the rows of a page into tables."""
    blocks: list[list[list[Piece]]] = []
    held: list[list[Piece]] = []
    for row in [*rows, []]:
        near = held and row and held[-1][0].middle - row[0].middle < NEAR * (row[0].top - row[0].bottom)
        if held and not near:
            blocks.append(_trimmed(held))
            held = []
        if row:
            held.append(row)
    return [block for block in blocks if _is_table(block)]


def _is_table(block: list[list[Piece]]) -> bool:
    """Say whether rows are a table: two with three pieces, or three with two of which the second is a figure."""
    if sum(len(row) >= 3 for row in block) >= 2:
        return True
    pairs = [row for row in block if len(row) == 2]
    return len(pairs) >= 3 and 3 * sum(row[1].text[:1].isdigit() for row in pairs) >= 2 * len(pairs)


def _trimmed(block: list[list[Piece]]) -> list[list[Piece]]:
    """Leave out what stands below the last full row, and above the first but for headers of several columns."""
    full = min(3, max(len(row) for row in block))
    places = [place for place, row in enumerate(block) if len(row) >= full and full > 1]
    if not places:
        return []
    first = places[0]
    labels = block[first][0].right
    while first > 0 and (len(block[first - 1]) >= 2 or block[first - 1][0].left > labels):
        first -= 1
    return block[first : places[-1] + 1]


def _columns(block: list[list[Piece]]) -> list[tuple[float, float]]:
    """Return what the pieces of full rows cover, from the left; header cells over several columns do not join them."""
    most = max(len(row) for row in block)
    spans = sorted((piece.left, piece.right) for row in block if 2 * len(row) > most for piece in row)
    narrow = [span for span in spans if sum(_meet(span, other) for other in _narrowest(block, most)) <= 1]
    columns: list[tuple[float, float]] = []
    for left, right in narrow:
        if columns and left <= columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _narrowest(block: list[list[Piece]], most: int) -> list[tuple[float, float]]:
    """Return the spans of the row with the most pieces that is furthest down: a row of figures."""
    row = [row for row in block if len(row) == most][-1]
    return [(piece.left, piece.right) for piece in row]


def _meet(span: tuple[float, float], other: tuple[float, float]) -> bool:
    return span[0] < other[1] and other[0] < span[1]


def _laid(row: list[Piece], columns: list[tuple[float, float]], *, header: bool) -> list[str]:
    """Put the pieces of a row into the columns; in a header a piece fills all that it covers."""
    cells = [""] * len(columns)
    for piece in row:
        span = (piece.left, piece.right)
        covered = [place for place, column in enumerate(columns) if _meet(span, column)] or [_nearest(span, columns)]
        for place in covered if header else covered[:1]:
            cells[place] = f"{cells[place]} {piece.text}".strip()
    return cells


def _nearest(span: tuple[float, float], columns: list[tuple[float, float]]) -> int:
    middle = sum(span) / 2
    return min(range(len(columns)), key=lambda place: abs(sum(columns[place]) / 2 - middle))
