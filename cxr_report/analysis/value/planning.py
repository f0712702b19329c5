"""What is told of the power of a next study."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_report.analysis.value.numbers import Number

__all__ = ["Planning", "PowerCurve"]


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Power against the size of a next study; all else is as in this one."""

    sizes: tuple[int, ...]
    """Seeds per loss, or test cases, rising."""
    power: tuple[Number, ...]
    """With the variances as they were estimated here."""
    cautious: tuple[Number, ...]
    """With the upper 80 % bound of the mean square of loss and seed."""
    needed: int | None
    """The fewest that reach the wanted power; None = no number does."""
    needed_cautious: int | None
    """The same at the upper bound."""


@dataclass(frozen=True, slots=True)
class Planning:
    """The power of one comparison over seeds and cases in a next study, for a true difference of the margin.

    It is no statement about this study: the difference is the planned margin, and not the one that was found.
    """

    metric: str
    margin: Number
    wanted: Number
    """Power that `PowerCurve.needed` asks for."""
    hurdle: int
    """What alpha is divided by for the first rejection of the family."""
    n_seeds: int
    """Of this study."""
    n_cases: int
    """Test cases of this study."""
    seeds: PowerCurve
    """With as many cases as here."""
    cases: PowerCurve
    """With as many seeds as here."""
