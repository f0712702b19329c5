"""Stored and recomputed statistics in, what a difference does to the verdicts of planned comparisons out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["changed", "crossing", "resolve", "verdicts"]

_PAIR = re.compile(r"^((?:joint|cases|class_comparisons)\.\d+\.pairs\.\d+|pairs\.\d+|equivalences\.\d+|omnibus\.\d+)\b")

MISSING = object()
"""What a place that is not there resolves to."""


def resolve(tree: Any, place: str) -> Any:
    """Follow a place such as ``pairs.3.p_t`` through plain data; `MISSING` where it leads nowhere.

    Example:
        >>> resolve({"pairs": [{"p": 0.5}]}, "pairs.0.p")
        0.5
    """
    for key in place.split("."):
        if isinstance(tree, Mapping) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and key.isdecimal() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return MISSING
    return tree


def verdicts(stored: Any, fresh: Any) -> Iterator[str]:
    """Say every verdict of a comparison of the declared family that changes, one clause each."""
    for target in ("joint", "cases"):
        tests = fresh.get(target, [])
        for number, test in enumerate(tests if isinstance(tests, list) else ()):
            yield from _of_pairs(stored, test.get("pairs", []), f"{target}.{number}.pairs", str(test.get("metric")))
    pairs = fresh.get("pairs", [])
    yield from _of_pairs(stored, pairs, "pairs", "")


def _of_pairs(stored: Any, pairs: Any, place: str, metric: str) -> Iterator[str]:
    for number, pair in enumerate(pairs):
        before = resolve(stored, f"{place}.{number}")
        if pair.get("in_family") and isinstance(before, Mapping) and before.get("verdict") != pair.get("verdict"):
            yield _told(pair, before, str(pair.get("metric", metric)))


def _told(pair: Mapping[str, Any], before: Mapping[str, Any], metric: str) -> str:
    names = f"{pair.get('first')} against {pair.get('second')}"
    return (
        f"DECISION: {metric}, {names}: the verdict is {pair.get('verdict')!r}, and {before.get('verdict')!r} "
        "stands in statistics.json"
    )


def changed(place: str, stored: Any, fresh: Any) -> str:
    """Say how the verdict of the comparison to which a place belongs changes; empty where it does not."""
    found = _PAIR.match(place)
    if not found:
        return ""
    before, after = resolve(stored, found[1]), resolve(fresh, found[1])
    for key in ("verdict", "equivalent", "rejected"):
        pair = [each.get(key) if isinstance(each, Mapping) else None for each in (before, after)]
        if pair[0] != pair[1]:
            return f"DECISION: {key} is {pair[1]!r} when recomputed and {pair[0]!r} as stored"
    return ""


def crossing(place: str, printed: float, fresh: float, alpha: float) -> str:
    """Say whether a printed p value lies on the other side of alpha than the recomputed one; empty where it does not.

    Example:
        >>> crossing("pairs.0.p_t_adjusted", 0.03, 0.06, 0.05)
        'DECISION: on the other side of alpha = 0.05 than what was recomputed'
    """
    name = place.rsplit(".", 1)[-1]
    if not (name == "p" or name.startswith("p_")) or math.isnan(printed) or math.isnan(fresh):
        return ""
    if (printed < alpha) == (fresh < alpha):
        return ""
    return f"DECISION: on the other side of alpha = {alpha:g} than what was recomputed"
