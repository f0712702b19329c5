"""The import order and the fences of the design."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import cxr_report

PACKAGE = Path(cxr_report.__file__).parent
ORDER = (
    "errors",
    "metrics",
    "stats",
    "conformance",
    "losses",
    "progress",
    "study",
    "runs",
    "holding",
    "ledger",
    "tuning",
    "reuse",
    "gate",
    "data",
    "intake",
    "training",
    "inference",
    "analysis",
    "report",
    "verify",
    "exchange",
    "workplace",
    "learning",
    "stages",
    "console",
    "standing",
    "cli",
)
"""A module imports only what stands before it."""

ALONE = ("errors", "metrics", "stats", "losses", "progress")
"""These import nothing of ours."""

FENCES = {
    "torch": ("training", "inference/exporter.py"),
    "monai": ("training",),
    "ray": ("training/cluster",),
    "onnxruntime": ("inference",),
    "onnx": ("inference",),
    "onnxscript": ("inference",),
    "matplotlib": ("report",),
    "jinja2": ("report",),
    "weasyprint": ("report",),
    "pydyf": ("report",),
    "pypdf": ("report", "verify/study/portable.py"),
    "pydicom": ("data",),
    "pdfminer": ("verify/text/reading/portable.py",),
    "typer": ("cli.py",),
    "rich": ("console.py", "cli.py"),
}

SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE)


def imported(source: Path) -> list[str]:
    """Full names of all modules that a file imports, anywhere in it."""
    names = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.ImportFrom):
            names.append("relative import")
    return names


def room(source: Path) -> str:
    return source.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_stands_above_it(source: Path) -> None:
    own = room(source)
    assert own in ORDER, f"{own} has no place in the order"
    above = () if own in ALONE else ORDER[: ORDER.index(own)]
    allowed = {*above, own, "__version__"}
    names = imported(source)
    assert "relative import" not in names
    taken = {name.split(".")[1] for name in names if name.startswith("cxr_report.")}
    assert taken <= allowed


@pytest.mark.parametrize("package", FENCES)
def test_a_fenced_package_is_imported_in_its_rooms_only(package: str) -> None:
    where = {
        source.relative_to(PACKAGE).as_posix()
        for source in SOURCES
        for name in imported(source)
        if name.split(".")[0] == package
    }
    outside = [file for file in where if not file.startswith(FENCES[package])]
    assert outside == []


def test_importing_the_light_rooms_loads_no_heavy_package() -> None:
    heavy = ("torch", "onnxruntime", "onnx", "matplotlib", "weasyprint", "jinja2", "monai", "sklearn", "pydicom")
    code = (
        "import sys, cxr_report, cxr_report.study, cxr_report.runs, cxr_report.ledger, cxr_report.data, "
        "cxr_report.stages, cxr_report.cli, cxr_report.standing, cxr_report.analysis\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_says_in_its_first_line_what_it_is(source: Path) -> None:
    assert ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))), "no docstring"


def test_no_two_modules_import_each_other() -> None:
    modules = {module_name(source) for source in SOURCES}
    edges = {module_name(source): taken_modules(source, modules) for source in SOURCES}
    assert cycle(edges) == []


def taken_modules(source: Path, modules: set[str]) -> set[str]:
    """The modules that a file imports; `from package import module` takes the module and not the package."""
    names = [name for name in imported(source) if name in modules]
    packages = {name for name in names if any(other.startswith(f"{name}.") for other in names)}
    return set(names) - packages - {module_name(source)}


def module_name(source: Path) -> str:
    parts = source.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """Names of modules that are left when leaves are taken away again and again."""
    left = dict(edges)
    while leaves := [name for name, targets in left.items() if not targets & set(left)]:
        for name in leaves:
            del left[name]
    return sorted(left)


def test_the_cycle_finder_finds_a_planted_cycle() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["a", "b", "c"]
    assert cycle({"a": {"b"}, "b": set()}) == []


def test_the_public_names_exist() -> None:
    for name in ("cxr_report", "cxr_report.stats", "cxr_report.metrics"):
        module = importlib.import_module(name)
        assert [entry for entry in module.__all__ if not hasattr(module, entry)] == []
