"""Placement values and areas: one sort against the definition over all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.stats.placements import concordant_pairs, placements


def all_pairs(positive, score):
    """1 where a positive is above a negative, one half where they tie; `(M, n)`."""
    up, down = score[positive][:, None], score[~positive][None]
    return (up > down) + 0.5 * (up == down)


@pytest.mark.parametrize("decimals", [None, 1, 0])
def test_one_sort_equals_the_definition_over_all_pairs(decimals):
    rng = np.random.default_rng(1)
    positive, scores = rng.random(83) < 0.3, rng.normal(size=(4, 83))
    scores = scores if decimals is None else scores.round(decimals)
    areas, values = placements(positive, scores)
    for area, value, score in zip(areas, values, scores, strict=True):
        pairs = all_pairs(positive, score)
        assert area == pytest.approx(pairs.mean(), abs=1e-15)
        assert value[positive] == pytest.approx(pairs.mean(axis=1), abs=1e-15)
        assert value[~positive] == pytest.approx(pairs.mean(axis=0), abs=1e-15)


def test_perfect_and_constant_scores_have_exact_areas():
    positive = np.arange(1000) >= 700
    areas, _ = placements(positive, np.stack([positive * 1.0, np.zeros(1000), -1.0 * positive]))
    assert areas.tolist() == [1.0, 0.5, 0.0]


def test_a_missing_class_leaves_everything_undefined():
    areas, values = placements(np.array([True, True]), np.array([[1.0, 2.0]]))
    assert np.isnan(areas).all()
    assert np.isnan(values).all()


def test_scores_that_differ_in_the_seventeenth_digit_do_not_tie():
    """A score is what it is; only differences of scores are snapped. Midranks in float32 would see ties here."""
    positive = np.array([False, True])
    areas, _ = placements(positive, np.array([[0.1, np.nextafter(0.1, 1)], [np.nextafter(0.1, 1), 0.1]]))
    assert areas.tolist() == [1.0, 0.0]


@given(st.data())
def test_a_monotone_transform_changes_nothing(data):
    n = data.draw(st.integers(2, 30))
    positive = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    score = np.array(data.draw(st.lists(st.integers(-5, 5), min_size=n, max_size=n)), dtype=float)
    plain, moved = placements(positive, score[None]), placements(positive, np.exp(score / 3)[None])
    assert np.array_equal(plain[0], moved[0], equal_nan=True)
    assert np.array_equal(plain[1], moved[1], equal_nan=True)


@given(st.data())
def test_pairs_within_patients_are_counted_patient_by_patient(data):
    n = data.draw(st.integers(1, 30))
    positive = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    score = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), dtype=float)
    codes = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)))
    counted = concordant_pairs(positive, score, codes, 5)
    for patient in range(5):
        own = codes == patient
        assert counted[patient] == all_pairs(positive[own], score[own]).sum()
