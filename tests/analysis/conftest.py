"""Study folders of random predictions for the tests of the analysis."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cxr_report import ledger
from cxr_report.analysis import analyse, load
from cxr_report.analysis.context import Context
from cxr_report.analysis.family import Family
from cxr_report.analysis.gather import gather
from cxr_report.analysis.scoring import score_all, score_floor
from cxr_report.analysis.survey import survey
from cxr_report.analysis.value import Analysis
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse


def _examples() -> ModuleType:
    if "examples" not in sys.modules:
        spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "examples.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules["examples"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["examples"]


@pytest.fixture(scope="session")
def examples() -> ModuleType:
    """The maker of study folders."""
    return _examples()


@pytest.fixture(autouse=True, scope="session")
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Nobody pulls the plug during these tests, and a study has two hundred files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., StudyFolder]:
    """Make a study folder from a recipe's keywords, in a folder of its own."""
    kit = _examples()
    made = iter(range(1000))
    return lambda **wishes: kit.make_study(tmp_path / str(next(made)), kit.Recipe(**wishes))


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[StudyFolder, Analysis]]:
    """Make and analyse a study once per recipe; the folder is for reading only."""
    kit, known = _examples(), {}

    def make(**wishes: object) -> tuple[StudyFolder, Analysis]:
        recipe = kit.Recipe(**wishes)
        if recipe not in known:
            folder = kit.make_study(tmp_path_factory.mktemp("study"), recipe)
            known[recipe] = (folder, load(analyse(folder)))
        return known[recipe]

    return make


def context_of(folder: StudyFolder) -> Context:
    """Read a study as the analysis does."""
    study = ledger.read(folder).study
    found = survey(folder, study)
    material = gather(found)
    scored, floor = score_all(study.task, material), score_floor(study.task, material)
    return Context(study, found, material, scored, Family.of(study), floor)


@pytest.fixture(scope="session")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Context]:
    """Make a study once per recipe and read it as the analysis does."""
    kit, known = _examples(), {}

    def make(**wishes: object) -> Context:
        recipe = kit.Recipe(**wishes)
        if recipe not in known:
            known[recipe] = context_of(kit.make_study(tmp_path_factory.mktemp("study"), recipe))
        return known[recipe]

    return make


@pytest.fixture
def given_table() -> Callable[..., Study]:
    """Describe runs that were not trained here, by what their table holds."""

    def make(content: str, *, scale: str | None = None, primary: str = "auroc") -> Study:
        scores = content == "scores"
        table = {"content": content} if scores else {"content": content, "scale": scale, "splits": ["test"]}
        return parse(
            {
                "name": "given",
                "task": "none" if scores else "multiclass",
                "data": {"source": "table", "path": "results.csv", "table": table},
                "losses": {name: {"reported": True, "label": name} for name in ("cross-entropy", "weighted")},
                "seeds": [1, 2, 3],
                "metrics": {"primary": primary, "secondary": []},
            },
            "study.json",
        )

    return make
