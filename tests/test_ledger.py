"""study.json: what may be added, what may not change, and that hands in it are seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_report import ledger
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, write_json
from cxr_report.study import Study, parse
from cxr_report.verify.study.plans import plan_hash

BASE: dict[str, Any] = {
    "name": "tiny",
    "task": "multiclass",
    "seeds": [1, 2],
    "data": {"source": "folder", "path": "secret/place/images"},
    "losses": {"zeta": {"loss": "cross-entropy"}, "alpha": {"loss": "focal"}},
}


def study(**sections: Any) -> Study:
    return parse({**BASE, **sections}, "study.toml")


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "tiny")


def test_the_same_study_again_changes_no_byte(folder: StudyFolder) -> None:
    ledger.freeze(study(), folder)
    before = folder.study_json.read_bytes()
    ledger.freeze(study(), folder)
    assert folder.study_json.read_bytes() == before


def test_no_path_of_the_machine_is_written(folder: StudyFolder) -> None:
    ledger.freeze(study(), folder)
    assert "secret" not in folder.study_json.read_text()
    assert ledger.read(folder).study.data.path == "images"


def test_the_order_of_the_losses_is_kept(folder: StudyFolder) -> None:
    ledger.freeze(study(), folder)
    assert list(ledger.read(folder).study.losses) == ["zeta", "alpha"]


def test_seeds_and_losses_may_be_added_and_the_plan_keeps_its_hash(folder: StudyFolder) -> None:
    first = ledger.freeze(study(), folder)
    more = {**BASE["losses"], "beta": {"loss": "label-smoothing"}}
    second = ledger.freeze(study(seeds=[1, 2, 7], losses=more), folder)
    assert second.plan_sha256 == first.plan_sha256
    assert [entry.kind for entry in second.ledger] == ["planned", "added"]
    assert second.ledger[1].seeds == (7,)
    assert second.ledger[1].losses == ("beta",)
    assert second.ledger[1].previous == first.ledger_sha256
    assert list(second.study.losses) == ["zeta", "alpha", "beta"]
    assert second.exploratory() == ()


def test_what_is_added_after_an_analysis_makes_it_exploratory(folder: StudyFolder) -> None:
    ledger.freeze(study(), folder)
    write_json(folder.analysis().statistics, {})
    frozen = ledger.freeze(study(seeds=[1, 2, 7]), folder)
    assert frozen.exploratory() == ("seeds 7 added after a first analysis",)


FLOOR = {"seeds": True, "identical": {"kl": {"loss": "kl-divergence"}, "again": {"loss": "kl-divergence"}}}


def test_a_seed_that_is_added_adds_its_run_of_the_noise_floor(folder: StudyFolder) -> None:
    first = ledger.freeze(study(noise_floor=FLOOR), folder)
    assert first.study.floor_seeds == (1_000_001, 1_000_002)
    second = ledger.freeze(study(noise_floor=FLOOR, seeds=[1, 2, 7]), folder)
    assert second.plan_sha256 == first.plan_sha256
    assert second.ledger[1].seeds == (7,)
    there = ledger.read(folder).study
    assert there.floor_seeds == (1_000_001, 1_000_002, 1_000_007)
    assert there.planned_runs() == study(noise_floor=FLOOR, seeds=[1, 2, 7]).planned_runs()
    assert set(first.study.planned_runs()) < set(there.planned_runs())


def test_a_lost_study_json_is_not_written_anew_over_floor_runs_of_another_plan(folder: StudyFolder) -> None:
    write_json(folder.run("kl", 2).run_json, {"plan_sha256": "0" * 64})
    with pytest.raises(Refusal, match=r"kl/seed-0002/run\.json was begun under another plan"):
        ledger.freeze(study(noise_floor=FLOOR), folder)


def test_the_report_section_may_change_at_any_time(folder: StudyFolder) -> None:
    first = ledger.freeze(study(), folder)
    second = ledger.freeze(study(report={"title": "Another"}), folder)
    assert second.study.report.title == "Another"
    assert second.ledger == first.ledger
    assert second.canonical_plan() == first.canonical_plan()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"training": {"epochs": 3}}, "training.epochs (20 there, 3 asked for)"),
        ({"data": {"source": "folder", "path": "images", "resize": "crop"}}, "data.resize"),
        ({"model": {"width": 8}}, "model.width"),
        ({"analysis": {"alpha": 0.01}}, "analysis.alpha"),
        ({"metrics": {"primary": "brier", "secondary": []}}, "metrics.primary"),
        ({"losses": {"zeta": {"loss": "cross-entropy"}, "alpha": {"loss": "focal", "gamma": 1}}}, "alpha.parameters"),
        ({"losses": {"zeta": {"loss": "cross-entropy"}, "new": {"loss": "focal"}}}, "losses.alpha (taken away)"),
        ({"seeds": [1, 3]}, "seeds (2 taken away)"),
        ({"noise_floor": {"seeds": True}}, "noise_floor.seeds (False there, True asked for)"),
        ({"noise_floor": {"identical": {"kl": {"loss": "kl-divergence"}}}}, "noise_floor.identical"),
        ({"analysis": {"family": "all"}}, "analysis.family ('baseline' there, 'all' asked for)"),
        ({"analysis": {"components": {"ms": 1e-4, "case": 0}}}, "analysis.components"),
        ({"analysis": {"multiverse": {"tests": ["mrmc"]}}}, "analysis.multiverse.tests"),
    ],
)
def test_another_plan_in_the_same_folder_is_refused_naming_the_field(
    folder: StudyFolder, change: dict[str, Any], field: str
) -> None:
    ledger.freeze(study(), folder)
    before = folder.study_json.read_bytes()
    with pytest.raises(Refusal) as caught:
        ledger.freeze(study(**change), folder)
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)
    assert folder.study_json.read_bytes() == before
    with pytest.raises(Refusal):
        ledger.refuse_other_plan(study(**change), folder)


def test_the_same_images_at_another_place_are_no_other_plan(folder: StudyFolder) -> None:
    ledger.freeze(study(), folder)
    ledger.freeze(study(data={"source": "folder", "path": "elsewhere/images"}), folder)


@pytest.mark.parametrize(
    "path",
    [
        ("study", "analysis", "margin"),
        ("study", "training", "epochs"),
        ("plan_sha256",),
        ("ledger", 0, "time"),
        ("ledger", 1, "seeds"),
        ("ledger", 1, "after_analysis"),
        ("ledger", 1, "previous"),
    ],
)
def test_a_changed_study_json_is_seen(folder: StudyFolder, path: tuple[Any, ...]) -> None:
    ledger.freeze(study(), folder)
    ledger.freeze(study(seeds=[1, 2, 7]), folder)
    raw = json.loads(folder.study_json.read_text())
    place = raw
    for key in path[:-1]:
        place = place[key]
    changed = {"margin": 0.02, "epochs": 21, "seeds": [8], "after_analysis": True, "time": "2020-01-01T00:00:00+00:00"}
    place[path[-1]] = changed.get(str(path[-1]), "0" * 64)
    folder.study_json.write_text(json.dumps(raw))
    with pytest.raises(Refusal, match="hash"):
        ledger.read(folder)


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"format": 1}', '{"format": 1, "study": {}, "ledger": []}', "nonsense"]
)
def test_a_file_that_is_no_study_is_one_sentence(folder: StudyFolder, content: str) -> None:
    folder.path.mkdir(parents=True)
    folder.study_json.write_text(content)
    with pytest.raises(Refusal, match=r"study\.json"):
        ledger.read(folder)


SET = {"name": "padchest", "source": "folder", "path": "secret/place/padchest"}


def with_sets(*sets: dict[str, Any], **sections: Any) -> Study:
    return study(data={**BASE["data"], "external": list(sets)}, **sections)


def test_an_external_test_set_may_be_added_and_the_plan_keeps_its_hash(folder: StudyFolder) -> None:
    first = ledger.freeze(study(), folder)
    second = ledger.freeze(with_sets(SET), folder)
    assert second.plan_sha256 == first.plan_sha256
    assert second.ledger[1].external == ("padchest",)
    assert (second.ledger[1].seeds, second.ledger[1].losses) == ((), ())
    assert ledger.read(folder) == second
    assert second.external("padchest").kind == "added"
    assert second.exploratory() == ()
    before = folder.study_json.read_bytes()
    ledger.freeze(with_sets(SET), folder)
    assert folder.study_json.read_bytes() == before
    assert "secret" not in folder.study_json.read_text()


def test_an_external_test_set_that_was_planned_is_part_of_the_plan(folder: StudyFolder) -> None:
    frozen = ledger.freeze(with_sets(SET), folder)
    assert frozen.external("padchest").kind == "planned"
    assert frozen.plan_sha256 != ledger.freeze(study(), StudyFolder(folder.path.with_name("other"))).plan_sha256
    with pytest.raises(KeyError):
        frozen.external("nobody")


def test_an_external_test_set_is_neither_changed_nor_taken_away(folder: StudyFolder) -> None:
    ledger.freeze(study(), folder)
    ledger.freeze(with_sets(SET), folder)
    with pytest.raises(Refusal, match=r"data\.external\.padchest \(taken away\)"):
        ledger.freeze(study(), folder)
    with pytest.raises(Refusal, match=r"data\.external\.padchest\.split \('all' there, 'test' asked for\)"):
        ledger.freeze(with_sets({**SET, "split": "test"}), folder)


@pytest.mark.parametrize("planned", [True, False])
def test_what_the_report_calls_an_external_test_set_may_change_at_any_time(folder: StudyFolder, planned: bool) -> None:
    if not planned:
        ledger.freeze(study(), folder)
    first = ledger.freeze(with_sets(SET), folder)
    second = ledger.freeze(with_sets({**SET, "label": "The other hospital"}), folder)
    assert (second.plan_sha256, second.ledger) == (first.plan_sha256, first.ledger)
    assert second.study.data.external[0].title == "The other hospital"
    assert second.canonical_plan() != first.canonical_plan(), "an analysis that tells the old label is stale"
    assert ledger.read(folder) == second
    told = json.loads(folder.study_json.read_text())
    assert plan_hash(second.study, told["ledger"][0]) == told["plan_sha256"]


def test_a_set_and_a_seed_added_after_an_analysis_make_the_study_exploratory_for_the_seed_alone(
    folder: StudyFolder,
) -> None:
    ledger.freeze(study(), folder)
    write_json(folder.analysis().statistics, {})
    frozen = ledger.freeze(with_sets(SET, seeds=[1, 2, 3]), folder)
    assert frozen.exploratory() == ("seeds 3 added after a first analysis",)
    assert frozen.external("padchest").after_analysis


def test_a_set_that_stands_in_the_study_and_not_in_the_ledger_is_seen(folder: StudyFolder) -> None:
    ledger.freeze(study(), folder)
    raw = json.loads(folder.study_json.read_text())
    raw["study"]["data"]["external"] = [{**SET, "path": "padchest"}]
    write_json(folder.study_json, raw)
    with pytest.raises(Refusal, match="external test sets are not those of the ledger"):
        ledger.read(folder)
