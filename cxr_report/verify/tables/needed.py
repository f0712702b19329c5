"""A difference between two published values in, the cases or seeds with which it would have been found out."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from scipy import stats as distributions

from cxr_report import stats
from cxr_report.verify.tables.areas import difference_error

__all__ = ["ALPHA", "MOST", "POWER", "Needed", "cases_for_accuracies", "cases_for_areas", "seeds_for_means"]

ALPHA, POWER = 0.05, 0.8
"""Chosen: what plans of studies take by habit."""

MOST = 10**9
"""Chosen: a larger number of cases is no answer."""


@dataclass(frozen=True, slots=True)
class Needed:
    """How many would have been needed, for the values as printed."""

    unit: str
    """``cases`` or ``seeds``."""
    least: int | None
    """Where the two agree as much as they can; None: no number does, for the values are equal."""
    most: int | None
    """Where they agree as little as is plausible."""
    how: str
    """What least and most stand for."""


def cases_for_accuracies(first: float, second: float) -> Needed:
    """Return the cases with which McNemar's test finds the difference with power 0.8 at 0.05.

    `n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2`, d the difference and psi the share of discordant cases: from d,
    where the worse model is right only where the better one is, to that of independent models. With few discordant
    cases the normal approximation asks for rather more than would do. Source: Connor 1987, doi 10.2307/2531961.

    Example:
        >>> found = cases_for_accuracies(0.90, 0.86)
        >>> found.least, found.most
        (194, 1038)
    """
    how = "from the most agreement that is possible to independent errors"
    difference = abs(first - second)
    if difference == 0:
        return Needed("cases", None, None, how)
    apart = first * (1 - second) + second * (1 - first)
    return Needed("cases", _mcnemar(difference, difference), _mcnemar(difference, apart), how)


def _mcnemar(difference: float, discordant: float) -> int | None:
    z_a, z_b = (float(distributions.norm.isf(level)) for level in (ALPHA / 2, 1 - POWER))
    rest = max(0.0, discordant - difference * difference)
    return _whole((z_a * sqrt(discordant) + z_b * sqrt(rest)) ** 2 / difference**2)


def cases_for_areas(difference: float, errors: tuple[float, float], n: int) -> Needed:
    """Return the cases with which the difference of two areas is found, with the same share of positives.

    The standard error falls with the square root of the cases.

    Args:
        difference: of the areas.
        errors: their Hanley-McNeil standard errors with n cases.
        n: cases.
    """
    how = "from correlation 0.9 of the two areas to 0"
    if difference == 0:
        return Needed("cases", None, None, how)
    z = sum(float(distributions.norm.isf(level)) for level in (ALPHA / 2, 1 - POWER))
    least, most = (_whole(n * (z * difference_error(*errors, r) / difference) ** 2) for r in (0.9, 0.0))
    return Needed("cases", least, most, how)


def seeds_for_means(difference: float, sds: tuple[float, float]) -> Needed:
    """Return the seeds with which the paired t test finds the difference of two means over seeds, on these cases.

    Args:
        difference: of the means.
        sds: standard deviations over seeds.
    """
    how = "from correlation 0.9 of the two over seeds to 0, on these cases"
    if difference == 0:
        return Needed("seeds", None, None, how)
    least, most = (_seeds(abs(difference), difference_error(*sds, r)) for r in (0.9, 0.0))
    return Needed("seeds", least, most, how)


def _seeds(difference: float, sd: float) -> int | None:
    if sd == 0:
        return 2
    try:
        return stats.seeds_needed(min(difference / sd, 50.0), power=POWER, alpha=ALPHA)
    except ValueError:
        return None


def _whole(number: float) -> int | None:
    return max(1, ceil(number)) if number < MOST else None
