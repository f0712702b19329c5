"""Two sides in, what differs between them out: matched by meaning, decisions first, rounding counted apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.exchange.change import Change, Decision, Difference, FileChange, Only, ScoreChange, Setting
from cxr_report.exchange.decisions import conclusions
from cxr_report.exchange.leaves import leaves, settings
from cxr_report.exchange.orientation import oriented, pairs_of
from cxr_report.exchange.sides import Score, Side

__all__ = ["ABSENT", "ROUNDING", "compare"]

ABSENT = "absent"
"""Stands for what one side does not have."""

ROUNDING = 1e-9
"""Chosen: relative difference up to which two numbers differ by rounding alone; another BLAS moves the 12th digit."""

_INFINITE = {"inf": math.inf, "-inf": -math.inf}


def compare(before: Side, after: Side) -> Difference:
    """Tell what differs.

    Args:
        before: one side.
        after: the other one; its pairs of losses are turned the way round that the first has them.

    Raises:
        Refusal: statistics.json of a side is not built like one.
    """
    try:
        return _compare(before, after)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise Refusal(
            f"{before.name} and {after.name}: statistics.json of one of them is damaged ({what}); run `cxr-report "
            "analyse` again"
        ) from None


def _compare(before: Side, after: Side) -> Difference:
    first = before.statistics
    second: Mapping[str, Any] = oriented(after.statistics, pairs_of(first))
    said = before.report and after.report
    statistics, rounded, compared = _statistics(leaves(first), leaves(second))
    scores = _scores(before.scores, after.scores)
    return Difference(
        before=before.name,
        after=after.name,
        decisions=_decisions(first, second),
        settings=_settings(
            settings(first, before.report if said else {}), settings(second, after.report if said else {})
        ),
        runs=_runs(first, second),
        files=_files(first.get("inputs", {}), second.get("inputs", {})),
        scores=tuple(each for each in scores if each.changed),
        statistics=statistics,
        rounded_scores=sum(each.rounded for each in scores),
        rounded_statistics=rounded,
        compared_scores=len(before.scores.keys() & after.scores.keys()),
        compared_statistics=compared,
    )


def _both(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield key and both values of what is not the same, in the order of the first side and then of the second."""
    for key in {**before, **after}:
        values = before.get(key, ABSENT), after.get(key, ABSENT)
        if values[0] != values[1] or type(values[0]) is not type(values[1]):
            yield key, *values


def _decisions(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Decision, ...]:
    nothing = (ABSENT, False)
    before, after = conclusions(first), conclusions(second)
    found = []
    for question in {**before, **after}:
        was, now = before.get(question, nothing), after.get(question, nothing)
        if was[0] != now[0]:
            found.append(Decision(question, was[0], now[0], planned=was[1] or now[1]))
    return tuple(sorted(found, key=lambda each: (not each.planned, ABSENT in (each.before, each.after))))


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Setting, ...]:
    return tuple(Setting(name, was, now) for name, was, now in _both(before, after) if was != now)


def _runs(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Only, ...]:
    before, after = (
        {(str(run["loss"]), int(run["seed"])): str(run["state"]) for run in side["runs"]} for side in (first, second)
    )
    return tuple(
        Only(*run, before.get(run, ABSENT), after.get(run, ABSENT))
        for run in {**before, **after}
        if before.get(run) != after.get(run)
    )


def _files(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FileChange, ...]:
    return tuple(
        FileChange(name, before.get(name, ""), after.get(name, ""))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _statistics(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[Change, ...], int, int]:
    """Return what changed, how many numbers did by rounding alone, and how many entries both sides have."""
    changed, rounded = [], 0
    for key, was, now in _both(before, after):
        numbers = _number(was), _number(now)
        if _equal(*numbers):
            continue
        if _rounded(*numbers):
            rounded += 1
        else:
            changed.append(Change(key, was, now, _distance(*numbers)))
    return tuple(changed), rounded, len(before.keys() & after.keys())


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return _INFINITE.get(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _equal(was: float | None, now: float | None) -> bool:
    return was is not None and was == now


def _rounded(was: float | None, now: float | None) -> bool:
    """Say whether two different numbers differ by rounding alone."""
    if was is None or now is None or not (math.isfinite(was) and math.isfinite(now)):
        return False
    return abs(was - now) <= ROUNDING * max(abs(was), abs(now))


def _distance(was: float | None, now: float | None) -> float:
    return math.nan if was is None or now is None else abs(now - was)


def _scores(before: Mapping[Score, str], after: Mapping[Score, str]) -> tuple[ScoreChange, ...]:
    """Gather changed scores by loss, seed and metric; those with the largest change first."""
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    groups = groupby(sorted(changed), key=lambda key: key[:3])
    found = [_score_change(list(keys), before, after) for _, keys in groups]
    return tuple(sorted(found, key=lambda each: -_or_zero(each.largest)))


def _score_change(keys: list[Score], before: Mapping[Score, str], after: Mapping[Score, str]) -> ScoreChange:
    numbers = {key: (_parsed(before.get(key)), _parsed(after.get(key))) for key in keys}
    rounded = sum(_rounded(*pair) for pair in numbers.values())
    distances = {key: _distance(*pair) for key, pair in numbers.items() if not (_equal(*pair) or _rounded(*pair))}
    place = max(distances or dict.fromkeys(keys, 0.0), key=lambda key: _or_zero(distances.get(key, 0.0)))
    where = f"{place[3]}, {place[4]}" if place[4] else place[3]
    told = before.get(place, ABSENT), after.get(place, ABSENT)
    return ScoreChange(*place[:3], len(distances), rounded, distances.get(place, math.nan), where, *told)


def _or_zero(distance: float) -> float:
    """Put what is no distance of two numbers behind every one that is."""
    return -1.0 if math.isnan(distance) else distance


def _parsed(text: str | None) -> float | None:
    return float(text) if text else None
