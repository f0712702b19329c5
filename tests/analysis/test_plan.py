"""Another analysis of the same runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report.analysis import analyse, load
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder

Make = Callable[..., StudyFolder]


@pytest.fixture
def plan(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "plan.toml"
        file.write_text(text)
        return file

    return write


def test_another_plan_is_analysed_beside_the_first_and_is_exploratory(made: Make, plan: Callable) -> None:
    folder = made()
    first = analyse(folder).statistics.read_bytes()
    file = plan('[metrics]\nprimary = "brier"\n[analysis]\nadjustment = "bonferroni"\nalpha = 0.01\n')
    found = analyse(folder, name="strict", plan=file)
    assert found.path.name == "analysis-strict"
    other = load(found)
    assert other.name == "strict"
    assert other.study.metrics.primary == "brier"
    assert other.selected_by == "auroc"
    assert other.study.metrics.secondary == ("auroc", "balanced_accuracy", "average_precision")
    assert other.study.analysis.alpha == 0.01
    assert "strict" in other.exploratory[0]
    assert folder.analysis().statistics.read_bytes() == first
    assert found.scores.read_bytes() == folder.analysis().scores.read_bytes()


def test_another_plan_is_complete_until_it_changes(made: Make, plan: Callable) -> None:
    folder = made()
    before = analyse(folder, name="strict", plan=plan("[analysis]\nalpha = 0.01\n")).statistics
    time = before.stat().st_mtime_ns
    analyse(folder, name="strict", plan=plan("[analysis]\nalpha = 0.01\n"))
    assert before.stat().st_mtime_ns == time
    analyse(folder, name="strict", plan=plan("[analysis]\nalpha = 0.02\n"))
    assert before.stat().st_mtime_ns != time


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[training]\nepochs = 3\n",
            "training: another plan for the same runs holds the sections metrics and analysis",
        ),
        ("[analysi]\nalpha = 0.1\n", "did you mean 'analysis'"),
        ("[analysis]\nalfa = 0.1\n", "did you mean 'alpha'"),
        ("[analysis]\nbaseline = 'none'\n", "not among the losses"),
        ("[metrics]\nprimary = 'auc'\n", "unknown metric 'auc'"),
        ("metrics = 3\n", "metrics: must be a table"),
        ("alpha = \n", "is not valid TOML"),
    ],
)
def test_an_impossible_plan_is_refused_in_one_sentence(text: str, sentence: str, made: Make, plan: Callable) -> None:
    file = plan(text)
    with pytest.raises(Refusal, match=sentence) as refused:
        analyse(made(losses=2, seeds=2), name="other", plan=file)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["partial", "../x", "a b", "-x", "x" * 65])
def test_a_name_that_is_no_folder_is_refused(name: str, made: Make, plan: Callable) -> None:
    with pytest.raises(Refusal, match="the name of an analysis is"):
        analyse(made(losses=2, seeds=2), name=name, plan=plan("[analysis]\nalpha = 0.01\n"))


def test_a_name_without_a_plan_is_refused(made: Make, plan: Callable, tmp_path: Path) -> None:
    folder = made(losses=2, seeds=2)
    with pytest.raises(Refusal, match="needs both a name and a plan"):
        analyse(folder, name="strict")
    with pytest.raises(Refusal, match="needs both a name and a plan"):
        analyse(folder, plan=plan(""))
    with pytest.raises(Refusal, match="there is no such plan"):
        analyse(folder, name="strict", plan=tmp_path / "absent.toml")
    with pytest.raises(Refusal, match="complete study"):
        analyse(folder, name="strict", plan=plan(""), partial=True)
