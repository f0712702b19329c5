"""How much of the uncertainty comes from seeds and from cases, and that a doubling does what is said of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.context import Context
from cxr_report.analysis.joint import Fit, covariances, fits
from cxr_report.analysis.value import BOTH, Analysis, VarianceParts
from cxr_report.analysis.variance import variances
from cxr_report.runs import StudyFolder

TRUTH = {"seed": 4e-4, "loss_seed": 3e-4, "case": 0.02, "loss_case": 0.004, "seed_case": 0.003, "rest": 0.006}
"""Variances of a made-up metric that is a mean over cases, the last four of a single case."""


def fit_of(theta: np.ndarray, covariance: np.ndarray) -> Fit:
    found = CaseCovariance(theta.ravel(), covariance, "jackknife", 0, "")
    return Fit("auroc", found, stats.obuchowski_rockette(theta, covariance), BOTH)


def blocks(k: int, size: int, cells: tuple[float, float, float, float]) -> np.ndarray:
    """A covariance of runs, loss by loss: variance, same seed, same loss, neither."""
    variance, same_seed, same_loss, neither = cells
    same = np.kron(np.eye(k), np.ones((size, size))) * (same_loss - neither)
    seed = np.kron(np.ones((k, k)), np.eye(size)) * (same_seed - neither)
    return neither + same + seed + np.eye(k * size) * (variance - same_seed - same_loss + neither)


def expected(k: int, size: int, n: int) -> Fit:
    """An analysis whose mean squares and covariances are what they are on average."""
    part = {name: value / n for name, value in TRUTH.items()}
    cells = (
        part["case"] + part["loss_case"] + part["seed_case"] + part["rest"],
        part["case"] + part["seed_case"],
        part["case"] + part["loss_case"],
        part["case"],
    )
    ms_rest = TRUTH["loss_seed"] + part["rest"]
    ms_seed = k * (TRUTH["seed"] + part["seed_case"]) + ms_rest
    rng = np.random.default_rng(0)
    seeds = rng.normal(size=size)
    seeds = (seeds - seeds.mean()) / seeds.std(ddof=1) * math.sqrt(ms_seed / k)
    rest = rng.normal(size=(k, size))
    rest = rest - rest.mean(axis=0) - rest.mean(axis=1, keepdims=True) + rest.mean()
    rest *= math.sqrt(ms_rest * (k - 1) * (size - 1) / (rest**2).sum())
    return fit_of(0.7 + seeds + rest, blocks(k, size, cells))


def simulated(size: int, n: int) -> tuple[float, float]:
    """SD of a difference and of a mean when seeds and cases are drawn anew, four thousand times."""
    rng, draws = np.random.default_rng(size * 1000 + n), 4000

    def normal(name: str, *shape: int) -> np.ndarray:
        return rng.normal(0, math.sqrt(TRUTH[name]), (draws, *shape))

    cases = (
        normal("case", 1, 1, n)
        + normal("loss_case", 2, 1, n)
        + normal("seed_case", 1, size, n)
        + normal("rest", 2, size, n)
    )
    theta = normal("seed", 1, size) + normal("loss_seed", 2, size) + cases.mean(axis=3)
    means = theta.mean(axis=2)
    return float((means[:, 0] - means[:, 1]).std(ddof=1)), float(means[:, 0].std(ddof=1))


@pytest.mark.parametrize("k", [2, 4])
def test_the_parts_are_those_that_the_runs_were_drawn_from(k: int) -> None:
    difference, mean = variances({"auroc": expected(k, 3, 20)}, 20)
    assert (difference.of, mean.of) == ("difference of two losses", "mean of one loss")
    t = TRUTH
    assert (difference.seeds, difference.cases, difference.both) == pytest.approx(
        (2 * t["loss_seed"] / 3, 2 * t["loss_case"] / 20, 2 * t["rest"] / 60)
    )
    assert (mean.seeds, mean.cases, mean.both) == pytest.approx(
        ((t["seed"] + t["loss_seed"]) / 3, (t["case"] + t["loss_case"]) / 20, (t["seed_case"] + t["rest"]) / 60)
    )
    assert (mean.n_seeds, mean.n_cases) == (3, 20)


def test_a_doubling_of_seeds_or_cases_gives_the_standard_error_that_is_announced() -> None:
    parts = variances({"auroc": expected(2, 3, 20)}, 20)
    drawn = {"se": simulated(3, 20), "se_twice_the_seeds": simulated(6, 20), "se_twice_the_cases": simulated(3, 40)}
    for field, values in drawn.items():
        for told, value in zip(parts, values, strict=True):
            error = value / math.sqrt(2 * 4000)
            assert getattr(told, field) == pytest.approx(value, abs=3 * error), field


def test_a_doubling_is_what_an_analysis_of_twice_as_many_says() -> None:
    told = variances({"auroc": expected(3, 4, 50)}, 50)
    seeds, cases = (variances({"auroc": each}, 0) for each in (expected(3, 8, 50), expected(3, 4, 100)))
    for here, more_seeds, more_cases in zip(told, seeds, cases, strict=True):
        assert here.se_twice_the_seeds == pytest.approx(more_seeds.se)
        assert here.se_twice_the_cases == pytest.approx(more_cases.se)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(2, 5), size=st.integers(2, 8))
def test_the_parts_add_up_to_the_error_term_unless_one_is_estimated_below_zero(seed: int, k: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(k * size, k * size))
    each = fit_of(rng.normal(0.8, rng.choice([0.01, 1.0]), (k, size)), root @ root.T / 1000)
    difference, mean = variances({"auroc": each}, 100)
    result = each.result
    pooled = result.differences(error="pooled")[0].se
    cases = result.cov2 - result.cov3
    if result.var_loss_seed >= 0 and result.var_error - result.cov1 - cases >= 0:
        assert difference.se == pytest.approx(pooled)
    else:
        assert difference.se >= pooled * (1 - 1e-9)
    if min(result.var_seed + result.var_loss_seed, result.cov2, result.var_error - result.cov2) >= 0:
        assert mean.se**2 == pytest.approx(result.ms_seed_by_loss.mean() / size + result.cov2)
    for row in (difference, mean):
        assert min(row.seeds, row.cases, row.both) >= 0
        assert row.se / math.sqrt(2) <= row.se_twice_the_seeds * (1 + 1e-12)
        assert max(row.se_twice_the_seeds, row.se_twice_the_cases) <= row.se


def of_parts(loss_seed: float, loss_case: float) -> VarianceParts:
    """The difference of two losses over 4 seeds, without an interaction of seeds and cases."""
    theta = 0.7 + math.sqrt(loss_seed) / 2 * np.array([[1, -1, 1, -1], [-1, 1, -1, 1]]) * math.sqrt(1.5)
    return variances({"auroc": fit_of(theta, blocks(2, 4, (loss_case, 0.0, loss_case, 0.0)))}, 100)[0]


def test_more_is_worth_of_that_which_a_doubling_saves_more_with() -> None:
    seeds, cases = of_parts(16e-4, 1e-4), of_parts(1e-4, 16e-4)
    assert (seeds.seeds, seeds.cases, seeds.both) == pytest.approx((8e-4, 2e-4, 0))
    assert seeds.se_twice_the_seeds == pytest.approx(math.sqrt(4e-4 + 2e-4))
    assert seeds.se_twice_the_cases == pytest.approx(math.sqrt(8e-4 + 1e-4))
    assert (seeds.worth_more_of, cases.worth_more_of) == ("seeds", "cases")
    assert of_parts(4e-4, 1e-4).worth_more_of == "either"
    assert of_parts(4e-4, 1.05e-4).worth_more_of == "either"
    assert of_parts(4e-4, 1.3e-4).worth_more_of == "cases"


def test_losses_that_are_the_same_leave_nothing_to_have_more_of() -> None:
    row = np.array([0.7, 0.8, 0.75])
    same = fit_of(np.stack([row, row]), blocks(2, 3, (2e-4, 2e-4, 1e-4, 1e-4)))
    difference, mean = variances({"auroc": same}, 100)
    assert (difference.se, difference.worth_more_of) == (0.0, "undefined")
    assert mean.se > 0


def test_every_metric_of_a_study_with_a_covariance_has_both(contexts: Callable[..., Context]) -> None:
    context = contexts(task="binary", secondary=("brier", "ece"))
    found = fits(context, covariances(context, context.metrics), target=BOTH)
    rows = variances(found, len(context.test.ids))
    assert [(row.metric, row.of[:4]) for row in rows] == [
        ("auroc", "diff"), ("auroc", "mean"), ("brier", "diff"), ("brier", "mean"),
    ]  # fmt: skip
    assert all(row.n_seeds == 5 and row.n_cases == 90 and row.se > 0 for row in rows)


def test_the_analysis_of_a_study_of_two_losses_tells_the_parts_of_its_standard_error(
    shown: Callable[..., tuple[StudyFolder, Analysis]],
) -> None:
    _, analysis = shown(losses=2, seed=3, secondary=("brier",))
    for joint, row in zip(analysis.joint, analysis.variances[::2], strict=True):
        assert (row.metric, row.n_cases, row.n_seeds) == (joint.metric, 90, 5)
        if joint.var_loss_seed > 0 and joint.cov2 > joint.cov3:
            assert row.se == pytest.approx(joint.pairs[0].se)
    assert any(joint.var_loss_seed > 0 and joint.cov2 > joint.cov3 for joint in analysis.joint)
