"""One printed standard deviation in, whether it can arise beside its mean from whole numbers of cases out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

from cxr_report.verify.tables import spread
from cxr_report.verify.tables.denominators import bases, runs_of
from cxr_report.verify.tables.entries import Entry
from cxr_report.verify.tables.finding import CHECKED, IMPOSSIBLE, NAN, POSSIBLE, Finding
from cxr_report.verify.tables.printed import Interval, Printed, Rounding
from cxr_report.verify.tables.spread import Undecided, Window

__all__ = ["check_sd"]

NEIGHBOURS = 10
"""Chosen: printable numbers on each side over which the share that would pass is measured."""

STEPS_NEARBY = 1_500
"""Chosen: steps of the search for each of them; what is not found by then counts as passing."""


def check_sd(entry: Entry, value: Finding, rounding: Rounding = "nearest") -> Finding | None:
    """Say whether a standard deviation over runs can arise; None where none is printed.

    Whole counts are tried with both denominators, S - 1 and S, then runs that were rounded before: rounding each run
    to the decimals of the mean moves the mean by half a unit at most and the standard deviation by half a unit times
    sqrt(S / (S - 1)) at most, and both intervals are widened by that.

    Args:
        entry: mean and standard deviation.
        value: what was found of the mean.
        rounding: how they were printed.
    """
    if entry.sd is None:
        return None
    runs = runs_of(entry)
    if entry.measure is None or runs is None:
        return None  # the finding of the value says why
    if runs == 1:
        return Finding((entry,), "sd", CHECKED, "one run has no standard deviation over runs")
    if value.grade == IMPOSSIBLE:
        return Finding((entry,), "sd", CHECKED, "its mean cannot arise")
    loose = _loose(entry, runs, rounding)
    if loose.grade == IMPOSSIBLE:
        return loose
    readings = bases(entry, runs)
    parts = [basis.parts for basis in readings if basis.parts is not None]
    if not parts or len(parts) < len(readings):
        return loose
    try:
        way = _way(entry, entry.sd, parts, (runs, rounding))
    except Undecided:
        return Finding((entry,), "sd", CHECKED, "the search was given up")
    return _graded(entry, way, parts, (runs, rounding))


def _graded(entry: Entry, way: str, parts: list[int], how: tuple[int, Rounding]) -> Finding:
    runs, counts = how[0], " or ".join(map(str, parts))
    share = _share(entry, parts, how)
    if not way:
        text = (
            f"cannot arise beside this mean from {runs} whole numbers of {counts} parts, with neither denominator "
            f"({runs - 1} or {runs}), nor from runs that were rounded first"
        )
        return Finding((entry,), "sd", IMPOSSIBLE, text, passing=share)
    if share == 1.0:
        text = f"every printable SD nearby can arise from {runs} runs of {counts} parts"
        return Finding((entry,), "sd", CHECKED, text, passing=share)
    rounded = " that were rounded first" if way == "rounded" else ""
    return Finding((entry,), "sd", POSSIBLE, f"can arise from {runs} runs of {counts} parts{rounded}", passing=share)


def _loose(entry: Entry, runs: int, rounding: Rounding) -> Finding:
    """Hold a standard deviation against the largest that numbers in the metric's range can have with this mean."""
    low = entry.measure.low if entry.measure else 0
    width = 1 - low
    mean = entry.value.interval(rounding).widened(entry.value.unit / 2)
    inner = Interval((mean.low - low) / width, (mean.high - low) / width)
    sd = _within(entry.sd, rounding).widened(entry.value.unit).scaled(Fraction(1, width))
    if spread.bounded(inner, sd, runs):
        return Finding((entry,), "sd", CHECKED, "only its largest possible value is known, and it is below that")
    return Finding((entry,), "sd", IMPOSSIBLE, f"cannot arise: {runs} values in range with this mean vary less")


def _within(sd: Printed | None, rounding: Rounding) -> Interval:
    return Interval(Fraction(0), Fraction(0)) if sd is None else sd.interval(rounding)


def _way(entry: Entry, sd: Printed, parts: list[int], how: tuple[int, Rounding], *, steps: int = spread.STEPS) -> str:
    """Say how it arises: ``counts``, ``rounded``, or an empty string for neither.

    Raises:
        Undecided: no way was found, and some were not searched to the end.
    """
    runs, rounding = how
    mean, within, doubt = entry.value.interval(rounding), sd.interval(rounding), False
    half = entry.value.unit / (1 if rounding == "truncated" else 2)
    for way, more in (("counts", Fraction(0)), ("rounded", half)):
        for each in parts:
            wide = within.widened(more * _root_above(Fraction(runs, runs - 1)))
            window = Window(mean.widened(more).scaled(each), wide.scaled(each), runs, each)
            try:
                if spread.possible(window, steps=steps):
                    return way
            except Undecided:
                doubt = True
    if doubt:
        raise Undecided
    return ""


def _root_above(number: Fraction) -> Fraction:
    """Return a fraction just above the square root."""
    scale = 10**9
    return Fraction(isqrt(number.numerator * scale * scale // number.denominator) + 1, scale)


def _share(entry: Entry, parts: list[int], how: tuple[int, Rounding]) -> float:
    sd = entry.sd
    if sd is None:
        return NAN
    middle = int(sd.number * 10**sd.decimals)
    near = range(max(0, middle - NEIGHBOURS), middle + NEIGHBOURS + 1)
    passed = 0
    for unit in near:
        other = replace(sd, number=Fraction(unit, 10**sd.decimals))
        try:
            passed += bool(_way(entry, other, parts, how, steps=STEPS_NEARBY))
        except Undecided:
            passed += 1
    return passed / len(near)
