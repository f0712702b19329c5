"""The almost stochastic order agrees with deep-significance and with a fine numerical integral."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import stats
from cxr_report.conformance import witness

PAIRS = witness("pairs")["pairs"]
DEEPSIG = witness("posthocs")["order"]
SAMPLES = st.lists(st.integers(0, 12).map(lambda v: 0.7 + v / 60), min_size=2, max_size=6)


def order(x, y, seed=1, **keywords):
    return stats.almost_stochastic_order(x, y, rng=np.random.default_rng(seed), **keywords)


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_the_order_agrees_with_deep_significance(name):
    x, y = np.array(PAIRS[name]["x"]) / 1000, np.array(PAIRS[name]["y"]) / 1000
    found, wanted = order(x, y), DEEPSIG[name]
    # deep-significance integrates on a grid and drops its first point
    assert found.violation_ratio == pytest.approx(wanted["violation_ratio"], abs=2e-4)
    # both bounds carry the Monte-Carlo error of their own 1000 resamples
    assert found.epsilon_min == pytest.approx(wanted["epsilon_min"], abs=0.05)


@settings(max_examples=60, deadline=None)
@given(SAMPLES, SAMPLES)
def test_the_ratio_is_the_integral_over_the_quantile_functions(x, y):
    found = order(x, y, samples=20)
    t = (np.arange(60 * 60) + 0.5) / 3600  # 3600 is a multiple of every n m up to 6: midpoints are exact
    f, g = (np.sort(v)[np.ceil(t * len(v)).astype(int) - 1] for v in (x, y))
    gap = np.where(np.abs(g - f) < 1e-9, 0.0, g - f)
    if not gap.any():
        assert np.isnan([found.violation_ratio, found.epsilon_min]).all()
        assert found.note
        return
    wanted = (np.maximum(gap, 0) ** 2).sum() / (gap**2).sum()
    assert found.violation_ratio == pytest.approx(wanted, abs=1e-12)
    assert found.violation_ratio + order(y, x, samples=20).violation_ratio == pytest.approx(1)
    assert 0 <= found.violation_ratio <= found.epsilon_min <= 1


def test_full_separation_dominates_and_says_how_little_that_means():
    found = order([0.9, 0.91, 0.92], [0.8, 0.81, 0.82])
    assert (found.violation_ratio, found.epsilon_min) == (0.0, 0.0)
    assert found.note
    assert order([0.8, 0.81, 0.82], [0.9, 0.91, 0.92]).epsilon_min == 1.0


def test_the_bound_rises_with_confidence_and_repeats_with_the_seed():
    rng = np.random.default_rng(3)
    x, y = rng.normal(0.3, 1, 20), rng.normal(0, 1, 25)
    bounds = [order(x, y, confidence=c).epsilon_min for c in (0.5, 0.8, 0.95, 0.99)]
    assert bounds == sorted(bounds)
    assert bounds[0] == pytest.approx(order(x, y).violation_ratio)
    assert order(x, y) == order(x, y)


def test_equal_distributions_are_seldom_called_dominant():
    rng = np.random.default_rng(71)
    called = sum(
        stats.almost_stochastic_order(*rng.normal(size=(2, 12)), rng=rng, samples=200).epsilon_min < 0.2
        for _ in range(300)
    )
    assert called / 300 < 0.08


def test_faulty_input_is_refused():
    with pytest.raises(ValueError, match="x must have at least 2"):
        order([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="rng must be"):
        stats.almost_stochastic_order([1, 2], [1, 2], rng=None)
    with pytest.raises(ValueError, match="confidence must"):
        order([1, 2], [1, 2], confidence=1.0)
