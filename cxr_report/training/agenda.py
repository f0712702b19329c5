"""A run and an epoch in, all that its steps take out: which cases, which changes of them, which learning rates."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cxr_report.training.augmentation import draw
from cxr_report.training.randomness import generator, number
from cxr_report.training.schedule import learning_rate

__all__ = ["Agenda", "Plan"]


@dataclass(frozen=True, slots=True)
class Agenda:
    """What the steps of one epoch take, drawn on the CPU, so that it is equal on every device."""

    order: Tensor
    """``(S, B)`` int64: the cases of each step."""
    uniform: Tensor
    """``(S, B, DRAWS)`` float32, see `augmentation.changed`."""
    rates: Tensor
    """``(S,)`` float64: learning rates."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a run its agendas depend on."""

    seed: int
    cases: int
    """In training."""
    batch: int
    """At most `cases`."""
    epochs: int
    schedule: str
    """See `schedule.learning_rate`."""
    peak: float
    """The highest learning rate."""

    @property
    def steps(self) -> int:
        """Steps of one epoch; cases that do not fill a batch are left out, other ones in every epoch."""
        return self.cases // self.batch

    def agenda(self, epoch: int) -> Agenda:
        """Draw what an epoch takes.

        Args:
            epoch: counted from 0.

        Example:
            >>> plan = Plan(seed=1, cases=7, batch=3, epochs=2, schedule="cosine", peak=0.1)
            >>> plan.agenda(0).order.shape, plan.agenda(0).order.unique().numel()
            (torch.Size([2, 3]), 6)
        """
        order = torch.randperm(self.cases, generator=generator(self.seed, "order", epoch))
        uniform = [draw(self.batch, self.changes(epoch, step)) for step in range(self.steps)]
        rates = [self.rate(epoch, step) for step in range(self.steps)]
        used = order[: self.steps * self.batch].view(self.steps, self.batch)
        return Agenda(used, torch.stack(uniform), torch.tensor(rates, dtype=torch.float64))

    def changes(self, epoch: int, step: int) -> torch.Generator:
        """Return the generator of the changes of a step's images."""
        return generator(self.seed, "augment", epoch, step)

    def rate(self, epoch: int, step: int) -> float:
        """Return the learning rate of a step."""
        return learning_rate(self.schedule, epoch * self.steps + step, self.epochs * self.steps, peak=self.peak)

    def start(self, epoch: int, step: int) -> int:
        """Return the number that torch's own generators start from in a step, for dropout."""
        return number(self.seed, "dropout", epoch, step)
