"""Scores of the noise floor stand in scores.csv beside the compared ones and enter nothing else."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest

from cxr_report import ledger, metrics
from cxr_report.analysis import analyse
from cxr_report.analysis.gather import gather
from cxr_report.analysis.scoring import score_all, score_floor, worst
from cxr_report.analysis.survey import survey
from cxr_report.runs import StudyFolder

Make = Callable[..., StudyFolder]
FLOOR = {"losses": 2, "seeds": 2, "floor_seeds": True, "identical": True}


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_floor_runs_are_scored_as_compared_runs_are(task: str, made: Make) -> None:
    folder = made(**FLOOR, task=task)
    material = gather(survey(folder, ledger.read(folder).study))
    scored = score_floor(task, material)
    assert [(run.loss, run.seed) for run in scored] == [(run.loss, run.seed) for run in material.floor]
    truth = {split: material.truth[split].labels for split in ("val", "test")}
    last = material.floor[-1]
    thresholds = metrics.choose_thresholds(task, truth["val"], last.logits["val"])
    expected = metrics.scores(task, truth["test"], last.logits["test"], classes=material.classes, thresholds=thresholds)
    assert list(scored[-1].rows["test"].values()) == list(expected)
    assert scored[-1].thresholds == tuple(thresholds)


def test_the_table_of_scores_has_every_floor_run(made: Make) -> None:
    folder = made(**FLOOR)
    with analyse(folder).scores.open(encoding="utf-8", newline="") as stream:
        found = list(dict.fromkeys((row["loss"], row["seed"]) for row in csv.DictReader(stream)))
    assert found[4:8] == [("cross-entropy", "1000001"), ("cross-entropy", "1000002"), ("kl", "1"), ("kl", "2")]


def test_the_worst_score_is_that_of_a_compared_run(made: Make) -> None:
    folder = made(**FLOOR, floor_effect=-1.2)
    material = gather(survey(folder, ledger.read(folder).study))
    compared, floor = score_all("multiclass", material), score_floor("multiclass", material)
    lowest = min(run.value("auroc") for run in compared)
    assert worst(compared, "auroc") == lowest
    assert min(run.value("auroc") for run in floor) < lowest
