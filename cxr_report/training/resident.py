"""Cases come in as a memory map, batches go out on a device; a CPU reads from the map, a GPU holds all as uint8."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Resident", "grey_levels"]

BLOCK = 256
"""Chosen: images read at once when all are gone through."""


@dataclass(frozen=True, slots=True)
class Resident:
    """One split where a device can reach it."""

    images: NDArray[np.uint8] | Tensor
    """``(N, H, W)`` uint8: a memory map for a CPU, a tensor on the device otherwise."""
    labels: Tensor
    """``(N,)`` int64 or ``(N, L)`` float32, on the device."""
    known: NDArray[np.generic]
    """The same labels for numpy."""
    device: torch.device

    @classmethod
    def place(cls, images: NDArray[np.uint8], labels: NDArray[np.generic], device: torch.device) -> Resident:
        """Bring a split to a device."""
        on_cpu = device.type == "cpu"
        held = images if on_cpu else torch.from_numpy(np.array(images)).to(device)
        return cls(held, torch.from_numpy(np.array(labels)).to(device), np.array(labels), device)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the cases of an index ``(n,)`` int64: images ``(n, 1, H, W)`` uint8 and labels, on the device.

        An index that is on the device already keeps nothing waiting.
        """
        if isinstance(self.images, Tensor):
            place = index.to(self.device)
            return self.images.index_select(0, place)[:, None], self.labels.index_select(0, place)
        taken = np.take(self.images, index.numpy(), axis=0)
        return torch.from_numpy(np.asarray(taken))[:, None], self.labels[index]


def grey_levels(images: NDArray[np.uint8]) -> tuple[float, float]:
    """Return mean and standard deviation of all pixels in units of the full range, exact up to the last rounding.

    Args:
        images: ``(N, H, W)``.

    Returns:
        Mean and standard deviation in [0, 1]; of images that are all of one grey the deviation is given as 1.
    """
    total, squares = 0, 0
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK].astype(np.uint32)
        total += int(block.sum(dtype=np.uint64))
        squares += int((block * block).sum(dtype=np.uint64))
    count = images.size
    variance = (squares * count - total * total) / count**2
    return total / count / 255, variance**0.5 / 255 or 1.0
