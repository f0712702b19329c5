"""Paired scores in, the Wilcoxon signed-rank test, exact also with ties and zeros, out."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import choice
from cxr_report.stats.checks import Floats, Integers, paired
from cxr_report.stats.t_tests import ALTERNATIVES, Alternative
from cxr_report.stats.ties import scale_of, snap

__all__ = ["Method", "Wilcoxon", "Zeros", "signed_ranks", "wilcoxon"]

Zeros: TypeAlias = Literal["wilcox", "pratt"]
Method: TypeAlias = Literal["exact", "asymptotic"]


@dataclass(frozen=True, slots=True)
class Wilcoxon:
    """The Wilcoxon signed-rank test."""

    w_plus: float
    """Sum of the ranks of positive differences x - y."""
    w_minus: float
    """Sum of the ranks of negative differences."""
    n_zero: int
    """Number of zero differences."""
    p: float
    """For the alternative asked for; NaN where all differences are zero."""
    note: str
    """Why something is undefined; empty otherwise."""


def signed_ranks(x: ArrayLike, y: ArrayLike, zeros: str = "wilcox") -> tuple[Floats, Floats, int]:
    """Rank the sizes of paired differences.

    Differences that are rounding alone become zero, sizes that differ by rounding alone are tied (`ties.snap`).

    Args:
        x: `(S,)`.
        y: `(S,)`, paired with x.
        zeros: `wilcox` drops zeros before ranking; `pratt` ranks them along and then drops them.

    Returns:
        The differences that are not zero `(m,)`, the midranks of their sizes `(m,)`, and the number of zeros.

    Raises:
        ValueError: for unequal lengths, no pair, NaN, infinity or another word.

    Example:
        >>> signed_ranks([3.0, 1.0, 2.0], [1.0, 2.0, 2.0], "pratt")
        (array([ 2., -1.]), array([3., 2.]), 1)
    """
    choice(zeros, "zeros", ("wilcox", "pratt"))
    a, b = paired(x, y, minimum=1)
    d = snap(a - b, scale_of(a, b))
    there = d != 0
    ranks = stats.rankdata(np.abs(d if zeros == "pratt" else d[there]))
    return d[there], np.asarray(ranks[there] if zeros == "pratt" else ranks, dtype=np.float64), int((~there).sum())


def _null(doubled: Integers) -> Floats:
    """Return P(W = w / 2) for w = 0, 1, ...: each doubled rank is counted or not, with probability one half."""
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0] = 1.0
    reached = 0
    for rank in np.sort(doubled):
        before = chance[: reached + 1] * 0.5
        reached += int(rank)
        chance[: reached + 1] = 0.0
        chance[: before.size] += before
        chance[rank : rank + before.size] += before
    return chance


def _exact(ranks: Floats, w_plus: float, alternative: str) -> float:
    doubled = np.rint(2.0 * ranks).astype(np.int64)
    chance, at = _null(doubled), round(2.0 * w_plus)
    below, above = float(chance[: at + 1].sum()), float(chance[at:].sum())
    p = {"two-sided": 2.0 * min(below, above), "greater": above, "less": below}[alternative]
    return min(1.0, p)


def _asymptotic(ranks: Floats, w_plus: float, alternative: str) -> float:
    z = (w_plus - ranks.sum() / 2.0) / sqrt(float((ranks**2).sum()) / 4.0)
    if alternative == "two-sided":
        return erfc(abs(z) / sqrt(2.0))
    return 0.5 * erfc((z if alternative == "greater" else -z) / sqrt(2.0))


def wilcoxon(
    x: ArrayLike,
    y: ArrayLike,
    *,
    zeros: Zeros = "wilcox",
    method: Method = "exact",
    alternative: Alternative = "two-sided",
) -> Wilcoxon:
    """Test whether paired differences are symmetric about zero.

    W+ is the sum of the ranks of the positive differences. `exact`: the conditional distribution of W+ given the ranks
    in hand, ties and zeros included, each sign being + or - with probability one half, by dynamic programming over
    doubled midranks; two-sided p = 2 min(P(W <= w), P(W >= w)), at most 1. `asymptotic`: normal with mean
    `sum r / 2` and variance `sum r^2 / 4` (which is the tie-corrected one), without continuity correction. Where all
    differences are zero p is undefined.
    Sources: Wilcoxon 1945, doi 10.2307/3001968; Pratt 1959, doi 10.1080/01621459.1959.10501526.

    Args:
        x: `(S,)` scores of one loss, one per seed.
        y: `(S,)` scores of the other, same seeds in the same order.
        zeros: `wilcox` (drop before ranking) or `pratt` (rank, then drop).
        method: `exact` or `asymptotic`.
        alternative: `two-sided`, `greater` (x above y) or `less`.

    Returns:
        Both rank sums, the number of zeros and p.

    Raises:
        ValueError: for unequal lengths, no pair, NaN, infinity or another word.

    Example:
        >>> found = wilcoxon([0.81, 0.84, 0.83, 0.85], [0.80, 0.80, 0.80, 0.80])
        >>> found.w_plus, found.p
        (10.0, 0.125)
    """
    choice(method, "method", ("exact", "asymptotic"))
    choice(alternative, "alternative", ALTERNATIVES)
    d, ranks, n_zero = signed_ranks(x, y, zeros)
    if not d.size:
        note = "all differences are zero, so that there is nothing to rank"
        return Wilcoxon(w_plus=0.0, w_minus=0.0, n_zero=n_zero, p=float("nan"), note=note)
    w_plus, w_minus = float(ranks[d > 0].sum()), float(ranks[d < 0].sum())
    p = (_exact if method == "exact" else _asymptotic)(ranks, w_plus, alternative)
    return Wilcoxon(w_plus=w_plus, w_minus=w_minus, n_zero=n_zero, p=p, note="")
