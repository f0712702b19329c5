"""The joint analysis of the primary metric in, the power of a next study against its size out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace

import numpy as np

from cxr_report.analysis.value import BOTH, Joint
from cxr_report.analysis.value.planning import Planning, PowerCurve
from cxr_report.gate import Design, Expectation, Pilot, cases_needed, of_pilot, prospect, seeds_needed
from cxr_report.study import Study

__all__ = ["WANTED", "planning"]

WANTED = 0.8
"""Convention: Cohen 1988, Statistical Power Analysis, section 2.4."""

SEEDS = 20
"""Chosen: seeds up to which power is drawn, or twice as many as there are."""

TIMES = (0.25, 8.0)
"""Chosen: the fewest and the most test cases that power is drawn for, as multiples of those at hand."""

POINTS = 26
"""Chosen: numbers of cases between the two, five to a doubling."""


def planning(joints: Iterable[Joint], study: Study) -> tuple[Planning, ...]:
    """Compute the power that a next study would have to find a true difference of the planned margin.

    Variance components are those of this study's analysis over seeds and cases; parts that are sampling of cases go
    with 1 / cases. The level is that of the first step of the declared family. Beside the estimates stands the upper
    80 % bound of the mean square of loss and seed (Browne 1995, doi 10.1002/sim.4780141709), for a study with few
    seeds knows its variances roughly.

    Args:
        joints: analyses over seeds and cases.
        study: the plan: margin, alpha, adjustment, family, primary metric.

    Returns:
        One; none where the primary metric has no such analysis, or its components are undefined or all zero.
    """
    found = [each for each in joints if each.metric == study.metrics.primary and each.target == BOTH]
    if not found or any(math.isnan(getattr(found[0], part)) for part in _PARTS):
        return ()
    joint, expected = found[0], _expected(found[0], study)
    here = Design(
        n_losses=len(joint.means),
        n_seeds=joint.n_seeds,
        n_cases=joint.n_cases,
        delta=study.analysis.margin,
        alpha=study.analysis.alpha,
        adjustment=study.analysis.adjustment,
        family=study.analysis.family,
    )
    if expected.square == expected.case == 0.0:
        return ()
    return (
        Planning(
            metric=joint.metric,
            margin=here.delta,
            wanted=WANTED,
            hurdle=here.hurdle,
            n_seeds=here.n_seeds,
            n_cases=joint.n_cases,
            seeds=_by_seeds(here, expected),
            cases=_by_cases(here, joint.n_cases, expected),
        ),
    )


_PARTS = ("var_loss_seed", "var_error", "cov1", "cov2", "cov3")


def _expected(joint: Joint, study: Study) -> Expectation:
    told = {**asdict(joint), "means": (), "pairs": ()}
    return of_pilot(Pilot(study, len(joint.means), (told,), "this study"), joint.metric)


def _by_seeds(here: Design, expected: Expectation) -> PowerCurve:
    sizes = range(2, max(SEEDS, 2 * here.n_seeds) + 1)
    return _curve(expected, [replace(here, n_seeds=size) for size in sizes], list(sizes), seeds_needed)


def _by_cases(here: Design, n_cases: int, expected: Expectation) -> PowerCurve:
    low, high = TIMES
    sizes = sorted({max(2, round(size)) for size in np.geomspace(low * n_cases, high * n_cases, POINTS)} | {n_cases})
    return _curve(expected, [replace(here, n_cases=size) for size in sizes], sizes, cases_needed, here=here)


def _curve(
    expected: Expectation,
    designs: list[Design],
    sizes: list[int],
    needed: Callable[..., int | None],
    *,
    here: Design | None = None,
) -> PowerCurve:
    """Compute power design by design; ``here`` is the one from which the needed size is asked, else the first."""
    bound, start = expected.upper(), here or designs[0]
    return PowerCurve(
        sizes=tuple(sizes),
        power=tuple(prospect(design, expected).power for design in designs),
        cautious=tuple(prospect(design, bound).power for design in designs),
        needed=needed(start, expected, power=WANTED),
        needed_cautious=needed(start, bound, power=WANTED),
    )
