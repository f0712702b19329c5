"""The section tuning: what it adds to the frozen plan, its defaults, and the one sentence for each fault."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.errors import Refusal
from cxr_report.losses import CATALOGUE
from cxr_report.study import OPTIMISER, Study, digest, parse, space
from cxr_report.study.space import SEARCHED, default_dimension

LOSSES: dict[str, Any] = {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}}


def study(tuning: dict[str, Any] | None, **changes: Any) -> Study:
    raw = {
        "name": "tiny",
        "task": "multiclass",
        "seeds": 3,
        "data": {"source": "phantom"},
        "losses": LOSSES,
        **({} if tuning is None else {"tuning": tuning}),
    }
    return parse({**raw, **changes}, "study.toml")


def focal(**own: Any) -> dict[str, Any]:
    return {"losses": {**LOSSES, "focal": {"loss": "focal", **own}}}


OWN = {"function": "m:f", "formula": "x", "reference": "y"}
FAULTS: dict[str, tuple[dict[str, Any] | None, dict[str, Any], tuple[str, ...]]] = {
    "unknown key": ({"trails": 3}, {}, ("tuning.trails", "trials, trainings", "did you mean 'trials'")),
    "one trial": ({"trials": 1}, {}, ("tuning.trials", "2", "1")),
    "a range from above to below": (
        {"learning_rate": {"low": 1e-2, "high": 1e-3}},
        {},
        ("tuning.learning_rate", "low must be less than high", "0.01 and 0.001"),
    ),
    "half a range": ({"weight_decay": {"low": 0.1}}, {}, ("tuning.weight_decay", "both low and high")),
    "logarithm of zero": (
        {"weight_decay": {"low": 0.0, "high": 0.1, "scale": "log"}},
        {},
        ("tuning.weight_decay", "'log'", "above 0"),
    ),
    "unknown scale": (
        {"learning_rate": {"low": 0.1, "high": 1, "scale": "lin"}},
        {},
        ("tuning.learning_rate.scale", "linear, log, complement", "'lin'"),
    ),
    "unknown key of a range": (
        {"learning_rate": {"min": 0.1, "high": 1}},
        {},
        ("tuning.learning_rate.min", "allowed: values, low, high, scale"),
    ),
    "a single number": ({"learning_rate": 0.1}, {}, ("tuning.learning_rate", "a list of values", "0.1")),
    "a list of one": ({"learning_rate": [0.1]}, {}, ("tuning.learning_rate", "at least 2 values", "'fixed'")),
    "a value twice": ({"learning_rate": [0.1, 0.1]}, {}, ("tuning.learning_rate", "twice")),
    "a learning rate of zero": ({"learning_rate": [0.0, 0.1]}, {}, ("tuning.learning_rate", "above 0", "0 to 0.1")),
    "a rate that no run may have": ({"learning_rate": [0.1, 11]}, {}, ("tuning.learning_rate", "at most 10", "11")),
    "a parameter that the loss lacks": (
        {},
        focal(tuning={"gama": [1, 2]}),
        ("losses.focal", "'gama'", "allowed: gamma", "did you mean 'gamma'"),
    ),
    "the optimiser in the space of a loss": (
        {},
        focal(tuning={"learning_rate": [1, 2]}),
        ("losses.focal", "'learning_rate'", "allowed: gamma"),
    ),
    "a parameter beyond its limits": (
        {},
        focal(tuning={"gamma": {"low": 0, "high": 11}}),
        ("losses.focal", "tuning.gamma", "[0, 10]", "0 to 11"),
    ),
    "a parameter of one's own that is not written": (
        {},
        {"losses": {**LOSSES, "own": {**OWN, "strength": 1, "tuning": {"weight": [1, 2]}}}},
        ("losses.own", "'weight'", "allowed: strength"),
    ),
    "more trials than the lists allow": (
        {"trials": 5, "learning_rate": [0.1, 0.2], "weight_decay": [0.1, 0.2]},
        {},
        ("tuning.trials", "5 configurations", "4 for ce"),
    ),
    "nothing to search": (
        {"learning_rate": "fixed", "weight_decay": "fixed"},
        {},
        ("tuning.trials", "leave 1 for ce"),
    ),
    "two losses that tuning would make one": (
        {},
        {"losses": {"f1": {"loss": "focal", "gamma": 1}, "f5": {"loss": "focal", "gamma": 5}}},
        ("losses.f5", "the same loss as f1", "'fixed'"),
    ),
    "a space without the section": (None, focal(tuning={"gamma": [1, 2]}), ("losses.focal.tuning", "[tuning]")),
    "a space of an identical loss": (
        {},
        {"noise_floor": {"identical": {"twin": {"loss": "focal", "tuning": {"gamma": [1, 2]}}}}},
        ("noise_floor.identical.twin.tuning", "compared loss"),
    ),
    "an identical loss that could not follow": (
        {},
        {
            "losses": {**LOSSES, "adjusted": {"loss": "logit-adjustment"}},
            "noise_floor": {"identical": {"twin": {"loss": "balanced-softmax"}}},
        },
        ("noise_floor.identical.twin", "identical to adjusted only", "searches tau", "'fixed'"),
    ),
    "a name too long for the folders of its trials": (
        {},
        {"losses": {**LOSSES, "x" * 51: {"loss": "poly-1"}}},
        ("losses.xxx", "at most 50", "51"),
    ),
    "a loss named like the folder of the trials": (
        {},
        {"losses": {**LOSSES, "tuning": {"loss": "poly-1"}}},
        ("losses", "'tuning'"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence_that_names_file_key_and_what_is_allowed(fault: str) -> None:
    tuning, changes, words = FAULTS[fault]
    with pytest.raises(Refusal) as caught:
        study(tuning, **changes)
    said = str(caught.value)
    assert said.startswith("study.toml: ")
    assert "\n" not in said
    assert [word for word in words if word not in said] == []


def test_a_study_without_tuning_has_the_plan_that_it_always_had() -> None:
    plan = study(None).plan()
    assert "tuning" not in plan
    assert not any("tuning" in loss for loss in plan["losses"].values())


CHANGES: dict[str, dict[str, Any]] = {
    "trials": {"trials": 4},
    "trainings": {"trainings": 2},
    "epochs": {"epochs": 3},
    "draw": {"draw": 1},
    "learning_rate": {"learning_rate": [1e-3, 1e-2]},
    "weight_decay": {"weight_decay": "fixed"},
}


@pytest.mark.parametrize("key", CHANGES)
def test_everything_that_tuning_asks_for_is_part_of_the_plan_that_is_hashed(key: str) -> None:
    assert digest(study(CHANGES[key]).plan()) != digest(study({}).plan())


def test_the_space_of_a_loss_is_part_of_the_plan_and_not_of_what_a_run_is() -> None:
    wide, narrow = study({}), study({}, **focal(tuning={"gamma": {"low": 1, "high": 3}}))
    assert digest(wide.plan()) != digest(narrow.plan())
    assert wide.run_identity("focal", 1, "f") == narrow.run_identity("focal", 1, "f")
    assert wide.run_identity("focal", 1, "f") == study(None).run_identity("focal", 1, "f")


def test_by_default_a_decade_on_both_sides_is_searched_for_as_many_epochs_as_a_run_has() -> None:
    found = study({}, training={"epochs": 7, "learning_rate": 2.0, "weight_decay": 0.03}).tuning
    assert found is not None
    assert found.epochs == 7
    assert found.learning_rate is not None
    assert found.weight_decay is not None
    assert found.learning_rate.span == (0.2, 10.0)
    assert found.weight_decay.span == pytest.approx((0.003, 0.3))
    assert found.learning_rate.scale == found.weight_decay.scale == "log"


def test_no_weight_decay_stays_none_unless_its_space_is_given() -> None:
    found = study({}, training={"weight_decay": 0.0}).tuning
    assert found is not None
    assert found.weight_decay is not None
    assert found.weight_decay.fixed


@given(
    low=st.floats(1e-6, 1.0), factor=st.floats(1.01, 10.0), trials=st.integers(2, 1000), draw=st.integers(0, 1_000_000)
)
def test_a_resolved_section_reads_back_as_itself(low: float, factor: float, trials: int, draw: int) -> None:
    rate = {"low": low, "high": low * factor, "scale": "log"}
    asked = study({"trials": trials, "draw": draw, "learning_rate": rate}, **focal(tuning={"gamma": "fixed"}))
    assert parse(asked.model_dump(mode="json"), "study.json") == asked


@pytest.mark.parametrize("loss", CATALOGUE)
def test_every_parameter_of_the_catalogue_is_searched_inside_its_limits_and_around_its_default(loss: str) -> None:
    for parameter in CATALOGUE[loss].parameters:
        low, high = default_dimension(loss, parameter.name).span
        if not math.isnan(low):
            assert parameter.low <= low <= parameter.default <= high <= parameter.high


def test_what_is_searched_in_its_own_way_is_in_the_catalogue() -> None:
    known = {(loss, parameter.name) for loss, entry in CATALOGUE.items() for parameter in entry.parameters}
    assert set(SEARCHED) <= known


def test_the_space_of_a_loss_is_that_of_the_optimiser_and_of_every_parameter() -> None:
    asked = study({}, losses={**LOSSES, "ldam": {"loss": "ldam"}, "own": {**OWN, "strength": 2.0}})
    assert asked.tuning is not None
    assert list(space(asked.tuning, asked.losses["ldam"])) == [*OPTIMISER, "margin", "scale", "beta", "deferral"]
    assert space(asked.tuning, asked.losses["own"])["strength"].fixed, "the program knows no range of one's own"
