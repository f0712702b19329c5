"""The analysis plan and the noise floor: how they are resolved, which runs they ask for, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.errors import Refusal
from cxr_report.losses import CATALOGUE, alike, identity
from cxr_report.study import Study, parse

MINIMAL: dict[str, Any] = {
    "name": "tiny",
    "task": "multiclass",
    "seeds": 3,
    "data": {"source": "phantom"},
    "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}},
}
GAMMA_0 = {"loss": "focal", "gamma": 0}


def study(**sections: Any) -> Study:
    return parse({**MINIMAL, **sections}, "study.toml")


def floor(identical: dict[str, Any] | None = None, *, seeds: bool = False, **sections: Any) -> Study:
    return study(noise_floor={"seeds": seeds, "identical": identical or {}}, **sections)


FAULTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "unknown family": ({"analysis": {"family": "baselin"}}, ("analysis.family", "baseline, all", "'baseline'")),
    "unknown omnibus": ({"analysis": {"omnibus": "fridman"}}, ("analysis.omnibus", "did you mean 'friedman'")),
    "hierarchy of another metric": (
        {"analysis": {"hierarchy": ["brierr"]}},
        ("analysis.hierarchy", "metrics.secondary", "did you mean 'brier'"),
    ),
    "hierarchy with the primary metric": ({"analysis": {"hierarchy": ["auroc"]}}, ("analysis.hierarchy", "'auroc'")),
    "hierarchy that repeats": ({"analysis": {"hierarchy": ["brier", "brier"]}}, ("analysis.hierarchy", "twice")),
    "hierarchy without secondary metrics": (
        {"analysis": {"hierarchy": ["brier"]}, "metrics": {"secondary": []}},
        ("analysis.hierarchy", "no secondary metrics"),
    ),
    "tiny subgroups": ({"analysis": {"subgroup_minimum": 9}}, ("analysis.subgroup_minimum", "10", "9")),
    "unknown key of the multiverse": (
        {"analysis": {"multiverse": {"test": ["mrmc"]}}},
        ("analysis.multiverse.test", "allowed: metrics, thresholds, tests", "did you mean 'tests'"),
    ),
    "unknown test of the multiverse": (
        {"analysis": {"multiverse": {"tests": ["wilcoxn"]}}},
        ("analysis.multiverse.tests", "mrmc-seeds-fixed, paired-t", "did you mean 'wilcoxon'"),
    ),
    "a test twice": ({"analysis": {"multiverse": {"tests": ["mrmc", "mrmc"]}}}, ("analysis.multiverse", "twice")),
    "no test at all": ({"analysis": {"multiverse": {"tests": []}}}, ("analysis.multiverse.tests", "at least 1")),
    "metric that the study does not score": (
        {"analysis": {"multiverse": {"metrics": ["mcc"]}}},
        ("analysis.multiverse.metrics", "'mcc'", "auroc, balanced_accuracy"),
    ),
    "components without ms": ({"analysis": {"components": {"case": 0}}}, ("analysis.components.ms", "missing")),
    "components without case": ({"analysis": {"components": {"ms": 1e-4}}}, ("analysis.components.case", "missing")),
    "mean square of 0": ({"analysis": {"components": {"ms": 0, "case": 0}}}, ("analysis.components.ms", "0")),
    "negative case part": ({"analysis": {"components": {"ms": 1, "case": -1}}}, ("analysis.components.case", "-1")),
    "pilot of one seed": (
        {"analysis": {"components": {"ms": 1, "case": 0, "seeds": 1}}},
        ("analysis.components.seeds", "2", "1"),
    ),
    "unknown key of the components": (
        {"analysis": {"components": {"ms": 1, "case": 0, "casess": 9}}},
        ("analysis.components.casess", "did you mean 'cases'"),
    ),
    "unknown key of the noise floor": (
        {"noise_floor": {"seed": True}},
        ("noise_floor.seed", "seeds, identical", "did you mean 'seeds'"),
    ),
    "seeds of the floor as a count": ({"noise_floor": {"seeds": 5}}, ("noise_floor.seeds", "5")),
    "floor seeds that are seeds of the study": (
        {"noise_floor": {"seeds": True}, "seeds": [1, 1_000_001]},
        ("noise_floor.seeds", "seed 1 is 1000001", "1000000 apart"),
    ),
    "no twin": (
        {"noise_floor": {"identical": {"twin": {"loss": "focal", "gamma": 1}}}},
        ("noise_floor.identical.twin", "identical to no loss", "to ce: cross-entropy, ", "focal with gamma 0"),
    ),
    "twin with a learning rate of its own": (
        {"noise_floor": {"identical": {"twin": {**GAMMA_0, "training": {"learning_rate": 1e-5}}}}},
        ("noise_floor.identical.twin", "another learning rate", "ce"),
    ),
    "twin with the name of a loss": (
        {"noise_floor": {"identical": {"ce": GAMMA_0}}},
        ("noise_floor.identical.ce", "name of a loss"),
    ),
    "twin that differs from a loss in case only": (
        {"noise_floor": {"identical": {"CE": GAMMA_0}}},
        ("upper and lower case",),
    ),
    "twin named like a file of the study": ({"noise_floor": {"identical": {"report": GAMMA_0}}}, ("'report'",)),
    "unknown loss of the floor": (
        {"noise_floor": {"identical": {"twin": {"loss": "focall"}}}},
        ("noise_floor.identical.twin", "did you mean 'focal'"),
    ),
    "unknown key of a twin": (
        {"noise_floor": {"identical": {"twin": {"loss": "focal", "gama": 0}}}},
        ("noise_floor.identical.twin", "did you mean 'gamma'"),
    ),
    "unknown key of a twin's own training": (
        {"noise_floor": {"identical": {"twin": {**GAMMA_0, "training": {"learning_rte": 1}}}}},
        ("noise_floor.identical.twin.training.learning_rte", "did you mean 'learning_rate'"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_plan_is_one_sentence_that_names_key_and_what_is_allowed(fault: str) -> None:
    sections, words = FAULTS[fault]
    with pytest.raises(Refusal) as caught:
        study(**sections)
    said = str(caught.value)
    assert said.startswith("study.toml: ")
    assert "\n" not in said
    assert [word for word in words if word not in said] == []


def test_the_plan_is_written_out_with_all_its_defaults() -> None:
    plan = study().analysis
    assert (plan.family, plan.omnibus, plan.hierarchy, plan.subgroup_minimum) == ("baseline", "mrmc", (), 30)
    assert plan.multiverse.metrics == ("auroc", "balanced_accuracy", "average_precision", "brier")
    assert plan.components is None


def test_a_study_with_every_section_of_the_plan_reads_back_as_itself() -> None:
    full = floor(
        {"zeta": GAMMA_0, "alpha": {"loss": "label-smoothing", "epsilon": 0}},
        seeds=True,
        analysis={
            "hierarchy": ["brier"],
            "multiverse": {"metrics": ["auroc"], "tests": ["mrmc"]},
            "components": {"ms": 1e-4, "case": 2e-5, "seeds": 5, "cases": 200},
        },
    )
    assert parse(full.model_dump(mode="json"), "study.json") == full
    assert list(full.noise_floor.identical) == ["alpha", "zeta"]


def test_without_a_noise_floor_the_planned_runs_are_losses_times_seeds() -> None:
    plain = study()
    assert plain.floor_seeds == ()
    assert plain.planned_runs() == tuple((loss, seed) for loss in ("ce", "focal") for seed in (1, 2, 3))
    assert plain.twins() == ()


def test_the_floor_adds_as_many_runs_of_the_baseline_and_one_per_seed_of_each_twin() -> None:
    asked = floor({"twin": GAMMA_0}, seeds=True, analysis={"baseline": "focal"})
    assert asked.floor_seeds == (1_000_001, 1_000_002, 1_000_003)
    assert asked.planned_runs()[6:] == (
        ("focal", 1_000_001),
        ("focal", 1_000_002),
        ("focal", 1_000_003),
        ("twin", 1),
        ("twin", 2),
        ("twin", 3),
    )
    assert asked.twins() == (("ce", "twin"),)
    assert list(asked.losses) == ["ce", "focal"]
    assert asked.entry("twin").parameters == {"gamma": 0.0}
    with pytest.raises(KeyError):
        asked.entry("none")


def test_compared_losses_that_are_identical_are_twins_unless_they_are_trained_otherwise() -> None:
    losses = {
        **MINIMAL["losses"],
        "none": {"loss": "weighted-cross-entropy", "power": 0},
        "slow": {**GAMMA_0, "training": {"learning_rate": 1e-6}},
        "same": {**GAMMA_0, "training": {"learning_rate": 2e-3}},
    }
    assert study(losses=losses).twins() == (("ce", "none"), ("ce", "same"), ("none", "same"))


def test_a_function_of_ones_own_has_itself_as_a_twin_and_no_other() -> None:
    own = {"function": "m:f", "formula": "z", "reference": "me"}
    losses = {"own": own, "focal": {"loss": "focal"}}
    assert floor({"again": own}, losses=losses).twins() == (("own", "again"),)
    with pytest.raises(Refusal, match="identical to no loss"):
        floor({"again": {**own, "function": "m:g"}}, losses=losses)


def test_a_floor_run_is_the_same_run_as_an_ordinary_one_of_that_loss_and_seed() -> None:
    asked, plain = floor(seeds=True), study(seeds=[1, 1_000_001])
    assert asked.run_identity("ce", 1_000_001, "f") == plain.run_identity("ce", 1_000_001, "f")


def test_the_twin_of_a_loss_is_another_run_although_it_is_the_same_function() -> None:
    asked = floor({"twin": GAMMA_0})
    assert asked.run_identity("twin", 1, "f") != asked.run_identity("ce", 1, "f")


@given(st.lists(st.integers(0, 2**31 - 1), min_size=2, max_size=12, unique=True))
def test_floor_seeds_are_seeds_too_and_disjoint_from_the_first_ones_or_refused(seeds: list[int]) -> None:
    if any((one + 1_000_000) % 2**31 in seeds for one in seeds):
        with pytest.raises(Refusal, match=r"noise_floor\.seeds"):
            study(seeds=seeds, noise_floor={"seeds": True})
        return
    asked = study(seeds=seeds, noise_floor={"seeds": True})
    assert len(set(asked.floor_seeds) | set(seeds)) == 2 * len(seeds)
    assert all(0 <= seed < 2**31 for seed in asked.floor_seeds)


@pytest.mark.parametrize(
    ("name", "parameters", "kept"),
    [
        ("focal", {"gamma": 0.0}, "cross-entropy"),
        ("focal", {"gamma": -0.0}, "cross-entropy"),
        ("label-smoothing", {"epsilon": 0}, "cross-entropy"),
        ("weighted-cross-entropy", {"power": 0.0}, "cross-entropy"),
        ("kl-divergence", {}, "cross-entropy"),
        ("logit-adjustment", {"tau": 0}, "cross-entropy"),
        ("balanced-softmax", {}, "logit-adjustment"),
        ("weighted-bce", {"power": 0.0}, "bce"),
    ],
)
def test_settings_that_are_the_same_function_have_one_identity(
    name: str, parameters: dict[str, float], kept: str
) -> None:
    assert identity(name, parameters) == identity(kept, {})
    assert len(alike(name, parameters)) > 1


def test_no_two_entries_with_their_defaults_are_taken_for_the_same_function_unless_they_are() -> None:
    found: dict[Any, list[str]] = {}
    for name in CATALOGUE:
        found.setdefault(identity(name, {}), []).append(name)
    twins = sorted(names for names in found.values() if len(names) > 1)
    assert twins == [["cross-entropy", "kl-divergence"], ["logit-adjustment", "balanced-softmax"]]
    assert identity("sigmoid-focal", {"gamma": 0, "alpha": 0.5}) != identity("bce", {})


def test_the_planned_adjustment_is_always_among_those_of_the_multiverse() -> None:
    asked = study(analysis={"adjustment": "by", "multiverse": {"adjustments": ["none"]}})
    assert asked.analysis.multiverse.adjustments == ("none", "by")
