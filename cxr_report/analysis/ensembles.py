"""The ensembles of all losses in; their values, intervals and comparisons over cases alone out.

Seeds are averaged away here, so that nothing of this speaks of other seeds, and no decision rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance, case_covariance
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.family import Family, role, serial
from cxr_report.analysis.joint import decided, pair_of
from cxr_report.analysis.value import Ensemble, EnsembleScore, JointPair
from cxr_report.metrics import METRICS
from cxr_report.metrics.catalogue import Metric

__all__ = ["ensembles"]


def ensembles(context: Context) -> tuple[Ensemble, ...]:
    """Measure and compare the ensembles, one value per metric of the plan.

    The covariance over cases is that of the runs' own analysis (DeLong, jackknife, bootstrap; by patients). A pair is
    tested by z = difference / se, which for AUROC is DeLong's test, and adjusted over the declared family as the
    decisions are. A loss without a finished seed, or without a value, keeps its comparisons as undefined ones.

    Args:
        context: study, test cases, and the ensembles of `pooling.pool`.

    Returns:
        None where there are no ensembles.
    """
    if not context.pooled:
        return ()
    found = {metric: _covariance(context, metric) for metric in context.metrics}
    bare = {metric: _pairs(context, each) for metric, each in found.items() if each.method != "none"}
    p = serial(context.study, {metric: [row.p for row in rows if row.in_family] for metric, rows in bare.items()})
    return tuple(
        _ensemble(
            context,
            metric,
            each,
            decided(bare[metric], p[metric], context.study, metric) if metric in bare else (),
        )
        for metric, each in found.items()
    )


def _covariance(context: Context, metric: str) -> CaseCovariance:
    truth = context.test
    return case_covariance(
        context.study.task,
        truth.labels,
        np.stack([each.logits["test"] for each in context.pooled]),
        metric,
        thresholds=np.array([each.scored.thresholds for each in context.pooled], dtype=np.float64),
        groups=truth.groups,
        rng=generator(f"case covariance of {metric} of ensembles"),
    )


def _ensemble(context: Context, metric: str, each: CaseCovariance, rows: tuple[JointPair, ...]) -> Ensemble:
    truth = context.test
    return Ensemble(
        metric=metric,
        role=role(context.study, metric),
        covariance=each.method,
        n_cases=len(truth.ids),
        n_patients=len(np.unique(truth.patients)),
        scores=tuple(_scores(context, metric, each)),
        pairs=rows,
        redrawn=int(each.redrawn),
        note=each.note,
    )


def _scores(context: Context, metric: str, each: CaseCovariance) -> Iterator[EnsembleScore]:
    alone = {(run.loss, run.seed): run.value(metric) for run in context.scored}
    reach = float(norm.isf(context.study.analysis.alpha / 2))
    for one, value, variance in zip(context.pooled, each.theta, np.diagonal(each.covariance), strict=True):
        estimate, se = float(value), math.sqrt(max(float(variance), 0.0)) if variance == variance else math.nan
        low, high = _bounded(METRICS[metric], estimate - reach * se, estimate + reach * se)
        members = float(np.mean([alone[one.loss, seed] for seed in one.seeds]))
        yield EnsembleScore(one.loss, len(one.seeds), estimate, se, low, high, members, estimate - members)


def _bounded(metric: Metric, low: float, high: float) -> tuple[float, float]:
    """Clip an interval to a metric's range; what is undefined stays so."""
    if math.isnan(low):
        return low, high
    return max(metric.low, low), min(metric.high, high)


def _pairs(context: Context, each: CaseCovariance) -> tuple[JointPair, ...]:
    """Test every pair of losses, turned as the family wants it, neither adjusted nor judged yet."""
    family, alpha = context.family, context.study.analysis.alpha
    defined = np.isfinite(each.theta) & np.isfinite(np.diagonal(each.covariance))
    known = [one.loss for one, whole in zip(context.pooled, defined, strict=True) if whole]
    if len(known) < 2:
        return tuple(_undefined(context, place, known) for place in family.pairs())
    kept = np.flatnonzero(defined)
    result = stats.obuchowski_rockette(
        each.theta[kept, None], each.covariance[np.ix_(kept, kept)], seeds="fixed", confidence=1 - alpha
    )
    rows, wide = (
        {(known[int(row.i)], known[int(row.j)]): row for row in result.differences(error="pair", confidence=level)}
        for level in (1 - alpha, 1 - alpha / family.size)
    )
    return tuple(
        pair_of(family, place, rows[names], wide[names])
        if (names := _names(family, place)) in rows
        else _undefined(context, place, known)
        for place in family.pairs()
    )


def _names(family: Family, place: tuple[int, int]) -> tuple[str, str]:
    return family.losses[min(place)], family.losses[max(place)]


def _undefined(context: Context, place: tuple[int, int], known: list[str]) -> JointPair:
    family, nan = context.family, math.nan
    first, second = (family.losses[each] for each in place)
    there, inside = {one.loss for one in context.pooled}, family.holds(place)
    reasons = ["a loss of the pair has no finished seed"] if not {first, second} <= there else []
    reasons += ["the metric, or its variance, is undefined"] if ({first, second} & there) - set(known) else []
    return JointPair(
        first=first,
        second=second,
        in_family=inside,
        difference=nan,
        se=nan,
        df=nan,
        t=nan,
        p=nan,
        p_adjusted=nan,
        low=nan,
        high=nan,
        low_simultaneous=nan,
        high_simultaneous=nan,
        verdict="not shown" if inside else "outside the family",
        note="; ".join(reasons),
    )
