"""A PDF in, its paragraphs page by page and the tables among them out."""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections.abc import Iterable, Iterator
from statistics import median

from pdfminer.high_level import extract_pages
from pdfminer.layout import LAParams, LTChar, LTPage, LTTextBox, LTTextLine
from pdfminer.pdfdocument import PDFPasswordIncorrect

from cxr_report.errors import Refusal
from cxr_report.verify.text.document import Document, Grid, Passage
from cxr_report.verify.text.reading.alignment import Piece, tables
from cxr_report.verify.text.reading.layout import passages
from cxr_report.verify.text.reading.opening import TEXT_LIMIT

__all__ = ["PAGE_LIMIT", "read_portable"]

PAGE_LIMIT = 2_000
"""Chosen: pages that are read; theses have fewer."""

STREAM_LIMIT = 100_000_000
"""Chosen: bytes that one stream of text, fonts or objects unpacks to; pictures are not unpacked at all."""

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
PIECE = 1_000_000
"""Chosen: bytes that are unpacked at one time while their number is counted."""

GAP = 0.6
"""Chosen: a gap of so many sizes of a letter parts two cells; blanks within a line are narrower, or are letters."""

PARAGRAPH_LINES, PARAGRAPH_LENGTH, PARAGRAPH_WIDTH = 3, 35, 0.3
"""Chosen: a box of so many lines, most of so many letters and such a part of the page's width, is no table's."""


def read_portable(data: bytes, name: str) -> Document:
    """Read a PDF, page by page; pdfminer.six finds lines and columns, and nothing outside of the file is opened.

    Raises:
        Refusal: it is encrypted, damaged, or holds no text (a scan).
    """
    _refuse_swelling(data, name)
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # it tells of every odd font
    parts: list[Passage | Grid] = []
    empty: list[int] = []
    length = pages = found = 0
    last: Grid | None = None
    for number, page in enumerate(_pages(data, name), start=1):
        fresh = _parts(page, number, last, found)
        grids = [part for part in fresh if isinstance(part, Grid)]
        found += len(grids)
        last = max(grids, key=lambda each: each.line, default=last)
        parts += fresh
        length += sum(len(part.text) for part in fresh if isinstance(part, Passage))
        pages = number
        if not fresh:
            empty.append(number)
        if length > TEXT_LIMIT:
            raise Refusal(f"{name}: holds more than {TEXT_LIMIT // 1_000_000} million characters, which no paper does")
    if not parts:
        raise Refusal(f"{name}: none of its {pages} pages holds text (a scan needs OCR first)")
    notes = [f"no text on pages {', '.join(map(str, empty[:20]))}"] if empty else []
    notes += [f"read up to page {PAGE_LIMIT}"] if pages == PAGE_LIMIT else []
    return Document(name, "pdf", tuple(parts), tuple(notes))


def _refuse_swelling(data: bytes, name: str) -> None:
    """Refuse a stream that unpacks to more than `STREAM_LIMIT`, before the library unpacks it into memory."""
    done = 0
    for match in _STREAM.finditer(data):
        lead = data[max(0, match.start() - 400) : match.start()]
        if match.start() < done or b"/Image" in lead.rpartition(b"obj")[2]:
            continue
        size, done = _unpacked(data, match.end())
        if size > STREAM_LIMIT:
            raise Refusal(f"{name}: a stream unpacks to more than {STREAM_LIMIT // 1_000_000} MB, which no paper does")


def _unpacked(data: bytes, place: int) -> tuple[int, int]:
    """Count the bytes of a stream without keeping them, up to the limit, and say where it ends."""
    worker, size = zlib.decompressobj(), 0
    piece = b""
    try:
        while not worker.eof and size <= STREAM_LIMIT and (piece or place < len(data)):
            if not piece:
                piece, place = data[place : place + PIECE // 10], place + PIECE // 10
            size += len(worker.decompress(piece, PIECE))
            piece = worker.unconsumed_tail
    except zlib.error:
        return size, 0
    return size, place - len(worker.unused_data) - len(piece)


def _pages(data: bytes, name: str) -> Iterator[LTPage]:
    """Give the pages; whatever a damaged file makes the library raise is one sentence."""
    try:
        yield from extract_pages(io.BytesIO(data), maxpages=PAGE_LIMIT, laparams=LAParams())
    except PDFPasswordIncorrect:
        raise Refusal(f"{name}: is encrypted; save it without a password") from None
    except Refusal:
        raise
    except MemoryError:
        raise
    except Exception as error:
        words = str(error) or type(error).__name__
        raise Refusal(f"{name}: cannot be read as a PDF ({words[:120]}); it is damaged or cut off") from None


def _parts(page: LTPage, number: int, last: Grid | None, before: int) -> list[Passage | Grid]:
    """Part a page into tables and paragraphs; lines are counted from the top."""
    boxes = [[line for line in box if isinstance(line, LTTextLine)] for box in page if isinstance(box, LTTextBox)]
    order = {id(line): place for place, line in enumerate(sorted(_flat(boxes), key=lambda line: -line.y1), start=1)}
    loose = [line for box in boxes if not _is_paragraph(box, page.width) for line in box]
    pieces = [piece for line in loose for piece in _pieces(line, order[id(line)])]
    grids, inside = tables(pieces, page=number, before=before, last=last)
    prose: list[tuple[int, str]] = []
    for box in boxes:
        lines = [(order[id(line)], line.get_text().strip("\n")) for line in box if order[id(line)] not in inside]
        if prose and lines and not _goes_on(prose[-1][1], lines[0][1]):
            prose.append((0, ""))
        prose += lines
    return _merged(passages(prose, page=number), grids)


def _merged(prose: list[Passage], grids: list[Grid]) -> list[Passage | Grid]:
    """Put each table before the first paragraph that begins below it."""
    parts: list[Passage | Grid] = []
    left = sorted(grids, key=lambda each: each.line)
    for passage in prose:
        while left and left[0].line < passage.lines[0]:
            parts.append(left.pop(0))
        parts.append(passage)
    return [*parts, *left]


def _is_paragraph(box: list[LTTextLine], width: float) -> bool:
    """Say whether the middle one of the lines of a box, which has enough of them, is long."""
    if len(box) < PARAGRAPH_LINES:
        return False
    letters = median(len(line.get_text()) for line in box)
    return letters >= PARAGRAPH_LENGTH and median(line.x1 - line.x0 for line in box) >= PARAGRAPH_WIDTH * width


def _flat(boxes: Iterable[list[LTTextLine]]) -> list[LTTextLine]:
    return [line for box in boxes for line in box]


def _goes_on(before: str, after: str) -> bool:
    """Say whether a paragraph goes on in the next box, at the head of a column."""
    last, first = before.rstrip()[-1:], after.lstrip()[:1]
    return bool(first) and last not in ".!?:" and (first.islower() or first.isdigit() or first in "(=<.,;)")


def _pieces(line: LTTextLine, order: int) -> list[Piece]:
    """Part a line where a gap is wider than blanks are; a blank that is a letter of its own parts nothing."""
    found: list[Piece] = []
    text, left, right = "", 0.0, 0.0
    for character in line:
        if not isinstance(character, LTChar):
            text += " " if text else ""
            continue
        if text.strip() and character.x0 - right > GAP * max(character.size, 1.0):
            found.append(Piece(" ".join(text.split()), left, right, line.y0, line.y1, order))
            text = ""
        if not text.strip():
            left = character.x0
        text += character.get_text()
        right = character.x1
    if text.strip():
        found.append(Piece(" ".join(text.split()), left, right, line.y0, line.y1, order))
    return found
