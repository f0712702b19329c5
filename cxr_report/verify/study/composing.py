"""Recomputed statistics in, the report that they make out: page, tables, figures, as texts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cxr_report import analysis as statistics
from cxr_report.errors import Refusal
from cxr_report.report.enclosures import Selection
from cxr_report.runs import StudyFolder
from cxr_report.verify.study.recomputing import FAULTS, Memory, fault

__all__ = ["Composed", "compose", "made_here"]


@dataclass(frozen=True, slots=True)
class Composed:
    """A report as it should be, set by this program."""

    page: str
    files: Mapping[str, str]
    """Figures, tables and references: name relative to the report -> text."""
    inputs: Mapping[str, str]
    """What manifest.json records of the program and its templates: name -> sha256."""
    attached: Mapping[str, object]
    """What manifest.json records of the files inside of the PDF."""
    used: tuple[str, ...]
    """Files of the study that the report was made from, relative to it."""
    without_pixels: bool
    """Whether the report may show test cases whose pixels are not here."""


def made_here(program: object) -> bool:
    """Say whether a report was made by this version of the program, so that it can be set again as it was."""
    from cxr_report import __version__

    return program == __version__


def compose(copy: StudyFolder, name: str, memory: Memory) -> Composed:
    """Set the report of a copy that was analysed anew.

    Args:
        copy: with the fresh analysis in it.
        name: of the analysis.
        memory: what was set already.

    Raises:
        Refusal: the study's own templates are missing or cannot be used, or a record of a run is none.
    """
    key = _key(copy, name)
    if key not in memory.kept:
        try:
            memory.kept[key] = _compose(copy, name)
        except FAULTS as error:
            raise Refusal(f"the report cannot be set anew from these files ({fault(error)})") from error
    found: Composed = memory.kept[key]
    return found


def _key(copy: StudyFolder, name: str) -> str:
    """Hash what a page may depend on: contents of texts and pixels, sizes of other arrays."""
    digest = hashlib.sha256(f"page {name}".encode())
    for file in sorted(file for file in copy.path.rglob("*") if file.is_file()):
        unread = file.name.startswith(("predictions", "truth"))
        content = str(file.stat().st_size).encode() if unread else file.read_bytes()
        digest.update(copy.relative(file).encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _compose(copy: StudyFolder, name: str) -> Composed:
    from cxr_report.report import document, files, machine, manifest, page, showcase, templates
    from cxr_report.report.enclosures import LIMIT, select

    analysis, report = copy.analysis(name), copy.report(name)
    found = statistics.load(analysis)
    own, attached = templates.own(found.study, copy), select(copy, analysis, found)
    composed = document.compose(found, machine.table(copy, found), showcase.load(copy, found))
    used = [copy.relative(file) for file in (*machine.files(copy, found), *showcase.files(copy, found))]
    shown = found.study.report.shows_cases(found.study.data.source) and bool(found.label_changes)
    return Composed(
        page=page.render(composed, own, attached),
        files={file.relative_to(report.path).as_posix(): text for file, text in files.beside(composed, report)},
        inputs=manifest.inputs(copy, (), own),
        attached=_attached(attached, LIMIT),
        used=(*used, *attached.names()),
        without_pixels=shown and not copy.gallery.is_file(),
    )


def _attached(attached: Selection, limit: int) -> dict[str, object]:
    left = {kind.title: [attached.folder.relative(file) for file in kind.files] for kind in attached.left_out}
    return {"names": attached.names(), "left_out": left, "limit_bytes": limit}
