"""A number as it stands in print in, its exact value and the interval that it was rounded from out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

__all__ = ["Interval", "Printed", "Rounding", "read_printed"]

Rounding: TypeAlias = Literal["nearest", "truncated"]
"""``nearest``: a half may have gone either way; ``truncated``: digits were cut off."""

LONGEST = 12
"""Chosen: decimals of a printed number; no table has more, and exact arithmetic stays quick."""

_NUMBER = re.compile(r"(?P<sign>[+\-−–]?)(?P<whole>\d{0,9})(?:[.,](?P<part>\d+))?")


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from low to high, both included."""

    low: Fraction
    high: Fraction

    def scaled(self, factor: Fraction | int) -> Interval:
        """Multiply by a positive factor."""
        return Interval(self.low * factor, self.high * factor)

    def widened(self, by: Fraction) -> Interval:
        """Move both ends outwards."""
        return Interval(self.low - by, self.high + by)

    def holds(self, value: Fraction | int) -> bool:
        """Say whether a number lies inside."""
        return self.low <= value <= self.high

    def integers(self) -> range:
        """Return all whole numbers inside.

        Example:
            >>> list(Interval(Fraction(5, 2), Fraction(4)).integers())
            [3, 4]
        """
        return range(-((-self.low.numerator) // self.low.denominator), self.high.numerator // self.high.denominator + 1)


@dataclass(frozen=True, slots=True)
class Printed:
    """A number with the decimals that it was printed with."""

    text: str
    """As it stands in the table."""
    number: Fraction
    """Exactly what is printed, before any per cent."""
    decimals: int
    """Printed digits after the decimal sign."""
    percent: bool = False
    """Whether it is in per cent."""

    @property
    def value(self) -> Fraction:
        """The number as a fraction of one."""
        return self.number / 100 if self.percent else self.number

    @property
    def places(self) -> int:
        """Decimals of the number as a fraction of one."""
        return self.decimals + 2 if self.percent else self.decimals

    @property
    def unit(self) -> Fraction:
        """One unit of the last printed digit, as a fraction of one."""
        return Fraction(1, 10**self.places)

    def interval(self, rounding: Rounding = "nearest") -> Interval:
        """Return what may have been rounded to it; both ends count, so that halves may have gone either way.

        Example:
            >>> read_printed("0.91").interval()
            Interval(low=Fraction(181, 200), high=Fraction(183, 200))
        """
        if rounding == "truncated":  # towards zero, from either side
            return Interval(
                self.value - (self.unit if self.number <= 0 else 0), self.value + (self.unit if self.number >= 0 else 0)
            )
        return Interval(self.value - self.unit / 2, self.value + self.unit / 2)


def read_printed(text: str, *, percent: bool = False) -> Printed:
    """Read a number with a decimal point or comma, and with or without a zero in front.

    Args:
        text: such as ``0.912``, ``.912``, ``91,2`` or ``91.2 %``.
        percent: whether it is in per cent without saying so.

    Raises:
        ValueError: it is none.

    Example:
        >>> read_printed("91.20 %").value, read_printed(".5").decimals
        (Fraction(114, 125), 1)
    """
    bare = text.strip()
    marked = bare.endswith("%")
    found = _NUMBER.fullmatch(bare.removesuffix("%").strip())
    if not found or not (found["whole"] or found["part"]) or not bare.isprintable():
        raise ValueError(f"{text!r} is no number")
    part = found["part"] or ""
    if len(part) > LONGEST:
        raise ValueError(f"{text!r} has {len(part)} decimals; allowed: {LONGEST}")
    digits = int((found["whole"] or "0") + part)
    signed = -digits if found["sign"] in ("-", "−", "–") else digits
    return Printed(bare, Fraction(signed, 10 ** len(part)), len(part), percent or marked)
