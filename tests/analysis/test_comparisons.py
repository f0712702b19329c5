"""Laws of the tests over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.analysis.comparisons import PairedScores, compare, smallest, summarise
from cxr_report.analysis.value import Pair
from cxr_report.study import Study, parse


def study(k: int, metric: str = "auroc", **plan: object) -> Study:
    """A study of k losses whose family is all pairs, unless the plan says otherwise."""
    return parse(
        {
            "name": "example",
            "task": "multiclass",
            "data": {"source": "phantom"},
            "losses": {f"loss-{place}": {"loss": "cross-entropy", "label": f"L{place}"} for place in range(k)},
            "seeds": 3,
            "metrics": {"primary": metric, "secondary": []},
            "analysis": {"family": "all", **plan},
        },
        "study.toml",
    )


def scores(values: np.ndarray, metric: str = "auroc") -> PairedScores:
    seeds, losses = values.shape
    return PairedScores(metric, "", tuple(f"loss-{place}" for place in range(losses)), tuple(range(seeds)), values)


def pairs_of(table: PairedScores, **plan: object) -> tuple[Pair, ...]:
    """Every pair of one metric, all of them the family."""
    return compare({table.metric: table}, study(len(table.losses), table.metric, **plan))


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
        pairs_of(scores(values)),
        pairs_of(scores(shuffled)),
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
    there = pairs_of(scores(values))
    back = pairs_of(scores(values[:, ::-1]))
    turned = {"first better": "second better", "second better": "first better", "not shown": "not shown"}
    k = values.shape[1]
    names = {f"loss-{place}": f"loss-{k - 1 - place}" for place in range(k)}
    found = {(pair.first, pair.second): pair for pair in back}
    for pair in there:
        alike = found.get((names[pair.first], names[pair.second]))
        other = alike or found[names[pair.second], names[pair.first]]
        sign = 1 if alike else -1
        assert other.difference == pytest.approx(sign * pair.difference)
        assert other.p_t_adjusted == pytest.approx(pair.p_t_adjusted)
        assert other.verdict == (pair.verdict if alike else turned[pair.verdict])


@settings(max_examples=30, deadline=None)
@given(values=tables)
def test_the_better_loss_of_a_metric_to_be_minimised_is_the_lower_one(values: np.ndarray) -> None:
    up = pairs_of(scores(values, "auroc"))
    down = pairs_of(scores(values, "brier"))
    turned = {"first better": "second better", "second better": "first better", "not shown": "not shown"}
    assert [pair.verdict for pair in down] == [turned[pair.verdict] for pair in up]


@settings(max_examples=30, deadline=None)
@given(values=tables)
def test_no_adjusted_p_is_below_the_raw_one_or_above_one(values: np.ndarray) -> None:
    k = values.shape[1]
    for pair in pairs_of(scores(values)):
        if not math.isnan(pair.p_t):
            assert pair.p_t <= pair.p_t_adjusted <= 1
        assert pair.p_wilcoxon <= pair.p_wilcoxon_adjusted <= 1
        assert (
            pair.p_wilcoxon_adjusted
            >= smallest("wilcoxon", len(values), comparisons=math.comb(k, 2), n_losses=k, adjustment="holm") - 1e-12
        )


def test_a_seed_on_which_a_loss_is_undefined_leaves_all_pairs_and_is_counted() -> None:
    values = np.random.default_rng(0).normal(0.8, 0.02, (6, 3))
    values[2, 1] = math.nan
    whole = scores(values)
    without = scores(np.delete(values, 2, axis=0))
    for pair, other in zip(pairs_of(whole), pairs_of(without), strict=True):
        assert pair.n_seeds == other.n_seeds == 5
        assert pair.p_t == other.p_t
        assert "1 of 6 seeds left out" in pair.note
    entry = summarise(whole, alpha=0.05)[1]
    assert entry.n_seeds == 5
    assert entry.note == "undefined on 1 of 6 seeds"


def test_constant_differences_are_undefined_with_a_reason_and_keep_their_place_in_the_family() -> None:
    rng = np.random.default_rng(1)
    first = 0.8 + 0.01 * rng.normal(size=5)
    table = np.stack([first, first + 0.1, first + 0.05 * rng.random(5)], axis=1)
    pairs = pairs_of(scores(table))
    assert math.isnan(pairs[0].p_t)
    assert math.isnan(pairs[0].p_t_adjusted)
    assert pairs[0].note
    assert pairs[0].verdict == "not shown"
    least = min(pair.p_t for pair in pairs[1:])
    assert min(pair.p_t_adjusted for pair in pairs[1:]) == pytest.approx(min(1, 3 * least))


def test_equal_losses_are_not_told_apart() -> None:
    table = np.full((5, 3), 0.82)
    assert all(pair.verdict == "not shown" for pair in pairs_of(scores(table)))
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
    assert smallest("wilcoxon", 5, comparisons=6, n_losses=4, adjustment=adjustment) == pytest.approx(expected)


def test_the_smallest_friedman_p_stands_alone() -> None:
    assert smallest("friedman", 3, comparisons=6, n_losses=4, adjustment="holm") == pytest.approx(24.0**-2)
    assert math.isnan(smallest("friedman", 0, comparisons=6, n_losses=4, adjustment="holm"))


def test_a_family_of_comparisons_with_the_baseline_is_adjusted_alone_and_the_other_pairs_are_not_judged() -> None:
    table = scores(np.random.default_rng(3).normal([0.8, 0.9, 0.9, 0.9], 0.02, (5, 4)))
    found = pairs_of(table, family="baseline", baseline="loss-1")
    inside = [pair for pair in found if pair.in_family]
    assert [(pair.first, pair.second) for pair in inside] == [
        ("loss-0", "loss-1"),
        ("loss-2", "loss-1"),
        ("loss-3", "loss-1"),
    ]
    np.testing.assert_allclose([p.p_t_adjusted for p in inside], stats.adjust([p.p_t for p in inside], "holm"))
    outside = [pair for pair in found if not pair.in_family]
    assert len(outside) == 3
    assert all(pair.verdict == "outside the family" and pair.p_t < 1 for pair in outside)
    assert all(math.isnan(pair.p_t_adjusted) and math.isnan(pair.low_simultaneous) for pair in outside)


def test_the_simultaneous_interval_is_bonferronis_over_the_family() -> None:
    table = scores(np.random.default_rng(4).normal(0.8, 0.02, (6, 3)))
    for pair in pairs_of(table):
        place = int(pair.first[-1]), int(pair.second[-1])
        wide = stats.paired_t(table.values[:, place[0]], table.values[:, place[1]], confidence=1 - 0.05 / 3)
        assert (pair.low_simultaneous, pair.high_simultaneous) == (wide.low, wide.high)
        assert pair.low_simultaneous < pair.low < pair.high < pair.high_simultaneous


@pytest.mark.parametrize(("effect", "low", "high"), [(0.0, 0.01, 0.09), (0.06, 0.9, 1.0)])
def test_equal_losses_are_told_apart_in_alpha_of_the_studies_and_a_real_difference_is_found(
    effect: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(20)
    found = []
    for _ in range(250):
        table = 0.8 + 0.02 * rng.normal(size=(5, 1)) + 0.01 * rng.normal(size=(5, 3))
        table[:, 0] += effect
        pairs = pairs_of(scores(table))
        found.append(any(pair.verdict != "not shown" for pair in pairs))
    assert low <= np.mean(found) <= high  # 0.05 +- 3 standard errors of 250 studies
