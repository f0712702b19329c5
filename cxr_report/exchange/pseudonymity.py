"""Files to be published in, what they tell of a machine, its user or original files out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cxr_report.errors import Refusal
from cxr_report.exchange.archive import files_of
from cxr_report.exchange.owner import Owner
from cxr_report.exchange.words import Text, texts
from cxr_report.runs import StudyFolder, read_arrays
from cxr_report.study import Study

__all__ = ["Leak", "leaks", "refuse"]

SHOWN = 20
"""Chosen: leaks that are listed; a folder that has more has one cause for most of them."""

TELLING_KEYS = frozenset(
    {
        "address", "argv", "command", "cwd", "gpu_uuid", "home", "host", "hostname", "ip", "login", "mac", "machine",
        "machine_id", "node", "nodename", "pid", "platform_node", "serial", "user", "username", "uuid",
    }
)  # fmt: skip
"""Fields of a run's records that would identify a machine or its user; none of ours writes one."""

_ROOTS = (
    "Users|Volumes|cluster|content|data|etc|export|gpfs|home|kaggle|lustre|media|mnt|net|nfs|opt|private|projects?|root"
    "|run|scratch|srv|tmp|usr|var|work|workspace"
)
_POSIX = re.compile(rf"(?<![\w.~/<-])/(?:{_ROOTS})/[^\s\"'<>,;)\\]+")
_FILE_URL = re.compile(r"file://[^\s\"'<>]+", re.IGNORECASE)
_WINDOWS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]:(?:\\{1,2}|/)(?:\w[\w .-]*)(?:\\{1,2}|/)\w[\w.-]*")
_WHOLE_VALUE = re.compile(r"/[^/\s]\S*|\\\\[\w.-]+\\\S+|~\w*/\S+|[A-Za-z]:[\\/]\S+")
_HARDWARE = re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b|\bGPU-[0-9a-f]{8}-[0-9a-f-]{27}\b", re.IGNORECASE)
_PATTERNS = ((_POSIX, "the absolute path"), (_FILE_URL, "the address"), (_HARDWARE, "the hardware number"))
_IMAGE = re.compile(r"[^\s\"'/\\]+\.(?:png|jpe?g|dcm|dicom|tiff?|bmp|gif)\b", re.IGNORECASE)
_PSEUDONYM = re.compile(r"[0-9a-f]{8,64}|[a-z][a-z-]*-[0-9]+")
"""A hash of the content, or split and number as `cxr-report compare` counts cases."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that must not be published."""

    file: str
    """Relative to the study, with forward slashes."""
    where: str
    """Place in the file; empty where it has none."""
    what: str
    """Such as ``the user name 'jdoe'``."""

    def __str__(self) -> str:
        return f"{self.file}{f' ({self.where})' if self.where else ''}: {self.what}"


def leaks(folder: StudyFolder, study: Study, owner: Owner) -> list[Leak]:
    """Look through every file of a folder for what identifies a machine, a user or an original file.

    Args:
        folder: the copy that is to be published.
        study: says whether names of cases are published by decision, and which names its authors chose to give.
        owner: the machine that it was made on, or this one.
    """
    found: list[Leak] = []
    secrets = _Secrets.of(owner, study)
    clean: set[str] = set()
    for file in files_of(folder.path):
        name = folder.relative(file)
        for text in (Text("its name", name, name, value=True), *texts(file, name)):
            if text.value and text.said in clean:  # the same cases stand in the predictions of every run
                continue
            told = [Leak(name, text.where, what) for what in secrets.told(text)]
            if text.value and not told:
                clean.add(text.said)
            found += told
        found += [Leak(name, where, what) for where, what in _of_its_kind(folder, file, study)]
    return list(dict.fromkeys(found))


def refuse(found: list[Leak]) -> None:
    """Refuse what must not be published.

    Raises:
        Refusal: there is something; every place is named, up to twenty.
    """
    if not found:
        return
    listed = "\n".join(str(leak) for leak in found[:SHOWN])
    more = f"\nand {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    places = "1 place tells" if len(found) == 1 else f"{len(found)} places tell"
    raise Refusal(
        f"nothing is published, for {places} of a machine, its user or original files; take them out and make "
        f"analysis and report again:\n{listed}{more}"
    )


def _given(name: str, study: Study) -> bool:
    """Say whether a study gives a name by decision: an author, its title, its own name, a loss or a class."""
    chosen = (*study.report.authors, study.report.title, study.name, *study.losses, *(study.data.classes or ()))
    return any(_word(name).search(text) for text in chosen)


def _word(name: str) -> re.Pattern[str]:
    """Match a name where no letter and no digit stands beside it: ``jdoe`` in ``xrays_of_jdoe-2``."""
    return re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Secrets:
    """What is looked for in every text."""

    names: tuple[tuple[str, re.Pattern[str]], ...]
    """What it is, and the word that gives it away."""
    folders: tuple[tuple[str, re.Pattern[str]], ...]
    names_published: bool
    """Whether cases may have the names of their files."""

    @staticmethod
    def of(owner: Owner, study: Study) -> _Secrets:
        names = [(f"the {what} {name!r}", _word(name)) for what, name in owner.names if not _given(name, study)]
        folders = [
            (f"the folder {folder!r} of this machine", re.compile(rf"(?<![\w/.+]){re.escape(folder)}(?![\w+-])"))
            for folder in owner.folders
        ]
        return _Secrets(tuple(names), tuple(folders), study.data.publish_names)

    def told(self, text: Text) -> Iterator[str]:
        """Yield what a text gives away."""
        yield from (what for what, word in self.names if word.search(text.said))
        yield from (what for what, folder in self.folders if folder.search(text.raw))
        for pattern, what in _PATTERNS:
            if hit := pattern.search(text.raw):
                yield f"{what} {hit[0][:100]!r}"
        if (hit := _WINDOWS.search(text.said)) and (text.value or "Users" in hit[0]):
            yield f"the absolute path {hit[0][:100]!r}"
        if text.value and _WHOLE_VALUE.fullmatch(text.said):
            yield f"the absolute path {text.said[:100]!r}"
        if text.value and not self.names_published and (hit := _IMAGE.search(text.said)):
            yield f"the file name {hit[0][:100]!r}, while data.publish_names is false"


def _of_its_kind(folder: StudyFolder, file: Path, study: Study) -> Iterator[tuple[str, str]]:
    """Yield what only one kind of file can tell: cases by name, and fields about a machine."""
    if file.suffix == ".npz":
        yield from _cases(file, study)
    if file.suffix == ".json" and len(file.relative_to(folder.path).parts) > 2:
        yield from _fields(json.loads(file.read_text(encoding="utf-8")), "")


def _cases(file: Path, study: Study) -> Iterator[tuple[str, str]]:
    arrays = read_arrays(file, [], optional=["ids", "patients"])
    if "ids" in arrays and not study.data.publish_names:
        named = [str(each) for each in arrays["ids"].tolist() if not _PSEUDONYM.fullmatch(str(each))]
        if named:
            yield "the array ids", f"the name {named[0]!r} of a case, while data.publish_names is false"
    if "patients" in arrays and not np.issubdtype(arrays["patients"].dtype, np.integer):
        yield "the array patients", "names of patients, where numbers are allowed"


def _fields(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            place = f"{where}.{key}" if where else key
            if key.casefold() in TELLING_KEYS and entry not in (None, "", [], {}):
                yield place, f"the field {key!r}, which identifies a machine or its user"
            yield from _fields(entry, place)
    elif isinstance(value, list):
        for entry in value:
            yield from _fields(entry, where)
