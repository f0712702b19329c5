"""What the tests of the report share: made-up analyses, the page and the PDF of one, and a small real study."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from cxr_report.analysis import analyse
from cxr_report.analysis.value import Analysis
from cxr_report.report import document, page, pdf
from cxr_report.report.tables import Table
from cxr_report.runs import StudyFolder


def _package(folder: str) -> None:
    """Make a folder of helpers importable as ``report_<folder>``; the tests are no package of their own."""
    place = Path(__file__).with_name(folder)
    spec = importlib.util.spec_from_file_location(
        f"report_{folder}", place / "__init__.py", submodule_search_locations=[str(place)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


_package("makers")
_package("grammar")
_package("bugs")
_package("checks")
fixed = importlib.import_module("report_makers.fixed")
build: Callable[..., Analysis] = fixed.build
Shape = fixed.Shape
machine_table: Callable[..., Table] = fixed.machine_table


def _examples() -> ModuleType:
    name = "report_examples"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "examples.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Analysis]:
    """Make up an analysis of a given shape."""
    return lambda **options: build(Shape(**options))


@pytest.fixture(scope="session")
def machine() -> Callable[..., Table]:
    """Make up the table of time and machine."""
    return machine_table


@pytest.fixture(scope="session")
def phantom_page() -> str:
    """The page of a made-up analysis of synthetic data."""
    return page.render(document.compose(build(Shape(source="phantom")), machine_table()))


@pytest.fixture(scope="session")
def phantom_pdf(phantom_page: str) -> bytes:
    """That page as PDF."""
    return pdf.render(phantom_page)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A small study that is evaluated and analysed, without a report; copy it before changing it."""
    examples = _examples()
    recipe = examples.Recipe(losses=2, seeds=3, val=40, test=60, epochs=3, title="A title")
    folder: StudyFolder = examples.make_study(tmp_path_factory.mktemp("finished"), recipe)
    analyse(folder)
    return folder
