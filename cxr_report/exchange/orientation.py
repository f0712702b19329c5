"""An analysis in, the same with its pairs of losses the way round that another one has them out.

Which loss of a pair comes first follows from the order of the losses in a study and means nothing. What is said of
first - second turns with it: signs, bounds, and words.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

__all__ = ["oriented", "pairs_of"]

NEGATED = ("difference", "differences", "estimate", "t", "d_z")
BOUNDS = (("low", "high"), ("low_simultaneous", "high_simultaneous"), ("d_z_low", "d_z_high"))
"""Bounds of a difference: each becomes the other one's negative."""

SWAPPED = (("w_plus", "w_minus"), ("t_left", "t_right"), ("rank_left", "rank_right"), ("n_better", "n_worse"))
ONE_SIDED = ("noninferior", "p_noninferiority", "p_noninferiority_adjusted")
"""Said of the first loss alone: they have no counterpart the other way round."""

WORDS: Mapping[str, str] = {
    "first better": "second better",
    "second better": "first better",
    "better": "worse",
    "worse": "better",
    "inf": "-inf",
    "-inf": "inf",
}

Pair = tuple[str, str]


def pairs_of(value: Any) -> frozenset[Pair]:
    """Return every pair of losses that an analysis speaks of, the way round that it has them."""
    if isinstance(value, list):
        return frozenset().union(*(pairs_of(entry) for entry in value))
    if not isinstance(value, Mapping):
        return frozenset()
    own = {pair} if (pair := _pair(value)) else set()
    return frozenset(own).union(*(pairs_of(entry) for entry in value.values()))


def oriented(value: Any, like: Set[Pair]) -> Any:
    """Turn those pairs round that another analysis has the other way round.

    Args:
        value: content of statistics.json, or a part of it.
        like: pairs of the other analysis.

    Example:
        >>> oriented({"first": "b", "second": "a", "difference": 0.1, "verdict": "first better"}, {("a", "b")})
        {'first': 'a', 'second': 'b', 'difference': -0.1, 'verdict': 'second better'}
    """
    if isinstance(value, list):
        return [oriented(entry, like) for entry in value]
    if not isinstance(value, Mapping):
        return value
    pair = _pair(value)
    if pair and pair not in like and pair[::-1] in like:
        return {**_turned(value), "first": pair[1], "second": pair[0]}
    return {key: oriented(entry, like) for key, entry in value.items()}


def _pair(value: Mapping[str, Any]) -> Pair | None:
    first, second = value.get("first"), value.get("second")
    return (first, second) if isinstance(first, str) and isinstance(second, str) and first else None


def _turned(value: Mapping[str, Any]) -> dict[str, Any]:
    """Turn everything that is said of one pair, its rows of other analyses among it."""
    turned = {f"{key} of the second" if key in ONE_SIDED else key: _word(key, entry) for key, entry in value.items()}
    for key in NEGATED:
        if key in value:
            turned[key] = _negative(value[key])
    for low, high in BOUNDS:
        if low in value and high in value:
            turned[low], turned[high] = _negative(value[high]), _negative(value[low])
    for left, right in SWAPPED:
        if left in value and right in value:
            turned[left], turned[right] = value[right], value[left]
    return turned


def _word(key: str, entry: Any) -> Any:
    if key in ("verdict", "before", "after") and isinstance(entry, str):
        return WORDS.get(entry, entry)
    if key == "rows" and isinstance(entry, list):
        return [_turned(row) for row in entry]
    return entry


def _negative(value: Any) -> Any:
    if isinstance(value, list):
        return [_negative(entry) for entry in value]
    if isinstance(value, str):
        return WORDS.get(value, value)
    return -value if isinstance(value, int | float) and not isinstance(value, bool) else value
