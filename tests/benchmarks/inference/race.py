"""Ways through the same images, taken in turns: medians, ratios of neighbours in time, and processor time beside."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from kit import processor_seconds
from subject import Way


@dataclass(frozen=True, slots=True)
class Lap:
    """One pass over the images."""

    wall: float
    processor: float


def race(ways: Mapping[str, Way], rounds: int) -> dict[str, list[Lap]]:
    """Let every way go once for warming up, then in turns, each round begun by another; logits must agree."""
    laps: dict[str, list[Lap]] = {name: [] for name in ways}
    names = list(ways)
    right = None
    for name, way in ways.items():
        logits = way()
        right = logits if right is None else right
        worst = float(np.abs(logits - right).max() / np.abs(right).max())
        if worst > 1e-3:
            raise SystemExit(f"{name} gives other logits than {names[0]}: {worst:.3g} of the largest")
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            laps[name].append(lap(ways[name]))
    return laps


def lap(way: Way) -> Lap:
    """Time one pass."""
    wall, processor = time.perf_counter(), processor_seconds()
    way()
    return Lap(time.perf_counter() - wall, processor_seconds() - processor)


def told(laps: Mapping[str, list[Lap]], images: int, first: str) -> dict[str, Any]:
    """Say what each way does per second, and how many times as fast the first way is as each other."""
    speeds = {
        name: {
            "images_per_second": images / median(one.wall for one in some),
            "images_per_second_at_best": images / min(one.wall for one in some),
            "images_per_processor_second": images / median(one.processor for one in some),
            "processor_seconds_per_second": median(one.processor / one.wall for one in some),
        }
        for name, some in laps.items()
    }
    ratios = {
        name: {
            "by_the_clock": median(their.wall / our.wall for our, their in zip(laps[first], some, strict=True)),
            "by_the_clock_at_best": min(one.wall for one in some) / min(one.wall for one in laps[first]),
            "per_processor_second": median(
                their.processor / our.processor for our, their in zip(laps[first], some, strict=True)
            ),
        }
        for name, some in laps.items()
        if name != first
    }
    return {"images": images, "rounds": len(laps[first]), "speeds": speeds, "ratios": ratios, "load": os.getloadavg()}


def quickest(ways: Mapping[str, Way], repeats: int = 1) -> tuple[str, dict[str, float]]:
    """Return the name of the way whose best pass took least, and the seconds of all, one warm-up each not counted."""
    for way in ways.values():
        way()
    best = {name: min(lap(way).wall for _ in range(repeats)) for name, way in ways.items()}
    return min(best, key=lambda name: best[name]), best
