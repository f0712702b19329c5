"""A metric per loss and seed with its case covariance in, the Obuchowski-Rockette analysis of seeds and cases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cxr_report.stats.arguments import choice, open_unit
from cxr_report.stats.checks import Floats
from cxr_report.stats.components import Design, Terms, read_covariance, read_theta
from cxr_report.stats.error_terms import Plan, error_term, read_plan, seed_and_case_error, t_interval, why_undefined
from cxr_report.stats.ties import SNAP

__all__ = ["LossDifference", "LossMean", "Mrmc", "analyse", "check_seeds", "obuchowski_rockette"]


@dataclass(frozen=True, slots=True)
class LossMean:
    """The mean of one loss over its seeds, analysed without the other losses."""

    loss: int
    """Index of the loss."""
    estimate: float
    """Mean over seeds, in units of the metric."""
    se: float
    """Standard error for new seeds and cases (or only those taken as random)."""
    df: float
    """Degrees of freedom of the t interval; inf is normal."""
    low: float
    """Lower confidence bound, clipped to the bounds of the metric."""
    high: float
    """Upper confidence bound."""
    note: str
    """Why something is NaN, else empty."""


@dataclass(frozen=True, slots=True)
class LossDifference:
    """The difference of the means of two losses."""

    i: int
    """Index of the one loss."""
    j: int
    """Index of the other, larger than `i`."""
    estimate: float
    """Mean of `i` minus mean of `j`."""
    se: float
    """Standard error for new seeds and cases (or only those taken as random)."""
    df: float
    """Degrees of freedom; inf is normal."""
    t: float
    """`estimate / se`."""
    p: float
    """Two-sided, not adjusted."""
    low: float
    """Lower confidence bound."""
    high: float
    """Upper confidence bound."""
    note: str
    """Why something is NaN, else empty."""


@dataclass(frozen=True, slots=True)
class Mrmc:
    """Analysis of variance of k losses (modalities) by S seeds (readers) on the same cases."""

    f: float
    """Test statistic of equal losses; `chi2 / df1` where seeds are fixed."""
    df1: float
    """k - 1."""
    df2: float
    """Denominator degrees of freedom; inf where seeds are fixed or the error has no part from seeds."""
    p: float
    """From the survival function of F or chi2."""
    chi2: float
    """NaN unless seeds are fixed."""
    ms_loss: float
    """MS(T), mean square of the losses."""
    ms_seed: float
    """MS(R), mean square of the seeds; in the nested design MS(R(T)), seeds within losses."""
    ms_loss_seed: float
    """MS(TR), mean square of loss x seed; NaN in the nested design."""
    var_seed: float
    """Variance component of seeds; raw, may be negative."""
    var_loss_seed: float
    """Variance component of loss x seed; raw, may be negative; NaN in the nested design."""
    var_error: float
    """Variance of one run over cases."""
    cov1: float
    """Covariance over cases: same seed, other loss; NaN in the nested design."""
    cov2: float
    """Covariance over cases: same loss, other seed."""
    cov3: float
    """Covariance over cases: other loss, other seed."""
    cov2_by_loss: Floats
    """`(k,)`, `cov2` of each loss."""
    ms_seed_by_loss: Floats
    """`(k,)`, variance over seeds of each loss."""
    means: tuple[LossMean, ...]
    """One row per loss."""
    theta: Floats
    """`(k, S)`, the metric; NaN where a loss has fewer seeds."""
    covariance: Floats
    """`(R, R)`, case covariance of the R runs, loss-major."""
    plan: Plan
    """What was asked."""
    note: str
    """Why something is NaN or was left out, else empty."""

    def differences(self, error: str = "pair", *, confidence: float | None = None) -> tuple[LossDifference, ...]:
        """Compare all pairs of losses.

        "pooled" takes the error term of all losses, as MRMCaov does. "pair" reruns the model on the two losses with
        `MS* = max(MS(TR), var - Cov1 - max(Cov2 - Cov3, 0))` (nested: `max(MS(R(T)), var - max(Cov2, 0))`), since a
        mean square below what the cases alone bring is chance, and a pooled error is too small for one noisy loss.
        Both random: `D = MS* + S max(Cov2 - Cov3, 0)`, `se^2 = 2 D / S`, `df = D^2 / (MS*^2 / (S - 1))`. With cases
        fixed there is no floor: "pair" is then the paired t test over seeds (nested: Student's two-sample test).

        Args:
            error: "pair" or "pooled".
            confidence: of the intervals; None takes that of the analysis.

        Returns:
            One row per pair i < j; t, p and bounds NaN with a note where the error term is 0.

        Raises:
            ValueError: for another `error` or confidence.

        Example:
            >>> theta = [[0.90, 0.91, 0.93], [0.86, 0.88, 0.87]]
            >>> result = obuchowski_rockette(theta, 1e-4 * (np.eye(6) + 1))
            >>> row = result.differences()[0]
            >>> round(row.estimate, 4), round(row.df, 1), round(row.p, 3)
            (0.0433, 2.0, 0.039)
        """
        choice(error, "error", ("pair", "pooled"))
        plan = self.plan if confidence is None else replace(self.plan, confidence=open_unit(confidence, "confidence"))
        design = Design.of(self.theta, self.covariance, plan.design == "crossed")
        pooled = design.terms(range(len(self.means)))
        pairs = list(combinations(range(len(self.means)), 2))
        chosen = [design.terms(pair) for pair in pairs]
        if error == "pooled":
            chosen = [replace(pooled, size=terms.size) for terms in chosen]
        return _differences(pairs, chosen, design, plan, floor=error == "pair")


def obuchowski_rockette(
    theta: ArrayLike | Sequence[Any],
    covariance: ArrayLike,
    *,
    seeds: str = "random",
    cases: str = "random",
    design: str = "crossed",
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Mrmc:
    """Compare losses for new seeds and new cases at once: modalities and random readers of an MRMC study.

    `theta_ij = mu + loss_i + seed_j + (loss x seed)_ij + error_ij`, where the errors, due to the cases, are correlated:
    Cov1 same seed and other loss, Cov2 same loss and other seed, Cov3 both differ.

    - Both random, crossed: `D = MS(TR) + S max(Cov2 - Cov3, 0)`, `F = MS(T) / D`, `df1 = k - 1`,
      `df2 = D^2 / (MS(TR)^2 / ((k - 1)(S - 1)))` (Hillis 2007).
    - Seeds fixed: `chi2 = (k - 1) MS(T) / (var - Cov1 + (S - 1)(Cov2 - Cov3))`; `f = chi2 / df1`, `df2 = inf`. For one
      seed the last term is absent.
    - Cases fixed: F on MS(TR). Nothing then generalises to other cases.
    - Nested (seeds not shared): MS(R(T)) in the place of MS(TR), `df2 = D^2 / (MS(R(T))^2 / (k (S - 1)))`, no Cov1.
      Where the numbers of seeds differ, MS(T) is that of a one-way analysis of variance and S becomes
      `n0 = (sum S_i - sum S_i^2 / sum S_i) / (k - 1)`, so that with cases fixed it is exactly that analysis.
    - `var_seed = (MS(R) - MS(TR)) / k - Cov1 + Cov3`, `var_loss_seed = MS(TR) - var + Cov1 + Cov2 - Cov3`, nested
      `var_seed = MS(R(T)) - var + Cov2`.
    - `means` take each loss alone: `se^2 = MS(R)_i / S + max(Cov2_i, 0)`, `df = S^2 se^4 / (MS(R)_i^2 / (S - 1))`;
      seeds fixed `se^2 = (var_i + (S - 1) max(Cov2_i, 0)) / S`, normal; cases fixed `se^2 = MS(R)_i / S`, S - 1.

    Differences that are rounding alone count as 0. An error term of 0 (identical losses, or a constant difference on
    fixed cases) leaves the test undefined: NaN with a note, never significant.

    Sources: Obuchowski & Rockette 1995, doi 10.1080/03610919508813243; Hillis 2007, doi 10.1002/sim.2532; Hillis,
    Berbaum & Metz 2008, doi 10.1016/j.acra.2007.12.015; Hillis 2014, doi 10.1002/sim.5926 (nested designs).

    Args:
        theta: `(k, S)`, the metric per loss and seed, k at least 2. Nested: also k vectors of different lengths, or NaN
            after the last seed of a loss.
        covariance: `(kS, kS)`, covariance of `theta` over cases, loss-major (loss 0 seed 0, loss 0 seed 1, ...).
        seeds: "random" or "fixed"; one seed per loss allows only "fixed".
        cases: "random" or "fixed"; not both fixed.
        design: "crossed" where seed ids are common to the losses, else "nested".
        confidence: of all intervals.
        bounds: smallest and largest value of the metric, to which the intervals of the means (and, as their span, of
            the differences) are clipped; None leaves them unclipped.

    Returns:
        The analysis.

    Raises:
        ValueError: for NaN, wrong shapes, fewer than 2 losses, one seed with seeds random, or both factors fixed.

    Example:
        >>> theta = [[0.90, 0.91, 0.93], [0.86, 0.88, 0.87]]
        >>> result = obuchowski_rockette(theta, 1e-4 * (np.eye(6) + 1))
        >>> round(result.f, 2), round(result.df2, 2), round(result.p, 4)
        (24.14, 2.0, 0.039)
    """
    plan = read_plan(seeds, cases, design, confidence, bounds)
    table = read_theta(theta, crossed=design == "crossed")
    check_seeds(table, plan)
    return Mrmc(**analyse(table, read_covariance(covariance, table), plan, ""))


def check_seeds(theta: Floats, plan: Plan) -> None:
    """Refuse random seeds where a loss has one."""
    single = theta.shape[1] < 2 or np.isnan(theta[:, 1]).any()
    if plan.seeds == "random" and single:
        raise ValueError("seeds='random' needs at least 2 seeds per loss; with one only seeds='fixed' is possible.")


def analyse(theta: Floats, covariance: Floats, plan: Plan, note: str) -> dict[str, Any]:
    """Compute the fields of `Mrmc` from checked input; NaN in it makes what depends on it NaN.

    Args:
        theta: `(k, S)`.
        covariance: `(R, R)`.
        plan: what is asked.
        note: why something in the input is NaN, else empty.

    Returns:
        Field names and values.
    """
    design = Design.of(theta, covariance, plan.design == "crossed")
    terms = design.terms(range(theta.shape[0]))
    error, df2 = error_term(terms, plan, design.spread, floor=False)
    df1 = float(theta.shape[0] - 1)
    f = terms.ms_loss / error if error > 0 else np.nan
    chi2 = f * df1 if plan.seeds == "fixed" else np.nan
    p = float(stats.f.sf(f, df1, df2)) if np.isfinite(df2) else float(stats.chi2.sf(f * df1, df1))
    ms_seed = design.ms_seed()
    var_seed = (ms_seed - terms.ms_error) / theta.shape[0] - terms.cov1 + terms.cov3
    if plan.design == "nested":
        var_seed = ms_seed - terms.var + terms.cov2
    ms_by_loss = design.ms_seed_by_loss()
    reasons = [note] if error > 0 else [note, why_undefined(error, plan, note)]
    return {
        "f": f,
        "df1": df1,
        "df2": df2,
        "p": p if error > 0 else np.nan,
        "chi2": chi2,
        "ms_loss": terms.ms_loss,
        "ms_seed": ms_seed,
        "ms_loss_seed": terms.ms_error if plan.design == "crossed" else np.nan,
        "var_seed": var_seed,
        "var_loss_seed": terms.ms_error - terms.var + terms.cov1 + terms.cov2 - terms.cov3,
        "var_error": terms.var,
        "cov1": terms.cov1,
        "cov2": terms.cov2,
        "cov3": terms.cov3,
        "cov2_by_loss": design.cov2,
        "ms_seed_by_loss": ms_by_loss,
        "means": tuple(_mean(i, design, float(ms), plan) for i, ms in enumerate(ms_by_loss)),
        "theta": theta,
        "covariance": covariance,
        "plan": plan,
        "note": "; ".join(reason for reason in reasons if reason),
    }


def _mean(loss: int, design: Design, ms: float, plan: Plan) -> LossMean:
    """Analyse one loss without the others."""
    estimate, size = float(design.means[loss]), float(design.counts[loss])
    cov2 = float(design.cov2[loss])
    if plan.seeds == "fixed":
        shared = (size - 1) * max(cov2, 0.0) if size > 1 else 0.0
        se, df = max((float(design.var[loss]) + shared) / size, 0.0) ** 0.5, np.inf
    else:
        se, df = seed_and_case_error(ms, 0.0 if plan.cases == "fixed" else cov2, size)
    low, high = t_interval(estimate, se, df, plan.confidence, plan.bounds)
    note = "" if se > 0 else "the standard error is 0" if se == 0 else "the metric or its covariance is undefined"
    return LossMean(loss, estimate, se, df, low, high, note)


def _differences(
    pairs: Sequence[tuple[int, int]], chosen: Sequence[Terms], design: Design, plan: Plan, *, floor: bool
) -> tuple[LossDifference, ...]:
    """Compare pairs of losses, each with its own terms."""
    i, j = np.array(pairs).T
    estimates = design.means[i] - design.means[j]
    estimates = np.where(np.abs(estimates) <= SNAP * design.scale, 0.0, estimates)
    errors, dfs = np.array([error_term(terms, plan, design.spread, floor=floor) for terms in chosen]).T
    exists = errors > 0
    notes = ["" if there else why_undefined(error, plan, "") for there, error in zip(exists, errors, strict=True)]
    with np.errstate(invalid="ignore"):  # a negative error term has no root; it is NaN, with a note
        ses = np.sqrt(2 * errors / np.array([terms.size for terms in chosen]))
    t = np.divide(estimates, ses, out=np.full(len(pairs), np.nan), where=exists)
    dfs = np.where(exists, dfs, np.nan)
    p = 2 * stats.t.sf(np.abs(t), dfs)
    reach = stats.t.isf((1 - plan.confidence) / 2, dfs) * ses
    span = plan.bounds[1] - plan.bounds[0]
    low, high = np.maximum(estimates - reach, -span), np.minimum(estimates + reach, span)
    columns = np.stack([estimates, ses, dfs, t, p, low, high], axis=1)
    rows = []
    for (first, second), numbers, note in zip(pairs, columns.tolist(), notes, strict=True):
        estimate, se, df, value, probability, lower, upper = numbers
        rows.append(LossDifference(first, second, estimate, se, df, value, probability, lower, upper, note))
    return tuple(rows)
