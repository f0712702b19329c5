"""A file in, the texts in it out: values of JSON, CSV and arrays, readable text of markup, streams of a PDF."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from cxr_report.errors import Refusal

__all__ = ["Text", "texts"]

DATA = (".json", ".csv", ".npz")
MARKUP = (".html", ".svg", ".xml")

LARGEST_STREAM = 256 * 2**20
"""Chosen: bytes of one unpacked stream of a PDF; the largest attached file is far below it."""

_PACKED = re.compile(r"base64,[A-Za-z0-9+/=]+")
"""Fonts and pictures of our own within a page, in which any four letters stand by chance."""

_STREAM = re.compile(rb"stream\r?\n")
_SAID = ("alt", "title", "aria-label", "href", "src", "content", "xlink:href", "id")
_SILENT = ("script", "style")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a file."""

    where: str
    """Place in the file, such as ``versions.system`` or ``column case``; empty for the whole."""
    said: str
    """What is read as a value or a sentence."""
    raw: str
    """The same with everything around it, in which paths are looked for too."""
    value: bool = False
    """Whether it is one value of a data file, which is short and means one thing."""


def texts(file: Path, name: str) -> Iterator[Text]:
    """Yield every text of a file.

    Args:
        file: where it lies.
        name: how a refusal calls it.

    Raises:
        Refusal: the file is damaged, or is an array of Python objects.
    """
    try:
        if file.suffix == ".npz":
            yield from _of_arrays(file)
        elif file.suffix == ".pdf":
            yield from _of_pdf(file.read_bytes())
        elif file.suffix == ".json":
            yield from _of_json(json.loads(file.read_text(encoding="utf-8")), "")
        elif file.suffix == ".csv":
            yield from _of_csv(file.read_text(encoding="utf-8"))
        else:
            yield _of_other(file)
    except (ValueError, csv.Error, zipfile.BadZipFile, OSError, RecursionError, EOFError) as error:
        raise Refusal(f"{name}: cannot be read, so nobody knows what it tells ({error}); make it again") from None


def _of_json(value: Any, where: str) -> Iterator[Text]:
    if isinstance(value, dict):
        for key, entry in value.items():
            place = f"{where}.{key}" if where else key
            yield Text(f"the key {place}", key, key, value=True)
            yield from _of_json(entry, place)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _of_json(entry, f"{where}[{number}]")
    elif isinstance(value, str):
        yield Text(where, value, value, value=True)


def _of_csv(text: str) -> Iterator[Text]:
    seen: set[str] = set()
    for number, row in enumerate(csv.reader(io.StringIO(text), strict=True), start=1):
        for cell in row:
            if cell not in seen:
                seen.add(cell)
                yield Text(f"row {number}", cell, cell, value=True)


def _of_arrays(file: Path) -> Iterator[Text]:
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        if isinstance(archive, np.ndarray):
            raise ValueError("it is a single array")
        for name in archive.files:
            yield Text("the name of an array", name, name, value=True)
            array = archive[name]
            for value in np.unique(array).tolist() if array.dtype.kind in "US" else ():
                said = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                yield Text(f"the array {name}", said, said, value=True)


def _of_pdf(content: bytes) -> Iterator[Text]:
    """Yield the bytes of a PDF and every stream of it that unpacks; letters of its pages are numbers of glyphs."""
    whole = content.decode("latin-1")
    yield Text("", whole, whole)
    for found in _STREAM.finditer(content):
        unpacker = zlib.decompressobj()
        try:
            inside = unpacker.decompress(content[found.end() :], LARGEST_STREAM)
        except zlib.error:  # a stream that is not packed stands in the whole already
            continue
        if unpacker.unconsumed_tail and not unpacker.eof:
            raise ValueError(f"a stream of it unpacks to more than {LARGEST_STREAM} bytes")
        said = inside.decode("latin-1")
        yield Text(f"the stream at byte {found.end()}", said, said)


def _of_other(file: Path) -> Text:
    raw = _PACKED.sub("base64,", file.read_bytes().decode("utf-8", "replace"))
    return Text("", _readable(raw) if file.suffix in MARKUP else raw, raw)


class _Reader(HTMLParser):
    """Gathers what markup says: text, comments, and the attributes that hold words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in _SILENT
        words = [value for key, value in attrs if value and key in _SAID]
        self.said += [value for value in words if not value.startswith("data:")]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in _SILENT and self.silent > 0

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)

    def handle_comment(self, data: str) -> None:
        self.said.append(data)


def _readable(markup: str) -> str:
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return "\n".join(reader.said)
