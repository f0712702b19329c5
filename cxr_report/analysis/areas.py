"""Predictions on the same cases in, the AUROC of every run with its interval over cases out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from cxr_report.analysis.gather import Truth
from cxr_report.analysis.value import Interval
from cxr_report.metrics import margins
from cxr_report.stats.auc_covariance import Finding, areas_by_delong, patient_codes

__all__ = ["intervals", "ranking"]

Floats = NDArray[np.float64]

NO_SPREAD = 1e-12
"""Chosen: a standard error of an area at or below this is rounding alone."""


def ranking(task: str, logits: NDArray[np.float32]) -> Floats:
    """Return the scores by which cases are ranked for each class: log odds against the rest, or a finding's logit.

    Args:
        task: ``binary``, ``multiclass`` or ``multilabel``.
        logits: ``(N, C)``.

    Returns:
        ``(N, C)``, or ``(N, 1)`` for the positive class of a binary task.
    """
    if task == "multilabel":
        return logits.astype(np.float64)
    columns = margins(logits)
    return columns[:, 1:] if task == "binary" else columns


def intervals(task: str, truth: Truth, logits: Sequence[NDArray[np.float32]], *, alpha: float) -> tuple[Interval, ...]:
    """Compute the AUROC of every run with DeLong's interval over cases.

    For several classes it is the macro mean, whose variance keeps the covariance between the classes; patients with
    several cases are the unit of chance (Obuchowski 1997, doi 10.2307/2533958). The interval is clipped to [0, 1].

    Args:
        task: ``binary``, ``multiclass`` or ``multilabel``.
        truth: the cases.
        logits: one ``(N, C)`` per run.
        alpha: the interval covers 1 - alpha.

    Returns:
        One per run; bounds are NaN where a class has a single positive or negative case.
    """
    if not logits:
        return ()
    scores = np.stack([ranking(task, each) for each in logits])
    areas = areas_by_delong(
        _findings(task, truth.labels, scores.shape[2]), scores, patient_codes(truth.groups, len(truth.ids))
    )
    reach = float(norm.isf(alpha / 2))
    return tuple(
        _interval(float(auc), float(variance), reach)
        for auc, variance in zip(areas.auc, np.diagonal(areas.covariance), strict=True)
    )


def _findings(task: str, labels: NDArray[np.float64] | NDArray[np.int64], width: int) -> list[Finding]:
    if task == "binary":
        return [Finding(slice(None), labels == 1)]
    if task == "multiclass":
        return [Finding(slice(None), labels == place) for place in range(width)]
    known = [np.flatnonzero(~np.isnan(labels[:, place])) for place in range(width)]
    return [Finding(cases, labels[cases, place] == 1) for place, cases in enumerate(known)]


def _interval(auc: float, variance: float, reach: float) -> Interval:
    if math.isnan(variance) or variance < -(NO_SPREAD**2):
        return Interval(auc, math.nan, math.nan)
    half = reach * math.sqrt(max(variance, 0.0))
    return Interval(auc, max(0.0, auc - half), min(1.0, auc + half))
