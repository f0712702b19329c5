"""A made-up Analysis in, made-up ensembles over its seeds out: values beside their members, and comparisons."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from cxr_report.analysis.family import adjusted, verdict
from cxr_report.analysis.value import Analysis, Ensemble, EnsembleScore, JointPair
from cxr_report.metrics import METRICS

NAN = math.nan


def made_ensembles(analysis: Analysis, rng: np.random.Generator) -> tuple[Ensemble, ...]:
    """Make one per metric; none with a single seed, as in a real analysis."""
    if len(analysis.seeds) < 2:
        return ()
    return tuple(_ensemble(analysis, metric, rng) for metric in analysis.metrics)


def _ensemble(analysis: Analysis, metric: str, rng: np.random.Generator) -> Ensemble:
    bare = metric == "ece"
    role = next(pair.role for pair in analysis.pairs if pair.metric == metric)
    return Ensemble(
        metric=metric,
        role=role,
        covariance="none" if bare else "delong" if metric == "auroc" else "jackknife",
        n_cases=analysis.data.n_test,
        n_patients=analysis.data.n_test_patients,
        scores=tuple(_score(analysis, loss, metric, rng) for loss in analysis.losses),
        pairs=() if bare else tuple(_pairs(analysis, metric, rng)),
        redrawn=0,
        note="ECE is biased and not smooth, so it has no covariance over cases" if bare else "",
    )


def _score(analysis: Analysis, loss: str, metric: str, rng: np.random.Generator) -> EnsembleScore:
    summary = next(each for each in analysis.summaries if (each.loss, each.metric, each.klass) == (loss, metric, ""))
    gain, se = float(rng.normal(0.003, 0.01)), NAN if metric == "ece" else 0.02
    estimate = summary.mean + gain
    low, high = max(METRICS[metric].low, estimate - 2 * se), min(METRICS[metric].high, estimate + 2 * se)
    bounds = (NAN, NAN) if math.isnan(se) else (low, high)
    members = estimate - gain
    return EnsembleScore(loss, summary.n_seeds, estimate, se, *bounds, members, estimate - members)


def _pairs(analysis: Analysis, metric: str, rng: np.random.Generator) -> Iterator[JointPair]:
    places = [pair for pair in analysis.pairs if pair.metric == metric]
    gone = rng.random() < 0.25
    z = [NAN if gone or rng.random() < 0.05 else float(rng.normal(0, 2.5)) for _ in places]
    p = [float(2 * norm.sf(abs(each))) for each in z]
    plan, inside = analysis.study.analysis, [place for place, pair in enumerate(places) if pair.in_family]
    final = dict(zip(inside, adjusted([p[place] for place in inside], plan.adjustment), strict=True))
    higher, wide = METRICS[metric].higher_is_better, float(norm.isf(plan.alpha / 2 / max(1, len(inside))))
    for place, pair in enumerate(places):
        se = NAN if math.isnan(z[place]) else 0.01
        difference, own = z[place] * se, final.get(place, NAN)
        said = verdict(difference, own, alpha=plan.alpha, higher_is_better=higher)
        yield JointPair(
            first=pair.first,
            second=pair.second,
            in_family=pair.in_family,
            difference=difference,
            se=se,
            df=NAN if math.isnan(se) else math.inf,
            t=z[place],
            p=p[place],
            p_adjusted=own,
            low=difference - 2 * se,
            high=difference + 2 * se,
            low_simultaneous=difference - wide * se if pair.in_family else NAN,
            high_simultaneous=difference + wide * se if pair.in_family else NAN,
            verdict=said if pair.in_family else "outside the family",
            note="" if not math.isnan(se) else "the metric, or its variance, is undefined",
        )
