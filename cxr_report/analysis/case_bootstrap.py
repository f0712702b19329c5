"""Truth and rankings of many runs in, sensitivity at 90 % specificity and its bootstrap covariance over cases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_report.metrics.resamples import resampled_sensitivities
from cxr_report.stats.auc_covariance import Finding, case_weights, patient_codes
from cxr_report.stats.case_draws import ATTEMPTS, Cases
from cxr_report.stats.checks import Floats, Integers

__all__ = ["SAMPLES", "SPECIFICITY", "CaseBootstrap", "bootstrap_sensitivities"]

SAMPLES = 2000
"""Chosen: resamples. The relative Monte-Carlo error of a variance is sqrt(2 / 2000), about 3 %."""

SPECIFICITY = 0.9
"""Of the metric `sensitivity_at_specificity_90`."""

Weights = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CaseBootstrap:
    """A mean over the classes for R runs, and its covariance over resamples of the patients."""

    theta: Floats
    """`(R,)` on the data; NaN where no class has both kinds of cases."""
    covariance: Floats
    """`(R, R)` of the replicates (ddof = 1); NaN where undefined."""
    redrawn: int
    """Resamples that lacked a kind of cases of some class and were drawn again."""
    note: str
    """Why something is NaN or was left out, else empty."""


def bootstrap_sensitivities(
    findings: Sequence[Finding],
    scores: Floats,
    *,
    groups: NDArray[np.generic] | None,
    rng: np.random.Generator,
    samples: int = SAMPLES,
) -> CaseBootstrap:
    """Resample the patients and take the sensitivity at 90 % specificity of all runs on the same resamples.

    Its threshold is a quantile of the negative cases, so leaving out one case moves it by whole steps or not at all: a
    jackknife would not converge, the bootstrap does. Every run is sorted once; a resample is a weight per case. Memory:
    `N * samples` bytes of weights. A resample that lacks a kind of cases of some class is drawn again and counted.

    Source: Efron & Tibshirani 1993, doi 10.1201/9780429246593.

    Args:
        findings: the classes, K of them; those without a positive or a negative case are left out of the mean.
        scores: `(R, N, K)`.
        groups: `(N,)` patient ids; None where every case is a patient of its own.
        rng: the source of randomness.
        samples: resamples B, at least 2.

    Returns:
        Values and covariance; the latter is NaN where a class has a single positive or negative patient.

    Example:
        >>> truth, rng = np.arange(200) < 60, np.random.default_rng(1)
        >>> scores = rng.normal(size=(3, 200, 1)) + truth[:, None]
        >>> drawn = bootstrap_sensitivities([Finding(slice(None), truth)], scores, groups=None, rng=rng, samples=100)
        >>> drawn.covariance.shape, drawn.redrawn
        ((3, 3), 0)
    """
    used = [place for place, finding in enumerate(findings) if finding.usable()]
    runs, kept = len(scores), [findings[place] for place in used]
    nothing = np.full((runs, runs), np.nan)
    if not used:
        note = "the metric needs a positive and a negative case, and one kind is missing"
        return CaseBootstrap(np.full(runs, np.nan), nothing, 0, note)
    table, (left_out, *reasons) = scores[:, :, used], _reasons(findings, kept, patient_codes(groups, scores.shape[1]))
    theta = _macro(kept, table, np.ones((scores.shape[1], 1), dtype=np.uint8))[:, 0]
    if any(reasons):
        return CaseBootstrap(theta, nothing, 0, _joined([left_out, *reasons]))
    weights, redrawn = _weights(kept, Cases.of(groups, scores.shape[1]), rng, samples)
    if weights is None:
        lacking = f"{redrawn} of {redrawn + samples} resamples lacked a class"
        return CaseBootstrap(theta, nothing, redrawn, _joined([left_out, lacking]))
    covariance = np.cov(_macro(kept, table, weights)).reshape(runs, runs)
    return CaseBootstrap(theta, covariance, redrawn, left_out)


def _reasons(findings: Sequence[Finding], kept: Sequence[Finding], codes: Integers | None) -> list[str]:
    """Say how many classes are left out of the mean, then for each that is in why it has no variance, else nothing."""
    gone, total = len(findings) - len(kept), len(findings)
    left_out = f"{gone} of {total} classes without a positive or a negative case left out of the mean" if gone else ""
    alone = [case_weights(positive, None if codes is None else codes[cases])[2] for cases, positive in kept]
    return [left_out, *alone]


def _joined(reasons: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def _macro(findings: Sequence[Finding], scores: Floats, weights: Weights) -> Floats:
    """Return the mean over the classes on every resample, `(R, B)`."""
    total = np.zeros((scores.shape[0], weights.shape[1]))
    for place, (cases, positive) in enumerate(findings):
        total += resampled_sensitivities(positive, scores[:, cases, place], weights[cases], SPECIFICITY)
    return np.asarray(total / len(findings))


def _weights(
    findings: Sequence[Finding], cases: Cases, rng: np.random.Generator, samples: int
) -> tuple[Weights | None, int]:
    """Draw weights `(N, B)` that hold both kinds of cases of every class; None where that hardly ever happens."""
    weights, redrawn = cases.weights(rng, samples), 0
    while (lacking := _lacking(findings, weights)).any():
        missing = int(lacking.sum())
        redrawn += missing
        if redrawn >= ATTEMPTS * samples:
            return None, redrawn
        weights[:, lacking] = cases.weights(rng, missing)
    return weights, redrawn


def _lacking(findings: Sequence[Finding], weights: Weights) -> NDArray[np.bool_]:
    """Say which resamples lack a kind of cases of some class, `(B,)`."""
    result = np.zeros(weights.shape[1], dtype=bool)
    for cases, positive in findings:
        own = weights[cases]
        result |= ~(own[positive].any(axis=0) & own[~positive].any(axis=0))
    return result
