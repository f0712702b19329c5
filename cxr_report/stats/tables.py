"""Square tables of two raters or classifiers in, tests of symmetry and homogeneity, and kappa, out."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import open_unit
from cxr_report.stats.checks import square_table
from cxr_report.stats.ties import SNAP

__all__ = ["Kappa", "TableTest", "bowker", "cohen_kappa", "stuart_maxwell"]

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class TableTest:
    """A chi-squared test on a square table."""

    chi2: float
    """The statistic; NaN where there is nothing to compare."""
    df: int
    """Degrees of freedom in use."""
    p: float
    """From the chi-squared distribution."""
    note: str
    """Why something is undefined, or which cells did not enter; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa with its interval."""

    kappa: float
    """Agreement beyond chance, at most 1; NaN where chance alone agrees fully."""
    se: float
    """Large-sample standard error."""
    low: float
    """Lower limit, at least -1."""
    high: float
    """Upper limit, at most 1."""
    note: str
    """Why something is undefined; empty otherwise."""


def bowker(table: ArrayLike) -> TableTest:
    """Test whether a square table is symmetric.

    `sum over i < j of (n_ij - n_ji)^2 / (n_ij + n_ji)`. Pairs of empty cells do not enter, neither the sum nor the
    degrees of freedom, which are the number of pairs that do. For two classes it is McNemar's chi-squared without
    continuity correction. Source: Bowker 1948, doi 10.1080/01621459.1948.10483284.

    Args:
        table: `(C, C)` counts, rows = one rater, columns = the other.

    Returns:
        Statistic, degrees of freedom and p; NaN where all cells off the diagonal are empty.

    Raises:
        ValueError: for another shape, a negative count, NaN or infinity.

    Example:
        >>> found = bowker([[20, 5, 1], [2, 30, 4], [3, 1, 10]])
        >>> round(found.chi2, 4), found.df, round(found.p, 4)
        (4.0857, 3, 0.2524)
    """
    counts = square_table(table)
    upper = np.triu_indices(counts.shape[0], 1)
    one, other = counts[upper], counts.T[upper]
    there = one + other > 0
    df = int(there.sum())
    if not df:
        return TableTest(chi2=_NAN, df=0, p=_NAN, note="all cases lie on the diagonal")
    chi2 = float(((one - other)[there] ** 2 / (one + other)[there]).sum())
    empty = there.size - df
    note = f"{empty} pair(s) of empty cells did not enter" if empty else ""
    return TableTest(chi2=chi2, df=df, p=float(stats.chi2.sf(chi2, df)), note=note)


def stuart_maxwell(table: ArrayLike) -> TableTest:
    """Test whether both raters use the classes equally often.

    `d' V^-1 d` with d the differences of the margins without the last class, `V_ii = n_i+ + n_+i - 2 n_ii`,
    `V_ij = -(n_ij + n_ji)`. Computed over all classes with the pseudo-inverse, which is the same number whatever class
    is left out, and stands also where V is singular otherwise; the degrees of freedom are the rank of V (classes
    without a case off the diagonal do not count).
    Sources: Stuart 1955, doi 10.1093/biomet/42.3-4.412; Maxwell 1970, doi 10.1192/bjp.116.535.651.

    Args:
        table: `(C, C)` counts, rows = one rater, columns = the other.

    Returns:
        Statistic, degrees of freedom and p; NaN where all cells off the diagonal are empty.

    Raises:
        ValueError: for another shape, a negative count, NaN or infinity.

    Example:
        >>> found = stuart_maxwell([[20, 5, 1], [2, 30, 4], [3, 1, 10]])
        >>> round(found.chi2, 4), found.df, round(found.p, 4)
        (0.1446, 2, 0.9303)
    """
    counts = square_table(table)
    size = counts.shape[0]
    difference = counts.sum(axis=1) - counts.sum(axis=0)
    both = counts + counts.T
    np.fill_diagonal(both, 0.0)
    spread = np.diag(both.sum(axis=1)) - both
    values, vectors = np.linalg.eigh(spread)
    used = values > values.max() * size * np.finfo(np.float64).eps * 8
    df = int(used.sum()) if values.max() > 0 else 0
    if not df:
        return TableTest(chi2=_NAN, df=0, p=_NAN, note="all cases lie on the diagonal")
    chi2 = float((((difference @ vectors)[used]) ** 2 / values[used]).sum())
    note = f"the classes carry {df} instead of {size - 1} free comparisons" if df < size - 1 else ""
    return TableTest(chi2=chi2, df=df, p=float(stats.chi2.sf(chi2, df)), note=note)


def cohen_kappa(table: ArrayLike, *, confidence: float = 0.95) -> Kappa:
    """Return Cohen's unweighted kappa with its large-sample interval.

    `kappa = (p_o - p_e) / (1 - p_e)`, `n se^2 = [sum_i p_ii (1 - (p_i+ + p_+i)(1 - kappa))^2
    + (1 - kappa)^2 sum_(i != j) p_ij (p_+i + p_j+)^2 - (kappa - p_e (1 - kappa))^2] / (1 - p_e)^2`,
    `kappa +- z se` cut to [-1, 1]. Where both raters use one and the same class throughout, kappa is undefined. Full
    agreement or disagreement, and a rater who uses one class only, have a standard error of 0, which the note says; it
    is no evidence of certainty.
    Sources: Cohen 1960, doi 10.1177/001316446002000104; Fleiss, Cohen & Everitt 1969, doi 10.1037/h0028106.

    Args:
        table: `(C, C)` counts, rows = one rater, columns = the other.
        confidence: in (0, 1).

    Returns:
        Kappa, its standard error and limits.

    Raises:
        ValueError: for another shape, a negative count, no case, NaN or infinity.

    Example:
        >>> found = cohen_kappa([[20, 5], [10, 15]])
        >>> round(found.kappa, 4), round(found.se, 4), round(found.low, 4)
        (0.4, 0.127, 0.1511)
    """
    counts, level = square_table(table), open_unit(confidence, "confidence")
    n = float(counts.sum())
    if n == 0:
        raise ValueError("table must hold at least one case, got none.")
    p = counts / n
    rows, columns, observed = p.sum(axis=1), p.sum(axis=0), float(np.trace(p))
    chance = float(rows @ columns)
    if np.count_nonzero(counts.sum(axis=1) + counts.sum(axis=0)) < 2:
        return Kappa(kappa=_NAN, se=_NAN, low=_NAN, high=_NAN, note="both raters use one class throughout")
    kappa = (observed - chance) / (1 - chance)
    weights = (columns[:, None] + rows[None, :]) ** 2 * p
    diagonal = float((np.diagonal(p) * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    off = (1 - kappa) ** 2 * float(weights.sum() - np.trace(weights))
    spread = diagonal + off - (kappa - chance * (1 - kappa)) ** 2
    se = sqrt(spread / n) / (1 - chance) if spread > SNAP * (diagonal + off) else 0.0
    half = float(stats.norm.isf((1 - level) / 2)) * se
    note = "the standard error is zero and the interval has no width" if se == 0 else ""
    return Kappa(kappa=kappa, se=se, low=max(-1.0, kappa - half), high=min(1.0, kappa + half), note=note)
