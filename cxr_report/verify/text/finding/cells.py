"""The text of a cell in, the number, p value or interval that it holds out."""

from __future__ import annotations

import re

from cxr_report.verify.text.characters import plain
from cxr_report.verify.text.finding.estimates import SPAN, span_highs
from cxr_report.verify.text.finding.patterns import NOT_SIGNIFICANT, P_VALUE, RELATION, number, p_value, relation
from cxr_report.verify.text.numbers import EXPONENT, NUMERAL, Number, Reported, decimal_sign

__all__ = ["cell_interval", "cell_number", "cell_p", "cell_stars"]

_STARS = r"(?P<stars> ?(?:\*{1,4}|†{1,2}))?"
_NUMBER = re.compile(rf"(?P<relation>{RELATION})? ?(?P<number>{NUMERAL}{EXPONENT})(?P<percent> ?%)?{_STARS}")
_INTERVAL = re.compile(
    rf"(?:(?P<estimate>{NUMERAL})(?P<percent> ?%)?(?: ?[(\[;:] ?|, | ))?"
    rf"[(\[]? ?(?:95 ?% ?CI:? ?)?{SPAN} ?[)\]]?{_STARS}"
)


def cell_number(text: str) -> Reported | None:
    """Read a cell that holds one number and no more than marks beside it.

    Example:
        >>> cell_number("−2.20**").number.value, cell_number("2.2 (0.1)")
        (-2.2, None)
    """
    match = _NUMBER.fullmatch(plain(text).text.strip())
    if not match:
        return None
    found = number(match["number"], decimal_sign([match["number"]]) or ".")
    return Reported(relation(match["relation"]), found.scaled(0.01) if match["percent"] else found)


def cell_stars(text: str) -> str:
    """Return the marks of significance after the number of a cell."""
    match = _NUMBER.fullmatch(plain(text).text.strip())
    return (match["stars"] or "").strip() if match else ""


def cell_p(text: str, alpha: float) -> Reported | None:
    """Read a cell that holds a p value: a number, with or without ``p`` and its relation, or "n.s.".

    Example:
        >>> cell_p("<0.001", 0.05).relation, cell_p("n.s.", 0.05).relation, cell_p("-", 0.05)
        ('<', '>', None)
    """
    shown = plain(text).text.strip()
    match = P_VALUE.match(shown)
    if match:
        return p_value(match, decimal_sign([match["number"]]) or ".")
    if NOT_SIGNIFICANT.fullmatch(shown):
        return Reported(">", Number(alpha, 0.0))
    return cell_number(text)


def cell_interval(text: str) -> tuple[Number | None, Number, list[Number], bool] | None:
    """Read a cell that holds an interval, with or without its estimate before it.

    Returns:
        Estimate or None, lower end, readings of the upper end, whether per cent stand there.

    Example:
        >>> estimate, low, highs, _ = cell_interval("0.91 (0.88–0.94)")
        >>> estimate.value, low.value, highs[0].value
        (0.91, 0.88, 0.94)
    """
    match = _INTERVAL.fullmatch(plain(text).text.strip())
    if not match:
        return None
    texts = [each for each in (match["estimate"], match["low"], match["high"]) if each]
    decimal = decimal_sign(texts) or "."
    if match["between"] == "," and decimal == ",":
        return None
    estimate = number(match["estimate"], decimal) if match["estimate"] else None
    per_cent = bool(match["percent"] or match["span_percent"])
    return estimate, number(match["low"], decimal), span_highs(match, decimal), per_cent
