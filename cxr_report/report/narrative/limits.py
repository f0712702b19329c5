"""An Analysis in, the limitations that follow from the design out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import BOTH, Analysis
from cxr_report.report.answers import answers
from cxr_report.report.narrative import facts, given, leaders, prose, tuning
from cxr_report.report.narrative.prose import Paragraph, Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["FEW_CASES", "FEW_SEEDS", "limitations"]

FEW_SEEDS = 10
"""Chosen: below, the SD over seeds is known to a third at best, and rank tests reach small p values for few pairs."""

FEW_CASES = 30
"""Chosen: with fewer positive cases the interval of an AUROC of 0.9 is wider than 0.1."""


def limitations(analysis: Analysis) -> tuple[Paragraph, ...]:
    """Write what the design cannot show, each sentence only where it applies."""
    return (Paragraph("", "", (*_design(analysis), *_shortcuts(analysis), *_size(analysis), *_state(analysis))),)


def _design(analysis: Analysis) -> Iterator[Sentence]:
    if not analysis.study.trained:
        yield from given.limits(analysis)
        return
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
    if overridden and not analysis.tuning:
        yield sentence("own-settings", f"Training settings differed from the common ones for {listed(overridden)}.")
    yield tuning.limit(analysis)
    if analysis.study.data.source == "phantom":
        yield sentence("synthetic-limit", "The images are synthetic and stand for no clinical population.")
    if analysis.study.data.allow_leakage:
        yield sentence(
            "leakage",
            "The study allows images or patients to occur in more than one split, which may flatter all losses.",
        )


def _shortcuts(analysis: Analysis) -> Iterator[Sentence]:
    """Name the classes that a model without any image tells apart no worse than the networks do."""
    for place, control in enumerate(analysis.controls):
        found = facts.shortcuts(analysis, control) if control.name == "metadata" else {}
        if found:
            pieces: list[Piece] = []
            for number, (klass, reached) in enumerate(found.items(), start=1):
                pieces += ["" if not pieces else " and " if number == len(found) else ", ", f"{klass} (AUROC "]
                pieces += [prose.value(reached, f"controls.{place}.classes.{klass}"), ")"]
            yield sentence(
                "shortcut-limit",
                "Metadata alone (sex, age, view, original size) separate ",
                pieces,
                " from the rest no worse than any loss, so the networks’ AUROC for "
                f"{'it' if len(found) == 1 else 'them'}, and the mean over classes, cannot be read as recognition of "
                "disease.",
            )


def _precision(analysis: Analysis) -> Sentence:
    """Say how many cases there are and, where it was analysed, how well cases and seeds let the losses be known."""
    metric = analysis.study.metrics.primary
    found = answers(analysis, metric, BOTH)
    test = found.test if found is not None else None
    rows = [(row.high - row.low, row) for row in test.means if not math.isnan(row.low)] if test is not None else []
    if found is None or test is None or not rows:
        size = prose.count(analysis.data.n_test, facts.CASES_KEY)
        return sentence("test-size", "The test set has ", size, " cases", leaders.of_patients(analysis), ".")
    narrow, wide = min(rows, key=lambda each: each[0]), max(rows, key=lambda each: each[0])
    return sentence(
        "precision",
        "With ",
        prose.count(test.n_cases, f"{found.key}.n_cases"),
        " cases",
        leaders.of_patients(analysis),
        " and ",
        prose.count(test.n_seeds, f"{found.key}.n_seeds"),
        f" seeds, the mean {facts.spoken(metric)} of a loss is known to ±",
        prose.value(narrow[0] / 2, ""),
        f" ({analysis.labels[narrow[1].loss]}) to ±",
        prose.value(wide[0] / 2, ""),
        f" ({analysis.labels[wide[1].loss]}) only.",
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
        if len(analysis.seeds) > 1:
            yield sentence(
                "normality",
                "Paired t tests on ",
                prose.count(len(analysis.seeds)),
                " differences rely on normality, which cannot be checked.",
            )
    yield sentence("seeds-only", f"Tests over seeds are no evidence about other {facts.case_unit(analysis)}.")
    if analysis.study.predicted:
        yield _precision(analysis)
    if analysis.study.predicted and not analysis.data.patients_known:
        yield sentence(
            "patients-unknown",
            "The source does not name the patients, so that several images of one patient would count as independent.",
        )
    rare = [name for name in analysis.classes if analysis.data.positives.get(name, FEW_CASES) < FEW_CASES]
    if rare:
        yield sentence("rare", "Fewer than ", prose.count(FEW_CASES), f" test cases belong to {listed(rare)}.")
    yield from _absent(analysis)
    undefined = sum(math.isnan(entry.mean) for entry in analysis.summaries)
    if undefined:
        yield sentence(
            "undefined",
            "Of ",
            prose.count(len(analysis.summaries)),
            " means of a metric over seeds ",
            prose.count(undefined),
            f" {'is' if undefined == 1 else 'are'} undefined and left out.",
        )


def _absent(analysis: Analysis) -> Iterator[Sentence]:
    """Name the classes whose metrics are undefined, because a split lacks what they need."""
    if analysis.absent:
        told = [f"{gone.klass} (no {gone.lacks} case in {_SPLITS[gone.split]})" for gone in analysis.absent]
        yield sentence("absent", f"Metrics are undefined for {listed(told)}.")


_SPLITS = {"train": "training", "val": "validation", "test": "test"}


def _state(analysis: Analysis) -> Iterator[Sentence]:
    yield from _left_out(analysis)
    if analysis.diverged and analysis.study.analysis.on_diverged == "drop-seed":
        text = "Seeds with a run that diverged count for no loss, so that all results are of runs that did not diverge."
        yield sentence("diverged-limit", text)
    elif analysis.diverged:
        yield sentence(
            "diverged-limit",
            "Runs that diverged are rated by rule and not by their predictions: with the worst score that any finished "
            "run reached on the metric.",
        )
    if analysis.partial:
        yield sentence("partial", "The study is incomplete, and its final result may differ.")
    if analysis.exploratory:
        yield sentence("exploratory", f"The analysis is exploratory: {listed(analysis.exploratory)}.")


_LACKS = {
    "diverged": "a run diverged",
    "missing": "a run is missing",
    "undefined": "the primary metric of a run is undefined",
}


def _left_out(analysis: Analysis) -> Iterator[Sentence]:
    """Say with how many seeds not every loss has a score of its own, and why."""
    pieces: list[Piece] = []
    for reason, what in _LACKS.items():
        number = len({gone.seed for gone in analysis.left_out if gone.reason == reason})
        if number:
            pieces += [", " if pieces else "", f"{what} with ", prose.count(number)]
            pieces.append(" seed" if number == 1 else " seeds")
    if pieces:
        yield sentence("left-out-limit", "Not every loss has every seed, which may favour some losses: ", *pieces, ".")
