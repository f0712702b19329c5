"""Scores over repeated random splits in, a t test that allows for their overlap out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.arguments import integer, open_unit
from cxr_report.stats.t_tests import CONSTANT, limits, paired_differences, tail

__all__ = ["CorrectedT", "corrected_resampled_t"]

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class CorrectedT:
    """The corrected resampled t test of Nadeau and Bengio."""

    difference: float
    """Mean of x - y."""
    se: float
    """Corrected standard error."""
    t: float
    """Mean over its corrected standard error; NaN where all differences are equal."""
    df: int
    """Number of splits - 1."""
    p: float
    """Two-sided."""
    low: float
    """Lower limit of the mean difference."""
    high: float
    """Upper limit of the mean difference."""
    note: str
    """Why something is undefined; empty otherwise."""


def corrected_resampled_t(
    x: ArrayLike, y: ArrayLike, *, n_train: int, n_test: int, confidence: float = 0.95
) -> CorrectedT:
    """Test the mean difference over repeated random splits of one data set.

    `t = mean / sqrt((1/n + n_test / n_train) sd^2)` on n - 1 degrees of freedom, n splits. The added ratio allows for
    the overlap of the training sets. It is meant for repeated splits, never for seeds on one split. Equal differences
    leave t, p and the interval undefined.
    Source: Nadeau & Bengio 2003, doi 10.1023/A:1024068626366.

    Args:
        x: `(n,)` scores of one loss, one per split.
        y: `(n,)` scores of the other on the same splits.
        n_train: cases in each training part.
        n_test: cases in each test part.
        confidence: of the interval, in (0, 1).

    Returns:
        Difference, corrected standard error, t, p and interval.

    Raises:
        ValueError: for unequal lengths, fewer than two splits, NaN, infinity or sizes below 1.

    Example:
        >>> found = corrected_resampled_t([3.0, 4.0, 8.0], [1.0, 2.0, 4.0], n_train=90, n_test=10)
        >>> round(found.se, 4), round(found.p, 4)
        (0.7698, 0.0742)
    """
    train, test = integer(n_train, "n_train", minimum=1), integer(n_test, "n_test", minimum=1)
    level = open_unit(confidence, "confidence")
    d, sd = paired_differences(x, y)
    mean, df = float(d.mean()), d.size - 1
    se = sd * float(np.sqrt(1.0 / d.size + test / train))
    if sd == 0:
        return CorrectedT(difference=mean, se=0.0, t=_NAN, df=df, p=_NAN, low=_NAN, high=_NAN, note=CONSTANT)
    low, high = limits(mean, se, df, level)
    t = mean / se
    return CorrectedT(difference=mean, se=se, t=t, df=df, p=tail(t, df, "two-sided"), low=low, high=high, note="")
