"""A study and one of its losses in, the configurations that are tried out, drawn from plan and loss alone.

Sampling is plain, without a library: a draw is a hash of where it stands, so that it depends on no trial before it,
which an adaptive sampler's does, and through that on who finished first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cxr_report.study import OPTIMISER, Dimension, Study, space

__all__ = ["Configuration", "configurations"]

DIGITS = 3
"""Chosen: significant digits of a drawn value, so that it can be typed into a study file as it was tried, and the last
bit of a platform's logarithm has no say."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one trial sets."""

    number: int
    """1 for the one that is written in the study."""
    values: Mapping[str, float]
    """``learning_rate``, ``weight_decay`` and every parameter of the loss."""


def configurations(study: Study, loss: str) -> tuple[Configuration, ...]:
    """Draw the configurations of a loss: the written one, then as many different ones as make up the budget.

    Learning rates and weight decays are drawn alike for all losses, so that no loss is luckier with them than another;
    a loss's own parameters are drawn for it alone. Raising the number of trials keeps the earlier ones.

    Args:
        study: as written, with a section tuning.
        loss: name of a compared loss.

    Returns:
        ``tuning.trials`` configurations, all different.

    Raises:
        ValueError: the study has no section tuning.
    """
    if study.tuning is None:
        raise ValueError(f"study {study.name} has no section tuning, so there is nothing to draw")
    directions = space(study.tuning, study.losses[loss])
    written = _written(study, loss)
    found = [written]
    for number in range(2, study.tuning.trials + 1):
        attempt = 0
        while (values := _drawn(written, directions, (study.tuning.draw, loss, number, attempt))) in found:
            attempt += 1  # ends, since there are at least as many configurations as trials
        found.append(values)
    return tuple(Configuration(number, MappingProxyType(values)) for number, values in enumerate(found, start=1))


def _written(study: Study, loss: str) -> dict[str, float]:
    shared = {"learning_rate": study.learning_rate(loss), "weight_decay": study.weight_decay(loss)}
    return {**shared, **study.losses[loss].parameters}


def _drawn(
    written: Mapping[str, float], directions: Mapping[str, Dimension], place: tuple[int, str, int, int]
) -> dict[str, float]:
    draw, loss, number, attempt = place
    values = dict(written)
    for name, dimension in directions.items():
        if not dimension.fixed:
            whose = "all losses" if name in OPTIMISER else f"loss {loss}"
            values[name] = _value(dimension, _share(f"{draw}/{whose}/{name}/{number}/{attempt}"))
    return values


def _share(key: str) -> float:
    """Return a number that is even over [0, 1) over all keys, with 53 bits, as a float holds them exactly."""
    return (int.from_bytes(hashlib.sha256(f"cxr_report/tuning/{key}".encode()).digest()[:8], "big") >> 11) / 2**53


def _value(dimension: Dimension, share: float) -> float:
    if dimension.values:
        return dimension.values[int(share * len(dimension.values))]
    low, high = dimension.span
    if dimension.scale == "log":
        return _within(low * (high / low) ** share, low, high)
    if dimension.scale == "complement":
        lacking = float(f"{(1 - low) * ((1 - high) / (1 - low)) ** share:.{DIGITS}g}")
        return min(max(float(f"{1 - lacking:.12g}"), low), high)
    return _within(low + share * (high - low), low, high)


def _within(value: float, low: float, high: float) -> float:
    return min(max(float(f"{value:.{DIGITS}g}"), low), high)
