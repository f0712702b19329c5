"""How a long job says where it stands: stages call these few verbs, the command line draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Progress", "RunState", "Silent"]


@dataclass(frozen=True, slots=True)
class RunState:
    """Where one run stands."""

    loss: str
    seed: int
    state: Literal["waiting", "training", "trained", "diverged"]
    epoch: int
    """Epochs finished."""
    epochs: int
    train_loss: float
    """Mean of the last epoch; NaN before the first."""
    score: float
    """Primary metric on validation after the last epoch; NaN before the first."""
    images_per_second: float
    """Training images over the last epoch; NaN before the first."""


class Progress(Protocol):
    """What a stage tells while it works."""

    def start(self, label: str, total: int) -> None:
        """Begin a countable piece of work, such as ``decode`` with 1117 images."""

    def advance(self, label: str, count: int = 1) -> None:
        """Say that ``count`` more of it are done."""

    def finish(self, label: str) -> None:
        """End it."""

    def run(self, state: RunState) -> None:
        """Say where a run stands."""

    def say(self, text: str) -> None:
        """Say one sentence."""


class Silent:
    """Progress that nobody looks at."""

    def start(self, label: str, total: int) -> None:
        """Ignore it."""

    def advance(self, label: str, count: int = 1) -> None:
        """Ignore it."""

    def finish(self, label: str) -> None:
        """Ignore it."""

    def run(self, state: RunState) -> None:
        """Ignore it."""

    def say(self, text: str) -> None:
        """Ignore it."""
