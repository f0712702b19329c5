"""The study of the trials: one loss per configuration, seeds that no run can have, as many trainings for every loss."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.study import Study, parse
from cxr_report.tuning import budget, configurations, loss_of, of_trials, trial_name, trial_runs, tuning_seeds

FLOOR = {"seeds": True, "identical": {"kl": {"loss": "kl-divergence"}}}


def study(tuning: dict[str, Any] | None = None, **changes: Any) -> Study:
    raw = {
        "name": "t",
        "task": "multiclass",
        "seeds": 3,
        "data": {"source": "phantom"},
        "training": {"epochs": 9},
        "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}, "ldam": {"loss": "ldam"}},
        "noise_floor": FLOOR,
        "tuning": tuning or {},
    }
    return parse({**raw, **changes}, "study.toml")


@given(
    seeds=st.lists(st.integers(0, 999_999), min_size=2, max_size=9, unique=True),
    far=st.integers(0, 2000),
    trainings=st.integers(1, 100),
    draw=st.integers(0, 1_000_000),
)
def test_no_training_of_a_trial_has_a_seed_of_the_study_or_of_its_noise_floor(
    seeds: list[int], far: int, trainings: int, draw: int
) -> None:
    asked = study({"trainings": trainings, "draw": draw}, seeds=[seed + far * 1_000_000 for seed in seeds])
    assert not {*asked.seeds, *asked.floor_seeds} & {*tuning_seeds(asked)}
    assert len(set(tuning_seeds(asked))) == trainings


def test_seeds_of_two_draws_are_never_the_same() -> None:
    first, second = (tuning_seeds(study({"trainings": 100, "draw": draw})) for draw in (0, 1))
    assert not {*first} & {*second}


def test_no_seed_that_a_study_may_be_given_later_is_one_of_the_trials() -> None:
    first = min(tuning_seeds(study()))
    assert study(seeds=[1, first - 2]).seeds == (1, first - 2), "the largest seed that is allowed"
    with pytest.raises(Exception, match="seeds"):
        study(seeds=[1, first])


def test_every_loss_gets_the_same_number_of_trials_and_of_trainings_with_the_same_seeds() -> None:
    asked = study({"trials": 5, "trainings": 3})
    runs = trial_runs(asked)
    assert Counter(loss_of(name) for name, _ in runs) == {"ce": 15, "focal": 15, "ldam": 15}
    assert len(set(runs)) == len(runs) == 45
    assert set(Counter(name for name, _ in runs).values()) == {3}
    assert "= 45 trainings of 9 epochs" in budget(asked)


def test_losses_come_along_together() -> None:
    names = [loss_of(name) for name, _ in trial_runs(study({"trials": 4, "trainings": 2}))]
    assert names == ["ce", "focal", "ldam"] * 8


def test_a_trial_is_a_loss_with_the_values_of_its_configuration_and_the_rest_is_the_studys() -> None:
    asked = study({"trials": 4, "epochs": 2})
    tried = of_trials(asked)
    for each in configurations(asked, "focal"):
        name = trial_name("focal", each.number)
        assert tried.learning_rate(name) == each.values["learning_rate"]
        assert tried.weight_decay(name) == each.values["weight_decay"]
        assert tried.entry(name).parameters == {"gamma": each.values["gamma"]}
    assert tried.training == asked.training.model_copy(update={"epochs": 2})
    assert (tried.data, tried.model, tried.metrics) == (asked.data, asked.model, asked.metrics)
    assert tried.floor_runs() == ()


def test_the_study_of_the_trials_can_be_sent_to_a_worker() -> None:
    tried = of_trials(study({"trials": 1000}))
    assert parse(tried.model_dump(mode="json"), "the study") == tried


def test_a_study_without_tuning_has_no_trial() -> None:
    plain = study().model_copy(update={"tuning": None})
    assert (trial_runs(plain), tuning_seeds(plain), budget(plain)) == ((), (), "")
