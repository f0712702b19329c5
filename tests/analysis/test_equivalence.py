"""Practical equivalence and non-inferiority, over seeds and cases and over seeds alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.comparisons import PairedScores
from cxr_report.analysis.context import generator
from cxr_report.analysis.equivalence import NO_BASELINE, equivalences, seeds_equivalences
from cxr_report.analysis.joint import Fit, fit
from cxr_report.analysis.value import BOTH, Analysis, Equivalence, SeedsEquivalence
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse


def study(k: int, metric: str = "auroc", **plan: object) -> Study:
    losses = {f"loss-{place}": {"loss": "cross-entropy", "label": f"L{place}"} for place in range(k)}
    return parse(
        {
            "name": "example",
            "task": "multiclass",
            "data": {"source": "phantom"},
            "losses": losses,
            "seeds": 3,
            "metrics": {"primary": metric, "secondary": []},
            "analysis": plan,
        },
        "study.toml",
    )


def drawn(seed: int, k: int, size: int, spread: float = 0.004) -> tuple[np.ndarray, np.ndarray]:
    """A metric per loss and seed, and a covariance over cases that is one."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(k * size, k * size)) * spread / math.sqrt(k * size)
    return rng.normal(0.8, spread, (k, size)), root @ root.T + spread**2


def fitted(theta: np.ndarray, covariance: np.ndarray, asked: Study) -> Fit:
    found = fit(
        CaseCovariance(theta.ravel(), covariance, "jackknife", 0, ""), asked, asked.metrics.primary, target=BOTH
    )
    assert found is not None
    return found


def decided(seed: int, k: int, size: int, asked: Study, spread: float = 0.004) -> tuple[Equivalence, ...]:
    return equivalences(fitted(*drawn(seed, k, size, spread), asked), asked)


def over_seeds(values: np.ndarray, asked: Study) -> tuple[SeedsEquivalence, ...]:
    size, k = values.shape
    table = PairedScores(asked.metrics.primary, "", tuple(asked.losses), tuple(range(size)), values)
    assert k == len(asked.losses)
    return seeds_equivalences(table, asked)


def test_every_number_is_that_of_the_statistics_called_directly() -> None:
    asked = study(4, margin=0.02, alpha=0.1)
    theta, covariance = drawn(7, 4, 5, 0.014)
    rows = equivalences(fitted(theta, covariance, asked), asked)
    result = stats.obuchowski_rockette(theta, covariance, confidence=0.9, bounds=(0.0, 1.0))
    pairs = [row for row in result.differences(error="pair") if row.i == 0]  # loss 0 is the baseline
    same = [stats.equivalence(-row.estimate, row.se, row.df, low=-0.02, high=0.02, alpha=0.1) for row in pairs]
    no_worse = [stats.noninferiority(-row.estimate, row.se, row.df, margin=0.02, alpha=0.1) for row in pairs]
    assert [(row.first, row.second) for row in rows] == [(f"loss-{place}", "loss-0") for place in (1, 2, 3)]
    assert [row.p_equivalence for row in rows] == pytest.approx([each.p for each in same])
    assert [(row.low, row.high) for row in rows] == [pytest.approx((each.low, each.high)) for each in same]
    assert [row.p_noninferiority for row in rows] == pytest.approx([each.p for each in no_worse])
    assert [row.p_equivalence_adjusted for row in rows] == pytest.approx(stats.adjust([e.p for e in same], "holm"))
    assert [row.p_noninferiority_adjusted for row in rows] == pytest.approx(
        stats.adjust([each.p for each in no_worse], "holm")
    )
    for row in rows:
        assert row.equivalent == (row.p_equivalence_adjusted <= 0.1)
        assert row.noninferior == (row.p_noninferiority_adjusted <= 0.1)
    assert {row.noninferior for row in rows} == {True, False}


def test_by_hand_a_difference_of_a_tenth_of_the_margin() -> None:
    """Difference 0.001, margin 0.01, 4 seeds, MS(TR) = 8e-6, nothing from cases: se = sqrt(2 8e-6 / 4), df = 3."""
    steps = 0.002 * np.array([1, -1, 1, -1]) * math.sqrt(3) / 2
    theta = np.stack([0.8 - steps, 0.801 + steps])
    asked = study(2, margin=0.01)
    (row,) = equivalences(fitted(theta, np.eye(8) * 1e-12, asked), asked)
    se, t = 0.002, 2.353363434801824  # the table's t(0.95, 3) = 2.3534, with more digits
    assert (row.difference, row.low, row.high) == pytest.approx((0.001, 0.001 - t * se, 0.001 + t * se), rel=1e-6)
    assert row.p_equivalence == pytest.approx(stats.equivalence(0.001, se, 3, low=-0.01, high=0.01).p, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), k=st.integers(2, 4), size=st.integers(2, 8), spread=st.sampled_from([2e-3, 2e-2])
)
def test_equivalence_is_claimed_only_with_an_interval_inside_the_margin(
    seed: int, k: int, size: int, spread: float
) -> None:
    for row in decided(seed, k, size, study(k), spread):
        assert 0 <= row.p_equivalence <= row.p_equivalence_adjusted <= 1
        assert row.low <= row.difference <= row.high
        inside = row.low > -0.01 and row.high < 0.01
        assert inside == (row.p_equivalence < 0.05)
        assert not row.equivalent or inside
        assert row.p_noninferiority <= row.p_equivalence + 1e-12  # it is one of the two one-sided tests
        assert not row.equivalent or row.noninferior


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 8))
def test_swapping_two_losses_keeps_equivalence_and_flips_the_interval(seed: int, size: int) -> None:
    theta, covariance = drawn(seed, 2, size)
    turned = np.roll(np.roll(covariance, size, axis=0), size, axis=1)
    asked = study(2)
    (there,) = equivalences(fitted(theta, covariance, asked), asked)
    (back,) = equivalences(fitted(theta[::-1], turned, asked), asked)
    assert back.p_equivalence == pytest.approx(there.p_equivalence)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_of_a_metric_to_be_minimised_the_lower_one_is_no_worse(seed: int) -> None:
    theta, covariance = drawn(seed, 2, 5)
    up, down = study(2), study(2, "log_loss")
    (high,) = equivalences(fitted(theta, covariance, up), up)
    (low,) = equivalences(fitted(1 - theta, covariance, down), down)
    assert low.difference == pytest.approx(-high.difference)
    assert low.p_noninferiority == pytest.approx(high.p_noninferiority)
    assert low.p_equivalence == pytest.approx(high.p_equivalence)


def test_a_large_p_of_the_difference_is_no_equivalence() -> None:
    """Wide intervals: nothing is shown, neither a difference nor that there is none."""
    asked = study(2)
    each = fitted(*drawn(5, 2, 3, 0.05), asked)
    (row,) = equivalences(each, asked)
    assert each.result.differences()[0].p > 0.1
    assert not row.equivalent
    assert not row.noninferior


def test_losses_that_are_the_same_are_not_called_equivalent() -> None:
    rows = np.array([[0.8, 0.82, 0.81], [0.8, 0.82, 0.81], [0.9, 0.93, 0.91]])
    seed = np.kron(np.ones((3, 3)), np.diag([1e-5, 2e-5, 1.5e-5]))
    asked = study(3)
    same, other = equivalences(fitted(rows, seed, asked), asked)
    assert math.isnan(same.p_equivalence)
    assert math.isnan(same.p_noninferiority_adjusted)
    assert (same.equivalent, same.noninferior) == (False, False)
    assert "without a standard error nothing is equivalent" in same.note
    assert other.p_noninferiority < 0.05
    assert other.p_noninferiority_adjusted == pytest.approx(min(1.0, 2 * other.p_noninferiority))  # still two of them


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_of_a_family_of_all_pairs_equivalence_is_asked_and_non_inferiority_is_not(seed: int) -> None:
    theta, covariance = drawn(seed, 3, 4)
    every, some = study(3, family="all"), study(3)
    rows = equivalences(fitted(theta, covariance, every), every)
    assert len(rows) == 3
    for row in rows:
        assert math.isnan(row.p_noninferiority)
        assert math.isnan(row.p_noninferiority_adjusted)
        assert not row.noninferior
        assert row.note == NO_BASELINE
    alone = {(row.first, row.second): row for row in equivalences(fitted(theta, covariance, some), some)}
    shared = [row for row in rows if (row.first, row.second) in alone]
    assert len(shared) == 2
    for row in shared:
        assert row.p_equivalence == alone[row.first, row.second].p_equivalence
        assert (row.low, row.high) == (alone[row.first, row.second].low, alone[row.first, row.second].high)


def test_a_pair_without_a_case_part_is_tested_and_has_no_note() -> None:
    (row,) = equivalences(fitted(np.array([[0.8, 0.81], [0.79, 0.82]]), np.eye(4) * 1e-5, study(2)), study(2))
    assert row.p_equivalence > 0
    assert row.note == ""


def test_without_a_joint_analysis_there_is_nothing_to_test() -> None:
    assert equivalences(None, study(3)) == ()


def test_an_interval_stays_within_the_differences_that_a_metric_can_have() -> None:
    asked = study(2)
    theta = np.array([[0.02, 0.99, 0.4], [0.99, 0.03, 0.5]])
    (row,) = equivalences(fitted(theta, np.eye(6) * 1e-4, asked), asked)
    assert (row.low, row.high) == (-1.0, 1.0)


def test_over_seeds_every_number_is_that_of_the_statistics_called_directly() -> None:
    values = np.random.default_rng(2).normal(0.8, 0.01, (6, 3))
    asked = study(3, margin=0.008)
    for place, row in enumerate(over_seeds(values, asked), start=1):
        x, y = values[:, place], values[:, 0]
        assert (row.first, row.second, row.margin, row.note) == (f"loss-{place}", "loss-0", 0.008, "")
        assert row.p_tost == stats.tost(x, y, low=-0.008, high=0.008).p
        t = stats.bayes_correlated_t(x, y, rope=0.008)
        assert (row.t_left, row.t_rope, row.t_right) == (t.p_left, t.p_rope, t.p_right)
        rng = generator(f"signed rank of loss-{place} and loss-0 in auroc")
        rank = stats.bayes_signed_rank(x, y, rope=0.008, rng=rng)
        assert (row.rank_left, row.rank_rope, row.rank_right) == (rank.p_left, rank.p_rope, rank.p_right)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 8))
def test_over_seeds_swapping_two_losses_swaps_left_and_right(seed: int, size: int) -> None:
    values = np.random.default_rng(seed).normal(0.8, 0.01, (size, 2))
    (there,), (back,) = over_seeds(values, study(2)), over_seeds(values[:, ::-1], study(2))
    assert back.p_tost == pytest.approx(there.p_tost)
    assert (back.t_left, back.t_rope, back.t_right) == pytest.approx((there.t_right, there.t_rope, there.t_left))
    assert (back.rank_left, back.rank_rope, back.rank_right) == pytest.approx(
        (there.rank_right, there.rank_rope, there.rank_left), abs=2e-4
    )
    assert there.t_left + there.t_rope + there.t_right == pytest.approx(1)
    assert there.rank_left + there.rank_rope + there.rank_right == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_over_seeds_their_order_changes_nothing_but_the_draws(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.8, 0.01, (6, 3))
    for there, back in zip(over_seeds(values, study(3)), over_seeds(rng.permutation(values), study(3)), strict=True):
        assert (there.p_tost, there.t_rope) == pytest.approx((back.p_tost, back.t_rope))
        assert there.rank_rope == pytest.approx(
            back.rank_rope, abs=0.02
        )  # 50,000 draws: four errors of 0.0022 are 0.009


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([[0.8, 0.8], [0.7, 0.7], [0.9, 0.9]], "all differences are equal"),
        ([[0.82, 0.81], [0.81, 0.80], [0.83, 0.82]], "all differences are equal"),
        ([[0.8, 0.7]], "at least two seeds"),
        ([[0.8, 0.7], [math.nan, 0.7]], "1 of 2 seeds left out, where the metric is undefined; a test needs"),
    ],
)
def test_over_seeds_what_is_degenerate_says_nothing(values: list[list[float]], note: str) -> None:
    (row,) = over_seeds(np.array(values), study(2))
    numbers = (row.p_tost, row.t_left, row.t_rope, row.t_right, row.rank_left, row.rank_rope, row.rank_right)
    assert all(math.isnan(number) for number in numbers)
    assert note in row.note


def test_the_analysis_of_a_study_tests_its_family_on_the_primary_metric(
    shown: Callable[..., tuple[StudyFolder, Analysis]],
) -> None:
    _, analysis = shown(losses=3, primary="brier", secondary=("auroc",))
    family = [pair for pair in analysis.joint[0].pairs if pair.in_family]
    margin = analysis.study.analysis.margin
    for row, pair in zip(analysis.equivalences, family, strict=True):
        assert (row.metric, row.first, row.second, row.difference) == (
            "brier",
            pair.first,
            pair.second,
            pair.difference,
        )
        told = stats.noninferiority(-pair.difference, pair.se, pair.df, margin=margin)  # a low Brier score is good
        assert row.p_noninferiority == pytest.approx(told.p)
    assert [(row.metric, row.first) for row in analysis.seeds_equivalences] == [
        ("brier", each.first) for each in family
    ]
