"""The statements that can be found in a text, and what is said of each after recomputing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxr_report.verify.text.document import Place
from cxr_report.verify.text.numbers import Number, Reported

__all__ = [
    "GRADES",
    "Adjusted",
    "Contrast",
    "Finding",
    "Found",
    "Grade",
    "Interval",
    "Mean",
    "Method",
    "Share",
    "Statement",
    "Test",
    "Verdict",
]

Grade = Literal["consistent", "inconsistent", "changes the decision", "cannot be checked"]
Method = Literal["holm", "bonferroni", "hochberg", "bh"]
GRADES: tuple[Grade, ...] = ("consistent", "inconsistent", "changes the decision", "cannot be checked")


@dataclass(frozen=True, slots=True)
class Test:
    """A test statistic with what stands beside it."""

    kind: str
    """A key of `finding.kinds.KINDS`: t, F, r, chi2, z, ..."""
    statistic: Reported
    df: tuple[Number, ...] = ()
    """Degrees of freedom as printed; one or two."""
    p: Reported | None = None
    """None: no p value stands there."""
    sizes: tuple[int, ...] = ()
    """Sample sizes that stand with it: n, or n1 and n2."""
    alpha: float = 0.05
    one_sided: bool = False
    """The text around it speaks of one-sided tests."""
    loose_df: bool = False
    """The text names a correction, so that whole degrees of freedom may be rounded ones."""
    adjusted: bool = False
    """The p value is said to be adjusted for several tests."""
    exact: bool = False
    """The p value is said to be exact or from permutations or a simulation."""
    concordance: Number | None = None
    """Kendall's W that stands with Friedman's chi-square."""
    obstacle: str = ""
    """Why the p value cannot be read: stars without a legend."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval."""

    name: str
    """area, share or empty: what is estimated."""
    estimate: Number
    low: Number
    high: Number
    level: float = 0.95
    other_highs: tuple[Number, ...] = ()
    """Other readings of the upper end, where a dash may be a minus sign."""
    n: int = 0
    """Cases that a share is one of; 0: not said."""
    groups: tuple[int, int] | None = None
    """Positive and negative cases."""
    method: str = ""
    """The method of the interval that the text names."""
    pooled: bool = False
    """The text speaks of seeds, folds, clusters or simultaneous intervals, so that n cases do not give its width."""
    second: bool = False
    """The estimate is the second of two values, so that the interval may be that of their difference."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share or per cent of counted cases."""

    name: str
    value: Number
    """As a share, in [0, 1]."""
    n: int
    count: int | None = None
    """None: it is not said how many."""
    pooled: bool = False
    """The text speaks of a mean over runs or classes."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, with or without a standard deviation, of n values."""

    mean: Number
    sd: Number | None
    n: int
    whole: bool
    """The text says that single values are whole numbers."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two means with their standard deviations and sizes, and the t statistic of their difference."""

    first: Mean
    second: Mean
    statistic: Reported
    df: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A p value that was adjusted for several tests, beside the raw one of the same row."""

    raw: tuple[Reported, ...]
    """Of the whole family, as far as the table shows it."""
    place: int
    """Which of them it belongs to."""
    p: Reported
    method: Method | None
    """None: not named."""
    family: int
    """How many tests the text says that the family has; 0: it does not say."""


Statement = Test | Interval | Share | Mean | Contrast | Adjusted


@dataclass(frozen=True, slots=True)
class Found:
    """A statement and the span of plain text that it was read from."""

    statement: Statement
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What recomputing says."""

    grade: Grade
    recomputed: str
    """What was recomputed, for people; empty where nothing could be."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement as printed, where it stands, and its verdict."""

    place: Place
    printed: str
    kind: str
    """What it is, in words: t test, interval of an area, ..."""
    verdict: Verdict
    part: int
    """Which part of the document it stands in, from 0."""
    spans: tuple[tuple[int, int, int, int], ...]
    """Row, column, start and end of what was read; row and column -1 in running text."""
