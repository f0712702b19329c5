"""Scores of several losses, paired by seed, in; every test of whether the losses are equal at all out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cxr_report import stats
from cxr_report.analysis.comparisons import Floats, PairedScores, left_out, notes
from cxr_report.analysis.family import role
from cxr_report.analysis.value import CASES, SEEDS, Joint, Omnibus, OmnibusTest
from cxr_report.study import Study

__all__ = ["omnibus"]

Found = dict[str, Any]
"""What a test over seeds gives: statistic, degrees of freedom, p, effect and note."""


def omnibus(scores: PairedScores, study: Study, joint: Joint | None, cases: Joint | None) -> tuple[Omnibus, ...]:
    """Ask by several tests whether the losses are equal in one metric; the plan names one of them, and none gates.

    Only seeds enter on which every loss has a score. Fewer than two leave the tests over seeds undefined. Where the
    plan names the joint analysis and the metric has none, Iman and Davenport's F stands in its place, or with one seed
    the analysis over cases.

    Args:
        scores: one metric.
        study: alpha, and the test that the plan names.
        joint: the analysis over seeds and cases, where there is one.
        cases: the same with the seeds fixed.

    Returns:
        Those over seeds and cases first, then over cases, then over seeds.
    """
    rows = scores.complete()
    found = [_joint(test) for test in (joint, cases) if test is not None]
    found += [_over_seeds(name, test, rows, scores, study) for name, test in _TESTS.items()]
    tests = {each.test for each in found}
    instead: OmnibusTest = "mrmc-seeds-fixed" if len(rows) < 2 and cases is not None else "iman-davenport"
    named: OmnibusTest = study.analysis.omnibus if study.analysis.omnibus in tests else instead
    alpha = study.analysis.alpha
    return tuple(_placed(each, planned=each.test == named, alpha=alpha) for each in found)


def _placed(found: Omnibus, *, planned: bool, alpha: float) -> Omnibus:
    return replace(found, planned=planned, rejected=bool(found.p <= alpha))


def _joint(found: Joint) -> Omnibus:
    fixed = found.target == CASES
    return Omnibus(
        metric=found.metric,
        test="mrmc-seeds-fixed" if fixed else "mrmc",
        target=found.target,
        n_seeds=found.n_seeds,
        n_losses=len(found.means),
        statistic=found.f * found.df1 if fixed else found.f,
        df1=found.df1,
        df2=found.df2,
        p=found.p,
        effect="",
        effect_value=math.nan,
        role=found.role,
        planned=False,
        rejected=False,
        note=found.note,
    )


def _over_seeds(
    name: OmnibusTest, test: Callable[[Floats, bool], Found], rows: Floats, scores: PairedScores, study: Study
) -> Omnibus:
    nan = math.nan
    empty = {"statistic": nan, "df1": nan, "df2": nan, "p": nan, "effect": "", "effect_value": nan}
    enough = len(rows) >= 2
    found = test(rows, scores.higher_is_better) if enough else {**empty, "note": "a test needs at least two seeds"}
    return Omnibus(
        metric=scores.metric,
        test=name,
        target=SEEDS,
        n_seeds=len(rows),
        n_losses=len(scores.losses),
        role=role(study, scores.metric),
        planned=False,
        rejected=False,
        **{**empty, **found, "note": notes(left_out(scores, len(rows)), str(found["note"]))},
    )


def _iman_davenport(rows: Floats, higher: bool) -> Found:
    found = stats.friedman(rows, higher_is_better=higher)
    return {
        "statistic": float(found.f),
        "df1": float(found.df1),
        "df2": float(found.df2),
        "p": float(found.p_f),
        "effect": "Kendall's W",
        "effect_value": float(found.kendall_w),
        "note": found.note,
    }


def _friedman(rows: Floats, higher: bool) -> Found:
    found = stats.friedman(rows, higher_is_better=higher)
    return {
        "statistic": float(found.chi2),
        "df1": float(found.df),
        "df2": math.inf,
        "p": float(found.p),
        "effect": "Kendall's W",
        "effect_value": float(found.kendall_w),
        "note": found.note,
    }


def _anova(rows: Floats, _higher: bool) -> Found:
    found = stats.rm_anova(rows)
    epsilon = float(found.epsilon_gg)
    return {
        "statistic": float(found.f),
        "df1": float(found.df1) * epsilon,
        "df2": float(found.df2) * epsilon,
        "p": float(found.p_gg),
        "effect": "generalised eta2",
        "effect_value": float(found.generalized_eta2),
        "note": found.note,
    }


def _mixed(rows: Floats, _higher: bool) -> Found:
    found = stats.mixed_model(rows)
    note = notes("few seeds make the likelihood-ratio test reject too often" if len(rows) < FEW else "", found.note)
    return {
        "statistic": float(found.chi2),
        "df1": float(found.df),
        "df2": math.inf,
        "p": float(found.p),
        "note": note,
    }


FEW = 20
"""Chosen: seeds below which the chi2 of the mixed model is called liberal; simulated size at k = 4 and nominal 0.05:
0.134, 0.090 and 0.067 with 3, 5 and 10 seeds."""

_TESTS: Mapping[OmnibusTest, Callable[[Floats, bool], Found]] = {
    "iman-davenport": _iman_davenport,
    "friedman": _friedman,
    "rm-anova": _anova,
    "mixed-model": _mixed,
}
