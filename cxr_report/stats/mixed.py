"""Scores of several losses over the same seeds in, the linear mixed model with a random intercept per seed out."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.anova import SumsOfSquares, sums_of_squares
from cxr_report.stats.checks import Floats, matrix

__all__ = ["MixedModel", "mixed_model"]

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class MixedModel:
    """`score = loss + seed + rest`, the seeds a random sample."""

    effects: Floats
    """`(k,)`: first the mean of loss 0 (intercept), then the other losses minus loss 0."""
    standard_errors: Floats
    """`(k,)` of the effects, from the REML variances."""
    sd_seed: float
    """REML standard deviation between seeds; 0 where singular."""
    sd_residual: float
    """REML standard deviation of the rest."""
    chi2: float
    """Likelihood-ratio statistic of the losses, both models fitted by maximum likelihood."""
    df: int
    """k - 1."""
    p: float
    """From the chi-squared distribution; too small with few seeds (about 0.13 at nominal 0.05 for 3 seeds)."""
    singular: bool
    """Whether the variance between seeds is estimated as zero."""
    note: str
    """Why something is undefined; empty otherwise."""


def _reml(parts: SumsOfSquares, s: int, k: int) -> tuple[float, float]:
    """Return the variances of seeds and of the rest."""
    between, rest = parts.seed / (s - 1), parts.rest / ((s - 1) * (k - 1))
    if between > rest:
        return (between - rest) / k, rest
    return 0.0, (parts.seed + parts.rest) / (k * (s - 1))


def _deviance(seed: float, rest: float, s: int, k: int) -> float:
    """Return minus twice the maximised log likelihood, up to a constant, of a balanced random-intercept model."""
    between, within = seed / s, rest / (s * (k - 1))
    if between <= within:
        between = within = (seed + rest) / (s * k)
    return s * log(between) + s * (k - 1) * log(within)


def mixed_model(scores: ArrayLike) -> MixedModel:
    """Fit losses as fixed and seeds as random effects, and test the losses by their likelihood ratio.

    In a complete table both likelihoods have their maximum in closed form. With the sums of squares B of the seeds and
    R of the rest, REML gives `sd_residual^2 = R / ((S-1)(k-1))` and `sd_seed^2 = (B / (S-1) - sd_residual^2) / k`, or
    where that would be negative, `(B + R) / (k (S-1))` and 0 (`singular`). The variance of the intercept is
    `(sd_seed^2 + sd_residual^2) / S`, of a difference of losses `2 sd_residual^2 / S`. Maximum likelihood has the
    divisors `S` and `S (k-1)` instead; without the losses their sum of squares joins R. The ratio is referred to
    chi-squared on k - 1 degrees of freedom, which with few seeds rejects too often: read it beside F (`rm_anova`).
    Where the losses differ by constants over all seeds the test and the errors of the differences are undefined.
    Source: Searle, Casella & McCulloch 1992, Variance Components, doi 10.1002/9780470316856.

    Args:
        scores: `(S, k)`, S seeds by k losses, at least 2 by 2, complete.

    Returns:
        Effects with standard errors, standard deviations, and the test.

    Raises:
        ValueError: for another shape, NaN or infinity.

    Example:
        >>> found = mixed_model([[0.80, 0.82, 0.85], [0.81, 0.82, 0.88], [0.79, 0.83, 0.84], [0.80, 0.84, 0.85]])
        >>> found.effects.round(4), round(found.chi2, 3), found.singular
        (array([0.8   , 0.0275, 0.055 ]), 20.252, False)
    """
    table = matrix(scores)
    s, k = table.shape
    parts = sums_of_squares(table)
    means = table.mean(axis=0)
    effects = np.append(means[:1], means[1:] - means[0])
    seed_variance, rest_variance = _reml(parts, s, k)
    singular = seed_variance == 0
    errors = np.full(k, sqrt(2 * rest_variance / s) if parts.rest > 0 else _NAN)
    errors[0] = sqrt((seed_variance + rest_variance) / s)
    chi2 = p = _NAN
    note = "the losses differ by the same amounts in every seed, so that the likelihood has no maximum"
    if parts.rest > 0:
        chi2 = max(0.0, _deviance(parts.seed, parts.loss + parts.rest, s, k) - _deviance(parts.seed, parts.rest, s, k))
        p, note = float(stats.chi2.sf(chi2, k - 1)), ""
    return MixedModel(
        effects=effects,
        standard_errors=errors,
        sd_seed=sqrt(seed_variance),
        sd_residual=sqrt(rest_variance),
        chi2=chi2,
        df=k - 1,
        p=p,
        singular=singular,
        note=note,
    )
