"""The small files of a study inside its PDF: a folder in, what is attached and what is too large for it out; and back.

Whoever has the PDF alone can recompute its numbers. What a study always has goes in always; predictions and histories
go in kind by kind, whole or not at all, for half of the predictions verify nothing.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_report.analysis import Analysis
from cxr_report.errors import Refusal
from cxr_report.report.language import phrase
from cxr_report.runs import AnalysisFolder, StudyFolder

__all__ = ["LIMIT", "Attached", "Kind", "Selection", "attach", "attachments", "select"]

LIMIT = 8 * 2**20
"""Chosen: bytes of all attached files together, as they lie in the folder; mail still takes such a PDF."""

DATE = "D:19800101000000Z"
"""The date of every attached file, so that equal files give equal bytes."""

TYPES = {".json": "application/json", ".csv": "text/csv", ".npz": "application/zip"}


@dataclass(frozen=True, slots=True)
class Attached:
    """One attached file."""

    name: str
    """Relative to the study's folder, with forward slashes."""
    description: str
    data: bytes
    relationship: str = "Data"
    """To the document, as PDF calls it: ``Data``, ``Source`` or ``Supplement``."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Files of one kind that are attached together or not at all."""

    title: str
    """Such as ``predictions``."""
    files: tuple[Path, ...]
    size: int
    """Bytes of all its files."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is attached, and what is too large to be."""

    folder: StudyFolder
    kinds: tuple[Kind, ...]
    """Attached."""
    left_out: tuple[Kind, ...]

    @property
    def count(self) -> int:
        """How many files are attached."""
        return sum(len(kind.files) for kind in self.kinds)

    def names(self) -> list[str]:
        """Return the names of the attached files, sorted."""
        return sorted(self.folder.relative(file) for kind in self.kinds for file in kind.files)

    def read(self) -> list[Attached]:
        """Read the attached files."""
        return [_attached(self.folder, kind, file) for kind in self.kinds for file in kind.files]


def select(folder: StudyFolder, analysis: AnalysisFolder, found: Analysis, *, limit: int = LIMIT) -> Selection:
    """Choose what is attached: what the analysis was made from and what it came to, as far as there is room.

    Args:
        folder: the study.
        analysis: the analysis of which the report speaks.
        found: what it came to; its inputs are named in it.
        limit: bytes of all files; those that every study has are attached in any case.
    """
    made_from = [folder.path / name for name in found.inputs if name != "plan"]
    kinds: dict[str, list[Path]] = {title: [] for title in _DESCRIPTIONS}
    kinds["study and data"].append(folder.study_json)
    kinds["statistics"] += [analysis.statistics, analysis.scores, analysis.comparisons]
    kinds["records of the runs"] += _records(folder, found)
    for file in made_from:
        kinds[_kind(file)].append(file)
    room, chosen, left_out, seen = limit, [], [], set[Path]()
    for title, files in kinds.items():
        there = tuple(sorted({file for file in files if file.is_file()} - seen))
        seen |= set(there)
        kind = Kind(title, there, sum(file.stat().st_size for file in there))
        if not there:
            continue
        if title in _ALWAYS or kind.size <= room:
            chosen.append(kind)
            room -= kind.size
        else:
            left_out.append(kind)
    return Selection(folder, tuple(chosen), tuple(left_out))


_DESCRIPTIONS: Mapping[str, str] = {
    phrase("study and data"): "What was asked, the truth of the cases, and what is known of them",
    phrase("statistics"): "What the analysis came to, at full precision",
    phrase("predictions"): "Predictions of one run, case by case",
    phrase("records of the runs"): "What one run tells of itself: versions, devices, hashes",
    phrase("training histories"): "Losses of one run, epoch by epoch",
    phrase("other inputs"): "Another file that the analysis was made from",
}
"""Kind -> what each of its files is; in the order in which they get room."""

_ALWAYS = ("study and data", "statistics")


def _records(folder: StudyFolder, found: Analysis) -> Iterator[Path]:
    """Yield what the runs tell of themselves, without which no stage takes their folders for finished."""
    pairs = [(run.loss, run.seed) for run in found.runs] + list(found.study.floor_runs())
    runs = [folder.run(loss, seed) for loss, seed in pairs] + [folder.control(each.name) for each in found.controls]
    for run in runs:
        yield from (run.run_json, run.export_json, run.evaluation_json, run.diverged)


def _kind(file: Path) -> str:
    if file.suffix == ".npz" and file.name.startswith("predictions"):
        return "predictions"
    if file.name.startswith("history"):
        return "training histories"
    return "study and data" if file.name.startswith(("truth", "data", "scores")) else "other inputs"


def _attached(folder: StudyFolder, kind: Kind, file: Path) -> Attached:
    source = file == folder.study_json
    told = "What was asked, fully resolved, and when it was added to" if source else _DESCRIPTIONS[kind.title]
    return Attached(folder.relative(file), told, file.read_bytes(), "Source" if source else "Data")


def attach(pdf: Any, attached: Iterable[Attached]) -> None:
    """Write files into a PDF that is being made.

    Args:
        pdf: pydyf's, before it is written; changed in place.
        attached: what goes in; names differ.
    """
    import pydyf

    names, listed = pydyf.Array(), pydyf.Array()
    for each in sorted(attached, key=lambda one: one.name):
        held = pydyf.Stream([each.data], _stream_facts(pydyf, each), compress=True)
        pdf.add_object(held)
        inside = pydyf.Dictionary({"F": held.reference, "UF": held.reference})
        told = pydyf.Dictionary(
            {
                "Type": "/Filespec",
                "F": pydyf.String(each.name),
                "UF": pydyf.String(each.name),
                "EF": inside,
                "Desc": pydyf.String(each.description),
                "AFRelationship": f"/{each.relationship}",
            }
        )
        pdf.add_object(told)
        names.extend([pydyf.String(each.name), told.reference])
        listed.append(told.reference)
    if listed:
        tree = pydyf.Dictionary({"Names": names})
        pdf.add_object(tree)
        pdf.catalog.setdefault("Names", pydyf.Dictionary())["EmbeddedFiles"] = tree.reference
        pdf.catalog["AF"] = listed


def _stream_facts(pydyf: Any, each: Attached) -> dict[str, Any]:
    kind = TYPES.get(Path(each.name).suffix, "application/octet-stream")
    check = hashlib.md5(each.data, usedforsecurity=False).hexdigest()  # the only one that PDF knows
    facts = {"CheckSum": f"<{check}>", "Size": len(each.data)}
    dates = {"CreationDate": pydyf.String(DATE), "ModDate": pydyf.String(DATE)}
    return {
        "Type": "/EmbeddedFile",
        "Subtype": f"/{kind.replace('/', '#2f')}",
        "Params": pydyf.Dictionary({**facts, **dates}),
    }


def attachments(pdf: bytes) -> dict[str, bytes]:
    """Read the files that are attached to a PDF.

    Args:
        pdf: the bytes of any PDF.

    Returns:
        Name -> content, sorted by name; names are as they stand in the PDF, so that whoever writes them to a disk
        must hold them against its folder.

    Raises:
        Refusal: it is no PDF, or damaged, or two files have one name.

    Example:
        >>> attachments(b"no such thing")
        Traceback (most recent call last):
        cxr_report.errors.Refusal: the PDF cannot be read (...)
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        found = [(each.name, each.content) for each in PdfReader(io.BytesIO(pdf), strict=False).attachment_list]
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal(f"the PDF cannot be read ({' '.join(str(error).split()) or type(error).__name__})") from None
    twice = sorted({name for name, _ in found if [other for other, _ in found].count(name) > 1})
    if twice:
        raise Refusal(f"the PDF holds two files that are called {twice[0]!r}")
    return dict(sorted(found))
