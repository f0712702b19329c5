"""What a reader makes of a file, and what is looked through: passages of text with their lines, tables as grids."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

__all__ = ["Document", "Grid", "Passage", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; 0 is "not known"."""

    page: int = 0
    """From 1."""
    line: int = 0
    """Line of the file or of the page, paragraph of a word processor's document; from 1."""
    table: int = 0
    """From 1, in the order of the document."""
    row: int = 0
    """From 1, headers included."""
    column: int = 0
    """From 1."""
    unit: str = "line"
    """What ``line`` counts: line or paragraph."""

    def __str__(self) -> str:
        words = ("page", self.page), (self.unit, self.line), ("table", self.table)
        cell = (("row", self.row), ("column", self.column)) if self.table else ()
        shown = [f"{word} {count}" for word, count in (*words, *cell) if count]
        return ", ".join(shown) or "beginning"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, or some lines that belong together."""

    text: str
    """As printed; lines end with a line feed."""
    page: int = 0
    starts: tuple[int, ...] = (0,)
    """Offsets in ``text`` at which lines begin, ascending, the first is 0."""
    lines: tuple[int, ...] = (0,)
    """The number of each of these lines."""
    unit: str = "line"

    def place(self, offset: int) -> Place:
        """Say where a character stands."""
        return Place(self.page, self.lines[max(0, bisect_right(self.starts, offset) - 1)], unit=self.unit)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: equally long rows of cells."""

    rows: tuple[tuple[str, ...], ...]
    """Text of each cell; a cell over several columns fills all of them in a header, else the first."""
    heads: int
    """How many of the first rows are headers."""
    number: int
    """From 1, in the order of the document."""
    page: int = 0
    line: int = 0
    caption: str = ""
    note: str = ""
    """What stands below it and is about it: legends of stars, degrees of freedom, names of adjustments."""
    unit: str = "line"

    def head(self, column: int) -> str:
        """Return the words above a column, from the top."""
        words: list[str] = []
        for row in self.rows[: self.heads]:
            if row[column] and row[column] not in words:
                words.append(row[column])
        return " ".join(words)

    def place(self, row: int, column: int) -> Place:
        """Say where a cell stands; row and column from 0."""
        return Place(self.page, self.line, self.number, row + 1, column + 1, self.unit)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read."""

    name: str
    kind: str
    """pdf, html, docx, tex or text."""
    parts: tuple[Passage | Grid, ...]
    """In the order of reading."""
    notes: tuple[str, ...] = ()
    """What the reader must tell: the encoding that was taken, pages without text."""
