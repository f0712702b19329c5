"""Predictions of all losses and seeds in, the analyses over seeds and cases together, and over cases alone, out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance, case_covariance
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.family import Family, role, serial, verdict
from cxr_report.analysis.value import BOTH, Joint, JointMean, JointPair, Target
from cxr_report.metrics import METRICS
from cxr_report.study import Study

__all__ = [
    "NO_CASE_PART",
    "Fit",
    "covariances",
    "decided",
    "fit",
    "fits",
    "joint",
    "means",
    "pair_of",
    "pairs",
    "usable",
    "without_joint",
]

NO_CASE_PART = "no sign of the case part: Cov2 of the pair is not larger than its Cov3"
"""What the note of a pair says whose case part, S max(Cov2 - Cov3, 0), is 0."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One metric of every finished run with its covariance over cases, and the analysis of the two."""

    metric: str
    covariance: CaseCovariance
    result: stats.Mrmc
    target: Target


def covariances(context: Context, metrics: Iterable[str]) -> dict[str, CaseCovariance]:
    """Estimate for every metric how its values vary together over the test cases.

    Args:
        context: the runs; only seeds that every loss finished enter, for a diverged run has no predictions.
        metrics: names.

    Returns:
        Metric -> value of every run, loss by loss, and their covariance, which not every metric has (`without_joint`);
        nothing where no seed is finished for every loss.
    """
    if not context.finished:
        return {}
    logits, thresholds, truth = context.logits(), context.thresholds(), context.test
    found = {
        metric: case_covariance(
            context.study.task,
            truth.labels,
            logits,
            metric,
            thresholds=thresholds,
            groups=truth.groups,
            rng=generator(f"case covariance of {metric}"),
        )
        for metric in metrics
    }
    return {metric: on_defined_seeds(each, len(context.losses)) for metric, each in found.items()}


def on_defined_seeds(found: CaseCovariance, k: int) -> CaseCovariance:
    """Leave out the seeds on which the metric of a loss, or its variance, is undefined, where others are left.

    As in the tests over seeds; the note says how many.

    Args:
        found: of k S runs, loss by loss.
        k: losses.
    """
    defined = np.isfinite(found.theta) & np.isfinite(np.diagonal(found.covariance))
    kept = defined.reshape(k, -1).all(axis=0)
    if kept.all() or not kept.any():
        return found
    runs = np.tile(kept, k)
    gone = f"{int((~kept).sum())} of {kept.size} seeds left out, where the metric is undefined"
    note = "; ".join(part for part in (gone, found.note) if part)
    return replace(found, theta=found.theta[runs], covariance=found.covariance[np.ix_(runs, runs)], note=note)


def usable(found: CaseCovariance) -> bool:
    """Say whether a metric has a covariance over cases, and values and covariance are all defined."""
    return found.method != "none" and found.defined


def without_joint(found: Mapping[str, CaseCovariance], k: int) -> dict[str, str]:
    """Say of every metric that has no analysis over seeds and cases together why.

    Args:
        found: metric -> its covariance over cases.
        k: losses.
    """
    reasons = {metric: each.note or "it is undefined on test" for metric, each in found.items() if not usable(each)}
    single = [metric for metric, each in found.items() if len(each.theta) < 2 * k]
    return reasons | dict.fromkeys(single, "one seed has no spread, so that nothing can be said about other seeds")


def fit(found: CaseCovariance, study: Study, metric: str, *, target: Target) -> Fit | None:
    """Run Obuchowski and Rockette's analysis on one metric.

    Args:
        found: values and covariance, loss by loss.
        study: losses and alpha.
        metric: its name.
        target: seeds and cases, or cases with the seeds fixed.

    Returns:
        None where one seed is left and seeds should be random.
    """
    k = len(study.losses)
    theta = found.theta.reshape(k, -1)
    if target == BOTH and theta.shape[1] < 2:
        return None
    entry = METRICS[metric]
    result = stats.obuchowski_rockette(
        theta,
        found.covariance,
        seeds="random" if target == BOTH else "fixed",
        confidence=1 - study.analysis.alpha,
        bounds=(entry.low, entry.high) if math.isfinite(entry.low) and math.isfinite(entry.high) else None,
    )
    return Fit(metric, found, result, target)


def joint(context: Context, fits: Mapping[str, Fit]) -> tuple[Joint, ...]:
    """Compare all losses on every metric, over seeds and cases or over cases alone.

    Decisions rest on pair-specific error terms, adjusted over the declared family.

    Args:
        context: study and test cases.
        fits: metric -> its analysis, all of one target.
    """
    bare = {metric: pairs(each.result, context.study) for metric, each in fits.items()}
    p = serial(context.study, {metric: [row.p for row in rows if row.in_family] for metric, rows in bare.items()})
    return tuple(
        _joint(context, each, decided(bare[metric], p[metric], context.study, metric)) for metric, each in fits.items()
    )


def _joint(context: Context, each: Fit, rows: tuple[JointPair, ...]) -> Joint:
    result, truth, alpha = each.result, context.test, context.study.analysis.alpha
    return Joint(
        metric=each.metric,
        role=role(context.study, each.metric),
        target=each.target,
        covariance=each.covariance.method,  # type: ignore[arg-type]  # "none" was left out
        n_seeds=result.theta.shape[1],
        n_cases=len(truth.ids),
        n_patients=len(np.unique(truth.patients)),
        f=float(result.f),
        df1=float(result.df1),
        df2=float(result.df2),
        p=float(result.p),
        rejected=bool(result.p <= alpha),
        ms_loss=float(result.ms_loss),
        ms_seed=float(result.ms_seed),
        ms_loss_seed=float(result.ms_loss_seed),
        var_seed=float(result.var_seed),
        var_loss_seed=float(result.var_loss_seed),
        var_error=float(result.var_error),
        cov1=float(result.cov1),
        cov2=float(result.cov2),
        cov3=float(result.cov3),
        means=means(result, context.losses),
        pairs=rows,
        redrawn=int(each.covariance.redrawn),
        note="; ".join(dict.fromkeys(note for note in (each.covariance.note, str(result.note)) if note)),
    )


def means(result: stats.Mrmc, losses: tuple[str, ...]) -> tuple[JointMean, ...]:
    """Take the mean of every loss from an analysis."""
    return tuple(
        JointMean(loss, float(row.estimate), float(row.se), float(row.df), float(row.low), float(row.high))
        for loss, row in zip(losses, result.means, strict=True)
    )


def pairs(result: stats.Mrmc, study: Study, *, comparisons: int | None = None) -> tuple[JointPair, ...]:
    """Take every pair from an analysis, turned as the family wants it, neither adjusted nor judged yet.

    Args:
        result: the analysis of one metric.
        study: losses, family and alpha.
        comparisons: that the simultaneous intervals cover together; None: those of the family.
    """
    family = Family.of(study)
    rows = {(int(row.i), int(row.j)): row for row in result.differences(error="pair")}
    confidence = 1 - study.analysis.alpha / (comparisons or family.size)
    wide = {(int(row.i), int(row.j)): row for row in result.differences(error="pair", confidence=confidence)}
    found = (pair_of(family, place, rows[_rising(place)], wide[_rising(place)]) for place in family.pairs())
    return tuple(replace(row, note=NO_CASE_PART) if _without_case_part(row, result) else row for row in found)


def _without_case_part(row: JointPair, result: stats.Mrmc) -> bool:
    """Say whether seeds are random and the case part is 0: then D = MS*, and no degree of freedom beyond S - 1."""
    least = result.theta.shape[1] - 1
    return result.plan.seeds == "random" and not row.note and row.df <= least * (1 + 1e-9)


def _rising(place: tuple[int, int]) -> tuple[int, int]:
    return (min(place), max(place))


def pair_of(family: Family, place: tuple[int, int], row: Any, wide: Any) -> JointPair:
    """Turn one pair of an analysis as the family wants it, neither adjusted nor judged yet.

    Args:
        family: the declared one.
        place: of the first and the second loss in it.
        row: the difference between the loss that stands first in the study and the other one.
        wide: the same with the simultaneous interval.
    """
    sign, inside = (1.0 if place[0] < place[1] else -1.0), family.holds(place)
    low, high = sorted((sign * float(row.low), sign * float(row.high)))
    low_wide, high_wide = sorted((sign * float(wide.low), sign * float(wide.high)))
    return JointPair(
        first=family.losses[place[0]],
        second=family.losses[place[1]],
        in_family=inside,
        difference=sign * float(row.estimate) + 0.0,  # no negative zero
        se=float(row.se),
        df=float(row.df),
        t=sign * float(row.t) + 0.0,
        p=float(row.p),
        p_adjusted=math.nan,
        low=low,
        high=high,
        low_simultaneous=low_wide if inside else math.nan,
        high_simultaneous=high_wide if inside else math.nan,
        verdict="not shown" if inside else "outside the family",
        note=str(row.note),
    )


def decided(rows: tuple[JointPair, ...], p: Iterable[float], study: Study, metric: str) -> tuple[JointPair, ...]:
    """Write adjusted p values and verdicts into the pairs of the family.

    Args:
        rows: pairs, in and outside of the family.
        p: adjusted, one per pair of the family.
        study: alpha.
        metric: for its direction.
    """
    values, alpha, higher = iter(p), study.analysis.alpha, METRICS[metric].higher_is_better
    result = []
    for row in rows:
        if row.in_family:
            value = next(values)
            said = verdict(row.difference, value, alpha=alpha, higher_is_better=higher)
            row = replace(row, p_adjusted=value, verdict=said)
        result.append(row)
    return tuple(result)


def fits(context: Context, found: Mapping[str, CaseCovariance], *, target: Target) -> dict[str, Fit]:
    """Analyse every metric that has a covariance, for one target."""
    each = {metric: fit(one, context.study, metric, target=target) for metric, one in found.items() if usable(one)}
    return {metric: one for metric, one in each.items() if one is not None}
