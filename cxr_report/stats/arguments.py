"""One word or number in, the same checked or a ValueError out: the arguments of the statistics that are no arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["choice", "integer", "number_of", "open_unit", "real"]


def choice(value: str, name: str, allowed: Sequence[str]) -> str:
    """Let one of the allowed words through.

    Args:
        value: the word given.
        name: the argument's name, for the message.
        allowed: the words allowed.

    Returns:
        `value`.

    Raises:
        ValueError: for any other word.

    Example:
        >>> choice("less", "alternative", ("two-sided", "greater", "less"))
        'less'
    """
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
    return value


def real(value: Any, name: str, *, low: float = -np.inf, high: float = np.inf) -> float:
    """Read one finite number in a closed range.

    Args:
        value: the number given.
        name: the argument's name, for the message.
        low: the smallest value allowed.
        high: the largest value allowed.

    Returns:
        The number as float.

    Raises:
        ValueError: for NaN, infinity, no number or one outside the range.

    Example:
        >>> real(3, "margin", low=0)
        3.0
    """
    number = number_of(value, name)
    if not np.isfinite(number) or not low <= number <= high:
        raise ValueError(f"{name} must be a finite number in [{low:g}, {high:g}], got {number:g}.")
    return number


def number_of(value: Any, name: str) -> float:
    """Read one number, NaN and infinity included.

    Args:
        value: a number or an array without axes; text, complex and masked values are none.
        name: the argument's name, for the message.

    Returns:
        The number as float.

    Raises:
        ValueError: for anything else.

    Example:
        >>> number_of(np.float32(0.5), "df"), number_of(float("inf"), "df")
        (0.5, inf)
    """
    plain = not isinstance(value, str | bytes | complex | np.complexfloating) and np.ndim(value) == 0
    try:
        if plain and not np.ma.is_masked(value) and not isinstance(value, np.datetime64 | np.timedelta64):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"{name} must be a real number, got {type(value).__name__}.")


def open_unit(value: Any, name: str) -> float:
    """Read one number strictly between 0 and 1, such as a confidence or an alpha.

    Args:
        value: the number given.
        name: the argument's name, for the message.

    Returns:
        The number as float.

    Raises:
        ValueError: for anything else.

    Example:
        >>> open_unit(0.95, "confidence")
        0.95
    """
    number = real(value, name)
    if not 0 < number < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {number:g}.")
    return number


def integer(value: Any, name: str, *, minimum: int = 0) -> int:
    """Read one whole number of at least `minimum`.

    Args:
        value: the number given; 3.0 counts as whole, True does not.
        name: the argument's name, for the message.
        minimum: the smallest value allowed.

    Returns:
        The number as int.

    Raises:
        ValueError: for anything else.

    Example:
        >>> integer(5, "n", minimum=1)
        5
    """
    if isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be a whole number of at least {minimum}, got {value}.")
    number = real(value, name)
    if number != round(number) or number < minimum:
        raise ValueError(f"{name} must be a whole number of at least {minimum}, got {value}.")
    return round(number)
