"""A mean with its standard deviation in, or two with their t, the verdict out."""

from __future__ import annotations

from cxr_report.verify.text.grading.comparing import SLACK, shown
from cxr_report.verify.text.recomputing.moments import squares_fit, student_t, sums_of, welch_t
from cxr_report.verify.text.statements import Contrast, Mean, Verdict

__all__ = ["grade_contrast", "grade_mean"]

MOST_SUMS = 10_000
"""Chosen: so many sums round to a mean that it says nothing."""


def grade_mean(mean: Mean) -> Verdict:
    """Say whether n whole numbers can have this mean and standard deviation (GRIM and GRIMMER).

    Example:
        >>> from cxr_report.verify.text.numbers import Number
        >>> grade_mean(Mean(Number(5.19, 0.01), None, 28, True)).grade
        'inconsistent'
    """
    if mean.sd is not None and mean.sd.high < 0:
        return Verdict("inconsistent", "", "a standard deviation cannot be below 0")
    if not mean.whole:
        return Verdict("cannot be checked", "", "the text does not say that single values are whole numbers")
    if mean.n < 1:
        return Verdict("cannot be checked", "", "n is 0")
    sums = sums_of(mean.mean, mean.n)
    if not sums:
        return Verdict("inconsistent", "", f"no {mean.n} whole numbers have this mean")
    if len(sums) > MOST_SUMS:
        return Verdict("cannot be checked", "", f"printed so coarsely, some {mean.n} whole numbers have any mean")
    if mean.sd is not None and mean.n > 1 and not squares_fit(mean.mean, mean.sd, mean.n):
        return Verdict("inconsistent", "", f"no {mean.n} whole numbers have this mean and standard deviation")
    if mean.mean.unit * mean.n >= 1 and mean.sd is None:
        return Verdict("cannot be checked", "", f"printed so coarsely, some {mean.n} whole numbers have any mean")
    return Verdict("consistent", f"a sum of {sums[0]}" if len(sums) == 1 else f"a sum of {sums[0]} to {sums[-1]}")


def grade_contrast(contrast: Contrast) -> Verdict:
    """Say whether two means give the printed t, by Student or by Welch.

    A t of paired values is not given by two means; where the degrees of freedom are those of pairs, nothing is said.

    Example:
        >>> from cxr_report.verify.text.numbers import Number, Reported
        >>> a = Mean(Number(5.2, 0.1), Number(1.1, 0.1), 20, False)
        >>> b = Mean(Number(4.3, 0.1), Number(1.2, 0.1), 20, False)
        >>> grade_contrast(Contrast(a, b, Reported("=", Number(4.5, 0.1)), (Number(38, 1),))).grade
        'inconsistent'
    """
    a, b = contrast.first, contrast.second
    total = a.n + b.n - 2
    df = contrast.df[0].value if contrast.df else float("nan")
    if a.sd is None or b.sd is None or min(a.n, b.n) < 2 or not min(a.n, b.n) - 1 <= df <= total + 0.5:
        return Verdict("cannot be checked", "", "the degrees of freedom are not those of two groups of these sizes")
    if df == a.n - 1 == b.n - 1:
        return Verdict(
            "cannot be checked", "", "the degrees of freedom are those of pairs, whose correlation is not given"
        )
    samples = (a.mean, a.sd, a.n), (b.mean, b.sd, b.n)
    readings = {"Student": student_t(*samples), "Welch": welch_t(*samples)}
    low, high = contrast.statistic.bounds(float("-inf"), float("inf"))
    size = (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
    text = "; ".join(f"|t| = {shown(bounds)} ({name})" for name, bounds in readings.items())
    if any(bounds[0] <= size[1] + SLACK and size[0] <= bounds[1] + SLACK for bounds in readings.values()):
        return Verdict("consistent", text)
    return Verdict("inconsistent", text, "the means, standard deviations and sizes give another t")
