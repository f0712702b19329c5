"""A function and its witness in, a Check out: the form of every entry of the catalogue, and how deviations count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cxr_report.conformance.stored import witness
from cxr_report.conformance.value import Check

__all__ = [
    "PROBABILITY",
    "ROUNDING",
    "Compared",
    "Comparison",
    "Tolerance",
    "attributes",
    "by_program",
    "flat",
    "monte_carlo",
    "of_resamples",
    "printed",
]

SMALL = 1e-6
"""Chosen: a relative deviation is taken from no less than this, so that a p value of 1e-12 or a zero is held to an
absolute one of 1e-6 times the tolerance."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far computed and expected values may lie apart."""

    limit: float
    """At least 0."""
    held_to: str
    """"absolute" or "relative"."""
    reason: str
    """One clause."""


Compared: TypeAlias = tuple[Any, Any, Tolerance]
"""Computed values, expected values (numbers, arrays, mappings or lists of such, in one order) and their tolerance."""

ROUNDING = Tolerance(1e-8, "relative", "double precision")
"""Chosen: both sides work in double precision and pass through some hundred operations; stored digits: at least 15."""

PROBABILITY = Tolerance(1e-9, "absolute", "a distribution integrated or enumerated")
"""Chosen: what is integrated numerically (the studentized range) agrees to 1e-11, what is enumerated to 1e-15."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One entry of the catalogue."""

    function: str
    """The public function that is compared, with its room."""
    witness: str
    """Who says otherwise, or the same."""
    compare: Callable[[], Compared]
    """Runs the function and reads the witness."""

    def check(self) -> Check:
        """Run the comparison.

        Raises:
            ValueError: where computed and expected values differ in number, which is a fault of the entry.
        """
        left, right, tolerance = self.compare()
        computed, expected = flat(left), flat(right)
        if computed.size != expected.size or not expected.size:
            raise ValueError(
                f"{self.function} against {self.witness}: computed {computed.size} value(s), expected {expected.size}."
            )
        gaps = deviations(computed, expected)
        absolute = float(gaps.max())
        relative = float((gaps / np.maximum(np.abs(np.nan_to_num(expected)), SMALL)).max())
        return Check(
            self.function,
            self.witness,
            int(expected.size),
            absolute,
            relative,
            tolerance.held_to,
            tolerance.limit,
            tolerance.reason,
        )


def deviations(computed: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each pair: 0 where both are undefined or the same infinity, infinite where one is.

    Args:
        computed: `(n,)`.
        expected: `(n,)`.

    Returns:
        `(n,)` of at least 0, without NaN.

    Example:
        >>> deviations(np.array([1.0, np.nan, 2.0]), np.array([1.5, np.nan, np.nan]))
        array([0.5, 0. , inf])
    """
    same = (computed == expected) | (np.isnan(computed) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        gaps = np.abs(computed - expected)
    return np.asarray(np.where(same, 0.0, np.where(np.isnan(gaps), np.inf, gaps)), dtype=np.float64)


def flat(values: Any) -> NDArray[np.float64]:
    """Lay out numbers, arrays, mappings and lists of such as one row; None is NaN.

    Example:
        >>> flat([1, [2.0, None], np.eye(1), {"p": 0.5}])
        array([1. , 2. , nan, 1. , 0.5])
    """
    return np.array(list(_leaves(values)), dtype=np.float64)


def _leaves(values: Any) -> Iterable[float]:
    if values is None:
        yield float("nan")
    elif isinstance(values, Mapping):
        yield from _leaves(list(values.values()))
    elif isinstance(values, np.ndarray):
        yield from values.astype(np.float64).ravel().tolist()
    elif isinstance(values, (list, tuple)):
        for entry in values:
            yield from _leaves(entry)
    else:
        yield float(values)


def attributes(result: Any, *names: str) -> list[Any]:
    """Read some attributes of a result, in this order.

    Example:
        >>> attributes(1 + 2j, "real", "imag")
        [1.0, 2.0]
    """
    return [getattr(result, name) for name in names]


def by_program(stored: str, program: str, call: str) -> str:
    """Name a program, the version that made the stored values, and what was called in it.

    Args:
        stored: the name of the witness file.
        program: as its `versions` name it.
        call: the function of that program.

    Returns:
        Program, version and call.

    Raises:
        KeyError: where the witness does not know the program.

    Example:
        >>> by_program("losses", "lme4", "lmer")
        'lme4 1.1.31, lmer'
    """
    return f"{program} {witness(stored)['versions'][program]}, {call}"


def printed(digits: int) -> Tolerance:
    """Hold values to half a unit of the last digit that a publication prints.

    Args:
        digits: behind the decimal point.

    Returns:
        An absolute tolerance, a hundredth wider for the rounding of the half itself.

    Example:
        >>> printed(2).limit
        0.00505
    """
    return Tolerance(0.505 * 10.0**-digits, "absolute", f"{digits} printed decimals")


def monte_carlo(error: float) -> Tolerance:
    """Hold values to four standard errors of a simulation.

    Args:
        error: the standard error of one value.

    Returns:
        An absolute tolerance.

    Example:
        >>> monte_carlo(0.001).limit
        0.004
    """
    return Tolerance(4 * error, "absolute", "four Monte-Carlo errors")


def of_resamples(*resamples: int) -> Tolerance:
    """Hold variances to four standard errors of estimates from so many resamples on either side.

    The relative standard error of a variance from B normal replicates is `sqrt(2 / B)`.

    Args:
        *resamples: the number on each side that resamples.

    Returns:
        A relative tolerance.

    Example:
        >>> round(of_resamples(20_000).limit, 3)
        0.04
    """
    error = sum(2 / count for count in resamples) ** 0.5
    return Tolerance(4 * error, "relative", "four Monte-Carlo errors of a variance")
