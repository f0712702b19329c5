"""The choice among trials: the best mean, of equals the earliest; nothing is chosen for a number that is undefined."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.tuning import Configuration, Outcome, Trial
from cxr_report.tuning.outcome import Training

NAN = math.nan


def outcome(*scores: tuple[float, ...], metric: str = "auroc") -> Outcome:
    trials = tuple(
        Trial(Configuration(number, {"learning_rate": float(number)}), tuple(Training(one, 1, "") for one in each))
        for number, each in enumerate(scores, start=1)
    )
    return Outcome("focal", metric, tuple(range(len(scores[0]))), "f", trials)


def chosen(found: Outcome) -> int:
    return found.chosen.configuration.number


def test_the_best_mean_wins_and_not_the_best_single_training() -> None:
    assert chosen(outcome((0.5, 0.5), (0.9, 0.3), (0.7, 0.7))) == 3


def test_of_equals_the_earliest_wins_so_that_the_written_one_is_left_only_for_a_gain() -> None:
    assert chosen(outcome((0.7,), (0.7,), (0.6,))) == 1
    assert chosen(outcome((0.5,), (0.7,), (0.7,))) == 2


def test_where_lower_is_better_the_lowest_wins() -> None:
    assert chosen(outcome((0.3,), (0.1,), (0.2,), metric="brier")) == 2


def test_a_trial_that_lacks_a_score_is_never_chosen_while_another_has_one() -> None:
    found = outcome((NAN, NAN), (0.9, NAN), (0.1, 0.2))
    assert chosen(found) == 3
    assert math.isnan(found.trials[1].score)


def test_where_no_trial_has_a_score_the_written_configuration_is_kept_and_that_is_known() -> None:
    found = outcome((NAN,), (NAN,))
    assert (chosen(found), found.defined) == (1, False)
    assert all(math.isnan(one) for one in found.curve())


def test_the_curve_is_the_best_so_far() -> None:
    assert outcome((0.5,), (0.4,), (0.8,), (NAN,), (0.6,)).curve() == (0.5, 0.5, 0.8, 0.8, 0.8)
    assert outcome((0.5,), (0.6,), (0.2,), metric="brier").curve() == (0.5, 0.5, 0.2)
    first, *rest = outcome((NAN,), (0.4,)).curve()
    assert math.isnan(first)
    assert rest == [0.4]


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.9]), min_size=1, max_size=12), st.sampled_from(["auroc", "brier"]))
def test_the_curve_never_gets_worse_and_ends_at_the_chosen_score(scores: list[float], metric: str) -> None:
    found = outcome(*((score,) for score in scores), metric=metric)
    sign = 1 if metric == "auroc" else -1
    curve = [sign * value for value in found.curve()]
    assert curve == sorted(curve)
    assert found.curve()[-1] == found.chosen.score == pytest.approx(sign * max(sign * score for score in scores))
