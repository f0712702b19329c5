"""Two samples of scores in, how far the one is from stochastically dominating the other out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import integer, open_unit
from cxr_report.stats.checks import Floats, Integers, generator, vector
from cxr_report.stats.ties import scale_of, tie

__all__ = ["StochasticOrder", "almost_stochastic_order"]


@dataclass(frozen=True, slots=True)
class StochasticOrder:
    """The almost stochastic order of x over y."""

    epsilon_min: float
    """Upper confidence bound of the violation ratio, in [0, 1]; below 0.5: x almost dominates y."""
    violation_ratio: float
    """Share of the squared Wasserstein distance in which y is ahead, in [0, 1]; 0: x dominates y."""
    note: str
    """Why something is undefined, or what to beware of; empty otherwise."""


def _grid(n: int, m: int) -> tuple[Integers, Integers, Floats]:
    """Return, for the pieces on which both quantile functions are constant, their places in each sample and width.

    The pieces end at multiples of 1/n and 1/m; counted in units of 1/(n m) they are whole numbers.
    """
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    widths = np.diff(ends, prepend=0) / (n * m)
    return (ends - 1) // m, (ends - 1) // n, widths


def _violation(a: Floats, b: Floats, grid: tuple[Integers, Integers, Floats]) -> Floats:
    """Return the violation ratio of each pair of sorted rows; NaN where both rows are the same distribution."""
    at_a, at_b, widths = grid
    gap = b[..., at_b] - a[..., at_a]
    whole = (gap**2 * widths).sum(axis=-1)
    behind = (np.maximum(gap, 0.0) ** 2 * widths).sum(axis=-1)
    return np.asarray(np.divide(behind, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))


def almost_stochastic_order(
    x: ArrayLike, y: ArrayLike, *, rng: np.random.Generator, confidence: float = 0.95, samples: int = 1000
) -> StochasticOrder:
    """Measure how far x is from stochastically dominating y.

    With quantile functions F^-1 of x and G^-1 of y, the violation ratio is
    `int max(G^-1 - F^-1, 0)^2 dt / int (G^-1 - F^-1)^2 dt`, integrated exactly over the steps of both. Its upper
    confidence bound is `ratio + z(confidence) sd`, sd the standard deviation of the ratio over bootstrap
    resamples of x and of y, cut to [0, 1]. Samples are taken as unpaired. Resamples that are one and the same
    distribution have no ratio and are left out. Identical samples: undefined. Where no resample differs from the
    observed ratio the bound has no width, which with few seeds means little.
    Sources: del Barrio, Cuesta-Albertos & Matran 2018, doi 10.1007/978-3-319-73848-2_3; Dror, Shlomov & Reichart 2019,
    doi 10.18653/v1/P19-1266.

    Args:
        x: `(n,)` scores of one loss, higher = better.
        y: `(m,)` scores of the other.
        rng: source of the resamples.
        confidence: of the bound, in (0, 1).
        samples: number of resamples.

    Returns:
        The violation ratio and its upper bound.

    Raises:
        ValueError: for another shape, fewer than two values, NaN, infinity or numbers out of range.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> found = almost_stochastic_order([0.8, 0.9, 0.7], [0.6, 0.75, 0.85], rng=rng)
        >>> round(found.violation_ratio, 3), found.epsilon_min
        (0.0, 0.5043150640142724)
    """
    first, second = vector(x, "x", minimum=2), vector(y, "y", minimum=2)
    level, draws, source = open_unit(confidence, "confidence"), integer(samples, "samples", minimum=2), generator(rng)
    both = tie(np.concatenate([first, second]), scale_of(first, second))
    a, b = np.sort(both[: first.size]), np.sort(both[first.size :])
    grid = _grid(a.size, b.size)
    ratio = float(_violation(a, b, grid))
    if np.isnan(ratio):
        return StochasticOrder(epsilon_min=ratio, violation_ratio=ratio, note="both samples are the same distribution")
    again_a = np.sort(a[source.integers(0, a.size, size=(draws, a.size))], axis=1)
    again_b = np.sort(b[source.integers(0, b.size, size=(draws, b.size))], axis=1)
    gaps = _violation(again_a, again_b, grid) - ratio
    spread = float(np.nanstd(gaps)) if not np.isnan(gaps).all() else float("nan")
    bound = min(1.0, max(0.0, ratio + float(stats.norm.ppf(level)) * spread))
    note = "no resample differs from the observed ratio, so that the bound has no width" if spread == 0 else ""
    return StochasticOrder(epsilon_min=bound, violation_ratio=ratio, note=note)
