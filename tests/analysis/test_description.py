"""What of data.json is held against what it must be before anything is analysed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cxr_report import ledger, runs
from cxr_report.analysis import analyse
from cxr_report.analysis.description import describe
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder

Make = Callable[..., StudyFolder]
DROP = object()


def changed(folder: StudyFolder, *path: str, to: Any) -> StudyFolder:
    """Give one entry of data.json another value, or take it away."""
    told = runs.read_json(folder.data_json)
    place = told
    for name in path[:-1]:
        place = place[name]
    if to is DROP:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    runs.write_json(folder.data_json, told)
    return folder


def test_a_whole_data_json_comes_back_as_it_was_written(made: Make) -> None:
    folder = made(losses=2, seeds=2, allow_leakage=True)
    assert describe(folder, ledger.read(folder).study) == runs.read_json(folder.data_json)


@pytest.mark.parametrize(
    "entry", ["fingerprint", "source", "synthetic", "classes", "splits", "patients", "notes", "truth_sha256"]
)
def test_an_entry_that_is_not_there_is_named(entry: str, made: Make) -> None:
    folder = changed(made(losses=2, seeds=2), entry, to=DROP)
    with pytest.raises(Refusal, match=rf"data\.json: records no {entry}; delete it and run the study again"):
        analyse(folder)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("classes",), 3),
        (("classes",), None),
        (("classes",), "abc"),
        (("classes",), [1, 2, 3]),
        (("source",), 3),
        (("notes",), 3),
        (("notes",), [3]),
        (("patients",), 3),
        (("patients", "number"), "many"),
        (("splits",), None),
        (("splits", "test"), 3),
        (("splits", "test", "cases"), -1),
        (("splits", "test", "cases"), 90.5),
        (("splits", "test", "positive"), [1, 2, 3]),
        (("splits", "test", "demographics"), {"age": {"mean": "old"}}),
        (("flow",), {"found": 3}),
        (("split_rule",), "made"),
        (("leakage",), {"allowed": False, "images": {"train-val": 1}, "patients": {}}),
        (("truth_sha256",), "0"),
        (("fingerprint",), 3),
    ],
)
def test_an_entry_of_another_kind_is_damage_and_says_where(path: tuple[str, ...], value: Any, made: Make) -> None:
    folder = changed(made(losses=2, seeds=2), *path, to=value)
    place = r"\.".join(path)
    with pytest.raises(Refusal, match=rf"data\.json: (is damaged \(|records no ){place}"):
        analyse(folder)


@pytest.mark.parametrize("content", [[], None, 3, "data"])
def test_a_data_json_that_is_no_table_is_damaged(content: Any, made: Make) -> None:
    folder = made(losses=2, seeds=2)
    runs.write_json(folder.data_json, content)
    with pytest.raises(Refusal, match=r"data\.json: is damaged \(it must be a table of entries\)"):
        analyse(folder)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("splits", "test"), DROP, "splits hold no test"),
        (("truth_sha256", "val"), DROP, "truth_sha256 holds no val"),
        (("classes",), ["no_finding", "pneumonia", "pneumonia"], "classes must be at least 2 different names"),
        (("classes",), ["no_finding"], "classes must be at least 2 different names"),
        (
            ("splits", "val", "negative"),
            {"no_finding": 1},
            r"splits\.val\.negative must count the classes no_finding, ",
        ),
    ],
)
def test_entries_that_contradict_each_other_are_damage(
    path: tuple[str, ...], value: Any, sentence: str, made: Make
) -> None:
    folder = changed(made(losses=2, seeds=2), *path, to=value)
    with pytest.raises(Refusal, match=rf"data\.json: is damaged \({sentence}"):
        analyse(folder)


def test_a_binary_study_has_two_classes(made: Make) -> None:
    folder = changed(made(task="binary", losses=2, seeds=2), "classes", to=["a", "b", "c"])
    with pytest.raises(Refusal, match=r"data\.json: is damaged \(classes must be two different names\)"):
        analyse(folder)
