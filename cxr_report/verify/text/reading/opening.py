"""A path in, its bytes, its kind and its characters out, within limits."""

from __future__ import annotations

import codecs
import re
import sys
from pathlib import Path

from cxr_report.errors import Refusal

__all__ = ["FILE_LIMIT", "TEXT_LIMIT", "decoded", "fetch", "kind_of"]

FILE_LIMIT = 100_000_000
"""Chosen: bytes of a file; papers with figures have some ten million."""

TEXT_LIMIT = 20_000_000
"""Chosen: characters of a text; a paper has a hundred thousand."""

_HTML = re.compile(rb"(?i)<(?:!doctype html|html|head|body|table|p|div)[\s>]")
_TEX = re.compile(rb"\\(?:documentclass|begin\{document\}|begin\{tabular)")
_CHARSET = re.compile(rb"(?i)charset=[\"']?([a-z0-9_-]{2,30})")
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as docx"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"{\\rtf", "an RTF file; save it as docx"),
    (b"%!PS", "a PostScript file; make a PDF of it"),
)
_ALLOWED = "allowed: pdf, html, docx, tex or plain text"


def fetch(file: Path) -> bytes:
    """Read a whole file of at most `FILE_LIMIT` bytes.

    Raises:
        Refusal: it is missing, a folder, or larger.
    """
    if str(file) == "-":
        data = sys.stdin.buffer.read(FILE_LIMIT + 1)
        name = "standard input"
    else:
        name = str(file)
        if not file.exists():
            raise Refusal(f"{name}: there is no such file")
        if file.is_dir():
            raise Refusal(f"{name}: is a folder; name a file, {_ALLOWED}")
        with file.open("rb") as stream:
            data = stream.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise Refusal(f"{name}: is larger than {FILE_LIMIT // 1_000_000} MB, which no paper is; give the text alone")
    if not data.strip():
        raise Refusal(f"{name}: is empty")
    return data


def kind_of(data: bytes, suffix: str, name: str) -> str:
    """Tell the kind of a file by what it holds; the name decides only between HTML, TeX and plain text.

    Raises:
        Refusal: it is none of the kinds.

    Example:
        >>> kind_of(b"%PDF-1.7", "", "x"), kind_of(b"<p>Hello</p>", ".html", "x"), kind_of(b"Hello", ".txt", "x")
        ('pdf', 'html', 'text')
    """
    start = data[:4096]
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "docx"
    for magic, words in _FOREIGN:
        if start.startswith(magic):
            raise Refusal(f"{name}: is {words}; {_ALLOWED}")
    for expected, words in ((".pdf", "a PDF"), (".docx", "a docx file")):
        if suffix == expected:
            raise Refusal(f"{name}: does not begin as {words}; it is damaged or of another kind, {_ALLOWED}")
    if suffix in (".html", ".htm", ".xhtml") or (suffix not in (".txt", ".tex", ".md") and _HTML.search(start)):
        return "html"
    return "tex" if suffix == ".tex" or _TEX.search(start) else "text"


def decoded(data: bytes, name: str, *, markup: bool = False) -> tuple[str, tuple[str, ...]]:
    """Turn bytes into characters, and say which encoding was taken where it is not UTF-8.

    Raises:
        Refusal: it is no text, or too long.

    Example:
        >>> decoded("χ² = 2".encode("utf-16"), "x")
        ('χ² = 2', ('read as utf-16',))
    """
    encoding = _encoding(data, markup=markup)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = data.decode(encoding, errors="replace")
    if text.count("\0") > len(text) // 1000:
        raise Refusal(f"{name}: holds bytes that are no text; {_ALLOWED}")
    if len(text) > TEXT_LIMIT:
        raise Refusal(f"{name}: holds more than {TEXT_LIMIT // 1_000_000} million characters, which no paper does")
    shown = {"cp1252": "Latin-1 (Windows 1252), for it is not UTF-8"}.get(encoding, encoding)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", " "), (
        () if encoding == "utf-8" else (f"read as {shown}",)
    )


def _encoding(data: bytes, *, markup: bool) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    head = data[:2000]
    for odd, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) >= 4 and head[odd::2].count(0) > 0.6 * len(head[odd::2]):
            return encoding
    named = _CHARSET.search(head) if markup else None
    if named:
        try:
            return codecs.lookup(named[1].decode("ascii")).name
        except LookupError:
            return "utf-8"
    return "utf-8"
