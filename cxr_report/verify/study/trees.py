"""Two trees of plain data, or two CSV texts, in; every value in which they differ, with its place, out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CLOSE", "Apart", "close", "compare", "count", "rows", "shown", "table"]

CLOSE = 1e-9
"""Chosen: the relative difference below which two numbers differ by the order of additions alone."""

ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Apart:
    """One value in which two trees differ."""

    place: str
    """Keys joined by dots, as a report names them."""
    stored: str
    fresh: str
    close: bool
    """Whether both are numbers that differ by less than `CLOSE`."""


def compare(stored: Any, fresh: Any, place: str = "") -> Iterator[Apart]:
    """Yield every leaf in which two trees differ, exact equality first.

    Args:
        stored: plain data, as read from JSON.
        fresh: the same, as it should be.
        place: where both stand.

    Example:
        >>> [(each.place, each.stored) for each in compare({"a": [1, 2.5]}, {"a": [1, 2.0]})]
        [('a.1', '2.5')]
    """
    if isinstance(stored, Mapping) and isinstance(fresh, Mapping):
        for key in sorted({*stored, *fresh}):
            yield from compare(stored.get(key, ABSENT), fresh.get(key, ABSENT), _below(place, key))
    elif isinstance(stored, list) and isinstance(fresh, list):
        for number in range(max(len(stored), len(fresh))):
            pair = [each[number] if number < len(each) else ABSENT for each in (stored, fresh)]
            yield from compare(pair[0], pair[1], _below(place, str(number)))
    elif type(stored) is not type(fresh) or stored != fresh:
        yield Apart(place, shown(stored), shown(fresh), close(stored, fresh))


def close(stored: Any, fresh: Any) -> bool:
    """Say whether two values are numbers with a point that differ by less than `CLOSE`, relatively."""
    if not isinstance(stored, float) or not isinstance(fresh, float):
        return False
    return math.isclose(stored, fresh, rel_tol=CLOSE, abs_tol=1e-15)


def count(tree: Any) -> int:
    """Count the leaves of a tree."""
    if isinstance(tree, Mapping):
        return sum(count(each) for each in tree.values())
    return sum(count(each) for each in tree) if isinstance(tree, list) else 1


def table(stored: str, fresh: str, key: tuple[str, ...]) -> Iterator[Apart]:
    """Yield every cell in which two CSV texts differ; rows are named by the cells of the key's columns.

    Args:
        stored: with a head line.
        fresh: the same, as it should be.
        key: columns that name a row.
    """
    old, new = rows(stored), rows(fresh)
    head, wanted = (old[0] if old else []), (new[0] if new else [])
    for number in range(max(len(old), len(new))):
        before, after = (each[number] if number < len(each) else [] for each in (old, new))
        name = _row(after or before, wanted or head, key) if number else "head"
        for column in range(max(len(before), len(after))):
            cells = [each[column] if column < len(each) else ABSENT for each in (before, after)]
            title = wanted[column] if column < len(wanted) else f"column {column + 1}"
            yield from _cell(cells[0], cells[1], f"line {number + 1}, {name}, {title}")
    if len(old) == len(new) and old == new and stored != fresh:
        yield Apart("characters between the cells", "other ones", "", close=False)


def rows(text: str) -> list[list[str]]:
    """Read a CSV text; one that is damaged is read as lines of one cell."""
    try:
        return list(csv.reader(io.StringIO(text)))
    except csv.Error:
        return [[line] for line in text.splitlines()]


def _row(row: list[str], head: list[str], key: tuple[str, ...]) -> str:
    cells = dict(zip(head, row, strict=False))
    return " ".join(cells[name] for name in key if cells.get(name)) or "row"


def _cell(stored: str, fresh: str, place: str) -> Iterator[Apart]:
    if stored != fresh:
        yield Apart(place, stored, fresh, close(_number(stored), _number(fresh)))


def _number(text: str) -> float | None:
    try:
        return float(text) if "." in text or "e" in text else None
    except ValueError:
        return None


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def shown(value: Any) -> str:
    """Write a leaf as it stands in JSON, shortened."""
    text = "null" if value is None else repr(value) if not isinstance(value, str) else value
    return text if len(text) <= 160 else f"{text[:157]}..."
