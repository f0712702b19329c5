"""What is read of a study: floor runs apart from the compared ones, and what is known of the cases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

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


NO_NUMBERS = ("Infinity", "-Infinity", "NaN", '"1"', "[]", "true")
HEADER = "epoch,train_loss,val_loss,val_primary,learning_rate\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        HEADER,
        HEADER + "\0\n",
        HEADER + "".join(f"{epoch},1,1,0.5,0.1\n" for epoch in (1, 2, 3)),
        HEADER + "".join(f"{epoch},1,1,0.5,0.1\n" for epoch in (1, 2, 3, 5, 4, 6)),
        HEADER + "".join(f"{epoch},1,1\n" for epoch in range(1, 7)),
        HEADER + "".join(f"{epoch},1,1,0.5,0.1,7\n" for epoch in range(1, 7)),
        HEADER + "".join(f"{epoch},1,\0,0.5,0.1\n" for epoch in range(1, 7)),
        "epoch,train_loss,val_loss,learning_rate\n" + "".join(f"{epoch},1,1,0.1\n" for epoch in range(1, 7)),
    ],
)
def test_a_history_without_every_epoch_is_damaged(text: str, made: Make) -> None:
    folder = made(losses=2, seeds=2)
    runs.write_text(folder.run("weighted", 2).history, text)
    with pytest.raises(Refusal, match=r"(?s)weighted/seed-0002/history\.csv: is damaged"):
        analyse(folder)


def test_an_undefined_cell_of_a_history_is_no_damage(made: Make) -> None:
    folder = made(losses=2, seeds=2)
    text = HEADER + "".join(f"{epoch},1.5,1,,0.1\n" for epoch in range(1, 7))
    runs.write_text(folder.run("weighted", 2).history, text)
    history = gathered(folder).runs[-1].history
    assert np.isnan(history.val_primary).all()
    assert history.train_loss.tolist() == [1.5] * 6


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        *product(("flips_inside", "flips_outside", "max_difference"), (*NO_NUMBERS, "-1")),
        ("flips_inside", "0.5"),
        ("max_difference", "1" + "0" * 400),
    ],
)
def test_a_proof_of_what_no_proof_can_find_is_damaged(entry: str, value: str, made: Make) -> None:
    folder = made(losses=2, seeds=2)
    file = folder.run("weighted", 2).export_json
    told = runs.read_json(file)
    runs.write_json(file, {**told, "proof": {**told["proof"], entry: "HERE"}})
    runs.write_text(file, file.read_text(encoding="utf-8").replace('"HERE"', value))
    with pytest.raises(Refusal, match=r"weighted/seed-0002/export\.json: its proof is damaged"):
        analyse(folder)


@pytest.mark.parametrize("told", [{}, {"proof": None}, {"proof": {"flips_inside": 0}}])
def test_an_export_without_a_proof_is_damaged(told: dict[str, Any], made: Make) -> None:
    folder = made(losses=2, seeds=2)
    file = folder.run("weighted", 2).export_json
    kept = {key: value for key, value in runs.read_json(file).items() if key != "proof"}
    runs.write_json(file, {**kept, **told})
    with pytest.raises(Refusal, match=r"weighted/seed-0002/export\.json: its proof is damaged"):
        analyse(folder)


@pytest.mark.parametrize("epoch", [None, "3", 2.5, -1])
def test_an_end_without_its_epoch_is_damaged(epoch: Any, made: Make) -> None:
    folder = made(losses=2, seeds=3, diverged=((1, 2),))
    file = folder.run("weighted", 2).diverged
    runs.write_json(file, {**runs.read_json(file), "epoch": epoch})
    with pytest.raises(Refusal, match=r"weighted/seed-0002/diverged\.json: is damaged"):
        analyse(folder)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("logits", np.full((90, 3), "1.5")),
        ("logits", np.zeros((90, 3), dtype=complex)),
        ("logits", np.zeros((90, 3), dtype="datetime64[D]")),
        ("logits", np.zeros((90, 3), dtype=np.int64)),
        ("logits", np.zeros((90, 3), dtype=bool)),
        ("ids", np.arange(90)),
    ],
)
def test_predictions_of_another_kind_are_refused_with_what_they_are(name: str, array: np.ndarray, made: Make) -> None:
    folder = made(losses=2, seeds=2)
    run = folder.run("weighted", 2)
    there = runs.read_arrays(run.predictions("test"), ["ids", "logits"])
    runs.write_arrays(run.predictions("test"), **{**there, name: array})
    told = runs.read_json(run.evaluation_json)
    hashed = {**told["predictions_sha256"], "test": runs.sha256(run.predictions("test"))}
    runs.write_json(run.evaluation_json, {**told, "predictions_sha256": hashed})
    with pytest.raises(Refusal, match=rf"predictions-test\.npz: the array {name} must hold .*, got") as refused:
        analyse(folder)
    assert str(array.dtype) in str(refused.value)
