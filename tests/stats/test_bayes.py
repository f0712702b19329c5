"""Posterior probabilities agree with R, baycomp and a slow reading of the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.conformance import witness

R = witness("pairs")["pairs"]
BAYCOMP = witness("posthocs")["bayes"]


def pair(name):
    return np.array(R[name]["x"]) / 1000, np.array(R[name]["y"]) / 1000


def three(found):
    return [found.p_left, found.p_rope, found.p_right]


@pytest.mark.parametrize("name", sorted(R))
def test_the_correlated_t_agrees_with_r_and_baycomp(name):
    x, y = pair(name)
    wanted = R[name]["t"]["bayes"]  # 50 of 500 cases tested: correlation 0.1
    found = stats.bayes_correlated_t(x, y, rope=0.01, correlation=0.1)
    assert [found.p_left, found.p_right] == pytest.approx([wanted["left"], wanted["right"]], rel=1e-9)
    assert sum(three(found)) == pytest.approx(1)
    found = stats.bayes_correlated_t(x, y, rope=0.01025, correlation=1 / x.size)  # one run of n folds
    assert three(found)[::-1] == pytest.approx(BAYCOMP[name]["correlated_t"], abs=1e-9)


@pytest.mark.parametrize("name", sorted(R))
def test_the_signed_rank_agrees_with_baycomp(name):
    x, y = pair(name)
    found = stats.bayes_signed_rank(x, y, rope=0.01025, rng=np.random.default_rng(1), samples=200_000)
    assert three(found)[::-1] == pytest.approx(BAYCOMP[name]["signed_rank"], abs=0.006)
    assert sum(three(found)) == pytest.approx(1)


def test_the_signed_rank_is_the_double_sum_of_the_definition():
    x, y, rope = np.array([0.8, 0.9, 0.7]), np.array([0.6, 0.95, 0.7]), 0.03
    found = stats.bayes_signed_rank(x, y, rope=rope, rng=np.random.default_rng(2), samples=4000)
    z = np.append(0.0, x - y)
    won = np.zeros(3)
    for w in np.random.default_rng(2).dirichlet([0.5, 1, 1, 1], size=4000):
        mass = np.zeros(3)
        for i in range(4):
            for j in range(4):
                total = z[i] + z[j]
                mass[0 if total < -2 * rope else 2 if total > 2 * rope else 1] += w[i] * w[j]
        won[mass.argmax()] += 1
    assert three(found) == pytest.approx(won / 4000)


def test_rounding_does_not_push_a_difference_out_of_the_rope():
    x, y = [0.82, 0.81, 0.80], [0.81, 0.80, 0.79]
    found = stats.bayes_signed_rank(x, y, rope=0.01, rng=np.random.default_rng(1), samples=100)
    assert three(found) == [0.0, 1.0, 0.0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=6), st.integers(0, 20))
def test_swapping_the_losses_swaps_the_sides(rows, rope):
    x, y = np.array(rows).T / 60 + 0.7
    t, turned = (stats.bayes_correlated_t(*pair, rope=rope / 100) for pair in ((x, y), (y, x)))
    assert three(t) == pytest.approx(three(turned)[::-1], nan_ok=True, abs=1e-12)
    one, other = (
        stats.bayes_signed_rank(*pair, rope=rope / 100, rng=np.random.default_rng(1), samples=200)
        for pair in ((x, y), (y, x))
    )
    assert three(one) == pytest.approx(three(other)[::-1])
    assert all(0 <= p <= 1 for p in three(one))


def test_constant_differences_have_no_posterior_t():
    found = stats.bayes_correlated_t([0.82, 0.81, 0.80], [0.81, 0.80, 0.79], rope=0.001)
    assert np.isnan(three(found)).all()
    assert found.note


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stats.bayes_correlated_t([1, 2], [1, 3], rope=-1), "rope must be"),
        (lambda: stats.bayes_correlated_t([1, 2], [1, 3], rope=0, correlation=1), "correlation must lie"),
        (lambda: stats.bayes_signed_rank([1, 2], [1], rope=0, rng=np.random.default_rng(1)), "one length"),
        (lambda: stats.bayes_signed_rank([1], [1], rope=0, rng=3), "rng must be"),
        (lambda: stats.bayes_signed_rank([1], [1], rope=0, rng=np.random.default_rng(1), samples=0), "samples must be"),
    ],
)
def test_faulty_input_is_refused_with_its_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
