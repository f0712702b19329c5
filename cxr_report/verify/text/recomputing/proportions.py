"""A printed share of n cases in; whether whole cases can give it, and the intervals that they can have, out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal

from scipy import special

from cxr_report.stats import proportion_interval
from cxr_report.verify.text.numbers import Number
from cxr_report.verify.text.recomputing.tails import Bounds

__all__ = ["METHODS", "counts_of", "intervals"]

SLACK = 1e-9
"""Chosen: relative room for binary rounding of printed decimals."""


def counts_of(share: Number, n: int) -> range:
    """Return the counts of n cases whose share rounds to the printed one; empty where none does.

    The granularity test of Brown and Heathers (GRIM, 2017, doi 10.1177/1948550616673876) for shares.

    Example:
        >>> counts_of(Number(0.929, 0.001), 224), counts_of(Number(0.927, 0.001), 224)
        (range(208, 209), range(208, 208))
    """
    room = SLACK * share.unit * n
    least, most = math.ceil(share.low * n - room), math.floor(share.high * n + room)
    return range(max(0, least), max(max(0, least), min(n, most) + 1))


def _quantile(level: float) -> float:
    return float(special.ndtri(0.5 + level / 2))


def _of_the_room(method: Literal["wilson", "clopper-pearson", "agresti-coull"]) -> Callable[[int, int, float], Bounds]:
    def interval(count: int, n: int, level: float) -> Bounds:
        found = proportion_interval(count, n, method=method, confidence=level)
        return float(found.low), float(found.high)

    return interval


def _wald(count: int, n: int, level: float) -> Bounds:
    share = count / n
    half = _quantile(level) * math.sqrt(share * (1 - share) / n)
    return max(0.0, share - half), min(1.0, share + half)


def _wilson_corrected(count: int, n: int, level: float) -> Bounds:
    """Give Wilson's interval with continuity correction (Newcombe 1998, method 4)."""
    z, share = _quantile(level), count / n
    centre, scale = 2 * n * share + z * z, 2 * (n + z * z)
    low = z * math.sqrt(max(0.0, z * z - 2 - 1 / n + 4 * share * (n * (1 - share) + 1))) + 1
    high = z * math.sqrt(max(0.0, z * z + 2 - 1 / n + 4 * share * (n * (1 - share) - 1))) + 1
    least = 0.0 if count == 0 else max(0.0, (centre - low) / scale)
    return least, 1.0 if count == n else min(1.0, (centre + high) / scale)


def _jeffreys(count: int, n: int, level: float) -> Bounds:
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(special.betaincinv(count + 0.5, n - count + 0.5, tail))
    return low, 1.0 if count == n else float(special.betaincinv(count + 0.5, n - count + 0.5, 1 - tail))


METHODS: Mapping[str, Callable[[int, int, float], Bounds]] = {
    "wilson": _of_the_room("wilson"),
    "clopper-pearson": _of_the_room("clopper-pearson"),
    "agresti-coull": _of_the_room("agresti-coull"),
    "wald": _wald,
    "wilson, corrected": _wilson_corrected,
    "jeffreys": _jeffreys,
}
"""Name -> interval of a share. Sources: Newcombe 1998,
doi 10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E;
Brown, Cai & DasGupta 2001, doi 10.1214/ss/1009213286."""


def intervals(count: int, n: int, level: float) -> dict[str, Bounds]:
    """Return the interval of every method.

    Example:
        >>> {name: (round(low, 3), round(high, 3)) for name, (low, high) in intervals(8, 10, 0.95).items()}["wilson"]
        (0.49, 0.943)
    """
    return {name: method(count, n, level) for name, method in METHODS.items()}
