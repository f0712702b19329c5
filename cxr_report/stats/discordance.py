"""Which cases two or more classifiers get right in, McNemar's and Cochran's tests out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import choice
from cxr_report.stats.checks import Floats, Integers, binary, groups_of

__all__ = ["CochranQ", "McNemar", "McNemarMethod", "cochran_q", "mcnemar"]

McNemarMethod: TypeAlias = Literal["exact", "mid-p", "chi2", "chi2-cc"]
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class McNemar:
    """McNemar's test of two classifiers on the same cases."""

    b: int
    """Cases that only a gets right."""
    c: int
    """Cases that only b gets right."""
    statistic: float
    """`exact`, `mid-p`: the smaller of b and c. `chi2`, `chi2-cc`: chi-squared on 1 degree of freedom."""
    p: float
    """Two-sided; NaN where there is nothing to compare."""
    note: str
    """Why something is undefined; empty otherwise."""


@dataclass(frozen=True, slots=True)
class CochranQ:
    """Cochran's test of several classifiers on the same cases."""

    q: float
    """Cochran's Q; NaN where all classifiers agree on every case (or cancel out in every patient)."""
    df: int
    """k - 1."""
    p: float
    """From the chi-squared distribution."""
    note: str
    """Why something is undefined; empty otherwise."""


def _signs_null(sizes: Integers) -> Floats:
    """Return the chances of sum s_g d_g = -D, -D + 2, ..., D (D = sum d_g), every s_g being -1 or 1 at random."""
    chance = np.ones(1)
    for size in np.sort(sizes):
        grown = np.zeros(chance.size + int(size))
        grown[: chance.size] += 0.5 * chance
        grown[int(size) :] += 0.5 * chance
        chance = grown
    return chance


def _exact(sizes: Integers, net: int, mid: bool) -> float:
    if not np.any(sizes != 1):
        n, few = sizes.size, (sizes.size - abs(net)) // 2
        below, at = float(stats.binom.cdf(few, n, 0.5)), float(stats.binom.pmf(few, n, 0.5))
    else:
        chance = _signs_null(sizes)
        few = (chance.size - 1 - abs(net)) // 2
        below, at = float(chance[: few + 1].sum()), float(chance[few])
    return 1.0 if not net else min(1.0, 2.0 * below - (at if mid else 0.0))


def mcnemar(
    correct_a: ArrayLike,
    correct_b: ArrayLike,
    *,
    method: McNemarMethod = "mid-p",
    groups: ArrayLike | None = None,
) -> McNemar:
    """Test whether two classifiers are right equally often on the same cases.

    With b cases that only a and c cases that only b gets right: `exact` is the binomial test of b in b + c at one half,
    `mid-p` that minus the probability of the observed b (1 at b = c), `chi2` is `(b - c)^2 / (b + c)`, `chi2-cc`
    `max(|b - c| - 1, 0)^2 / (b + c)`. No discordant case: undefined.

    With `groups`, d_g = b_g - c_g is a patient's net. Under the hypothesis a and b may be exchanged for whole patients,
    so `exact` and `mid-p` are those of sum d_g when each d_g takes either sign with probability one half, and `chi2`
    is `(sum d_g)^2 / sum d_g^2`. One case per patient gives the plain test back.
    Sources: McNemar 1947, doi 10.1007/BF02295996; Fagerland, Lydersen & Laake 2013, doi 10.1186/1471-2288-13-91;
    Durkalski et al. 2003, doi 10.1002/sim.1438 (clustered chi-squared).

    Args:
        correct_a: `(N,)` of 1 (a is right) and 0.
        correct_b: `(N,)` of 1 (b is right) and 0, same cases.
        method: `exact`, `mid-p`, `chi2` or `chi2-cc`.
        groups: `(N,)` patient ids, or None.

    Returns:
        Both discordant counts, the statistic and p.

    Raises:
        ValueError: for unequal lengths, other values, no case or another method.

    Example:
        >>> a = [1] * 7 + [0] * 1 + [1] * 12
        >>> b = [0] * 7 + [1] * 1 + [1] * 12
        >>> round(mcnemar(a, b, method="exact").p, 4), round(mcnemar(a, b).p, 4)
        (0.0703, 0.0391)
    """
    choice(method, "method", ("exact", "mid-p", "chi2", "chi2-cc"))
    one, other = binary(correct_a, "correct_a"), binary(correct_b, "correct_b")
    if one.size != other.size:
        raise ValueError(f"correct_a and correct_b must be of one length, got {one.size} and {other.size}.")
    gain = one.astype(np.int64) - other
    b, c = int((gain > 0).sum()), int((gain < 0).sum())
    nets = np.rint(np.bincount(groups_of(groups, one.size), weights=gain)).astype(np.int64)
    sizes = np.abs(nets[nets != 0])
    if not sizes.size:
        note = "no case is discordant" if b + c == 0 else "the discordant cases cancel out in every patient"
        return McNemar(b=b, c=c, statistic=_NAN, p=_NAN, note=note)
    if method in ("exact", "mid-p"):
        return McNemar(b=b, c=c, statistic=float(min(b, c)), p=_exact(sizes, b - c, method == "mid-p"), note="")
    distance = abs(b - c) if method == "chi2" else max(abs(b - c) - 1, 0)
    chi2 = distance**2 / float((sizes**2).sum())
    return McNemar(b=b, c=c, statistic=chi2, p=float(stats.chi2.sf(chi2, 1)), note="")


def cochran_q(correct: ArrayLike, *, groups: ArrayLike | None = None) -> CochranQ:
    """Test whether several classifiers are right equally often on the same cases.

    With u_i the case's row minus its mean and U their sum, `Q = (k - 1) |U|^2 / sum_i |u_i|^2`, which is Cochran's
    `(k - 1)(k sum G_j^2 - T^2) / (k T - sum L_i^2)`, against chi-squared on k - 1 degrees of freedom. Where all
    classifiers agree on every case it is undefined.

    With `groups` the u_i are first summed within the patient: under the hypothesis the classifiers may be permuted for
    whole patients, and `(k - 1) |U|^2 / sum_g |u_g|^2` has expectation k - 1 again. For two classifiers that is the
    clustered chi-squared of `mcnemar`. One case per patient gives Cochran's Q back.
    Sources: Cochran 1950, doi 10.1093/biomet/37.3-4.256; Durkalski et al. 2003, doi 10.1002/sim.1438.

    Args:
        correct: `(N, k)` of 1 (right) and 0, k at least 2.
        groups: `(N,)` patient ids, or None.

    Returns:
        Q, its degrees of freedom and p.

    Raises:
        ValueError: for another shape, other values, no case or fewer than two classifiers.

    Example:
        >>> found = cochran_q([[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0], [1, 0, 0]])
        >>> round(found.q, 4), found.df, round(found.p, 4)
        (6.0, 2, 0.0498)
    """
    table = binary(correct, "correct", ndim=2).astype(np.int64)
    n, k = table.shape
    if k < 2:
        raise ValueError(f"correct must have at least 2 columns (classifiers), got {k}.")
    codes = groups_of(groups, n)
    centered = k * table - table.sum(axis=1, keepdims=True)
    patients = np.zeros((int(codes.max()) + 1, k), dtype=np.int64)
    np.add.at(patients, codes, centered)
    spread = float((patients.astype(np.float64) ** 2).sum())
    if spread == 0:
        agree = not centered.any()
        note = "all classifiers agree on every case" if agree else "the classifiers cancel out in every patient"
        return CochranQ(q=_NAN, df=k - 1, p=_NAN, note=note)
    q = (k - 1) * float((patients.sum(axis=0).astype(np.float64) ** 2).sum()) / spread
    return CochranQ(q=q, df=k - 1, p=float(stats.chi2.sf(q, k - 1)), note="")
