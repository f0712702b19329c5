"""Truth and the scores of many runs in, macro areas under the ROC curve and their covariance over cases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxr_report.stats.checks import Floats, Integers, groups_of
from cxr_report.stats.placements import concordant_pairs, placements

__all__ = [
    "Areas",
    "Finding",
    "areas_by_delong",
    "areas_by_jackknife",
    "case_weights",
    "mixed_patients",
    "patient_codes",
    "patient_sums",
]


class Finding(NamedTuple):
    """One class against the rest, or one finding present against absent."""

    cases: Integers | slice
    """Which cases have a known truth."""
    positive: NDArray[np.bool_]
    """Their truth, `(N_c,)`."""

    def usable(self) -> bool:
        """Say whether both a positive and a negative case occur."""
        return bool(self.positive.any() and not self.positive.all())


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas of R runs and their covariance under new cases."""

    auc: Floats
    """`(R,)` in [0, 1], the mean over the classes that have a positive and a negative case; NaN where none has."""
    by_class: Floats
    """`(R, C)`, one against the rest; NaN for a class without a positive or a negative case."""
    covariance: Floats
    """`(R, R)`, of `auc`."""
    note: str
    """Why something is NaN or was left out, else empty."""


def patient_codes(groups: object, n: int) -> Integers | None:
    """Read patient ids; None where every case is a patient of its own.

    Args:
        groups: `(N,)` ids or None.
        n: N.

    Returns:
        `(N,)` codes 0 .. G-1, or None.

    Raises:
        ValueError: if there is not one id per case.

    Example:
        >>> patient_codes(["a", "b", "c"], 3) is None, patient_codes(["a", "b", "a"], 3)
        (True, array([0, 1, 0]))
    """
    if groups is None:
        return None
    codes = groups_of(groups, n)  # type: ignore[arg-type]
    return None if codes.max(initial=-1) + 1 == n else codes


def patient_sums(values: Floats, codes: Integers, n_groups: int) -> Floats:
    """Add up the columns of every patient.

    Args:
        values: `(R, N)`.
        codes: `(N,)` in 0 .. G-1.
        n_groups: G.

    Returns:
        `(R, G)`; 0 for a patient without a column.

    Example:
        >>> patient_sums(np.array([[1.0, 2.0, 4.0]]), np.array([1, 0, 1]), 2)
        array([[2., 5.]])
    """
    sums = [np.bincount(codes, weights=row, minlength=n_groups) for row in values]
    return np.array(sums, dtype=np.float64).reshape(values.shape[0], n_groups)


def case_weights(positive: NDArray[np.bool_], codes: Integers | None) -> tuple[float, float, str]:
    """Return the factors that turn centred placement values into shares of the area's variance.

    One image per patient: positives by 1 / sqrt(M (M - 1)), negatives by 1 / sqrt(n (n - 1)) (DeLong 1988,
    doi 10.2307/2531595). Several: M (M - 1) becomes M^2 (I10 - 1) / I10, with I10 patients that have a positive case
    (Obuchowski 1997, doi 10.2307/2533958).

    Args:
        positive: `(N,)`, M of them true.
        codes: `(N,)` patients, or None where each case is one.

    Returns:
        The factor of positives, that of negatives, and why the variance does not exist, else empty.

    Example:
        >>> case_weights(np.array([True, True, False, False]), None)
        (0.7071067811865476, 0.7071067811865476, '')
        >>> case_weights(np.array([True, False]), None)[2]
        'a variance over cases needs 2 positive and 2 negative cases, got 1 and 1'
    """
    m = int(np.count_nonzero(positive))
    n = positive.size - m
    if codes is None:
        patients_up, patients_down, kinds = m, n, "2 positive and 2 negative cases"
    else:
        patients_up, patients_down = np.unique(codes[positive]).size, np.unique(codes[~positive]).size
        kinds = "2 patients with a positive and 2 with a negative case"
    if patients_up < 2 or patients_down < 2:
        return np.nan, np.nan, f"a variance over cases needs {kinds}, got {patients_up} and {patients_down}"
    up, down = (patients_up / (patients_up - 1)) ** 0.5 / m, (patients_down / (patients_down - 1)) ** 0.5 / n
    return up, down, ""


def mixed_patients(positive: NDArray[np.bool_], centred: Floats, codes: Integers) -> Floats:
    """Return what patients with both kinds of cases add to the outer products of the patients' shares.

    `(G / ((G - 1) M n) - up down) sum_g (a_g b_g^T + b_g a_g^T)`, a_g and b_g the patient's sums over positives and
    negatives (Obuchowski 1997, doi 10.2307/2533958), `up` and `down` the factors of `case_weights`.

    Args:
        positive: `(N,)`.
        centred: `(R, N)` placement values minus their area.
        codes: `(N,)` patients.

    Returns:
        `(R, R)`.

    Example:
        >>> truth, patients = np.array([True, True, False, False]), np.array([0, 1, 1, 2])
        >>> mixed_patients(truth, np.array([[0.25, -0.25, 0.25, -0.25]]), patients).round(4)
        array([[0.0156]])
    """
    up, down, _ = case_weights(positive, codes)
    m, n = int(positive.sum()), int((~positive).sum())
    present, compact = np.unique(codes, return_inverse=True)
    size = present.size
    a = patient_sums(np.where(positive, centred, 0.0), compact, size)
    b = patient_sums(np.where(positive, 0.0, centred), compact, size)
    cross = a @ b.T
    return np.asarray((size / ((size - 1) * m * n) - up * down) * (cross + cross.T), dtype=np.float64)


def areas_by_delong(findings: Sequence[Finding], scores: Floats, codes: Integers | None) -> Areas:
    """Compute macro areas and their covariance from placement values, terms between classes included.

    `h_r(i) = 1/C sum_c w_c(i) (V_rc(i) - A_rc)`, `Cov(A_r, A_q) = sum_i h_r(i) h_q(i)`, over patients where a patient
    has several cases; a case without a known truth for a finding contributes 0 to it. For one class this is DeLong.

    Args:
        findings: the classes, C of them.
        scores: `(R, N, C)`.
        codes: `(N,)` patients, or None where each case is one.

    Returns:
        Areas and covariance; covariance NaN with a note where a used class has a single positive or negative patient.

    Example:
        >>> truth = np.array([True, True, False, False])
        >>> areas_by_delong([Finding(slice(None), truth)], np.array([[[4.0], [2.0], [3.0], [1.0]]]), None).covariance
        array([[0.125]])
    """
    runs, size, classes = scores.shape
    by_class = np.full((runs, classes), np.nan)
    extra, share = np.zeros((runs, runs)), None
    used = [c for c, finding in enumerate(findings) if finding.usable()]
    reasons = [_left_out(len(used), classes)]
    for c in used:
        cases, positive = findings[c]
        by_class[:, c], centred = placements(positive, np.ascontiguousarray(scores[:, cases, c]))
        centred -= by_class[:, c, None]
        up, down, reason = case_weights(positive, None if codes is None else codes[cases])
        reasons.append(reason)
        if codes is not None and not reason:
            extra += mixed_patients(positive, centred, codes[cases]) / len(used) ** 2
        centred *= np.where(positive, up, down) / len(used)
        if len(used) == 1 and isinstance(cases, slice):
            share = centred
        else:
            share = np.zeros((runs, size)) if share is None else share
            share[:, cases] += centred
    auc = by_class[:, used].mean(axis=1) if used else np.full(runs, np.nan)
    if share is None or any(reasons[1:]):
        return Areas(auc, by_class, np.full((runs, runs), np.nan), _note(reasons))
    summed = share if codes is None else patient_sums(share, codes, int(codes.max()) + 1)
    return Areas(auc, by_class, summed @ summed.T + extra, _note(reasons))


def areas_by_jackknife(findings: Sequence[Finding], scores: Floats, codes: Integers | None) -> Areas:
    """Compute macro areas and their covariance from leaving out one patient after the other.

    `(G - 1)/G sum_g d_g d_g^T`, with d_g the areas without patient g minus the mean of these over all g (Efron 1982,
    doi 10.1137/1.9781611970319; Obuchowski & Rockette 1995, doi 10.1080/03610919508813243). The areas without a patient
    follow from the placement values in closed form, so nothing is sorted twice.

    Args:
        findings: the classes, C of them.
        scores: `(R, N, C)`.
        codes: `(N,)` patients, or None where each case is one.

    Returns:
        Areas and covariance; covariance NaN with a note where a patient holds the only positive or negative cases.

    Example:
        >>> truth = np.array([True, True, False, False])
        >>> areas_by_jackknife([Finding(slice(None), truth)], np.array([[[4.0], [2.0], [3.0], [1.0]]]), None).covariance
        array([[0.1875]])
    """
    runs, size, classes = scores.shape
    patients = np.arange(size) if codes is None else codes
    n_groups = int(patients.max()) + 1
    by_class = np.full((runs, classes), np.nan)
    without = np.zeros((runs, n_groups))
    used = [c for c, finding in enumerate(findings) if finding.usable()]
    reasons = [_left_out(len(used), classes)]
    for c in used:
        finding = findings[c]
        known = np.ascontiguousarray(scores[:, finding.cases, c])
        by_class[:, c], left = _areas_without(finding.positive, known, patients[finding.cases], n_groups)
        without += left / len(used)
    auc = by_class[:, used].mean(axis=1) if used else np.full(runs, np.nan)
    if np.isnan(without).any():
        reasons.append("a jackknife over cases needs two patients with a positive and two with a negative case")
    if not used or any(reasons[1:]):
        return Areas(auc, by_class, np.full((runs, runs), np.nan), _note(reasons))
    deviations = without - without.mean(axis=1, keepdims=True)
    return Areas(auc, by_class, (n_groups - 1) / n_groups * (deviations @ deviations.T), _note(reasons))


def _areas_without(
    positive: NDArray[np.bool_], scores: Floats, patients: Integers, n_groups: int
) -> tuple[Floats, Floats]:
    """Return the areas `(R,)` and the areas `(R, G)` without each patient, NaN where that leaves a class empty."""
    areas, values = placements(positive, scores)
    m, n = float(positive.sum()), float((~positive).sum())
    out_m = np.bincount(patients[positive], minlength=n_groups)
    out_n = np.bincount(patients[~positive], minlength=n_groups)
    values *= np.where(positive, n, m)  # pairs of each case that are ordered rightly
    remaining = areas[:, None] * (m * n) - patient_sums(values, patients, n_groups)
    if (out_m * out_n).any():  # pairs within a patient were taken off twice
        remaining += np.array([concordant_pairs(positive, score, patients, n_groups) for score in scores])
    pairs = (m - out_m) * (n - out_n)
    return areas, np.where(pairs > 0, remaining / np.where(pairs > 0, pairs, 1.0), np.nan)


def _left_out(used: int, classes: int) -> str:
    """Say how many classes have no area."""
    if used == classes:
        return ""
    if classes == 1:
        return "the area needs a positive and a negative case, and one kind is missing"
    return f"{classes - used} of {classes} classes without a positive or a negative case left out of the mean"


def _note(reasons: Sequence[str]) -> str:
    """Join the reasons that are not empty, each once."""
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))
