"""A test statistic in, the verdict on its p value out."""

from __future__ import annotations

import math

from cxr_report.verify.text.grading.comparing import SLACK, decides, meets, shown, shown_number
from cxr_report.verify.text.numbers import Number, Reported
from cxr_report.verify.text.recomputing.ranks import mann_whitney, signed_rank
from cxr_report.verify.text.recomputing.tails import TAILS, Bounds, p_bounds, range_of
from cxr_report.verify.text.statements import Test, Verdict

__all__ = ["grade_test"]

FEW_PAIRS = 10
"""Convention: with fewer pairs Spearman's p values are taken from the exact distribution, not from t."""

LOOSE = ("t", "F")
"""Statistics whose corrected degrees of freedom are fractions; those of a chi-square are counts."""

MOST_SIZE = 100_000
"""Chosen: larger samples are no rank test that anybody printed."""


def grade_test(test: Test) -> Verdict:
    """Recompute the p value of a test.

    Two-sided, unless the text declares one-sided tests; where only the one-sided p agrees, the verdict says so.

    Example:
        >>> test = Test("t", Reported("=", Number(2.2, 0.01)), (Number(28, 1),), Reported("=", Number(0.06, 0.01)))
        >>> grade_test(test).grade
        'changes the decision'
    """
    if test.p is None:
        return _unchecked(test.obstacle or "no p value stands with it")
    impossible = _impossible(test)
    if impossible:
        return Verdict("inconsistent", "", impossible)
    if test.kind in ("W", "U", "W?", "Shapiro", "tau"):
        return _grade_ranks(test, test.p)
    if len(test.df) < TAILS[test.kind][1]:
        return _unchecked("its degrees of freedom are not given")
    computed = p_bounds(
        test.kind, _statistic(test), [_df(number, test.loose_df and test.kind in LOOSE) for number in test.df]
    )
    if any(math.isnan(bound) for bound in computed):
        return Verdict("inconsistent", "", "degrees of freedom must be above 0")
    return _compare(test, test.p, computed)


def _unchecked(reason: str) -> Verdict:
    return Verdict("cannot be checked", "", reason)


def _impossible(test: Test) -> str:
    """Name what cannot be, whatever the p value is."""
    p, (least, most), (low, high) = test.p, range_of(test.kind), _statistic(test)
    if test.statistic.relation == "=":
        low, high = test.statistic.number.low, test.statistic.number.high
    if p is not None and (p.number.low > 1 or p.number.high < 0 or (p.relation == "<" and p.number.value <= 0)):
        return "a p value lies between 0 and 1"
    if low > most + SLACK or high < least - SLACK:
        return f"{test.kind} lies between {least:g} and {most:g}" if most < math.inf else "it cannot be below 0"
    concordance = _concordance(test)
    if concordance and not (concordance[0] <= high + SLACK and low - SLACK <= concordance[1]):
        return f"Kendall's W and n give a chi-square of {shown(concordance)}"
    return ""


def _concordance(test: Test) -> Bounds | None:
    """Return the chi-square that Kendall's W gives: n df W (Kendall & Smith 1939, doi 10.1214/aoms/1177732186)."""
    if test.kind != "Friedman" or test.concordance is None or len(test.sizes) != 1 or not test.df:
        return None
    scale = test.sizes[0] * test.df[0].value
    return test.concordance.low * scale, test.concordance.high * scale


def _statistic(test: Test) -> Bounds:
    least, most = range_of(test.kind)
    if test.statistic.relation in ("<", "<=") and least < 0:
        least = -abs(test.statistic.number.value)  # t < 1 speaks of the size
    low, high = test.statistic.bounds(least, most)
    return min(low, high), max(low, high)


def _df(number: Number, loose: bool) -> Bounds:
    """Return what degrees of freedom may be: whole ones are exact, unless a correction is named."""
    if number.whole and not loose:
        return number.value, number.value
    return max(number.low, SLACK), number.high


def _compare(test: Test, p: Reported, computed: Bounds) -> Verdict:
    """Hold a printed p value against the recomputed two-sided one, and against the one-sided ones."""
    text = f"p = {shown(computed)}"
    if test.adjusted:
        return _adjusted(p, computed, text)
    if meets(p, computed):
        return Verdict("consistent", text)
    halves = (computed[0] / 2, computed[1] / 2)
    others = (1 - halves[1], 1 - halves[0])
    one_sided = TAILS[test.kind][2] and any(
        meets(p, each) for each in ((halves, others) if test.one_sided else (halves,))
    )
    if one_sided and test.one_sided:
        return Verdict("consistent", f"{text}, one-sided {shown(halves)}", "one-sided, as the text declares")
    if test.exact:
        return Verdict(
            "cannot be checked", text, "the p value is exact or from resampling, which the statistic does not give"
        )
    if test.kind == "rs" and test.df[0].value + 2 < FEW_PAIRS:
        return Verdict("cannot be checked", text, f"with fewer than {FEW_PAIRS} pairs the exact p is not that of t")
    hint = "consistent if one-sided, which the text does not declare" if one_sided else ""
    if decides(p, computed, test.alpha):
        level = f"at alpha {shown_number(test.alpha)}"
        return Verdict("changes the decision", text, f"{level}; {hint}" if hint else level)
    return Verdict("inconsistent", text, hint)


def _adjusted(p: Reported, computed: Bounds, text: str) -> Verdict:
    """Hold an adjusted p value against the raw one that it cannot be below."""
    most = p.bounds(0, 1)[1]
    if p.relation not in (">", ">=") and most < computed[0] * (1 - SLACK):
        return Verdict("inconsistent", f"raw {text}", "an adjusted p value is never below the raw one")
    return Verdict(
        "consistent", f"raw {text}", "adjusted: not below the raw p; the adjustment itself is not recomputed"
    )


def _grade_ranks(test: Test, p: Reported) -> Verdict:
    """Recompute the p of W or U where the sample sizes stand with it."""
    needed = {"W": 1, "U": 2}.get(test.kind, 0)
    if not needed:
        words = {"W?": "which W it is is not said", "Shapiro": "the p of Shapiro and Wilk needs the data"}
        return _unchecked(words.get(test.kind, "the p of Kendall's tau needs the ties"))
    sizes = test.sizes[:2] if needed == 2 else test.sizes[:1]
    if len(sizes) < needed or min(sizes) < 1 or max(sizes) > MOST_SIZE:
        return _unchecked("the sample sizes are not given")
    most = sizes[0] * sizes[1] if needed == 2 else sizes[0] * (sizes[0] + 1) / 2
    statistic = _statistic(test)
    if statistic[0] > most:
        return Verdict("inconsistent", "", f"with these sizes it is at most {most:g}")
    readings = mann_whitney(statistic, *sizes) if needed == 2 else signed_rank(statistic, sizes[0])
    return _compare_readings(test, p, readings)


def _compare_readings(test: Test, p: Reported, readings: list[tuple[str, Bounds]]) -> Verdict:
    """Hold a printed p against every way in which a rank test is computed; ties only make it smaller."""
    known = [(name, bounds) for name, bounds in readings if not math.isnan(bounds[0])]
    text = "p = " + "; ".join(f"{shown(bounds)} ({name})" for name, bounds in known)
    matched = [name for name, bounds in known if meets(p, bounds)]
    if matched:
        return Verdict("consistent", text, matched[0])
    if test.one_sided and any(meets(p, (low / 2, high / 2)) for _, (low, high) in known):
        return Verdict("consistent", text, "one-sided, as the text declares")
    hull = min(low for _, (low, _) in known), max(high for _, (_, high) in known)
    if test.exact or p.bounds(0, 1)[0] <= hull[1]:
        return Verdict("cannot be checked", text, "ties, which are not told, make p smaller")
    return Verdict(
        "changes the decision" if decides(p, hull, test.alpha) else "inconsistent", text, "ties make p smaller"
    )
