"""The bytes of an ONNX file in; its metadata, and whether any tensor of it lies in another file, out.

onnxruntime follows the path of such a tensor while it loads a model, and a base install has no other reader of ONNX.
This one reads just that much of protocol buffers (https://protobuf.dev/programming-guides/encoding/) and loads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["FIELDS", "Contents", "contents"]

DEPTH = 64
"""Chosen: graphs inside of graphs up to which a file is read; an exported classifier has one."""

METADATA, KEY, VALUE = 14, 1, 2
"""Fields of ModelProto and of StringStringEntryProto, quoted from onnx.proto."""

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


def contents(file: bytes) -> Contents:
    """Read the metadata of a model and look through all of its tensors.

    Args:
        file: bytes of an ONNX file.

    Returns:
        Metadata, and whether other files would be opened.

    Raises:
        ValueError: the bytes are no protocol buffer, or graphs are nested too deep.

    Example:
        >>> contents(bytes([0x72, 0x06, 0x0A, 0x01, 0x61, 0x12, 0x01, 0x62]))
        Contents(metadata={'a': 'b'}, external=False)
    """
    whole = memoryview(file)
    metadata: dict[str, str] = {}
    for field, value in _fields(whole):
        if field == METADATA and isinstance(value, memoryview):
            entry = {name: bytes(text).decode() for name, text in _fields(value) if isinstance(text, memoryview)}
            metadata[entry.get(KEY, "")] = entry.get(VALUE, "")
    return Contents(metadata, _external(whole, "ModelProto", DEPTH))


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
    """Yield number and value of every field; numbers of fixed length, which no text or tensor is, as bytes."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        field, kind = tag >> 3, tag & 7
        value: int | memoryview
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield field, value
            continue
        if kind not in (_EIGHT, _FOUR, _LENGTH) or not field:
            raise ValueError(f"byte {place} begins no field")
        size, place = _varint(message, place) if kind == _LENGTH else ({_EIGHT: 8, _FOUR: 4}[kind], place)
        if size > len(message) - place:
            raise ValueError(f"it ends {size - (len(message) - place)} bytes early")
        yield field, message[place : place + size]
        place += size


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
