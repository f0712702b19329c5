"""A study's folder in, one zip that anybody may have out: pseudonymous, licensed, citable, and verified before.

Everything is done on a copy in a temporary folder, so that what was checked is what is written, byte by byte; the zip
appears whole at the very end or not at all.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cxr_report
from cxr_report import ledger
from cxr_report.errors import Refusal, refuse_irregular
from cxr_report.exchange import archive, citation, licence, notice, owner, proof, pseudonymity
from cxr_report.exchange.citation import Work
from cxr_report.exchange.selection import Selection, select
from cxr_report.progress import Progress, Silent
from cxr_report.runs import ReportFolder, StudyFolder, write_text
from cxr_report.study import Study

__all__ = ["Published", "Wish", "publish"]

OWN = ("LICENSE", "CITATION.cff", "README.md", "SHA256SUMS")
"""Files beside the study in the zip, whose names no study may have."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the study itself does not say."""

    licence: str = ""
    """SPDX identifier; must be given."""
    out: Path | None = None
    """The zip; None: named after the study, in the working directory."""
    authors: tuple[str, ...] = ()
    """Empty: those of the report."""
    version: str = ""
    released: str = ""
    """ISO 8601 day; without one equal studies give equal bytes on any day."""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What was written."""

    file: Path
    size: int
    """Bytes of the zip."""
    files: int
    """Files of the study in it."""
    weights: int
    """Files that stay at home because they hold weights."""
    strangers: tuple[str, ...]
    """Files that stay at home because no stage has written them, or because of pixels that the study does not show."""
    rounded: int
    """Numbers that came out again but for rounding."""


def publish(folder: StudyFolder, wish: Wish, *, progress: Progress | None = None) -> Published:
    """Write what a paper publishes of a study.

    Args:
        folder: the study, with or without weights.
        wish: licence, authors, target.
        progress: who is told.

    Returns:
        What was written.

    Raises:
        Refusal: there is no licence or no author; the study is incomplete or not reported; the chain is broken or a
            number does not come out again; something tells of a machine, a user or an original file. Nothing is
            written then.
    """
    chosen, released = licence.check(wish.licence), citation.check_date(wish.released)
    frozen = ledger.read(folder)
    study = frozen.study
    target = wish.out or Path(f"{study.name}.zip")
    _refuse_target(target, folder, study)
    proof.check_source(folder, partial=wish.partial)
    kinds, reports = _kinds(folder, partial=wish.partial), _reports(folder, partial=wish.partial)
    work = Work(
        title=study.report.title or study.name,
        authors=wish.authors or study.report.authors,
        licence=chosen,
        plan_sha256=frozen.plan_sha256,
        version=wish.version,
        released=released,
    )
    cited, selection = citation.text(work), select(folder, study, partial=wish.partial)
    with tempfile.TemporaryDirectory(prefix="cxr-report-") as temporary, _of(folder, study, temporary):
        stage, room = Path(temporary) / "stage", Path(temporary) / "again"
        copy = _copy(folder, selection, stage / study.name)
        told = progress or Silent()
        rounded = _prove(copy, kinds, reports, room, told)
        pseudonymity.refuse(pseudonymity.leaks(copy, study, owner.here(folder.path)))
        write_text(stage / "LICENSE", licence.text(chosen, work.title, work.authors))
        write_text(stage / "CITATION.cff", cited)
        write_text(
            stage / "README.md", notice.readme(copy.path, work, program=cxr_report.__version__, partial=wish.partial)
        )
        write_text(stage / "SHA256SUMS", notice.sums(stage))
        archive.write(stage, target)
    size = target.stat().st_size
    return Published(target, size, len(selection.files), selection.weights, selection.strangers, rounded)


@contextmanager
def _of(folder: StudyFolder, study: Study, temporary: str) -> Iterator[None]:
    """Let a refusal speak of the study's own folder where it would speak of a copy."""
    try:
        yield
    except Refusal as refusal:
        told = str(refusal)
        for copy in ("stage", "again"):
            told = told.replace(str(Path(temporary) / copy / study.name), str(folder.path))
        raise Refusal(told) from None


def _refuse_target(target: Path, folder: StudyFolder, study: Study) -> None:
    refuse_irregular(target)
    if target.suffix != ".zip":
        raise Refusal(f"--out {target}: must end in .zip")
    if target.resolve().is_relative_to(folder.path.resolve()):
        raise Refusal(f"--out {target}: lies in the study itself; name a file beside it")
    if study.name in OWN:
        raise Refusal(f"{folder.study_json}: the study is called {study.name}, as a file beside it in the zip is")


def _kinds(folder: StudyFolder, *, partial: bool) -> tuple[str, ...]:
    """Return the analyses that are published; the planned one must be there.

    Raises:
        Refusal: it is not.
    """
    if partial:
        _refuse_missing(folder.analysis("partial").statistics, folder, "analyse --partial")
        return ("partial",)
    _refuse_missing(folder.analysis().statistics, folder, "analyse")
    others = [entry.name.partition("-")[2] for entry in sorted(folder.path.glob("analysis-*")) if entry.is_dir()]
    return ("", *(name for name in others if name != "partial" and folder.analysis(name).statistics.exists()))


def _reports(folder: StudyFolder, *, partial: bool) -> tuple[str, ...]:
    if partial:
        _refuse_missing(folder.report("partial").manifest, folder, "report --partial")
        return ("partial",)
    _refuse_missing(folder.report().manifest, folder, "report")
    others = [entry.name.partition("-")[2] for entry in sorted(folder.path.glob("report-*")) if entry.is_dir()]
    return ("", *(name for name in others if name != "partial"))


def _refuse_missing(file: Path, folder: StudyFolder, command: str) -> None:
    if not file.is_file():
        raise Refusal(f"{folder.path}: {folder.relative(file)} is missing; run `cxr-report {command}` first")


def _copy(folder: StudyFolder, selection: Selection, target: Path) -> StudyFolder:
    for file in selection.files:
        goal = target / file.relative_to(folder.path)
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, goal)
    return StudyFolder(target)


def _prove(copy: StudyFolder, kinds: tuple[str, ...], reports: tuple[str, ...], room: Path, progress: Progress) -> int:
    """Hold every report against its manifest, and compute every analysis again; see `proof`."""
    for name in reports:
        report: ReportFolder = copy.report(name)
        proof.check_report(copy, report)
    return proof.recompute(copy, kinds, room, progress=progress)
