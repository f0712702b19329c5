"""The header of a table in, what each of its columns holds out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cxr_report.errors import Refusal
from cxr_report.verify.tables.grid import Grid
from cxr_report.verify.tables.measures import measure_of, simplified

__all__ = ["Heading", "MetricColumn", "read_heading"]

_ROLES = {
    "method": "method model name loss classifier approach algorithm network lossfunction methods models",
    "metric": "metric measure score scorename",
    "value": "value values result estimate",
    "sd": "sd std stdev stddev standarddeviation",
    "seeds": "nseeds seeds runs nruns repeats numberofseeds numberofruns",
    "n": "ntest n test testcases cases ncases ntestcases numberofcases testsize",
    "positives": "positives npositives positive npositive npos pos",
    "negatives": "negatives nnegatives negative nnegative nneg neg",
    "counts": "classcounts counts classsizes casesperclass",
    "class": "class finding label",
    "dataset": "dataset data testset cohort",
    "bold": "bold winner best flag claimed marked highlighted",
}
_KEYS = {alias: role for role, words in _ROLES.items() for alias in words.split()}

_SPREAD = re.compile(r"(?P<of>.+?)(sd|std|stdev|stddev)")


@dataclass(frozen=True, slots=True)
class MetricColumn:
    """A column of a table with one row per method."""

    name: str
    """Its head."""
    place: int
    sd: int | None
    """The column that holds its standard deviations."""
    percent: bool
    """Whether the head says per cent."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What the columns hold."""

    roles: Mapping[str, int]
    """Role -> place."""
    methods: tuple[int, ...]
    """Places of the columns that name a method together, such as a model and its loss."""
    metrics: tuple[MetricColumn, ...]
    """Columns of metrics, for one row per method; empty for one row per value."""
    unused: tuple[str, ...]
    """Heads of columns that are not read."""


def read_heading(grid: Grid) -> Heading:
    r"""Tell a table with one row per value (columns method, metric, value) from one with one row per method.

    Raises:
        Refusal: it is neither.

    Example:
        >>> from cxr_report.verify.tables.grid import parse
        >>> heading = read_heading(parse("Method,Acc (%),n\nA,91,100\n", "t"))
        >>> heading.metrics[0].name, heading.metrics[0].percent, heading.roles["n"]
        ('Acc (%)', True, 2)
    """
    names = grid.header.cells
    methods = _methods(grid, names)
    roles = _roles(grid, names, methods)
    if "value" in roles:
        _refuse_lacking(grid, roles)
        unused = tuple(name for place, name in enumerate(names) if place not in {*roles.values(), *methods})
        return Heading(roles, methods, (), unused)
    metrics, unused = _metric_columns(names, {*roles.values(), *methods})
    if not metrics:
        raise Refusal(
            f"{grid.at(grid.header.line)}: names no metric among {', '.join(names)}; allowed: columns method, metric, "
            "value, or one column per metric such as accuracy, sensitivity, f1, auc"
        )
    metrics = _with_lone_spread(grid, metrics, roles)
    rest = dict(roles)
    rest.setdefault("method", next((place for place in range(len(names)) if place not in _taken(rest, metrics)), -1))
    if rest["method"] < 0:
        raise Refusal(f"{grid.at(grid.header.line)}: has no column with the methods; allowed: a column named method")
    unused = tuple(name for name in unused if name != names[rest["method"]])
    return Heading(rest, methods or (rest["method"],), metrics, unused)


def _methods(grid: Grid, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the columns that name methods; beside one of words, one of numbers, such as a test loss, names none."""
    found = [place for place, name in enumerate(names) if _KEYS.get(simplified(name)) == "method"]
    worded = [place for place in found if any(sign.isalpha() for row in grid.rows for sign in row.cells[place])]
    return tuple(worded or found[:1])


def _with_lone_spread(
    grid: Grid, metrics: tuple[MetricColumn, ...], roles: Mapping[str, int]
) -> tuple[MetricColumn, ...]:
    """Give a column that is named only as a standard deviation to the one metric that there is."""
    if "sd" not in roles:
        return metrics
    if len(metrics) > 1:
        raise Refusal(
            f"{grid.at(grid.header.line)}: column {grid.header.cells[roles['sd']]!r} may belong to any of "
            f"{len(metrics)} metrics; allowed: a head such as 'accuracy sd', or 0.91 ± 0.02 in the cell"
        )
    return (replace(metrics[0], sd=roles["sd"]),)


def _taken(roles: Mapping[str, int], metrics: tuple[MetricColumn, ...]) -> set[int]:
    return {*roles.values(), *(each.place for each in metrics), *(each.sd for each in metrics if each.sd is not None)}


def _roles(grid: Grid, names: tuple[str, ...], methods: tuple[int, ...]) -> dict[str, int]:
    found: dict[str, int] = {"method": methods[0]} if methods else {}
    for place, name in enumerate(names):
        role = _KEYS.get(simplified(name), "")
        if role == "method":
            continue
        if role and role in found:
            raise Refusal(
                f"{grid.at(grid.header.line)}: columns {names[found[role]]!r} and {name!r} both hold the {role}; "
                "allowed: one of them"
            )
        if role:
            found[role] = place
    return found


def _refuse_lacking(grid: Grid, roles: Mapping[str, int]) -> None:
    for role in ("method", "metric"):
        if role not in roles:
            raise Refusal(
                f"{grid.at(grid.header.line)}: has a column of values and no column named {role}; allowed: columns "
                "method, metric, value, or one column per metric"
            )


def _metric_columns(names: tuple[str, ...], taken: set[int]) -> tuple[tuple[MetricColumn, ...], tuple[str, ...]]:
    free = {place: name for place, name in enumerate(names) if place not in taken}
    spreads: dict[str, int] = {}
    for place, name in free.items():
        found = _SPREAD.fullmatch(simplified(name))
        if found and any(simplified(other) == found["of"] for other in free.values()):
            spreads[found["of"]] = place
    metrics, unused = [], []
    for place, name in free.items():
        if place in spreads.values():
            continue
        bare = re.sub(r"(?i)\s*(±|\+/?-)\s*(sd|std|stdev)?\s*", "", name)
        if measure_of(bare) is None:
            unused.append(name)
        else:
            percent = "%" in name
            metrics.append(MetricColumn(bare, place, spreads.get(simplified(name)), percent))
    return tuple(metrics), tuple(unused)
