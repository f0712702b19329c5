"""What a design can reach: numbers against direct calls of the statistics, and against simulation."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as distributions

from cxr_report import stats
from cxr_report.gate import (
    Design,
    Expectation,
    cases_needed,
    prospect,
    seeds_needed,
    seeds_to_reach,
    smallest_adjusted,
)

FOUR = Design(n_losses=4, n_seeds=5, n_cases=200, delta=0.02)
KNOWN = Expectation(square=1e-4, error=4e-5, case=2e-5, cases=200, df=12, source="a test")
PAIRED = ("wilcoxon", "sign_flip")


@pytest.mark.parametrize("test", PAIRED)
@pytest.mark.parametrize("family", ["baseline", "all"])
@pytest.mark.parametrize("adjustment", ["bonferroni", "holm"])
def test_the_smallest_p_after_bonferroni_and_holm_is_that_of_the_statistics(test, family, adjustment) -> None:  # type: ignore[no-untyped-def]
    for seeds in range(2, 12):
        design = replace(FOUR, n_seeds=seeds, family=family, adjustment=adjustment)
        size = 3 if family == "baseline" else 6
        assert design.comparisons == size
        assert smallest_adjusted(test, design) == stats.smallest_p(test, seeds, comparisons=size)


@pytest.mark.parametrize("adjustment", stats.adjustment.ADJUSTMENTS)
def test_no_outcome_of_the_tests_gives_a_smaller_adjusted_p(adjustment: str) -> None:
    design = replace(FOUR, adjustment=adjustment, n_seeds=6)  # type: ignore[arg-type]
    least = smallest_adjusted("wilcoxon", design)
    raw = stats.smallest_p("wilcoxon", 6)
    possible = [raw * step for step in (1, 2, 3, 5, 9, 32)]
    found = min(float(stats.adjust(p, adjustment).min()) for p in product(possible, repeat=3))  # type: ignore[arg-type]
    assert found == pytest.approx(least)


def test_tests_of_t_and_f_have_no_bound_and_friedman_is_one_test() -> None:
    for test in ("mrmc", "paired_t", "rm_anova", "mixed_model", "f"):
        assert smallest_adjusted(test, FOUR) == 0
        assert seeds_to_reach(test, FOUR) == 2
    assert smallest_adjusted("friedman", FOUR) == stats.smallest_p("friedman", 5, k=4)


def test_five_seeds_and_an_exact_wilcoxon_never_reach_one_in_twenty() -> None:
    two = replace(FOUR, n_losses=2)
    assert smallest_adjusted("wilcoxon", two) == 0.0625
    assert seeds_to_reach("wilcoxon", two) == 6
    assert seeds_to_reach("wilcoxon", FOUR) == 7
    assert seeds_to_reach("sign_flip", replace(FOUR, family="all")) == 8
    assert seeds_to_reach("wilcoxon", replace(FOUR, alpha=1e-305)) is None


@given(st.integers(2, 8), st.floats(0.001, 0.2), st.sampled_from(["none", "holm", "hommel", "by"]))
def test_the_seeds_to_reach_reach_and_one_fewer_does_not(losses: int, alpha: float, adjustment: str) -> None:
    design = Design(losses, 5, None, 0.01, alpha, adjustment)  # type: ignore[arg-type]
    seeds = seeds_to_reach("wilcoxon", design)
    assert seeds is not None
    assert smallest_adjusted("wilcoxon", replace(design, n_seeds=seeds)) <= alpha
    assert seeds == 2 or smallest_adjusted("wilcoxon", replace(design, n_seeds=seeds - 1)) > alpha


@pytest.mark.parametrize(("adjustment", "tests"), [("none", 1), ("holm", 3), ("bh", 3)])
def test_power_and_widths_are_those_of_the_statistics(adjustment: str, tests: int) -> None:
    design = replace(FOUR, adjustment=adjustment)  # type: ignore[arg-type]
    found = prospect(design, KNOWN)
    direct = stats.power_mrmc(0.02, 5, ms=1e-4, case=2e-5, comparisons=tests)
    assert found.power == direct.power
    assert found.width == stats.power_mrmc(0.02, 5, ms=1e-4, case=2e-5).width
    assert found.width_simultaneous == stats.power_mrmc(0.02, 5, ms=1e-4, case=2e-5, comparisons=3).width


def test_twice_the_cases_halve_what_cases_bring_and_leave_what_seeds_bring() -> None:
    found = prospect(replace(FOUR, n_cases=400), KNOWN)
    assert found.power == stats.power_mrmc(0.02, 5, ms=6e-5 + 2e-5, case=1e-5, comparisons=3).power


def test_the_fewest_seeds_are_enough_and_one_fewer_is_not() -> None:
    found = seeds_needed(FOUR, KNOWN, power=0.5)
    assert found is not None
    assert prospect(replace(FOUR, n_seeds=found), KNOWN).power >= 0.5
    assert prospect(replace(FOUR, n_seeds=found - 1), KNOWN).power < 0.5


def test_where_the_cases_alone_are_too_few_no_number_of_seeds_does() -> None:
    many = replace(KNOWN, case=1e-3)
    assert seeds_needed(FOUR, many, power=0.8) is None
    limit = distributions.norm.sf(distributions.norm.isf(0.05 / 6) - 0.02 / np.sqrt(2e-3))
    assert prospect(replace(FOUR, n_seeds=1000), many).power == pytest.approx(limit, abs=0.005)


def test_the_fewest_cases_are_enough_and_fewer_are_not() -> None:
    design = replace(FOUR, n_seeds=10)
    found = cases_needed(design, KNOWN, power=0.8)
    assert found is not None
    assert prospect(replace(design, n_cases=found), KNOWN).power >= 0.8
    assert all(prospect(replace(design, n_cases=fewer), KNOWN).power < 0.8 for fewer in range(2, found, 7))


def test_where_the_seeds_alone_are_too_few_no_number_of_cases_does() -> None:
    assert cases_needed(replace(FOUR, n_seeds=3), KNOWN, power=0.8) is None


def test_cases_are_asked_for_only_where_their_number_is_known() -> None:
    with pytest.raises(ValueError, match="cases must be known"):
        cases_needed(replace(FOUR, n_cases=None), replace(KNOWN, cases=None), power=0.8)


def simulated(design: Design, ms: float, case: float, *, rng: np.random.Generator, samples: int) -> np.ndarray:
    """Draw the joint test of one pair again and again: its difference, its mean square, its own degrees of freedom."""
    seeds = design.n_seeds
    difference = design.delta + rng.normal(size=samples) * np.sqrt(2 * (ms / seeds + case))
    square = ms * rng.chisquare(seeds - 1, size=samples) / (seeds - 1)
    error = square + seeds * case
    df = (seeds - 1) * (error / square) ** 2
    return 2 * distributions.t.sf(np.abs(difference) / np.sqrt(2 * error / seeds), df)


@pytest.mark.parametrize("seeds", [5, 10, 20])
@pytest.mark.parametrize("case", [0.0, 5e-6, 2e-5])
def test_power_is_how_often_a_simulated_study_finds_the_difference(seeds: int, case: float) -> None:
    design = Design(2, seeds, None, 0.012)
    p = simulated(design, 1e-4, case, rng=np.random.default_rng(seeds), samples=40_000)
    told = prospect(design, Expectation(1e-4, None, case, None, None, "")).power
    error = 3 * np.sqrt(told * (1 - told) / p.size)
    # Satterthwaite's degrees of freedom are of the drawn mean square there and of the expected one here
    assert abs((p <= 0.05).mean() - told) < error + (0.0 if case == 0 else 0.02)


def test_the_upper_bound_of_the_mean_square_lies_above_the_true_one_in_four_of_five_pilots() -> None:
    rng = np.random.default_rng(1)
    df, true, samples = 12, 1e-4, 4000
    drawn = true * rng.chisquare(df, samples) / df
    above = [replace(KNOWN, square=float(square), df=df).upper().square >= true for square in drawn]
    assert np.mean(above) == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / samples))


def test_a_pilot_of_the_whole_model_gives_a_bound_that_holds_four_times_in_five() -> None:
    """Scores are drawn by the model itself: seeds, losses x seeds and correlated cases, then analysed."""
    rng = np.random.default_rng(2)
    k, s, var_loss_seed = 3, 4, 5e-5
    var, cov1, cov2, cov3 = 6e-5, 3e-5, 2.5e-5, 2e-5
    loss, seed = np.divmod(np.arange(k * s), s)
    same_loss, same_seed = loss[:, None] == loss, seed[:, None] == seed
    covariance = np.where(same_loss & same_seed, var, np.where(same_seed, cov1, np.where(same_loss, cov2, cov3)))
    true = var_loss_seed + var - cov1 - (cov2 - cov3)
    root, held = np.linalg.cholesky(covariance), 0
    for _ in range(600):
        theta = root @ rng.normal(size=k * s) + np.sqrt(var_loss_seed) * rng.normal(size=k * s)
        told = stats.obuchowski_rockette(theta.reshape(k, s), covariance)
        pilot = Expectation(told.ms_loss_seed, var - cov1 - (cov2 - cov3), cov2 - cov3, 100, (k - 1) * (s - 1), "")
        held += pilot.upper().at(100)[0] >= true
    assert held / 600 == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / 600))
