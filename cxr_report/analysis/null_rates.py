"""The variance components of a study in, how often each planned test would reject if all losses were equal out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from cxr_report import stats
from cxr_report.analysis import null_tests
from cxr_report.analysis.comparisons import SNAP, notes, smallest
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.family import Family
from cxr_report.analysis.joint import Fit
from cxr_report.analysis.null_tests import Components, Pairs
from cxr_report.analysis.value import BOTH, NullRate
from cxr_report.study import Study

__all__ = ["SIMULATIONS", "components", "null_rates", "simulate"]

Floats = NDArray[np.float64]

SIMULATIONS = 10_000
"""Chosen: a rate of 0.05 then has a standard error of 0.002."""

MOST_DIFFERENCES = 2e8
"""Chosen: differences of pairs and seeds that are simulated in all, so that a study of a thousand seeds ends too."""

AT_ONCE = 2e6
"""Chosen: differences that are in memory together, 16 MB each array."""

KNOWN = "the covariance over cases is taken as known"


def null_rates(context: Context, fit: Fit) -> tuple[NullRate, ...]:
    """Simulate this study with equal losses, and count how often each planned test claims a difference.

    Every simulation draws seeds, cases and their interactions anew from normal distributions with the study's own
    components of variance. So a rejection is false for seeds and cases together, whatever the test was made for: a test
    over seeds alone takes the luck of a loss with these cases for its merit. Tests of pairs count the families in which
    any comparison is rejected after the plan's adjustment. The rates describe tests on data like these; they decide
    nothing.

    Args:
        context: study and family.
        fit: analysis of the primary metric over seeds and cases.

    Returns:
        One per test, with the Monte-Carlo error; NaN with a note where losses never differ.
    """
    study, family, (k, size) = context.study, context.family, fit.result.theta.shape
    parts, clipped = components(fit.result)
    pairs = np.array([place for place in family.pairs() if family.holds(place)], dtype=np.int64)
    told = _notes(study, family, size)
    below = "components below 0 count as 0" if clipped else ""
    if not parts.differ:
        return tuple(_rate(test, math.nan, 0, notes("the losses never differ", note)) for test, note in told.items())
    n = int(min(SIMULATIONS, max(1, MOST_DIFFERENCES // (len(pairs) * size))))
    at_once = int(max(1, AT_ONCE // (max(len(pairs), k) * size)))
    rng, counts = generator("null rates"), dict.fromkeys(told, 0)
    for drawn in _sizes(n, at_once):
        theta = float(fit.result.theta.mean()) + simulate(parts, (drawn, k, size), rng)
        for test, rejected in _rejected(theta, parts, pairs, study).items():
            counts[test] += int(rejected.sum())
    return tuple(_rate(test, counts[test] / n, n, notes(note, below)) for test, note in told.items())


def _sizes(n: int, at_once: int) -> Iterator[int]:
    for start in range(0, n, at_once):
        yield min(at_once, n - start)


def _rate(test: str, rate: float, n: int, note: str) -> NullRate:
    error = math.sqrt(rate * (1 - rate) / n) if n else math.nan
    return NullRate(test=test, claim=BOTH, rate=rate, monte_carlo_error=error, n_simulations=n, note=note)


def _notes(study: Study, family: Family, size: int) -> Mapping[str, str]:
    """Name the tests, and say of each what must be known of its rate."""
    plan, m = study.analysis, family.size
    how = "" if plan.adjustment == "none" or m == 1 else f", adjusted ({plan.adjustment})"
    any_of = f"any of {m} comparisons{how}" if m > 1 else ""
    least = smallest("wilcoxon", size, comparisons=m, n_losses=len(family.losses), adjustment=plan.adjustment)
    never = f"cannot reach {plan.alpha:g} with {size} seeds" if least > plan.alpha else ""
    return {
        "mrmc": KNOWN,
        "mrmc pairs": notes(any_of, KNOWN),
        "mrmc-seeds-fixed": KNOWN,
        "paired t": any_of,
        "wilcoxon exact": notes(any_of, never),
        "iman-davenport": "",
        "friedman": "",
        "rm-anova": "",
        "mixed-model": "",
    }


def _rejected(theta: Floats, parts: Components, pairs: Pairs, study: Study) -> dict[str, NDArray[np.bool_]]:
    alpha, adjustment = study.analysis.alpha, study.analysis.adjustment

    def family(p: Floats) -> NDArray[np.bool_]:
        return null_tests.any_rejected(p, adjustment, alpha=alpha)

    return {
        "mrmc": null_tests.mrmc(theta, parts) <= alpha,
        "mrmc pairs": family(null_tests.mrmc_pairs(theta, parts, pairs)),
        "mrmc-seeds-fixed": null_tests.mrmc_seeds_fixed(theta, parts) <= alpha,
        "paired t": family(null_tests.paired_t(theta, pairs)),
        "wilcoxon exact": family(null_tests.wilcoxon(theta, pairs)),
        "iman-davenport": null_tests.iman_davenport(theta) <= alpha,
        "friedman": null_tests.friedman(theta) <= alpha,
        "rm-anova": null_tests.rm_anova(theta) <= alpha,
        "mixed-model": null_tests.mixed_model(theta) <= alpha,
    }


def components(result: stats.Mrmc) -> tuple[Components, bool]:
    """Take the components of variance from an analysis; what is below 0, or rounding alone, becomes 0.

    Args:
        result: crossed, seeds and cases random.

    Returns:
        The components, and whether any was below 0.
    """
    raw = {
        "seed": result.var_seed,
        "loss_seed": result.var_loss_seed,
        "cases": result.cov3,
        "loss": result.cov2 - result.cov3,
        "seed_cases": result.cov1 - result.cov3,
        "error": result.var_error - result.cov1 - result.cov2 + result.cov3,
    }
    small = SNAP * max(abs(value) for value in (result.var_error, result.ms_seed, result.ms_loss_seed))
    parts = Components(**{name: float(value) if value > small else 0.0 for name, value in raw.items()})
    return parts, any(value < -small for value in raw.values())


def simulate(parts: Components, shape: tuple[int, int, int], rng: np.random.Generator) -> Floats:
    """Draw the scores of equal losses around 0.

    Args:
        parts: variances.
        shape: B simulations, k losses, S seeds.
        rng: the source of randomness.

    Returns:
        ``(B, k, S)``; over seeds and cases their covariance is that of the components.
    """
    n, k, size = shape

    def draw(variance: float, *axes: int) -> Floats:
        return np.asarray(math.sqrt(variance) * rng.normal(size=axes))

    return np.asarray(
        draw(parts.cases, n, 1, 1)
        + draw(parts.loss, n, k, 1)
        + draw(parts.seed + parts.seed_cases, n, 1, size)
        + draw(parts.loss_seed + parts.error, n, k, size)
    )
