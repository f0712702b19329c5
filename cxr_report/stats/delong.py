"""Truth and scores of classifiers on the same cases in, areas under the ROC curve with tests and intervals out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from cxr_report.stats.arguments import choice, open_unit
from cxr_report.stats.auc_covariance import (
    Finding,
    areas_by_delong,
    case_weights,
    mixed_patients,
    patient_codes,
    patient_sums,
)
from cxr_report.stats.checks import Floats, Integers, array, binary_truth, vector
from cxr_report.stats.placements import placements
from cxr_report.stats.ties import SNAP, negligible

__all__ = ["AucInterval", "Delong", "DelongTest", "auc_interval", "delong", "delong_test"]


@dataclass(frozen=True, slots=True)
class Delong:
    """Areas under the ROC curve of m classifiers and their covariance under new cases."""

    auc: Floats
    """`(m,)` in [0, 1]."""
    covariance: Floats
    """`(m, m)`."""
    n_positive: int
    """Positive cases."""
    n_negative: int
    """Negative cases."""
    n_patients: int
    """Patients; equal to the number of cases without `groups`."""
    note: str
    """Why something is NaN, else empty."""


@dataclass(frozen=True, slots=True)
class DelongTest:
    """The difference of two areas under the ROC curve on the same cases."""

    auc_a: float
    """In [0, 1]."""
    auc_b: float
    """In [0, 1]."""
    difference: float
    """`auc_a - auc_b`."""
    se: float
    """Standard error of the difference over cases."""
    z: float
    """`difference / se`."""
    p: float
    """From the normal distribution, in [0, 1]."""
    low: float
    """Lower two-sided confidence bound of the difference, at least -1."""
    high: float
    """Upper bound, at most 1."""
    note: str
    """Why something is NaN, else empty."""


@dataclass(frozen=True, slots=True)
class AucInterval:
    """One area under the ROC curve with its confidence interval over cases."""

    auc: float
    """In [0, 1]."""
    se: float
    """Standard error over cases."""
    low: float
    """Lower confidence bound, in [0, 1]."""
    high: float
    """Upper confidence bound, in [0, 1]."""
    note: str
    """Why something is NaN or has no width, else empty."""


def delong(truth: ArrayLike, scores: ArrayLike, *, groups: ArrayLike | None = None) -> Delong:
    """Estimate the areas under the ROC curve of several classifiers and their covariance over cases.

    `Cov(A_r, A_q) = cov(V10_r, V10_q) / M + cov(V01_r, V01_q) / n`, with the placement values V10 of the M positive and
    V01 of the n negative cases. Ties count one half (float64 midranks). Sorting once per classifier makes the cost
    O(m N log N + m^2 N). With `groups`, cases of one patient are not taken as independent: with the patient sums
    a_g of V10 - A and b_g of V01 - A, I10 and I01 patients that have a positive / a negative, and G patients,
    `Cov = I10/((I10-1) M^2) sum a a + I01/((I01-1) n^2) sum b b + G/((G-1) M n) sum (a b + b a)`.

    Degenerate input: without a positive or a negative case all is NaN; with a single positive or negative case (or
    patient) the covariance is NaN; a perfect and a constant classifier have variance 0. The note says so.

    Sources: DeLong, DeLong & Clarke-Pearson 1988, doi 10.2307/2531595; Sun & Xu 2014, doi 10.1109/LSP.2014.2337313;
    Obuchowski 1997, doi 10.2307/2533958 (patients).

    Args:
        truth: `(N,)` in {0, 1}.
        scores: `(N, m)`, higher = more positive; never turned around.
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        Areas `(m,)` and covariance `(m, m)`.

    Raises:
        ValueError: for NaN, infinity, other truths, unequal lengths or no case.

    Example:
        >>> result = delong([0, 0, 1, 1], [[0.1, 0.2], [0.4, 0.6], [0.3, 0.5], [0.8, 0.9]])
        >>> result.auc, result.covariance
        (array([0.75, 0.75]), array([[0.125, 0.125],
               [0.125, 0.125]]))
    """
    positive = binary_truth(truth)
    columns = array(scores, "scores", 2)
    _same_cases(positive, columns, "scores")
    if not columns.shape[1]:
        raise ValueError(f"scores must have a column per classifier, at least one, got shape {columns.shape}.")
    codes = patient_codes(groups, positive.size)
    runs = np.ascontiguousarray(columns.T)[:, :, None]
    areas = areas_by_delong([Finding(slice(None), positive)], runs, codes)
    return Delong(
        areas.auc,
        areas.covariance,
        int(positive.sum()),
        int((~positive).sum()),
        positive.size if codes is None else int(codes.max()) + 1,
        areas.note,
    )


def delong_test(
    truth: ArrayLike,
    score_a: ArrayLike,
    score_b: ArrayLike,
    *,
    confidence: float = 0.95,
    alternative: str = "two-sided",
    groups: ArrayLike | None = None,
) -> DelongTest:
    """Test whether two classifiers have the same area under the ROC curve on the population of the cases.

    `z = (A_a - A_b) / se`, se^2 the variance of the difference by `delong`, computed from the differences of the
    placement values so that two classifiers that rank all cases alike give exactly 0. Then z and p are undefined
    (NaN, with a note), not significant. Where se is 0 the interval is undefined too.

    Source: DeLong, DeLong & Clarke-Pearson 1988, doi 10.2307/2531595; with `groups` Obuchowski 1997,
    doi 10.2307/2533958.

    Args:
        truth: `(N,)` in {0, 1}.
        score_a: `(N,)`, higher = more positive.
        score_b: `(N,)`, on the same cases.
        confidence: of the interval, two-sided whatever the alternative.
        alternative: "two-sided", "greater" (A_a > A_b) or "less".
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        Both areas, their difference a - b, its standard error, z, p and interval (clipped to [-1, 1]).

    Raises:
        ValueError: for NaN, infinity, other truths, unequal lengths, no case or an unknown alternative.

    Example:
        >>> result = delong_test([0, 0, 0, 1, 1, 1], [1, 2, 4, 3, 5, 6], [3, 1, 5, 2, 4, 6])
        >>> round(result.difference, 4), round(result.p, 4)
        (0.2222, 0.1573)
    """
    positive = binary_truth(truth)
    pair = [_score(positive, score_a, "score_a"), _score(positive, score_b, "score_b")]
    level = open_unit(confidence, "confidence")
    choice(alternative, "alternative", ("two-sided", "greater", "less"))
    codes = patient_codes(groups, positive.size)
    areas, values = placements(positive, pair)
    difference = float(areas[0] - areas[1])
    placed = np.subtract(values[0], values[1], out=values[0])
    placed -= difference
    se, note = _standard_error(positive, placed, codes)
    z, p, low, high = np.nan, np.nan, np.nan, np.nan
    if se > 0:
        z = difference / se
        p = _normal_p(z, alternative)
        reach = float(stats.norm.isf((1 - level) / 2)) * se
        low, high = max(-1.0, difference - reach), min(1.0, difference + reach)
    elif se == 0:
        alike = "both classifiers rank the cases alike"
        note = alike if difference == 0 else "the difference has no variance over these cases"
        note += ": z, p and interval are undefined"
    return DelongTest(float(areas[0]), float(areas[1]), difference, se, z, p, low, high, note)


def auc_interval(
    truth: ArrayLike,
    score: ArrayLike,
    *,
    confidence: float = 0.95,
    method: str = "delong",
    groups: ArrayLike | None = None,
) -> AucInterval:
    """Give the area under the ROC curve of one classifier with a confidence interval over cases.

    "delong": `A -+ z se`, clipped to [0, 1]. "logit": `expit(logit(A) -+ z se / (A (1 - A)))`, which stays inside by
    itself and covers better near 1; undefined at A = 0 and A = 1. The standard error is that of `delong`. A perfect or
    constant classifier has se = 0, so the interval of "delong" has no width, which the note says; it is no evidence of
    certainty.

    Sources: DeLong, DeLong & Clarke-Pearson 1988, doi 10.2307/2531595; logit: Qin & Hotilovac 2008,
    doi 10.1177/0962280207087173; with `groups` Obuchowski 1997, doi 10.2307/2533958.

    Args:
        truth: `(N,)` in {0, 1}.
        score: `(N,)`, higher = more positive.
        confidence: strictly between 0 and 1.
        method: "delong" or "logit".
        groups: `(N,)` patient ids; None where every case is a patient of its own.

    Returns:
        Area, standard error and bounds.

    Raises:
        ValueError: for NaN, infinity, other truths, unequal lengths, no case or an unknown method.

    Example:
        >>> result = auc_interval([0, 0, 0, 1, 1, 1], [1, 2, 4, 3, 5, 6], method="logit")
        >>> round(result.auc, 3), round(result.low, 3), round(result.high, 3)
        (0.889, 0.261, 0.995)
    """
    positive = binary_truth(truth)
    scores = [_score(positive, score, "score")]
    reach = float(stats.norm.isf((1 - open_unit(confidence, "confidence")) / 2))
    choice(method, "method", ("delong", "logit"))
    codes = patient_codes(groups, positive.size)
    areas, values = placements(positive, scores)
    auc = float(areas[0])
    se, note = _standard_error(positive, values[0] - auc, codes)
    if np.isnan(se):
        return AucInterval(auc, se, np.nan, np.nan, note)
    if method == "delong":
        note = "the variance over these cases is 0, so the interval has no width" if se == 0 else ""
        return AucInterval(auc, se, max(0.0, auc - reach * se), min(1.0, auc + reach * se), note)
    if auc in (0.0, 1.0):
        return AucInterval(auc, se, np.nan, np.nan, "the logit of an area of 0 or 1 is not finite")
    centre, width = float(special.logit(auc)), reach * se / (auc * (1 - auc))
    note = "the variance over these cases is 0, so the interval has no width" if se == 0 else ""
    return AucInterval(auc, se, float(special.expit(centre - width)), float(special.expit(centre + width)), note)


def _standard_error(positive: NDArray[np.bool_], centred: Floats, codes: Integers | None) -> tuple[float, str]:
    """Return the standard error of one area or difference, 0 where it is rounding alone, NaN with a reason else."""
    if np.isnan(centred[0]):
        return np.nan, "the area needs a positive and a negative case, and one kind is missing"
    up, down, reason = case_weights(positive, codes)
    if reason:
        return np.nan, reason
    above = centred * positive
    below = centred - above
    alone = variance = float(up**2 * (above @ above) + down**2 * (below @ below))
    if codes is not None:  # patient sums may cancel, but the variance is never below 0: I / (I - 1) >= G / (G - 1)
        sums = patient_sums((up * above + down * below)[None], codes, int(codes.max()) + 1)
        variance = float((sums @ sums.T + mixed_patients(positive, centred[None], codes))[0, 0])
    if negligible(alone**0.5, 1.0) or variance <= SNAP * alone:
        return 0.0, ""
    return variance**0.5, ""


def _score(positive: NDArray[np.bool_], score: ArrayLike, name: str) -> Floats:
    """Read one score per case."""
    values = vector(score, name)
    _same_cases(positive, values, name)
    return values


def _same_cases(positive: NDArray[np.bool_], scores: Floats, name: str) -> None:
    """Refuse scores of another number of cases."""
    if scores.shape[0] != positive.size:
        raise ValueError(f"{name} must have one row per case of truth, {positive.size}, got {scores.shape[0]}.")


def _normal_p(z: float, alternative: str) -> float:
    """Return the p value of a standard normal statistic."""
    if alternative == "two-sided":
        return min(1.0, 2 * float(stats.norm.sf(abs(z))))
    return float(stats.norm.sf(z if alternative == "greater" else -z))
