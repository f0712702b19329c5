"""One sample in, the Shapiro-Wilk test of normality out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.checks import vector
from cxr_report.stats.ties import scale_of, tie

__all__ = ["Shapiro", "shapiro"]


@dataclass(frozen=True, slots=True)
class Shapiro:
    """The Shapiro-Wilk test."""

    w: float
    """W in (0, 1]; NaN where all values are equal."""
    p: float
    """Small = not normal; NaN where all values are equal."""
    note: str
    """Why something is undefined, or what to beware of; empty otherwise."""


def shapiro(x: ArrayLike) -> Shapiro:
    """Test whether a sample is normal.

    `W = (sum a_i x_(i))^2 / sum (x_i - mean)^2` by Royston's algorithm (scipy). With few values it hardly ever rejects:
    a large p is no evidence of normality. Equal values (up to rounding) leave it undefined.
    Sources: Shapiro & Wilk 1965, doi 10.1093/biomet/52.3-4.591; Royston 1995, doi 10.2307/2986146.

    Args:
        x: `(n,)`, at least 3 values.

    Returns:
        W and p.

    Raises:
        ValueError: for another shape, fewer than 3 values, NaN or infinity.

    Example:
        >>> found = shapiro([0.80, 0.82, 0.81, 0.85, 0.79])
        >>> round(found.w, 4), round(found.p, 4)
        (0.9427, 0.6853)
    """
    values = vector(x, "x", minimum=3)
    if np.ptp(tie(values, scale_of(values))) == 0:
        return Shapiro(w=float("nan"), p=float("nan"), note="all values are equal")
    if values.size > 5000:
        raise ValueError(f"x must have at most 5000 values, for which the p value was worked out, got {values.size}.")
    centred = values - values.min()
    found = stats.shapiro(centred / centred.max())  # W knows no unit; scipy takes a small range for none
    return Shapiro(w=min(1.0, float(found.statistic)), p=min(1.0, max(0.0, float(found.pvalue))), note="")
