"""What is drawn: equally many for every loss, by plan and loss alone, even over the space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from cxr_report.losses import CATALOGUE, SIGMOID
from cxr_report.study import Study, parse, space
from cxr_report.tuning import configurations

LOSSES: dict[str, Any] = {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}, "cb": {"loss": "class-balanced"}}
SOFTMAX = [name for name, entry in CATALOGUE.items() if entry.tasks != SIGMOID]


def study(tuning: dict[str, Any], losses: dict[str, Any] | None = None, **changes: Any) -> Study:
    raw = {"name": "t", "task": "multiclass", "seeds": 3, "data": {"source": "phantom"}, "losses": losses or LOSSES}
    return parse({**raw, "tuning": tuning, **changes}, "study.toml")


def drawn(asked: Study, loss: str) -> list[dict[str, float]]:
    return [dict(each.values) for each in configurations(asked, loss)]


@settings(max_examples=30, deadline=None)
@given(trials=st.integers(2, 40), draw=st.integers(0, 1_000_000))
def test_every_loss_of_the_catalogue_gets_equally_many_different_configurations_inside_its_space(
    trials: int, draw: int
) -> None:
    asked = study({"trials": trials, "draw": draw}, {name: {"loss": name} for name in SOFTMAX})
    assert asked.tuning is not None
    for name, loss in asked.losses.items():
        found = configurations(asked, name)
        assert [each.number for each in found] == list(range(1, trials + 1))
        assert len({tuple(each.values.items()) for each in found}) == trials
        for key, dimension in space(asked.tuning, loss).items():
            low, high = dimension.span
            values = [each.values[key] for each in found[1:]]
            assert all(low <= value <= high for value in values) or dimension.fixed


def test_the_first_configuration_is_the_one_that_is_written() -> None:
    losses = {**LOSSES, "focal": {"loss": "focal", "gamma": 3.0, "training": {"learning_rate": 0.5}}}
    first = drawn(study({}, losses, training={"weight_decay": 0.02}), "focal")[0]
    assert first == {"learning_rate": 0.5, "weight_decay": 0.02, "gamma": 3.0}


def test_what_is_drawn_for_a_loss_depends_on_no_other_loss_no_seed_and_no_order() -> None:
    few = study({"trials": 6}, {"focal": {"loss": "focal"}, "ce": {"loss": "cross-entropy"}})
    many = study({"trials": 6}, LOSSES, seeds=[4, 9], name="other", analysis={"baseline": "cb"})
    assert drawn(few, "focal") == drawn(many, "focal")


def test_more_trials_keep_the_earlier_ones_and_another_draw_keeps_the_written_one_only() -> None:
    six = drawn(study({"trials": 6}), "focal")
    assert drawn(study({"trials": 9}), "focal")[:6] == six
    other = drawn(study({"trials": 6, "draw": 1}), "focal")
    assert other[0] == six[0]
    assert not [values for values in other[1:] if values in six]


def test_learning_rates_and_weight_decays_are_the_same_for_every_loss_and_parameters_are_not() -> None:
    asked = study({"trials": 8}, {**LOSSES, "weighted": {"loss": "weighted-cross-entropy"}})
    shared = [[(one["learning_rate"], one["weight_decay"]) for one in drawn(asked, loss)] for loss in asked.losses]
    assert all(pairs == shared[0] for pairs in shared)
    gammas = [one["gamma"] for one in drawn(asked, "focal")[1:]]
    powers = [one["power"] for one in drawn(asked, "weighted")[1:]]
    assert not np.array_equal(np.argsort(gammas), np.argsort(powers))


def test_lists_of_values_are_gone_through_as_a_whole_grid_where_the_budget_reaches() -> None:
    grid = {"trials": 6, "learning_rate": [1e-3, 2e-3, 4e-3], "weight_decay": [0.0, 0.05]}
    found = {(one["learning_rate"], one["weight_decay"]) for one in drawn(study(grid), "ce")}
    assert found == {(rate, decay) for rate in (1e-3, 2e-3, 4e-3) for decay in (0.0, 0.05)}


@pytest.mark.parametrize(
    ("key", "loss", "even"),
    [
        ("learning_rate", "ce", lambda x: np.log(x / 2e-4) / np.log(100)),
        ("gamma", "focal", lambda x: x / 10),
        ("beta", "cb", lambda x: np.log((1 - x) / 0.1) / np.log(1e-5)),
    ],
)
def test_a_thousand_draws_are_even_on_the_scale_of_their_range(key: str, loss: str, even: Any) -> None:
    values = np.array([one[key] for one in drawn(study({"trials": 1000}), loss)[1:]])
    assert kstest(even(values), "uniform").pvalue > 0.01
    assert kstest(even(values) ** 1.2, "uniform").pvalue < 0.01, "the test would see draws that are not even"


def test_a_configuration_can_be_typed_into_a_study_file_as_it_was_tried() -> None:
    asked = study({"trials": 200})
    for loss, key, digits in (("ce", "learning_rate", 3), ("focal", "gamma", 3), ("cb", "beta", 8)):
        for one in drawn(asked, loss)[1:]:
            assert float(f"{one[key]:.{digits}g}") == one[key]


def test_a_study_without_tuning_has_nothing_to_draw() -> None:
    plain = study({}).model_copy(update={"tuning": None})
    with pytest.raises(ValueError, match="no section tuning"):
        configurations(plain, "ce")
