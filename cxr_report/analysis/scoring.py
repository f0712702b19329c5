"""Truth and logits of every run in, every metric of the catalogue per run, split and class out."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.gather import Material, RunMaterial, Truth
from cxr_report.metrics import METRICS, NEEDS_VALIDATION, Score, choose_thresholds, scores

__all__ = ["CONTROL_PREFIX", "ScoredRun", "score", "score_all", "score_controls", "score_floor", "worst"]

CONTROL_PREFIX = "control:"
"""Stands before a control's name in the column ``loss`` of scores.csv."""


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """Every metric of one run, or of a control."""

    loss: str
    seed: int | None
    """None for a control."""
    thresholds: tuple[float, ...]
    """``(C,)`` probabilities chosen on validation; NaN where a class has no positive or no negative case there."""
    rows: Mapping[str, Mapping[tuple[str, str], Score]]
    """Split -> (metric, class) -> score; an empty class is overall."""

    def value(self, metric: str, klass: str = "", split: str = "test") -> float:
        """Return one number; NaN where it is undefined or does not exist for the task."""
        row = self.rows[split].get((metric, klass))
        return math.nan if row is None else row.value

    def overall(self, split: str = "test") -> dict[str, float]:
        """Return every metric over all classes."""
        return {metric: row.value for (metric, klass), row in self.rows[split].items() if not klass}


def score(
    task: str,
    truth: Mapping[str, Truth],
    logits: Mapping[str, NDArray[Any]],
    *,
    loss: str,
    seed: int | None,
    classes: Sequence[str],
    metrics: Collection[str] = METRICS,
) -> ScoredRun:
    """Score one run on validation and test, at thresholds chosen on validation.

    Without validation cases, or where no metric needs a threshold, none is chosen.

    Args:
        task: ``binary``, ``multiclass`` or ``multilabel``.
        truth: split -> cases.
        logits: split -> ``(N, C)``.
        loss: the run's loss, or the control's name with its prefix.
        seed: the run's seed; None for a control.
        classes: the C names.
        metrics: those that are kept.
    """
    thresholds = np.full(len(classes), np.nan)
    if "val" in truth and any(name in metrics for name in NEEDS_VALIDATION):
        thresholds = choose_thresholds(task, truth["val"].labels, logits["val"])
    rows = {
        split: {
            (row.metric, row.klass): row
            for row in scores(task, cases.labels, logits[split], classes=classes, thresholds=thresholds)
            if row.metric in metrics
        }
        for split, cases in truth.items()
    }
    return ScoredRun(loss=loss, seed=seed, thresholds=tuple(float(t) for t in thresholds), rows=rows)


def score_all(task: str, material: Material, *, metrics: Collection[str] = METRICS) -> tuple[ScoredRun, ...]:
    """Score every finished run that is compared, or take the scores that are given.

    Args:
        task: ``binary``, ``multiclass`` or ``multilabel``; ``none`` where scores are given.
        material: runs and truth.
        metrics: those that are kept.
    """
    if material.given:
        return tuple(_given(loss, seed, values) for (loss, seed), values in material.given.items())
    return _score_runs(task, material, material.runs, metrics)


def _given(loss: str, seed: int, values: Mapping[str, float]) -> ScoredRun:
    rows = {(metric, ""): Score(metric, "", value, n=0, undefined=0) for metric, value in values.items()}
    return ScoredRun(loss=loss, seed=seed, thresholds=(), rows={"test": rows})


def score_floor(task: str, material: Material) -> tuple[ScoredRun, ...]:
    """Score every finished run of the noise floor."""
    return _score_runs(task, material, material.floor, METRICS)


def _score_runs(
    task: str, material: Material, found: Iterable[RunMaterial], metrics: Collection[str]
) -> tuple[ScoredRun, ...]:
    classes = material.classes
    return tuple(
        score(task, material.truth, run.logits, loss=run.loss, seed=run.seed, classes=classes, metrics=metrics)
        for run in found
    )


def score_controls(task: str, material: Material) -> tuple[ScoredRun, ...]:
    """Score every control."""
    return tuple(
        score(task, material.truth, logits, loss=f"{CONTROL_PREFIX}{name}", seed=None, classes=material.classes)
        for name, logits in material.controls.items()
    )


def worst(scored: Iterable[ScoredRun], metric: str, klass: str = "") -> float:
    """Return the worst score on test that any finished run reached.

    It is what a diverged run is given where the plan says so: a rank below or level with all others, on the metric's
    own scale and without a notion of chance, which not every metric has.

    Returns:
        A number; NaN where no run has one.
    """
    values = np.array([run.value(metric, klass) for run in scored], dtype=np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return math.nan
    return float(finite.min() if METRICS[metric].higher_is_better else finite.max())
