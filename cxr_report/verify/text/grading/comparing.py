"""A printed p value and the interval that was recomputed in; whether they meet, and whether a decision differs, out."""

from __future__ import annotations

import math

from cxr_report.verify.text.numbers import Reported
from cxr_report.verify.text.recomputing.tails import Bounds

__all__ = ["decides", "meets", "shown", "shown_number"]

SLACK = 1e-9
"""Chosen: relative room for binary rounding of printed decimals."""


def meets(reported: Reported, computed: Bounds) -> bool:
    """Say whether a printed value and a recomputed interval have a number in common.

    Example:
        >>> from cxr_report.verify.text.numbers import Number
        >>> computed = 0.0358, 0.0366
        >>> meets(Reported("=", Number(0.04, 0.01)), computed), meets(Reported("<", Number(0.03, 0.01)), computed)
        (True, False)
    """
    low, high = reported.bounds(-math.inf, math.inf)
    room = SLACK * max(reported.number.unit, abs(reported.number.value))
    if reported.relation == "<":
        return computed[0] < high + room
    if reported.relation == ">":
        return computed[1] > low - room
    return computed[0] <= high + room and computed[1] >= low - room


def decides(reported: Reported, computed: Bounds, alpha: float) -> bool:
    """Say whether the printed p value decides otherwise than every recomputed one; p = alpha counts as significant.

    Example:
        >>> from cxr_report.verify.text.numbers import Number
        >>> decides(Reported("=", Number(0.06, 0.01)), (0.0358, 0.0366), 0.05)
        True
    """
    value, below = reported.number.value, reported.relation in ("<", "<=", "=")
    if below and value <= alpha:
        return computed[0] > alpha
    above = reported.relation == "=" or (reported.relation in (">", ">=") and value >= alpha)
    return above and computed[1] <= alpha


def shown_number(value: float) -> str:
    """Write a recomputed number for people.

    Example:
        >>> shown_number(0.036217), shown_number(0.00000012), shown_number(0.0), shown_number(12.3456)
        ('0.0362', '1.2e-07', '0', '12.35')
    """
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    return f"{value:.2g}" if abs(value) < 1e-3 else f"{value:.4g}" if abs(value) >= 1 else f"{value:.3g}"


def shown(bounds: Bounds) -> str:
    """Write a recomputed interval for people; one number where both ends look alike.

    Example:
        >>> shown((0.03581, 0.03663)), shown((0.1, 0.1))
        ('0.0358 to 0.0366', '0.1')
    """
    low, high = map(shown_number, bounds)
    return low if low == high else f"{low} to {high}"
