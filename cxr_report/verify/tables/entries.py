"""A table's cells and what is said about it in, one entry per printed value out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from cxr_report.errors import Refusal
from cxr_report.verify.tables.cell import Cell, flagged, plain, read_cell
from cxr_report.verify.tables.grid import Grid, Row
from cxr_report.verify.tables.heading import Heading, MetricColumn, read_heading
from cxr_report.verify.tables.measures import Measure, measure_of
from cxr_report.verify.tables.printed import Printed, Rounding, read_printed
from cxr_report.verify.tables.sizes import Sizes, sizes_of

__all__ = ["Entry", "Published", "Said", "read_entries"]


MOST = 2_000
"""Chosen: values of a table."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about the table beside it; a column of the table wins."""

    n: int | None = None
    """Test cases."""
    seeds: int | None = None
    """Runs that each value is the mean of."""
    positives: int | None = None
    negatives: int | None = None
    scale: Literal["", "percent", "fraction"] = ""
    """Empty: told from the values of each metric."""
    rounding: Rounding = "nearest"


@dataclass(frozen=True, slots=True)
class Entry:
    """One printed value."""

    line: int
    """Where it stands, from 1."""
    dataset: str
    method: str
    name: str
    """The metric as the table calls it."""
    measure: Measure | None
    """None: a metric that is not known here."""
    klass: str
    """The class that it is of; empty for all."""
    value: Printed
    sd: Printed | None
    sizes: Sizes
    bold: bool

    @property
    def group(self) -> tuple[str, str, str]:
        """What is compared with one another: data set, metric and class."""
        return self.dataset, self.measure.key if self.measure else self.name, self.klass

    @property
    def label(self) -> str:
        """How it is called in a sentence."""
        parts = (self.method, self.measure.title if self.measure else self.name, self.klass, self.dataset)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Published:
    """A table that was read."""

    name: str
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    """How it was read, one sentence each."""
    rounding: Rounding


def read_entries(grid: Grid, said: Said) -> Published:
    """Read every value.

    Raises:
        Refusal: a cell is at fault; it is named by line and column.
    """
    heading = read_heading(grid)
    raw = list(_cells(grid, heading, said))
    signs = _decimal_sign(grid, raw)
    entries = list(_scaled(grid, [_entry(grid, each) for each in raw if each.cell.value], said))
    if not entries:
        raise Refusal(f"{grid.name}: holds no value; allowed: at least one number")
    if len(entries) > MOST:
        raise Refusal(f"{grid.name}: holds {len(entries)} values; allowed: {MOST}, which no table in print has")
    _refuse_twice(grid, entries)
    notes = [f"{grid.layout}, decimal {signs}", *_scales(entries)]
    if heading.unused:
        notes.append(f"columns that were not read: {', '.join(heading.unused)}")
    if any(each.cell.ranged for each in raw):
        notes.append("intervals beside values were not read")
    if said.rounding == "truncated":
        notes.append("numbers are taken as cut off after the last digit, as was declared")
    if any(entry.sizes.seeds is None and entry.sd is None for entry in entries):
        notes.append("number of runs not given: values without a standard deviation are taken as single runs (--seeds)")
    return Published(grid.name, tuple(entries), tuple(notes), said.rounding)


@dataclass(frozen=True, slots=True)
class _Raw:
    row: Row
    column: str
    sd_column: str
    method: str
    name: str
    klass: str
    dataset: str
    cell: Cell
    sizes: Sizes
    percent: bool


def _cells(grid: Grid, heading: Heading, said: Said) -> Iterator[_Raw]:
    for row in grid.rows:
        sizes = sizes_of(grid, row, heading.roles, given=(said.n, said.seeds, said.positives, said.negatives))
        method, strong = _method(grid, row, heading)
        flag = flagged(_of(row, heading, "bold"))
        if flag is None:
            raise Refusal(
                f"{grid.at(row.line, grid.header.cells[heading.roles['bold']])}: "
                f"{_of(row, heading, 'bold')!r} is no flag; allowed: yes, no, or empty"
            )
        for column in heading.metrics or (_column(row, heading),):
            cell = read_cell(row.cells[column.place])
            if column.sd is not None and not cell.sd:
                cell = replace(cell, sd=read_cell(row.cells[column.sd]).value)
            yield _Raw(
                row=row,
                column=grid.header.cells[column.place],
                sd_column=grid.header.cells[column.place if column.sd is None else column.sd],
                method=method,
                name=column.name,
                klass=_of(row, heading, "class"),
                dataset=_of(row, heading, "dataset"),
                cell=replace(cell, bold=cell.bold or flag or (strong and not heading.metrics)),
                sizes=sizes,
                percent=column.percent,
            )


def _method(grid: Grid, row: Row, heading: Heading) -> tuple[str, bool]:
    """Return the name of a row's method, joined where several columns name it, and whether it is in bold."""
    parts = [plain(row.cells[place]) for place in heading.methods]
    method = ", ".join(name for name, _ in parts if name)
    if not method:
        raise Refusal(f"{grid.at(row.line, 'method')}: is empty; allowed: the name of a method")
    return method, all(strong for _, strong in parts)


def _of(row: Row, heading: Heading, role: str) -> str:
    place = heading.roles.get(role)
    return "" if place is None else row.cells[place]


def _column(row: Row, heading: Heading) -> MetricColumn:
    """Read the metric's name from the row, where every row holds one value."""
    name = plain(_of(row, heading, "metric"))[0]
    return MetricColumn(name, heading.roles["value"], heading.roles.get("sd"), "%" in name)


def _decimal_sign(grid: Grid, raw: Iterable[_Raw]) -> str:
    """Hold the decimal signs of all numbers against each other.

    Raises:
        Refusal: both are in use.
    """
    met = ""
    for each in raw:
        for text, column in ((each.cell.value, each.column), (each.cell.sd, each.sd_column)):
            for sign in (",", "."):
                if sign in text and met and sign != met:
                    named = {",": "comma", ".": "point"}
                    raise Refusal(
                        f"{grid.at(each.row.line, column)}: {text!r} has a decimal {named[sign]}, while numbers before "
                        f"it have a decimal {named[met]}; allowed: one of the two in the whole table"
                    )
                met = sign if sign in text else met
    return {"": "sign not in use", ",": "commas", ".": "points"}[met]


def _entry(grid: Grid, raw: _Raw) -> Entry:
    if not raw.name:
        raise Refusal(f"{grid.at(raw.row.line, 'metric')}: is empty; allowed: the name of a metric")
    value = _number(grid, raw.row.line, raw.column, raw.cell.value, percent=raw.percent)
    sd = None
    if raw.cell.sd:
        sd = _number(grid, raw.row.line, raw.sd_column, raw.cell.sd, percent=value.percent)
        if sd.number < 0:
            raise Refusal(f"{grid.at(raw.row.line, raw.sd_column)}: {sd.text!r} is negative; allowed: 0 or more")
    measure = measure_of(raw.name)
    return Entry(
        raw.row.line, raw.dataset, raw.method, raw.name, measure, raw.klass, value, sd, raw.sizes, raw.cell.bold
    )


def _number(grid: Grid, line: int, column: str, text: str, *, percent: bool) -> Printed:
    try:
        return read_printed(text, percent=percent)
    except ValueError as fault:
        raise Refusal(
            f"{grid.at(line, column)}: {fault}; allowed: a number such as 0.912, 91.2 or 91.2 %, perhaps with ± and a "
            "standard deviation"
        ) from None


def _scaled(grid: Grid, entries: list[Entry], said: Said) -> Iterator[Entry]:
    """Decide for every metric whether its values are in per cent: as declared, or as one value above 1 shows.

    Raises:
        Refusal: values above and below 1 stand together, so that the values alone do not tell.
    """
    for entry in entries:
        if entry.measure is None or entry.value.percent or said.scale == "fraction":
            yield entry
            continue
        peers = [other for other in entries if other.measure is entry.measure and other.dataset == entry.dataset]
        if said.scale == "percent" or _in_percent(grid, entry, peers):
            sd = None if entry.sd is None else replace(entry.sd, percent=True)
            yield replace(entry, value=replace(entry.value, percent=True), sd=sd)
        else:
            yield entry


def _in_percent(grid: Grid, entry: Entry, peers: list[Entry]) -> bool:
    if any(other.value.percent for other in peers):
        raise Refusal(
            f"{grid.at(entry.line, entry.name)}: {entry.value.text!r} has no per cent sign, while other values of "
            f"{entry.name} have one; allowed: the sign on all of them, or --percent"
        )
    large = [other for other in peers if abs(other.value.number) > 1]
    small = [other for other in peers if 0 < abs(other.value.number) < 1]
    if large and small:
        raise Refusal(
            f"{grid.at(small[0].line, small[0].name)}: {small[0].value.text!r} stands beside {large[0].value.text!r}, "
            "so that per cent and fractions cannot be told apart; allowed: --percent or --fractions, or one of them in "
            "the whole column"
        )
    return bool(large)


def _scales(entries: list[Entry]) -> Iterator[str]:
    known = [entry for entry in entries if entry.measure is not None]
    for percent, words in ((True, "per cent"), (False, "fractions")):
        names = dict.fromkeys(entry.name for entry in known if entry.value.percent == percent)
        if names:
            yield f"read as {words}: {', '.join(names)}"
    strange = dict.fromkeys(entry.name for entry in entries if entry.measure is None)
    if strange:
        yield f"metrics that are not known here: {', '.join(strange)}"


def _refuse_twice(grid: Grid, entries: list[Entry]) -> None:
    seen: dict[tuple[object, ...], Entry] = {}
    for entry in entries:
        before = seen.setdefault((entry.group, entry.method), entry)
        if before is not entry:
            raise Refusal(
                f"{grid.at(entry.line)}: {entry.label} stands on line {before.line} too; allowed: one value per method "
                "and metric, or a column dataset or class that tells them apart"
            )
