"""A path in, the way back from its report to truth and predictions walked step by step, what was found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from cxr_report import __version__
from cxr_report.errors import Refusal
from cxr_report.progress import Progress, Silent
from cxr_report.runs import StudyFolder
from cxr_report.verify.study import contents, links, pages, plans, portable, second, twins, values
from cxr_report.verify.study.composing import Composed, compose
from cxr_report.verify.study.difference import Difference, Step, Verified
from cxr_report.verify.study.recomputing import Fresh, Memory, recompute
from cxr_report.verify.study.source import Source, opened, read_text

__all__ = ["OUT_OF_REACH", "verify"]

OUT_OF_REACH = (
    "Whether the predictions are those of the networks: they were taken as they lie there, and somebody who rewrites "
    "truth or predictions and then runs analysis and report again leaves nothing to be found without the networks and "
    "the images.",
    "Whether runs were trained that are not here: nothing but the ledger tells how many were begun.",
    "Dates, devices, speeds and versions: they were compared with each other and with the copies inside of the PDF, "
    "and nothing proves them.",
    "What the bars, lines and colours of figures look like inside of the PDF: its text was compared, and the figures "
    "as files.",
)
"""What no check of a published folder can find, said in every record."""

STEP = "verify"


def verify(
    path: Path, *, progress: Progress | None = None, memory: Memory | None = None, thorough: bool = True
) -> Verified:
    """Verify a study's folder, a report's PDF or a report's page; neither torch nor onnxruntime is needed.

    Args:
        path: the folder, the PDF or the page.
        progress: who is told.
        memory: what was computed already, where several copies of one study are verified; None = nothing.
        thorough: walk every step; otherwise stop after the first one that finds a difference.

    Returns:
        Every step with what it checked and what differs.

    Raises:
        Refusal: the input is none of the three, or cannot be read.
    """
    told, kept = progress or Silent(), memory if memory is not None else Memory()
    found: list[Step] = []
    with opened(path) as source:
        for step in _walk(source, kept):
            found.append(step)
            told.say(f"{step.name}: {step.checked} {step.unit}, {len(step.differences)} differences")
            if step.differences and not thorough:
                break
    return Verified(source.name, source.kind, __version__, tuple(found), OUT_OF_REACH)


def _walk(source: Source, memory: Memory) -> Iterator[Step]:
    if source.kind == "page" and source.file is not None:
        page = read_text(source.file)
        if "data-value=" not in page or "<main" not in page:
            raise Refusal(f"{source.name}: is a page, but no report of this program: none of its numbers has a mark")
        yield pages.alone(source.file.name, page)
        return
    yield links.step(source)
    yield plans.step(source)
    if not source.names():
        yield _nothing(source)
    for name in source.names():
        suffix = f" ({name})" if name else ""
        for step in _analysis(source, name, memory):
            yield replace(step, name=step.name + suffix)


def _nothing(source: Source) -> Step:
    place = source.folder.relative(source.folder.analysis().statistics)
    missing = Difference(place, "", "no file", "a file", "the study is not analysed, so that nothing can be compared")
    return Step(values.NAME, 0, "values", (missing,))


def _analysis(source: Source, name: str, memory: Memory) -> Iterator[Step]:
    """Walk the steps of one analysis and its report."""
    folder = source.folder
    if (inside := _inside(source, name, memory)) is not None:
        yield inside
    try:
        with recompute(folder, name, memory) as (copy, fresh):
            yield values.step(folder, name, fresh)
            yield _second(copy, fresh, memory)
            yield from _report(source, name, fresh, lambda: compose(copy, name, memory), memory)
    except Refusal as refusal:
        place = folder.relative(folder.analysis(name).statistics)
        words = " ".join(str(refusal).split()).replace(str(folder.path), "")
        cannot = Difference(place, "", "an analysis", "none", f"truth and predictions cannot be analysed: {words}")
        yield Step(values.NAME, 0, "values", (cannot,))


def _second(copy: StudyFolder, fresh: Fresh, memory: Memory) -> Step:
    key = f"second {fresh.key}"
    if key not in memory.kept:
        memory.kept[key] = second.step(copy, fresh.tree(), fresh.scores)
    found: Step = memory.kept[key]
    return found


def _inside(source: Source, name: str, memory: Memory) -> Step | None:
    file = source.folder.report(name).pdf
    if source.kind != "folder" or not file.is_file():
        return None
    try:
        return portable.inside(source.folder, name, file.read_bytes(), memory)
    except Refusal as refusal:
        return _unread(source.folder, file, refusal)


def _unread(folder: StudyFolder, file: Path, refusal: Refusal) -> Step:
    damaged = Difference(folder.relative(file), "", "a damaged file", "a PDF", str(refusal))
    return Step(portable.NAME, 0, "numbers", (damaged,))


def _report(
    source: Source, name: str, fresh: Fresh, composing: Callable[[], Composed], memory: Memory
) -> Iterator[Step]:
    folder, report = source.folder, source.folder.report(name)
    if source.kind == "folder" and not report.manifest.is_file():
        place = folder.relative(report.manifest)
        lacking = (
            ()
            if not report.path.is_dir()
            else (Difference(place, "", "no file", "a file", "nothing says of what the report was made"),)
        )
        yield Step(contents.NAME, 0, "entries", lacking, (), ("there is no finished report of this analysis",))
        if not report.html.is_file():
            return
    try:
        composed = composing()
    except Refusal as refusal:
        place = folder.relative(report.html)
        words = " ".join(str(refusal).split()).replace(str(folder.path), "")
        cannot = Difference(place, "", "a report", "none", f"it cannot be set anew from these files: {words}")
        yield Step(pages.NAME, 0, "numbers", (cannot,))
        return
    if source.kind == "folder":
        yield from _files(folder, name, fresh, composed)
    pdf = source.file if source.kind == "pdf" else report.pdf
    yield from _pdf(source, name, pdf, composed, memory)


def _files(folder: StudyFolder, name: str, fresh: Fresh, composed: Composed) -> Iterator[Step]:
    report, here = folder.report(name), contents.same_build(folder, name, composed)
    if report.manifest.is_file():
        yield contents.step(folder, name, composed)
    if report.html.is_file():
        expected = composed.page if here else None
        yield pages.step(folder.relative(report.html), read_text(report.html), fresh.tree(), expected)
    if here:
        yield twins.step(report, report.path.name, composed.files)


def _pdf(source: Source, name: str, pdf: Path | None, composed: Composed, memory: Memory) -> Iterator[Step]:
    if pdf is None or not pdf.is_file():
        return
    folder, report = source.folder, source.folder.report(name)
    file = pdf.name if source.kind == "pdf" else folder.relative(pdf)
    here = contents.same_build(folder, name, composed) and not composed.without_pixels
    known = here or not report.html.is_file()
    page = composed.page if known else read_text(report.html)
    try:
        text, gaps = portable.text_of(pdf.read_bytes(), memory), composed.without_pixels and source.kind == "pdf"
        yield portable.step(file, text, page, gaps=gaps)
    except Refusal as refusal:
        yield Step(portable.NAME, 0, "numbers", (Difference(file, "", "a damaged file", "a PDF", str(refusal)),))
