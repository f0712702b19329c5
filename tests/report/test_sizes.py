"""How large the networks are: as every export told it, in both languages, and nothing where one did not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from cxr_report.analysis import analyse
from cxr_report.analysis import load as read
from cxr_report.analysis.value import Analysis, ModelSize
from cxr_report.errors import Refusal
from cxr_report.report import document, narrative, page
from cxr_report.report.narrative.prose import Sentence
from cxr_report.report.tables import Table
from cxr_report.runs import StudyFolder, read_json, write_json

Makes = Callable[..., Analysis]


def said(analysis: Analysis) -> list[Sentence]:
    return [each for paragraph in narrative.sizes(analysis) for each in paragraph.sentences]


def test_an_analysis_holds_the_size_that_every_export_told(finished: StudyFolder) -> None:
    assert read(finished.analysis()).sizes == (ModelSize(11_173, 1_234_567),)


def test_a_size_that_is_no_count_is_refused_and_one_that_is_not_told_is_unknown(
    finished: StudyFolder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import shutil

    place = tmp_path_factory.mktemp("sizes") / finished.path.name
    shutil.copytree(finished.path, place)
    folder = StudyFolder(place)
    run = folder.run(*next(iter(read(folder.analysis()).study.planned_runs())))
    told = read_json(run.export_json)
    write_json(run.export_json, {**told, "size": {"parameters": -1, "multiply_accumulates": None}})
    with pytest.raises(Refusal, match="size is damaged"):
        analyse(folder)
    write_json(run.export_json, {key: value for key, value in told.items() if key != "size"})
    analyse(folder)
    assert read(folder.analysis()).sizes == ()


def test_one_size_is_told_as_one(made_up: Makes) -> None:
    analysis = replace(made_up(), sizes=(ModelSize(11_173, 1_234_567),))
    parameters, times = said(analysis)
    assert parameters.kind == "model-parameters"
    assert [number.value for number in (*parameters.numbers(), *times.numbers())] == [11_173, 1_234_567]
    assert f"{analysis.study.data.image_size} × {analysis.study.data.image_size}" in times.text()


def test_several_sizes_are_told_from_the_least_to_the_most(made_up: Makes) -> None:
    analysis = replace(made_up(), sizes=(ModelSize(10, 70), ModelSize(12, 50)))
    parameters, times = said(analysis)
    assert [(n.key, n.value) for n in parameters.numbers()] == [("sizes.0.parameters", 10), ("sizes.1.parameters", 12)]
    assert [(n.key, n.value) for n in times.numbers()] == [("sizes.0.multiply_accumulates", 70)]
    assert "up to" in times.text()


def test_what_is_not_known_is_not_told(made_up: Makes, machine: Callable[..., Table]) -> None:
    assert said(replace(made_up(), sizes=())) == []
    assert [each.kind for each in said(replace(made_up(), sizes=(ModelSize(10, None),)))] == ["model-parameters"]
    assert "trained parameters" not in page.render(document.compose(replace(made_up(), sizes=()), machine()))


def test_the_page_and_its_korean_twin_tell_the_size(made_up: Makes, machine: Callable[..., Table]) -> None:
    analysis = replace(made_up(), sizes=(ModelSize(11_173, 1_234_567),))
    assert 'data-key="sizes.0.parameters" data-value="11173"' in page.render(document.compose(analysis, machine()))
    report = analysis.study.report.model_copy(update={"language": "ko"})
    korean = replace(analysis, study=analysis.study.model_copy(update={"report": report}))
    for one, two in zip(said(analysis), said(korean), strict=True):
        assert [(n.key, n.text) for n in one.numbers()] == [(n.key, n.text) for n in two.numbers()]
        assert not re.search("[A-Za-z]{4,}", two.text())
