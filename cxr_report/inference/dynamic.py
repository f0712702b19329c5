"""A shared library of Linux comes in; the names of those that it needs go out, read without loading it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["needed"]

MAGIC = b"\x7fELF\x02\x01"
"""64 bits, little-endian: every machine that onnxruntime's wheels for a GPU are built for."""

LOAD, DYNAMIC = 1, 2
"""Kinds of segments (ELF specification: PT_LOAD, PT_DYNAMIC)."""

END, NEEDED, STRINGS, LENGTH = 0, 1, 5, 10
"""Kinds of entries of the dynamic segment (DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ)."""


def needed(file: Path) -> list[str]:
    """Return the names of the libraries that a shared library needs, in its own order; none for any other file.

    Args:
        file: such as ``libonnxruntime_providers_cuda.so``.
    """
    with file.open("rb") as stream:
        header = stream.read(64)
        if not header.startswith(MAGIC) or len(header) < 64:
            return []
        segments = list(_segments(stream, header))
        entries = [entry for kind, *place in segments if kind == DYNAMIC for entry in _entries(stream, *place)]
        values = dict(entries)
        if STRINGS not in values or LENGTH not in values:
            return []
        stream.seek(_offset(segments, values[STRINGS]))
        names = stream.read(values[LENGTH])
    starts = [value for kind, value in entries if kind == NEEDED]
    return [names[start : names.index(0, start)].decode() for start in starts]


def _segments(stream: BinaryIO, header: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield kind, offset in the file, address and length in the file of every segment."""
    (table,), (size, count) = struct.unpack_from("<Q", header, 32), struct.unpack_from("<HH", header, 54)
    for number in range(count):
        stream.seek(table + number * size)
        kind, _, offset, address, _, length = struct.unpack("<IIQQQQ", stream.read(40))
        yield kind, offset, address, length


def _entries(stream: BinaryIO, offset: int, _address: int, length: int) -> Iterator[tuple[int, int]]:
    stream.seek(offset)
    for kind, value in struct.iter_unpack("<qQ", stream.read(length - length % 16)):
        if kind == END:
            return
        yield kind, value


def _offset(segments: list[tuple[int, int, int, int]], address: int) -> int:
    """Return where in the file lies what is loaded at an address."""
    for kind, offset, start, length in segments:
        if kind == LOAD and start <= address < start + length:
            return offset + address - start
    return 0
