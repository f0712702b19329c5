"""One small study that is analysed and reported once, and copies of it to be changed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cxr_report import stages
from cxr_report.runs import StudyFolder


def _examples() -> ModuleType:
    if "examples" not in sys.modules:
        spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "examples.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules["examples"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["examples"]


@pytest.fixture(autouse=True, scope="session")
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Nobody pulls the plug during these tests, and a study has two hundred files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session")
def examples() -> ModuleType:
    """The maker of study folders."""
    return _examples()


SMALL = {"losses": 2, "seeds": 2, "val": 40, "test": 50, "secondary": ("brier",)}
"""A recipe whose analysis and report take as little as one can."""


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A study with analysis and report; tests must not change it."""
    kit = _examples()
    folder: StudyFolder = kit.make_study(tmp_path_factory.mktemp("reported"), kit.Recipe(**SMALL))
    stages.analyse(folder)
    stages.report(folder)
    return folder


@pytest.fixture
def copied(reported: StudyFolder, tmp_path: Path) -> Callable[[], StudyFolder]:
    """Make a copy of the reported study."""
    numbers = iter(range(1000))

    def make() -> StudyFolder:
        target = tmp_path / f"copy-{next(numbers)}" / "example"
        shutil.copytree(reported.path, target)
        return StudyFolder(target)

    return make


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., StudyFolder]:
    """Make and analyse a study once per recipe; tests must not change it."""
    kit, known = _examples(), {}

    def make(**wishes: object) -> StudyFolder:
        recipe = kit.Recipe(**{**SMALL, **wishes})
        if recipe not in known:
            known[recipe] = kit.make_study(tmp_path_factory.mktemp("analysed"), recipe)
            stages.analyse(known[recipe])
        return known[recipe]

    return make
