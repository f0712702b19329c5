"""What the stages do before their own work: ask for the provider, and clear away what a killed process has left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cxr_report import stages
from cxr_report.errors import Refusal
from cxr_report.holding import held
from cxr_report.runs import StudyFolder
from cxr_report.study import parse
from cxr_report.workplace import Workplace

STAGES: dict[str, Callable[[Workplace], Path]] = {
    "train": stages.train,
    "export": stages.export,
    "evaluate": stages.evaluate,
}


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A study in whose folder a killed process has left half a file."""
    plain = {"name": "s", "task": "binary", "seeds": [1, 2], "data": {"source": "phantom", "image_size": 32}}
    study = parse({**plain, "losses": {"ce": {"loss": "cross-entropy"}, "focal": {"loss": "focal"}}}, "s.toml")
    found = Workplace(tmp_path / "s.toml", study, StudyFolder(tmp_path / "runs" / "s"))
    run = found.folder.run("ce", 1)
    run.path.mkdir(parents=True)
    run.evaluation_json.write_text("{}")
    stray(found).write_text("{")
    return found


def stray(place: Workplace) -> Path:
    """The half file."""
    return place.folder.run("ce", 1).path / ".evaluation.json.x1y2.part"


def stopped(*_: Any, **__: Any) -> None:
    """Stand for the reading of the data."""
    raise Refusal("the data are at fault")


@pytest.mark.torch
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_alone_clears_away_half_files_and_nothing_else(
    stage: str, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "prepare", stopped)
    with pytest.raises(Refusal, match="the data are at fault"):
        STAGES[stage](place)
    assert not stray(place).exists()
    assert place.folder.run("ce", 1).evaluation_json.read_text() == "{}"


@pytest.mark.parametrize("stage", STAGES)
def test_the_half_file_of_a_process_at_work_is_left_alone(stage: str, place: Workplace) -> None:
    with held(place.folder), pytest.raises(Refusal):
        STAGES[stage](place)
    assert stray(place).exists()


@pytest.mark.torch
@pytest.mark.parametrize("wish", ["cuda", "tensorrt"])
def test_evaluation_asks_for_the_provider_before_it_looks_at_the_study(
    wish: str, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(stages, "prepare", stopped)
    with pytest.raises(Refusal, match=f"--provider {wish}: .* was asked for, but"):
        stages.evaluate(place, provider=wish)
    assert stray(place).exists()
