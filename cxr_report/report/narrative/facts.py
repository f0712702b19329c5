"""What the sentences ask of an Analysis: which loss leads, which pairs differ, and where each number stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from cxr_report.analysis.value import Analysis, Control, Joint, JointMean, JointPair, LossSummary, Omnibus, Pair
from cxr_report.metrics import METRICS
from cxr_report.report.numerals import listed

__all__ = [
    "ADJUSTMENTS",
    "Keyed",
    "adjusted_name",
    "best",
    "better_of",
    "by_adjustment",
    "case_unit",
    "clauses",
    "controls_of",
    "decisive",
    "direction",
    "followers",
    "joint_is",
    "joint_mean",
    "joint_of",
    "no_case_term",
    "noted",
    "omnibus_of",
    "pairs_of",
    "shortcuts",
    "shown",
    "spoken",
    "summaries_of",
    "titled",
    "undefined",
    "worse_of",
]

T = TypeVar("T")
Keyed = tuple[str, T]
"""A value with its place in statistics.json."""

AnyPair = Pair | JointPair
P = TypeVar("P", Pair, JointPair)

TIE = 1e-12
"""Chosen: relative width within which two means count as equal, as in ``cxr_report.stats``."""

_PROPER = ("Brier", "Cohen’s", "Matthews")

ADJUSTMENTS = {
    "none": "without adjustment for multiple comparisons",
    "bonferroni": "after Bonferroni’s adjustment",
    "holm": "after Holm’s adjustment",
    "hochberg": "after Hochberg’s adjustment",
    "hommel": "after Hommel’s adjustment",
    "bh": "after Benjamini and Hochberg’s adjustment",
    "by": "after Benjamini and Yekutieli’s adjustment",
}


def titled(metric: str) -> str:
    """Return a metric's title as it begins a sentence."""
    return METRICS[metric].title.replace("'", "’")


def spoken(metric: str) -> str:
    """Return a metric's title as it stands inside a sentence."""
    title = titled(metric)
    if title.split()[0] in _PROPER or not title[1:2].islower():
        return title
    return title[0].lower() + title[1:]


def noted(note: str) -> str:
    """Return a note of the analysis as it stands inside a sentence."""
    return note.replace("'", "’")


def direction(metric: str) -> str:
    """Return how a better value of a metric lies: higher, or lower."""
    return "higher" if METRICS[metric].higher_is_better else "lower"


def by_adjustment(analysis: Analysis) -> str:
    """Say how p values are adjusted, such as ``after Holm’s adjustment``."""
    return ADJUSTMENTS[analysis.study.analysis.adjustment]


def adjusted_name(analysis: Analysis) -> str:
    """Name the decisive p value."""
    return "unadjusted p" if analysis.study.analysis.adjustment == "none" else "adjusted p"


def summaries_of(analysis: Analysis, metric: str, klass: str = "") -> list[Keyed[LossSummary]]:
    """Return one metric of every loss, in the study's order."""
    return [
        (f"summaries.{place}", entry)
        for place, entry in enumerate(analysis.summaries)
        if entry.metric == metric and entry.klass == klass
    ]


def best(analysis: Analysis, metric: str, klass: str = "") -> list[Keyed[LossSummary]]:
    """Return the losses with the best mean: one, several that tie, or none where the metric is undefined."""
    defined = [each for each in summaries_of(analysis, metric, klass) if not math.isnan(each[1].mean)]
    if not defined:
        return []
    means = [entry.mean for _, entry in defined]
    top = max(means) if METRICS[metric].higher_is_better else min(means)
    width = TIE * max(abs(mean) for mean in means)
    return [each for each in defined if abs(each[1].mean - top) <= width]


def followers(analysis: Analysis, metric: str) -> list[Keyed[LossSummary]]:
    """Return the losses that do not have the best mean, in the study's order."""
    leaders = {entry.loss for _, entry in best(analysis, metric)}
    return [each for each in summaries_of(analysis, metric) if each[1].loss not in leaders]


def omnibus_of(analysis: Analysis, metric: str) -> Keyed[Omnibus]:
    """Return the omnibus test of a metric."""
    return next(
        (f"omnibus.{place}", each)
        for place, each in enumerate(analysis.omnibus)
        if each.metric == metric and each.planned
    )


def pairs_of(analysis: Analysis, metric: str) -> list[Keyed[Pair]]:
    """Return every comparison of two losses on a metric."""
    return [
        (f"pairs.{place}", pair)
        for place, pair in enumerate(analysis.pairs)
        if pair.metric == metric and pair.in_family
    ]


def joint_of(analysis: Analysis) -> Keyed[Joint] | None:
    """Return the analysis over seeds and cases together, where there is one."""
    metric = analysis.study.metrics.primary
    return next(((f"joint.{n}", test) for n, test in enumerate(analysis.joint) if test.metric == metric), None)


def shown(pairs: Sequence[Keyed[P]]) -> list[Keyed[P]]:
    """Return the pairs of which one loss is shown to be better."""
    return [each for each in pairs if each[1].verdict in ("first better", "second better")]


def undefined(pairs: Sequence[Keyed[Pair]]) -> list[Keyed[Pair]]:
    """Return the pairs whose test is undefined."""
    return [each for each in pairs if math.isnan(each[1].p_t)]


def decisive(pair: Pair) -> tuple[str, float]:
    """Return the field and the p value on which the verdict of a pair rests."""
    return "p_t_adjusted", pair.p_t_adjusted


def better_of(pair: AnyPair) -> str:
    """Return the loss that is shown to be better."""
    return pair.first if pair.verdict == "first better" else pair.second


def worse_of(pair: AnyPair) -> str:
    """Return the other loss."""
    return pair.second if pair.verdict == "first better" else pair.first


def clauses(analysis: Analysis, pairs: Sequence[AnyPair]) -> str:
    """Say with which losses a metric was better than with which: ``with A than with B and C; with B than with D``.

    Args:
        analysis: for order and labels.
        pairs: of which one loss is shown to be better.
    """
    beaten = {
        loss: [analysis.labels[worse_of(pair)] for pair in pairs if better_of(pair) == loss] for loss in analysis.losses
    }
    return "; ".join(
        f"with {analysis.labels[loss]} than with {listed(others)}" for loss, others in beaten.items() if others
    )


def controls_of(analysis: Analysis, metric: str) -> list[Keyed[Control]]:
    """Return the controls that have a value of a metric."""
    return [
        (f"controls.{place}", control)
        for place, control in enumerate(analysis.controls)
        if not math.isnan(control.values.get(metric, math.nan))
    ]


def shortcuts(analysis: Analysis, control: Control) -> dict[str, float]:
    """Return the classes for which a control's AUROC is at least the best mean of any loss, with that AUROC."""
    found = {}
    for klass, reached in control.classes.items():
        leaders = best(analysis, "auroc", klass)
        if leaders and reached >= leaders[0][1].mean:
            found[klass] = reached
    return found


def case_unit(analysis: Analysis) -> str:
    """Name what other samples of test cases would bring: other patients, or cases where patients are not named."""
    return "patients" if analysis.data.patients_known else "cases"


def joint_is(analysis: Analysis, metric: str) -> bool:
    """Say whether there is an analysis over seeds and patients of a metric."""
    found = joint_of(analysis)
    return found is not None and found[1].metric == metric


def no_case_term(test: Joint) -> bool:
    """Say whether the test over seeds and patients has no term for the cases, so that it is one over seeds alone."""
    return not math.isnan(test.p) and test.cov2 <= test.cov3


def joint_mean(analysis: Analysis, metric: str, loss: str) -> Keyed[JointMean] | None:
    """Return the mean of a loss with its interval over seeds and patients, where it is of the same runs.

    A diverged run that was given a score has no predictions, so that the mean over seeds is then of other runs.
    """
    found = joint_of(analysis)
    imputed = analysis.diverged and analysis.study.analysis.on_diverged == "worst-score"
    if found is None or found[1].metric != metric or imputed:
        return None
    key, test = found
    rows = [(f"{key}.means.{place}", row) for place, row in enumerate(test.means) if row.loss == loss]
    return rows[0] if rows and not math.isnan(rows[0][1].low) else None
