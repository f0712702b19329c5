"""Power agrees with R and with simulation, and the seeds announced are the fewest that do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from cxr_report import stats
from cxr_report.conformance import witness

GRID = witness("pairs")["power"]


def test_power_agrees_with_r():
    for d, n, alpha, wanted in zip(GRID["d"], GRID["n"], GRID["alpha"], GRID["power"], strict=True):
        assert stats.power_paired_t(d, n, alpha=alpha) == pytest.approx(wanted, abs=1e-7), (d, n, alpha)


def test_power_is_the_rejection_rate():
    rng = np.random.default_rng(91)
    d = rng.normal(0.7, 1.0, size=(20_000, 6))
    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / np.sqrt(6))
    rate = (np.abs(t) > scipy_stats.t.isf(0.025, 5)).mean()
    assert stats.power_paired_t(0.7, 6) == pytest.approx(rate, abs=0.012)


def test_without_an_effect_power_is_the_level_and_no_number_of_seeds_will_do():
    assert stats.power_paired_t(0, 5) == 0.05
    assert stats.power_paired_t(1e-9, 5) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="d_z must be large enough"):
        stats.seeds_needed(0)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.3, 0.99), st.floats(0.001, 0.2))
def test_the_seeds_announced_are_the_fewest(d_z, power, alpha):
    n = stats.seeds_needed(d_z, power=power, alpha=alpha)
    assert n >= 2
    assert stats.power_paired_t(d_z, n, alpha=alpha) >= power
    assert n == 2 or stats.power_paired_t(d_z, n - 1, alpha=alpha) < power
    assert stats.seeds_needed(-d_z, power=power, alpha=alpha) == n


@given(st.floats(-1e6, 1e6), st.integers(2, 10_000))
def test_power_stays_in_bounds(d_z, n):
    assert 0 <= stats.power_paired_t(d_z, n) <= 1


def test_faulty_numbers_are_refused():
    for call in (
        lambda: stats.power_paired_t(1.0, 1),
        lambda: stats.power_paired_t(np.nan, 5),
        lambda: stats.power_paired_t(1.0, 5, alpha=0),
        lambda: stats.seeds_needed(1.0, power=1),
    ):
        with pytest.raises(ValueError, match="must"):
            call()


@pytest.mark.parametrize("n", [2, 5, 10, 100, 200, 3000])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_power_never_falls_as_the_effect_grows(n, alpha):
    """Also where the library has no number for the far tail of the noncentral t."""
    curve = [stats.power_paired_t(d, n, alpha=alpha) for d in np.linspace(0, 12, 60)]
    assert (np.diff(curve) >= -1e-9).all()
    assert curve[0] == alpha
    assert n == 2 or curve[-1] > 0.5


def test_large_effects_have_the_power_of_r():
    """`q <- qt(.025, n - 1, lower.tail = FALSE)`, then `pt(q, n - 1, d * sqrt(n), lower.tail = FALSE)` of R 4.2.2."""
    wanted = {(8, 2): 0.6252781277284203, (8, 10): 1.0, (3, 100): 1.0, (0.7, 200): 1.0}
    for (d, n), power in wanted.items():
        assert stats.power_paired_t(d, n) == pytest.approx(power, abs=1e-9)
