"""Zip archives: a folder in, the same bytes each time out; and a stranger's archive in, its wanted files out.

What is written holds no date and no order of the disk. What is read may have been made to do harm: every name is looked
at before anything is unpacked, and bytes are counted as they come, since sizes in an archive's index are mere claims.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from cxr_report.errors import Refusal, refuse_irregular, unprintable
from cxr_report.runs import EPOCH, whole

__all__ = ["MOST_BYTES", "MOST_ENTRIES", "files_of", "unpack", "write"]

MOST_ENTRIES = 200_000
"""Chosen: a study of a thousand runs has some ten thousand files."""

MOST_BYTES = 4 * 2**30
"""Chosen: of all that is unpacked together; a published study of a hundred runs on 20,000 cases has a tenth of it."""

CHUNK = 2**20
"""Bytes that are unpacked between two looks at the limit."""

_REGULAR = 0o644 << 16
_UNIX = 3
_ENCRYPTED = 0x1
_DEEPEST = 64


def files_of(folder: Path) -> list[Path]:
    """Return every regular file in a folder and below it, sorted by its name with forward slashes."""
    found = [file for file in folder.rglob("*") if file.is_file()]
    return sorted(found, key=lambda file: file.relative_to(folder).as_posix())


def write(folder: Path, target: Path) -> None:
    """Write a folder as a zip that appears whole, with sorted names, one date and equal rights everywhere.

    Equal files give equal bytes wherever the same zlib compresses.

    Args:
        folder: whose files go in, named relative to it.
        target: the zip.
    """
    with whole(target) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files_of(folder):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _REGULAR
            entry.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink, CHUNK)


def unpack(file: Path, target: Path, wanted: Callable[[str], bool], *, most_bytes: int = MOST_BYTES) -> list[str]:
    """Unpack the wanted files of an archive that may be anyone's.

    Args:
        file: the zip.
        target: an empty folder of the caller's own.
        wanted: says by its name whether a file is unpacked.
        most_bytes: of all unpacked files together.

    Returns:
        Names of all files in the archive, wanted or not.

    Raises:
        Refusal: it is no zip or a damaged one; a name leads out of the folder; an entry is a link; it is too large.
    """
    refuse_irregular(file)
    with _opened(file) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check(entries, file)
        left = most_bytes
        for entry in entries:
            if wanted(entry.filename):
                left -= _unpack_one(archive, entry, target / entry.filename, left)
                if left < 0:
                    raise Refusal(f"{file}: unpacks to more than {most_bytes} bytes; allowed: a published study")
    return [entry.filename for entry in entries]


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError:
        raise Refusal(f"{file}: is missing") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        reason = str(error) or "it ends too early"
        raise Refusal(f"{file}: is damaged or no zip ({reason}); allowed: a whole zip of a published study") from None


def _check(entries: list[zipfile.ZipInfo], file: Path) -> None:
    if len(entries) > MOST_ENTRIES:
        raise Refusal(f"{file}: holds {len(entries)} files; allowed are {MOST_ENTRIES}")
    seen: set[str] = set()
    for entry in entries:
        if fault := _fault(entry, seen):
            raise Refusal(f"{file}: the entry {entry.filename[:200]!r} {fault}; nothing was unpacked")
        seen.add(entry.filename)


def _fault(entry: zipfile.ZipInfo, seen: set[str]) -> str:
    name, mode = entry.filename, entry.external_attr >> 16
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or ":" in parts[0] or ".." in parts:
        return "leads out of the folder that it is unpacked into"
    if "" in parts or "." in parts or len(parts) > _DEEPEST or unprintable(name) or PurePosixPath(name).is_absolute():
        return "is no name of a file in a study"
    if name in seen:
        return "stands there twice"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is a link or a device and no file"
    return "is encrypted" if entry.flag_bits & _ENCRYPTED else ""


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, limit: int) -> int:
    """Unpack one file and return its bytes; stop where they are more than the limit."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as source, target.open("wb") as sink:
        while written <= limit and (chunk := source.read(CHUNK)):
            sink.write(chunk)
            written += len(chunk)
    return written
