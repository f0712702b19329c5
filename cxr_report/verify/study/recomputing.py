"""A study's folder in, what its files come to when everything is computed from them again out."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cxr_report.analysis import analyse
from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, write_text
from cxr_report.verify.study.mending import mend
from cxr_report.verify.study.records import plain
from cxr_report.verify.study.source import UNREAD

__all__ = ["FAULTS", "Fresh", "Memory", "fault", "recompute"]

FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What files raise that were written by nobody's program: entries of other types, lists of other lengths."""


def fault(error: Exception) -> str:
    """Say in a few words what such a file raised."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


HERE = (".json", ".csv", ".npz", ".j2", ".css", ".js")
"""Endings of the files that an analysis may read."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What was computed again."""

    statistics: str
    """Text of statistics.json."""
    scores: str
    """Text of scores.csv."""
    comparisons: str
    """Text of comparisons.csv."""
    key: str = ""
    """Hash of all that it was computed from."""

    def tree(self) -> dict[str, Any]:
        """Return the statistics as plain data."""
        found: dict[str, Any] = json.loads(self.statistics)
        return found


@dataclass(slots=True)
class Memory:
    """What was computed already in this process, by the hash of what it was computed from."""

    kept: dict[str, Any] = field(default_factory=dict)


@contextmanager
def recompute(folder: StudyFolder, name: str, memory: Memory) -> Iterator[tuple[StudyFolder, Fresh]]:
    """Analyse a copy of the inputs anew, and lend the copy with its analysis.

    Nothing of the stored analysis is read, but for the plan of one that followed another plan than the study's: that
    stands nowhere else.

    Args:
        folder: the study.
        name: of the analysis; empty = the planned one.
        memory: what is known already.

    Raises:
        Refusal: the files cannot be analysed; the sentence says why.
    """
    with TemporaryDirectory(prefix="cxr-report-") as scratch:
        copy = StudyFolder(Path(scratch) / "study")
        _copy(folder, copy)
        mend(copy)
        told = _once(folder, copy, name, memory)
        if isinstance(told, Refusal):
            raise told
        for file, text in zip(_files(copy, name), (told.statistics, told.scores, told.comparisons), strict=True):
            if not file.exists():
                write_text(file, text)
        yield copy, told


def _files(folder: StudyFolder, name: str) -> tuple[Path, Path, Path]:
    target = folder.analysis(name)
    return target.statistics, target.scores, target.comparisons


def _once(folder: StudyFolder, copy: StudyFolder, name: str, memory: Memory) -> Fresh | Refusal:
    plan = _plan(folder, copy, name)
    key = _key(copy, name)
    if key not in memory.kept:
        try:
            analyse(copy, partial=name == "partial", name=name if plan else "", plan=plan)
            texts = [file.read_text(encoding="utf-8") for file in _files(copy, name)]
            memory.kept[key] = Fresh(texts[0], texts[1], texts[2], key)
        except Refusal as refusal:
            memory.kept[key] = refusal
        except FAULTS as error:
            memory.kept[key] = Refusal(f"a file holds what no study's file holds ({fault(error)})")
    found: Fresh | Refusal = memory.kept[key]
    return found


def _key(copy: StudyFolder, name: str) -> str:
    digest = hashlib.sha256(name.encode())
    for file in sorted(file for file in copy.path.rglob("*") if file.is_file()):
        digest.update(copy.relative(file).encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _copy(folder: StudyFolder, copy: StudyFolder) -> None:
    """Copy what an analysis may read; arrays are linked where the system allows it, for they are never written."""
    for file in sorted(folder.path.rglob("*")):
        name = file.relative_to(folder.path)
        if _made(name.parts):
            continue
        if not file.is_file() or file.suffix not in HERE or file.suffix in UNREAD:
            continue
        target = copy.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix != ".npz" or not _linked(file, target):
            shutil.copyfile(file, target)


def _made(parts: tuple[str, ...]) -> bool:
    """Say whether a file is of an analysis or a report; a loss may be called like one."""
    head = parts[0].split("-")[0]
    of_a_run = len(parts) > 2 and parts[1].startswith("seed-")
    return parts[0].startswith(".") or (head in ("analysis", "report") and not of_a_run)


def _linked(file: Path, target: Path) -> bool:
    try:
        target.symlink_to(file.resolve())
    except (OSError, NotImplementedError):
        return False
    return True


def _plan(folder: StudyFolder, copy: StudyFolder, name: str) -> Path | None:
    """Write the other plan of a named analysis as TOML, from what its statistics say of it."""
    if name in ("", "partial"):
        return None
    study = plain(folder.analysis(name).statistics).get("study", {})
    sections = {key: study.get(key, {}) for key in ("metrics", "analysis")}
    file = copy.path / "plan.toml"
    write_text(file, "".join(f"{key} = {_toml(value)}\n" for key, value in sections.items()))
    return file


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items() if each is not None)
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=True)
