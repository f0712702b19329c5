"""The runs of a study in, the metrics of the multiverse under each threshold rule that they have, out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.case_covariance import CaseCovariance, case_covariance
from cxr_report.analysis.comparisons import PairedScores, compare
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.value import Pair
from cxr_report.metrics import METRICS, metric_value
from cxr_report.metrics.predictions import Predictions

__all__ = ["Estimand", "Rule", "estimands", "own_rule"]

Rule = Literal["", "argmax", "youden"]
"""How scores become labels: the largest logit (of a finding: a positive one), or the threshold chosen on validation."""

_ONE_LABEL = ("accuracy", "balanced_accuracy", "mcc", "kappa")
"""Metrics of the one label that each case of a softmax task has."""

_LABELS = (*_ONE_LABEL, "sensitivity", "specificity", "ppv", "npv", "f1", "f1_weighted")
"""Metrics of labels; the other ones of the catalogue are of scores, or name their rule themselves."""

_TWIN = {"sensitivity": "sensitivity_youden", "specificity": "specificity_youden"}
"""Metrics whose Youden version has a name of its own."""

_SEVERAL = "not looked at under Youden's thresholds, where a case may be called several classes, or none"
_UNKNOWN = "not looked at under Youden's thresholds, for none could be chosen on validation"


@dataclass(frozen=True, slots=True)
class Estimand:
    """One metric under one threshold rule."""

    metric: str
    threshold: Rule
    own: bool
    """Whether the rule is the one that the metric has in every other place of the report."""
    covariance: CaseCovariance | None
    """Of every finished run over cases, loss by loss, perhaps undefined; None where no seed is finished."""
    pairs: tuple[Pair, ...]
    """Every pair over seeds."""
    note: str
    """What could not be looked at, else empty."""


def own_rule(metric: str) -> Rule:
    """Return the threshold rule that a metric has by its definition.

    Example:
        >>> own_rule("f1"), own_rule("sensitivity_youden"), own_rule("auroc")
        ('argmax', 'youden', '')
    """
    if metric in _LABELS:
        return "argmax"
    return "youden" if metric in _TWIN.values() else ""


def estimands(context: Context, found: Mapping[str, CaseCovariance], pairs: Sequence[Pair]) -> tuple[Estimand, ...]:
    """List what the multiverse looks at: each of its metrics under each of its threshold rules that the metric has.

    A metric of labels exists under both rules; every other one has its own alone, and is looked at under it whatever
    the list says, as is one that has none of the rules listed. At Youden's thresholds a binary case is called positive
    where the positive class reaches its threshold, and each finding likewise. With several classes each class is called
    on its own, as it is for the sensitivity and specificity at the Youden threshold: rates of one class against the
    rest exist and are averaged over the classes, but accuracy, balanced accuracy, MCC and kappa do not, for they ask
    for one label per case, and that is noted. What has a name of its own under Youden's thresholds is listed once.

    Args:
        context: study, runs and thresholds.
        found: metric -> covariance over cases, under its own rule.
        pairs: every pair of every metric over seeds, under its own rule.

    Returns:
        Metric by metric, its own rule first.
    """
    plan, calls = context.study.analysis.multiverse, _calls(context)
    result: list[Estimand] = []
    for metric in plan.metrics:
        rules, note = _rules(context, metric, calls)
        if own_rule(metric) in rules:
            mine = tuple(pair for pair in pairs if pair.metric == metric)
            result.append(Estimand(metric, own_rule(metric), True, found.get(metric), mine, note))
        if own_rule(metric) == "argmax" and "youden" in rules and calls is not None:
            result.append(_at_youden(context, metric, calls))
    return tuple(result)


def _rules(context: Context, metric: str, calls: _Calls | None) -> tuple[tuple[Rule, ...], str]:
    """Return the rules under which a metric is looked at, and why another one that is listed is not among them."""
    own, plan = own_rule(metric), context.study.analysis.multiverse
    if own != "argmax":
        return (own,), ""
    if "youden" not in plan.thresholds or _TWIN.get(metric) in plan.metrics:
        return (own,), ""
    if context.study.task == "multiclass" and metric in _ONE_LABEL:
        return (own,), _SEVERAL
    if calls is None:
        return (own,), _UNKNOWN
    return plan.thresholds, ""


@dataclass(frozen=True, slots=True)
class _Calls:
    """What every run calls positive at its Youden thresholds, written as logits of which a label metric sees the sign.

    Several classes are written as findings, each against the rest.
    """

    task: str
    """``binary`` or ``multilabel``."""
    truth: NDArray[Any]
    """``(N,)``, or ``(N, C)`` of 0, 1 and NaN; a class without a threshold is NaN, and so left out of every mean."""
    logits: Mapping[tuple[str, int], NDArray[np.int8]]
    """Loss and seed -> ``(N, C)`` of -1 and 1; binary ``(N, 2)``, the first column 0."""


def _calls(context: Context) -> _Calls | None:
    """Call every class of every run; None where no class has a threshold."""
    task, labels = context.study.task, context.test.labels
    limits = np.array([run.thresholds for run in context.scored], dtype=np.float64)
    if not context.scored or np.isnan(limits).all():
        return None
    cases = [
        Predictions(task, labels, run.logits["test"], own)
        for run, own in zip(context.material.runs, limits, strict=True)
    ]
    signs = [np.where(case.probabilities >= case.thresholds, 1, -1).astype(np.int8) for case in cases]
    truth = labels if task == "binary" else np.where(np.isnan(limits).any(axis=0), np.nan, cases[0].outcome)
    if task == "binary":
        signs = [sign * np.array([0, 1], dtype=np.int8) for sign in signs]
    runs = [(run.loss, run.seed) for run in context.material.runs]
    return _Calls("binary" if task == "binary" else "multilabel", truth, dict(zip(runs, signs, strict=True)))


def _at_youden(context: Context, metric: str, calls: _Calls) -> Estimand:
    values = {run: metric_value(metric, calls.task, calls.truth, logits) for run, logits in calls.logits.items()}
    pairs = compare({metric: _table(context, metric, values)}, context.study)
    if not context.finished:
        return Estimand(metric, "youden", False, None, pairs, "")
    found = case_covariance(
        calls.task,
        calls.truth,
        np.stack([calls.logits[loss, seed] for loss in context.losses for seed in context.finished]),
        metric,
        groups=context.test.groups,
        rng=generator(f"case covariance of {metric} at Youden's thresholds"),
    )
    return Estimand(metric, "youden", False, found, pairs, "")


def _table(context: Context, metric: str, values: Mapping[tuple[str, int], float]) -> PairedScores:
    """Arrange values as `Context.paired` does; a diverged run has the worst one of any finished run."""
    finite = [value for value in values.values() if math.isfinite(value)] or [math.nan]
    worst = min(finite) if METRICS[metric].higher_is_better else max(finite)
    table = [[values.get((loss, seed), worst) for loss in context.losses] for seed in context.seeds]
    shape = (len(context.seeds), len(context.losses))
    return PairedScores(metric, "", context.losses, context.seeds, np.array(table, dtype=np.float64).reshape(shape))
