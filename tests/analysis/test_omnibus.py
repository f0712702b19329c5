"""The tests of whether the losses are equal at all."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats as witness

from cxr_report import stats
from cxr_report.analysis.comparisons import PairedScores
from cxr_report.analysis.omnibus import omnibus
from cxr_report.analysis.value import Analysis
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse

Shown = Callable[..., tuple[StudyFolder, Analysis]]


def study(k: int, **plan: object) -> Study:
    return parse(
        {
            "name": "example",
            "task": "multiclass",
            "data": {"source": "phantom"},
            "losses": {f"loss-{place}": {"loss": "focal", "label": f"L{place}"} for place in range(k)},
            "seeds": 3,
            "analysis": plan,
        },
        "study.toml",
    )


def scores(values: np.ndarray) -> PairedScores:
    seeds, k = values.shape
    return PairedScores("auroc", "", tuple(f"loss-{place}" for place in range(k)), tuple(range(seeds)), values)


def test_every_test_over_seeds_is_that_of_the_statistics() -> None:
    values = np.random.default_rng(0).normal(0.8, 0.02, (6, 4)) + 0.01 * np.arange(4)
    found = {test.test: test for test in omnibus(scores(values), study(4), None, None)}
    friedman = witness.friedmanchisquare(*values.T)
    assert (found["friedman"].statistic, found["friedman"].p) == pytest.approx(tuple(friedman))
    iman = 5 * friedman.statistic / (6 * 3 - friedman.statistic)
    assert found["iman-davenport"].statistic == pytest.approx(iman)
    assert found["iman-davenport"].p == pytest.approx(witness.f.sf(iman, 3, 15))
    anova = stats.rm_anova(values)
    assert found["rm-anova"].p == anova.p_gg
    assert (found["rm-anova"].df1, found["rm-anova"].df2) == pytest.approx(
        (3 * anova.epsilon_gg, 15 * anova.epsilon_gg)
    )
    assert witness.f.sf(anova.f, found["rm-anova"].df1, found["rm-anova"].df2) == pytest.approx(anova.p_gg)
    assert found["mixed-model"].p == stats.mixed_model(values).p
    assert "reject too often" in found["mixed-model"].note
    assert [test.target for test in found.values()] == ["seeds, these cases"] * 4


@pytest.mark.parametrize("named", ["iman-davenport", "friedman", "rm-anova", "mixed-model"])
def test_one_test_is_the_planned_one(named: str) -> None:
    values = np.random.default_rng(1).normal(0.8, 0.02, (5, 3))
    found = omnibus(scores(values), study(3, omnibus=named), None, None)
    assert [test.test for test in found if test.planned] == [named]


def test_where_there_is_no_joint_analysis_iman_and_davenport_stand_in_its_place() -> None:
    values = np.random.default_rng(1).normal(0.8, 0.02, (5, 3))
    assert [test.test for test in omnibus(scores(values), study(3), None, None) if test.planned] == ["iman-davenport"]


def test_the_joint_f_is_planned_by_default_and_stands_first(shown: Shown) -> None:
    _, analysis = shown()
    for metric in analysis.metrics:
        tests = [test for test in analysis.omnibus if test.metric == metric]
        joint = next(each for each in analysis.joint if each.metric == metric)
        cases = next(each for each in analysis.cases if each.metric == metric)
        assert [test.test for test in tests][:2] == ["mrmc", "mrmc-seeds-fixed"]
        assert (tests[0].statistic, tests[0].p, tests[0].planned) == (joint.f, joint.p, True)
        assert tests[1].statistic == pytest.approx(cases.f * cases.df1)
        assert tests[1].p == pytest.approx(witness.chi2.sf(tests[1].statistic, tests[1].df1))
        assert sum(test.planned for test in tests) == 1


def test_equal_losses_and_too_few_seeds_are_undefined_with_a_reason() -> None:
    for values in (np.full((5, 3), 0.82), np.full((1, 3), 0.82), np.full((4, 3), np.nan)):
        for test in omnibus(scores(values), study(3), None, None):
            assert math.isnan(test.p)
            assert not test.rejected
            assert test.note


def test_a_seed_on_which_a_loss_is_undefined_leaves_every_test_and_is_counted() -> None:
    values = np.random.default_rng(0).normal(0.8, 0.02, (6, 3))
    values[2, 1] = math.nan
    for test in omnibus(scores(values), study(3), None, None):
        assert test.n_seeds == 5
        assert "1 of 6 seeds left out" in test.note
