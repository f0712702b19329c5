"""What is printed, and the exact number behind it, in; whether the one is the other's rounding out.

Nothing here is shared with the code that writes numbers into a report.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

__all__ = ["printed_numbers", "rounds"]

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
_NUMBER = re.compile(
    r"(?P<sign>[<>])?\s*(?P<digits>[−-]?\d+(?:\.\d+)?)(?:\s*×\s*10(?P<exponent>[⁻−-]?[⁰¹²³⁴⁵⁶⁷⁸⁹0-9]+))?\s*(?P<percent>%)?"
)
_GROUPS = re.compile("(?<=\\d)[\u202f\u2009](?=\\d{3})")

UNDEFINED = ("–", "undefined", "정의되지 않음")
"""What stands where a number is undefined, in every language of a report."""


def printed_numbers(text: str) -> list[re.Match[str]]:
    """Find the numbers of a printed text; the sign of an inequality and a power of ten belong to them."""
    return list(_NUMBER.finditer(_GROUPS.sub("", text)))


def rounds(text: str, values: list[float], *, scale: int = 1) -> bool:
    """Say whether a printed text holds just the roundings of some exact numbers.

    Halves may be rounded either way, a share may stand as per cent, and a p value below or above a bound as such.

    Args:
        text: as printed.
        values: the exact ones, NaN = undefined; infinite degrees of freedom need not be printed.
        scale: what a heading says that the numbers were multiplied by.

    Example:
        >>> rounds("0.905 to 0.919", [0.9051, 0.9192]), rounds("0.06", [0.0749])
        (True, False)
    """
    finite = [value for value in values if math.isfinite(value)]
    found = printed_numbers(text)
    if not finite:
        return not found
    if not found and any(word in text for word in UNDEFINED):
        return len(finite) < len(values)
    return (
        len(found) >= 1
        and len(found) == len(finite)
        and all(_is_rounding(one, value, scale) for one, value in zip(found, finite, strict=True))
    )


def _is_rounding(found: re.Match[str], value: float, scale: int) -> bool:
    digits = Decimal(found["digits"].translate(_RAISED))
    exponent = int(found["exponent"].translate(_RAISED)) if found["exponent"] else 0
    places = -int(digits.as_tuple().exponent)
    exact = Decimal(repr(value)) * (100 if found["percent"] else scale)
    if found["sign"]:
        return exact < digits if found["sign"] == "<" else exact > digits
    unit = Decimal(1).scaleb(exponent - places)
    return abs(digits.scaleb(exponent) - exact) <= unit / 2 * (1 + Decimal("1e-9"))
