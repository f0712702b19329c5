"""One table as a value, and its cells: what is printed and what is meant, side by side."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cxr_report.report import numerals

__all__ = ["LOW_HIGH", "Body", "Cell", "Column", "Table", "interval", "number", "of", "plain"]

Scalar = float | int | str | None

SHORT = (8, 15)
"""Chosen: rows up to which a table never breaks, and up to which one of one or two bodies does not."""

LOW_HIGH = ("low", "high")
"""The parts of an interval."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    """Head in the CSV."""
    title: str
    """Head in print."""
    kind: Literal["text", "number"] = "number"
    """``text`` stands left, numbers right (all with the same decimals, so that decimal points line up)."""
    group: str = ""
    """Head above neighbouring columns of the same group; empty = none."""
    parts: tuple[str, ...] = ()
    """What a cell of several numbers holds, such as ``low`` and ``high``: one column of the CSV each."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    text: str
    """As printed."""
    values: tuple[Scalar, ...]
    """Full precision, one per part of the column."""
    key: str = ""
    """Place in statistics.json, parts joined by dots; empty where the cell is no number of the analysis."""
    strong: bool = False
    markup: str = ""
    """HTML to stand in place of the text, such as a formula; made by the program, never a user's text."""
    latex: str = ""
    """LaTeX to stand in place of the text."""


@dataclass(frozen=True, slots=True)
class Body:
    """Rows that belong together and stay on one page where they fit."""

    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    """Line above the rows; a column of its own in the CSV."""
    apart: bool = False
    """Whether the rows are of another kind than those above (controls) and are visibly set apart."""


@dataclass(frozen=True, slots=True)
class Table:
    """One numbered table."""

    key: str
    """File name and anchor."""
    number: str
    """As in ``Table 3``; set when the document is put together."""
    title: str
    """Caption: what the table shows."""
    n: str
    """What was counted, such as ``224 test cases, 5 seeds``; closes the caption."""
    columns: tuple[Column, ...]
    bodies: tuple[Body, ...]
    notes: tuple[str, ...] = ()
    bodies_title: str = ""
    """Head of the CSV column that holds the titles of the bodies; empty where they have none."""
    dense: bool = False
    """Whether it is set smaller, for tables of many columns."""

    def __post_init__(self) -> None:
        """Refuse a row that does not fit the columns."""
        for body in self.bodies:
            for row in body.rows:
                if len(row) != len(self.columns):
                    raise ValueError(f"table {self.key}: a row has {len(row)} cells, {len(self.columns)} are needed")

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(len(body.rows) for body in self.bodies)

    @property
    def short(self) -> bool:
        """Whether it stays on one page; one of several bodies may break between them."""
        return self.rows <= SHORT[0] or (self.rows <= SHORT[1] and len(self.bodies) <= 2)

    @property
    def grouped(self) -> bool:
        """Whether a second line of heads is needed."""
        return any(column.group for column in self.columns)

    def head(self) -> list[tuple[str, int]]:
        """Return the upper line of heads: title and how many columns it spans."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and column.group and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans


def plain(text: str) -> Cell:
    """Make a cell of text."""
    return Cell(text, (text,))


def of(number_: int, key: str = "") -> Cell:
    """Make a cell of a count."""
    return Cell(numerals.count(number_), (number_,), key)


def number(value: float, key: str = "", *, by: Callable[[float], str] = numerals.value, strong: bool = False) -> Cell:
    """Make a cell of a real number, written by one of the functions of `numerals`."""
    return Cell(by(value), (value,), key, strong=strong and not math.isnan(value))


def interval(low: float, high: float, key: str = "", *, decimals: int = 3) -> Cell:
    """Make a cell of an interval; ``key`` is the place of what has it."""
    return Cell(numerals.interval(low, high, decimals), (low, high), key)
