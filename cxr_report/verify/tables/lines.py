"""An audit in, lines of text for a terminal out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from cxr_report.verify.tables import Audit
from cxr_report.verify.tables.record import HEADS
from cxr_report.verify.tables.wording import ASSUMPTIONS, claim, finding_row, pair_row, range_row, summary

__all__ = ["to_text"]

RANGES = ("method", "metric", "printed", "95 % interval", "target", "by", "assumes")
PAIRS = ("better", "worse", "probability", "flat prior", "seeds only", "verdict")
"""Heads of the tables of intervals and of pairs."""

WIDTH = 118
"""Characters of a line of prose; tables are as wide as their cells."""


def to_text(found: Audit) -> str:
    """Write everything, each table with its heads."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Audit) -> Iterator[str]:
    yield from _prose(f"{found.table.name}: {'; '.join(found.table.notes)}")
    yield ""
    for sentence in summary(found.findings, found.standings):
        yield from _prose(sentence)
    yield ""
    yield from _table(HEADS, [finding_row(finding) for finding in found.findings])
    if found.ranges:
        yield from ("", *_table(RANGES, [range_row(each) for each in found.ranges]))
    for standing in found.standings:
        yield ""
        for each in standing.claims:
            yield from _prose(claim(each, standing))
        known = [pair for pair in standing.pairs if pair.verdict != "unknown"]
        if known:
            yield from _table(PAIRS, [pair_row(pair) for pair in known])
    yield from ("", "assumptions")
    for sentence in ASSUMPTIONS:
        yield from _prose(sentence, first="- ", rest="  ")


def _prose(text: str, *, first: str = "", rest: str = "  ") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False) or [""]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Align the columns; one without any text is left out."""
    kept = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    widths = [max(len(heads[place]), *(len(row[place]) for row in rows)) for place in kept]
    for row in (heads, *rows):
        cells = (row[place].ljust(width) for place, width in zip(kept, widths, strict=True))
        yield "  ".join(cells).rstrip()
