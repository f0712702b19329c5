"""A grey image of any shape in, a square of 8-bit grey values out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Policy", "square"]

Policy = Literal["pad", "crop", "squash"]


def square(grey: NDArray[Any], size: int, *, policy: Policy) -> NDArray[np.uint8]:
    """Resize a grey image to a square, antialiased (Lanczos, wide enough for the reduction).

    Args:
        grey: ``(H, W)`` uint8, or float32 in [0, 255], which is rounded only once, after resizing.
        size: side of the square in pixels.
        policy: ``pad`` keeps the aspect and fills with black, ``crop`` keeps it and cuts the longer side around the
            centre, ``squash`` stretches.

    Returns:
        ``(size, size)`` uint8.

    Example:
        >>> square(np.full((4, 8), 200, dtype=np.uint8), 16, policy="pad")[:, 0].tolist()
        [0, 0, 0, 0, 200, 200, 200, 200, 200, 200, 200, 200, 0, 0, 0, 0]
    """
    height, width = grey.shape
    image = Image.fromarray(grey)
    if policy == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        return _eight_bit(image.resize((size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side)))
    if policy == "squash" or width == height:
        return _eight_bit(image.resize((size, size), Image.Resampling.LANCZOS))
    scale = size / max(width, height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    small = _eight_bit(image.resize(inner, Image.Resampling.LANCZOS))
    result = np.zeros((size, size), dtype=np.uint8)
    top, left = (size - inner[1]) // 2, (size - inner[0]) // 2
    result[top : top + inner[1], left : left + inner[0]] = small
    return result


def _eight_bit(image: Image.Image) -> NDArray[np.uint8]:
    values = np.asarray(image)
    whole: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return whole
