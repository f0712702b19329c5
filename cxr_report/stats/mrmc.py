"""Truth and the scores of every loss and seed in, the joint analysis of their areas under the ROC curve out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cxr_report.stats.arguments import choice
from cxr_report.stats.auc_covariance import Areas, Finding, areas_by_delong, areas_by_jackknife, patient_codes
from cxr_report.stats.checks import Floats, array, binary_truth
from cxr_report.stats.error_terms import read_plan
from cxr_report.stats.hand_till import class_indices
from cxr_report.stats.obuchowski_rockette import Mrmc, analyse, check_seeds

__all__ = ["AucMrmc", "mrmc"]


@dataclass(frozen=True, slots=True)
class AucMrmc(Mrmc):
    """The analysis of an area under the ROC curve."""

    auc_by_class: Floats
    """`(k, S, C)`, one class against the rest; NaN for a class without a positive or a negative case."""

    @property
    def auc(self) -> Floats:
        """The (macro) area of every loss and seed, `(k, S)`; `auc.T` feeds the tests over seeds."""
        return self.theta


def mrmc(
    truth: ArrayLike,
    scores: ArrayLike | Sequence[Any],
    *,
    covariance: str = "delong",
    seeds: str = "random",
    cases: str = "random",
    design: str = "crossed",
    average: str = "macro",
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
) -> AucMrmc:
    """Compare losses by their area under the ROC curve for new seeds and new cases at once.

    The areas and their covariance over cases go into `obuchowski_rockette`, whose formulas apply.

    Binary: Mann-Whitney area, ties one half. Several classes or findings: the mean of the one-against-rest areas. With
    `h_r(i) = 1/C sum_c w_c(i) (V_rc(i) - A_rc)`, V the placement value of case i for class c and
    `w_c(i) = 1 / sqrt(n_c (n_c - 1))` among the n_c cases of class c, `1 / sqrt((N - n_c)(N - n_c - 1))` among the
    others, `Cov(r, q) = sum_i h_r(i) h_q(i)`: the terms between classes are in it. A finding whose truth is NaN for a
    case leaves the case out of that finding alone. A class without a positive or a negative case is left out of the
    mean and counted in the note; a class with a single one has no variance, so what needs it is NaN, with a note.

    With `groups` a patient's images enter together: patient sums with the factors of Obuchowski 1997 within a class
    and the geometric mean of the two factors between classes; the jackknife leaves out whole patients.

    Sources: Obuchowski & Rockette 1995, doi 10.1080/03610919508813243; Hillis 2007, doi 10.1002/sim.2532; DeLong 1988,
    doi 10.2307/2531595; Obuchowski 1997, doi 10.2307/2533958.

    Args:
        truth: `(N,)` in {0, 1} for `(k, S, N)` scores; `(N,)` class indices or `(N, C)` of 0, 1 and NaN for
            `(k, S, N, C)`.
        scores: `(k, S, N)` or `(k, S, N, C)`, higher = more positive; nested also k arrays `(S_i, N)` or `(S_i, N, C)`.
        covariance: "delong" or "jackknife".
        seeds: "random" or "fixed".
        cases: "random" or "fixed".
        design: "crossed" where seeds are shared by the losses, else "nested".
        average: "macro", every class the same weight.
        groups: `(N,)` patient ids; None where every case is a patient of its own.
        confidence: of all intervals.

    Returns:
        The analysis, with the areas as `auc (k, S)`.

    Raises:
        ValueError: for NaN scores, wrong shapes, fewer than 2 losses, other truths or unknown words.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> truth = np.repeat([0, 1], 40)
        >>> result = mrmc(truth, rng.normal(size=(2, 3, 80)) + truth)
        >>> result.auc.shape, 0 < result.p < 1, len(result.differences())
        ((2, 3), True, 1)
    """
    plan = read_plan(seeds, cases, design, confidence, (0.0, 1.0))
    choice(covariance, "covariance", ("delong", "jackknife"))
    choice(average, "average", ("macro",))
    runs, counts = _runs(scores, crossed=design == "crossed")
    findings = _findings(array(truth, "truth", 2 if _axes(truth) == 2 else 1, nan=True), runs)
    table = runs[:, :, None] if runs.ndim == 2 else runs
    codes = patient_codes(groups, table.shape[1])
    areas = (areas_by_delong if covariance == "delong" else areas_by_jackknife)(findings, table, codes)
    theta, by_class, over_cases = _tabulate(areas, counts)
    check_seeds(np.where(np.arange(theta.shape[1]) < np.array(counts)[:, None], 0.0, np.nan), plan)
    return AucMrmc(**analyse(theta, over_cases, plan, areas.note), auc_by_class=by_class)


def _runs(scores: ArrayLike | Sequence[Any], *, crossed: bool) -> tuple[Floats, list[int]]:
    """Read the scores of all runs, loss-major, `(R, N)` or `(R, N, C)`, and the number of seeds of every loss."""
    if not crossed and isinstance(scores, list | tuple) and len({np.shape(one)[:1] for one in scores}) > 1:
        parts = [array(one, "scores", 3 if _axes(one) == 3 else 2) for one in scores]
        if len({part.shape[1:] for part in parts}) > 1:
            raise ValueError("scores must have the same cases and classes for every loss.")
        return np.concatenate(parts), [part.shape[0] for part in parts]
    table = array(scores, "scores", 4 if _axes(scores) == 4 else 3)
    losses, size = table.shape[:2]
    if losses < 2 or size < 1 or not table.size:
        raise ValueError(
            f"scores must have shape (k, S, N) or (k, S, N, C) with at least 2 losses, 1 seed and 1 case, "
            f"got {table.shape}."
        )
    return table.reshape(losses * size, *table.shape[2:]), [size] * losses


def _axes(values: Any) -> int:
    """Return the number of axes; 0 for a ragged list, which is refused elsewhere with a sentence of our own."""
    try:
        return np.ndim(values)
    except ValueError:
        return 0


def _findings(truth: Floats, runs: Floats) -> list[Finding]:
    """Read the truth that belongs to the shape of the scores."""
    if truth.shape[0] != runs.shape[1]:
        raise ValueError(f"truth must have one row per case of scores, {runs.shape[1]}, got shape {truth.shape}.")
    if runs.ndim == 2:
        return [Finding(slice(None), binary_truth(truth))]
    classes = runs.shape[2]
    if truth.ndim == 1:
        if classes < 2:
            raise ValueError(f"scores must have a column for each of 2 or more classes, got {classes}.")
        labels = class_indices(truth, classes)
        return [Finding(slice(None), labels == c) for c in range(classes)]
    if truth.shape[1] != classes:
        raise ValueError(f"truth must have a column per finding of scores, {classes}, got {truth.shape[1]}.")
    strange = truth[(truth != 0) & (truth != 1) & ~np.isnan(truth)]
    if strange.size:
        raise ValueError(f"truth must hold findings as 0, 1 or NaN, got {strange[0]:g}.")
    return [_known(column) for column in truth.T]


def _known(column: Floats) -> Finding:
    """Keep the cases for which a finding is known."""
    known = np.flatnonzero(~np.isnan(column))
    cases = slice(None) if known.size == column.size else known
    return Finding(cases, column[known] == 1)


def _tabulate(areas: Areas, counts: list[int]) -> tuple[Floats, Floats, Floats]:
    """Sort the runs into losses by seeds; NaN after the last seed of a loss."""
    exists = np.arange(max(counts)) < np.array(counts)[:, None]
    theta = np.full(exists.shape, np.nan)
    by_class = np.full((*exists.shape, areas.by_class.shape[1]), np.nan)
    theta[exists], by_class[exists] = areas.auc, areas.by_class
    undefined = bool(np.isnan(areas.auc).all())
    covariance = np.full((exists.size, exists.size), np.nan) if undefined else areas.covariance
    return theta, by_class, covariance
