"""An estimate with its interval in, the verdict on their order, range and width out."""

from __future__ import annotations

from scipy import special

from cxr_report.verify.text.grading.comparing import SLACK, shown
from cxr_report.verify.text.numbers import Number
from cxr_report.verify.text.recomputing.areas import hanley_mcneil, largest_error
from cxr_report.verify.text.recomputing.proportions import counts_of, intervals
from cxr_report.verify.text.recomputing.tails import Bounds
from cxr_report.verify.text.statements import Interval, Verdict

__all__ = ["grade_interval"]

NARROW, WIDE = 0.5, 2.0
"""Chosen: an interval of half or twice the binomial width is not one of n independent cases."""

NARROW_AREA = 0.4
"""Chosen: areas of real classifiers have a standard error above 0.4 of Hanley and McNeil's."""

WIDE_AREA = 1.1
"""Chosen: room above the largest standard error that any scores can give, for intervals that are not symmetric."""

MOST_COUNTS = 2_000
"""Chosen: more counts than that round to the printed share; only the ends are looked at."""


def grade_interval(interval: Interval) -> Verdict:
    """Say whether an estimate lies within its interval, and whether the number of cases can give its width.

    Example:
        >>> grade_interval(Interval("", Number(0.5, 0.1), Number(0.6, 0.1), Number(0.9, 0.1))).reason
        'the estimate lies outside of its interval'
    """
    highs = (interval.high, *interval.other_highs)
    ordered = [high for high in highs if interval.low.low <= high.high + _room(high)]
    if not ordered:
        return Verdict("inconsistent", "", "the lower end lies above the upper end")
    inside = [high for high in ordered if _inside(interval.estimate, interval.low, high)]
    if not inside and interval.second:
        return Verdict(
            "cannot be checked", "", "the interval may be that of the difference of the two values before it"
        )
    if not inside:
        return Verdict("inconsistent", "", "the estimate lies outside of its interval")
    if interval.name and (inside[0].low > 1 or interval.low.high < 0):
        return Verdict(
            "inconsistent", "", "an area or a share lies between 0 and 1, and the interval leaves that range"
        )
    if interval.name == "area" and interval.groups:
        return _grade_area(interval, inside[0], interval.groups)
    if interval.name == "share" and interval.n:
        return _grade_share(interval, inside[0])
    return Verdict("consistent", "", "the estimate lies within; its width is not checked, for n is not given")


def _room(number: Number) -> float:
    return SLACK * max(number.unit, abs(number.value))


def _inside(estimate: Number, low: Number, high: Number) -> bool:
    """Say whether the three can be in order; ends that only touch would be one number that was rounded to two."""
    return estimate.high - low.low > _room(estimate) and high.high - estimate.low > _room(estimate)


def _grade_area(interval: Interval, high: Number, groups: tuple[int, int]) -> Verdict:
    """Hold the width against Hanley and McNeil's error and against the largest that there can be."""
    area = min(1.0, max(0.0, interval.estimate.value))
    quantile = float(special.ndtri(0.5 + interval.level / 2))
    error = (high.value - interval.low.value) / (2 * quantile)
    slack = (high.unit + interval.low.unit) / (4 * quantile)
    expected, largest = hanley_mcneil(area, *groups), largest_error(area, *groups)
    half = quantile * expected
    text = f"Hanley-McNeil {shown((max(0.0, area - half), min(1.0, area + half)))}"
    if error + slack < NARROW_AREA * expected:
        return _width(interval, text, "narrower than these numbers of cases allow")
    if error - slack > WIDE_AREA * largest and 0 < area < 1:
        return _width(interval, text, "wider than these numbers of cases can make it")
    return Verdict("consistent", text)


def _width(interval: Interval, text: str, words: str) -> Verdict:
    if interval.pooled:
        return Verdict("cannot be checked", text, f"{words}, but the text speaks of more than single cases")
    return Verdict("inconsistent", text, words)


def _grade_share(interval: Interval, high: Number) -> Verdict:
    """Hold an interval of a share against the binomial ones of every count that rounds to it."""
    counts = counts_of(interval.estimate, interval.n)
    if not counts:
        if interval.pooled:
            return Verdict("cannot be checked", "", "the text speaks of a mean, not of one count")
        return Verdict("inconsistent", "", f"no count of {interval.n} cases gives this share")
    if len(counts) > MOST_COUNTS:
        counts = range(counts[0], counts[-1] + 1, counts[-1] - counts[0])
    known = [found for count in counts for found in intervals(count, interval.n, interval.level).items()]
    matched = [name for name, bounds in known if _rounds(bounds, interval.low, high)]
    wilson = next(bounds for name, bounds in known if name == "wilson")
    text = f"Wilson {shown(wilson)}"
    if matched and (not interval.method or interval.method in matched or interval.method not in dict(known)):
        return Verdict("consistent", text, matched[0])
    if matched:
        return _width(interval, text, f"the text names {interval.method}, the numbers are those of {matched[0]}")
    if interval.method in dict(known):
        return _width(interval, text, f"not the interval of {interval.method}")
    ratio = (high.value - interval.low.value) / (wilson[1] - wilson[0])
    if not NARROW <= ratio <= WIDE:
        return _width(interval, text, f"{ratio:.2g} times as wide as a binomial interval of {interval.n} cases")
    return Verdict("cannot be checked", text, "near a binomial interval, but none of the known methods gives it")


def _rounds(bounds: Bounds, low: Number, high: Number) -> bool:
    return all(
        number.low - _room(number) <= bound <= number.high + _room(number)
        for bound, number in zip(bounds, (low, high), strict=True)
    )
