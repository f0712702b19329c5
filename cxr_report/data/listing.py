"""What a source holds before anything is decoded: one Record per image, and the Origin that its pixels come from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal
from cxr_report.study import Task

__all__ = [
    "SPLIT_NAMES",
    "Kind",
    "Listing",
    "Origin",
    "Picture",
    "Record",
    "Unreadable",
    "age_in_years",
    "in_order",
    "itemised",
    "sex_code",
]

SPLIT_NAMES: Mapping[str, str] = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""How sources call the splits, in lower case."""

Kind = Task | Literal["any classes"]
"""What the labels of a source are: those of a study's task, or one of whatever classes the source has."""

OLDEST = 120.0
"""Years, chosen: collections hold slips such as 411; an older age counts as not known."""

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([YMWD]?)", re.IGNORECASE)
_YEARS_PER = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


class Unreadable(Exception):  # noqa: N818 - it is a finding about one image, collected into a list
    """One image cannot be used; the message says why and names no file."""


@dataclass(frozen=True, slots=True)
class Record:
    """One image as its source lists it."""

    key: str
    """Unique: the path inside the source with forward slashes, or the place in an array."""
    label: int | tuple[float, ...]
    """Index into the classes, or 1 / 0 / NaN per finding."""
    split: str | None = None
    """``train``, ``val``, ``test``, or None where the source does not say."""
    patient: str | None = None
    """As the source calls the patient; never written. None = not said."""
    sex: str = ""
    """M, F, O, or empty = not known."""
    age: float = math.nan
    """Years; NaN = not known."""
    view: str = ""
    """As the source calls the projection; empty = not known."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded image."""

    pixels: NDArray[np.uint8]
    """``(S, S)`` grey, after resizing."""
    sha256: str
    """Of the grey pixels at full resolution and depth, before resizing."""
    width: int
    """Before resizing."""
    height: int
    blank: bool
    """Whether every pixel had the same value."""
    patient: str | None = None
    """From the file's header, a grouping key that is never written; None = not said."""
    sex: str = ""
    age: float = math.nan
    view: str = ""


class Origin(Protocol):
    """Where pixels come from."""

    def quick_key(self) -> str:
        """Return 64 hexadecimal digits that change whenever the pixels may have changed; cheap."""

    def exact_key(self) -> str:
        """Return 64 hexadecimal digits that depend on content alone; may read everything."""

    def read(self, index: int) -> Picture:
        """Decode the image of the record with this index; raises Unreadable. Called from several threads."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A source, read but not decoded."""

    kind: str
    name: str
    """Last component of its path, or "phantom"."""
    classes: tuple[str, ...]
    records: Sequence[Record]
    """Ordered by split where the source gives splits, then by key."""
    origin: Origin
    found: int
    """Files or rows, the excluded ones too."""
    excluded: Mapping[str, int] = field(default_factory=dict)
    """Reason -> how many."""
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """Which of patient, sex, age, view the source itself states."""
    class_words: str = "classes"
    parallel: bool = True
    """Whether several threads read faster than one: files do, small drawings hold Python's lock."""


def in_order(records: Sequence[Record]) -> tuple[Record, ...]:
    """Sort records by split, then by key, so that given splits are contiguous once decoded."""
    rank = {"train": 0, "val": 1, "test": 2, None: 0}
    return tuple(sorted(records, key=lambda record: (rank[record.split], record.key)))


def itemised(sentence: str, items: Sequence[str]) -> Refusal:
    """Build a refusal whose sentence is followed by the full list, one item a line."""
    return Refusal("\n".join([sentence + ":", *(f"  {item}" for item in items)]))


def age_in_years(text: str) -> float:
    """Read an age such as ``62``, ``062Y`` or ``018M``; NaN where it is none or out of human range."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        return math.nan
    years = float(match[1]) * _YEARS_PER[match[2].upper()]
    return years if years <= OLDEST else math.nan


def sex_code(text: str) -> str:
    """Read a sex as M, F, O or empty (not known)."""
    word = text.strip().lower()
    return {"m": "M", "male": "M", "f": "F", "female": "F", "o": "O", "other": "O"}.get(word, "")
