"""The study as its runs are trained: chosen values for every loss, and a noise floor that stays a floor."""

from __future__ import annotations

from typing import Any

from cxr_report.study import Study, parse
from cxr_report.tuning import Outcome, Trial, configurations, tuned
from cxr_report.tuning.outcome import Training

FLOOR = {
    "seeds": True,
    "identical": {"kl": {"loss": "kl-divergence"}, "same": {"loss": "focal"}, "soft": {"loss": "balanced-softmax"}},
}
LOSSES: dict[str, Any] = {
    "ce": {"loss": "cross-entropy"},
    "focal": {"loss": "focal"},
    "adjusted": {"loss": "logit-adjustment", "tuning": {"tau": "fixed"}},
}


def written(**changes: Any) -> Study:
    raw = {"name": "t", "task": "multiclass", "seeds": 2, "data": {"source": "phantom"}, "losses": LOSSES}
    return parse({**raw, "noise_floor": FLOOR, "tuning": {"trials": 4}, **changes}, "study.toml")


def outcome(study: Study, loss: str, best: int) -> Outcome:
    trials = tuple(
        Trial(each, (Training(0.9 if each.number == best else 0.5, 1, ""),)) for each in configurations(study, loss)
    )
    return Outcome(loss, "auroc", (0,), "f", trials)


def all_tuned(study: Study) -> Study:
    return tuned(study, {loss: outcome(study, loss, place) for place, loss in enumerate(study.losses, start=2)})


def test_every_loss_has_the_values_that_were_chosen_for_it() -> None:
    study = written()
    found = all_tuned(study)
    for best, loss in enumerate(study.losses, start=2):
        values = dict(configurations(study, loss)[best - 1].values)
        assert found.learning_rate(loss) == values.pop("learning_rate")
        assert found.weight_decay(loss) == values.pop("weight_decay")
        assert found.entry(loss).parameters == values


def test_an_identical_loss_takes_the_values_of_its_partner_and_stays_identical() -> None:
    study = written()
    found = all_tuned(study)
    assert found.floor_twins() == study.floor_twins() == (("ce", "kl"), ("focal", "same"), ("adjusted", "soft"))
    for partner, twin in found.floor_twins():
        assert found.learning_rate(twin) == found.learning_rate(partner) != study.learning_rate(partner)
    assert found.entry("same").parameters == found.entry("focal").parameters != study.entry("focal").parameters


def test_what_a_run_is_includes_the_chosen_values_also_for_the_further_seeds_of_the_baseline() -> None:
    study = written()
    found = all_tuned(study)
    for loss, seed in study.planned_runs():
        assert found.run_identity(loss, seed, "f") != study.run_identity(loss, seed, "f")
    assert found.planned_runs() == study.planned_runs()
    kept = tuned(study, {loss: outcome(study, loss, 1) for loss in study.losses})
    rates = {loss: kept.learning_rate(loss) for loss in study.losses}
    assert rates == {loss: study.learning_rate(loss) for loss in study.losses}


def test_two_losses_that_differ_by_name_only_are_tuned_alike_and_stay_twins() -> None:
    study = written(losses={**LOSSES, "kl2": {"loss": "kl-divergence"}}, noise_floor={})
    found = tuned(study, {loss: outcome(study, loss, 3) for loss in study.losses})
    assert ("ce", "kl2") in found.twins()


def test_a_tuned_study_reads_back_from_an_analysis() -> None:
    found = all_tuned(written())
    assert parse(found.model_dump(mode="json"), "statistics.json") == found


def test_a_study_without_outcomes_is_left_as_it_is() -> None:
    study = written()
    assert tuned(study, {}) is study
