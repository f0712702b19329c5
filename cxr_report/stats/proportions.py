"""Counts in, intervals of a proportion and of a difference of proportions out."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import choice, integer, open_unit, real
from cxr_report.stats.checks import Floats, Integers, binary, groups_of

__all__ = ["DifferenceInterval", "ProportionInterval", "newcombe_difference", "proportion_interval"]

ProportionMethod: TypeAlias = Literal["wilson", "clopper-pearson", "agresti-coull"]


@dataclass(frozen=True, slots=True)
class ProportionInterval:
    """A proportion with its interval."""

    estimate: float
    """Successes over cases."""
    low: float
    """Lower limit, at least 0."""
    high: float
    """Upper limit, at most 1."""
    n_effective: float
    """Independent cases that would be as informative; the number of cases where every case is a patient of its own."""
    note: str
    """What the reader must know; empty otherwise."""


@dataclass(frozen=True, slots=True)
class DifferenceInterval:
    """The difference of two unpaired proportions with its interval."""

    difference: float
    """x1 / n1 - x2 / n2."""
    low: float
    """Lower limit, at least -1."""
    high: float
    """Upper limit, at most 1."""
    note: str
    """What the reader must know; empty otherwise."""


def _wilson(x: float, n: float, z: float) -> tuple[float, float]:
    p, z2 = x / n, z * z
    center = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return (0.0 if x == 0 else max(0.0, center - half)), (1.0 if x == n else min(1.0, center + half))


def _clopper_pearson(x: float, n: float, alpha: float) -> tuple[float, float]:
    low = 0.0 if x <= 0 else float(stats.beta.ppf(alpha / 2, x, n - x + 1))
    high = 1.0 if x >= n else float(stats.beta.isf(alpha / 2, x + 1, n - x))
    return low, high


def _agresti_coull(x: float, n: float, z: float) -> tuple[float, float]:
    m = n + z * z
    p = (x + z * z / 2) / m
    half = z * sqrt(p * (1 - p) / m)
    return max(0.0, p - half), min(1.0, p + half)


def _limits(x: float, n: float, method: str, alpha: float) -> tuple[float, float]:
    z = float(stats.norm.isf(alpha / 2))
    if method == "wilson":
        return _wilson(x, n, z)
    return _clopper_pearson(x, n, alpha) if method == "clopper-pearson" else _agresti_coull(x, n, z)


def proportion_interval(
    successes: ArrayLike,
    n: int | None = None,
    *,
    method: ProportionMethod = "wilson",
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
) -> ProportionInterval:
    """Return a proportion with its interval, cases being independent or clustered in patients.

    `wilson` inverts the score test, `clopper-pearson` the exact binomial tests (never below its nominal coverage),
    `agresti-coull` is Wald's after adding z^2 / 2 successes and failures, cut to [0, 1].

    With `groups` the same formulas take an effective number of cases,
    `n* = n / max(1, D) * (t(n-1) / t(G-1))^2`, D the design effect `v / (p (1-p) / n)`,
    `v = G (n-1) / ((G-1) n) sum_g (x_g - p n_g)^2 / n^2` the between-patient variance of the ratio, G patients. Where
    no case or every case succeeds, D is unknown and n* counts patients. With one case per patient all this changes
    nothing.
    Sources: Wilson 1927, doi 10.1080/01621459.1927.10502953; Clopper & Pearson 1934, doi 10.1093/biomet/26.4.404;
    Agresti & Coull 1998, doi 10.1080/00031305.1998.10480550; Rao & Scott 1992, doi 10.2307/2532311; Korn & Graubard
    1998, Survey Methodology 24, 193-201.

    Args:
        successes: their number; or `(N,)` of 1 (success) and 0, which `groups` needs.
        n: the number of cases; may be left out where `successes` is an array.
        method: `wilson`, `clopper-pearson` or `agresti-coull`.
        confidence: in (0, 1).
        groups: `(N,)` patient ids, or None.

    Returns:
        Proportion and limits.

    Raises:
        ValueError: for counts that are no counts, more successes than cases, no case, another method, or fewer than two
            patients.

    Example:
        >>> found = proportion_interval(9, 10)
        >>> round(found.estimate, 2), round(found.low, 4), round(found.high, 4)
        (0.9, 0.5958, 0.9821)
    """
    choice(method, "method", ("wilson", "clopper-pearson", "agresti-coull"))
    alpha = 1.0 - open_unit(confidence, "confidence")
    x, size = _counted(successes, n)
    p, effective, note = x / size, float(size), ""
    if groups is not None:
        outcome = np.atleast_1d(np.asarray(successes))
        if np.ndim(successes) != 1:
            raise ValueError("successes must have shape (N,), one 0 or 1 per case, where groups are given.")
        effective, note = _effective(np.asarray(outcome, dtype=np.float64), groups_of(groups, size), alpha)
    low, high = _limits(p * effective if groups is not None else float(x), effective, method, alpha)
    return ProportionInterval(estimate=p, low=min(low, p), high=max(high, p), n_effective=effective, note=note)


def _counted(successes: ArrayLike, n: int | None) -> tuple[int, int]:
    if np.ndim(successes) == 1:
        outcome = binary(successes, "successes")
        if n is not None and integer(n, "n", minimum=1) != outcome.size:
            raise ValueError(f"n must be the length of successes, got {n} for {outcome.size} cases.")
        return int(outcome.sum()), outcome.size
    if n is None:
        raise ValueError("n must be given where successes is a number.")
    x, size = integer(successes, "successes"), integer(n, "n", minimum=1)
    if x > size:
        raise ValueError(f"successes must be at most n, got {x} of {size}.")
    return x, size


def _effective(outcome: Floats, codes: Integers, alpha: float) -> tuple[float, str]:
    n, patients = outcome.size, int(codes.max()) + 1
    if patients < 2:
        raise ValueError(f"groups must name at least 2 patients, got {patients}.")
    if patients == n:
        return float(n), ""
    p = float(outcome.mean())
    shrink = float((stats.t.isf(alpha / 2, n - 1) / stats.t.isf(alpha / 2, patients - 1)) ** 2)
    if p in (0.0, 1.0):
        return patients * shrink, "all cases agree: every patient counts as one case"
    residual = np.bincount(codes, weights=outcome - p)
    variance = patients / (patients - 1) * (n - 1) / n * float((residual**2).sum()) / n**2
    effect = max(1.0, variance / (p * (1 - p) / n))
    return n / effect * shrink, ""


def newcombe_difference(x1: int, n1: int, x2: int, n2: int, *, confidence: float = 0.95) -> DifferenceInterval:
    """Return the difference of two unpaired proportions with Newcombe's hybrid score interval (his method 10).

    With Wilson limits l and u of each: `d - sqrt((p1 - l1)^2 + (u2 - p2)^2)` to `d + sqrt((u1 - p1)^2 + (p2 - l2)^2)`,
    without continuity correction. For classifiers on the same cases use a paired method instead.
    Source: Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    Args:
        x1: successes of the first group.
        n1: cases of the first group.
        x2: successes of the second group.
        n2: cases of the second group.
        confidence: in (0, 1).

    Returns:
        Difference and limits.

    Raises:
        ValueError: for counts that are no counts, more successes than cases, or an empty group.

    Example:
        >>> found = newcombe_difference(56, 70, 48, 80)
        >>> round(found.difference, 4), round(found.low, 4), round(found.high, 4)
        (0.2, 0.0524, 0.3339)
    """
    z = float(stats.norm.isf((1.0 - open_unit(confidence, "confidence")) / 2))
    (a, n), (b, m) = _counted(real(x1, "x1"), n1), _counted(real(x2, "x2"), n2)
    p1, p2 = a / n, b / m
    (l1, u1), (l2, u2) = _wilson(a, n, z), _wilson(b, m, z)
    low = p1 - p2 - sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
    high = p1 - p2 + sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    return DifferenceInterval(difference=p1 - p2, low=max(-1.0, low), high=min(1.0, high), note="")
