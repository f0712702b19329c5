"""Pixels of cases are published by decision: phantoms by default, everything else only where the study says so."""

from __future__ import annotations

from typing import Any

import pytest

from cxr_report import ledger
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder
from cxr_report.study import Report, Study, parse

PLAIN: dict[str, Any] = {
    "name": "x",
    "task": "multiclass",
    "data": {"source": "phantom"},
    "losses": {"a": {"loss": "cross-entropy"}, "b": {"loss": "focal"}},
    "seeds": 2,
}


def study(**report: Any) -> Study:
    return parse({**PLAIN, "report": report}, "study.toml")


@pytest.mark.parametrize("source", ["manifest", "folder", "medmnist", "dicom", "table"])
def test_nothing_but_a_phantom_is_shown_undecided(source: str) -> None:
    assert Report().shows_cases("phantom")
    assert not Report().shows_cases(source)
    assert Report(show_cases=True).shows_cases(source)
    assert not Report(show_cases=False).shows_cases("phantom")


def test_the_decision_is_no_part_of_the_plan_and_may_change_at_any_time(tmp_path: Any) -> None:
    folder = StudyFolder(tmp_path / "x")
    before = ledger.freeze(study(), folder)
    after = ledger.freeze(study(show_cases=False), folder)
    assert before.plan_sha256 == after.plan_sha256
    assert len(after.ledger) == 1
    assert ledger.read(folder).study.report.show_cases is False


def test_a_decision_is_yes_or_no() -> None:
    with pytest.raises(Refusal, match="show_cases"):
        study(show_cases="perhaps")


def test_no_loss_may_have_the_name_of_the_file_that_holds_the_pixels() -> None:
    with pytest.raises(Refusal, match="study's own files"):
        parse({**PLAIN, "losses": {**PLAIN["losses"], "gallery.npz": {"loss": "focal"}}}, "study.toml")
