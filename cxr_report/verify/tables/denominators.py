"""A printed value in, what its metric divides by out: the counts that it can be a whole number of parts of."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

from cxr_report.verify.tables.entries import Entry
from cxr_report.verify.tables.measures import Reading
from cxr_report.verify.tables.sizes import Sizes

__all__ = ["Basis", "bases", "runs_of"]


@dataclass(frozen=True, slots=True)
class Basis:
    """One reading of a metric."""

    reading: Reading
    parts: int | None
    """m, where the value is a whole number over m; None where a two-by-two table has to be searched."""
    lacking: str
    """Why it cannot be checked; empty where it can."""


def runs_of(entry: Entry) -> int | None:
    """Return the number of runs; one where neither it nor a standard deviation is given, None where it is not known."""
    if entry.sizes.seeds is None:
        return 1 if entry.sd is None else None
    return entry.sizes.seeds


def bases(entry: Entry, runs: int) -> tuple[Basis, ...]:
    """Return every reading that the metric may have for these cases."""
    if entry.measure is None:
        return ()
    readings = entry.measure.readings[:1] if entry.klass else entry.measure.readings
    many = len(entry.sizes.counts) > 2 and entry.sizes.positives is None
    if many and len(readings) > 1:
        readings = readings[1:]  # of several classes it is an average over them, never that of one
    return tuple(_basis(reading, entry.sizes, runs) for reading in readings)


def _basis(reading: Reading, sizes: Sizes, runs: int) -> Basis:
    n, p, q = sizes.n, sizes.positives, sizes.negatives
    if reading in ("accuracy", "error"):
        return Basis(reading, n, "" if n else "needs the number of test cases")
    if reading == "sensitivity":
        return Basis(reading, p, "" if p else "needs the number of positives")
    if reading == "specificity":
        return Basis(reading, q, "" if q else "needs the number of negatives")
    if reading == "area":
        return Basis(reading, 2 * p * q if p and q else None, "" if p and q else "needs positives and negatives")
    if reading == "balanced":
        return _balanced(sizes, runs)
    if runs > 1:
        return Basis(reading, None, "a mean over runs of a ratio whose denominator differs from run to run")
    if p is None or q is None:
        return Basis(reading, None, "needs the numbers of positives and negatives of two classes")
    return Basis(reading, None, "")


def _balanced(sizes: Sizes, runs: int) -> Basis:
    counts = sizes.counts or ((sizes.positives, sizes.negatives) if sizes.positives and sizes.negatives else ())
    if not counts:
        return Basis("balanced", None, "needs the number of cases of every class")
    if runs == 1 and sizes.positives and sizes.negatives:
        return Basis("balanced", None, "")
    return Basis("balanced", len(counts) * lcm(*(count for count in counts if count)), "")
