"""An adjusted p value and the raw ones of its family in, the verdict out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_report.stats import adjust
from cxr_report.verify.text.grading.comparing import SLACK, meets, shown
from cxr_report.verify.text.statements import Adjusted, Method, Verdict

__all__ = ["grade_adjusted"]


def grade_adjusted(adjusted: Adjusted) -> Verdict:
    """Say whether an adjusted p value follows from the raw ones, as far as the table shows the family.

    Adjustments are monotone in every raw p, so that adjusting the lower bounds and the upper bounds of the rounded raw
    values bounds the adjusted one. Where the family or the method is not named, it is only held to be no smaller than
    its raw p.

    Example:
        >>> from cxr_report.verify.text.numbers import Number, Reported
        >>> raw = (Reported("=", Number(0.01, 0.01)), Reported("=", Number(0.04, 0.01)))
        >>> grade_adjusted(Adjusted(raw, 0, Reported("=", Number(0.04, 0.01)), "bonferroni", 2)).grade
        'inconsistent'
    """
    low, high = adjusted.raw[adjusted.place].bounds(0.0, 1.0)
    room = SLACK
    if adjusted.p.relation not in (">", ">=") and adjusted.p.bounds(0.0, 1.0)[1] < low - room:
        return Verdict("inconsistent", f"raw p {shown((low, high))}", "an adjusted p value is never below the raw one")
    whole = adjusted.family == len(adjusted.raw)
    if not adjusted.method or not whole:
        words = "which adjustment it is" if not adjusted.method else "whether the whole family stands in the table"
        return Verdict("consistent", f"raw p {shown((low, high))}", f"not below the raw p; {words} is not said")
    bounds = _bounds([each.bounds(0.0, 1.0) for each in adjusted.raw], adjusted.method)[adjusted.place]
    text = f"{adjusted.method}: p = {shown(bounds)}"
    if meets(adjusted.p, bounds):
        return Verdict("consistent", text)
    return Verdict("inconsistent", text, f"the {len(adjusted.raw)} raw values of the table give another adjusted p")


def _bounds(raw: Sequence[tuple[float, float]], method: Method) -> list[tuple[float, float]]:
    ends = ([min(1.0, max(0.0, bounds[end])) for bounds in raw] for end in (0, 1))
    low, high = (adjust(np.array(values), method=method) for values in ends)
    return [(float(least), float(most)) for least, most in zip(low, high, strict=True)]
