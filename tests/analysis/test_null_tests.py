"""Array formulas of the planned tests agree with the functions of the statistics, draw by draw."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report import stats
from cxr_report.analysis import null_tests
from cxr_report.analysis.null_rates import simulate
from cxr_report.analysis.null_tests import Components

SHAPES = ((2, 2), (2, 5), (3, 3), (4, 10), (6, 3))
PARTS = Components(seed=1e-5, loss_seed=4e-5, cases=4e-4, loss=2e-5, seed_cases=1e-5, error=3e-5)
VARIANTS = (
    PARTS,
    Components(seed=0.0, loss_seed=0.0, cases=4e-4, loss=2e-5, seed_cases=0.0, error=3e-5),
    Components(seed=1e-5, loss_seed=4e-5, cases=4e-4, loss=0.0, seed_cases=1e-5, error=3e-4),
)


def covariance(parts: Components, k: int, size: int) -> np.ndarray:
    """Of the k S runs over cases, loss-major."""
    return (
        np.full((k * size, k * size), parts.cases)
        + parts.loss * np.kron(np.eye(k), np.ones((size, size)))
        + parts.seed_cases * np.kron(np.ones((k, k)), np.eye(size))
        + parts.error * np.eye(k * size)
    )


def drawn(k: int, size: int, parts: Components = PARTS) -> np.ndarray:
    return 0.85 + simulate(parts, (6, k, size), np.random.default_rng([k, size]))


def all_pairs(k: int) -> np.ndarray:
    return np.array([(i, j) for i in range(k) for j in range(i + 1, k)])


@pytest.mark.parametrize("parts", VARIANTS)
@pytest.mark.parametrize(("k", "size"), SHAPES)
def test_the_joint_tests_are_those_of_obuchowski_and_rockette(k: int, size: int, parts: Components) -> None:
    theta, pairs = drawn(k, size, parts), all_pairs(k)
    joint, fixed = null_tests.mrmc(theta, parts), null_tests.mrmc_seeds_fixed(theta, parts)
    each = null_tests.mrmc_pairs(theta, parts, pairs)
    for place, table in enumerate(theta):
        expected = stats.obuchowski_rockette(table, covariance(parts, k, size))
        assert joint[place] == pytest.approx(expected.p)
        assert each[place] == pytest.approx([row.p for row in expected.differences()])
        seeds_fixed = stats.obuchowski_rockette(table, covariance(parts, k, size), seeds="fixed")
        assert fixed[place] == pytest.approx(seeds_fixed.p)


@pytest.mark.parametrize(("k", "size"), SHAPES)
def test_the_tests_over_seeds_are_those_of_the_statistics(k: int, size: int) -> None:
    theta, pairs = drawn(k, size), all_pairs(k)
    t, w = null_tests.paired_t(theta, pairs), null_tests.wilcoxon(theta, pairs)
    f, chi2 = null_tests.iman_davenport(theta), null_tests.friedman(theta)
    anova, mixed = null_tests.rm_anova(theta), null_tests.mixed_model(theta)
    for place, table in enumerate(theta):
        assert t[place] == pytest.approx([stats.paired_t(table[i], table[j]).p for i, j in pairs])
        assert w[place] == pytest.approx([stats.wilcoxon(table[i], table[j]).p for i, j in pairs])
        ranks = stats.friedman(table.T)
        assert (f[place], chi2[place]) == pytest.approx((ranks.p_f, ranks.p))
        assert anova[place] == pytest.approx(stats.rm_anova(table.T).p_gg)
        assert mixed[place] == pytest.approx(stats.mixed_model(table.T).p, abs=1e-9)


def test_a_pair_is_turned_round_without_effect() -> None:
    theta = drawn(3, 5)
    pairs = all_pairs(3)
    for test in (null_tests.paired_t, null_tests.wilcoxon):
        np.testing.assert_allclose(test(theta, pairs), test(theta, pairs[:, ::-1]))


def test_differences_that_are_constant_over_seeds_leave_the_tests_of_means_undefined() -> None:
    """Rounding must not pass for a spread: a constant difference has no t, no F, and a Wilcoxon that counts signs."""
    losses = np.array([0.81, 0.82, 0.84])[:, None] + np.array([0.01, 0.02, 0.03, 0.05])[None, :]
    theta = losses[None]
    assert np.isnan(null_tests.paired_t(theta, all_pairs(3))).all()
    assert np.isnan(null_tests.rm_anova(theta)).all()
    assert np.isnan(null_tests.mixed_model(theta)).all()
    assert null_tests.wilcoxon(theta, all_pairs(3)).tolist() == [[0.125] * 3]
    assert null_tests.iman_davenport(theta).tolist() == [stats.friedman(losses.T).p_f]


def test_equal_scores_leave_the_pairs_undefined() -> None:
    theta, nothing = np.full((2, 3, 4), 0.8), Components(0.0, 0.0, 1e-4, 0.0, 0.0, 0.0)
    for p in (
        null_tests.paired_t(theta, all_pairs(3)),
        null_tests.wilcoxon(theta, all_pairs(3)),
        null_tests.mrmc_pairs(theta, nothing, all_pairs(3)),
        null_tests.mrmc(theta, nothing),
        null_tests.mrmc_seeds_fixed(theta, nothing),
    ):
        assert np.isnan(p).all()


METHODS = ("none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by")


@pytest.mark.parametrize("method", METHODS)
@given(values=arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 7)), elements=st.floats(0.0, 0.2)))
def test_a_family_is_rejected_where_any_adjusted_p_is(method: str, values: np.ndarray) -> None:
    found = null_tests.any_rejected(values, method, alpha=0.05)
    least = np.array([stats.adjust(row, method).min() for row in values])
    clear = np.abs(least - 0.05) > 1e-12  # on the border itself rounding decides
    assert (found == (least <= 0.05))[clear].all()


@pytest.mark.parametrize("method", METHODS)
def test_an_undefined_p_is_not_rejected_and_keeps_its_place(method: str) -> None:
    values = np.array([[math.nan, 0.02], [math.nan, math.nan], [math.nan, 0.03], [math.nan, 0.049]])
    expected = [bool(np.nanmin([*stats.adjust(row, method), 1.0]) <= 0.05) for row in values]
    assert null_tests.any_rejected(values, method, alpha=0.05).tolist() == expected


def test_hommel_may_reject_no_single_comparison_where_simes_rejects_all_together() -> None:
    values = np.array([[0.03, 0.033, 0.9]])
    assert not null_tests.any_rejected(values, "hommel", alpha=0.05)[0]
    assert null_tests.any_rejected(values, "bh", alpha=0.05)[0]
