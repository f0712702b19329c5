"""Paired scores in, the permutation test of their mean difference by flipping signs out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.arguments import choice, integer
from cxr_report.stats.checks import Floats, generator, paired
from cxr_report.stats.t_tests import ALTERNATIVES, Alternative
from cxr_report.stats.ties import SNAP, scale_of, snap

__all__ = ["MOST_EXACT", "SignFlip", "sign_flip"]

MOST_EXACT = 16
"""Chosen: up to 2^16 sign patterns are all looked at."""
_AT_ONCE = 1 << 21
"""Chosen: random signs drawn at a time, 16 MiB as float64."""


@dataclass(frozen=True, slots=True)
class SignFlip:
    """The permutation test that flips the signs of paired differences."""

    difference: float
    """Mean of x - y."""
    p: float
    """For the alternative asked for; NaN where all differences are zero."""
    exact: bool
    """Whether all sign patterns were looked at."""
    note: str
    """Why something is undefined; empty otherwise."""


def _all_sums(sizes: Floats) -> Floats:
    """Return the sum of the sizes under each of the 2^n sign patterns."""
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return sums


def _extreme(sums: Floats, observed: float, slack: float, alternative: str) -> int:
    if alternative == "two-sided":
        return int((np.abs(sums) >= abs(observed) - slack).sum())
    return int((sums >= observed - slack).sum() if alternative == "greater" else (sums <= observed + slack).sum())


def sign_flip(
    x: ArrayLike,
    y: ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    alternative: Alternative = "two-sided",
    samples: int = 99_999,
) -> SignFlip:
    """Test whether paired differences are symmetric about zero, by flipping their signs.

    The p value is the share of sign patterns whose mean difference is at least as extreme as the observed one. With up
    to 16 differences that are not zero all 2^n patterns are looked at (p is exact, at least 2^(1-n) two-sided); with
    more, `samples` random ones, and `p = (1 + extreme) / (1 + samples)`. Sums that agree up to rounding count as equal.
    Where all differences are zero p is undefined.
    Sources: Fisher 1935, The Design of Experiments, section 21; Phipson & Smyth 2010, doi 10.2202/1544-6115.1585.

    Args:
        x: `(S,)` scores of one loss, one per seed.
        y: `(S,)` scores of the other, same seeds in the same order.
        rng: source of the random patterns, needed with more than 16 differences that are not zero.
        alternative: `two-sided`, `greater` (x above y) or `less`.
        samples: number of random patterns.

    Returns:
        Mean difference, p, and whether it is exact.

    Raises:
        ValueError: for unequal lengths, no pair, NaN, infinity, another alternative, or a missing generator.

    Example:
        >>> found = sign_flip([0.81, 0.84, 0.83, 0.85], [0.80, 0.80, 0.80, 0.80])
        >>> found.p, found.exact
        (0.125, True)
    """
    choice(alternative, "alternative", ALTERNATIVES)
    draws = integer(samples, "samples", minimum=1)
    a, b = paired(x, y, minimum=1)
    scale = scale_of(a, b)
    d = snap(a - b, scale)
    mean, there = float(d.mean()), d[d != 0]
    if not there.size:
        return SignFlip(difference=0.0, p=float("nan"), exact=True, note="all differences are zero")
    sizes, observed = np.abs(there), float(there.sum())
    slack = SNAP * scale * there.size
    if there.size <= MOST_EXACT:
        extreme = _extreme(_all_sums(sizes), observed, slack, alternative)
        return SignFlip(difference=mean, p=extreme / 2.0**there.size, exact=True, note="")
    if rng is None:
        raise ValueError(f"rng must be given for more than {MOST_EXACT} differences that are not zero, got None.")
    source, extreme, left = generator(rng), 0, draws
    while left:
        part = min(left, max(1, _AT_ONCE // there.size))
        signs = source.integers(0, 2, size=(part, there.size), dtype=np.int8)
        extreme += _extreme((2.0 * signs - 1.0) @ sizes, observed, slack, alternative)
        left -= part
    return SignFlip(difference=mean, p=(1 + extreme) / (1 + draws), exact=False, note="")
