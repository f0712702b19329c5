"""A file or a text in, the cells of its one table with their line numbers out: CSV or Markdown, bounded in size."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cxr_report.errors import Refusal, refuse_irregular, unprintable

__all__ = ["TYPED", "Grid", "Row", "parse", "read"]

LARGEST = 1_000_000
"""Chosen: bytes of a table; no table in print has as many, and of a larger file no more than this is read."""

MOST = 500
"""Chosen: rows of a table; pairs of methods grow with its square."""

LONGEST_CELL = 300
"""Chosen: characters of a cell; no name and no number in print needs more, and a message shows the cell."""

WIDEST = 60
"""Chosen: columns of a table."""

TYPED = "-"
"""Stands for a table that is typed in, or comes through a pipe."""

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_RULE = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    line: int
    """Where it stands, from 1."""
    cells: tuple[str, ...]
    """Without blanks around them; as many as the header has."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One table."""

    name: str
    """Of the file, for messages."""
    header: Row
    rows: tuple[Row, ...]
    layout: str
    """How the cells are separated, in words."""

    def at(self, line: int, column: str = "") -> str:
        """Say where a cell or a row stands, as the beginning of a message."""
        return f"{self.name}: line {line}" + (f", column {column}" if column else "")


def read(source: str | Path) -> Grid:
    """Read the table of a file, or of standard input where the name is ``-``.

    Raises:
        Refusal: there is no such file, it is too large, or it holds no table.
    """
    if str(source) == TYPED:
        data = sys.stdin.buffer.read(LARGEST + 1)
        return parse(_text(data, "standard input"), "standard input")
    file = Path(source)
    if unprintable(str(file)):
        raise Refusal(f"{str(file)!r}: the name holds characters that cannot be shown; allowed: a name in UTF-8")
    refuse_irregular(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise Refusal(
            f"{file}: there is no such file; allowed: a table as CSV or Markdown, or - to type it in"
        ) from None
    return parse(_text(data, str(file)), str(file))


def _text(data: bytes, name: str) -> str:
    if len(data) > LARGEST:
        raise Refusal(f"{name}: is larger than {LARGEST:,} bytes; allowed: one table as it stands in a paper")
    if b"\0" in data:
        raise Refusal(f"{name}: holds bytes that are no text; allowed: a table as CSV or Markdown in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Refusal(f"{name}: line {line}: holds bytes that are no UTF-8; allowed: UTF-8") from None


def parse(text: str, name: str) -> Grid:
    r"""Find the table in a text: the first Markdown table if there is one, CSV otherwise.

    Args:
        text: of the file.
        name: of the file, for messages.

    Raises:
        Refusal: it holds no table.

    Example:
        >>> parse("method;accuracy\nA;91,2\n", "t.csv").rows
        (Row(line=2, cells=('A', '91,2')),)
    """
    lines = re.split(r"\r\n|\n|\r", text)
    head = _markdown_head(lines)
    grid = _csv(text, name) if head is None else _markdown(lines, head, name)
    if not grid.rows:
        raise Refusal(f"{name}: holds a header and no row; allowed: one row per value, or one row per method")
    if len(grid.rows) > MOST:
        raise Refusal(f"{name}: has {len(grid.rows)} rows; allowed: {MOST}")
    _check_header(grid)
    for row in (grid.header, *grid.rows):
        _check_cells(grid, row)
    return grid


def _markdown_head(lines: Sequence[str]) -> int | None:
    for place, (line, rule) in enumerate(pairwise(lines)):
        if "|" in line and "|" in rule and _RULE.fullmatch(rule) and len(rule) < 10_000:
            return place
    return None


def _markdown(lines: Sequence[str], head: int, name: str) -> Grid:
    header = Row(head + 1, _split(lines[head]))
    rows = []
    for place in range(head + 2, len(lines)):
        if "|" not in lines[place]:
            break
        rows.append(_fitting(Row(place + 1, _split(lines[place])), header, name))
    return Grid(name, header, tuple(row for row in rows if any(row.cells)), "a Markdown table")


def _split(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return tuple(cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner))


def _csv(text: str, name: str) -> Grid:
    first = next((line for line in re.split(r"[\r\n]+", text) if line.strip()), "")
    if not first.strip(" \t;,"):
        raise Refusal(f"{name}: is empty; allowed: a table as CSV or Markdown")
    separator = max(_SEPARATORS, key=first.count)
    if not first.count(separator):
        raise Refusal(
            f"{name}: line 1: {first[:60]!r} is no header of a table; allowed: columns separated by commas, semicolons "
            "or tabs, or a Markdown table"
        )
    rows, line = [], 1
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        for cells in reader:
            line = reader.line_num
            rows.append(Row(line, tuple(cell.strip() for cell in cells)))
    except csv.Error as error:
        raise Refusal(
            f"{name}: line {line + 1}: cannot be read as CSV ({error}); allowed: cells in quotes closed"
        ) from None
    filled = [row for row in rows if any(row.cells)]
    if not filled:
        raise Refusal(f"{name}: is empty; allowed: a table as CSV or Markdown")
    header = filled[0]
    body = tuple(_fitting(row, header, name) for row in filled[1:])
    return Grid(name, header, body, f"cells separated by {_SEPARATORS[separator]}")


def _fitting(row: Row, header: Row, name: str) -> Row:
    surplus = row.cells[len(header.cells) :]
    if len(row.cells) < len(header.cells) or any(surplus):
        raise Refusal(
            f"{name}: line {row.line}: has {len(row.cells)} cells, the header has {len(header.cells)}; allowed: as "
            "many as the header, empty ones where nothing is printed"
        )
    return Row(row.line, row.cells[: len(header.cells)])


def _check_header(grid: Grid) -> None:
    names = grid.header.cells
    if len(names) > WIDEST:
        raise Refusal(f"{grid.at(grid.header.line)}: has {len(names)} columns; allowed: {WIDEST}")
    for place, name in enumerate(names):
        if not name:
            raise Refusal(
                f"{grid.at(grid.header.line)}: column {place + 1} has no name; allowed: a name for every column"
            )
        if name in names[:place]:
            raise Refusal(f"{grid.at(grid.header.line)}: two columns are named {name!r}; allowed: names that differ")


def _check_cells(grid: Grid, row: Row) -> None:
    for place, cell in enumerate(row.cells):
        where = grid.at(row.line, f"{place + 1}")
        if len(cell) > LONGEST_CELL:
            raise Refusal(f"{where}: has {len(cell)} characters; allowed: {LONGEST_CELL} in a cell")
        if unprintable(cell):
            raise Refusal(
                f"{where}: {cell!r} holds the character {unprintable(cell)}; allowed: characters that can be shown"
            )
