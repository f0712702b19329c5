"""The analyses over seeds and cases in, the variance of their estimates taken apart by its source out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from cxr_report import stats
from cxr_report.analysis.joint import Fit
from cxr_report.analysis.value import VarianceParts

__all__ = ["variances"]

NEAR = 0.1
"""Chosen: seeds and cases are worth the same where what they save differs by at most this share of the larger."""


def variances(fits: Mapping[str, Fit], n_cases: int) -> tuple[VarianceParts, ...]:
    """Say for every metric how much of its uncertainty comes from seeds, from cases and from both at once.

    Components are those of all losses together, as in Obuchowski and Rockette's analysis. Of a difference of two means
    over S seeds: ``2 var_loss_seed / S``, which only more seeds make smaller; ``2 (cov2 - cov3)``, only more cases;
    ``2 (var_error - cov1 - cov2 + cov3) / S``, either. Of one mean: ``(var_seed + var_loss_seed) / S``, ``cov2`` and
    ``(var_error - cov2) / S``. A negative estimate of a part counts as 0. Covariances over cases are taken to fall as 1
    over their number, so that twice the cases are as many again of the same kind (and twice the patients).

    Source: Hillis 2007, doi 10.1002/sim.2532.

    Args:
        fits: metric -> its analysis with seeds and cases random.
        n_cases: test cases.

    Returns:
        Two per metric: of a difference, then of a mean. Where nothing varies neither seeds nor cases are worth more.
    """
    return tuple(
        _parts(metric, of, each.result, n_cases)
        for metric, each in fits.items()
        for of in ("difference of two losses", "mean of one loss")
    )


_Of = Literal["difference of two losses", "mean of one loss"]


def _parts(metric: str, of: _Of, found: stats.Mrmc, n_cases: int) -> VarianceParts:
    size = found.theta.shape[1]
    raw = _of_difference(found, size) if of == "difference of two losses" else _of_mean(found, size)
    seeds, cases, both = (float(part) if math.isnan(part) else max(float(part), 0.0) for part in raw)
    se = math.sqrt(seeds + cases + both)
    more_seeds, more_cases = math.sqrt(seeds / 2 + cases + both / 2), math.sqrt(seeds + cases / 2 + both / 2)
    return VarianceParts(
        metric=metric,
        of=of,
        seeds=seeds,
        cases=cases,
        both=both,
        se=se,
        se_twice_the_seeds=more_seeds,
        se_twice_the_cases=more_cases,
        worth_more_of=_worth(se - more_seeds, se - more_cases),
        n_seeds=size,
        n_cases=n_cases,
    )


def _of_difference(found: stats.Mrmc, size: int) -> tuple[float, float, float]:
    cases = found.cov2 - found.cov3
    return 2 * found.var_loss_seed / size, 2 * cases, 2 * (found.var_error - found.cov1 - cases) / size


def _of_mean(found: stats.Mrmc, size: int) -> tuple[float, float, float]:
    return (found.var_seed + found.var_loss_seed) / size, found.cov2, (found.var_error - found.cov2) / size


def _worth(seeds: float, cases: float) -> Literal["seeds", "cases", "either", "undefined"]:
    """Compare what a doubling saves."""
    most = max(seeds, cases)
    if not most > 0:
        return "undefined"
    if abs(seeds - cases) <= NEAR * most:
        return "either"
    return "seeds" if seeds > cases else "cases"
