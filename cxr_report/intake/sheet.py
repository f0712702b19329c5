"""A CSV file in, its header and its rows with their line numbers out: comma or semicolon, decimal point or comma."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal, refuse_irregular, unprintable

__all__ = ["Batch", "Numerals", "Sheet", "open_sheet"]

BATCH = 20_000
"""Chosen: rows that are held as text at one time; a file of any length needs no more memory for its text."""

LONGEST_HEADER = 1_000_000
"""Chosen: characters of a first line; a file without line ends is no table and is not read into memory."""

LONGEST_CELL = 1_000
"""Chosen: characters of a cell; no name and no number needs more, and a message shows the cell."""

DELIMITERS: Mapping[str, str] = {",": "commas", ";": "semicolons"}
"""What may separate cells, and how it is called."""

DIGITS = 10
"""Of the largest seed, 2147483647."""

_WHOLE = re.compile(r"[0-9]+(?:\.0*)?")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, column by column."""

    lines: Sequence[int]
    """Line numbers in the file, from 1."""
    cells: Mapping[str, Sequence[str]]
    """Column -> text of each row, without blanks around it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table whose header was read; the rows are read when they are asked for."""

    file: Path
    columns: tuple[str, ...]
    delimiter: str

    def at(self, line: int, column: str = "") -> str:
        """Say where a cell or a row stands, as the beginning of a message."""
        return f"{self.file}: line {line}" + (f", column {column}" if column else "")

    def batches(self) -> Iterator[Batch]:
        """Read the rows; rows without any text are left out.

        Raises:
            Refusal: a row has more or fewer cells than the header, or the file is no such table.
        """
        rows = self._rows()
        while batch := list(islice(rows, BATCH)):
            columns = zip(*(row for _, row in batch), strict=True)
            cells = {
                name: [cell.strip() for cell in column] for name, column in zip(self.columns, columns, strict=True)
            }
            yield Batch([line for line, _ in batch], cells)

    def refuse_empty(self, batch: Batch, column: str) -> None:
        """Refuse a cell without text.

        Raises:
            Refusal: there is one; it is named.
        """
        cells = batch.cells[column]
        if "" in cells:
            raise Refusal(f"{self.at(batch.lines[cells.index('')], column)}: is empty; every row needs a {column}")

    def refuse_unprintable(self, batch: Batch, column: str) -> None:
        """Refuse a cell with a character that cannot be shown.

        Raises:
            Refusal: there is one; the character is named.
        """
        cells = batch.cells[column]
        if unprintable("".join(cells)):
            place = next(place for place, cell in enumerate(cells) if unprintable(cell))
            raise Refusal(
                f"{self.at(batch.lines[place], column)}: {cells[place]!r} holds the character "
                f"{unprintable(cells[place])}; allowed: characters that can be shown, on one line"
            )

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        line = 1
        try:
            with self.file.open(encoding="utf-8-sig", newline="") as stream:
                reader = csv.reader(stream, delimiter=self.delimiter, strict=True)
                next(reader)
                for row in reader:
                    line = reader.line_num
                    if not any(cell.strip() for cell in row):
                        continue
                    _refuse_long(row, self.at(line))
                    if len(row) != len(self.columns):
                        raise Refusal(
                            f"{self.at(line)}: has {len(row)} {'cell' if len(row) == 1 else 'cells'}, the header has "
                            f"{len(self.columns)} ({', '.join(self.columns)})"
                        )
                    yield line, row
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise Refusal(f"{self.at(line + 1)}: cannot be read as a CSV table in UTF-8 ({error})") from None


def open_sheet(file: Path, *, expected: Sequence[str]) -> Sheet:
    """Read the header of a table.

    Args:
        file: CSV in UTF-8, with or without a byte order mark.
        expected: columns by which the separator of the cells is told.

    Raises:
        Refusal: there is no such file, it is no CSV in UTF-8, it is empty, or two columns have one name.
    """
    if unprintable(file.name):
        raise Refusal(
            f"{str(file)!r}: the file's name holds bytes or characters that cannot be shown; allowed: a name in UTF-8 "
            "without control characters"
        )
    try:
        refuse_irregular(file)
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline(LONGEST_HEADER)
    except FileNotFoundError:
        raise Refusal(f"{file}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{file}: cannot be read as a CSV table in UTF-8 ({error})") from None
    heads = _headers(first, file)
    delimiter = max(heads, key=lambda each: (len(set(expected) & set(heads[each])), len(heads[each])))
    columns = heads[delimiter]
    if not any(columns):
        raise Refusal(f"{file}: line 1: is empty; the first line names the columns")
    if len(columns) == 1 and "\t" in first:
        raise Refusal(f"{file}: line 1: cells are separated by tabs; allowed: commas, or semicolons")
    for place, name in enumerate(columns):
        if unprintable(name):
            raise Refusal(
                f"{file}: line 1: the name of column {place + 1}, {name!r}, holds the character {unprintable(name)}; "
                "allowed: characters that can be shown, on one line"
            )
        if not name:
            raise Refusal(f"{file}: line 1: column {place + 1} has no name")
        if name in columns[:place]:
            raise Refusal(f"{file}: line 1: two columns are named {name!r}")
    return Sheet(file, columns, delimiter)


def _headers(line: str, file: Path) -> dict[str, tuple[str, ...]]:
    """Return the cells of the first line for every separator that it can be read with."""
    if line.count('"') % 2:
        raise Refusal(
            f"{file}: line 1: a quotation mark is opened and not closed; allowed: names of columns, on one line"
        )
    found, fault = {}, ""
    for delimiter in DELIMITERS:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
            found[delimiter] = tuple(cell.strip() for cell in cells)
        except csv.Error as error:
            fault = str(error)
    if not found:
        raise Refusal(f"{file}: line 1: cannot be read as the header of a CSV table ({fault})")
    _refuse_long(max(found.values(), key=len), f"{file}: line 1")
    return found


def _refuse_long(cells: Sequence[str], where: str) -> None:
    if cells and max(map(len, cells)) > LONGEST_CELL:
        place = next(place for place, cell in enumerate(cells) if len(cell) > LONGEST_CELL)
        raise Refusal(
            f"{where}: cell {place + 1} has {len(cells[place])} characters; allowed: {LONGEST_CELL} in a cell"
        )


@dataclass(slots=True)
class Numerals:
    """Text of cells in, numbers out; one decimal sign for the whole table."""

    sheet: Sheet
    decimal: str = ""
    """``.`` or ``,``, once a number with one was met."""
    _whole: dict[str, int] = field(default_factory=dict)

    def reals(self, batch: Batch, column: str) -> NDArray[np.float64]:
        """Read finite numbers, ``(n,)``.

        Raises:
            Refusal: a cell is no finite number, or has another decimal sign than the cells before it.
        """
        cells = self._pointed(batch, column)
        try:
            values = np.array([float(cell) for cell in cells], dtype=np.float64)
        except ValueError:
            raise self._no_number(batch, column, cells) from None
        if not np.isfinite(values).all() or "_" in "".join(cells):
            raise self._no_number(batch, column, cells)
        return values

    def wholes(self, batch: Batch, column: str) -> NDArray[np.int64]:
        """Read whole numbers from 0, ``(n,)``.

        Raises:
            Refusal: a cell is none.
        """
        cells = batch.cells[column]
        for text in set(cells) - self._whole.keys():
            digits = text.partition(".")[0].lstrip("0") or "0"
            if not (_WHOLE.fullmatch(text) and text.isascii() and len(digits) <= DIGITS and int(digits) < 2**31):
                line = batch.lines[cells.index(text)]
                raise Refusal(f"{self.sheet.at(line, column)}: {text!r} is no whole number in 0 to 2147483647")
            self._whole[text] = int(digits)
        return np.array([self._whole[text] for text in cells], dtype=np.int64)

    def _pointed(self, batch: Batch, column: str) -> Sequence[str]:
        """Write every decimal sign as a point, and hold it against those met before."""
        cells = batch.cells[column]
        text = "".join(cells)
        for sign in (",", "."):
            if sign in text and sign != self.decimal:
                if self.decimal or (sign == "," and "." in text):
                    raise self._mixed(batch, column)
                self.decimal = sign
        return [cell.replace(",", ".") for cell in cells] if self.decimal == "," else cells

    def _mixed(self, batch: Batch, column: str) -> Refusal:
        before = self.decimal
        for line, cell in zip(batch.lines, batch.cells[column], strict=True):
            found = [sign for sign in (",", ".") if sign in cell]
            if len(found) == 2:
                return Refusal(
                    f"{self.sheet.at(line, column)}: {cell!r} is no number; allowed: one decimal sign and none "
                    "between thousands"
                )
            if found and before and found[0] != before:
                named = {",": "comma", ".": "point"}
                return Refusal(
                    f"{self.sheet.at(line, column)}: {cell!r} has a decimal {named[found[0]]}, while numbers before it "
                    f"have a decimal {named[before]}; allowed: one of the two in the whole table"
                )
            before = before or (found[0] if found else "")
        return Refusal(f"{self.sheet.file}: column {column}: two decimal signs are in use; allowed: one of the two")

    def _no_number(self, batch: Batch, column: str, cells: Sequence[str]) -> Refusal:
        for line, cell, shown in zip(batch.lines, cells, batch.cells[column], strict=True):
            where = self.sheet.at(line, column)
            if not cell:
                return Refusal(f"{where}: is empty; a number is needed")
            try:
                value = float(cell)
            except ValueError:
                value = math.nan
            if "_" in cell or not math.isfinite(value):
                kind = "not a finite number" if cell.lower().strip("+-") in NOT_FINITE else "no number"
                return Refusal(f"{where}: {shown!r} is {kind}; a finite number is needed")
        raise ValueError("every cell is a number")


NOT_FINITE = ("nan", "inf", "infinity")
"""What Python reads as a float that is no finite number."""
