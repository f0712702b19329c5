"""What each epoch ended with, and history.csv written from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

__all__ = ["Epoch", "csv"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One row of history.csv."""

    epoch: int
    """Counted from 1."""
    train_loss: float
    """Mean over the epoch's steps."""
    val_loss: float
    """Of all validation cases, without augmentation."""
    val_primary: float
    """The study's primary metric on validation; NaN where undefined."""
    learning_rate: float
    """Of the epoch's last step."""


def csv(rows: Sequence[Epoch]) -> str:
    """Write epochs as CSV, in full precision, undefined values as empty cells."""
    lines = [",".join(field.name for field in fields(Epoch))]
    lines += [",".join("" if value != value else repr(value) for value in astuple(row)) for row in rows]
    return "\n".join(lines) + "\n"
