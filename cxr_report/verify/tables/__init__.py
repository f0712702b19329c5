"""A published table of results in; impossible values, missing intervals and what its winner is worth, out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cxr_report.verify.tables.entries import Entry, Published, Said, read_entries
from cxr_report.verify.tables.finding import IMPOSSIBLE, Finding
from cxr_report.verify.tables.grid import Grid, parse, read
from cxr_report.verify.tables.intervals import Range, intervals
from cxr_report.verify.tables.spreads import check_sd
from cxr_report.verify.tables.standing import Claim, Standing, standings
from cxr_report.verify.tables.together import check_together
from cxr_report.verify.tables.values import check_value

__all__ = [
    "Audit",
    "Claim",
    "Entry",
    "Finding",
    "Grid",
    "Published",
    "Range",
    "Said",
    "Standing",
    "audit",
    "audit_grid",
    "parse",
]


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that is said of one table."""

    table: Published
    findings: tuple[Finding, ...]
    """One per value, one per standard deviation, one per method for its values together."""
    ranges: tuple[Range, ...]
    standings: tuple[Standing, ...]

    @property
    def impossible(self) -> tuple[Finding, ...]:
        """What cannot have arisen as the table says."""
        return tuple(finding for finding in self.findings if finding.grade == IMPOSSIBLE)


def audit(source: str | Path, said: Said | None = None) -> Audit:
    """Audit the table in a file, or the one typed in where the name is ``-``.

    Args:
        source: CSV or Markdown, one row per value or one row per method.
        said: sizes, scale and rounding that the table itself does not state.

    Raises:
        Refusal: the table is at fault; one sentence names file, line and column.
    """
    return audit_grid(read(source), said or Said())


def audit_grid(grid: Grid, said: Said) -> Audit:
    """Audit a table that was read.

    Raises:
        Refusal: a cell is at fault.
    """
    table = read_entries(grid, said)
    single = tuple(_single(table))
    findings = (*single, *check_together(single, table.rounding))
    return Audit(table, findings, intervals(table.entries), standings(table.entries, table.rounding))


def _single(table: Published) -> Iterator[Finding]:
    for entry in table.entries:
        value = check_value(entry, table.rounding)
        yield value
        sd = check_sd(entry, value, table.rounding)
        if sd is not None:
            yield sd
