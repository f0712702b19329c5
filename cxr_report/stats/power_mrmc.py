"""A difference, a number of seeds and variance components in, power and interval width of the joint test out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxr_report.stats.arguments import integer, open_unit, real
from cxr_report.stats.planning import two_sided_power

__all__ = ["MrmcPower", "power_mrmc"]


@dataclass(frozen=True, slots=True)
class MrmcPower:
    """What a comparison of two losses over seeds and cases can be expected to show."""

    power: float
    """Probability of a two-sided p below alpha / comparisons, in [0, 1]."""
    width: float
    """Expected width of the confidence interval at the same level, in units of the metric."""
    se: float
    """Standard error of the difference."""
    df: float
    """Degrees of freedom; inf is normal."""
    noncentrality: float
    """`abs(delta) / se`."""
    note: str
    """Why something is NaN, else empty."""


def power_mrmc(
    delta: float, n_seeds: int, *, ms: float, case: float, comparisons: int = 1, alpha: float = 0.05
) -> MrmcPower:
    """Compute the power of one comparison of two losses for new seeds and new cases.

    `D = ms + S case`, `se^2 = 2 D / S`, `df = D^2 / (ms^2 / (S - 1))`; power is the probability that a noncentral t
    with noncentrality `delta / se` leaves the central region of level alpha / comparisons, on either side; the width is
    `2 t se` at the same level. More seeds shrink only `ms / S`: with many seeds se tends to `sqrt(2 case)`, which more
    cases alone reduce (it goes with 1 / N). ms = case = 0 is undefined: NaN with a note.

    Sources: Hillis, Obuchowski & Berbaum 2011, doi 10.1016/j.acra.2010.09.007; Obuchowski & Rockette 1995,
    doi 10.1080/03610919508813243.

    Args:
        delta: the true difference; its sign does not matter.
        n_seeds: seeds per loss S, at least 2.
        ms: expected mean square of loss x seed, `var_loss_seed + var_error - cov1 - (cov2 - cov3)`, at least 0.
        case: `cov2 - cov3`; below 0 it counts as 0, as in the analysis.
        comparisons: tests in the family, for a Bonferroni level.
        alpha: of the family.

    Returns:
        Power, expected width and what they rest on.

    Raises:
        ValueError: for NaN, fewer than 2 seeds, a negative ms, no comparison or alpha outside (0, 1).

    Example:
        >>> result = power_mrmc(0.02, 5, ms=1e-4, case=2e-5)
        >>> round(result.power, 3), round(result.width, 4)
        (0.556, 0.0379)
    """
    seeds, family = integer(n_seeds, "n_seeds", minimum=2), integer(comparisons, "comparisons", minimum=1)
    square, shared = real(ms, "ms", low=0.0), max(real(case, "case"), 0.0)
    distance, level = abs(real(delta, "delta")), open_unit(alpha, "alpha") / family
    error = square + seeds * shared
    se = (2 * error / seeds) ** 0.5
    if se == 0:
        return MrmcPower(np.nan, np.nan, 0.0, np.nan, np.nan, "no variance from seeds or cases")
    ratio = error / square if square > 0 else np.inf
    df = (seeds - 1) * (ratio * ratio)  # a power would raise where a product is infinite
    critical, shift = float(stats.t.isf(level / 2, df)), distance / se
    return MrmcPower(two_sided_power(shift, df, level), 2 * critical * se, se, df, shift, "")
