"""The p values of a family in, adjusted ones and the smallest one reachable out."""

from __future__ import annotations

from math import factorial
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.stats.multitest import multipletests

from cxr_report.stats.arguments import choice, integer
from cxr_report.stats.checks import Floats, array

__all__ = ["ADJUSTMENTS", "Adjustment", "adjust", "smallest_p"]

Adjustment: TypeAlias = Literal["none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by"]

ADJUSTMENTS = ("none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by")
_STATSMODELS = {"hochberg": "simes-hochberg", "bh": "fdr_bh", "by": "fdr_by"}
_UNBOUNDED = (
    "paired_t",
    "corrected_resampled_t",
    "welch_t",
    "tost",
    "rm_anova",
    "mixed_model",
    "delong_test",
    "mrmc",
    "obuchowski_rockette",
    "t",
    "f",
)


def adjust(p: ArrayLike, method: Adjustment = "holm") -> Floats:
    """Adjust the p values of one family for their number.

    `bonferroni`, `holm`, `hochberg` and `hommel` bound the chance of any false rejection (`hochberg` and `hommel` under
    independence or positive dependence), `bh` and `by` the share of false ones among the rejections (`by` under any
    dependence). An undefined p stays NaN and keeps its place in the family: the others are adjusted as if it were 1.
    Sources: Holm 1979, https://www.jstor.org/stable/4615733; Hochberg 1988, doi 10.1093/biomet/75.4.800; Hommel 1988,
    doi 10.1093/biomet/75.2.383; Benjamini & Hochberg 1995, doi 10.1111/j.2517-6161.1995.tb02031.x; Benjamini &
    Yekutieli 2001, doi 10.1214/aos/1013699998.

    Args:
        p: `(m,)` in [0, 1] or NaN.
        method: `none`, `bonferroni`, `holm`, `hochberg`, `hommel`, `bh` or `by`.

    Returns:
        `(m,)` adjusted p, never below the raw one, at most 1.

    Raises:
        ValueError: for a p outside [0, 1], another shape or another method.

    Example:
        >>> adjust([0.01, 0.04, 0.03])
        array([0.03, 0.06, 0.06])
    """
    choice(method, "method", ADJUSTMENTS)
    raw = array(p, "p", 1, nan=True)
    if (raw < 0).any() or (raw > 1).any():
        raise ValueError(f"p must lie in [0, 1], got values from {np.nanmin(raw):g} to {np.nanmax(raw):g}.")
    unknown = np.isnan(raw)
    if method == "none" or unknown.all():
        return raw.copy()
    filled = np.where(unknown, 1.0, raw)
    if method == "holm":  # statsmodels collects garbage on every call of Holm, a quarter of a second in a large process
        adjusted = _holm(filled)
    else:
        adjusted = np.asarray(multipletests(filled, method=_STATSMODELS.get(method, method))[1], dtype=np.float64)
    return np.where(unknown, np.nan, np.clip(np.maximum(adjusted, filled), 0.0, 1.0))


def _holm(p: Floats) -> Floats:
    """Multiply the sorted p by m, m - 1, ..., 1 and let none fall below the one before."""
    order = np.argsort(p, kind="stable")
    result = np.empty_like(p)
    result[order] = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return result


def smallest_p(test: str, n: int, *, comparisons: int = 1, k: int = 2) -> float:
    """Return the smallest adjusted two-sided p that a test can reach at all.

    `wilcoxon`, `sign_flip`: 2^(1-n) for n pairs. `friedman`, exact: (k!)^(1-n) for n seeds and k losses. `mcnemar`,
    exact: 2^(1-n) for n = b + c discordant cases. Each times the number of comparisons (Bonferroni, and Holm's first
    step), at most 1. t, F and MRMC tests have no bound: 0.

    Args:
        test: one of these, or a test without bound by its function's name, or `t` or `f`; case does not matter.
        n: seeds, or discordant cases for `mcnemar`; at least 1 (`mcnemar`: 0).
        comparisons: tests in the family, at least 1.
        k: losses, at least 2; used by `friedman` only.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: for another test or numbers out of range.

    Example:
        >>> smallest_p("wilcoxon", 5), smallest_p("wilcoxon", 5, comparisons=3), smallest_p("friedman", 3, k=4)
        (0.0625, 0.1875, 0.001736111111111111)
    """
    name = choice(str(test).lower(), "test", ("wilcoxon", "sign_flip", "friedman", "mcnemar", *_UNBOUNDED))
    size = integer(n, "n", minimum=0 if name == "mcnemar" else 1)
    family, losses = integer(comparisons, "comparisons", minimum=1), integer(k, "k", minimum=2)
    if name in _UNBOUNDED:
        return 0.0
    base = factorial(losses) if name == "friedman" else 2
    return min(1.0, family * float(base) ** (1 - size))
