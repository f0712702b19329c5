"""An update and the agendas of a run's epochs in, its steps on a lane out, their losses kept on the device."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch
from torch import Tensor

from cxr_report.training.agenda import Agenda, Plan
from cxr_report.training.augmentation import DRAWS
from cxr_report.training.device.lanes import Lane
from cxr_report.training.device.routine import Routine
from cxr_report.training.resident import Resident

__all__ = ["Stepper", "Update"]

Update = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Images ``(B, 1, H, W)`` uint8, labels, draws ``(B, DRAWS)`` and a learning rate ``()`` in, one step of the optimiser
done and its loss ``()`` out; nothing waits for the device."""


class Stepper:
    """Steps that find on the device what they take: a counter there says which step it is."""

    def __init__(
        self, update: Update, cases: Resident, plan: Plan, lane: Lane, *, eager: str, note: Callable[[str], None]
    ) -> None:
        """Set up the tensors that the steps read and write.

        Args:
            update: does one step.
            cases: of training.
            plan: how many steps there are, and of what.
            lane: where they are issued.
            eager: see `Routine`.
            note: see `Routine`.
        """
        self._update, self._cases, self._plan, self._lane = update, cases, plan, lane
        device, steps = lane.device, plan.steps
        wide = torch.float64 if device.type == "cpu" else torch.float32  # what the fused optimiser reads there
        self._order = torch.zeros((steps, plan.batch), dtype=torch.int64, device=device)
        self._uniform = torch.zeros((steps, plan.batch, DRAWS), device=device)
        self._rates = torch.zeros(steps, dtype=wide, device=device)
        self._place = torch.zeros(1, dtype=torch.int64, device=device)
        self._every = torch.arange(steps, device=device)
        self._routine = Routine(self._advance, lane, eager=eager, note=note)
        self._phase: Hashable = None
        self._epoch = self._step = 0
        self.losses = torch.zeros(steps, device=device)
        """``(S,)`` of the epoch."""

    @property
    def warm(self) -> bool:
        """See `Routine.warm`."""
        return self._routine.warm

    def begin(self, epoch: int, agenda: Agenda, phase: Hashable) -> None:
        """Lay out an epoch.

        Args:
            epoch: counted from 0.
            agenda: of this epoch.
            phase: equal as long as the update does the same; a captured step is captured anew when it changes.
        """
        for values, into in ((agenda.order, self._order), (agenda.uniform, self._uniform), (agenda.rates, self._rates)):
            self._lane.send(values.to(into.dtype), into)
        self._place.zero_()
        self._epoch, self._step = epoch, 0
        if phase != self._phase:
            self._routine.forget()
            self._phase = phase

    def step(self) -> None:
        """Issue the next step of the epoch."""
        self._routine.go(self._plan.start(self._epoch, self._step))
        self._step += 1

    def _advance(self) -> None:
        order, uniform, rate = (
            part.index_select(0, self._place)[0] for part in (self._order, self._uniform, self._rates)
        )
        images, target = self._cases.batch(order)
        loss = self._update(images, target, uniform, rate)
        # a comparison in place of an index: deterministic mode writes by an index only after sorting it
        self.losses.copy_(torch.where(self._every == self._place, loss.to(self.losses.dtype), self.losses))
        self._place.add_(1)
