"""An Analysis in, the limitations that follow from the design out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import facts, prose, seeds
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["FEW_CASES", "FEW_SEEDS", "limitations"]

FEW_SEEDS = 10
"""Chosen: below, the SD over seeds is known to a third at best, and rank tests reach small p values for few pairs."""

FEW_CASES = 30
"""Chosen: with fewer positive cases the interval of an AUROC of 0.9 is wider than 0.1."""


def limitations(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write what the design cannot show, each sentence only where it applies."""
    return (Paragraph("", "", (*_design(analysis), *_size(analysis), *_state(analysis))),)


def _design(analysis: Analysis) -> Iterator[Sentence]:
    yield sentence(
        "one-split",
        "Training set and split were the same in every run, so that no result generalises to another training set.",
    )
    yield sentence(
        "one-source", "No external test set was used: test cases come from the source of the training cases."
    )
    overridden = [
        analysis.labels[name]
        for name, loss in analysis.study.losses.items()
        if loss.training.learning_rate is not None or loss.training.weight_decay is not None
    ]
    if overridden:
        yield sentence("own-settings", f"Training settings differed from the common ones for {listed(overridden)}.")
    yield sentence("no-tuning", "Hyper-parameters were fixed in advance and not tuned for any loss by this study.")
    if analysis.study.data.source == "phantom":
        yield sentence("synthetic-limit", "The images are synthetic and stand for no clinical population.")
    if analysis.study.data.allow_leakage:
        yield sentence(
            "leakage",
            "The study allows images or patients to occur in more than one split, which may flatter all losses.",
        )


def _size(analysis: Analysis) -> Iterator[Sentence]:
    if len(analysis.seeds) < FEW_SEEDS:
        unit = "seed" if len(analysis.seeds) == 1 else "seeds"
        yield sentence(
            "few-seeds",
            "With ",
            prose.count(len(analysis.seeds)),
            f" {unit} the spread over seeds is known roughly only.",
        )
    yield sentence(
        "test-size",
        "The test set has ",
        prose.count(analysis.data.n_test, seeds.CASES),
        " cases",
        seeds.of_patients(analysis),
        ".",
    )
    if not facts.patients_known(analysis):
        yield sentence(
            "patients-unknown",
            "The source does not name the patients, so that several images of one patient would count as independent.",
        )
    rare = [name for name in analysis.classes if analysis.data.positives.get(name, FEW_CASES) < FEW_CASES]
    if rare:
        yield sentence("rare", "Fewer than ", prose.count(FEW_CASES), f" test cases belong to {listed(rare)}.")
    undefined = sum(math.isnan(entry.mean) for entry in analysis.summaries)
    if undefined:
        yield sentence(
            "undefined",
            prose.count(undefined),
            " of ",
            prose.count(len(analysis.summaries)),
            " means of a metric over seeds are undefined and were left out.",
        )


def _state(analysis: Analysis) -> Iterator[Sentence]:
    if analysis.diverged:
        yield sentence("diverged-limit", "Runs that diverged are rated by rule and not by their predictions.")
    if analysis.partial:
        yield sentence("partial", "The study is incomplete, and its final result may differ.")
    if analysis.exploratory:
        yield sentence("exploratory", f"The analysis is exploratory: {listed(analysis.exploratory)}.")
