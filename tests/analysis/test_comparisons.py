"""Laws of the tests over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.analysis.comparisons import PairedScores, adjusted, compare, omnibus_test, smallest, summarise, verdict
from cxr_report.study import Analysis as Plan

PLAN = Plan()


def scores(values: np.ndarray, metric: str = "auroc") -> PairedScores:
    seeds, losses = values.shape
    return PairedScores(metric, "", tuple(f"loss-{place}" for place in range(losses)), tuple(range(seeds)), values)


tables = st.tuples(
    st.integers(2, 8), st.integers(2, 5), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.02, 0.1])
).map(
    lambda wish: np.clip(
        np.random.default_rng(wish[2]).normal(0.8, 0.03, (wish[0], wish[1])) + wish[3] * np.arange(wish[1]) / wish[1],
        0,
        1,
    )
)


@settings(max_examples=30, deadline=None)
@given(values=tables, seed=st.integers(0, 1000))
def test_the_order_of_seeds_does_not_matter(values: np.ndarray, seed: int) -> None:
    shuffled = values[np.random.default_rng(seed).permutation(len(values))]
    for first, second in zip(
        compare(scores(values), plan=PLAN, primary=True),
        compare(scores(shuffled), plan=PLAN, primary=True),
        strict=True,
    ):
        assert (first.difference, first.p_t_adjusted, first.p_wilcoxon_adjusted, first.verdict) == (
            pytest.approx(second.difference),
            pytest.approx(second.p_t_adjusted),
            pytest.approx(second.p_wilcoxon_adjusted),
            second.verdict,
        )


@settings(max_examples=30, deadline=None)
@given(values=tables)
def test_turning_the_losses_around_turns_differences_and_verdicts_around(values: np.ndarray) -> None:
    there = compare(scores(values), plan=PLAN, primary=True)
    back = compare(scores(values[:, ::-1]), plan=PLAN, primary=True)
    turned = {"first better": "second better", "second better": "first better", "not shown": "not shown"}
    k = values.shape[1]
    names = {f"loss-{place}": f"loss-{k - 1 - place}" for place in range(k)}
    found = {(pair.first, pair.second): pair for pair in back}
    for pair in there:
        other = found[names[pair.second], names[pair.first]]
        assert other.difference == pytest.approx(-pair.difference)
        assert other.p_t_adjusted == pytest.approx(pair.p_t_adjusted)
        assert other.verdict == turned[pair.verdict]


@settings(max_examples=30, deadline=None)
@given(values=tables)
def test_the_better_loss_of_a_metric_to_be_minimised_is_the_lower_one(values: np.ndarray) -> None:
    up = compare(scores(values, "auroc"), plan=PLAN, primary=True)
    down = compare(scores(values, "brier"), plan=PLAN, primary=True)
    turned = {"first better": "second better", "second better": "first better", "not shown": "not shown"}
    assert [pair.verdict for pair in down] == [turned[pair.verdict] for pair in up]
    ranks = omnibus_test(scores(values, "auroc"), alpha=0.05, primary=True).mean_ranks
    turned_ranks = omnibus_test(scores(values, "brier"), alpha=0.05, primary=True).mean_ranks
    np.testing.assert_allclose(np.array(ranks) + turned_ranks, values.shape[1] + 1)


@settings(max_examples=30, deadline=None)
@given(values=tables)
def test_no_adjusted_p_is_below_the_raw_one_or_above_one(values: np.ndarray) -> None:
    for pair in compare(scores(values), plan=PLAN, primary=True):
        if not math.isnan(pair.p_t):
            assert pair.p_t <= pair.p_t_adjusted <= 1
        assert pair.p_wilcoxon <= pair.p_wilcoxon_adjusted <= 1
        assert (
            pair.p_wilcoxon_adjusted
            >= smallest("wilcoxon", len(values), n_losses=values.shape[1], adjustment="holm") - 1e-12
        )


def test_a_seed_on_which_a_loss_is_undefined_leaves_all_pairs_and_is_counted() -> None:
    values = np.random.default_rng(0).normal(0.8, 0.02, (6, 3))
    values[2, 1] = math.nan
    whole = scores(values)
    without = scores(np.delete(values, 2, axis=0))
    for pair, other in zip(
        compare(whole, plan=PLAN, primary=True), compare(without, plan=PLAN, primary=True), strict=True
    ):
        assert pair.n_seeds == other.n_seeds == 5
        assert pair.p_t == other.p_t
        assert "1 of 6 seeds left out" in pair.note
    test = omnibus_test(whole, alpha=0.05, primary=True)
    assert test.n_seeds == 5
    assert "1 of 6 seeds left out" in test.note
    entry = summarise(whole, alpha=0.05)[1]
    assert entry.n_seeds == 5
    assert entry.note == "undefined on 1 of 6 seeds"


def test_constant_differences_are_undefined_with_a_reason_and_keep_their_place_in_the_family() -> None:
    rng = np.random.default_rng(1)
    first = 0.8 + 0.01 * rng.normal(size=5)
    table = np.stack([first, first + 0.1, first + 0.05 * rng.random(5)], axis=1)
    pairs = compare(scores(table), plan=PLAN, primary=True)
    assert math.isnan(pairs[0].p_t)
    assert math.isnan(pairs[0].p_t_adjusted)
    assert pairs[0].note
    assert pairs[0].verdict == "not shown"
    least = min(pair.p_t for pair in pairs[1:])
    assert min(pair.p_t_adjusted for pair in pairs[1:]) == pytest.approx(min(1, 3 * least))


def test_equal_losses_are_not_told_apart() -> None:
    table = np.full((5, 3), 0.82)
    assert all(pair.verdict == "not shown" for pair in compare(scores(table), plan=PLAN, primary=True))
    test = omnibus_test(scores(table), alpha=0.05, primary=True)
    assert math.isnan(test.p_f)
    assert test.note
    assert not test.rejected
    entry = summarise(scores(table), alpha=0.05)[0]
    assert entry.sd == 0.0
    assert math.isnan(entry.low)
    assert entry.note == "no interval, all seeds score the same"


def test_rounding_noise_is_no_spread() -> None:
    noisy = np.array([[0.1 + 0.2, 0.5], [0.3, 0.5]])
    assert summarise(scores(noisy), alpha=0.05)[0].sd == 0.0


def test_an_interval_stays_inside_the_range_of_its_metric() -> None:
    near = np.array([[0.999, 0.5], [0.9, 0.5], [1.0, 0.5]])
    assert summarise(scores(near), alpha=0.05)[0].high == 1.0


@pytest.mark.parametrize(
    ("adjustment", "expected"),
    [
        ("none", 1 / 16),
        ("bonferroni", 6 / 16),
        ("holm", 6 / 16),
        ("hochberg", 1 / 16),
        ("bh", 1 / 16),
        ("by", 2.45 / 16),
    ],
)
def test_the_smallest_wilcoxon_p_is_that_of_a_study_in_which_every_pair_has_it(adjustment, expected: float) -> None:
    assert smallest("wilcoxon", 5, n_losses=4, adjustment=adjustment) == pytest.approx(expected)


def test_the_smallest_friedman_p_stands_alone() -> None:
    assert smallest("friedman", 3, n_losses=4, adjustment="holm") == pytest.approx(24.0**-2)
    assert math.isnan(smallest("friedman", 0, n_losses=4, adjustment="holm"))


def test_nothing_to_adjust_is_nothing_adjusted() -> None:
    assert adjusted([], "holm") == []
    assert np.isnan(adjusted([math.nan, 0.01], "holm")).tolist() == [True, False]


@pytest.mark.parametrize(
    ("difference", "p", "higher", "expected"),
    [
        (0.1, 0.05, True, "first better"),
        (0.1, 0.05, False, "second better"),
        (-0.1, 0.01, True, "second better"),
        (0.1, 0.0501, True, "not shown"),
        (0.1, math.nan, True, "not shown"),
        (math.nan, 0.01, True, "not shown"),
        (0.0, 0.01, True, "not shown"),
    ],
)
def test_a_verdict_needs_p_at_most_alpha_and_a_direction(difference, p, higher, expected) -> None:
    assert verdict(difference, p, alpha=0.05, higher_is_better=higher) == expected


@pytest.mark.parametrize(("effect", "low", "high"), [(0.0, 0.01, 0.09), (0.06, 0.9, 1.0)])
def test_equal_losses_are_told_apart_in_alpha_of_the_studies_and_a_real_difference_is_found(
    effect: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(20)
    found = []
    for _ in range(250):
        table = 0.8 + 0.02 * rng.normal(size=(5, 1)) + 0.01 * rng.normal(size=(5, 3))
        table[:, 0] += effect
        pairs = compare(scores(table), plan=PLAN, primary=True)
        found.append(any(pair.verdict != "not shown" for pair in pairs))
    assert low <= np.mean(found) <= high  # 0.05 +- 3 standard errors of 250 studies
