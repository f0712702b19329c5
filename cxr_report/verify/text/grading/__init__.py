"""A statement in, its verdict out: one module for each family of statements."""

from __future__ import annotations

from cxr_report.verify.text.finding.kinds import named
from cxr_report.verify.text.grading.families import grade_adjusted
from cxr_report.verify.text.grading.intervals import grade_interval
from cxr_report.verify.text.grading.means import grade_contrast, grade_mean
from cxr_report.verify.text.grading.shares import grade_share
from cxr_report.verify.text.grading.tests import grade_test
from cxr_report.verify.text.statements import Adjusted, Contrast, Interval, Mean, Share, Statement, Test, Verdict

__all__ = ["described", "grade"]


def grade(statement: Statement) -> Verdict:
    """Recompute a statement and say whether it holds.

    Example:
        >>> from cxr_report.verify.text.numbers import Number
        >>> grade(Interval("area", Number(0.91, 0.01), Number(0.92, 0.01), Number(0.94, 0.01))).grade
        'inconsistent'
    """
    match statement:
        case Test():
            return grade_test(statement)
        case Interval():
            return grade_interval(statement)
        case Share():
            return grade_share(statement)
        case Mean():
            return grade_mean(statement)
        case Contrast():
            return grade_contrast(statement)
        case Adjusted():
            return grade_adjusted(statement)


def described(statement: Statement) -> str:
    """Say in words what a statement is.

    Example:
        >>> from cxr_report.verify.text.numbers import Number
        >>> described(Share("", Number(0.5, 0.1), 10))
        'share'
    """
    match statement:
        case Test(kind=kind):
            return named(kind)
        case Interval(name="area"):
            return "AUC interval"
        case Interval():
            return "interval"
        case Share():
            return "share"
        case Mean():
            return "mean"
        case Contrast():
            return "t of two means"
        case Adjusted():
            return "adjusted p"
