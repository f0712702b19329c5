"""What a text is made of: words as they are, and numbers that know where they stand in statistics.json."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Number", "Piece", "Said", "flat", "text_of"]


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a sentence."""

    text: str
    """As it stands on paper."""
    key: str
    """Where it stands in statistics.json, such as ``pairs.3.p_t_adjusted``; empty where it is counted from there."""
    value: float
    """At full precision."""

    def html(self) -> str:
        """Return the text, wrapped so that a reader's program finds the number behind it."""
        raw = "null" if math.isnan(self.value) else repr(self.value)
        place = f' data-key="{html.escape(self.key)}"' if self.key else ""
        return f'<span{place} data-value="{raw}">{html.escape(self.text)}</span>'


Piece = str | Number
Said = Piece | Sequence[Piece]
"""A piece, or several of them in a row."""


def flat(parts: Iterable[Said]) -> tuple[Piece, ...]:
    """Take sequences among pieces apart, and leave out empty words."""
    pieces: list[Piece] = []
    for part in parts:
        pieces += [part] if isinstance(part, str | Number) else list(part)
    return tuple(piece for piece in pieces if piece != "")


def text_of(said: Said) -> str:
    """Return pieces as plain text."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in flat([said]))
