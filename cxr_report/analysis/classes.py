"""Predictions of all losses and seeds in, the primary metric of every class or finding over seeds and cases out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.case_covariance import CaseCovariance, case_covariance
from cxr_report.analysis.comparisons import notes
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.family import adjusted
from cxr_report.analysis.joint import Fit, decided, fit, means, pairs, usable
from cxr_report.analysis.value import BOTH, ClassComparison, JointMean
from cxr_report.metrics import METRICS
from cxr_report.metrics.scoring import has_classes

__all__ = ["class_comparisons", "positives"]


@dataclass(frozen=True, slots=True)
class _Class:
    """One class or finding before p values are adjusted."""

    name: str
    covariance: CaseCovariance
    fit: Fit | None
    """None where its metric, the covariance or the seeds do not allow an analysis."""


def class_comparisons(context: Context) -> tuple[ClassComparison, ...]:
    """Compare the losses class by class on the primary metric, for other seeds and other cases.

    The comparisons of the family of all classes are one family of p values, adjusted as the plan says, and their
    simultaneous intervals cover all of them. A class whose metric is undefined keeps its place in that family.

    Args:
        context: study, finished runs and test cases.

    Returns:
        One per class or finding; none where the metric has no value per class, no seed is finished for every loss, or
        scores alone are given.
    """
    study, names = context.study, context.material.classes
    if not study.predicted or not context.finished or not has_classes(METRICS[study.metrics.primary], study.task):
        return ()
    known = positives(context.test.labels, names)
    found = _classes(context)
    size = context.family.size
    bare = [_bare(each, context, size * len(found)) for each in found]
    p = adjusted([p for row in bare for p in _raw(row, size)], study.analysis.adjustment)
    return tuple(
        replace(row, n_positive=known[row.klass], pairs=decided(row.pairs, own, study, row.metric))
        for row, own in zip(bare, np.reshape(p, (-1, size)).tolist(), strict=True)
    )


def positives(labels: NDArray[Any], classes: Sequence[str]) -> dict[str, int]:
    """Count the cases of every class or finding.

    Args:
        labels: ``(N,)`` class indices, or ``(N, L)`` of 1, 0 and NaN.
        classes: names in the order of the indices or columns.

    Example:
        >>> positives(np.array([0, 1, 1]), ("normal", "pneumonia"))
        {'normal': 1, 'pneumonia': 2}
    """
    columns = labels.T == 1 if labels.ndim == 2 else np.arange(len(classes))[:, None] == labels
    return {name: int(column.sum()) for name, column in zip(classes, columns, strict=True)}


def _classes(context: Context) -> list[_Class]:
    metric, truth = context.study.metrics.primary, context.test
    logits, thresholds = context.logits(), context.thresholds()
    result = []
    for place, name in enumerate(context.material.classes):
        covariance = case_covariance(
            context.study.task,
            truth.labels,
            logits,
            metric,
            thresholds=thresholds,
            klass=place,
            groups=truth.groups,
            rng=generator(f"case covariance of {metric} of class {place}"),
        )
        analysed = fit(covariance, context.study, metric, target=BOTH) if usable(covariance) else None
        result.append(_Class(name, covariance, analysed))
    return result


def _bare(each: _Class, context: Context, comparisons: int) -> ClassComparison:
    """Compare the losses on one class, nothing adjusted yet."""
    metric = context.study.metrics.primary
    bare = ClassComparison(
        klass=each.name,
        metric=metric,
        n_positive=0,
        covariance=each.covariance.method,
        means=_estimates(each.covariance, context.losses),
        pairs=(),
        note=notes(each.covariance.note, _why_none(each.covariance)),
    )
    if each.fit is None:
        return bare
    rows = pairs(each.fit.result, context.study, comparisons=comparisons)
    return replace(
        bare,
        means=means(each.fit.result, context.losses),
        pairs=tuple(row for row in rows if row.in_family),
        note=notes(each.covariance.note, str(each.fit.result.note)),
    )


def _estimates(found: CaseCovariance, losses: tuple[str, ...]) -> tuple[JointMean, ...]:
    """Give the means over seeds alone, where there is no analysis."""
    nan = math.nan
    values = found.theta.reshape(len(losses), -1).mean(axis=1)
    return tuple(JointMean(loss, float(mean), nan, nan, nan, nan) for loss, mean in zip(losses, values, strict=True))


def _why_none(found: CaseCovariance) -> str:
    if not np.isfinite(found.theta).all():
        return "the metric is undefined"
    return "a comparison over seeds needs at least two of them" if usable(found) else "no covariance over cases"


def _raw(row: ClassComparison, size: int) -> list[float]:
    return [pair.p for pair in row.pairs] or [math.nan] * size
