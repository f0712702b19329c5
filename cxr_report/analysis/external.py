"""The runs of a study on test cases of other sources in; their results, and what changes from the study's own, out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.classes import positives
from cxr_report.analysis.comparisons import Floats, PairedScores, notes, summarise
from cxr_report.analysis.completeness import absent
from cxr_report.analysis.context import Context
from cxr_report.analysis.joint import covariances, fits, joint, usable, without_joint
from cxr_report.analysis.scoring import ScoredRun
from cxr_report.analysis.value import BOTH, AbsentClass, Change, ExternalTest, Order
from cxr_report.ledger import FrozenStudy
from cxr_report.metrics import METRICS, scores
from cxr_report.runs import external_split

__all__ = ["external_contexts", "external_scores", "external_tests"]

_OTHER_CLASSES = "the two sets lack different classes, so that the means over the classes are of different things"
_OTHER_SEEDS = "undefined on some seeds in one of the two sets"
_ONE_SEED = "one seed has no spread, so that nothing can be said about other seeds"
_NO_SPREAD = "without any spread over seeds and cases there is no interval"

SNAP = 1e-12
"""Chosen: relative width within which two means count as equal, as in ``cxr_report.stats``."""


def external_contexts(context: Context) -> dict[str, Context]:
    """Put the cases of each external test set in the place of the study's test cases, so that all else is as it was.

    The runs are the same, thresholds stay those chosen on the study's validation cases, and a run that has not
    predicted a set counts as missing there.

    Args:
        context: the study on its own cases.

    Returns:
        Name -> the study on that set, scored on the metrics that are compared.
    """
    return {name: _moved(context, name) for name in context.material.external}


def _moved(context: Context, name: str) -> Context:
    there = context.material.external[name]
    runs = tuple(
        replace(run, logits={**run.logits, "test": there.logits[run.loss, run.seed]})
        for run in context.material.runs
        if (run.loss, run.seed) in there.logits
    )
    truth = {**context.material.truth, "test": there.truth}
    known = {(run.loss, run.seed): run for run in context.scored}
    scored = tuple(_scored(context, known[run.loss, run.seed], there.truth.labels, run.logits["test"]) for run in runs)
    return replace(
        context,
        found=replace(context.found, done=context.found.external[name]),
        material=replace(context.material, runs=runs, truth=truth),
        scored=scored,
        floor=(),
    )


def _scored(context: Context, run: ScoredRun, labels: NDArray[np.generic], logits: NDArray[np.float32]) -> ScoredRun:
    limits = np.array(run.thresholds, dtype=np.float64)
    rows = scores(context.study.task, labels, logits, classes=context.material.classes, thresholds=limits)
    return replace(run, rows={"test": {(row.metric, row.klass): row for row in rows if row.metric in context.metrics}})


def external_scores(contexts: Mapping[str, Context]) -> Iterator[ScoredRun]:
    """Return every run's scores on the external test sets, each under its own split, for scores.csv."""
    for name, context in contexts.items():
        yield from (replace(run, rows={external_split(name): run.rows["test"]}) for run in context.scored)


def external_tests(
    frozen: FrozenStudy, context: Context, found: Mapping[str, CaseCovariance], contexts: Mapping[str, Context]
) -> tuple[ExternalTest, ...]:
    """Analyse every external test set as the study's own test cases are, each for itself.

    Means over seeds; seeds and cases together by Obuchowski and Rockette, with a family and an adjustment of its own,
    so that no set borrows from another; the change of every mean from the study's test cases (see `change`); and the
    order of the losses.

    Args:
        frozen: the ledger, which says when a set was asked for.
        context: the study on its own cases.
        found: metric -> covariance over the study's own test cases.
        contexts: what `external_contexts` returned.
    """
    titles = {each.name: each.title for each in context.study.data.external}
    return tuple(_test(frozen, context, found, name, titles[name], own) for name, own in contexts.items())


def _test(
    frozen: FrozenStudy,
    context: Context,
    found: Mapping[str, CaseCovariance],
    name: str,
    title: str,
    there: Context,
) -> ExternalTest:
    entry, truth = frozen.external(name), there.test
    tables = {metric: there.paired(metric) for metric in there.metrics}
    outer = covariances(there, there.metrics)
    return ExternalTest(
        name=name,
        title=title,
        planned=entry.kind == "planned",
        after_analysis=entry.after_analysis,
        content=context.material.external[name].content,
        n_cases=len(truth.ids),
        n_patients=len(np.unique(truth.patients)),
        positives=positives(truth.labels, there.material.classes),
        seeds=there.seeds,
        absent=_absent(there),
        summaries=tuple(row for table in tables.values() for row in summarise(table, alpha=there.study.analysis.alpha)),
        joint=joint(there, fits(there, outer, target=BOTH)),
        without_joint=without_joint(outer, len(there.losses)),
        changes=_changes(context, there, found, outer),
        orders=_orders(context, there),
    )


def _absent(context: Context) -> tuple[AbsentClass, ...]:
    return tuple(gone for gone in absent(context) if gone.split == "test")


def _changes(
    context: Context, there: Context, found: Mapping[str, CaseCovariance], outer: Mapping[str, CaseCovariance]
) -> tuple[Change, ...]:
    if not there.finished:
        return ()
    same = there.finished == context.finished
    inner = found if same else covariances(replace(context, found=there.found), there.metrics)
    k, alpha = len(there.losses), there.study.analysis.alpha
    result = []
    for metric in there.metrics:
        own, other, why = inner[metric], outer[metric], _incomparable(context, there, metric)
        if not why and len(own.theta) != len(other.theta):
            why = _OTHER_SEEDS
        for place, loss in enumerate(there.losses):
            result.append(change(loss, metric, _part(own, place, k), _part(other, place, k), alpha=alpha, why=why))
    return tuple(result)


def _incomparable(context: Context, there: Context, metric: str) -> str:
    """Say why a metric is not the same on both sets: a mean over the classes runs over those that a set has."""
    gone = [{(each.klass, each.lacks) for each in _absent(each_context)} for each_context in (context, there)]
    partial = any(
        row.undefined and not math.isnan(row.value)
        for each_context in (context, there)
        for run in each_context.scored
        for row in [run.rows["test"][metric, ""]]
    )
    return _OTHER_CLASSES if partial and gone[0] != gone[1] else ""


def _part(found: CaseCovariance, place: int, k: int) -> CaseCovariance:
    """Take one loss of several."""
    size = len(found.theta) // k
    mine = slice(place * size, (place + 1) * size)
    return replace(found, theta=found.theta[mine], covariance=found.covariance[mine, mine])


def change(
    loss: str, metric: str, own: CaseCovariance, other: CaseCovariance, *, alpha: float, why: str = ""
) -> Change:
    """Compare a metric of one loss between the study's test cases and an external test set, by the same runs.

    Seeds are paired and cases independent. With D_s the difference of seed s, its variance over seeds s_D^2, v the mean
    variance of a run over the cases of a set and c_own, c_ext the mean covariance of two runs over them,
    se^2 = max(s_D^2, v_own + v_ext - c) / S + c with c = max(c_own + c_ext, 0), and
    df = se^4 / [(that maximum / S)^2 / (S - 1)]: spread over seeds, not less than what the cases alone give single
    runs, and what all seeds share of each set's cases. It is Obuchowski and Rockette's analysis of a pair with the two
    sets as the modalities, whose covariance between the sets is 0 (Cov1 = Cov3 = 0), with Hillis's degrees of freedom
    and this program's floor of a pair's error term. Where both sets hold the same cases their covariance is positive,
    and the interval is too wide.

    Sources: Obuchowski & Rockette 1995, doi 10.1080/03610919508813243; Hillis 2014, doi 10.1002/sim.5926.

    Args:
        loss: its name.
        metric: its name.
        own: `(S,)` values and covariance on the study's test cases.
        other: the same on the external test set, in the same order of seeds.
        alpha: the interval covers 1 - alpha.
        why: why the two are not to be compared; empty where they are.

    Returns:
        The means, and their difference, NaN with a note where it is undefined.

    Example:
        >>> spread = np.array([[2e-4, 1e-4], [1e-4, 2e-4]])
        >>> own = CaseCovariance(np.array([0.90, 0.92]), spread, "delong", 0, "")
        >>> other = CaseCovariance(np.array([0.80, 0.84]), spread, "delong", 0, "")
        >>> found = change("ce", "auroc", own, other, alpha=0.05)
        >>> round(found.difference, 3), round(found.se, 4)
        (-0.09, 0.0173)
    """
    means = [float(each.theta.mean()) if len(each.theta) else math.nan for each in (own, other)]
    n, nan = len(other.theta), math.nan
    bare = Change(loss, metric, n, means[0], means[1], nan, nan, nan, nan, nan, why)
    if why:
        return bare
    told = replace(bare, difference=means[1] - means[0])
    if not (usable(own) and usable(other)):
        lacking = notes(*(each.note or "it is undefined" for each in (own, other) if not usable(each)))
        return replace(told, note=lacking)
    if n < 2:
        return replace(told, note=_ONE_SEED)
    result = stats.obuchowski_rockette(
        np.stack([other.theta, own.theta]), block_diag(other.covariance, own.covariance), confidence=1 - alpha
    )
    (row,) = result.differences(error="pair")
    note = _NO_SPREAD if row.se == 0 else str(row.note)
    return replace(told, se=float(row.se), df=float(row.df), low=float(row.low), high=float(row.high), note=note)


def _orders(context: Context, there: Context) -> tuple[Order, ...]:
    """Hold the order of the losses on both sets against each other, on the seeds that both have."""
    metric = context.study.metrics.primary
    here = replace(context, found=replace(context.found, done=there.found.done))
    own, other = (_means(each.paired(metric)) for each in (here, there))
    if np.isnan([*own, *other]).any():
        return ()
    ways = [_ways(means) for means in (own, other)]
    untied = [int(np.abs(way).sum()) for way in ways]
    return (
        Order(
            metric=metric,
            own=_ranked(own, there.losses, metric),
            external=_ranked(other, there.losses, metric),
            same=bool((ways[0] == ways[1]).all()),
            tau=float((ways[0] * ways[1]).sum() / math.sqrt(untied[0] * untied[1])) if all(untied) else math.nan,
            note=_incomparable(context, there, metric),
        ),
    )


def _means(scores_: PairedScores) -> Floats:
    """Average every loss over the seeds on which all have a score; NaN where there is none."""
    rows = scores_.complete()
    return np.asarray(rows.mean(axis=0)) if len(rows) else np.full(len(scores_.losses), np.nan)


def _ways(means: Floats) -> NDArray[np.int64]:
    """Say of every two losses which has the larger mean: 1 the first, -1 the second, 0 neither."""
    first, second = np.triu_indices(len(means), k=1)
    apart = means[first] - means[second]
    equal = np.abs(apart) <= SNAP * float(np.abs(means).max())
    return np.where(equal, 0, np.sign(apart)).astype(np.int64)


def _ranked(means: Floats, losses: Sequence[str], metric: str) -> tuple[str, ...]:
    sign = -1.0 if METRICS[metric].higher_is_better else 1.0
    return tuple(losses[place] for place in np.argsort(sign * means, kind="stable"))
