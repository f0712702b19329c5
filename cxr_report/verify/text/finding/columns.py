"""The headers of a table in, what each column holds out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cxr_report.verify.text.characters import plain
from cxr_report.verify.text.document import Grid
from cxr_report.verify.text.finding.cells import cell_interval
from cxr_report.verify.text.finding.patterns import adjusted_words
from cxr_report.verify.text.numbers import NUMERAL
from cxr_report.verify.text.reading.layout import is_section

__all__ = ["Column", "columns_of", "kind_named"]


@dataclass(frozen=True, slots=True)
class Column:
    """What the header says of a column."""

    role: str
    """p, adjusted, statistic, df, df1, df2, interval, low, high, n, spread, or empty: something else."""
    kind: str = ""
    """Of a statistic its kind; empty where the row names it."""
    df: str = ""
    """Degrees of freedom that the header names."""
    group: str = ""
    """The words above the last line of the header."""
    text: str = ""
    """All words of the header."""


_P = re.compile(
    r"(?i:p|p[- ]?values?|sig\.?|significance|유의 ?확률|p값|p ?\(.{1,25}\)|Pr ?\(.{1,12}\)|"
    r"(?:raw|unadjusted|uncorrected) p(?:[- ]values?)?)"
)
_ADJUSTED = re.compile(r"(?i:.{0,30}(?<![a-z])p(?![a-z]).{0,30}|adjusted)")
_KINDS = (
    ("chi2", r"(?:χ|[Cc]hi|X|x)[ -]?\^?(?:2|squared?)(?: ?\(?Friedman\)?)?"),
    ("t", r"t|T"),
    ("F", r"F"),
    ("rs", r"r_?s|ρ|rho|[Ss]pearman(?:'s)? ?(?:r|ρ|rho)?"),
    ("r", r"r|[Pp]earson(?:'s)? ?r"),
    ("z", r"[zZ]"),
    ("Q", r"Q|[Cc]ochran(?:'s)? Q"),
    ("H", r"H"),
    ("U", r"U"),
    ("W", r"W|V|T\+|[Ww]ilcoxon(?:'s)? W"),
)
_WORD = r"(?:[ -](?:values?|statistics?|stat\.?|scores?|ratio|test))?"
_DF_HEAD = r"(?: ?\((?:df ?= ?)?(?P<df>[\d., ;]{1,20})\)| ?\((?P<cell>df|d\.f\.)\))?"
_STATISTICS = tuple((kind, re.compile(f"(?:{pattern}){_WORD}{_DF_HEAD}")) for kind, pattern in _KINDS)
_GENERIC = re.compile(r"(?i:(?:test )?statistics?|test values?|검정 ?통계량)")
_DF = re.compile(r"(?i:df|d\.f\.|dof|degrees of freedom|자유도)")
_DF1 = re.compile(r"(?i:df_?1|num\.? ?df|df \(?(?:num|between|effect).*)")
_DF2 = re.compile(r"(?i:df_?2|den\.? ?df|df \(?(?:den|within|error).*)")
_INTERVAL = re.compile(r"(?i:\bCIs?\b|C\.I\.|interval|\bCrI\b|신뢰 ?구간)")
_LOW = re.compile(
    r"(?i:(?:95 ?% ?)?(?:CI )?(?:lower|low|LL|lower (?:bound|limit|CI)|2\.5 ?%)(?: (?:bound|limit|CI|95 ?% ?CI))?)"
)
_HIGH = re.compile(
    r"(?i:(?:95 ?% ?)?(?:CI )?(?:upper|high|UL|upper (?:bound|limit|CI)|97\.5 ?%)(?: (?:bound|limit|CI|95 ?% ?CI))?)"
)
_SPREAD = re.compile(
    r"(?i:.{0,20}\b(?:SE|SD|SEM|S\.D\.|median|range|IQR|VIF|runs|seeds?|epochs?|rank|cases|patients)\b.{0,20}|"
    r"std\.?.{0,12}|standard.{0,12}|표준.{0,6})"
)
_ROWS = (
    ("Friedman", re.compile(r"Friedman")),
    ("Shapiro", re.compile(r"Shapiro")),
    ("chi2", re.compile(r"χ ?\^?2|[Cc]hi[ -]?squared?|chi2|X2\b")),
    ("H", re.compile(r"Kruskal")),
    ("Q", re.compile(r"Cochran'?s Q|\bQ\b")),
    ("F", re.compile(r"\bF\b|ANOVA")),
    ("z", re.compile(r"\b[zZ]\b|\b[zZ]-test")),
    ("t", re.compile(r"\bt\b|\bt-test")),
    ("W", re.compile(r"Wilcoxon")),
)


def columns_of(grid: Grid) -> list[Column]:
    """Read the header of a table.

    Example:
        >>> table = Grid((("Loss", "t (28)", "p", "p adj."), ("a", "2.2", ".036", ".07")), 1, 1)
        >>> [(column.role, column.kind, column.df) for column in columns_of(table)]
        [('', '', ''), ('statistic', 't', '28'), ('p', '', ''), ('adjusted', '', '')]
    """
    columns = [_column(grid, place) for place in range(len(grid.rows[0]))]
    for place in range(1, len(columns)):
        if columns[place].role == "" and columns[place - 1].role == "interval" and _holds_intervals(grid, place):
            columns[place] = replace(columns[place], role="interval")
    return columns


def _holds_intervals(grid: Grid, place: int) -> bool:
    """Say whether most cells of a column hold an interval, whose common header may stand over its neighbour alone."""
    filled = [row[place] for row in grid.rows[grid.heads :] if row[place].strip() and not is_section(row)]
    return 2 * sum(cell_interval(cell) is not None for cell in filled) > len(filled)


def _column(grid: Grid, place: int) -> Column:
    words = [plain(row[place]).text.strip(" *†:") for row in grid.rows[: grid.heads]]
    filled = [word for word in words if word]
    if not filled:
        return Column("")
    leaf, group, text = filled[-1], " ".join(dict.fromkeys(filled[:-1])), " ".join(dict.fromkeys(filled))
    for role, pattern in (("df1", _DF1), ("df2", _DF2), ("df", _DF)):
        if pattern.fullmatch(leaf):
            return Column(role, group=group, text=text)
    if _ADJUSTED.fullmatch(leaf) and adjusted_words(leaf):
        return Column("adjusted", group=group, text=text)
    if _P.fullmatch(leaf):
        return Column("adjusted" if adjusted_words(group) else "p", group=group, text=text)
    for kind, pattern in _STATISTICS:
        match = pattern.fullmatch(leaf)
        if match:
            name = "Friedman" if kind == "chi2" and "riedman" in text else kind
            return Column("statistic", name, match["df"] or "", group, text)
    if _GENERIC.fullmatch(leaf):
        return Column("statistic", kind_named(group), group=group, text=text)
    for role, pattern in (("low", _LOW), ("high", _HIGH)):
        if pattern.fullmatch(leaf):
            return Column(role, group=group, text=text)
    if _INTERVAL.search(text):
        return Column("interval", group=group, text=text)
    role = "n" if re.fullmatch(r"[nN]", leaf) else "spread" if _SPREAD.fullmatch(leaf) else ""
    return Column(role, group=group, text=text)


def kind_named(text: str) -> str:
    """Return the kind of statistic that words name, or nothing.

    Example:
        >>> kind_named("Friedman's χ2"), kind_named("Repeated-measures ANOVA F"), kind_named("Loss")
        ('Friedman', 'F', '')
    """
    shown = plain(text).text
    if "Iman" in shown:
        return "F"
    return next((kind for kind, pattern in _ROWS if pattern.search(shown)), "")


DF_NOTE = re.compile(
    rf"(?i:degrees of freedom|\bdf)(?: of (?P<symbol>[A-Za-z]))?(?: ?[:=]| (?:is|are|was|were)) ?"
    rf"(?P<df>{NUMERAL}(?:[,;] ?\d{{1,5}}(?:\.\d{{1,3}})?)?)"
)
"""Degrees of freedom that hold for a whole table, in its notes."""
