"""What an audit says of one printed value, as values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from cxr_report.verify.tables.entries import Entry

__all__ = ["CHECKED", "IMPOSSIBLE", "POSSIBLE", "Finding", "Grade", "shown"]

Grade: TypeAlias = Literal["possible", "impossible", "cannot be checked"]
POSSIBLE: Grade = "possible"
IMPOSSIBLE: Grade = "impossible"
CHECKED: Grade = "cannot be checked"

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of one value, one standard deviation, or several values of one method together."""

    entries: tuple[Entry, ...]
    """What was checked; one entry, or those that were checked together."""
    what: Literal["value", "sd", "together"]
    grade: Grade
    text: str
    """Why, as a clause."""
    chance: float = NAN
    """Rate at which a number at random passes, min(1, m S 10^-d); NaN where that formula does not apply."""
    passing: float = NAN
    """Share of the nearest printable numbers that pass the same check; NaN where it was not measured."""

    @property
    def label(self) -> str:
        """What was checked, for a sentence."""
        first = self.entries[0]
        if self.what == "together":
            names = ", ".join(each.measure.title if each.measure else each.name for each in self.entries)
            parts = (first.method, names, first.klass, first.dataset)
            return "; ".join(part for part in parts if part)
        return first.label + (", SD" if self.what == "sd" else "")


def shown(value: Fraction, entry: Entry, *, more: int = 1) -> str:
    """Write an exact number in the scale of an entry, with more decimals than it was printed with.

    Example:
        >>> from cxr_report.verify.tables.printed import read_printed
        >>> from cxr_report.verify.tables.sizes import Sizes
        >>> entry = Entry(2, "", "A", "acc", None, "", read_printed("93 %"), None, Sizes(), False)
        >>> shown(Fraction(28, 30), entry)
        '93.3 %'
    """
    decimals = entry.value.decimals + more
    scaled = value * 100 if entry.value.percent else value
    units = scaled * 10**decimals
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    sign, digits = ("-" if whole < 0 else ""), str(abs(whole)).rjust(decimals + 1, "0")
    text = sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)
    return f"{text} %" if entry.value.percent else text
