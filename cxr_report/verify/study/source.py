"""A path in, what is to be verified out: a study's folder with its analyses and reports, or a page alone."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from cxr_report.errors import Refusal
from cxr_report.report import attachments
from cxr_report.runs import StudyFolder

__all__ = ["LARGEST", "Source", "check_sizes", "opened", "read_text"]

LARGEST = 512 * 2**20
"""Chosen: bytes of one file that are read; a thousand runs' predictions of 5,000 cases lie below it."""

PORTABLE, PAGE = b"%PDF-", ".html"

UNREAD = (".pt", ".safetensors", ".onnx")
"""Files that a publication leaves out, and that nothing here needs."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was asked for, opened."""

    name: str
    """As it was asked for."""
    kind: str
    """folder, pdf or page."""
    folder: StudyFolder
    """Of a PDF: its attachments, unpacked; of a page alone: a folder without a study."""
    report: str
    """The one analysis whose report was named; empty = all that lie there."""
    file: Path | None = None
    """The PDF or page itself, where it was named."""

    def names(self) -> list[str]:
        """Return the names of the analyses that lie in the folder, the planned one first."""
        found = sorted(each.parent.name for each in self.folder.path.glob("analysis*/statistics.json"))
        return [name.removeprefix("analysis").removeprefix("-") for name in found]


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open what is to be verified; a PDF's attachments live as long as the context.

    Args:
        path: a study's folder, a report.pdf or a report.html.

    Raises:
        Refusal: it is none of these, or too large, or damaged.
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.is_file():
        raise Refusal(f"{path}: is not there; allowed: a study's folder, a report.pdf or a report.html")
    elif _begins(path) == PORTABLE or path.suffix.lower() == ".pdf":
        with TemporaryDirectory(prefix="cxr-report-") as scratch:
            yield _portable(path, Path(scratch))
    elif beside := _beside(path):
        yield beside
    elif path.suffix.lower() in (PAGE, ".htm"):
        yield _page(path)
    else:
        raise Refusal(f"{path}: is neither a PDF nor an HTML page; allowed: a study's folder, report.pdf, report.html")


def _folder(path: Path) -> Source:
    folder = StudyFolder(path.resolve())
    if not folder.study_json.is_file():
        raise Refusal(f"{path}: holds no study.json, so it is no study's folder")
    check_sizes(folder.path)
    return Source(str(path), "folder", folder, "")


def _beside(path: Path) -> Source | None:
    """Take the whole folder where the report lies in that of its study, untouched since it was written there."""
    home = path.resolve().parent
    if not home.name.startswith("report") or not (home.parent / "study.json").is_file():
        return None
    if path.suffix.lower() not in (PAGE, ".htm"):
        return None
    check_sizes(home.parent)
    return Source(str(path), "folder", StudyFolder(home.parent), home.name, path)


def _begins(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(len(PORTABLE))


def _portable(path: Path, scratch: Path) -> Source:
    _refuse_large(path)
    try:
        inside = attachments(path.read_bytes())
    except Refusal as refusal:
        raise Refusal(f"{path}: {refusal}") from None
    if "study.json" not in inside:
        raise Refusal(f"{path}: carries no study inside of it; name the study's folder in its place")
    folder = StudyFolder(scratch / "study")
    for name, content in inside.items():
        target = folder.path / _safe(name, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    check_sizes(folder.path)
    return Source(str(path), "pdf", folder, "", path)


def _safe(name: str, path: Path) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name or "\0" in name:
        raise Refusal(f"{path}: carries a file called {name!r}, which leads out of a study's folder")
    return Path(*parts)


def _page(path: Path) -> Source:
    _refuse_large(path)
    return Source(str(path), "page", StudyFolder(path.resolve().parent), "", path)


def read_text(file: Path) -> str:
    """Read a text; bytes that are no UTF-8 become marks, so that they differ from everything."""
    return file.read_bytes().decode("utf-8", errors="replace")


def check_sizes(folder: Path) -> None:
    """Refuse a folder in which a file is too large to be read, or unpacks to more than may be read.

    Raises:
        Refusal: the file is named.
    """
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.suffix in UNREAD:
            continue
        _refuse_large(file)
        if file.suffix == ".npz":
            _refuse_bomb(file)


def _refuse_large(file: Path) -> None:
    if (size := file.stat().st_size) > LARGEST:
        raise Refusal(f"{file}: holds {size // 2**20} MiB, and no more than {LARGEST // 2**20} MiB are read")


def _refuse_bomb(file: Path) -> None:
    """Look at what the archive says it unpacks to; what is no archive is refused when it is read."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return
    if size > LARGEST:
        raise Refusal(f"{file}: unpacks to {size // 2**20} MiB, and no more than {LARGEST // 2**20} MiB are read")
