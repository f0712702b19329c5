"""A small study with its report, made once; everybody works on copies of it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from cxr_report import analysis, report
from cxr_report.progress import Silent
from cxr_report.runs import StudyFolder, read_json, write_json
from cxr_report.verify.study import Memory


def _load(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = _load("verify_examples", Path(__file__).parents[2] / "examples.py")
_load("verify_tampering", Path(__file__).with_name("tampering.py"))


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A study of two losses and three seeds, with analysis and report, as it is published."""
    recipe = examples.Recipe(losses=2, seeds=3, val=40, test=60, epochs=3, secondary=("brier",))
    folder: StudyFolder = examples.make_study(tmp_path_factory.mktemp("original"), recipe)
    plan = read_json(folder.study_json)
    for file in folder.path.glob("*/seed-*/run.json"):
        begun = {"plan_sha256": plan["plan_sha256"], "ledger_sha256": plan["ledger"][0]["sha256"]}
        write_json(file, read_json(file) | begun)
    for file in (*folder.path.rglob("*.onnx"), *folder.path.rglob("*.safetensors")):
        file.unlink()
    analysis.analyse(folder)
    report.report(folder, folder.analysis(), folder.report(), progress=Silent())
    return folder


@pytest.fixture(scope="session")
def memory() -> Memory:
    """What was computed already from files that were not changed."""
    return Memory()


@pytest.fixture
def copied(original: StudyFolder, tmp_path: Path) -> Callable[[], StudyFolder]:
    """Copy the study, to be changed at will."""

    def copy() -> StudyFolder:
        target = tmp_path / "example"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(original.path, target)
        return StudyFolder(target)

    return copy
