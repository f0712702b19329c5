"""Several values on the same cases in, the probability that one of them is the best of all, for every agreement out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["RHOS", "Accuracies", "best_of_all", "covariance", "orthant"]

Floats = NDArray[np.float64]

RHOS = tuple(round(0.05 * step, 2) for step in range(20))
"""0 to 0.95: how strongly the one common factor of the cases, their difficulty, drives all models."""

POINTS = 4096
"""Chosen: lattice points of an integral; measured against other programs' values: errors below 5e-4."""

NODES = np.linspace(-8.0, 8.0, 801)
"""Where the common factor is evaluated: equal steps, which for a smooth integrand that vanishes at both ends converge
faster than any power of the step."""

JITTER = 1e-12
"""Chosen: share of the largest variance that is added to a matrix that rounding left singular."""


@dataclass(frozen=True, slots=True)
class Accuracies:
    """What was counted for k models on the same cases."""

    right: Floats
    """`(k,)`, cases that each has right; need not be whole for a mean over runs."""
    n: int
    """Cases."""

    @property
    def mean(self) -> Floats:
        """`(k,)`, posterior means under a flat prior, (x + 1) / (n + 2)."""
        return (self.right + 1.0) / (self.n + 2.0)


def covariance(counted: Accuracies, rho: float) -> Floats:
    """Return the posterior covariance `(k, k)` of the accuracies when the models agree as a one-factor probit says.

    A model has case j right where `a_i + sqrt(rho) f_j + sqrt(1 - rho) e_ij > 0`, f the difficulty that all models
    share and e their own, both standard normal. Given f the models are independent, so that the probability that two
    have the same case right is a one-dimensional integral over f. Variances are those of Beta(x + 1, n - x + 1).

    Args:
        counted: the models.
        rho: in [0, 1).

    Example:
        >>> found = covariance(Accuracies(np.array([80.0, 70.0]), 100), 0.0)
        >>> bool(abs(found[0, 1]) < 1e-12)
        True
    """
    mean = counted.mean
    threshold = special.ndtri(mean)
    given = special.ndtr((threshold[:, None] + np.sqrt(rho) * NODES) / np.sqrt(1.0 - rho))
    weight = np.exp(-0.5 * NODES**2)
    both = (given * (weight / weight.sum())) @ given.T
    found = both - np.outer(mean, mean)
    np.fill_diagonal(found, mean * (1.0 - mean))
    result: Floats = found / (counted.n + 3.0)
    return result


def best_of_all(mean: Floats, covariance: Floats, winner: int) -> float:
    """Return the probability that one of k normal quantities is the largest.

    Args:
        mean: `(k,)`.
        covariance: `(k, k)`.
        winner: which one.

    Example:
        >>> round(best_of_all(np.zeros(3), np.eye(3), 0), 3)
        0.333
    """
    others = [place for place in range(len(mean)) if place != winner]
    ahead = mean[winner] - mean[others]
    shared = covariance[winner, winner] - covariance[winner, others]
    spread = shared[:, None] + shared[None, :] - covariance[winner, winner] + covariance[np.ix_(others, others)]
    return orthant(ahead, spread)


def orthant(mean: Floats, covariance: Floats) -> float:
    """Return the probability that all of m correlated normal quantities are above 0.

    Genz's transformation to the unit cube, integrated over a fixed lattice of `POINTS` points (square roots of primes,
    folded), so that the same numbers give the same result: Genz 1992, doi 10.1080/10618600.1992.10477010.

    Args:
        mean: `(m,)`.
        covariance: `(m, m)`.

    Returns:
        A probability; NaN where nothing varies and a mean is 0.
    """
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    if not (scale > 0).all():
        fixed = scale <= 0
        if (mean[fixed] < 0).any():
            return 0.0
        if (mean[fixed] == 0).any():
            return float("nan")
        mean, covariance, scale = mean[~fixed], covariance[np.ix_(~fixed, ~fixed)], scale[~fixed]
        if not mean.size:
            return 1.0
    order = np.argsort(mean / scale)  # the tightest condition first
    bound, spread = mean[order], covariance[np.ix_(order, order)]
    root = np.linalg.cholesky(spread + JITTER * spread.diagonal().max() * np.eye(len(bound)))
    return _integral(bound, root)


def _integral(bound: Floats, root: Floats) -> float:
    cube = _lattice(len(bound) - 1)
    drawn = np.zeros((len(bound), POINTS))
    inside = special.ndtr(np.full(POINTS, bound[0] / root[0, 0]))
    product = inside.copy()
    for place in range(1, len(bound)):
        uniform = np.clip(cube[place - 1] * inside, 1e-300, 1 - 1e-16)
        drawn[place - 1] = special.ndtri(uniform)
        inside = special.ndtr((bound[place] - root[place, :place] @ drawn[:place]) / root[place, place])
        product *= inside
    return float(min(1.0, max(0.0, product.mean())))


def _lattice(dimensions: int) -> Floats:
    """Return `(dimensions, POINTS)` points of the unit cube: multiples of roots of primes, folded at one half."""
    roots = np.sqrt(np.array(_primes(dimensions), dtype=np.float64))
    shifted = (np.arange(1, POINTS + 1)[None, :] * roots[:, None] + 0.5) % 1.0
    folded: Floats = np.abs(2.0 * shifted - 1.0)
    return folded


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found
