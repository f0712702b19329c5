"""A row of a table in, the numbers of runs and of cases behind its values out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cxr_report.errors import Refusal
from cxr_report.verify.tables.cell import NOTHING, plain
from cxr_report.verify.tables.grid import Grid, Row

__all__ = ["Sizes", "sizes_of"]

MOST = 1_000_000
"""Chosen: cases or runs; no test set of images has as many."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a value was counted over; None where it is not known."""

    n: int | None = None
    """Test cases."""
    seeds: int | None = None
    """Runs."""
    positives: int | None = None
    negatives: int | None = None
    counts: tuple[int, ...] = ()
    """Cases of every class; empty where they are not given."""


def sizes_of(
    grid: Grid, row: Row, roles: Mapping[str, int], *, given: tuple[int | None, int | None, int | None, int | None]
) -> Sizes:
    """Read them, and derive what follows from the others.

    Args:
        grid: the table.
        row: the row.
        roles: what its columns hold.
        given: test cases, runs, positives and negatives as said beside the table; a cell wins.

    Raises:
        Refusal: they are no whole numbers, or contradict each other.
    """
    names = ("n", "seeds", "positives", "negatives")
    found = {name: _whole(grid, row, roles.get(name)) for name in names}
    n, seeds, positives, negatives = (
        said if found[name] is None else found[name] for name, said in zip(names, given, strict=True)
    )
    counts = _counts(grid, row, roles.get("counts"))
    where = grid.at(row.line)
    if counts:
        n = _agreeing(n, sum(counts), f"{where}: class counts {'/'.join(map(str, counts))}")
    if n is None and positives is not None and negatives is not None:
        n = positives + negatives
    if n is not None:
        _refuse_all(where, n, positives=positives, negatives=negatives)
        positives = n - negatives if positives is None and negatives is not None else positives
        negatives = n - positives if negatives is None and positives is not None else negatives
    if positives is not None and negatives is not None:
        n = _agreeing(n, positives + negatives, f"{where}: {positives} positives and {negatives} negatives")
    return Sizes(n, seeds, positives, negatives, counts)


def _refuse_all(where: str, n: int, **known: int | None) -> None:
    for name, count in known.items():
        if count is not None and count >= n:
            raise Refusal(f"{where}: {count} {name} of {n} test cases leave none of the other class; allowed: fewer")


def _agreeing(n: int | None, total: int, what: str) -> int:
    if n is not None and n != total:
        raise Refusal(f"{what} make {total}, while {n} test cases are given; allowed: numbers that agree")
    return total


def _whole(grid: Grid, row: Row, place: int | None) -> int | None:
    if place is None:
        return None
    text = plain(row.cells[place])[0]
    if text.casefold() in NOTHING:
        return None
    where = grid.at(row.line, grid.header.cells[place])
    if not re.fullmatch(r"[0-9]{1,9}(?:\.0)?", text) or not 1 <= float(text) <= MOST:
        raise Refusal(f"{where}: {text!r} is no count; allowed: whole numbers from 1 to {MOST:,} without separators")
    return int(float(text))


def _counts(grid: Grid, row: Row, place: int | None) -> tuple[int, ...]:
    if place is None:
        return ()
    text = row.cells[place]
    parts = [part for part in re.split(r"[\s/|+;:]+", text.strip()) if part]
    if text.casefold() in NOTHING:
        return ()
    if len(parts) < 2 or not all(re.fullmatch(r"[0-9]{1,8}", part) and 0 < int(part) <= MOST for part in parts):
        raise Refusal(
            f"{grid.at(row.line, grid.header.cells[place])}: {text!r} is no list of class counts; allowed: such as "
            "50/120/54, at least two whole numbers from 1"
        )
    return tuple(map(int, parts))
