"""A docx file in, its paragraphs, footnotes and tables out; entities are refused, nothing is fetched."""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.parsers import expat

from cxr_report.errors import Refusal
from cxr_report.verify.text.document import Document, Grid, Passage
from cxr_report.verify.text.reading.layout import passages
from cxr_report.verify.text.reading.markup import SPAN_LIMIT, Table
from cxr_report.verify.text.reading.opening import TEXT_LIMIT

__all__ = ["read_word"]

PART_LIMIT = 10 * TEXT_LIMIT
"""Chosen: bytes of an unpacked part; markup is some ten times the text."""

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main "
_M = "http://schemas.openxmlformats.org/officeDocument/2006/math "
_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")


class _Reader:
    """Handlers of the parser; one paragraph or cell at a time."""

    def __init__(self, first: int, tables: int) -> None:
        self.parts: list[Passage | Grid] = []
        self.paragraph, self.tables = first, tables
        self._words: list[str] = []
        self._text = False
        self._open: list[Table] = []
        self._span, self._merged, self._header = 1, False, False
        self._cells: list[str] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        local = name.removeprefix(_W)
        if name in (f"{_W}t", f"{_M}t"):
            self._text = True
        elif local in ("tab", "br", "cr"):
            self._words.append(" ")
        elif local == "noBreakHyphen":
            self._words.append("-")
        elif local == "tbl":
            self._open.append(Table(self.paragraph + 1))
        elif local == "tr" and len(self._open) == 1:
            self._open[0].begin_row()
            self._header = False
        elif local == "tblHeader":
            self._header = True
        elif local == "tc" and len(self._open) == 1:
            self._span, self._cells = 1, []
        elif local == "gridSpan":
            value = attributes.get(f"{_W}val", "1")
            self._span = max(1, min(SPAN_LIMIT, int(value))) if value.isascii() and value.isdigit() else 1

    def end(self, name: str) -> None:
        local = name.removeprefix(_W)
        if name in (f"{_W}t", f"{_M}t"):
            self._text = False
        elif local == "p":
            self._end_paragraph()
        elif local == "tc" and len(self._open) == 1:
            self._open[0].add(" ".join(filter(None, self._cells)), columns=self._span, header=self._header)
        elif local == "tbl" and self._open:
            table = self._open.pop()
            found = table.finish(self.tables + 1, "paragraph") if not self._open else None
            if found:
                self.tables += 1
                self.parts.append(found)

    def characters(self, data: str) -> None:
        if self._text:
            self._words.append(data)

    def _end_paragraph(self) -> None:
        text, self._words = "".join(self._words), []
        self.paragraph += 1
        if self._open:
            self._cells.append(" ".join(text.split()))
        else:
            self.parts += passages([(self.paragraph, text)], unit="paragraph")


def read_word(data: bytes, name: str) -> Document:
    """Read a docx file.

    Raises:
        Refusal: the archive is damaged, encrypted or no docx, or one of its parts is too large or declares entities.
    """
    parts: list[Passage | Grid] = []
    paragraph = tables = 0
    for member in _members(data, name):
        reader = _Reader(paragraph, tables)
        _parse(member, reader, name)
        parts += reader.parts
        paragraph, tables = reader.paragraph, reader.tables
    return Document(name, "docx", tuple(parts))


def _members(data: bytes, name: str) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            known = [part for part in _PARTS if part in archive.namelist()]
            if _PARTS[0] not in known:
                raise Refusal(f"{name}: is a zip archive but no docx file; allowed: pdf, html, docx, tex or plain text")
            return [_unpacked(archive, part, name) for part in known]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise Refusal(f"{name}: the docx archive is damaged or cut off ({error}); fetch it again") from None
    except RuntimeError as error:
        raise Refusal(f"{name}: the docx archive is encrypted ({error}); save it without a password") from None


def _unpacked(archive: zipfile.ZipFile, part: str, name: str) -> bytes:
    with archive.open(part) as stream:
        content = stream.read(PART_LIMIT + 1)
    if len(content) > PART_LIMIT:
        raise Refusal(f"{name}: {part} unpacks to more than {PART_LIMIT // 1_000_000} MB, which no paper does")
    return content


def _parse(content: bytes, reader: _Reader, name: str) -> None:
    """Parse one part; a declaration of a document type, without which there are no entities, is refused."""

    def refuse(*_: object) -> None:
        raise Refusal(f"{name}: declares a document type, which no docx file does; it is not read further")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Refusal(f"{name}: its XML is damaged ({error}); save it again") from None
