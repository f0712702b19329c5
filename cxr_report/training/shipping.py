"""Arrays of a data set in, plain text that another process can open them from out; pixels stay where they lie."""

from __future__ import annotations

import base64
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ship_array", "ship_images", "unship_array", "unship_images"]


def ship_images(images: NDArray[np.uint8], spool: Path) -> dict[str, Any]:
    """Say where images ``(N, H, W)`` uint8 lie on disk.

    Args:
        images: a memory map, or a contiguous part of one; anything else is written into ``spool`` first.
        spool: a folder for temporary files.
    """
    place = _place(images)
    if place is None:
        file = spool / f"{len(list(spool.iterdir()))}.raw"
        np.ascontiguousarray(images).tofile(file)
        place = (str(file), 0)
    return {"file": place[0], "offset": place[1], "shape": list(images.shape)}


def unship_images(told: dict[str, Any]) -> NDArray[np.uint8]:
    """Map the images read-only."""
    return np.memmap(told["file"], np.uint8, "r", told["offset"], tuple(told["shape"]))


def ship_array(array: NDArray[Any]) -> dict[str, Any]:
    """Write a small array as text."""
    content = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "base64": content}


def unship_array(told: dict[str, Any]) -> NDArray[Any]:
    """Read the array back."""
    content = base64.b64decode(told["base64"])
    return np.frombuffer(content, np.dtype(told["dtype"])).reshape(told["shape"])


def _place(images: NDArray[np.uint8]) -> tuple[str, int] | None:
    """Return file and offset of a memory map or of a part of one: numpy gives a part the offset of the whole."""
    if not images.flags.c_contiguous or images.dtype != np.uint8:
        return None
    root: Any = images
    while isinstance(root, np.ndarray) and not isinstance(root.base, mmap.mmap):
        root = root.base
    if not isinstance(root, np.memmap) or root.filename is None:
        return None
    first, part = root.__array_interface__["data"][0], images.__array_interface__["data"][0]
    return str(Path(root.filename).resolve()), root.offset + part - first
