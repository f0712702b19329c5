"""All values of one method in, whether one and the same set of predictions can give them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from cxr_report.verify.tables.confusion import Constraint, Search, TooLarge, search
from cxr_report.verify.tables.denominators import runs_of
from cxr_report.verify.tables.entries import Entry
from cxr_report.verify.tables.finding import CHECKED, IMPOSSIBLE, POSSIBLE, Finding, shown
from cxr_report.verify.tables.printed import Interval, Rounding

__all__ = ["check_together"]

LINEAR = ("accuracy", "error", "sensitivity", "specificity", "balanced-accuracy")
"""Metrics whose means over runs hang together as those of a single run do."""


def check_together(alone: Sequence[Finding], rounding: Rounding = "nearest") -> tuple[Finding, ...]:
    """Check the values of each method (and class, and data set) that can arise one by one.

    Of one run on two classes, true and false positives must give all values at once. Of means over runs, accuracy is
    the average of sensitivity and specificity weighted by positives and negatives, for means as for single runs.

    Args:
        alone: the findings of the single values.
        rounding: how they were printed.
    """
    doubtful = {
        _place(finding.entries[0]) for finding in alone if finding.grade == IMPOSSIBLE and finding.what == "value"
    }
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for finding in alone:
        entry = finding.entries[0]
        sizes = entry.sizes
        usable = finding.what == "value" and entry.measure is not None and entry.measure.key != "auc"
        if usable and sizes.positives and sizes.negatives and _place(entry) not in doubtful:
            key = (entry.dataset, entry.method, entry.klass, sizes.positives, sizes.negatives, runs_of(entry))
            groups.setdefault(key, []).append(entry)
    return tuple(_findings(groups, rounding))


def _place(entry: Entry) -> tuple[object, ...]:
    return entry.group, entry.method


def _findings(groups: dict[tuple[object, ...], list[Entry]], rounding: Rounding) -> Iterator[Finding]:
    for key, entries in groups.items():
        if key[-1] == 1 and len(entries) > 1:
            yield _single(entries, rounding)
        elif isinstance(key[-1], int) and key[-1] > 1:
            linear = [entry for entry in entries if entry.measure and entry.measure.key in LINEAR]
            if len(linear) > 2:
                yield _means(linear, rounding)


def _single(entries: Sequence[Entry], rounding: Rounding) -> Finding:
    sizes = entries[0].sizes
    positives, negatives = sizes.positives or 0, sizes.negatives or 0
    told = f"{positives} positives and {negatives} negatives"
    constraints = [
        Constraint(
            entry.measure.readings[:1] if entry.klass else entry.measure.readings, entry.value.interval(rounding)
        )
        for entry in entries
        if entry.measure is not None
    ]
    try:
        found = search(positives, negatives, constraints)
    except TooLarge:
        return Finding(tuple(entries), "together", CHECKED, "too many two-by-two tables to search them all")
    if not found.found:
        text = f"cannot arise together: no two-by-two table of {told} gives all of them (at one threshold)"
        return Finding(tuple(entries), "together", IMPOSSIBLE, text)
    return Finding(tuple(entries), "together", POSSIBLE, _table(found))


def _table(found: Search) -> str:
    cells = found.found[0]
    counts = f"TP {cells.tp}, FP {cells.fp}, FN {cells.positives - cells.tp}, TN {cells.negatives - cells.fp}"
    if found.unique:
        return f"exactly one two-by-two table gives all of them: {counts}"
    return f"can arise together, such as from {counts}"


def _means(entries: Sequence[Entry], rounding: Rounding) -> Finding:
    """Hold means against each other, each widened by half a unit more, for its runs may have been rounded first."""
    within = {
        entry.measure.key: entry.value.interval(rounding).widened(entry.value.unit / 2)
        for entry in entries
        if entry.measure is not None
    }
    sizes = entries[0].sizes
    share = Fraction(sizes.positives or 0, sizes.n or 1)
    sensitivity, specificity = _both(within)
    clash = next((entry for entry in entries if not _agrees(entry, within, (sensitivity, specificity), share)), None)
    if clash is None:
        return Finding(tuple(entries), "together", POSSIBLE, "agree with each other as means over the same runs")
    text = f"cannot arise together from {sizes.positives} positives and {sizes.negatives} negatives"
    expected = _expected(clash, (sensitivity, specificity), share)
    text += f": the others put {clash.measure.title if clash.measure else clash.name} into "
    text += f"{shown(expected.low, clash)} to {shown(expected.high, clash)}"
    return Finding(tuple(entries), "together", IMPOSSIBLE, text)


def _both(within: dict[str, Interval]) -> tuple[Interval, Interval]:
    """Return what is known of sensitivity and specificity: as printed, or all of 0 to 1."""
    unknown = Interval(Fraction(0), Fraction(1))
    return within.get("sensitivity", unknown), within.get("specificity", unknown)


def _expected(entry: Entry, rates: tuple[Interval, Interval], share: Fraction) -> Interval:
    weight = Fraction(1, 2) if entry.measure and entry.measure.key == "balanced-accuracy" else share
    low = weight * rates[0].low + (1 - weight) * rates[1].low
    high = weight * rates[0].high + (1 - weight) * rates[1].high
    if entry.measure and entry.measure.key == "error":
        return Interval(1 - high, 1 - low)
    return Interval(low, high)


def _agrees(entry: Entry, within: dict[str, Interval], rates: tuple[Interval, Interval], share: Fraction) -> bool:
    if entry.measure is None or entry.measure.key in ("sensitivity", "specificity"):
        return True
    expected, printed = _expected(entry, rates, share), within[entry.measure.key]
    return expected.low <= printed.high and printed.low <= expected.high
