"""Paired scores and a region of practical equivalence in, posterior probabilities of each side of it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import integer, real
from cxr_report.stats.checks import Floats, generator, paired
from cxr_report.stats.t_tests import CONSTANT, paired_differences
from cxr_report.stats.ties import SNAP, scale_of

__all__ = ["Posterior", "bayes_correlated_t", "bayes_signed_rank"]

_NAN = float("nan")
_AT_ONCE = 1 << 21
"""Chosen: random weights drawn at a time, 16 MiB."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Posterior probabilities that sum to 1."""

    p_left: float
    """That x - y lies below -rope."""
    p_rope: float
    """That x - y lies within [-rope, rope]: practically equivalent."""
    p_right: float
    """That x - y lies above rope."""
    note: str
    """Why something is undefined; empty otherwise."""


def bayes_correlated_t(x: ArrayLike, y: ArrayLike, *, rope: float, correlation: float = 0.0) -> Posterior:
    """Return where the mean paired difference lies, under a normal model with a flat prior.

    The posterior of the mean is Student's t on n - 1 degrees of freedom around `mean(x - y)` with squared scale
    `(1/n + r / (1 - r)) sd^2`, r the correlation between the differences (0 for seeds; test share of the data for
    repeated splits). Equal differences leave it undefined.
    Source: Corani & Benavoli 2015, doi 10.1007/s10994-015-5486-z.

    Args:
        x: `(n,)` scores of one loss.
        y: `(n,)` scores of the other, paired with x.
        rope: half width of the region of practical equivalence, at least 0.
        correlation: r in [0, 1).

    Returns:
        Three probabilities.

    Raises:
        ValueError: for unequal lengths, fewer than two pairs, NaN, infinity, or numbers out of range.

    Example:
        >>> found = bayes_correlated_t([0.81, 0.84, 0.83], [0.80, 0.80, 0.80], rope=0.01)
        >>> round(found.p_left, 4), round(found.p_rope, 4), round(found.p_right, 4)
        (0.0266, 0.073, 0.9003)
    """
    half, r = real(rope, "rope", low=0.0), real(correlation, "correlation", low=0.0)
    if r >= 1:
        raise ValueError(f"correlation must lie in [0, 1), got {r:g}.")
    d, sd = paired_differences(x, y)
    if sd == 0:
        return Posterior(p_left=_NAN, p_rope=_NAN, p_right=_NAN, note=CONSTANT)
    scale, mean, df = sd * float(np.sqrt(1.0 / d.size + r / (1.0 - r))), float(d.mean()), d.size - 1
    left = float(stats.t.cdf((-half - mean) / scale, df))
    right = float(stats.t.sf((half - mean) / scale, df))
    return Posterior(p_left=left, p_rope=max(0.0, 1.0 - left - right), p_right=right, note="")


def _shares(weights: Floats, differences: Floats, half: float, slack: float) -> Floats:
    """Return `(n, 3)`: the posterior mass of pairs of differences whose mean lies left, within and right."""
    means = (differences[:, None] + differences[None, :]) / 2.0
    left = ((weights @ (means < -half - slack)) * weights).sum(axis=1)
    right = ((weights @ (means > half + slack)) * weights).sum(axis=1)
    return np.stack([left, 1.0 - left - right, right], axis=1)


def bayes_signed_rank(
    x: ArrayLike, y: ArrayLike, *, rope: float, rng: np.random.Generator, samples: int = 50_000
) -> Posterior:
    """Return where the pseudo-median paired difference lies, under a Dirichlet process prior.

    Weights of the differences are drawn from Dirichlet(0.5, 1, ..., 1), the 0.5 being the prior's pseudo-difference of
    zero. In each draw the pairs of differences (with themselves and each other) put their weight where their mean lies:
    below -rope, within, above; each probability is the share of draws in which that part weighs most.
    Source: Benavoli et al. 2017, https://jmlr.org/papers/v18/16-305.html, section 4.2.

    Args:
        x: `(n,)` scores of one loss.
        y: `(n,)` scores of the other, paired with x.
        rope: half width of the region of practical equivalence, at least 0.
        rng: source of the draws.
        samples: number of draws.

    Returns:
        Three probabilities, with a Monte-Carlo error of at most `0.5 / sqrt(samples)`.

    Raises:
        ValueError: for unequal lengths, no pair, NaN, infinity, or numbers out of range.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> bayes_signed_rank([0.9, 0.8, 0.9, 0.9], [0.1, 0.2, 0.1, 0.2], rope=0.01, rng=rng).p_right > 0.99
        True
    """
    half, draws, source = real(rope, "rope", low=0.0), integer(samples, "samples", minimum=1), generator(rng)
    a, b = paired(x, y, minimum=1)
    scale = scale_of(a, b)
    differences = np.append(0.0, a - b)
    alpha = np.append(0.5, np.ones(a.size))
    won, left = np.zeros(3), draws
    while left:
        part = min(left, max(1, _AT_ONCE // alpha.size))
        shares = _shares(source.dirichlet(alpha, size=part), differences, half, SNAP * scale)
        won += np.bincount(shares.argmax(axis=1), minlength=3)
        left -= part
    p = won / draws
    return Posterior(p_left=float(p[0]), p_rope=float(p[1]), p_right=float(p[2]), note="")
