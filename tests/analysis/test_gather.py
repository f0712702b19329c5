"""What is read of a study: floor runs apart from the compared ones, and what is known of the cases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cxr_report import ledger, runs
from cxr_report.analysis import analyse, load
from cxr_report.analysis.gather import Material, gather
from cxr_report.analysis.survey import survey
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder

Make = Callable[..., StudyFolder]
FLOOR = {"losses": 2, "seeds": 2, "floor_seeds": True, "identical": True}


def gathered(folder: StudyFolder) -> Material:
    return gather(survey(folder, ledger.read(folder).study))


def test_floor_runs_are_gathered_apart_with_their_own_logits(made: Make) -> None:
    folder = made(**FLOOR, floor_diverged=(3,))
    material = gathered(folder)
    assert [(run.loss, run.seed) for run in material.floor] == [
        ("cross-entropy", 1_000_001),
        ("cross-entropy", 1_000_002),
        ("kl", 1),
    ]
    assert [(run.loss, run.seed) for run in material.floor_diverged] == [("kl", 2)]
    assert {run.loss for run in material.runs} == {"cross-entropy", "weighted"}
    assert material.diverged == ()
    for run in material.floor:
        there = runs.read_arrays(folder.run(run.loss, run.seed).predictions("test"), ["logits"])["logits"]
        np.testing.assert_array_equal(run.logits["test"], there)


def test_floor_runs_change_nothing_that_is_compared(made: Make) -> None:
    with_floor, without = (load(analyse(made(**wish))) for wish in (FLOOR, {"losses": 2, "seeds": 2}))
    for field in ("seeds", "runs", "summaries", "pairs", "omnibus", "joint", "cases", "curves", "confusions"):
        assert getattr(with_floor, field) == getattr(without, field), field


def test_floor_predictions_of_other_cases_are_refused(made: Make) -> None:
    folder = made(**FLOOR)
    run = folder.run("kl", 2)
    arrays = runs.read_arrays(run.predictions("val"), ["ids", "logits"])
    runs.write_arrays(run.predictions("val"), ids=arrays["ids"][::-1], logits=arrays["logits"])
    with pytest.raises(Refusal, match=r"kl/seed-0002/predictions-val.npz: its ids are not those of truth-val.npz"):
        gathered(folder)


def rewritten(folder: StudyFolder, **arrays: np.ndarray) -> StudyFolder:
    there = runs.read_arrays(folder.truth("test"), ["ids", "patients", "labels"])
    runs.write_arrays(folder.truth("test"), **there, **arrays)
    return folder


def test_attributes_are_those_that_the_source_knows(made: Make) -> None:
    truth = gathered(made(losses=2, seeds=2, attributes=("sex", "age"))).truth["test"]
    assert set(truth.attributes) == {"sex", "age"}
    assert set(truth.attributes["sex"].tolist()) == {"female", "male", ""}
    assert gathered(made(losses=2, seeds=2)).truth["test"].attributes == {}


def test_an_attribute_that_is_known_of_no_case_of_a_split_is_no_attribute_there(made: Make) -> None:
    folder = rewritten(made(losses=2, seeds=2), sex=np.full(90, ""), view=np.full(90, "PA"))
    assert set(gathered(folder).truth["test"].attributes) == {"view"}


def test_an_attribute_of_another_number_of_cases_is_refused(made: Make) -> None:
    folder = rewritten(made(losses=2, seeds=2), sex=np.full(89, "female"))
    with pytest.raises(Refusal, match=r"truth-test.npz: the array sex must hold one word a case"):
        gathered(folder)
