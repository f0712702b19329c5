"""(seed, purpose, epoch, step) in, a random number generator out: no state is stored, nothing is seeded globally."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["drawing", "generator", "number", "seeded"]


def number(seed: int, purpose: str, epoch: int = 0, step: int = 0) -> int:
    """Derive a number from where a draw stands, so that it depends on nothing that was drawn before.

    Args:
        seed: the run's seed, the same for every loss.
        purpose: what is drawn, such as ``order`` or ``augment``.
        epoch: counted from 0.
        step: counted from 0 within the epoch.

    Returns:
        A number in [0, 2^63).

    Example:
        >>> number(1, "order", 0) == number(1, "order", 0), number(1, "order", 0) == number(1, "order", 1)
        (True, False)
    """
    key = f"cxr_report/{seed}/{purpose}/{epoch}/{step}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") >> 1


def generator(seed: int, purpose: str, epoch: int = 0, step: int = 0) -> torch.Generator:
    """Return a generator on the CPU for one draw, see `number`; draws are equal on every device that way."""
    return torch.Generator().manual_seed(number(seed, purpose, epoch, step))


@contextmanager
def seeded(device: torch.device, seed: int, purpose: str, epoch: int = 0, step: int = 0) -> Iterator[None]:
    """Let torch's own generators start from `number` inside the block, and put them back afterwards.

    For what takes no generator: the initial weights of layers, and dropout (torch's, monai's, anyone's).
    """
    with drawing(device, number(seed, purpose, epoch, step)):
        yield


@contextmanager
def drawing(device: torch.device, start: int) -> Iterator[None]:
    """Let torch's own generators start from a number inside the block, and put them back afterwards."""
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(start)
        yield
