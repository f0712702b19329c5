"""Numbers in, the same numbers without the noise of rounding out: what counts as equal and what as zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.checks import Floats

__all__ = ["SNAP", "negligible", "scale_of", "snap", "tie"]

SNAP = 1e-12
"""Chosen: relative width within which two numbers count as equal. A difference of scores carries a rounding error of
about 1e-16 of the scores, and a proportion of fewer than 1e11 cases moves in steps wider than this."""


def scale_of(*values: ArrayLike) -> float:
    """Return the largest absolute value of all arrays, the scale against which differences are snapped.

    Args:
        *values: arrays of any shape; NaN is passed over.

    Returns:
        A number of at least 0; 0 where nothing finite is given.

    Example:
        >>> scale_of([0.5, -0.75], [0.25])
        0.75
    """
    sizes = (np.abs(np.asarray(one, dtype=np.float64)).ravel() for one in values)
    return max((float(np.fmax.reduce(size, initial=0.0)) for size in sizes), default=0.0)


def tie(values: ArrayLike, scale: float) -> Floats:
    """Make numbers equal that differ by rounding alone.

    Sorted neighbours that lie within `SNAP * scale` of each other join one run, and every run takes its smallest value.

    Args:
        values: any shape; NaN stays.
        scale: the size of the numbers that went into `values`, at least 0.

    Returns:
        A new array of the same shape.

    Example:
        >>> bool(0.1 + 0.2 == 0.3), np.unique(tie([0.1 + 0.2, 0.3], 1.0)).size
        (False, 1)
    """
    numbers = np.asarray(values, dtype=np.float64)
    flat = numbers.ravel()
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    starts = np.ones(flat.size, dtype=bool)
    starts[1:] = ~(np.diff(ordered) <= SNAP * scale)
    result = np.empty_like(flat)
    result[order] = ordered[starts][np.cumsum(starts) - 1]
    return result.reshape(numbers.shape)


def snap(differences: ArrayLike, scale: float) -> Floats:
    """Set differences to zero that are rounding alone, and make equal sizes equal.

    `|d| <= SNAP * scale` becomes 0; then near-equal `|d|` are tied (see `tie`), each keeping its sign, so that
    `snap(-d) == -snap(d)` exactly.

    Args:
        differences: any shape; NaN stays.
        scale: the size of the numbers that were subtracted (see `scale_of`), at least 0.

    Returns:
        A new array of the same shape.

    Example:
        >>> d = snap([0.82 - 0.81, 0.80 - 0.81, 0.3 - 0.1 - 0.2], 0.82)
        >>> bool(d[0] == -d[1]), d[2]
        (True, np.float64(0.0))
    """
    numbers = np.asarray(differences, dtype=np.float64)
    size = np.abs(numbers)
    size = tie(np.where(size <= SNAP * scale, 0.0, size), scale)
    return np.copysign(size, numbers) + 0.0


def negligible(value: float, scale: float) -> bool:
    """Say whether a standard deviation or another length is rounding alone.

    Args:
        value: the length, at least 0 (take the root of a variance first).
        scale: the size of the numbers it was computed from, at least 0.

    Returns:
        True where `value <= SNAP * scale`.

    Example:
        >>> negligible(float(np.std([0.1 + 0.2, 0.3])), 0.3)
        True
    """
    return bool(value <= SNAP * scale)
