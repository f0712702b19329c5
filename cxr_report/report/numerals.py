"""Numbers become text here and nowhere before: a float comes in, what stands on paper goes out."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

__all__ = [
    "MINUS",
    "NO_BREAK",
    "UNDEFINED",
    "count",
    "difference",
    "fixed",
    "general",
    "interval",
    "listed",
    "p_clause",
    "p_value",
    "percent",
    "scientific",
    "spread",
    "statistic",
    "value",
]

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
UNDEFINED = "\N{EN DASH}"
"""What stands where a number is mathematically undefined."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

VALUE_DECIMALS = 3
"""Decimals of a metric, chosen: about a tenth of the uncertainty that a few hundred test cases leave."""

DIFFERENCE_DECIMALS = 4
"""Decimals of differences and spreads over seeds, chosen: pairing makes them sharper than the values themselves."""


def fixed(number: float, decimals: int) -> str:
    """Write a number with fixed decimals and a typographic minus; a negative zero loses its sign.

    Example:
        >>> fixed(-0.00001, 3), fixed(float("nan"), 3)
        ('0.000', '–')
    """
    if math.isnan(number):
        return UNDEFINED
    if math.isinf(number):
        return "∞" if number > 0 else MINUS + "∞"
    text = f"{number:.{decimals}f}"
    if float(text) == 0.0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def value(number: float) -> str:
    """Write the value of a metric."""
    return fixed(number, VALUE_DECIMALS)


def spread(number: float) -> str:
    """Write a standard deviation or a standard error of a metric."""
    return fixed(number, DIFFERENCE_DECIMALS)


def difference(number: float) -> str:
    """Write a difference of two values of a metric."""
    return fixed(number, DIFFERENCE_DECIMALS)


def statistic(number: float) -> str:
    """Write a test statistic, an effect size or degrees of freedom that need not be whole."""
    return fixed(number, 2)


def interval(low: float, high: float, decimals: int = VALUE_DECIMALS) -> str:
    """Write an interval.

    Example:
        >>> interval(0.9051, 0.9192), interval(float("nan"), 1.0)
        ('0.905 to 0.919', '–')
    """
    if math.isnan(low) or math.isnan(high):
        return UNDEFINED
    return f"{fixed(low, decimals)} to {fixed(high, decimals)}"


def p_value(p: float, alpha: float = 0.05) -> str:
    """Write a p value, halves rounded up, with more decimals where three would hide on which side of alpha it lies.

    Example:
        >>> p_value(0.0004), p_value(0.0625), p_value(0.0499), p_value(0.9999)
        ('<0.001', '0.063', '0.0499', '>0.999')
    """
    if math.isnan(p):
        return UNDEFINED
    if p < 0.001:
        return "<0.001"
    if 0.9995 <= p < 1.0:
        return ">0.999"
    for decimals in (3, 4, 5):
        text = str(Decimal(repr(float(p))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))
        shown = float(text)
        if (shown < alpha, shown > alpha) == (p < alpha, p > alpha):
            return text
    return repr(p)


def p_clause(p: float, alpha: float = 0.05) -> str:
    """Write a p value as it stands in a sentence.

    Example:
        >>> p_clause(0.0004), p_clause(0.0341)
        ('p < 0.001', 'p = 0.034')
    """
    text = p_value(p, alpha)
    if text == UNDEFINED:
        return "p undefined"
    return f"p {text[0]} {text[1:]}" if text[0] in "<>" else f"p = {text}"


def count(number: int) -> str:
    r"""Write a count, thousands set apart by a thin space from 10 000 on.

    Example:
        >>> count(1117), count(123456)
        ('1117', '123\u202f456')
    """
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if abs(number) >= 10_000 else str(number)


def percent(share: float, decimals: int = 1) -> str:
    r"""Write a share as per cent.

    Example:
        >>> percent(0.257)
        '25.7\xa0%'
    """
    text = fixed(100.0 * share, decimals)
    return text if text == UNDEFINED else f"{text}\N{NO-BREAK SPACE}%"


def general(number: float) -> str:
    """Write a setting such as a learning rate: as short as it can be said exactly enough.

    Example:
        >>> general(2e-3), general(1e-6), general(32.0)
        ('0.002', '1 × 10⁻⁶', '32')
    """
    if math.isnan(number):
        return UNDEFINED
    text = f"{number:.4g}"
    if "e" not in text:
        return text.replace("-", MINUS)
    mantissa, exponent = text.split("e")
    return f"{mantissa.replace('-', MINUS)} × 10{str(int(exponent)).translate(_RAISED)}"


def scientific(number: float) -> str:
    """Write a number of any size with two digits, all aligned.

    Example:
        >>> scientific(6e-8), scientific(0.0)
        ('6.0 × 10⁻⁸', '0')
    """
    if math.isnan(number) or number == 0.0:
        return UNDEFINED if math.isnan(number) else "0"
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"{mantissa.replace('-', MINUS)} × 10{str(int(exponent)).translate(_RAISED)}"


def listed(words: list[str] | tuple[str, ...], conjunction: str = "and") -> str:
    """Join words as a sentence lists them.

    Example:
        >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
        ('a', 'a and b', 'a, b and c')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
