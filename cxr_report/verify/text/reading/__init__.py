"""A file in, its passages and tables out; nothing is fetched, no entity is expanded, no limit is exceeded.

Limits: a file of `opening.FILE_LIMIT` bytes, of which `opening.TEXT_LIMIT` characters of text; a PDF of
`portable.PAGE_LIMIT` pages; a table of `layout.CELL_LIMIT` cells.
"""

from __future__ import annotations

from pathlib import Path

from cxr_report.errors import Refusal
from cxr_report.verify.text.document import Document, Passage
from cxr_report.verify.text.reading.latex import read_latex
from cxr_report.verify.text.reading.markup import read_markup
from cxr_report.verify.text.reading.opening import decoded, fetch, kind_of
from cxr_report.verify.text.reading.plain import read_plain
from cxr_report.verify.text.reading.portable import read_portable
from cxr_report.verify.text.reading.word import read_word

__all__ = ["read_bytes", "read_document"]


def read_document(file: Path) -> Document:
    """Read a PDF, HTML, docx, TeX or text file; ``-`` is the standard input.

    Raises:
        Refusal: the file is missing, too large, encrypted, damaged, of another kind, or without text.
    """
    name = "standard input" if str(file) == "-" else str(file)
    return read_bytes(fetch(file), name, file.suffix)


def read_bytes(data: bytes, name: str, suffix: str = "") -> Document:
    """Read what a file holds.

    Example:
        >>> read_bytes(b"t(28) = 2.20, p = .036", "x.txt").kind
        'text'
    """
    kind = kind_of(data, suffix.lower(), name)
    if kind == "pdf":
        document = read_portable(data, name)
    elif kind == "docx":
        document = read_word(data, name)
    else:
        text, told = decoded(data, name, markup=kind == "html")
        reader = {"html": read_markup, "tex": read_latex}.get(kind, read_plain)
        document = Document(name, kind, reader(text), told)
    if not any(
        (isinstance(part, Passage) and part.text.strip()) or not isinstance(part, Passage) for part in document.parts
    ):
        raise Refusal(f"{name}: holds no text; a file with text is needed (pages that were scanned need OCR first)")
    return document
