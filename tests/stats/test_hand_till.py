"""Hand and Till's M against pROC and the definition."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_report.conformance import witness
from cxr_report.stats import hand_till

WITNESS = witness("roc")["hand_till"]


def one_way(truth, table, i, j):
    """A(i | j) over all pairs of cases."""
    up, down = table[truth == i, i][:, None], table[truth == j, i][None]
    return ((up > down) + 0.5 * (up == down)).mean()


def test_m_is_that_of_proc():
    assert hand_till(WITNESS["truth"], WITNESS["probabilities"]).auc == pytest.approx(WITNESS["auc"], abs=1e-12)


def test_pairwise_areas_follow_the_definition():
    truth, table = np.array(WITNESS["truth"]), np.array(WITNESS["probabilities"])
    result = hand_till(truth, table)
    for i in range(4):
        for j in range(4):
            if i != j:
                expected = (one_way(truth, table, i, j) + one_way(truth, table, j, i)) / 2
                assert result.pairwise[i, j] == pytest.approx(expected, abs=1e-14)
    assert np.isnan(np.diagonal(result.pairwise)).all()
    assert result.auc == pytest.approx(np.nanmean(result.pairwise), abs=1e-14)


def test_two_classes_with_complementary_probabilities_are_the_plain_area():
    score = np.array([0.1, 0.4, 0.35, 0.8, 0.7])
    result = hand_till([0, 0, 1, 1, 1], np.stack([1 - score, score], axis=1))
    assert result.auc == pytest.approx(5 / 6)
    assert result.note == ""


def test_an_absent_class_is_left_out_and_counted():
    truth = np.array(WITNESS["truth"])
    kept = truth != 2
    result = hand_till(truth[kept], np.array(WITNESS["probabilities"])[kept])
    assert np.isnan(result.pairwise[2]).all()
    assert "1 of 4" in result.note
    assert 0 < result.auc <= 1


def test_a_single_class_is_undefined():
    result = hand_till([1, 1], [[0.2, 0.8], [0.4, 0.6]])
    assert np.isnan(result.auc)
    assert result.note


def test_perfect_and_constant_classifiers():
    truth = np.array([0, 1, 2, 2])
    assert hand_till(truth, np.eye(3)[truth]).auc == 1.0
    assert hand_till(truth, np.full((4, 3), 1 / 3)).auc == 0.5


@pytest.mark.parametrize(
    ("truth", "table", "words"),
    [
        ([0, 1], [[0.5], [0.5]], "at least 2 columns"),
        ([0, 3], [[0.5, 0.5], [0.5, 0.5]], "class indices 0 to 1"),
        ([0, 0.5], [[0.5, 0.5], [0.5, 0.5]], "class indices"),
        ([0], [[0.5, 0.5], [0.5, 0.5]], "one row per case"),
        ([0, 1], [[np.nan, 0.5], [0.5, 0.5]], "finite"),
    ],
)
def test_input_at_fault_is_named(truth, table, words):
    with pytest.raises(ValueError, match=words):
        hand_till(truth, table)
