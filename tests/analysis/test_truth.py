"""What of a truth file is held against the study and against data.json."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cxr_report import ledger, runs
from cxr_report.analysis import analyse
from cxr_report.analysis.truth import Truth, read_cases
from cxr_report.data.truth import binding
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder

Make = Callable[..., StudyFolder]


def rewrite(folder: StudyFolder, **arrays: np.ndarray) -> StudyFolder:
    """Write other cases, a single number as such, with the hash that belongs to them."""
    there = runs.read_arrays(folder.truth("test"), ["ids", "patients", "labels"])
    np.savez(folder.truth("test"), **{**there, **arrays})
    runs.write_json(folder.data_json, {**runs.read_json(folder.data_json), **binding(folder, runs.SPLITS)})
    return folder


def cases(folder: StudyFolder) -> Truth:
    return read_cases(folder, "test", ledger.read(folder).study.task, runs.read_json(folder.data_json))


def labels_of(folder: StudyFolder) -> np.ndarray:
    return runs.read_arrays(folder.truth("test"), ["labels"])["labels"]


def spoilt(labels: np.ndarray, value: float) -> np.ndarray:
    return np.where(np.arange(len(labels)).reshape(-1, *[1] * (labels.ndim - 1)) == 3, value, labels)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_the_cases_of_every_task_come_back_as_they_were_written(task: str, made: Make) -> None:
    folder = made(task=task, losses=2, seeds=2, unknown=0.1, images_per_patient=3)
    there = runs.read_arrays(folder.truth("test"), ["ids", "patients", "labels"])
    found = cases(folder)
    for name, array in there.items():
        np.testing.assert_array_equal(getattr(found, name), array)


@pytest.mark.parametrize("value", [-1, 3])
def test_a_class_that_is_none_of_the_study_is_refused(value: int, made: Make) -> None:
    folder = made(losses=2, seeds=2)
    rewrite(folder, labels=spoilt(labels_of(folder), value).astype(np.int64))
    with pytest.raises(Refusal, match=r"truth-test\.npz: the array labels must hold a whole number from 0 to 2 a case"):
        analyse(folder)


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros(90),
        np.full(90, np.nan),
        np.array(["0"] * 90),
        np.zeros(90, dtype=bool),
        np.zeros(90, dtype=complex),
        np.zeros((90, 3), dtype=np.int64),
        np.zeros(89, dtype=np.int64),
        np.array(0),
    ],
)
def test_labels_of_another_kind_are_refused_with_what_they_are(labels: np.ndarray, made: Make) -> None:
    folder = rewrite(made(losses=2, seeds=2), labels=labels)
    with pytest.raises(Refusal, match=rf"truth-test\.npz: the array labels .*got {labels.dtype}"):
        analyse(folder)


@pytest.mark.parametrize("value", [0.5, 2.0, -1.0, np.inf])
def test_a_finding_is_present_absent_or_not_known(value: float, made: Make) -> None:
    folder = made(task="multilabel", losses=2, seeds=2)
    rewrite(folder, labels=spoilt(labels_of(folder), value).astype(np.float32))
    with pytest.raises(Refusal, match=r"truth-test\.npz: the array labels must hold 0, 1 or NaN in shape \(90, 3\)"):
        analyse(folder)


@pytest.mark.parametrize(
    "patients",
    [
        np.full(90, np.nan),
        np.zeros((90, 2), dtype=np.int64),
        np.array(3),
        np.array(["a"] * 90),
        np.array(["2024-01-01"] * 90, dtype="datetime64[D]"),
    ],
)
def test_patients_of_another_kind_are_refused_with_what_they_are(patients: np.ndarray, made: Make) -> None:
    folder = rewrite(made(losses=2, seeds=2), patients=patients)
    with pytest.raises(Refusal, match=r"truth-test\.npz: the array patients must hold one whole number for each of 90"):
        analyse(folder)


@pytest.mark.parametrize("ids", [np.arange(90), np.array(["a"] * 90), np.array("a"), np.array([], dtype="U1")])
def test_ids_that_tell_no_case_from_another_are_refused(ids: np.ndarray, made: Make) -> None:
    folder = rewrite(made(losses=2, seeds=2), ids=ids)
    with pytest.raises(Refusal, match=r"truth-test\.npz: the array ids must hold one text a case, all different"):
        analyse(folder)


def test_other_labels_than_data_json_counts_are_refused_with_both_files(made: Make) -> None:
    folder = made(losses=2, seeds=2)
    labels = labels_of(folder)
    rewrite(folder, labels=np.where(np.arange(90) == np.argmax(labels == 0), 1, labels))
    with pytest.raises(
        Refusal, match=r"truth-test\.npz does not hold the cases that data\.json counts: .* positive for"
    ):
        analyse(folder)


def test_other_patients_than_data_json_counts_are_refused_with_both_files(made: Make) -> None:
    folder = rewrite(made(losses=2, seeds=2), patients=np.arange(90) // 2)
    with pytest.raises(Refusal, match=r"truth-test\.npz .* data\.json counts: 45 patients, counted 90"):
        analyse(folder)


@pytest.mark.parametrize(
    "classes", [np.array(["no_finding", "covid19", "pneumonia"]), np.array(["no_finding"]), np.array(3)]
)
def test_other_classes_than_data_json_names_are_refused_with_both_files(classes: np.ndarray, made: Make) -> None:
    analyse(rewrite(made(losses=2, seeds=2), classes=np.array(["no_finding", "pneumonia", "covid19"])))
    folder = rewrite(made(losses=2, seeds=2), classes=classes)
    with pytest.raises(Refusal, match=r"truth-test\.npz .* data\.json counts: classes .*, there \['no_finding', 'pn"):
        analyse(folder)


def test_another_number_of_cases_than_data_json_counts_is_refused_with_both_files(made: Make) -> None:
    folder = made(losses=2, seeds=2)
    told = runs.read_json(folder.data_json)
    told["splits"]["test"]["cases"] = 91
    runs.write_json(folder.data_json, told)
    with pytest.raises(Refusal, match=r"truth-test\.npz .* data\.json counts: 90 cases, counted 91"):
        analyse(folder)


def test_patients_that_the_source_does_not_know_are_not_counted(made: Make) -> None:
    folder = rewrite(made(losses=2, seeds=2), patients=np.arange(90) // 2)
    told = runs.read_json(folder.data_json)
    told["splits"]["test"]["patients"] = None
    runs.write_json(folder.data_json, told)
    assert len(np.unique(cases(folder).patients)) == 45
