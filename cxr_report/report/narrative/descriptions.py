"""An Analysis in, how that was made which stands beside the comparisons out: controls, noise floor, ranks and more."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import BINS
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["descriptions", "labels"]

RESAMPLES = 10_000
"""Draws of the seeds from which the stability of ranks is seen, as ``cxr_report.stats.rank_bootstrap`` takes them."""

FEWEST = 2
"""Positive and negative cases of a class below which a subgroup has no variance over cases."""

_CONTROLS = {"pixels": "a logistic regression on the pixels", "metadata": "a logistic regression on the metadata"}


def labels(analysis: Analysis) -> Iterator[Sentence]:
    """Say which class is the positive one, and how labels count that are not known."""
    task = analysis.study.task
    if task == "binary" and len(analysis.classes) == 2:
        other, positive = analysis.classes
        text = f"The positive class is {positive}; where a metric speaks of one class against the rest, it is that one "
        yield sentence("positive-class", f"{text}against {other}.")
    if task == "multilabel":
        yield sentence(
            "unknown-labels",
            "A case whose label of a finding is not known is left out of the metrics of that finding alone.",
        )


def descriptions(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say of every part beside the comparisons, where it is there, how it was made."""
    return (
        *_controls(analysis),
        *_bins(analysis),
        *_ranks(analysis),
        *_floor(analysis),
        *_null(analysis),
        *_multiverse(analysis),
        *_subgroups(analysis),
    )


def _controls(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.controls:
        names = listed([_CONTROLS[control.name] for control in analysis.controls])
        yield sentence(
            "controls-method",
            f"Beside the losses stand controls that no comparison includes: {names}, fitted on the training cases.",
        )


def _bins(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.calibrations or "ece" in analysis.metrics:
        yield sentence(
            "bins",
            "The expected calibration error takes ",
            prose.count(BINS),
            " bins of equal width, closed on the right, of the confidence in the predicted label.",
        )


def _ranks(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.rankings:
        yield sentence(
            "ranks-method",
            "Losses are ranked within every seed; how stable their order is was seen from ",
            prose.count(RESAMPLES),
            " draws of the seeds with replacement, in each of which the losses were ranked by their means.",
        )


def _floor(analysis: Analysis) -> Iterator[Sentence]:
    parts = []
    if analysis.seed_floor:
        parts.append("the baseline was trained with as many further seeds and compared with itself")
    if analysis.twins:
        parts.append("losses that are the same function were trained with the same seeds")
    if parts:
        yield sentence("floor-method", f"For a noise floor, {', and '.join(parts)}; it belongs to no family.")


def _null(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.null_rates:
        yield sentence(
            "null-method",
            "How often tests reject equal losses was counted in ",
            prose.count(max(rate.n_simulations for rate in analysis.null_rates)),
            " simulated studies, drawn from normal distributions with the variance components of this one.",
        )


def _multiverse(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.multiverse:
        yield sentence(
            "multiverse-method",
            "The comparisons were made again with every metric, threshold, test, adjustment and interval that the plan "
            "lists for it, which describes and decides nothing.",
        )


def _subgroups(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.subgroups:
        yield sentence(
            "subgroups-method",
            "A subgroup is refused where it has fewer than ",
            prose.count(analysis.study.analysis.subgroup_minimum, "study.analysis.subgroup_minimum"),
            " cases, or fewer than ",
            prose.count(FEWEST),
            " positive or negative ones of a class; the others are described, unadjusted and without a test.",
        )
