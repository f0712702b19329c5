"""manifest.json: what a report was made from and what it consists of, by sha256; written last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cxr_report import __version__
from cxr_report.errors import Refusal
from cxr_report.report import templates
from cxr_report.report.enclosures import LIMIT, Selection
from cxr_report.runs import ReportFolder, StudyFolder, read_json, sha256, write_json

__all__ = ["complete", "inputs", "write"]

FORMAT = 1


def inputs(folder: StudyFolder, files: Iterable[Path], own: Path | None = None) -> dict[str, str]:
    """Hash what a report is made from: files of the study, the templates and the program that sets them.

    Args:
        folder: the study.
        files: those of the study.
        own: its own templates, where it has some.

    Returns:
        Name -> sha256; files are named relative to the study, templates as ``template:<name>``.
    """
    told = {folder.relative(file): sha256(file) for file in (*files, *(sorted(own.iterdir()) if own else ()))}
    shown = {f"template:{file.name}": sha256(file) for file in sorted(templates.find().iterdir()) if file.is_file()}
    return told | shown | {"code:report": _code()}


def _code() -> str:
    """Hash the sources of this package: in a checkout they change while the version does not."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(here.rglob("*.py")):
        digest.update(file.relative_to(here).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def complete(report: ReportFolder, made_from: Mapping[str, str]) -> bool:
    """Say whether a report stands, whole and made from just these inputs."""
    try:
        told: Any = read_json(report.manifest)
    except Refusal:
        return False
    if not isinstance(told, dict) or (told.get("format"), told.get("program")) != (FORMAT, __version__):
        return False
    outputs = told.get("outputs")
    if told.get("inputs") != dict(made_from) or not isinstance(outputs, dict) or not outputs:
        return False
    files = {name: report.path / name for name in outputs}
    return all(file.is_file() and sha256(file) == outputs[name] for name, file in files.items())


def write(report: ReportFolder, made_from: Mapping[str, str], written: Iterable[Path], attached: Selection) -> None:
    """Write the manifest of a report that is otherwise finished.

    Args:
        report: where it lies.
        made_from: what `inputs` returned.
        written: every file of the report.
        attached: what travels inside of the PDF, and what is too large to.
    """
    outputs = {file.relative_to(report.path).as_posix(): sha256(file) for file in written}
    inside = {
        "names": attached.names(),
        "left_out": {kind.title: [attached.folder.relative(file) for file in kind.files] for kind in attached.left_out},
        "limit_bytes": LIMIT,
    }
    content = {
        "format": FORMAT,
        "program": __version__,
        "inputs": dict(made_from),
        "outputs": outputs,
        "attached": inside,
    }
    write_json(report.manifest, content)
