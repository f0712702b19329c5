"""The order of the losses, which of them are told apart, and how firm that is over the seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.analysis.comparisons import PairedScores
from cxr_report.analysis.context import generator
from cxr_report.analysis.rankings import cliques, rankings
from cxr_report.analysis.value import Analysis, Cliques, Ranking
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse

DEMSAR = [
    (0.763, 0.768, 0.771, 0.798), (0.599, 0.591, 0.590, 0.569), (0.954, 0.971, 0.968, 0.967),
    (0.628, 0.661, 0.654, 0.657), (0.882, 0.888, 0.886, 0.898), (0.936, 0.931, 0.916, 0.931),
    (0.661, 0.668, 0.609, 0.685), (0.583, 0.583, 0.563, 0.625), (0.775, 0.838, 0.866, 0.875),
    (1.000, 1.000, 1.000, 1.000), (0.940, 0.962, 0.965, 0.962), (0.619, 0.666, 0.614, 0.669),
    (0.972, 0.981, 0.9751, 0.975), (0.957, 0.978, 0.946, 0.970),
]  # fmt: skip
"""Table 6 of Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html, columns C4.5, +m, +cf, +m+cf."""


def study(k: int, metric: str = "auroc", **plan: object) -> Study:
    return parse(
        {
            "name": "example",
            "task": "multiclass",
            "data": {"source": "phantom"},
            "losses": {name: {"loss": "cross-entropy", "label": name} for name in names(k)},
            "seeds": 3,
            "metrics": {"primary": metric, "secondary": []},
            "analysis": plan,
        },
        "study.toml",
    )


def names(k: int) -> tuple[str, ...]:
    return tuple("abcdef"[:k])


def ranked(values: np.ndarray, metric: str = "auroc", **plan: object) -> Ranking:
    """Rank the columns of a table."""
    seeds, k = values.shape
    table = PairedScores(metric, "", names(k), tuple(range(seeds)), np.asarray(values, dtype=np.float64))
    (found,) = rankings({metric: table}, study(k, metric, **plan))
    return found


def procedure(found: Ranking, name: str) -> Cliques:
    return next(each for each in found.procedures if each.procedure == name)


scores = st.tuples(
    st.integers(2, 9), st.integers(2, 6), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.05, 0.3])
).map(lambda wish: np.random.default_rng(wish[2]).normal(0.7, 0.03, wish[:2]) + wish[3] * np.arange(wish[1]) / wish[1])


def test_every_number_is_that_of_the_statistics_called_directly() -> None:
    values = np.random.default_rng(3).normal(0.8, 0.03, (8, 4)) + 0.04 * np.arange(4)
    found = ranked(values, alpha=0.1)
    friedman, nemenyi = stats.friedman(values), stats.nemenyi(values)
    drawn = stats.rank_bootstrap(values, rng=generator("ranking of auroc"), confidence=0.9)
    assert found.mean_ranks == pytest.approx(friedman.mean_ranks)
    assert found.critical_difference == stats.critical_difference(4, 8, 0.1)
    np.testing.assert_array_equal(procedure(found, "nemenyi").p, nemenyi.p)
    assert (found.low, found.high) == (tuple(drawn.low), tuple(drawn.high))
    np.testing.assert_array_equal(found.distribution, drawn.distribution)
    assert (found.tau, found.tau_low, found.tau_high) == (drawn.tau, drawn.tau_low, drawn.tau_high)
    assert (found.role, found.n_seeds, found.losses, found.note) == ("primary", 8, names(4), "")
    places = list(combinations(range(4), 2))
    holm = stats.adjust([stats.wilcoxon(values[:, i], values[:, j]).p for i, j in places], "holm")
    p = np.array(procedure(found, "wilcoxon-holm").p)
    assert [p[place] for place in places] == list(holm)
    np.testing.assert_array_equal(p, p.T)
    assert (np.diagonal(p) == 1).all()


def test_wilcoxon_is_adjusted_by_holm_over_all_pairs_whatever_the_plan_adjusts() -> None:
    values = np.random.default_rng(4).normal(0.8, 0.02, (9, 4)) + 0.03 * np.arange(4)
    plans = ({}, {"family": "all"}, {"adjustment": "none"}, {"adjustment": "bonferroni"})
    assert len({procedure(ranked(values, **plan), "wilcoxon-holm").p for plan in plans}) == 1


def test_demsars_groups_of_four_classifiers() -> None:
    """At 0.10 C4.5 is worse than C4.5+m and C4.5+m+cf, and C4.5+cf belongs to either group (section 3.2.2)."""
    found = ranked(np.array(DEMSAR), alpha=0.1)
    assert found.mean_ranks == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=5e-4)
    assert found.critical_difference == pytest.approx(1.12, abs=0.005)
    nemenyi = procedure(found, "nemenyi")
    assert nemenyi.cliques == (("d", "b", "c"), ("c", "a"))
    assert (nemenyi.transitive, nemenyi.drawn) == (False, False)


def test_two_groups_far_apart_are_two_bars() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.01, (12, 4)) + np.array([0.0, 0.0, 0.4, 0.4])
    found = procedure(ranked(values), "wilcoxon-holm")
    assert found.transitive
    assert found.drawn
    assert {frozenset(each) for each in found.cliques} == {frozenset("cd"), frozenset("ab")}
    assert set(found.cliques[0]) == set("cd")


@settings(max_examples=60, deadline=None)
@given(values=scores, alpha=st.sampled_from([0.01, 0.05, 0.2, 0.4]))
def test_two_losses_share_a_bar_of_nemenyi_exactly_where_their_ranks_lie_within_the_critical_difference(
    values: np.ndarray, alpha: float
) -> None:
    found = ranked(values, alpha=alpha)
    bars = procedure(found, "nemenyi").cliques
    for i, j in combinations(range(len(found.losses)), 2):
        apart = abs(found.mean_ranks[i] - found.mean_ranks[j])
        if abs(apart - found.critical_difference) > 1e-9:
            together = any({found.losses[i], found.losses[j]} <= set(bar) for bar in bars)
            assert together == (apart < found.critical_difference)


@st.composite
def relations(draw: st.DrawFn) -> np.ndarray:
    k = draw(st.integers(2, 6))
    p = np.eye(k)
    for i, j in combinations(range(k), 2):
        p[i, j] = p[j, i] = draw(st.sampled_from([0.01, 0.5, math.nan]))
    return p


@settings(max_examples=200, deadline=None)
@given(p=relations(), seed=st.integers(0, 2**16))
def test_bars_say_what_the_matrix_says_or_there_are_none(p: np.ndarray, seed: int) -> None:
    k = len(p)
    order = np.random.default_rng(seed).permutation(k)
    found = cliques("any", p, names(k), order=order, alpha=0.05)
    alike = {pair for pair in combinations(range(k), 2) if not p[pair] <= 0.05}
    shared = {
        pair for pair in combinations(range(k), 2) if any({names(k)[e] for e in pair} <= set(b) for b in found.cliques)
    }
    assert shared == (alike if found.cliques else set())
    sorted_names = [names(k)[place] for place in order]
    for bar in found.cliques:
        start = sorted_names.index(bar[0])
        assert list(bar) == sorted_names[start : start + len(bar)]
        assert not any(set(bar) < set(other) for other in found.cliques)
    both = alike | {(j, i) for i, j in alike} | {(i, i) for i in range(k)}
    assert found.transitive == all((i, m) in both for i, j in both for n, m in both if j == n)
    if found.drawn:
        assert sum(len(bar) for bar in found.cliques) == len({name for bar in found.cliques for name in bar})
        assert shared == alike


def test_losses_around_one_that_is_told_apart_from_both_cannot_be_drawn() -> None:
    p = np.array([[1.0, 0.01, 0.5], [0.01, 1.0, 0.01], [0.5, 0.01, 1.0]])
    found = cliques("wilcoxon-holm", p, ("a", "b", "c"), order=np.arange(3), alpha=0.05)
    assert (found.transitive, found.drawn, found.cliques) == (True, False, ())


def test_where_all_are_told_apart_there_is_no_bar_and_nothing_is_hidden() -> None:
    found = cliques("nemenyi", np.eye(3), ("a", "b", "c"), order=np.arange(3), alpha=0.05)
    assert (found.transitive, found.drawn, found.cliques) == (True, True, ())


@settings(max_examples=15, deadline=None)
@given(values=scores, seed=st.integers(0, 1000))
def test_the_order_of_seeds_changes_nothing_but_the_draws(values: np.ndarray, seed: int) -> None:
    there, back = ranked(values), ranked(values[np.random.default_rng(seed).permutation(len(values))])
    assert there.mean_ranks == pytest.approx(back.mean_ranks)
    for one, other in zip(there.procedures, back.procedures, strict=True):
        np.testing.assert_allclose(one.p, other.p)
        assert one.cliques == other.cliques
    assert there.tau == pytest.approx(back.tau, abs=0.05)


@settings(max_examples=15, deadline=None)
@given(values=scores)
def test_a_metric_to_be_minimised_ranks_the_lowest_first(values: np.ndarray) -> None:
    up, down = ranked(values), ranked(-values, "brier")
    assert up.mean_ranks == pytest.approx(down.mean_ranks)
    assert [each.cliques for each in up.procedures] == [each.cliques for each in down.procedures]


def test_one_seed_ranks_nothing() -> None:
    values = np.array([[0.9, 0.8, 0.7], [0.8, math.nan, 0.9]])
    found = ranked(values)
    assert found.n_seeds == 1
    assert found.note == "1 of 2 seeds left out, where the metric is undefined; a ranking needs at least two seeds"
    assert all(math.isnan(value) for value in (*found.mean_ranks, *found.low, found.tau, found.critical_difference))
    assert np.isnan(found.distribution).all()
    for each in found.procedures:
        assert np.isnan(np.array(each.p)[~np.eye(3, dtype=bool)]).all()
        assert (each.drawn, each.cliques) == (False, ())


def test_equal_losses_share_their_rank_and_are_never_told_apart() -> None:
    column = np.random.default_rng(1).normal(0.8, 0.02, (6, 1))
    found = ranked(np.repeat(column, 3, axis=1))
    assert found.mean_ranks == (2.0, 2.0, 2.0)
    assert math.isnan(found.tau)
    assert "all losses tie" in found.note
    assert [each.cliques for each in found.procedures] == [(names(3),), (names(3),)]
    wilcoxon = np.array(procedure(found, "wilcoxon-holm").p)
    assert np.isnan(wilcoxon[~np.eye(3, dtype=bool)]).all()


def test_the_analysis_of_a_study_ranks_every_metric(shown: Callable[..., tuple[StudyFolder, Analysis]]) -> None:
    _, analysis = shown(losses=3)
    assert [(each.metric, each.role) for each in analysis.rankings] == [
        ("auroc", "primary"), ("balanced_accuracy", "exploratory"), ("average_precision", "exploratory"),
        ("brier", "exploratory"),
    ]  # fmt: skip
    for each in analysis.rankings:
        values = [row.values for row in analysis.summaries if (row.metric, row.klass) == (each.metric, "")]
        higher = each.metric != "brier"
        assert each.mean_ranks == pytest.approx(stats.friedman(np.array(values).T, higher_is_better=higher).mean_ranks)
        assert np.sum(each.distribution, axis=0) == pytest.approx(np.ones(3))
