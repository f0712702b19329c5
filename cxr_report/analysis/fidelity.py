"""The same runs in another arithmetic in; whether a ranking of losses or a decision would be another one, out.

The reference is the exported graph in float32, on which everything else of the analysis rests. Held against it are
torch itself, the graph on another provider, and graphs in fewer bits. Every conclusion is computed again from their
logits by the functions that computed the reference's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxr_report import stats
from cxr_report.analysis.case_covariance import CaseCovariance, case_covariance
from cxr_report.analysis.comparisons import compare
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.export_proof import refuse_apart
from cxr_report.analysis.family import role
from cxr_report.analysis.joint import fits, joint, on_defined_seeds
from cxr_report.analysis.scoring import score_all
from cxr_report.analysis.value import BOTH, CASES, Agreement, Arithmetic, Joint, Pair, Reversal, Shift
from cxr_report.errors import Refusal
from cxr_report.metrics import METRICS
from cxr_report.metrics.predictions import decide
from cxr_report.runs import TORCH

__all__ = ["Conclusions", "agreements", "conclusions", "refuse_changed", "shift"]

ORDER: tuple[Arithmetic, ...] = ("torch", "cpu", "fp16", "int8")
"""In which they are told."""

TIE = 1e-12
"""Chosen: relative width within which two means count as equal, as in ``cxr_report.stats``."""

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""Chosen: share of a metric's own covariance below which one of differences is what its four terms were rounded by."""

UNMOVED = "no run's value differs"

UNDEFINED = "undefined"
"""The verdict of a comparison that could not be tested."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What is concluded from the runs of a study in one arithmetic."""

    rankings: Mapping[str, tuple[tuple[str, ...], ...]]
    """Metric -> losses from the best mean to the worst, those with equal means together; none without defined means."""
    decisions: Mapping[tuple[str, str, str], str]
    """Metric, first and second loss of a comparison of the family -> verdict, or that it is undefined."""


def agreements(context: Context, reference: Conclusions) -> tuple[Agreement, ...]:
    """Hold every other arithmetic that the runs were computed in against the reference.

    Args:
        context: the study, its runs and what each was computed in besides.
        reference: what is concluded from the exported float32 graphs.

    Returns:
        One per arithmetic, torch first; none for runs that were not trained here.

    Raises:
        Refusal: by torch's own logits a planned conclusion is another one, see `refuse_changed`, or an exported graph
            is not the trained network, see `refuse_apart`.
    """
    met = {name for run in context.material.runs for name in run.arithmetics}
    found = tuple(_agreement(context, reference, name) for name in ORDER if name in met)
    refuse_changed(found)
    refuse_apart(context)
    return found


def conclusions(
    context: Context, joints: Iterable[Joint], cases: Iterable[Joint], pairs: Iterable[Pair]
) -> Conclusions:
    """Take rankings and decisions from an analysis.

    A decision rests on seeds and cases together where that analysis exists, else on the tests over seeds, or, with a
    single seed, on the cases of these runs. A ranking is that of the means over seeds; two losses that are the same
    function have no order, so that none between them is looked at.

    Args:
        context: scores and plan.
        joints: over seeds and cases.
        cases: over cases, seeds fixed.
        pairs: over seeds.
    """
    found: dict[tuple[str, str, str], str] = {}
    for test in (*cases, *joints):  # the last one stays
        found |= {
            (test.metric, row.first, row.second): _decided(row.verdict, row.p) for row in test.pairs if row.in_family
        }
    known = {test.metric for test in joints}
    found |= {
        (pair.metric, pair.first, pair.second): _decided(pair.verdict, pair.p_t)
        for pair in pairs
        if pair.in_family and pair.n_seeds > 1 and pair.metric not in known
    }
    return Conclusions({metric: _ranking(context, metric) for metric in context.metrics}, found)


def _decided(verdict: str, p: float) -> str:
    return UNDEFINED if np.isnan(p) else verdict


def refuse_changed(found: Iterable[Agreement]) -> None:
    """Refuse an analysis whose planned conclusions are those of the exported graphs and not of the trained networks.

    Raises:
        Refusal: torch's own logits turn the ranking by a metric that the plan decides on, or a planned decision.
    """
    told = [
        _told(change)
        for each in found
        if each.arithmetic == TORCH
        for change in each.changes
        if change.role != "exploratory"
    ]
    if told:
        raise Refusal(
            "export: the trained networks and their exported graphs do not lead to the same conclusions: "
            f"{'; '.join(told)}; export and evaluate the study again, and where it stays so, believe neither"
        )


def _told(change: Reversal) -> str:
    what = "the ranking" if change.kind == "ranking" else f"{change.first} against {change.second}"
    return f"{what} by {change.metric} is {change.before!r} by the graphs and {change.after!r} by torch"


def _agreement(context: Context, reference: Conclusions, name: Arithmetic) -> Agreement:
    task, ours = context.study.task, context.material.runs
    theirs = [run.arithmetics.get(name, run.logits) for run in ours]
    tests = [(run.logits["test"], other["test"]) for run, other in zip(ours, theirs, strict=True)]
    broken = sum(int((~np.isfinite(part)).any(axis=1).sum()) for each in theirs for part in each.values())
    bare = Agreement(
        arithmetic=name,
        n_runs=sum(name in run.arithmetics for run in ours),
        n_labels=sum(decide(task, first).size for first, _ in tests),
        max_delta=max((_delta(*each) for each in tests), default=np.nan) if not broken else np.nan,
        flips=0 if broken else sum(int((decide(task, x) != decide(task, y)).sum()) for x, y in tests),
        not_finite=broken,
        n_rankings=sum(map(bool, reference.rankings.values())),
        n_decisions=sum(verdict != UNDEFINED for verdict in reference.decisions.values()),
        changes=(),
        shifts=(),
    )
    return bare if broken else _compared(context, reference, bare, _in(context, theirs))


def _delta(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return float(np.abs(first.astype(np.float64) - second).max())


def _in(context: Context, logits: Sequence[Mapping[str, NDArray[np.float32]]]) -> Context:
    """Return the study with other logits, scored: thresholds are those of their own validation cases."""
    runs = tuple(replace(run, logits=each) for run, each in zip(context.material.runs, logits, strict=True))
    material = replace(context.material, runs=runs)
    return replace(context, material=material, scored=score_all(context.study.task, material, metrics=context.metrics))


def _compared(context: Context, reference: Conclusions, bare: Agreement, other: Context) -> Agreement:
    """Compute the conclusions of another arithmetic, and how far every metric of every loss moved."""
    both = {metric: _both(context, other, metric) for metric in context.metrics} if context.finished else {}
    runs = len(context.losses) * len(context.finished)
    own = {metric: on_defined_seeds(_part(each, runs), len(context.losses)) for metric, each in both.items()}
    joints = joint(other, fits(other, own, target=BOTH))
    rest = len(joints) < len(other.metrics)
    cases = joint(other, fits(other, own, target=CASES)) if rest else ()
    pairs = compare({metric: other.paired(metric) for metric in other.metrics}, other.study) if rest else ()
    found = conclusions(other, joints, cases, pairs)
    return replace(
        bare,
        n_rankings=sum(bool(order or found.rankings[metric]) for metric, order in reference.rankings.items()),
        n_decisions=sum(
            {verdict, found.decisions.get(key, UNDEFINED)} != {UNDEFINED}
            for key, verdict in reference.decisions.items()
        ),
        changes=(*_rankings_changed(context, reference, found), *_decisions_changed(context, reference, found)),
        shifts=tuple(
            shift(each, metric, loss, place, context) for metric, each in both.items()
            for place, loss in enumerate(context.losses)
        ),
    )  # fmt: skip


def _both(context: Context, other: Context, metric: str) -> CaseCovariance:
    """Estimate how a metric of the runs in both arithmetics varies together over the test cases, reference first."""
    return case_covariance(
        context.study.task,
        context.test.labels,
        np.concatenate([context.logits(), other.logits()]),
        metric,
        thresholds=np.concatenate([context.thresholds(), other.thresholds()]),
        groups=context.test.groups,
        rng=generator(f"case covariance of {metric}"),
    )


def _part(found: CaseCovariance, runs: int) -> CaseCovariance:
    """Take the runs of the other arithmetic alone."""
    return replace(found, theta=found.theta[runs:], covariance=found.covariance[runs:, runs:])


def shift(found: CaseCovariance, metric: str, loss: str, place: int, context: Context) -> Shift:
    """Say how far the mean of a metric over the seeds of one loss moves with the arithmetic, with its interval.

    Both arithmetics belong to the same runs and see the same cases, so that each seed gives one difference, and the
    differences of all seeds one covariance over cases. The interval is Obuchowski and Rockette's for seeds and cases,
    with the two arithmetics as the modalities: other runs of this loss, on other cases, would be shifted so far. With
    a single seed it is over cases alone. It is unadjusted, and says nothing about the losses.

    Values and covariance are divided by the largest difference before, for differences of rounding lie far below what
    is taken for rounding between two losses.

    Args:
        found: the metric of all runs, first by the reference, then by the other arithmetic, and their covariance.
        metric: its name.
        loss: whose runs.
        place: of the loss among the losses.
        context: losses, seeds and alpha.
    """
    runs, count = len(context.losses) * len(context.finished), len(context.finished)
    first = np.arange(place * count, (place + 1) * count)
    values, covariance = _differences(found, first, first + runs)
    defined = np.isfinite(values)
    values, covariance = values[defined], covariance[np.ix_(defined, defined)]
    mean = float(values.mean()) if values.size else np.nan
    bare = Shift(loss, metric, int(values.size), mean, np.nan, np.nan, np.nan, np.nan, "")
    largest = float(np.abs(values).max()) if values.size else 0.0
    if not values.size or not largest or not np.isfinite(covariance).all():
        return replace(bare, note=UNMOVED if values.size and not largest else found.note or "the metric is undefined")
    alpha = context.study.analysis.alpha
    result = stats.obuchowski_rockette(
        np.stack([values / largest, np.zeros_like(values)]),
        _beside_nothing(covariance / largest**2),
        seeds="random" if values.size > 1 else "fixed",
        confidence=1 - alpha,
    )
    (row,) = result.differences(error="pair")
    se, low, high = (largest * float(each) for each in (row.se, row.low, row.high))
    return replace(bare, se=se, df=float(row.df), low=low, high=high, note=str(row.note))


def _differences(found: CaseCovariance, first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return second - first and its covariance over cases."""
    c = found.covariance
    covariance = c[np.ix_(second, second)] - c[np.ix_(second, first)]
    covariance = covariance - c[np.ix_(first, second)] + c[np.ix_(first, first)]
    values = found.theta[second] - found.theta[first]
    values[np.abs(values) <= TIE * np.abs(found.theta[first])] = 0.0
    covariance = (covariance + covariance.T) / 2
    both = np.concatenate([first, second])
    covariance[np.abs(covariance) <= ROUNDING * np.abs(c[np.ix_(both, both)]).max()] = 0.0
    return values, covariance


def _beside_nothing(covariance: Floats) -> Floats:
    """Put a modality that is always 0 beside the differences, whose pair with it then is the differences' own mean."""
    size = len(covariance)
    table = np.zeros((2 * size, 2 * size))
    table[:size, :size] = covariance
    return table


def _ranking(context: Context, metric: str) -> tuple[tuple[str, ...], ...]:
    rows = context.paired(metric).complete()
    if not len(rows):
        return ()
    means = rows.mean(axis=0) * (1 if METRICS[metric].higher_is_better else -1)
    order = np.argsort(-means, kind="stable")
    groups: list[list[int]] = []
    for place in order.tolist():
        tied = groups and abs(means[groups[-1][0]] - means[place]) <= TIE * abs(means[place])
        groups = [*groups[:-1], [*groups[-1], place]] if tied else [*groups, [place]]
    return tuple(tuple(context.losses[place] for place in sorted(group)) for group in groups)


def _rankings_changed(context: Context, before: Conclusions, after: Conclusions) -> Iterable[Reversal]:
    same = {frozenset(pair) for pair in context.study.twins()}
    for metric, order in before.rankings.items():
        other = after.rankings[metric]
        if _signs(order, same) != _signs(other, same):
            told = [", ".join(" = ".join(group) for group in each) for each in (order, other)]
            yield Reversal("ranking", metric, role(context.study, metric), "", "", *told)


def _signs(order: tuple[tuple[str, ...], ...], same: set[frozenset[str]]) -> dict[tuple[str, str], int]:
    """Say of every two losses which comes first, but for those that are the same function."""
    places = {loss: place for place, group in enumerate(order) for loss in group}
    return {
        (a, b): int(np.sign(places[a] - places[b]))
        for a in places
        for b in places
        if a < b and frozenset((a, b)) not in same
    }


def _decisions_changed(context: Context, before: Conclusions, after: Conclusions) -> Iterable[Reversal]:
    for key, verdict in before.decisions.items():
        metric, first, second = key
        other = after.decisions.get(key, UNDEFINED)
        if other != verdict and {verdict, other} != {UNDEFINED, "not shown"}:  # neither shows a difference
            yield Reversal("decision", metric, role(context.study, metric), first, second, verdict, other)
