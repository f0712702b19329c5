"""A network and cases in, their logits on the device out, batch after batch on a lane."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from cxr_report.training.device.lanes import Lane
from cxr_report.training.device.routine import Routine
from cxr_report.training.resident import Resident

__all__ = ["BATCH", "Examiner"]

BATCH = 256
"""Chosen: most images at once without gradients."""


class Examiner:
    """Predictions of a network that goes on learning."""

    def __init__(
        self, network: nn.Module, cases: Resident, classes: int, lane: Lane, *, eager: str, note: Callable[[str], None]
    ) -> None:
        """Set up the tensors that are read and written.

        Args:
            network: maps images ``(B, 1, H, W)`` uint8 to logits ``(B, C)``.
            cases: N of them.
            classes: C.
            lane: where the work is issued.
            eager: see `Routine`.
            note: see `Routine`.
        """
        self._network, self._cases, self._lane = network, cases, lane
        self._count = math.ceil(len(cases) / BATCH)
        size = math.ceil(len(cases) / self._count)
        # batches are equal, so that one graph does for all: the last repeats the last case
        order = torch.arange(self._count * size).clamp(max=len(cases) - 1)
        self._order = order.view(self._count, size).to(lane.device)
        self._logits = torch.zeros((self._count, size, classes), device=lane.device)
        self._place = torch.zeros(1, dtype=torch.int64, device=lane.device)
        self._every = torch.arange(self._count, device=lane.device)
        self._routine = Routine(self._advance, lane, eager=eager, note=note)

    @torch.no_grad()
    def logits(self) -> Tensor:
        """Return ``(N, C)`` float32, on the device."""
        self._network.eval()
        self._place.zero_()
        for _ in range(self._count):
            self._routine.go()
        return self._logits.flatten(0, 1)[: len(self._cases)].clone()

    def _advance(self) -> None:
        images, _ = self._cases.batch(self._order.index_select(0, self._place)[0])
        here = (self._every == self._place).view(-1, 1, 1)
        self._logits.copy_(torch.where(here, self._network(images).float()[None], self._logits))
        self._place.add_(1)
