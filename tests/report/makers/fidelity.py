"""A made-up Analysis in, made-up agreements of other arithmetics out: some agree, some turn conclusions, one breaks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cxr_report.analysis.value import Agreement, Analysis, Reversal, Shift

NAN = math.nan


def made_agreements(analysis: Analysis, rng: np.random.Generator) -> tuple[Agreement, ...]:
    """Make torch, which agrees, and some of the variants."""
    names = [name for name in ("cpu", "fp16", "int8") if rng.random() < 0.7]
    return (_agreement(analysis, "torch", rng), *(_agreement(analysis, name, rng) for name in names))


def _agreement(analysis: Analysis, name: Any, rng: np.random.Generator) -> Agreement:
    runs = sum(run.state == "done" for run in analysis.runs)
    broken = name != "torch" and rng.random() < 0.15
    family = sum(pair.in_family for pair in analysis.pairs)
    changes = () if name == "torch" or broken else _changes(analysis, rng)
    labels = runs * analysis.data.n_test
    return Agreement(
        arithmetic=name,
        n_runs=runs,
        n_labels=labels,
        max_delta=NAN if broken else float(10.0 ** rng.uniform(-7, -1)),
        flips=0 if broken else int(rng.integers(0, max(1, labels // 20))),
        not_finite=int(rng.integers(1, 9)) if broken else 0,
        n_rankings=len(analysis.metrics),
        n_decisions=family,
        changes=changes,
        shifts=() if broken else tuple(_shift(loss, m, rng) for m in analysis.metrics for loss in analysis.losses),
    )


def _changes(analysis: Analysis, rng: np.random.Generator) -> tuple[Reversal, ...]:
    found = []
    for metric in analysis.metrics:
        role = next((pair.role for pair in analysis.pairs if pair.metric == metric), "exploratory")
        if rng.random() < 0.3:
            order = ", ".join(analysis.losses)
            found.append(Reversal("ranking", metric, role, "", "", order, ", ".join(reversed(analysis.losses))))
        for pair in analysis.pairs:
            if pair.metric == metric and pair.in_family and rng.random() < 0.2:
                found.append(Reversal("decision", metric, role, pair.first, pair.second, "not shown", "first better"))
    return tuple(found)


def _shift(loss: str, metric: str, rng: np.random.Generator) -> Shift:
    if rng.random() < 0.2:
        return Shift(loss, metric, 3, 0.0, NAN, NAN, NAN, NAN, "no run's value differs")
    middle, se = float(rng.normal(0, 1e-3)), float(rng.uniform(1e-5, 1e-3))
    return Shift(loss, metric, 3, middle, se, 7.5, middle - 2.3 * se, middle + 2.3 * se, "")
