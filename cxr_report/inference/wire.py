"""The bytes of an ONNX file in; its metadata, its hash without them, and whether a tensor lies in another file, out.

onnxruntime follows the path of such a tensor while it loads a model, and a base install has no other reader of ONNX.
This one reads just that much of protocol buffers (https://protobuf.dev/programming-guides/encoding/) and loads nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["FIELDS", "GRAPH_SHA256", "Contents", "contents"]

DEPTH = 64
"""Chosen: graphs inside of graphs up to which a file is read; an exported classifier has one."""

METADATA, KEY, VALUE = 14, 1, 2
"""Fields of ModelProto and of StringStringEntryProto, quoted from onnx.proto."""

GRAPH_SHA256 = "graph_sha256"
"""Key of the metadata: the sha256 of the file without its metadata, as it was exported."""

EXTERNAL_DATA, DATA_LOCATION = 13, 14
"""Fields of TensorProto, quoted from onnx.proto; the second is 0 where the values stand in the file itself."""

FIELDS: Mapping[str, Mapping[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
    "TensorProto": {},
}
"""Message -> field -> message in it: every way to a tensor, quoted from onnx.proto."""

_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file says of itself."""

    metadata: Mapping[str, str]
    """Key -> text."""
    external: bool
    """Whether a tensor points to another file."""
    graph_sha256: str
    """Of the bytes without the metadata: what the hash in the metadata can name."""


def contents(file: bytes) -> Contents:
    """Read the metadata of a model and look through all of its tensors.

    Args:
        file: bytes of an ONNX file.

    Returns:
        Metadata, whether other files would be opened, and the hash of everything but the metadata.

    Raises:
        ValueError: the bytes are no protocol buffer, or graphs are nested too deep.

    Example:
        >>> found = contents(bytes([0x72, 0x06, 0x0A, 0x01, 0x61, 0x12, 0x01, 0x62]))
        >>> found.metadata, found.external, found.graph_sha256[:8]
        ({'a': 'b'}, False, 'e3b0c442')
    """
    whole = memoryview(file)
    metadata: dict[str, str] = {}
    rest, place = hashlib.sha256(), 0
    for field, value, end in _places(whole):
        part, place = whole[place:end], end
        if field != METADATA:
            rest.update(part)
        elif isinstance(value, memoryview):
            entry = {name: bytes(text).decode() for name, text in _fields(value) if isinstance(text, memoryview)}
            metadata[entry.get(KEY, "")] = entry.get(VALUE, "")
    return Contents(metadata, _external(whole, "ModelProto", DEPTH), rest.hexdigest())


def _external(message: memoryview, kind: str, depth: int) -> bool:
    if not depth:
        raise ValueError(f"its graphs are nested more than {DEPTH} deep")
    for field, value in _fields(message):
        if kind == "TensorProto" and (field == EXTERNAL_DATA or (field == DATA_LOCATION and value)):
            return True
        below = FIELDS[kind].get(field)
        if below and isinstance(value, memoryview) and _external(value, below, depth - 1):
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    return ((field, value) for field, value, _ in _places(message))


def _places(message: memoryview) -> Iterator[tuple[int, int | memoryview, int]]:
    """Yield number, value and end of every field; numbers of fixed length, which no text or tensor is, as bytes."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        field, kind = tag >> 3, tag & 7
        value: int | memoryview
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield field, value, place
            continue
        if kind not in (_EIGHT, _FOUR, _LENGTH) or not field:
            raise ValueError(f"byte {place} begins no field")
        size, place = _varint(message, place) if kind == _LENGTH else ({_EIGHT: 8, _FOUR: 4}[kind], place)
        if size > len(message) - place:
            raise ValueError(f"it ends {size - (len(message) - place)} bytes early")
        value, place = message[place : place + size], place + size
        yield field, value, place


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ValueError("it ends inside of a number")
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError(f"byte {place} begins no number")
