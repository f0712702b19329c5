"""A number as printed in, the interval of what may have been rounded to it out."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["EXPONENT", "NUMERAL", "Number", "Reported", "decimal_sign", "read"]

NUMERAL = r"(?:[-+] ?)?(?:\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,17})?(?![\d,])|\d{1,9}(?:[.,]\d{1,17})?|(?<!\d)[.,]\d{1,17})"
"""A number with a point or a comma, with or without the zero before it."""

EXPONENT = r"(?: ?[x×*·∙⋅] ?10 ?\^? ?[{(]? ?-? ?\d{1,3}[})]?|[eE][-+]?\d{1,3})?"
"""A power of ten after it, superscript or not."""

LARGEST = 200
"""Chosen: powers of ten beyond it are no statistic, and would overflow."""

_POWER = re.compile(r"(?: ?[x×*·∙⋅] ?10 ?\^? ?[{(]? ?(-? ?\d{1,3})[})]?|[eE]([-+]?\d{1,3}))$")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was printed with so many digits."""

    value: float
    unit: float
    """One unit of the last printed digit."""

    @property
    def low(self) -> float:
        """The smallest number that rounds to it."""
        return self.value - self.unit / 2

    @property
    def high(self) -> float:
        """The largest number that rounds to it; half up and half to even are both allowed."""
        return self.value + self.unit / 2

    @property
    def whole(self) -> bool:
        """Whether it was printed without decimals."""
        return self.unit >= 1

    def scaled(self, factor: float) -> Number:
        """Return it in another unit: per cent as a share."""
        return Number(self.value * factor, self.unit * factor)


@dataclass(frozen=True, slots=True)
class Reported:
    """A number with its sign of comparison."""

    relation: str
    """``=``, ``<``, ``>``, ``<=`` or ``>=``."""
    number: Number

    def bounds(self, least: float, most: float) -> tuple[float, float]:
        """Return what it leaves possible within [least, most]; closed, for a bound may itself be rounded to."""
        if self.relation in ("<", "<="):
            return least, self.number.value
        if self.relation in (">", ">="):
            return self.number.value, most
        return max(least, self.number.low), min(most, self.number.high)


def decimal_sign(texts: list[str]) -> str:
    """Say which sign parts the decimals of some numbers that stand together: ``.``, ``,`` or nothing where none does.

    A comma before three digits may stand between thousands; it counts as a decimal sign only after a zero, or where
    another number of the group has a comma that cannot be one between thousands.

    Example:
        >>> decimal_sign(["2,20", "0,036"]), decimal_sign(["1,117", ".036"]), decimal_sign(["28"])
        (',', '.', '')
    """
    if any("." in text for text in texts):
        return "."
    commas = [text for text in texts if "," in text]
    certain = [t for t in commas if not re.fullmatch(r"[-+]? ?[1-9]\d{0,2}(?:,\d{3})+", t)]
    return "," if certain else ""


def read(text: str, decimal: str = ".") -> Number:
    """Read a number.

    Args:
        text: what `NUMERAL` and `EXPONENT` match.
        decimal: ``.`` or ``,``; with a point, commas stand between thousands.

    Raises:
        ValueError: it is no number.

    Example:
        >>> read(".036"), read("2,20", ","), read("1,117").value, read("1.2 × 10-5").value
        (Number(value=0.036, unit=0.001), Number(value=2.2, unit=0.01), 1117.0, 1.2e-05)
    """
    power = _POWER.search(text)
    digits = text[: power.start()] if power else text
    digits = digits.replace(" ", "")
    if decimal == "," and "." not in digits:
        digits = digits.replace(",", ".")
    elif _THOUSANDS.fullmatch(digits.lstrip("+-")):
        digits = digits.replace(",", "")
    else:
        digits = digits.replace(",", ".")
    exponent = max(-LARGEST, min(LARGEST, int((power[1] or power[2]).replace(" ", "")))) if power else 0
    decimals = len(digits.partition(".")[2])
    return Number(float(f"{digits}e{exponent}"), float(f"1e{exponent - decimals}"))
