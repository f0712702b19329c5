"""What the sentences ask of an Analysis: which loss leads, which pairs differ, and where each number stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from cxr_report.analysis.value import BOTH, CASES, Analysis, Control, JointMean, LossSummary, Target
from cxr_report.metrics import METRICS
from cxr_report.report.answers import Answer, answers
from cxr_report.report.language import ENGLISH, Speech, phrase, speech
from cxr_report.report.names import spoken, titled
from cxr_report.report.narrative import prose
from cxr_report.report.pieces import Number, Piece, Said, text_of

__all__ = [
    "ADJUSTMENTS",
    "ALPHA",
    "CASES_KEY",
    "PATIENTS_KEY",
    "Keyed",
    "adjusted_name",
    "best",
    "by_adjustment",
    "case_unit",
    "clauses",
    "controls_of",
    "direction",
    "followers",
    "joint_mean",
    "noted",
    "of_patients",
    "over",
    "shortcuts",
    "spoken",
    "summaries_of",
    "titled",
]

T = TypeVar("T")
Keyed = tuple[str, T]
"""A value with its place in statistics.json."""

ALPHA = "study.analysis.alpha"
CASES_KEY = "data.n_test"
PATIENTS_KEY = "data.n_test_patients"
"""Where numbers stand that many sentences name."""

TIE = 1e-12
"""Chosen: relative width within which two means count as equal, as in ``cxr_report.stats``."""

ADJUSTMENTS = {
    "none": phrase("without adjustment for multiple comparisons"),
    "bonferroni": phrase("after Bonferroni’s adjustment"),
    "holm": phrase("after Holm’s adjustment"),
    "hochberg": phrase("after Hochberg’s adjustment"),
    "hommel": phrase("after Hommel’s adjustment"),
    "bh": phrase("after Benjamini and Hochberg’s adjustment"),
    "by": phrase("after Benjamini and Yekutieli’s adjustment"),
}


def of_patients(analysis: Analysis, alone: str, one: str, many: str, /, **things: Number) -> tuple[Piece, ...]:
    """Say a number of test cases, and of how many patients they are, where the source names them.

    Args:
        analysis: of a study.
        alone: template where the patients are not known.
        one: template where there is one patient; the slot is ``patients``.
        many: where there are more.
        things: the number of cases, named as the slot of all three.
    """
    say, number = speech(analysis), analysis.data.n_test_patients
    if not analysis.data.patients_known:
        return say(alone, **things)
    return say.counted(number, one, many, patients=prose.count(number, PATIENTS_KEY), **things)


def noted(note: str, say: Speech = ENGLISH) -> str:
    """Return a note of the analysis as it stands inside a sentence."""
    return say.note(note).replace("'", "’")


def direction(metric: str, say: Speech = ENGLISH) -> str:
    """Return how a better value of a metric lies: higher, or lower."""
    return say.text("higher" if METRICS[metric].higher_is_better else "lower")


def by_adjustment(analysis: Analysis) -> str:
    """Say how p values are adjusted, such as ``after Holm’s adjustment``."""
    return speech(analysis).text(ADJUSTMENTS[analysis.study.analysis.adjustment])


def adjusted_name(analysis: Analysis) -> str:
    """Name the decisive p value."""
    return speech(analysis).text("unadjusted p" if analysis.study.analysis.adjustment == "none" else "adjusted p")


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


def clauses(analysis: Analysis, rows: Sequence[Answer]) -> str:
    """Say with which losses a metric was better than with which: ``with A and B than with C; with C than with D``.

    Args:
        analysis: for order and labels.
        rows: comparisons of which one loss is shown to be better.
    """
    beaten = {loss: tuple(analysis.labels[row.worse] for row in rows if row.better == loss) for loss in analysis.losses}
    alike: dict[tuple[str, ...], list[str]] = {}
    for loss, others in beaten.items():
        if others:
            alike.setdefault(others, []).append(analysis.labels[loss])
    say = speech(analysis)
    told: list[Said] = [
        say("with {better} than with {others}", better=say.listed(better), others=say.listed(others))
        for others, better in alike.items()
    ]
    return text_of(say.rowed(told, "; "))


def over(analysis: Analysis, target: Target) -> str:
    """Say at the beginning of a sentence what a test holds for."""
    if analysis.data.patients_known:
        told = {BOTH: phrase("Over seeds and patients together,"), CASES: phrase("Over patients, for these runs,")}
    else:
        told = {BOTH: phrase("Over seeds and cases together,"), CASES: phrase("Over cases, for these runs,")}
    return speech(analysis).text(told.get(target, phrase("Over seeds, on these test cases,")))


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
    return speech(analysis).text("patients" if analysis.data.patients_known else "cases")


def joint_mean(analysis: Analysis, metric: str, loss: str) -> Keyed[JointMean] | None:
    """Return the mean of a loss with its interval over seeds and patients, where it is of the same runs.

    A diverged run that was given a score has no predictions, so that the mean over seeds is then of other runs.
    """
    found = answers(analysis, metric, BOTH)
    imputed = analysis.diverged and analysis.study.analysis.on_diverged == "worst-score"
    if found is None or found.test is None or imputed:
        return None
    rows = [(f"{found.key}.means.{place}", row) for place, row in enumerate(found.test.means) if row.loss == loss]
    return rows[0] if rows and not math.isnan(rows[0][1].low) else None
