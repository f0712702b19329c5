"""Words of a column in, small numbers that stand for them out, in the order in which the words first appear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Codes"]


@dataclass(slots=True)
class Codes:
    """The words met so far."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, cells: Sequence[str]) -> NDArray[np.int32]:
        """Return the number of each word, ``(n,)``; a new word gets the next one."""
        known = self.numbers
        return np.array([known.setdefault(cell, len(known)) for cell in cells], dtype=np.int32)

    @property
    def words(self) -> tuple[str, ...]:
        """The words, by their numbers."""
        return tuple(self.numbers)
