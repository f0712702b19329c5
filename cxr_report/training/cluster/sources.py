"""A study in, the files of the user's own that its runs need out: modules with what they import, pretrained weights."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from cxr_report.study import Study, resolved_path

__all__ = ["own_files"]

OURS = "cxr_report"


def own_files(study: Study, study_file: Path) -> dict[str, bytes]:
    """Gather what must travel with a study, so that it can be put beside a study file elsewhere.

    A module is the user's own if it lies beside the study file or on another path that is not one of installed
    packages. The modules that it imports are followed; of a package all sources are taken. What a module reads or
    imports by other means does not travel.

    Args:
        study: what is asked.
        study_file: beside which modules and weights are looked for.

    Returns:
        Path below the study file's folder, with forward slashes -> content.
    """
    roots = _roots(study_file)
    files: dict[str, bytes] = {}
    waiting = [reference.partition(":")[0].partition(".")[0] for reference in _references(study)]
    seen = {OURS}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for relative, source in _sources(name, roots):
            files[relative] = source.read_bytes()
            waiting += _imported(files[relative])
    if study.model.pretrained is not None:
        weights = resolved_path(study.model.pretrained, study_file)
        files[weights.name] = weights.read_bytes()
    return files


def _references(study: Study) -> list[str]:
    entries = (*study.losses.values(), *study.noise_floor.identical.values())
    named = [study.model.function, *(entry.function for entry in entries)]
    return [reference for reference in named if reference is not None]


def _roots(study_file: Path) -> list[Path]:
    """Return the folder of the study file, then all on the path that belong neither to Python nor to a package."""
    installed = [Path(place).resolve() for place in (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix)]
    own = study_file.resolve().parent
    others = [Path(entry).resolve() for entry in sys.path]
    return [own, *(path for path in others if not any(path.is_relative_to(place) for place in installed))]


def _sources(name: str, roots: list[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the source of a module, or all sources of a package, from the first root that has it."""
    for root in roots:
        package, module = root / name, root / f"{name}.py"
        inside = sorted(package.rglob("*.py")) if package.is_dir() else []
        found = inside or ([module] if module.is_file() else [])
        if found:
            yield from ((file.relative_to(root).as_posix(), file) for file in found)
            return


def _imported(source: bytes) -> list[str]:
    """Return the first parts of all modules that a source imports; those inside its own package are taken anyway."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return [name.partition(".")[0] for name in names]
