"""Honest studies of other shapes agree too, and what went otherwise in them is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cxr_report.analysis import analyse
from cxr_report.runs import StudyFolder
from cxr_report.verify.study import Verified, verify

SMALL: dict[str, Any] = {"losses": 3, "seeds": 3, "val": 40, "test": 60, "epochs": 3}


def make(root: Path, **options: Any) -> StudyFolder:
    kit = sys.modules["verify_examples"]
    folder: StudyFolder = kit.make_study(root, kit.Recipe(**SMALL | options))
    return folder


def facts(found: Verified) -> str:
    return "\n".join(fact for step in found.steps for fact in step.facts)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"task": "binary", "source": "manifest"}, "written out from the two-way table"),
        ({"task": "multilabel", "unknown": 0.1, "source": "manifest"}, "written out from the two-way table"),
        ({"diverged": ((1, 2),)}, "seed-0002: diverged in epoch 3"),
        ({"images_per_patient": 2}, "have no second way here"),
        ({"primary": "brier", "secondary": ("auroc",), "images_per_patient": 2}, "written out from the two-way table"),
        ({"external": 50, "external_added": True}, "external other"),
    ],
    ids=["binary", "findings", "diverged", "several images", "brier by patients", "external set, added"],
)
def test_an_honest_study_agrees(options: dict[str, Any], told: str, tmp_path: Path) -> None:
    folder = make(tmp_path, **options)
    analyse(folder)
    found = verify(folder.path)
    assert [each.line() for each in found.differences] == []
    assert told in facts(found)


def test_an_exploratory_analysis_is_recomputed_by_its_own_plan(tmp_path: Path) -> None:
    folder = make(tmp_path)
    analyse(folder)
    plan = tmp_path / "plan.toml"
    plan.write_text('[metrics]\nprimary = "brier"\n[analysis]\nalpha = 0.1\n')
    analyse(folder, name="other", plan=plan)
    found = verify(folder.path)
    assert [each.line() for each in found.differences] == []
    assert "Everything computed again from truth and predictions (other)" in [step.name for step in found.steps]


def test_an_incomplete_study_is_recomputed_as_such_and_its_gap_is_told(tmp_path: Path) -> None:
    folder = make(tmp_path, missing=((1, 2),))
    analyse(folder, partial=True)
    found = verify(folder.path)
    assert [each.line() for each in found.differences] == []
    assert "seed 2: weighted missing" in facts(found)
