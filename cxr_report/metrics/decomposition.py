"""Truth and probabilities in, the parts of the Brier score out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.metrics.calibration import BINS, brier, reliability
from cxr_report.metrics.confusion import mean_of
from cxr_report.metrics.probabilities import Floats
from cxr_report.metrics.truth import indicators

__all__ = ["BrierDecomposition", "brier_decomposition"]


@dataclass(frozen=True, slots=True)
class BrierDecomposition:
    """The parts of a Brier score: `reliability - resolution + uncertainty + within_bin = brier`."""

    reliability: float
    """How far the mean probability of a bin lies from the frequency in it; at least 0, 0 is best."""
    resolution: float
    """How far the frequencies of the bins lie from that of all cases; at least 0, high is good."""
    uncertainty: float
    """Variance of the outcome, the same for every classifier on the same cases; at least 0."""
    within_bin: float
    """What probabilities that differ within a bin add: their variance minus twice their covariance with the outcome.
    Negative where they rank the cases inside the bins rightly; 0 where each bin holds one probability only."""
    brier: float
    """The Brier score, as `brier` returns it."""


def brier_decomposition(truth: ArrayLike, probabilities: ArrayLike, *, bins: int = BINS) -> BrierDecomposition:
    """Split the Brier score into reliability, resolution, uncertainty and a remainder within the bins.

    With n_b of N cases in bin b, mean probability `p_b`, frequency `o_b` and frequency o of all cases:
    `reliability = sum n_b (p_b - o_b)^2 / N`, `resolution = sum n_b (o_b - o)^2 / N`, `uncertainty = o (1 - o)`, and
    `within_bin = sum over cases of [(p - p_b)^2 - 2 (p - p_b)(y - o_b)] / N`. Murphy's three parts add up to the score
    only where all probabilities of a bin are equal; with the remainder they always do. Bins are those of `reliability`,
    laid over the probability of each class (not over the confidence in the predicted one).

    Two classes: the parts of the positive class. More classes: each against the rest, summed. Findings: the mean over
    the findings with a known label. Each as `brier` has it, so that the parts belong to that score.

    Sources: Murphy 1973, doi 10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2; Stephenson, Coelho & Jolliffe 2008,
    doi 10.1175/2007WAF2006116.1.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        probabilities: `(N, C)`, `(N, L)`, or `(N,)` of the positive class.
        bins: their number.

    Returns:
        The four parts and the score; NaN where no label is known.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> found = brier_decomposition([0, 0, 1, 1], [0.25, 0.25, 0.25, 0.75])
        >>> round(found.reliability, 4), round(found.resolution, 4), found.uncertainty, found.brier
        (0.0208, 0.0833, 0.25, 0.1875)
    """
    score = brier(truth, probabilities)
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim == 1:
        p = np.stack([1.0 - p, p], axis=1)
    outcome = indicators(truth, p.shape[1])
    if np.ndim(truth) == 1 and p.shape[1] == 2:
        p, outcome = p[:, 1:], outcome[:, 1:]
    columns = np.stack([_parts(outcome[:, c], p[:, c], bins) for c in range(p.shape[1])])
    parts = columns.sum(axis=0) if np.ndim(truth) == 1 else np.array([mean_of(c, c, "macro") for c in columns.T])
    reliable, resolved, uncertain, within = parts.tolist()
    return BrierDecomposition(reliable, resolved, uncertain, within, score)


def _parts(outcome: Floats, probabilities: Floats, bins: int) -> Floats:
    """Return reliability, resolution, uncertainty and the remainder of one class over its known outcomes, `(4,)`."""
    known = ~np.isnan(outcome)
    if not known.any():
        return np.full(4, np.nan)
    y, p = outcome[known], probabilities[known]
    table = reliability(y, p, bins=bins)
    full = table.count > 0
    count, predicted, observed = table.count[full], table.predicted[full], table.observed[full]
    place = np.repeat(np.arange(count.size), count)
    order = np.argsort(p, kind="stable")  # bins rise with the probability, so that sorted cases fill them in turn
    spread, luck = p[order] - predicted[place], y[order] - observed[place]
    everywhere = float(y.mean())
    sums = [
        (count * (predicted - observed) ** 2).sum(),
        (count * (observed - everywhere) ** 2).sum(),
        y.size * everywhere * (1.0 - everywhere),
        (spread**2 - 2.0 * spread * luck).sum(),
    ]
    return np.array(sums, dtype=np.float64) / y.size
