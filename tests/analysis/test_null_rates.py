"""How often each planned test rejects where all losses are equal, simulated with the study's own components."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cxr_report import stats
from cxr_report.analysis import null_rates as room
from cxr_report.analysis.context import Context
from cxr_report.analysis.joint import Fit, covariances, fits
from cxr_report.analysis.null_rates import components, null_rates, simulate
from cxr_report.analysis.null_tests import Components
from cxr_report.analysis.value import BOTH, NullRate

Contexts = Callable[..., Context]
NAMES = (
    "mrmc",
    "mrmc pairs",
    "mrmc-seeds-fixed",
    "paired t",
    "wilcoxon exact",
    "iman-davenport",
    "friedman",
    "rm-anova",
    "mixed-model",
)


def fitted(context: Context) -> Fit:
    metric = context.study.metrics.primary
    return fits(context, covariances(context, [metric]), target=BOTH)[metric]


def with_components(fit: Fit, parts: Components, k: int, size: int) -> Fit:
    """Put an analysis in place that has exactly these components."""
    over_cases = {
        "cov3": parts.cases,
        "cov2": parts.cases + parts.loss,
        "cov1": parts.cases + parts.seed_cases,
        "var_error": parts.cases + parts.loss + parts.seed_cases + parts.error,
    }
    theta = np.full((k, size), 0.8)
    result = replace(
        fit.result, theta=theta, var_seed=parts.seed, var_loss_seed=parts.loss_seed, ms_seed=0.0, **over_cases
    )
    return replace(fit, result=result)


def rates(rows: tuple[NullRate, ...]) -> dict[str, float]:
    return {row.test: row.rate for row in rows}


def test_every_test_is_named_with_its_claim_and_its_monte_carlo_error(contexts: Contexts) -> None:
    context = contexts(losses=3, seeds=4)
    rows = null_rates(context, fitted(context))
    assert tuple(row.test for row in rows) == NAMES
    for row in rows:
        assert (row.claim, row.n_simulations) == ("seeds and cases", room.SIMULATIONS)
        assert row.monte_carlo_error == pytest.approx(math.sqrt(row.rate * (1 - row.rate) / room.SIMULATIONS))
    notes = {row.test: row.note for row in rows}
    assert "the covariance over cases is taken as known" in notes["mrmc pairs"]
    assert "any of 2 comparisons, adjusted (holm)" in notes["mrmc pairs"]
    assert "cannot reach 0.05 with 4 seeds" in notes["wilcoxon exact"]
    assert rates(rows)["wilcoxon exact"] == 0.0


def test_the_same_study_gives_the_same_rates(contexts: Contexts) -> None:
    context = contexts(losses=3, seeds=4)
    assert null_rates(context, fitted(context)) == null_rates(context, fitted(context))


def test_joint_tests_hold_their_level_and_tests_over_seeds_do_not_where_losses_suit_the_cases(
    contexts: Contexts,
) -> None:
    context = contexts(losses=4, seeds=5)
    parts = Components(seed=1e-5, loss_seed=2e-5, cases=4e-4, loss=2e-5, seed_cases=1e-5, error=3e-5)
    rows = null_rates(context, with_components(fitted(context), parts, 4, 5))
    found = rates(rows)
    assert 0.035 < found["mrmc"] < 0.06
    assert 0.02 < found["mrmc pairs"] < 0.06
    for test in ("paired t", "iman-davenport", "rm-anova", "mixed-model"):
        assert found[test] > 0.13
    assert found["mrmc-seeds-fixed"] > found["mrmc"]


def test_where_losses_suit_no_cases_the_tests_over_seeds_hold_their_level_too(contexts: Contexts) -> None:
    context = contexts(losses=4, seeds=10)
    parts = Components(seed=1e-5, loss_seed=5e-5, cases=4e-4, loss=0.0, seed_cases=1e-5, error=3e-5)
    found = null_rates(context, with_components(fitted(context), parts, 4, 10))
    for row in found:
        if row.test in ("paired t", "wilcoxon exact", "iman-davenport", "rm-anova", "mrmc"):
            assert row.rate <= 0.05 + 4 * row.monte_carlo_error, row.test
    assert rates(found)["mixed-model"] == pytest.approx(0.067, abs=0.015)  # known to be liberal with ten seeds
    assert rates(found)["mrmc-seeds-fixed"] > 0.2


def test_the_rates_are_those_of_the_statistics_called_one_by_one(contexts: Contexts) -> None:
    """The same components, simulated and tested here without any of the array formulas."""
    context = contexts(losses=3, seeds=4)
    parts = Components(seed=1e-5, loss_seed=3e-5, cases=4e-4, loss=1e-5, seed_cases=1e-5, error=3e-5)
    over_cases = (
        np.full((12, 12), parts.cases)
        + parts.loss * np.kron(np.eye(3), np.ones((4, 4)))
        + parts.seed_cases * np.kron(np.ones((3, 3)), np.eye(4))
        + parts.error * np.eye(12)
    )
    of_seeds = parts.seed * np.kron(np.ones((3, 3)), np.eye(4)) + parts.loss_seed * np.eye(12)
    rng, n = np.random.default_rng(8), 800
    drawn = rng.multivariate_normal(np.full(12, 0.8), over_cases + of_seeds, size=n).reshape(n, 3, 4)
    counts = dict.fromkeys(("mrmc", "mrmc pairs", "paired t", "rm-anova", "iman-davenport"), 0)
    for table in drawn:
        joint = stats.obuchowski_rockette(table, over_cases)
        pairs = [row.p for row in joint.differences() if row.i == 0]
        t = [stats.paired_t(table[0], table[j]).p for j in (1, 2)]
        counts["mrmc"] += joint.p <= 0.05
        counts["mrmc pairs"] += stats.adjust(pairs, "holm").min() <= 0.05
        counts["paired t"] += stats.adjust(t, "holm").min() <= 0.05
        counts["rm-anova"] += stats.rm_anova(table.T).p_gg <= 0.05
        counts["iman-davenport"] += stats.friedman(table.T).p_f <= 0.05
    found = rates(null_rates(context, with_components(fitted(context), parts, 3, 4)))
    for test, count in counts.items():
        share = count / n
        assert found[test] == pytest.approx(share, abs=3.5 * math.sqrt(max(share, 0.01) / n)), test


def test_components_are_those_of_the_analysis_and_none_is_negative(contexts: Contexts) -> None:
    result = fitted(contexts(losses=3, seeds=5)).result
    parts, _ = components(result)
    assert parts.cases == result.cov3
    assert parts.cases + parts.loss == pytest.approx(max(result.cov2, result.cov3))
    whole = replace(result, var_seed=-1e-6, var_loss_seed=2e-5, var_error=5e-4, cov1=4e-4, cov2=3e-4, cov3=3.5e-4)
    clipped, below = components(whole)
    assert below
    assert (clipped.seed, clipped.loss) == (0.0, 0.0)
    assert (clipped.loss_seed, clipped.cases) == (2e-5, 3.5e-4)
    assert clipped.seed_cases == pytest.approx(5e-5)
    assert clipped.error == pytest.approx(1.5e-4)


def test_draws_have_the_covariance_of_their_components() -> None:
    parts = Components(seed=1.0, loss_seed=2.0, cases=3.0, loss=4.0, seed_cases=5.0, error=6.0)
    drawn = simulate(parts, (200_000, 2, 2), np.random.default_rng(3)).reshape(-1, 4)
    expected = (
        np.full((4, 4), 3.0)
        + 4.0 * np.kron(np.eye(2), np.ones((2, 2)))
        + 6.0 * np.kron(np.ones((2, 2)), np.eye(2))
        + 8.0 * np.eye(4)
    )
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), expected, atol=0.25)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.0, atol=0.05)


def test_losses_that_never_differ_have_no_rates(contexts: Contexts) -> None:
    context = contexts(losses=3, seeds=4)
    nothing = with_components(fitted(context), Components(1e-5, 0.0, 4e-4, 0.0, 1e-5, 0.0), 3, 4)
    nothing = replace(nothing, result=replace(nothing.result, ms_loss_seed=0.0))
    for row in null_rates(context, nothing):
        assert math.isnan(row.rate)
        assert math.isnan(row.monte_carlo_error)
        assert row.n_simulations == 0
        assert row.note.startswith("the losses never differ")


def test_memory_is_bounded_and_the_pieces_add_up(contexts: Contexts, monkeypatch: pytest.MonkeyPatch) -> None:
    context = contexts(losses=3, seeds=4)
    fit = fitted(context)
    monkeypatch.setattr(room, "AT_ONCE", 12 * 700)
    pieces = []
    draw = room.simulate
    monkeypatch.setattr(room, "simulate", lambda parts, shape, rng: pieces.append(shape[0]) or draw(parts, shape, rng))
    rows = null_rates(context, fit)
    assert sum(pieces) == room.SIMULATIONS == rows[0].n_simulations
    assert max(pieces) == 700


def test_a_study_of_six_losses_and_ten_seeds_is_quick(contexts: Contexts) -> None:
    context = contexts(losses=6, seeds=10, family="all")
    fit = fitted(context)
    begun = time.perf_counter()
    null_rates(context, fit)
    assert time.perf_counter() - begun < 20  # 1 s where nothing else runs
