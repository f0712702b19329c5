"""A metric per loss and seed, and its covariance over cases, in; F and t of Obuchowski and Rockette's analysis out.

Written out from a two-way table (Hillis 2007, doi 10.1002/sim.2532; 2014, doi 10.1002/sim.5926).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as snedecor
from scipy.stats import t as student

__all__ = ["Joint", "joint", "pair"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Joint:
    """What the analysis comes to."""

    numbers: dict[str, float]
    """Name, as the statistics call it -> value."""


def _parts(theta: Floats, covariance: Floats) -> tuple[float, float, float, float, float, float]:
    """Return the mean squares of losses and of losses by seeds, the error variance, Cov1, Cov2 and Cov3."""
    k, s = theta.shape
    mean, rows, cols = theta.mean(), theta.mean(axis=1), theta.mean(axis=0)
    ms_t = s * float(((rows - mean) ** 2).sum()) / (k - 1)
    left = theta - rows[:, None] - cols[None, :] + mean
    ms_tr = float((left**2).sum()) / ((k - 1) * (s - 1))
    sums = {"var": [], "cov1": [], "cov2": [], "cov3": []}  # type: dict[str, list[float]]
    block = covariance.reshape(k, s, k, s)
    for i in range(k):
        for j in range(k):
            own = block[i, :, j, :]
            diagonal = np.trace(own)
            sums["var" if i == j else "cov1"].append(diagonal / s)
            sums["cov2" if i == j else "cov3"].append((own.sum() - diagonal) / (s * (s - 1)))
    var, cov1, cov2, cov3 = (float(np.mean(sums[name])) for name in ("var", "cov1", "cov2", "cov3"))
    return ms_t, ms_tr, var, cov1, cov2, cov3


def joint(theta: Floats, covariance: Floats) -> Joint:
    """Return F, its degrees of freedom and p, both seeds and cases being random.

    Args:
        theta: ``(k, S)``, at least two of each.
        covariance: ``(kS, kS)``, loss by loss.
    """
    k, s = theta.shape
    ms_t, ms_tr, var, cov1, cov2, cov3 = _parts(theta, covariance)
    below = ms_tr + s * max(cov2 - cov3, 0.0)
    f, df2 = ms_t / below, below**2 / (ms_tr**2 / ((k - 1) * (s - 1)))
    numbers = {"ms_loss": ms_t, "ms_loss_seed": ms_tr, "var_error": var, "cov1": cov1, "cov2": cov2, "cov3": cov3}
    return Joint(numbers | {"f": f, "df2": df2, "p": float(snedecor.sf(f, k - 1, df2))})


def pair(theta: Floats, covariance: Floats) -> Joint:
    """Return difference, standard error, t and p of two losses on error terms of their own.

    Args:
        theta: ``(2, S)``, the first minus the second.
        covariance: ``(2S, 2S)``.
    """
    s = theta.shape[1]
    _, ms_tr, var, cov1, cov2, cov3 = _parts(theta, covariance)
    cases = max(cov2 - cov3, 0.0)
    floored = max(ms_tr, var - cov1 - cases)
    below = floored + s * cases
    se, df = float(np.sqrt(2 * below / s)), below**2 / (floored**2 / (s - 1))
    difference = float(theta[0].mean() - theta[1].mean())
    p = float(2 * student.sf(abs(difference / se), df))
    return Joint({"difference": difference, "se": se, "df": df, "t": difference / se, "p": p})
