"""A plain text in, every statement in it out, in the order of the text."""

from __future__ import annotations

from cxr_report.verify.text.finding.estimates import find_intervals, find_shares
from cxr_report.verify.text.finding.means import find_contrasts, find_means
from cxr_report.verify.text.finding.surroundings import Surroundings
from cxr_report.verify.text.finding.tests import find_tests
from cxr_report.verify.text.statements import Found

__all__ = ["find"]


def find(text: str, around: Surroundings) -> list[Found]:
    """Find the statements of a plain text.

    Example:
        >>> len(find("t(28) = 2.20, p = .036, and an AUC of 0.91 (95% CI 0.88-0.94)", Surroundings()))
        2
    """
    if not any(character.isdigit() for character in text):
        return []
    tests = find_tests(text, around)
    means = find_means(text)
    found = [*tests, *find_intervals(text), *find_shares(text), *means, *find_contrasts(text, means, tests)]
    return sorted(found, key=lambda each: (each.start, each.end))
