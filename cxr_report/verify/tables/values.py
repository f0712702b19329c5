"""One printed value in, whether it can arise from whole numbers of cases out."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cxr_report.verify.tables import counted
from cxr_report.verify.tables.confusion import Constraint, TooLarge, search, values
from cxr_report.verify.tables.counted import NEIGHBOURS, Lattice
from cxr_report.verify.tables.denominators import Basis, bases, runs_of
from cxr_report.verify.tables.entries import Entry
from cxr_report.verify.tables.finding import CHECKED, IMPOSSIBLE, NAN, POSSIBLE, Finding, shown
from cxr_report.verify.tables.measures import Reading
from cxr_report.verify.tables.printed import Rounding

__all__ = ["check_value"]

MEASURED = 4_000_000
"""Chosen: two-by-two tables over which the share that passes is measured; of more, the first so many."""


def check_value(entry: Entry, rounding: Rounding = "nearest") -> Finding:
    """Say whether a value can arise.

    A metric whose name is used for several things (recall, precision, F1) can arise if any of them gives the value.
    Where every nearby printable number would pass, nothing is shown by passing, and the value cannot be checked.

    Args:
        entry: the value.
        rounding: how it was printed.
    """
    if entry.measure is None:
        return Finding((entry,), "value", CHECKED, "no rule for this metric")
    if not entry.measure.low <= entry.value.value <= 1:
        scale = f"{100 * entry.measure.low} to 100 %" if entry.value.percent else f"{entry.measure.low} to 1"
        return Finding((entry,), "value", IMPOSSIBLE, f"cannot arise: {entry.measure.title} lies in {scale}")
    runs = runs_of(entry)
    if runs is None:
        return Finding((entry,), "value", CHECKED, "the number of runs behind mean and SD is not given")
    readings = bases(entry, runs)
    known = [basis for basis in readings if not basis.lacking]
    told: list[tuple[str, Basis]] = []
    for basis in known:
        try:
            told.append((_way(entry, basis, runs, rounding), basis))
        except TooLarge:
            return Finding((entry,), "value", CHECKED, "too many two-by-two tables to search them all")
    lacking = next((basis.lacking for basis in readings if basis.lacking), "")
    if lacking and not any(way for way, _ in told):
        return Finding((entry,), "value", CHECKED, lacking)
    return _graded(entry, told, runs, rounding, complete=not lacking)


def _lattice(entry: Entry, basis: Basis, runs: int, rounding: Rounding) -> Lattice:
    return Lattice(basis.parts or 0, runs, entry.value.places, rounding)


def _way(entry: Entry, basis: Basis, runs: int, rounding: Rounding) -> str:
    """Say how a value arises in one reading; an empty string where it does not."""
    if basis.parts is not None:
        return counted.route(entry.value, _lattice(entry, basis, runs, rounding))
    constraint = Constraint((basis.reading,), entry.value.interval(rounding))
    found = search(entry.sizes.positives or 0, entry.sizes.negatives or 0, [constraint]).found
    if not found:
        return ""
    cells = found[0]
    return f"TP {cells.tp}, FP {cells.fp}, FN {cells.positives - cells.tp}, TN {cells.negatives - cells.fp}"


def _graded(entry: Entry, told: list[tuple[str, Basis]], runs: int, rounding: Rounding, *, complete: bool) -> Finding:
    known = [basis for _, basis in told]
    rates = [counted.chance(_lattice(entry, basis, runs, rounding)) for basis in known if basis.parts is not None]
    rate = min(1.0, sum(rates)) if rates and len(rates) == len(known) else NAN
    if rate == 1.0 or not complete:
        why = f"every {entry.value.places}-decimal value is within reach of {_of(entry, known, runs)}"
        return Finding((entry,), "value", CHECKED, why if complete else "one of its readings cannot be checked", rate)
    share = _share(entry, known, runs, rounding)
    way = next((way for way, _ in told if way), "")
    if not way:
        return Finding((entry,), "value", IMPOSSIBLE, _impossible(entry, known, runs), rate, share)
    if share == 1.0:
        why = f"every printable number nearby can arise from {_of(entry, known, runs)}"
        return Finding((entry,), "value", CHECKED, why, rate, share)
    return Finding((entry,), "value", POSSIBLE, _example(entry, told, runs), rate, share)


def _of(entry: Entry, known: list[Basis], runs: int) -> str:
    """Name the counts that a value is made of."""
    sizes = entry.sizes
    units: dict[Reading, str] = {
        "accuracy": f"n = {sizes.n}", "error": f"n = {sizes.n}", "sensitivity": f"{sizes.positives} positives",
        "specificity": f"{sizes.negatives} negatives",
    }  # fmt: skip
    both = f"{sizes.positives} positives and {sizes.negatives} negatives"
    if sizes.counts and sizes.positives is None:
        both = f"class counts {'/'.join(map(str, sizes.counts))}"
    named = list(dict.fromkeys(units.get(basis.reading, both) for basis in known))
    words = both if len(named) > 1 and both in named else " or ".join(named)
    return words if runs == 1 else f"{runs} runs of {words}"


def _impossible(entry: Entry, known: list[Basis], runs: int) -> str:
    words = f"cannot arise from {_of(entry, known, runs)}"
    single = known[0].parts if len(known) == 1 else None
    if single is not None:
        whole = single * runs
        below = int(entry.value.value * whole)
        words += ": " + ", ".join(
            f"{count} of {whole} is {shown(Fraction(count, whole), entry)}"
            for count in (below, below + 1)
            if count <= whole
        )
    elif len(known) > 1:
        words += f", in none of its readings ({', '.join(basis.reading for basis in known)})"
    if runs > 1:
        words += f"; nor as a mean of runs rounded to {entry.value.decimals} decimals"
    if entry.sizes.seeds is None:
        words += "; read as a single run, for no number of runs is given"
    return words


def _example(entry: Entry, told: list[tuple[str, Basis]], runs: int) -> str:
    way, basis = next((way, basis) for way, basis in told if way)
    reading = f" ({basis.reading})" if len(told) > 1 else ""
    if way == "rounded runs":
        return f"can arise as a mean of {runs} runs that were rounded first{reading}"
    if way != "count" or basis.parts is None:
        return f"can arise, such as from {way}{reading}"
    whole = basis.parts * runs
    nearest = int(entry.value.value * whole + Fraction(1, 2))
    return f"can arise: {nearest} of {whole} is {shown(Fraction(nearest, whole), entry)}{reading}"


def _share(entry: Entry, known: Iterable[Basis], runs: int, rounding: Rounding) -> float:
    """Return the share of the nearest printable numbers that some reading gives."""
    scale = 10**entry.value.places
    middle = int(entry.value.value * scale)
    low = entry.measure.low if entry.measure else 0
    near = range(max(low * scale, middle - NEIGHBOURS), min(scale, middle + NEIGHBOURS) + 1)
    passed = np.zeros(len(near), dtype=bool)
    for basis in known:
        if basis.parts is not None:
            lattice = _lattice(entry, basis, runs, rounding)
            passed |= np.array([counted.possible(counted.printable(unit, lattice), lattice) for unit in near])
        else:
            sizes = entry.sizes.positives or 0, entry.sizes.negatives or 0
            passed |= _reached(basis.reading, sizes, (near, scale, rounding))
    return float(passed.mean()) if len(near) else 0.0


def _reached(reading: Reading, sizes: tuple[int, int], printable: tuple[range, int, Rounding]) -> NDArray[np.bool_]:
    """Say which printable numbers the two-by-two tables give; in float64, for it is a share and no verdict."""
    near, scale, rounding = printable
    found = _values(reading, sizes) * scale
    ends = (found, found - 1) if rounding == "truncated" else (found + 0.5, found - 0.5)
    reached = np.zeros(len(near), dtype=bool)
    for units in (np.floor(ends[0] + 1e-9), np.ceil(ends[1] - 1e-9)):
        inside = units[(units >= near.start) & (units < near.stop)].astype(np.int64) - near.start
        reached[inside] = True
    return reached


@lru_cache(maxsize=4)
def _values(reading: Reading, sizes: tuple[int, int]) -> NDArray[np.float64]:
    positives, negatives = sizes
    rows = max(1, MEASURED // (negatives + 1))
    tps = np.arange(max(0, positives + 1 - rows), positives + 1)
    fps = np.arange(min(negatives + 1, MEASURED))
    return values(reading, tps[:, None], fps[None, :], sizes).ravel()
