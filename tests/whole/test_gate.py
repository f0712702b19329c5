"""The design gate on its way through `run`, `train` and `--dry-run`: printed before the first epoch, strict or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxr_report import stages, standing
from cxr_report.errors import Refusal
from cxr_report.progress import RunState, Silent

NEVER = (
    "analysis.multiverse.tests: with 2 seeds and 1 comparison adjusted by holm, wilcoxon and sign-flip never get below"
)


class Heard(Silent):
    """What was said and which run was begun, in their order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def run(self, state: RunState) -> None:
        self.lines.append(f"run {state.state}")


def opened(text: str, place: Path) -> stages.Workplace:
    (place / "tiny.toml").write_text(text)
    return stages.Workplace.open(place / "tiny.toml", place / "runs")


def test_a_strict_run_of_a_plan_that_cannot_succeed_writes_nothing(tiny_text: str, tmp_path: Path) -> None:
    place, heard = opened(tiny_text, tmp_path), Heard()
    with pytest.raises(Refusal) as caught:
        stages.run(place, progress=heard, strict=True)
    assert f"tiny.toml: --strict: {NEVER} p = 0.5, above alpha = 0.05; 6 seeds would do" in str(caught.value)
    assert any(line.startswith("the plan: 1 comparison against the baseline") for line in heard.lines)
    assert not any(line.startswith("run ") for line in heard.lines)
    assert not place.folder.study_json.exists()


def test_the_plan_is_told_before_the_first_epoch_and_not_again_when_all_is_trained(
    tiny_text: str, tmp_path: Path
) -> None:
    place, heard = opened(tiny_text.replace("epochs = 2", "epochs = 1"), tmp_path), Heard()
    stages.train(place, progress=heard)
    told = next(i for i, line in enumerate(heard.lines) if line.startswith("the plan: "))
    assert told < heard.lines.index("run waiting")
    assert any(line.startswith(f"warning: {NEVER}") for line in heard.lines)
    assert any(line.startswith("power: not known") for line in heard.lines)
    again = Heard()
    stages.train(place, progress=again)
    assert not any(line.startswith(("the plan: ", "warning: ")) for line in again.lines)


def test_a_dry_run_shows_the_plan_with_a_pilots_variances_and_refuses_when_strict(
    finished: stages.Workplace, tiny_text: str, tmp_path: Path
) -> None:
    place = opened(tiny_text.replace('name = "tiny"', 'name = "next"').replace("seeds = 2", "seeds = 6"), tmp_path)
    told = standing.forecast(place, workers=1, progress=Silent(), pilot=finished.folder.path)
    assert told.startswith("the plan: 1 comparison against the baseline, adjusted by holm, at alpha 0.05; 6 seeds")
    assert "expected from the pilot tiny (2 losses x 2 seeds, " in told
    assert "power to find a difference of 0.01 (analysis.margin): " in told
    assert "2 losses x 6 seeds = 12 runs" in told
    assert not place.folder.path.exists()
    with pytest.raises(Refusal, match="--strict: "):
        standing.forecast(opened(tiny_text, tmp_path), workers=1, progress=Silent(), strict=True)


def test_a_pilot_that_is_none_is_refused_before_any_image_is_read(tiny_text: str, tmp_path: Path) -> None:
    place, heard = opened(tiny_text, tmp_path), Heard()
    with pytest.raises(Refusal, match="a pilot is a study that was analysed"):
        stages.run(place, progress=heard, pilot=tmp_path)
    assert heard.lines == []


def test_a_finished_study_is_not_held_up_by_the_gate(copy: Callable[..., stages.Workplace]) -> None:
    heard = Heard()
    stages.run(copy(), progress=heard, strict=True)
    assert not any(line.startswith("the plan: ") for line in heard.lines)
