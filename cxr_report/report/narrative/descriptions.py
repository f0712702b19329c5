"""An Analysis in, how that was made which stands beside the comparisons out: controls, noise floor, ranks and more."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import BINS
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Sentence, sentence

__all__ = ["descriptions", "labels"]

RESAMPLES = 10_000
"""Draws of the seeds from which the stability of ranks is seen, as ``cxr_report.stats.rank_bootstrap`` takes them."""

FEWEST = 2
"""Positive and negative cases of a class below which a subgroup has no variance over cases."""

_CONTROLS = {
    "pixels": phrase("a logistic regression on the pixels"),
    "metadata": phrase("a logistic regression on the metadata"),
}


def labels(analysis: Analysis) -> Iterator[Sentence]:
    """Say which class is the positive one, and how labels count that are not known."""
    say, task = speech(analysis), analysis.study.task
    if task == "binary" and len(analysis.classes) == 2:
        other, positive = analysis.classes
        said = say(
            "The positive class is {positive}; where a metric speaks of one class against the rest, it is that one "
            "against {other}.",
            positive=positive,
            other=other,
        )
        yield sentence("positive-class", said)
    if task == "multilabel":
        unknown = say("A case whose label of a finding is not known is left out of the metrics of that finding alone.")
        yield sentence("unknown-labels", unknown)


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
        say = speech(analysis)
        said = say(
            "Beside the losses stand controls that no comparison includes: {controls}, fitted on the training cases.",
            controls=say.listed([say.text(_CONTROLS[control.name]) for control in analysis.controls]),
        )
        yield sentence("controls-method", said)


def _bins(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.calibrations or "ece" in analysis.metrics:
        said = speech(analysis)(
            "The expected calibration error takes {bins} bins of equal width, closed on the right, of the confidence "
            "in the predicted label.",
            bins=prose.count(BINS),
        )
        yield sentence("bins", said)


def _ranks(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.rankings:
        said = speech(analysis)(
            "Losses are ranked within every seed; how stable their order is was seen from {draws} draws of the seeds "
            "with replacement, in each of which the losses were ranked by their means.",
            draws=prose.count(RESAMPLES),
        )
        yield sentence("ranks-method", said)


def _floor(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.seed_floor and analysis.twins:
        told = phrase(
            "For a noise floor, the baseline was trained with as many further seeds and compared with itself, and "
            "losses that are the same function were trained with the same seeds; it belongs to no family."
        )
    elif analysis.seed_floor:
        told = phrase(
            "For a noise floor, the baseline was trained with as many further seeds and compared with itself; it "
            "belongs to no family."
        )
    elif analysis.twins:
        told = phrase(
            "For a noise floor, losses that are the same function were trained with the same seeds; it belongs to no "
            "family."
        )
    else:
        return
    yield sentence("floor-method", speech(analysis)(told))


def _null(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.null_rates:
        said = speech(analysis)(
            "How often tests reject equal losses was counted in {studies} simulated studies, drawn from normal "
            "distributions with the variance components of this one.",
            studies=prose.count(max(rate.n_simulations for rate in analysis.null_rates)),
        )
        yield sentence("null-method", said)


def _multiverse(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.multiverse:
        said = speech(analysis)(
            "The comparisons were made again with every metric, threshold, test, adjustment and interval that the plan "
            "lists for it, which describes and decides nothing."
        )
        yield sentence("multiverse-method", said)


def _subgroups(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.subgroups:
        said = speech(analysis)(
            "A subgroup is refused where it has fewer than {cases} cases, or fewer than {fewest} positive or negative "
            "ones of a class; the others are described, unadjusted and without a test.",
            cases=prose.count(analysis.study.analysis.subgroup_minimum, "study.analysis.subgroup_minimum"),
            fewest=prose.count(FEWEST),
        )
        yield sentence("subgroups-method", said)
