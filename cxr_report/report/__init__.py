"""A study's analysis in; figures, tables, an HTML page and a PDF out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cxr_report import analysis as statistics
from cxr_report.analysis import Analysis
from cxr_report.errors import Refusal
from cxr_report.progress import Progress
from cxr_report.report.enclosures import Selection, attachments, select
from cxr_report.report.hangul import require as check_font
from cxr_report.report.pango import check_pango
from cxr_report.runs import AnalysisFolder, ReportFolder, StudyFolder, sha256, write_bytes, write_text

__all__ = ["attachments", "check_font", "check_pango", "report"]

STEP = "report"
"""How the stage calls itself in the progress."""


def report(folder: StudyFolder, analysis: AnalysisFolder, report: ReportFolder, *, progress: Progress) -> Path:
    """Write a report, unless it stands already and is made from just these files.

    Everything comes from the analysis alone, but for one marked block, time and machine, which is fed from the runs'
    own records. Equal inputs give equal bytes.

    Args:
        folder: the study.
        analysis: its analysis.
        report: where the report lies or shall lie.
        progress: who is told.

    Returns:
        report.pdf.

    Raises:
        Refusal: there is no analysis, a file is another one than the analysis was made from, or Pango is missing.
    """
    from cxr_report.report import machine, manifest, showcase, templates

    check_pango()
    found = statistics.load(analysis)
    check_font(found.study.report.language)
    _check_chain(folder, analysis, found)
    attached = select(folder, analysis, found)
    inside = [folder.path / name for name in attached.names()]
    files = (*machine.files(folder, found), *inside, *showcase.files(folder, found))
    made_from = manifest.inputs(folder, files, templates.own(found.study, folder))
    if manifest.complete(report, made_from):
        progress.say(f"{report.pdf}: stands, and is made from just these files")
        return report.pdf
    progress.start(STEP, 4)
    written = list(_write(attached, found, report, progress))
    _remove_strays(report, written)
    manifest.write(report, made_from, written, attached)
    progress.finish(STEP)
    return report.pdf


def _check_chain(folder: StudyFolder, analysis: AnalysisFolder, found: Analysis) -> None:
    """Hold the files that the analysis was made from, and those made with it, against the hashes that it records."""
    recorded = {folder.path / name: digest for name, digest in found.inputs.items() if name != "plan"}
    recorded |= {analysis.path / name: digest for name, digest in found.outputs.items()}
    for file, digest in recorded.items():
        if file.is_file() and sha256(file) != digest:
            raise Refusal(
                f"{folder.relative(file)} does not match the hash that {folder.relative(analysis.statistics)} records "
                "of it; run `cxr-report analyse` again"
            )


def _write(attached: Selection, found: Analysis, report: ReportFolder, progress: Progress) -> Iterator[Path]:
    from cxr_report.report import document, files, machine, page, pdf, showcase, templates

    folder = attached.folder
    composed = document.compose(found, machine.table(folder, found), showcase.load(folder, found))
    progress.advance(STEP)
    for file, text in files.beside(composed, report):
        write_text(file, text)
        yield file
    progress.advance(STEP)
    html = page.render(composed, templates.own(found.study, folder), attached)
    write_text(report.html, html)
    yield report.html
    progress.advance(STEP)
    write_bytes(report.pdf, pdf.render(html, attached.read()))
    yield report.pdf
    progress.advance(STEP)


def _remove_strays(report: ReportFolder, written: list[Path]) -> None:
    """Take away figures and tables of an earlier report that this one has no longer."""
    for place in (report.figure("any").parent, report.table("any", "csv").parent):
        for file in place.iterdir() if place.is_dir() else ():
            if file not in written:
                file.unlink()
