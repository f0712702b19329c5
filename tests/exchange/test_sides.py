"""A study, an analysis and a published zip are read; everything else is refused in one sentence."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report.errors import Refusal
from cxr_report.exchange import archive
from cxr_report.exchange.comparison import compare
from cxr_report.exchange.sides import read
from cxr_report.runs import StudyFolder, read_json, write_json

Analysed = Callable[..., StudyFolder]


@pytest.fixture
def made(analysed: Analysed, tmp_path: Path) -> StudyFolder:
    """A folder with the study and its analysis alone."""
    source, target = analysed(), StudyFolder(tmp_path / "stage" / "example")
    target.analysis().path.mkdir(parents=True)
    target.study_json.write_bytes(source.study_json.read_bytes())
    for file in source.analysis().path.iterdir():
        (target.analysis().path / file.name).write_bytes(file.read_bytes())
    return target


def refusal(path: Path) -> str:
    with tempfile.TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", temporary)
        with pytest.raises(Refusal) as caught:
            read(path)
        assert list(Path(temporary).iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_study_its_analysis_and_its_zip_say_the_same(made: StudyFolder, tmp_path: Path) -> None:
    archive.write(tmp_path / "stage", tmp_path / "x.zip")
    study, analysis, packed = read(made.path), read(made.analysis().path), read(tmp_path / "x.zip")
    assert not compare(study, packed).changed
    assert not compare(study, analysis).changed
    assert packed.name == str(tmp_path / "x.zip")


def test_the_report_section_is_compared_where_both_have_it(made: StudyFolder, analysed: Analysed) -> None:
    other = read(analysed(title="Another title").path)
    assert [each.name for each in compare(read(made.path), other).settings] == ["report.title"]
    assert compare(read(made.analysis().path), other).settings == ()


def test_where_there_is_no_path_or_no_analysis_it_is_refused(made: StudyFolder, tmp_path: Path) -> None:
    assert "nothing: is missing" in refusal(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    assert "holds neither study.json nor statistics.json" in refusal(tmp_path / "empty")
    made.analysis().statistics.unlink()
    assert "is not analysed; run `cxr-report analyse` first" in refusal(made.path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"study": 1, "runs": []}', '{"study": {}', "\x00"])
def test_statistics_that_are_none_are_refused(made: StudyFolder, content: str) -> None:
    made.analysis().statistics.write_text(content)
    assert "statistics.json" in refusal(made.path)


def test_scores_of_another_analysis_are_refused(made: StudyFolder) -> None:
    made.analysis().scores.write_text(made.analysis().scores.read_text().replace("focal", "other").replace("0.", "1."))
    assert "scores.csv is not what statistics.json records of it" in refusal(made.path)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "loss,seed,split,class,metric,value,n\nce,1,test,,auroc,x,5\n"])
def test_scores_that_are_none_are_refused_even_where_no_hash_is_recorded(made: StudyFolder, content: str) -> None:
    write_json(made.analysis().statistics, {**read_json(made.analysis().statistics), "outputs": {}})
    made.analysis().scores.write_text(content)
    assert "scores.csv is damaged" in refusal(made.path)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("no zip")
    assert "is damaged or no zip" in refusal(tmp_path / "x.zip")


def test_a_zip_without_a_study_or_with_two_is_refused(made: StudyFolder, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as target:
        target.writestr("README.md", "x")
    assert "must hold one study, got none" in refusal(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as target:
        target.writestr("a/study.json", "{}")
        target.writestr("b/study.json", "{}")
    assert "must hold one study, got a, b" in refusal(tmp_path / "y.zip")


def test_a_bomb_in_place_of_statistics_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxr_report.exchange.sides.MOST_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a/study.json", "{}")
        target.writestr("a/analysis/statistics.json", " " * 5_000_000)
    assert "unpacks to more than 10000 bytes" in refusal(tmp_path / "x.zip")
