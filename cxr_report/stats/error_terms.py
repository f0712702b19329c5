"""What is random and the terms of an analysis in, its error term, standard errors and intervals out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxr_report.stats.arguments import choice, open_unit, real
from cxr_report.stats.components import Terms
from cxr_report.stats.ties import SNAP

__all__ = ["Plan", "error_term", "read_plan", "seed_and_case_error", "t_interval", "why_undefined"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is random, how seeds belong to losses, and how intervals are made."""

    seeds: str = "random"
    """"random" or "fixed"."""
    cases: str = "random"
    """"random" or "fixed"."""
    design: str = "crossed"
    """"crossed" (seed s is the same seed for all losses) or "nested"."""
    confidence: float = 0.95
    """Of the intervals."""
    bounds: tuple[float, float] = (-np.inf, np.inf)
    """Smallest and largest value of the metric."""


def read_plan(
    seeds: str, cases: str, design: str, confidence: float, bounds: tuple[float, float] | None = None
) -> Plan:
    """Check what is asked, see `obuchowski_rockette`."""
    choice(seeds, "seeds", ("random", "fixed"))
    choice(cases, "cases", ("random", "fixed"))
    choice(design, "design", ("crossed", "nested"))
    if seeds == cases == "fixed":
        raise ValueError("seeds and cases must not both be 'fixed': nothing would be left to chance.")
    low, high = (-np.inf, np.inf) if bounds is None else (real(bounds[0], "bounds"), real(bounds[1], "bounds"))
    if low >= high:
        raise ValueError(f"bounds must be a smaller and a larger number, got {bounds}.")
    return Plan(seeds, cases, design, open_unit(confidence, "confidence"), (low, high))


def seed_and_case_error(ms: float, cov2: float, size: float) -> tuple[float, float]:
    """Return the standard error and degrees of freedom of a mean over random seeds on random cases.

    `se^2 = MS / S + max(Cov2, 0)`, `df = S^2 se^4 / (MS^2 / (S - 1))` (Hillis 2007, doi 10.1002/sim.2532).

    Args:
        ms: variance over seeds.
        cov2: covariance of two seeds over cases.
        size: S, at least 2.

    Returns:
        se and df; df is inf where the seeds bring nothing, NaN where se is 0.

    Example:
        >>> seed_and_case_error(4.0, 0.0, 4)
        (1.0, 3.0)
    """
    variance = ms / size + (0.0 if cov2 < 0 else cov2)
    return variance**0.5, _satterthwaite(size * variance, ms, size - 1)


def _satterthwaite(total: float, ms: float, df: float) -> float:
    """Return the degrees of freedom of `total`, of which `ms` with `df` degrees is the only part that was estimated."""
    if not total > 0:
        return np.nan
    return df * (total / ms) ** 2 if ms > 0 else np.inf


def error_term(terms: Terms, plan: Plan, spread: float, *, floor: bool) -> tuple[float, float]:
    """Return the denominator of F and its degrees of freedom; the denominator is 0 or less where F is undefined."""
    crossed = plan.design == "crossed"
    if plan.cases == "fixed":
        return terms.ms_error, terms.df_error
    if plan.seeds == "fixed":
        # at the same seed the covariance is Cov1; nested seeds have nothing in common, so there it is Cov3
        rest = (terms.size - 1) * terms.cases if terms.size > 1 else 0.0
        error = terms.var - (terms.cov1 if crossed else terms.cov3) + rest
        return (0.0 if abs(error) <= SNAP * spread * terms.size else error), np.inf
    ms, cases = terms.ms_error, max(terms.cases, 0.0)
    if floor:
        least = terms.var - terms.cov1 - cases if crossed else terms.var - max(terms.cov2, 0.0)
        ms = least if least > max(ms, SNAP * spread) else ms
    error = ms + terms.size * cases
    return error, _satterthwaite(error, ms, terms.df_error)


def why_undefined(error: float, plan: Plan, note: str) -> str:
    """Say why a test has no error term."""
    if np.isnan(error):
        return "" if note else "the metric or its covariance is undefined"
    if error < 0:
        return "the estimated error term is negative, so the test is undefined"
    alike = "a constant difference" if plan.cases == "fixed" else "a difference without any spread"
    return f"the error term is 0 (identical losses, or {alike}), so the test is undefined"


def t_interval(
    estimate: float, se: float, df: float, confidence: float, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Return the t interval within the bounds of the metric; NaN without a standard error."""
    if not se > 0:
        return np.nan, np.nan
    reach = float(stats.t.isf((1 - confidence) / 2, df)) * se
    return max(bounds[0], estimate - reach), min(bounds[1], estimate + reach)
