"""Truth and probabilities in, how far to trust the probabilities out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.metrics.confusion import mean_of, rate
from cxr_report.metrics.probabilities import Floats, finite_scores, log_sigmoid, log_softmax
from cxr_report.metrics.ranking import column_values
from cxr_report.metrics.truth import Integers, class_truth, indicators, number_of_classes

__all__ = [
    "BINS",
    "Reliability",
    "brier",
    "brier_columns",
    "confidence",
    "ece",
    "finding_log_loss",
    "log_loss",
    "reliability",
]

BINS = 15
"""Quoted: the number of bins of Guo et al. 2017, arXiv 1706.04599."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predicted probability against observed frequency, bin by bin."""

    edges: Floats
    """`(B + 1,)` from 0 to 1; bin b holds edge b < probability <= edge b + 1, and 0 itself lies in the first."""
    count: Integers
    """`(B,)` cases in the bin."""
    predicted: Floats
    """`(B,)` mean probability in the bin, NaN where it is empty."""
    observed: Floats
    """`(B,)` share of the cases in which the event came true, NaN where the bin is empty."""


def _unit(probabilities: ArrayLike, ndim: int) -> Floats:
    p = finite_scores(probabilities, "probabilities", ndim)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"probabilities must lie in [0, 1], got values from {p.min():g} to {p.max():g}.")
    return p


def reliability(event: ArrayLike, probabilities: ArrayLike, *, bins: int = BINS) -> Reliability:
    """Compare the probability of an event with its frequency in bins of equal width, closed on the right.

    The event is for the caller to choose: "the case is positive", or "the predicted class is right" (`confidence`).

    Args:
        event: `(N,)` of 1 (came true) and 0.
        probabilities: `(N,)` in [0, 1], that of the event.
        bins: their number B.

    Returns:
        Counts, mean probabilities and frequencies of the bins.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> reliability([0, 1, 1], [0.5, 0.75, 1.0], bins=2).observed
        array([0., 1.])
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}.")
    p, came = _unit(probabilities, 1), np.asarray(event, dtype=np.float64)
    if came.shape != p.shape or not ((came == 0) | (came == 1)).all():
        raise ValueError(f"event must hold 0 and 1 only and have shape {p.shape}, got shape {came.shape}.")
    edges = np.arange(bins + 1) / bins
    place = np.maximum(np.searchsorted(edges, p, side="left") - 1, 0)
    count = np.bincount(place, minlength=bins)
    return Reliability(
        edges=edges,
        count=count.astype(np.int64),
        predicted=rate(np.bincount(place, weights=p, minlength=bins), count),
        observed=rate(np.bincount(place, weights=came, minlength=bins), count),
    )


def confidence(truth: ArrayLike, probabilities: ArrayLike) -> tuple[Floats, Floats]:
    """Return whether each predicted class is right, and the probability given to it.

    Args:
        truth: `(N,)` class indices with `(N, C)`, or `(N,)` of 0 and 1 with `(N,)`.
        probabilities: `(N, C)` of the classes, the first of several largest is predicted; or `(N,)` of the positive
            class, predicted from 0.5 on.

    Returns:
        `(N,)` of 1 (right) and 0, and `(N,)` in [0, 1].

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> confidence([1, 1], [0.75, 0.25])
        (array([1., 0.]), array([0.75, 0.75]))
    """
    true = class_truth(truth)
    p = _unit(probabilities, 1 if np.ndim(probabilities) == 1 else 2)
    if p.shape[0] != true.size:
        raise ValueError(f"truth and probabilities must have one row per case, got {true.shape} and {p.shape}.")
    if p.ndim == 1:
        number_of_classes(2, true)
        guess = p >= 0.5
        return (guess == true).astype(np.float64), np.where(guess, p, 1.0 - p)
    number_of_classes(p.shape[1], true)
    guess = p.argmax(axis=1)
    return (guess == true).astype(np.float64), p[np.arange(true.size), guess]


def ece(truth: ArrayLike, probabilities: ArrayLike, *, bins: int = BINS) -> float:
    """Return the expected calibration error of the predicted class.

    `sum over bins of n_b / N |accuracy_b - mean confidence_b|`, bins of equal width closed on the right. It is biased
    upwards in small samples and jumps with the bins: describe with it, decide with the Brier score.
    Sources: Naeini et al. 2015, doi 10.1609/aaai.v29i1.9602; Guo et al. 2017, arXiv 1706.04599.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN (mean over the findings with a known label).
        probabilities: `(N, C)`, `(N, L)`, or `(N,)` of the positive class.
        bins: their number.

    Returns:
        A number in [0, 1]; NaN where no label is known.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> ece([1, 0], [[0.25, 0.75], [0.25, 0.75]])
        0.25
    """
    if np.ndim(truth) == 2:
        p = _unit(probabilities, 2)
        outcome = indicators(truth, p.shape[1])
        values = column_values(partial(ece, bins=bins), outcome, p)
        return mean_of(values, values, "macro")
    table = reliability(*confidence(truth, probabilities), bins=bins)
    full = table.count > 0
    gaps = np.abs(table.observed - table.predicted)[full]
    return float((table.count[full] * gaps).sum() / table.count.sum())


def brier_columns(truth: ArrayLike, probabilities: ArrayLike) -> Floats:
    """Return the mean squared difference between probability and outcome of each class or finding.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN (unknown labels do not enter).
        probabilities: `(N, C)` or `(N, L)` in [0, 1].

    Returns:
        `(C,)` in [0, 1]; NaN for a finding without a known label.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> brier_columns([1, 0], [[0.5, 0.5], [1.0, 0.0]])
        array([0.125, 0.125])
    """
    p = _unit(probabilities, 2)
    if np.shape(truth)[:1] != p.shape[:1]:
        raise ValueError(f"truth and probabilities must have one row per case, got {np.shape(truth)} and {p.shape}.")
    error = (p - indicators(truth, p.shape[1])) ** 2
    return rate(np.nansum(error, axis=0), (~np.isnan(error)).sum(axis=0))


def brier(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the Brier score.

    Two classes: mean of `(p_1 - y)^2`, in [0, 1]. More classes: mean of `sum over classes of (p_c - y_c)^2`, in [0, 2],
    as Brier wrote it. Findings: mean over the findings of the first form.
    Source: Brier 1950, doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        probabilities: `(N, C)`, `(N, L)`, or `(N,)` of the positive class.

    Returns:
        The score, 0 is best; NaN where no label is known.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> brier([1, 0], [0.5, 0.0])
        0.125
    """
    if np.ndim(probabilities) == 1:
        p = _unit(probabilities, 1)
        return brier(truth, np.stack([1.0 - p, p], axis=1))
    values = brier_columns(truth, probabilities)
    if np.ndim(truth) == 2:
        return mean_of(values, values, "macro")
    return float(values[1] if values.size == 2 else values.sum())


def finding_log_loss(truth: ArrayLike, logits: ArrayLike) -> Floats:
    """Return the log loss of each finding, `mean of -log p where present, -log(1 - p) where absent`.

    Args:
        truth: `(N, L)` of 1, 0 and NaN (unknown labels do not enter).
        logits: `(N, L)` sigmoid logits.

    Returns:
        `(L,)` of at least 0; NaN for a finding without a known label.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> finding_log_loss([[1.0], [0.0]], [[-1000.0], [-1000.0]])
        array([500.])
    """
    z = finite_scores(logits)
    if np.shape(truth) != z.shape:
        raise ValueError(f"truth must have shape {z.shape}, one column per finding, got {np.shape(truth)}.")
    outcome = indicators(truth, z.shape[1])
    loss = np.where(np.isnan(outcome), np.nan, -log_sigmoid(np.where(outcome == 1, z, -z)))
    return rate(np.nansum(loss, axis=0), (~np.isnan(loss)).sum(axis=0))


def log_loss(truth: ArrayLike, logits: ArrayLike) -> float:
    """Return the log loss (cross-entropy), the mean of `-log p` of what is true, natural logarithm.

    Computed from logits, through the log-softmax (classes) or the log-sigmoid (findings), so that a confident mistake
    costs its logit and not infinity, and nothing is clipped.

    Args:
        truth: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN (mean over the findings with a known label).
        logits: `(N, C)` softmax logits or `(N, L)` sigmoid logits; not probabilities.

    Returns:
        A number of at least 0; NaN where no label is known.

    Raises:
        ValueError: for shapes or values that do not fit.

    Example:
        >>> log_loss([0], [[0.0, 1000.0]])
        1000.0
    """
    if np.ndim(truth) == 2:
        values = finding_log_loss(truth, logits)
        return mean_of(values, values, "macro")
    true, logged = class_truth(truth), log_softmax(finite_scores(logits))
    if logged.shape[0] != true.size:
        raise ValueError(f"truth and logits must have one row per case, got {true.shape} and {logged.shape}.")
    number_of_classes(logged.shape[1], true)
    return float(-logged[np.arange(true.size), true].mean()) + 0.0
