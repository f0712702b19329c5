"""The runs of a study in, one ensemble per loss out: the mean of the probabilities of its finished seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.gather import Material, RunMaterial
from cxr_report.analysis.scoring import ScoredRun, score
from cxr_report.metrics.probabilities import log_sigmoid, log_softmax
from cxr_report.study import Study

__all__ = ["ENSEMBLE_PREFIX", "Pooled", "mean_logits", "pool"]

ENSEMBLE_PREFIX = "ensemble:"
"""Stands before a loss's name in the column ``loss`` of scores.csv, where the seed is empty."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """The ensemble of one loss."""

    loss: str
    seeds: tuple[int, ...]
    """Of its members, rising."""
    logits: Mapping[str, NDArray[np.float64]]
    """Split -> ``(N, C)``, whose softmax, or sigmoid, is the mean of the members'."""
    scored: ScoredRun
    """Every metric, at thresholds that were chosen on the ensemble's own validation predictions."""


def mean_logits(task: str, logits: NDArray[Any]) -> NDArray[np.float64]:
    """Return the logits of the mean of several runs' probabilities.

    For classes `log(mean of p)`, whose softmax is the mean again; for findings `log(mean of p) - log(mean of 1 - p)`.
    Both are computed from logarithms, so that no probability is rounded to 0 or 1 and cases that the members tell apart
    do not tie.

    Args:
        task: `binary`, `multiclass` or `multilabel`.
        logits: `(S, N, C)`.

    Returns:
        `(N, C)`.

    Example:
        >>> mean_logits("multilabel", np.array([[[-2.0]], [[2.0]]])).round(12) + 0.0
        array([[0.]])
    """
    if task == "multilabel":
        return _log_sum(log_sigmoid(logits)) - _log_sum(log_sigmoid(-np.asarray(logits, dtype=np.float64)))
    return np.asarray(_log_sum(log_softmax(logits)) - np.log(len(logits)))


def _log_sum(logarithms: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.logaddexp.reduce(logarithms, axis=0)
    return total


def pool(study: Study, material: Material) -> tuple[Pooled, ...]:
    """Make the ensemble of every loss that has finished a seed.

    Diverged and missing runs are no members. There are none where predictions are not probabilities, or are not there
    at all, nor where no loss has two members, for an ensemble of one is its member.

    Args:
        study: task and losses.
        material: runs and truth.

    Returns:
        In the study's order of the losses.
    """
    if not study.decides:
        return ()
    members = {loss: [run for run in material.runs if run.loss == loss] for loss in study.losses}
    if max(map(len, members.values()), default=0) < 2:
        return ()
    return tuple(_pooled(study, material, loss, runs) for loss, runs in members.items() if runs)


def _pooled(study: Study, material: Material, loss: str, runs: list[RunMaterial]) -> Pooled:
    ordered = sorted(runs, key=lambda run: run.seed)
    logits = {
        split: mean_logits(study.task, np.stack([run.logits[split] for run in ordered])) for split in material.truth
    }
    scored = score(
        study.task,
        material.truth,
        logits,
        loss=f"{ENSEMBLE_PREFIX}{loss}",
        seed=None,
        classes=material.classes,
        metrics=study.scored_metrics(),
    )
    return Pooled(loss, tuple(run.seed for run in ordered), logits, scored)
