"""A table in, the statements that its rows make out: by the headers, and by what single cells say in full."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cxr_report.verify.text.characters import plain
from cxr_report.verify.text.document import Grid
from cxr_report.verify.text.finding.cells import cell_interval, cell_number, cell_p, cell_stars
from cxr_report.verify.text.finding.columns import DF_NOTE, Column, columns_of, kind_named
from cxr_report.verify.text.finding.estimates import AREA, POOLED, SHARE
from cxr_report.verify.text.finding.families import adjusted_rows
from cxr_report.verify.text.finding.patterns import sizes
from cxr_report.verify.text.finding.prose import find
from cxr_report.verify.text.finding.surroundings import Surroundings, one_sided
from cxr_report.verify.text.finding.tests import pair
from cxr_report.verify.text.numbers import Number, Reported, decimal_sign, read
from cxr_report.verify.text.reading.layout import is_section
from cxr_report.verify.text.statements import Interval, Share, Statement, Test

__all__ = ["Placed", "find_rows"]

_LOOSE = re.compile(r"(?i:welch|satterthwaite|greenhouse|huynh|kenward|hillis|obuchowski|correct)")
_ACCURACY = re.compile(r"(?i:accuracy|정확도)(?: ?\(?%\)?)?")
_ERROR = re.compile(r"(?i:within|error|residuals?|오차|집단 ?내)")
_CHANGE = re.compile(r"(?i:differ|minus|change|Δ)")


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement, and the cells that it was read from."""

    statement: Statement
    cells: tuple[tuple[int, int, int, int], ...]
    """Row, column, start and end within the cell's text as printed."""


def find_rows(grid: Grid, around: Surroundings) -> list[Placed]:
    """Find the statements of a table.

    Example:
        >>> table = Grid((("Loss", "t", "df", "p"), ("a", "2.20", "28", ".036")), 1, 1)
        >>> [placed.statement.kind for placed in find_rows(table, Surroundings())]
        ['t']
    """
    columns = columns_of(grid)
    found: list[Placed] = []
    for place, row in enumerate(grid.rows):
        if place >= grid.heads and not is_section(row):
            found += (
                _tests(grid, columns, place, around) + _intervals(grid, columns, place) + _shares(grid, columns, place)
            )
        found += _in_full(row, place, around)
    adjusted = adjusted_rows(grid, columns, around)
    return found + [Placed(statement, cells) for statement, cells in adjusted]


def _in_full(row: tuple[str, ...], place: int, around: Surroundings) -> list[Placed]:
    """Find what single cells say in full."""
    found = []
    for column, cell in enumerate(row):
        if len(cell) > 6 and (column == 0 or cell != row[column - 1]):
            shown = plain(cell)
            for each in find(shown.text, around):
                start, end = shown.original(each.start, each.end)
                found.append(Placed(each.statement, ((place, column, start, end),)))
    return found


def _whole(grid: Grid, row: int, *columns: int | None) -> tuple[tuple[int, int, int, int], ...]:
    known = [column for column in columns if column is not None]
    return tuple((row, column, 0, len(grid.rows[row][column])) for column in known)


def _tests(grid: Grid, columns: list[Column], row: int, around: Surroundings) -> list[Placed]:
    """Read the statistics of a row with the degrees of freedom and the p values that belong to them."""
    found: list[Placed] = []
    cells = grid.rows[row]
    for place, column in enumerate(columns):
        statistic = cell_number(cells[place]) if column.role == "statistic" else None
        label = " ".join(cell for cell in cells[:place] if not cell_number(cell))
        kind = _kind(column, label, grid)
        if statistic is None or not kind:
            continue
        at = _p_column(columns, place)
        p = cell_p(cells[at], around.alpha) if at is not None else None
        df_texts, df_places = _df(grid, columns, row, place, kind)
        words = f"{label} {column.text} {columns[at].text if at is not None else ''}"
        test = _test(kind, statistic, p, df_texts, around, words)
        test = replace(
            test, adjusted=at is not None and columns[at].role == "adjusted", sizes=_sizes(grid, columns, row)
        )
        stars = cell_stars(cells[place])
        if p is None and stars:
            mark = around.stars.get(stars)
            test = replace(test, p=mark, obstacle="" if mark else "the mark after the number has no legend")
        if test.p is None and not test.obstacle and at is None and not df_texts:
            continue
        found.append(Placed(test, _whole(grid, row, place, *df_places, at if p else None)))
    return found


def _kind(column: Column, label: str, grid: Grid) -> str:
    """Return the kind of a statistic: by its header, else by its row; a W by the test that the words name."""
    if column.kind != "W":
        return column.kind or kind_named(label)
    about = f"{label} {column.text} {grid.caption}"
    if "Shapiro" in about:
        return "Shapiro"
    return "W" if re.search(r"ilcoxon|signed", about) else "W?"


def _test(kind: str, statistic: Reported, p: Reported | None, df: list[str], around: Surroundings, words: str) -> Test:
    decimal = "," if df and decimal_sign(df) == "," else "."
    return Test(
        kind, statistic, tuple(read(each, decimal) for each in df), p, alpha=around.alpha,
        one_sided=around.one_sided or one_sided(words), loose_df=bool(_LOOSE.search(words + around.note)),
        exact="exact" in words.lower() or "permut" in words.lower(),
    )  # fmt: skip


def _p_column(columns: list[Column], place: int) -> int | None:
    """Return the p column of a statistic: the next raw one before another statistic, else an adjusted one."""
    following = []
    for other in range(place + 1, len(columns)):
        if columns[other].role == "statistic":
            break
        following.append(other)
    raw = [other for other in following if columns[other].role == "p"]
    adjusted = [other for other in following if columns[other].role == "adjusted"]
    return next(iter([*raw, *adjusted]), None)


def _df(grid: Grid, columns: list[Column], row: int, place: int, kind: str) -> tuple[list[str], list[int]]:
    """Return the texts of the degrees of freedom, and the columns that they stand in."""
    cells = grid.rows[row]
    wanted = 2 if kind == "F" else 1
    if kind in ("z", "U", "W"):
        return [], []
    if columns[place].df:
        return pair(plain(columns[place].df).text)[:wanted], []
    parts = [other for role in ("df1", "df2") for other, each in enumerate(columns) if each.role == role]
    if wanted == 2 and len(parts) == 2:
        return [plain(cells[other]).text.strip() for other in parts if cell_number(cells[other])], parts
    near = sorted(
        (other for other, each in enumerate(columns) if each.role == "df"), key=lambda other: abs(other - place)
    )
    if near:
        texts = pair(plain(cells[near[0]]).text) + (_error_df(grid, near[0]) if kind == "F" else [])
        texts = texts[:wanted]
        return (texts, near[:1]) if len(texts) == wanted else ([], [])
    note = DF_NOTE.search(plain(f"{grid.note} {grid.caption}").text)
    if note and note["symbol"] in (None, kind):
        texts = pair(note["df"])
        return (texts, []) if len(texts) == wanted else ([], [])
    return [], []


def _error_df(grid: Grid, column: int) -> list[str]:
    """Return the degrees of freedom of the error, where an analysis of variance gives them in a row of their own."""
    rows = [row for row in grid.rows[grid.heads :] if _ERROR.match(row[0].strip()) and cell_number(row[column])]
    return [plain(rows[0][column]).text.strip()] if len(rows) == 1 else []


def _sizes(grid: Grid, columns: list[Column], row: int) -> tuple[int, ...]:
    """Return the sample sizes of a row, from its n columns or from the caption."""
    cells = [cell_number(grid.rows[row][place]) for place, column in enumerate(columns) if column.role == "n"]
    known = tuple(int(cell.number.value) for cell in cells if cell and cell.number.whole and cell.number.value > 0)
    return known or sizes(plain(grid.caption).text)


def _intervals(grid: Grid, columns: list[Column], row: int) -> list[Placed]:
    """Read the intervals of a row; one without an estimate belongs to the next plain column before it."""
    found: list[Placed] = []
    cells = grid.rows[row]
    for place, column in enumerate(columns):
        read_cell = _span(columns, cells, place)
        if read_cell is None:
            continue
        estimate, low, highs, per_cent = read_cell
        at: int | None = None
        if estimate is None:
            at = _estimate_column(columns, cells, place)
            reported = cell_number(cells[at]) if at is not None else None
            estimate = reported.number if reported and reported.relation == "=" else None
        if estimate is not None:
            words = " ".join((column.text, columns[at].text if at is not None else "", cells[0]))
            statement = _interval(words, grid, estimate, (low, highs), per_cent)
            found.append(Placed(statement, _whole(grid, row, at, place, place + 1 if column.role == "low" else None)))
    return found


def _span(
    columns: list[Column], cells: tuple[str, ...], place: int
) -> tuple[Number | None, Number, list[Number], bool] | None:
    """Read the interval of a cell, or of two cells for its two ends."""
    if columns[place].role == "interval":
        return cell_interval(cells[place])
    if columns[place].role == "low" and place + 1 < len(columns) and columns[place + 1].role == "high":
        low, high = cell_number(cells[place]), cell_number(cells[place + 1])
        if low and high and low.relation == high.relation == "=":
            return None, low.number, [high.number], False
    return None


def _estimate_column(columns: list[Column], cells: tuple[str, ...], place: int) -> int | None:
    for other in range(place - 1, -1, -1):
        if columns[other].role == "" and cell_number(cells[other]):
            return other
        if columns[other].role in ("p", "adjusted", "statistic"):
            return None
    return None


def _interval(words: str, grid: Grid, estimate: Number, ends: tuple[Number, list[Number]], per_cent: bool) -> Interval:
    low, highs = ends
    change = bool(_CHANGE.search(words + grid.caption)) or low.value < 0
    name = "" if change else "area" if AREA.search(words) else "share" if SHARE.search(words) else ""
    if name and (per_cent or highs[0].value > 1.5):
        low, highs = low.scaled(0.01), [high.scaled(0.01) for high in highs]
        estimate = estimate.scaled(0.01) if estimate.value > 1 else estimate
    pooled = bool(POOLED.search(plain(f"{words} {grid.caption} {grid.note}").text))
    return Interval(name, estimate, low, highs[0], other_highs=tuple(highs[1:]), pooled=pooled)


def _shares(grid: Grid, columns: list[Column], row: int) -> list[Placed]:
    """Read accuracies of single models where the table says how many cases there are, and of no mean over runs."""
    about = plain(f"{grid.caption} {grid.note} {' '.join(column.text for column in columns)}").text
    known = sizes(plain(grid.caption).text)
    if len(known) != 1 or POOLED.search(about):
        return []
    found: list[Placed] = []
    for place, column in enumerate(columns):
        reported = cell_number(grid.rows[row][place]) if _ACCURACY.fullmatch(column.text) else None
        if reported is None or reported.relation != "=":
            continue
        value = reported.number.scaled(0.01) if reported.number.value > 1 else reported.number
        if 0 <= value.value <= 1 and not value.whole:
            found.append(Placed(Share("share", value, known[0]), _whole(grid, row, place)))
    return found
