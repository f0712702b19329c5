"""The learning rate of every step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.training.schedule import learning_rate


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine"])
@given(steps=st.integers(1, 400), peak=st.floats(1e-6, 1.0))
def test_the_rate_rises_to_its_peak_once_and_falls(schedule: str, steps: int, peak: float) -> None:
    rates = [learning_rate(schedule, step, steps, peak=peak) for step in range(steps)]
    top = rates.index(max(rates))
    assert all(0 <= rate <= peak * (1 + 1e-12) for rate in rates)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_one_cycle_starts_low_peaks_after_three_tenths_and_ends_near_zero() -> None:
    rates = [learning_rate("one-cycle", step, 1000, peak=0.1) for step in range(1000)]
    assert rates[0] == pytest.approx(0.004, rel=0.01)
    assert rates[300] == 0.1
    assert rates[-1] == pytest.approx(1e-5, rel=1e-9)


def test_cosine_is_at_half_its_peak_half_way_down() -> None:
    assert learning_rate("cosine", 525, 1001, peak=1.0) == pytest.approx(0.5, abs=2e-3)
    assert learning_rate("cosine", 1000, 1001, peak=1.0) == pytest.approx(0.0, abs=1e-12)


def test_a_run_of_one_step_takes_a_step() -> None:
    assert learning_rate("one-cycle", 0, 1, peak=0.1) > 0.01
    assert learning_rate("cosine", 0, 1, peak=0.1) > 0.01
