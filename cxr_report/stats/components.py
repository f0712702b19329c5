"""A metric per loss and seed with its case covariance in, mean squares and (co)variance components out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.checks import Floats, Integers, array, vector
from cxr_report.stats.ties import SNAP, scale_of

__all__ = ["Design", "Terms", "mean_square_of_seeds", "read_covariance", "read_theta"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the tests of a set of losses are made of; NaN where the number of seeds does not allow a term."""

    ms_loss: float
    """Mean square of the losses, MS(T)."""
    ms_error: float
    """Mean square of loss x seed, MS(TR), or of seeds within losses, MS(R(T)), in the nested design."""
    df_error: float
    """Its degrees of freedom."""
    size: float
    """Seeds per loss S; n0 = (sum S_i - sum S_i^2 / sum S_i) / (k - 1) where they differ."""
    var: float
    """Mean variance of one run over cases."""
    cov1: float
    """Mean covariance, same seed and other loss; NaN in the nested design."""
    cov2: float
    """Mean covariance, same loss and other seed."""
    cov3: float
    """Mean covariance, other loss and other seed."""
    cases: float
    """`cov2 - cov3`, 0 where the difference is rounding alone."""


@dataclass(frozen=True, slots=True)
class Design:
    """Runs of k losses by S seeds, with averages of the blocks of their covariance."""

    theta: Floats
    """`(k, S)`; NaN where a loss has fewer seeds (nested only)."""
    counts: Integers
    """`(k,)` seeds per loss."""
    means: Floats
    """`(k,)` mean over the seeds of every loss."""
    crossed: bool
    """Whether seed s is the same seed for every loss."""
    scale: float
    """Largest absolute metric value, against which mean squares are snapped to 0."""
    spread: float
    """Largest absolute covariance, against which differences of covariances are snapped to 0."""
    var: Floats
    """`(k,)` mean variance per loss."""
    cov1: Floats
    """`(k, k)` mean covariance of two losses at the same seed (NaN if nested)."""
    cov2: Floats
    """`(k,)` mean covariance of two seeds of one loss; NaN with one seed."""
    cov3: Floats
    """`(k, k)` mean covariance of two losses at different seeds."""

    @classmethod
    def of(cls, theta: Floats, covariance: Floats, crossed: bool) -> Design:
        """Average the blocks of the covariance.

        Args:
            theta: `(k, S)`, see `read_theta`.
            covariance: `(R, R)` of the R runs that exist, loss-major; NaN where unknown.
            crossed: whether seeds are shared by the losses.

        Returns:
            The design.
        """
        covariance = _without_rounding(covariance, SNAP * scale_of(theta) ** 2)  # of a metric that no case changes
        counts = np.isfinite(theta).sum(axis=1)
        if not counts.all():  # the metric itself is undefined; keep the shape and let NaN through
            counts = np.full(theta.shape[0], theta.shape[1])
        starts = np.append(0, np.cumsum(counts)[:-1])
        total = np.add.reduceat(np.add.reduceat(covariance, starts, axis=0), starts, axis=1)
        own = np.add.reduceat(np.diagonal(covariance), starts)
        with np.errstate(divide="ignore", invalid="ignore"):  # one seed: 0 / 0 is NaN, as meant
            cov2 = (np.diagonal(total) - own) / (counts * (counts - 1))
            cov1 = np.full_like(total, np.nan)
            cov3 = total / np.outer(counts, counts)
            if crossed:
                losses, size = theta.shape
                blocks = covariance.reshape(losses, size, losses, size)
                same = np.einsum("isjs->ij", blocks)
                cov1, cov3 = same / size, (total - same) / (size * (size - 1))
        means = np.array([row[:n].mean() for row, n in zip(theta, counts, strict=True)])
        scale, spread = scale_of(theta), scale_of(covariance)
        return cls(theta, counts, means, crossed, scale, spread, own / counts, cov1, cov2, cov3)

    def terms(self, losses: Sequence[int]) -> Terms:
        """Compute the terms of the analysis of some of the losses, as if the others did not exist.

        Args:
            losses: two or more different indices.

        Returns:
            The terms.
        """
        chosen = np.asarray(losses)
        theta, counts, means = self.theta[chosen], self.counts[chosen], self.means[chosen]
        k, total = chosen.size, int(counts.sum())
        deviations = _without_rounding(means - (counts @ means) / total, self.scale)
        residuals, df = theta - means[:, None], float(total - k)
        if self.crossed:
            residuals, df = residuals - residuals.mean(axis=0), float((k - 1) * (counts[0] - 1))
        exists = np.arange(theta.shape[1]) < counts[:, None]
        squares = _without_rounding(residuals[exists], self.scale) ** 2
        several = self.cov2[chosen][counts > 1]  # a loss with one seed has no Cov2
        cov2 = float(several.mean()) if several.size else np.nan
        cov3 = _mean_of_pairs(self.cov3, chosen)
        return Terms(
            ms_loss=float(counts @ deviations**2) / (k - 1),
            ms_error=float(squares.sum()) / df if df else np.nan,
            df_error=df,
            size=(total - float(counts @ counts) / total) / (k - 1),
            var=float(self.var[chosen].mean()),
            cov1=_mean_of_pairs(self.cov1, chosen),
            cov2=cov2,
            cov3=cov3,
            cases=self.level(cov2 - cov3),
        )

    def level(self, value: float) -> float:
        """Set a difference of covariances to 0 where it is rounding alone."""
        return 0.0 if abs(value) <= SNAP * self.spread else value

    def ms_seed(self) -> float:
        """Return the mean square of seeds: MS(R), or within losses MS(R(T)) in the nested design."""
        if not self.crossed:
            return self.terms(range(len(self.counts))).ms_error
        columns = self.theta.mean(axis=0)
        return len(self.counts) * mean_square_of_seeds(columns, self.scale)

    def ms_seed_by_loss(self) -> Floats:
        """Return the variance over seeds of every loss on its own, `(k,)`; NaN with one seed."""
        rows = zip(self.theta, self.counts, strict=True)
        return np.array([mean_square_of_seeds(row[:n], self.scale) for row, n in rows])


def mean_square_of_seeds(values: Floats, scale: float) -> float:
    """Return the variance over seeds, 0 where it is rounding alone.

    Args:
        values: `(S,)`.
        scale: size of the metric.

    Returns:
        The mean square with S - 1 degrees of freedom; NaN with one seed.

    Example:
        >>> mean_square_of_seeds(np.array([0.3, 0.1 + 0.2]), 0.3), mean_square_of_seeds(np.array([1.0, 3.0]), 3.0)
        (0.0, 2.0)
    """
    if values.size < 2:
        return np.nan
    deviations = _without_rounding(values - values.mean(), scale)
    return float(deviations @ deviations) / (values.size - 1)


def _without_rounding(deviations: Floats, scale: float) -> Floats:
    """Set deviations to 0 that are rounding alone; NaN stays."""
    return np.where(np.abs(deviations) <= SNAP * scale, 0.0, deviations)


def _mean_of_pairs(table: Floats, chosen: Integers) -> float:
    """Return the mean of a symmetric table over the pairs of different chosen losses."""
    part = table[np.ix_(chosen, chosen)]
    upper = part[np.triu_indices(chosen.size, 1)] if chosen.size > 2 else part[0, 1:]
    return float(upper.mean())


def read_theta(theta: ArrayLike | Sequence[Any], *, crossed: bool) -> Floats:
    """Read one number per loss and seed.

    Args:
        theta: `(k, S)`; in the nested design also k vectors of different lengths, or NaN after the last seed of a loss.
        crossed: whether seeds are shared by the losses.

    Returns:
        `(k, S)`, NaN only after the last seed of a loss.

    Raises:
        ValueError: for fewer than 2 losses, a loss without a seed, or NaN elsewhere.

    Example:
        >>> read_theta([[0.9, 0.8], [0.7]], crossed=False)
        array([[0.9, 0.8],
               [0.7, nan]])
    """
    if not crossed and isinstance(theta, list | tuple) and len({np.size(row) for row in theta}) > 1:
        rows = [vector(row, "theta") for row in theta]
        table = np.full((len(rows), max(row.size for row in rows)), np.nan)
        for line, row in zip(table, rows, strict=True):
            line[: row.size] = row
    else:
        table = array(theta, "theta", 2, nan=not crossed)
    if table.shape[0] < 2 or table.shape[1] < 1:
        raise ValueError(f"theta must have shape (k, S) with at least 2 losses and 1 seed, got {table.shape}.")
    known = ~np.isnan(table)
    if not known[:, 0].all() or (known[:, 1:] & ~known[:, :-1]).any():
        raise ValueError("theta must have a value for every seed of a loss; NaN may only follow the last one (nested).")
    return table


def read_covariance(covariance: ArrayLike, theta: Floats) -> Floats:
    """Read the case covariance of the runs.

    Args:
        covariance: `(kS, kS)`, loss-major; with NaN in `theta` also `(R, R)` of the R runs that exist.
        theta: `(k, S)`.

    Returns:
        `(R, R)` of the runs that exist.

    Raises:
        ValueError: for another shape, NaN, asymmetry or a negative variance.

    Example:
        >>> read_covariance([[1, 9, 0], [9, 9, 9], [0, 9, 1]], np.array([[0.5, np.nan, 0.5]]))
        array([[1., 0.],
               [0., 1.]])
    """
    exists = ~np.isnan(theta.ravel())
    runs = int(exists.sum())
    table = array(covariance, "covariance", 2, nan=runs < exists.size)
    if table.shape == (exists.size, exists.size):
        table = table[np.ix_(exists, exists)]
    if table.shape != (runs, runs) or np.isnan(table).any():
        raise ValueError(
            f"covariance must be a finite ({exists.size}, {exists.size}) table of the runs, loss-major, "
            f"got shape {np.shape(covariance)}."
        )
    if (np.abs(table - table.T) > 1e-8 * scale_of(table)).any():  # chosen: wider than any rounding
        raise ValueError("covariance must be symmetric.")
    if (np.diagonal(table) < 0).any():
        raise ValueError(f"covariance must have variances of at least 0, got {np.diagonal(table).min():g}.")
    return table
