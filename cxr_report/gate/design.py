"""Losses, seeds, cases and a plan in; smallest p, power, width, and the seeds and cases that would do out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cxr_report import stats
from cxr_report.gate.expectation import Expectation
from cxr_report.study.plan import Adjustment

__all__ = [
    "MOST_SEEDS",
    "Design",
    "Prospect",
    "cases_needed",
    "prospect",
    "seeds_needed",
    "seeds_to_reach",
    "smallest_adjusted",
]

MOST_SEEDS = 1000
"""As many as a study may ask for by a count."""

MOST_TIMES = 10_000
"""Chosen: so many times the cases at hand are looked at; beyond it the case part is nothing."""

STRIDE = 1.1
"""Chosen: from one number of cases looked at to the next. Power need not rise with every case, since fewer degrees of
freedom are left where the case part gets small, so that halving alone could miss the numbers that do."""


@dataclass(frozen=True, slots=True)
class Design:
    """A comparison as it is planned."""

    n_losses: int
    """At least 2."""
    n_seeds: int
    """At least 2, for every loss."""
    n_cases: int | None
    """Test cases; None = not known."""
    delta: float
    """The difference of the primary metric that power is asked for."""
    alpha: float = 0.05
    adjustment: Adjustment = "holm"
    family: Literal["baseline", "all"] = "baseline"

    @property
    def comparisons(self) -> int:
        """Tests in the family."""
        return self.n_losses - 1 if self.family == "baseline" else math.comb(self.n_losses, 2)

    @property
    def hurdle(self) -> int:
        """What alpha is divided by for the first rejection among many: 1 without adjustment, else the family's size."""
        return 1 if self.adjustment == "none" else self.comparisons


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one comparison of two losses over seeds and cases can be expected to show."""

    power: float
    """To find `delta` at the level of the family's first step."""
    width: float
    """Expected width of the unadjusted 1 - alpha interval, in units of the metric."""
    width_simultaneous: float
    """Of the Bonferroni-simultaneous one."""


def smallest_adjusted(test: str, design: Design) -> float:
    """Return the smallest adjusted p that a test of the family can reach; 0 = no bound.

    All comparisons are taken to reach their smallest p at once. Step-up adjustments then ask less than Holm's first
    step, Bonferroni and Holm multiply by the family's size (`stats.smallest_p`).

    Args:
        test: as in `stats.smallest_p`; ``friedman`` is one test and not adjusted.
        design: losses, seeds, adjustment.

    Example:
        >>> smallest_adjusted("wilcoxon", Design(n_losses=4, n_seeds=5, n_cases=None, delta=0.01))
        0.1875
    """
    if test == "friedman":
        return stats.smallest_p(test, design.n_seeds, k=design.n_losses)
    raw = stats.smallest_p(test, design.n_seeds)
    return float(stats.adjust(np.full(design.comparisons, raw), design.adjustment)[0])


def seeds_to_reach(test: str, design: Design) -> int | None:
    """Return the smallest number of seeds with which a test can reach alpha at all; None where 1000 do not.

    Example:
        >>> seeds_to_reach("wilcoxon", Design(n_losses=4, n_seeds=5, n_cases=None, delta=0.01))
        7
    """

    def enough(seeds: int) -> bool:
        return smallest_adjusted(test, replace(design, n_seeds=seeds)) <= design.alpha

    return _fewest(enough, 2, MOST_SEEDS)


def prospect(design: Design, expected: Expectation) -> Prospect:
    """Compute power and widths, see `stats.power_mrmc`.

    Example:
        >>> plan = Design(n_losses=2, n_seeds=5, n_cases=None, delta=0.02)
        >>> found = prospect(plan, Expectation(1e-4, None, 2e-5, None, None, "an example"))
        >>> round(found.power, 3), round(found.width, 4)
        (0.556, 0.0379)
    """
    ms, case = expected.at(design.n_cases)
    single, simultaneous = (
        stats.power_mrmc(0.0, design.n_seeds, ms=ms, case=case, comparisons=tests, alpha=design.alpha).width
        for tests in (1, design.comparisons)
    )
    return Prospect(_power(design, expected), single, simultaneous)


def seeds_needed(design: Design, expected: Expectation, *, power: float) -> int | None:
    """Return the fewest seeds that give a power with the design's cases; None where 1000 do not.

    Example:
        >>> plan = Design(n_losses=2, n_seeds=5, n_cases=None, delta=0.02)
        >>> seeds_needed(plan, Expectation(1e-4, None, 2e-5, None, None, "an example"), power=0.8)
        19
    """

    def enough(seeds: int) -> bool:
        return _power(replace(design, n_seeds=seeds), expected) >= power

    return _fewest(enough, 2, MOST_SEEDS)


def cases_needed(design: Design, expected: Expectation, *, power: float) -> int | None:
    """Return the fewest test cases that give a power with the design's seeds; None where no number does.

    Raises:
        ValueError: neither the design nor the expectation says how many cases there are.
    """
    known = expected.cases or design.n_cases
    if known is None:
        raise ValueError("cases must be known in the design or in the expectation, to be told how many more are needed")
    there = replace(expected, cases=known)

    def enough(cases: int) -> bool:
        return _power(replace(design, n_cases=cases), there) >= power

    low, high = 1, 2
    while not enough(high):
        low, high = high, max(high + 1, int(high * STRIDE))
        if high > MOST_TIMES * known:
            return None
    return _fewest(enough, low + 1, high)


def _power(design: Design, expected: Expectation) -> float:
    ms, case = expected.at(design.n_cases)
    return stats.power_mrmc(
        design.delta, design.n_seeds, ms=ms, case=case, comparisons=design.hurdle, alpha=design.alpha
    ).power


def _fewest(enough: Callable[[int], bool], least: int, most: int) -> int | None:
    """Return the smallest number that is enough, where every larger one is too; None where `most` is not."""
    if not enough(most):
        return None
    low, high = least - 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
