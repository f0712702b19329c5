"""Test predictions of every loss in; ECE, the parts of the Brier score and the bins of a reliability diagram out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.comparisons import notes
from cxr_report.analysis.context import Context
from cxr_report.analysis.value import Calibration, ReliabilityBin
from cxr_report.metrics import BrierDecomposition, brier_decomposition, confidence, reliability, sigmoid, softmax

__all__ = ["calibrations"]

Floats = NDArray[np.float64]

PARTS = ("brier", "reliability", "resolution", "uncertainty", "within_bin")
"""Of a Brier score, each averaged over seeds."""


def calibrations(context: Context) -> tuple[Calibration, ...]:
    """Describe how far the probabilities of every loss can be trusted on test.

    ECE and the parts of the Brier score are those of single runs, averaged over the seeds that every loss finished.
    The bins of the diagram hold the predictions of all these seeds together: the confidence in the predicted class
    against how often it is right; of findings, all known labels together.

    Args:
        context: runs and test cases.

    Returns:
        One per loss, what is undefined being NaN with a note; none where predictions are ranks and no probabilities.
    """
    if not context.study.decides:
        return ()
    link = sigmoid if context.study.task == "multilabel" else softmax
    logits = {(run.loss, run.seed): run.logits["test"] for run in context.material.runs}
    errors = {(run.loss, run.seed): run.value("ece") for run in context.scored}
    return tuple(
        _calibration(
            loss,
            context.test.labels,
            [link(logits[loss, seed]) for seed in context.finished],
            [errors[loss, seed] for seed in context.finished],
        )
        for loss in context.losses
    )


def _calibration(loss: str, labels: NDArray[Any], runs: list[Floats], errors: list[float]) -> Calibration:
    parts = [brier_decomposition(labels, each) for each in runs]
    mean, n = {name: _mean([getattr(each, name) for each in parts]) for name in PARTS}, len(runs)
    return Calibration(
        loss=loss,
        n_seeds=n,
        ece=_mean(errors),
        ece_sd=float(np.std(errors, ddof=1)) if n > 1 else np.nan,
        brier=mean["brier"],
        reliability=mean["reliability"],
        resolution=mean["resolution"],
        uncertainty=mean["uncertainty"],
        within=mean["within_bin"],
        bins=_bins(labels, runs),
        note=_note(n, parts),
    )


def _mean(values: Iterable[float]) -> float:
    found = np.array(list(values))
    return float(found.mean()) if found.size else np.nan


def _note(n: int, parts: list[BrierDecomposition]) -> str:
    few = {0: "no seed is finished for every loss", 1: "no spread from a single seed"}.get(n, "")
    unknown = "no test label is known" if any(np.isnan(each.brier) for each in parts) else ""
    return notes(few, unknown)


def _bins(labels: NDArray[Any], runs: list[Floats]) -> tuple[ReliabilityBin, ...]:
    """Lay the predictions of all runs into the bins of `reliability`."""
    pieces = [piece for each in runs for piece in _outcomes(labels, each)]
    if not pieces:
        return ()
    table = reliability(np.concatenate([right for right, _ in pieces]), np.concatenate([sure for _, sure in pieces]))
    return tuple(
        ReliabilityBin(low=low, high=high, n=int(n), confidence=predicted, accuracy=observed)
        for low, high, n, predicted, observed in zip(
            table.edges[:-1].tolist(),
            table.edges[1:].tolist(),
            table.count,
            table.predicted.tolist(),
            table.observed.tolist(),
            strict=True,
        )
    )


def _outcomes(labels: NDArray[Any], probabilities: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Return whether each prediction of a run is right, and its confidence; of findings one pair for each."""
    if labels.ndim == 1:
        yield confidence(labels, probabilities)
        return
    for truth, column in zip(labels.T, probabilities.T, strict=True):
        there = ~np.isnan(truth)
        if there.any():
            yield confidence(truth[there].astype(np.int64), column[there])
