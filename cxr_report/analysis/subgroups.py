"""Predictions and what is known of the cases in, the primary metric in every subgroup of the test cases out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.case_covariance import case_covariance
from cxr_report.analysis.classes import positives
from cxr_report.analysis.context import Context, generator
from cxr_report.analysis.gather import Truth
from cxr_report.analysis.joint import fit, means, pairs, usable
from cxr_report.analysis.value import BOTH, JointMean, JointPair, Subgroup

__all__ = ["subgroups"]

UNKNOWN = "not known"
"""Why cases of which an attribute is not known have no number."""

FEWEST = 2
"""Positive and negative cases of a class below which its variance over cases does not exist."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """The finished runs, loss by loss."""

    logits: NDArray[np.float32]
    """``(k S, N, C)``."""
    thresholds: NDArray[np.float64]
    """``(k S, C)``."""


def subgroups(context: Context) -> tuple[Subgroup, ...]:
    """Describe the primary metric of every loss among the test cases of one sex, band of age or view.

    Means and differences are for other seeds and other cases of the subgroup, patients kept together. They are
    exploratory: nothing is adjusted and nothing is judged. A subgroup is refused, and says why, where it has too few
    cases by the plan, a class has fewer than two positive or two negative cases in it, or the metric is undefined; and
    so are the cases of which the attribute is not known, which are counted all the same.

    Args:
        context: study, finished runs and test cases.

    Returns:
        Attribute by attribute, the values in alphabetical order (bands of age rise), those not known last; none where
        the source knows no attribute, or scores alone are given.
    """
    if not context.study.predicted:
        return ()
    runs = _Runs(context.logits(), context.thresholds()) if context.finished else None
    return tuple(
        _subgroup(context, runs, attribute, value)
        for attribute, words in context.test.attributes.items()
        for value in sorted(set(words.tolist()), key=lambda word: (word == "", word))
    )


def _subgroup(context: Context, runs: _Runs | None, attribute: str, value: str) -> Subgroup:
    inside = context.test.attributes[attribute] == value
    part = _part(context.test, inside)
    bare = Subgroup(
        attribute=attribute,
        value=value,
        metric=context.study.metrics.primary,
        n_cases=len(part.ids),
        n_patients=len(np.unique(part.patients)),
        positives=positives(part.labels, context.material.classes),
        refused=next(_reasons(context, part, value), ""),
        means=(),
        pairs=(),
    )
    if bare.refused or runs is None:
        return bare
    found = _analysed(context, runs, part, inside)
    if found is None:
        return replace(bare, refused="the metric or its variance is undefined among these cases")
    return replace(bare, means=found[0], pairs=found[1])


def _part(truth: Truth, inside: NDArray[np.bool_]) -> Truth:
    attributes = {name: words[inside] for name, words in truth.attributes.items()}
    return Truth(truth.ids[inside], truth.patients[inside], truth.labels[inside], attributes)


def _reasons(context: Context, part: Truth, value: str) -> Iterator[str]:
    """Say what speaks against a number for a subgroup, the weightiest first."""
    if not value:
        yield UNKNOWN
    least = context.study.analysis.subgroup_minimum
    if len(part.ids) < least:
        yield f"fewer than {least} cases"
    if len(context.finished) < FEWEST:
        yield "a comparison over seeds needs at least two of them"
    for name, cases in _both_kinds(context, part).items():
        for kind, n in cases.items():
            if n < FEWEST:
                yield f"{'one' if n else 'no'} {kind} case of {name}"


def _both_kinds(context: Context, part: Truth) -> dict[str, dict[str, int]]:
    """Count positive and negative cases of every class; of a binary task those of the positive class."""
    names = context.material.classes
    known = len(part.ids) if part.labels.ndim == 1 else (~np.isnan(part.labels)).sum(axis=0)
    found = positives(part.labels, names)
    negative = dict(zip(names, np.broadcast_to(known, len(names)) - np.array(list(found.values())), strict=True))
    return {
        name: {"positive": found[name], "negative": int(negative[name])}
        for name in (names[1:] if context.study.task == "binary" else names)
    }


def _analysed(
    context: Context, runs: _Runs, part: Truth, inside: NDArray[np.bool_]
) -> tuple[tuple[JointMean, ...], tuple[JointPair, ...]] | None:
    metric = context.study.metrics.primary
    covariance = case_covariance(
        context.study.task,
        part.labels,
        runs.logits[:, inside],
        metric,
        thresholds=runs.thresholds,
        groups=part.groups,
        rng=generator(f"case covariance of {metric} in a subgroup"),
    )
    found = fit(covariance, context.study, metric, target=BOTH) if usable(covariance) else None
    if found is None:
        return None
    rows = [row for row in pairs(found.result, context.study) if row.in_family]
    return means(found.result, context.losses), tuple(_unjudged(row) for row in rows)


def _unjudged(row: JointPair) -> JointPair:
    """Take a comparison out of the family whose p values are adjusted."""
    nan = float("nan")
    return replace(row, in_family=False, verdict="outside the family", low_simultaneous=nan, high_simultaneous=nan)
