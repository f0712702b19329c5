"""One table as a value, and its cells: what is printed and what is meant, side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cxr_report.analysis.value import BOTH, CASES, SEEDS
from cxr_report.report import numerals
from cxr_report.report.language import ENGLISH, Speech

__all__ = [
    "LOW_HIGH",
    "Body",
    "Cell",
    "Chance",
    "Column",
    "Table",
    "interval",
    "number",
    "of",
    "plain",
    "spoken",
]

Scalar = float | int | str | None
Chance = Literal["", "seeds", "cases", "both"]
"""The source of chance that a number answers for; empty = none in particular."""

_CHANCE: Mapping[str, Chance] = {
    "joint": "both",
    "equivalences": "both",
    "pairs": "seeds",
    "seeds_equivalences": "seeds",
    "rankings": "seeds",
    "cases": "cases",
}
"""First part of a number's place in statistics.json -> what it answers for."""

_TARGETS: Mapping[str, Chance] = {BOTH: "both", SEEDS: "seeds", CASES: "cases"}

_COUNTED: Mapping[str, Chance] = {"seeds_and_cases": "both", "seeds": "seeds", "cases": "cases"}
"""Columns that count decisions are called by what these answer for."""

SHORT = (8, 15)
"""Chosen: rows up to which a table never breaks, and up to which one of one or two bodies does not."""

NARROW, GAP = 56, 2
"""Measured: characters of a dense table that fit into one of two columns, and what lies between its columns."""

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
    chance: Chance = ""
    """What a column of words answers for; that of numbers follows from their places."""

    @property
    def adjusted(self) -> Literal["", "raw", "adjusted"]:
        """Whether it holds p values or intervals as computed, or adjusted for the family; empty = neither."""
        if self.kind == "text" or self.name.split("_")[0] not in ("p", "interval", "simultaneous"):
            return ""
        return "adjusted" if self.name == "simultaneous" or self.name.endswith("_adjusted") else "raw"


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
    """Whether it is set in bold."""
    markup: str = ""
    """HTML to stand in place of the text, such as a formula; made by the program, never a user's text."""
    latex: str = ""
    """LaTeX to stand in place of the text."""

    @property
    def numbers(self) -> tuple[float | int | None, ...]:
        """The numbers in it at full precision, None where one is undefined; none where it is text."""
        found = [value for value in self.values if isinstance(value, float | int | None)]
        return tuple(found) if len(found) == len(self.values) and self.values != (None,) else ()


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

    def chance(self, place: int) -> Chance:
        """Return which source of chance a column answers for: that of all its numbers, where they agree."""
        column, keys = self.columns[place], self._places(place)
        if column.name == "verdict":  # it goes with the numbers that decide, which stand first
            numbers = [each for each in range(len(self.columns)) if self._places(each)]
            return self.chance(numbers[0]) if numbers else ""
        if column.chance or keys == {"multiverse"}:
            return column.chance or _COUNTED.get(column.name, "")
        found = {_CHANCE.get(key, "") for key in keys}
        return found.pop() if len(found) == 1 else ""

    def adjusted(self, place: int) -> Literal["", "raw", "adjusted"]:
        """Return the same as the column's own, but empty where the table holds nothing of the other kind."""
        own, form = self.columns[place].adjusted, _form(self.columns[place])
        alike = {column.adjusted for column in self.columns if column.adjusted and _form(column) == form}
        return own if len(alike) == 2 else ""

    @property
    def whole_chance(self) -> Chance:
        """Return the source of chance that all its columns of numbers answer for; empty where they differ."""
        found = {
            self.chance(place) for place, column in enumerate(self.columns) if column.chance or self._places(place)
        }
        return found.pop() if len(found) == 1 else ""

    def _places(self, place: int) -> set[str]:
        """Return the first part of the place of every number of a column."""
        return {row[place].key.split(".")[0] for body in self.bodies for row in body.rows if row[place].key}

    def row_chance(self, row: tuple[Cell, ...]) -> Chance:
        """Return which source of chance a row answers for, where a column of targets says it."""
        told = [cell.values[0] for cell, column in zip(row, self.columns, strict=True) if column.name == "target"]
        return _TARGETS.get(str(told[0]), "") if told else ""

    @property
    def wide(self) -> bool:
        """Whether it needs the whole width of a page of two columns."""
        cells = [row for body in self.bodies for row in body.rows]
        widths = [max([len(row[place].text) for row in cells], default=0) for place in range(len(self.columns))]
        heads = [max(map(len, column.title.split()), default=0) for column in self.columns]
        return sum(max(pair) + GAP for pair in zip(widths, heads, strict=True)) > NARROW

    @property
    def sortable(self) -> bool:
        """Whether there are rows that may change places."""
        return any(len(body.rows) > 1 for body in self.bodies)

    def head(self) -> list[tuple[str, int]]:
        """Return the upper line of heads: title and how many columns it spans."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and column.group and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans


def _form(column: Column) -> str:
    return "p" if column.name.split("_")[0] == "p" else "interval"


def plain(text: str) -> Cell:
    """Make a cell of text."""
    return Cell(text, (text,))


def of(number_: int, key: str = "") -> Cell:
    """Make a cell of a count."""
    return Cell(numerals.count(number_), (number_,), key)


def number(value: float, key: str = "", *, by: Callable[[float], str] = numerals.value, strong: bool = False) -> Cell:
    """Make a cell of a real number, written by one of the functions of `numerals`."""
    return Cell(by(value), (value,), key, strong=strong and not math.isnan(value))


def interval(low: float, high: float, key: str = "", *, decimals: int = 3, say: Speech = ENGLISH) -> Cell:
    """Make a cell of an interval; ``key`` is the place of what has it."""
    return Cell(say.interval(low, high, decimals), (low, high), key)


def spoken(say: Speech, *columns: Column) -> tuple[Column, ...]:
    """Say the heads of columns in the report's language; heads that are a user's words do not belong here."""
    return tuple(
        replace(column, title=say.text(column.title), group=say.text(column.group))
        if column.title or column.group
        else column
        for column in columns
    )
