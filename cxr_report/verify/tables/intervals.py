"""Printed values in, the intervals that the paper left out out, each with what it assumes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from scipy import stats as distributions

from cxr_report import stats
from cxr_report.verify.tables.areas import hanley_mcneil
from cxr_report.verify.tables.denominators import runs_of
from cxr_report.verify.tables.entries import Entry

__all__ = ["Range", "cases_of", "error_of", "intervals", "right_of"]

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Range:
    """One interval."""

    entry: Entry
    target: str
    """``cases``: for other patients; ``seeds``: for other training runs."""
    method: str
    low: float
    """As a fraction of one, whatever the scale in print."""
    high: float
    note: str
    """What it assumes."""


def cases_of(entry: Entry) -> int | None:
    """Return the cases that a proportion is counted over; None for other metrics, or where they are not given.

    Recall with positives given is read as that of the positive class.
    """
    sizes, key = entry.sizes, entry.measure.key if entry.measure else ""
    counted = {"accuracy": sizes.n, "error": sizes.n, "specificity": sizes.negatives}
    counted |= {"sensitivity": sizes.positives, "recall": sizes.positives}
    return counted.get(key)


def right_of(entry: Entry, n: int) -> int:
    """Return the number of cases nearest to a printed proportion, turned round for an error rate."""
    value = 1 - entry.value.value if entry.measure and not entry.measure.higher_is_better else entry.value.value
    return min(n, max(0, int(value * n + Fraction(1, 2))))


def error_of(entry: Entry) -> float | None:
    """Return the Hanley-McNeil standard error of an area; None for other metrics, or without the counts it needs.

    An area of 1 is taken half a unit of its last digit lower, for no area is known to be free of error.
    """
    sizes = entry.sizes
    if entry.measure is None or entry.measure.key != "auc" or not sizes.positives or not sizes.negatives:
        return None
    area = min(float(entry.value.value), 1.0 - float(entry.value.unit) / 2)
    return hanley_mcneil(max(area, 0.0), sizes.positives, sizes.negatives)


def intervals(entries: Iterable[Entry]) -> tuple[Range, ...]:
    """Return every interval that the table allows, at 95 %."""
    return tuple(
        found
        for entry in entries
        if entry.measure is not None and entry.measure.low <= entry.value.value <= 1
        for found in (*_cases(entry), *_seeds(entry))
    )


def _cases(entry: Entry) -> Iterator[Range]:
    n, error = cases_of(entry), error_of(entry)
    mean = "; the mean over runs is read as one run" if (runs_of(entry) or 2) > 1 else ""
    if n:
        found = stats.proportion_interval(right_of(entry, n), n, confidence=CONFIDENCE)
        low, high = found.low, found.high
        if entry.measure is not None and not entry.measure.higher_is_better:
            low, high = 1 - high, 1 - low
        yield Range(entry, "cases", "Wilson", low, high, f"one case per patient, independent patients{mean}")
    if error is not None:
        z, area = float(distributions.norm.isf((1 - CONFIDENCE) / 2)), float(entry.value.value)
        low, high = max(0.0, area - z * error), min(1.0, area + z * error)
        yield Range(entry, "cases", "Hanley-McNeil", low, high, f"independent patients, normal approximation{mean}")


def _seeds(entry: Entry) -> Iterator[Range]:
    runs = runs_of(entry)
    if entry.sd is None or runs is None or runs < 2 or entry.sd.number == 0:
        return
    half = float(distributions.t.isf((1 - CONFIDENCE) / 2, runs - 1)) * float(entry.sd.value) / sqrt(runs)
    middle = float(entry.value.value)
    low = max(float(entry.measure.low if entry.measure else 0), middle - half)
    note = "for other seeds on these cases only; SD taken as that with S - 1"
    yield Range(entry, "seeds", "t", low, min(1.0, middle + half), note)
