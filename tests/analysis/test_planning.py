"""The power of a next study: it follows the published formula, grows with size, and asks for the planned margin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy

from cxr_report.analysis.planning import WANTED, planning
from cxr_report.analysis.value import BOTH, CASES, Analysis, Joint, Planning
from cxr_report.runs import StudyFolder

Shown = Callable[..., tuple[StudyFolder, Analysis]]


@pytest.fixture
def analysis(shown: Shown) -> Analysis:
    return shown()[1]


def joint_of(analysis: Analysis) -> Joint:
    (found,) = [each for each in analysis.joint if each.metric == analysis.study.metrics.primary]
    return found


def told(analysis: Analysis, **changed: Any) -> Planning:
    (found,) = planning([replace(joint_of(analysis), **changed)], analysis.study)
    return found


def by_hand(joint: Joint, seeds: int, cases: int, *, margin: float, level: float) -> float:
    """Power by the formula of Hillis, Obuchowski and Berbaum (2011), from scipy's noncentral t alone."""
    shared = max(joint.cov2 - joint.cov3, 0.0)
    square = max(joint.var_loss_seed + joint.var_error - joint.cov1 - (joint.cov2 - joint.cov3), 0.0)
    error = max(joint.var_error - joint.cov1 - shared, 0.0)
    ratio = joint.n_cases / cases
    square, shared = max(square - error, 0.0) + error * ratio, shared * ratio
    whole = square + seeds * shared
    df = math.inf if square == 0 else (seeds - 1) * (whole / square) ** 2
    shift, limit = margin / math.sqrt(2 * whole / seeds), scipy.t.isf(level / 2, df)
    law = scipy.norm(shift) if math.isinf(df) or df > 1e6 else scipy.nct(df, shift)
    return float(law.sf(limit) + law.cdf(-limit))


def test_the_analysis_holds_the_power_for_its_primary_metric(analysis: Analysis) -> None:
    (found,) = analysis.planning
    assert found == told(analysis)
    assert (found.metric, found.margin) == (analysis.study.metrics.primary, analysis.study.analysis.margin)
    assert found.n_seeds == len(analysis.seeds)


def test_power_follows_the_published_formula(analysis: Analysis) -> None:
    made: dict[str, Any] = {"var_loss_seed": 3e-4, "var_error": 9e-4, "cov1": 5e-4, "cov2": 6e-4, "cov3": 4.5e-4}
    found, joint = told(analysis, **made), replace(joint_of(analysis), **made)
    level = analysis.study.analysis.alpha / found.hurdle
    for size, power in zip(found.seeds.sizes, found.seeds.power, strict=True):
        assert power == pytest.approx(by_hand(joint, size, joint.n_cases, margin=found.margin, level=level), abs=1e-6)
    for size, power in zip(found.cases.sizes, found.cases.power, strict=True):
        assert power == pytest.approx(by_hand(joint, joint.n_seeds, size, margin=found.margin, level=level), abs=1e-6)


def test_the_difference_that_was_found_plays_no_part(analysis: Analysis) -> None:
    joint = joint_of(analysis)
    moved = replace(joint, pairs=tuple(replace(pair, difference=9.0, p=0.9) for pair in joint.pairs), f=99.0, p=0.5)
    assert planning([moved], analysis.study) == planning([joint], analysis.study)


def test_what_is_needed_reaches_the_wanted_power_and_one_less_does_not(analysis: Analysis) -> None:
    made: dict[str, Any] = {"var_loss_seed": 1e-5, "var_error": 6e-5, "cov1": 4e-5, "cov2": 4e-5, "cov3": 3.95e-5}
    found, joint = told(analysis, **made), replace(joint_of(analysis), **made)
    level, needed = analysis.study.analysis.alpha / found.hurdle, found.seeds.needed
    assert needed is not None
    assert needed > 2
    powers = [by_hand(joint, size, joint.n_cases, margin=found.margin, level=level) for size in (needed - 1, needed)]
    assert powers[0] < WANTED <= powers[1]
    assert found.seeds.needed_cautious is None or found.seeds.needed_cautious >= needed


def test_where_cases_limit_no_number_of_seeds_is_enough(analysis: Analysis) -> None:
    found = told(analysis, var_loss_seed=1e-6, var_error=9e-4, cov1=1e-4, cov2=6e-4, cov3=1e-4)
    assert found.seeds.needed is None
    assert found.cases.needed is not None


def test_the_bound_is_never_more_hopeful_than_the_estimate(analysis: Analysis) -> None:
    found = told(analysis)
    for curve in (found.seeds, found.cases):
        assert (np.array(curve.cautious) <= np.array(curve.power) + 1e-9).all()
        assert all(0.0 <= power <= 1.0 for power in (*curve.power, *curve.cautious))
    assert found.n_cases in found.cases.sizes
    assert found.n_seeds in found.seeds.sizes


def test_without_the_joint_analysis_there_is_nothing_to_plan_by(analysis: Analysis) -> None:
    joint = joint_of(analysis)
    assert planning([], analysis.study) == ()
    assert planning([replace(joint, target=CASES)], analysis.study) == ()
    assert planning([replace(joint, cov2=math.nan)], analysis.study) == ()
    none = replace(joint, var_loss_seed=0.0, var_error=0.0, cov1=0.0, cov2=0.0, cov3=0.0)
    assert planning([none], analysis.study) == ()
    assert joint.target == BOTH
