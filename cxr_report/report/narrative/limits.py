"""An Analysis in, the limitations that follow from the design out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cxr_report.analysis.value import BOTH, Analysis
from cxr_report.report.answers import answers
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import external, facts, fidelity, given, leaders, prose, tuning
from cxr_report.report.narrative.prose import Paragraph, Sentence, sentence
from cxr_report.report.pieces import Piece, Said

__all__ = ["FEW_CASES", "FEW_SEEDS", "exploratory", "limitations"]

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
    say = speech(analysis)
    one = say(
        "Training set and split were the same in every run, so that no result generalises to another training set."
    )
    yield sentence("one-split", one)
    yield external.limit(analysis)
    overridden = [
        analysis.labels[name]
        for name, loss in analysis.study.losses.items()
        if loss.training.learning_rate is not None or loss.training.weight_decay is not None
    ]
    if overridden and not analysis.tuning:
        own = say("Training settings differed from the common ones for {losses}.", losses=say.listed(overridden))
        yield sentence("own-settings", own)
    yield tuning.limit(analysis)
    if analysis.study.data.source == "phantom":
        yield sentence("synthetic-limit", say("The images are synthetic and stand for no clinical population."))
    if analysis.study.data.allow_leakage:
        leaky = say(
            "The study allows images or patients to occur in more than one split, which may flatter all losses."
        )
        yield sentence("leakage", leaky)


def _shortcuts(analysis: Analysis) -> Iterator[Sentence]:
    """Name the classes that a model without any image tells apart no worse than the networks do."""
    say = speech(analysis)
    for place, control in enumerate(analysis.controls):
        found = facts.shortcuts(analysis, control) if control.name == "metadata" else {}
        if found:
            told: list[Said] = [
                say(
                    "{klass} (AUROC {value})",
                    klass=klass,
                    value=prose.value(reached, f"controls.{place}.classes.{klass}"),
                )
                for klass, reached in found.items()
            ]
            said = say.counted(
                len(found),
                "Metadata alone (sex, age, view, original size) separate {classes} from the rest no worse than any "
                "loss, so the networks’ AUROC for it, and the mean over classes, cannot be read as recognition of "
                "disease.",
                "Metadata alone (sex, age, view, original size) separate {classes} from the rest no worse than any "
                "loss, so the networks’ AUROC for them, and the mean over classes, cannot be read as recognition of "
                "disease.",
                classes=say.listed(told),
            )
            yield sentence("shortcut-limit", said)


def _precision(analysis: Analysis) -> Sentence:
    """Say how many cases there are and, where it was analysed, how well cases and seeds let the losses be known."""
    say, metric = speech(analysis), analysis.study.metrics.primary
    found = answers(analysis, metric, BOTH)
    test = found.test if found is not None else None
    rows = [(row.high - row.low, row) for row in test.means if not math.isnan(row.low)] if test is not None else []
    if found is None or test is None or not rows:
        size = prose.count(analysis.data.n_test, facts.CASES_KEY)
        return sentence("test-size", say("The test set has {cases}.", cases=leaders.cases_of(analysis, size)))
    narrow, wide = min(rows, key=lambda each: each[0]), max(rows, key=lambda each: each[0])
    said = say(
        "With {cases} and {seeds} seeds, the mean {metric} of a loss is known to ±{narrow} ({narrow_loss}) to ±{wide} "
        "({wide_loss}) only.",
        cases=leaders.cases_of(analysis, prose.count(test.n_cases, f"{found.key}.n_cases")),
        seeds=prose.count(test.n_seeds, f"{found.key}.n_seeds"),
        metric=facts.spoken(metric, say),
        narrow=prose.value(narrow[0] / 2, ""),
        narrow_loss=analysis.labels[narrow[1].loss],
        wide=prose.value(wide[0] / 2, ""),
        wide_loss=analysis.labels[wide[1].loss],
    )
    return sentence("precision", said)


def _size(analysis: Analysis) -> Iterator[Sentence]:
    say, seeds = speech(analysis), prose.count(len(analysis.seeds))
    if len(analysis.seeds) < FEW_SEEDS:
        few = say.counted(
            len(analysis.seeds),
            "With {n} seed the spread over seeds is known roughly only.",
            "With {n} seeds the spread over seeds is known roughly only.",
            n=seeds,
        )
        yield sentence("few-seeds", few)
        if len(analysis.seeds) > 1:
            normal = say("Paired t tests on {n} differences rely on normality, which cannot be checked.", n=seeds)
            yield sentence("normality", normal)
    only = say("Tests over seeds are no evidence about other {unit}.", unit=facts.case_unit(analysis))
    yield sentence("seeds-only", only)
    if analysis.study.predicted:
        yield _precision(analysis)
    if analysis.study.predicted and not analysis.data.patients_known:
        unknown = say(
            "The source does not name the patients, so that several images of one patient would count as independent."
        )
        yield sentence("patients-unknown", unknown)
    rare = [name for name in analysis.classes if analysis.data.positives.get(name, FEW_CASES) < FEW_CASES]
    if rare:
        said = say(
            "Fewer than {cases} test cases belong to {classes}.", cases=prose.count(FEW_CASES), classes=say.listed(rare)
        )
        yield sentence("rare", said)
    yield from _absent(analysis)
    undefined = sum(math.isnan(entry.mean) for entry in analysis.summaries)
    if undefined:
        said = say.counted(
            undefined,
            "Of {all} means of a metric over seeds {n} is undefined and left out.",
            "Of {all} means of a metric over seeds {n} are undefined and left out.",
            all=prose.count(len(analysis.summaries)),
            n=prose.count(undefined),
        )
        yield sentence("undefined", said)


def _absent(analysis: Analysis) -> Iterator[Sentence]:
    """Name the classes whose metrics are undefined, because a split lacks what they need."""
    if analysis.absent:
        say = speech(analysis)
        told: list[Said] = [say(_ABSENT[gone.lacks, gone.split], klass=gone.klass) for gone in analysis.absent]
        yield sentence("absent", say("Metrics are undefined for {classes}.", classes=say.listed(told)))


_ABSENT = {
    ("positive", "train"): phrase("{klass} (no positive case in training)"),
    ("negative", "train"): phrase("{klass} (no negative case in training)"),
    ("positive", "val"): phrase("{klass} (no positive case in validation)"),
    ("negative", "val"): phrase("{klass} (no negative case in validation)"),
    ("positive", "test"): phrase("{klass} (no positive case in test)"),
    ("negative", "test"): phrase("{klass} (no negative case in test)"),
}


def _state(analysis: Analysis) -> Iterator[Sentence]:
    yield from _left_out(analysis)
    yield from fidelity.limit(analysis)
    say = speech(analysis)
    if analysis.diverged and analysis.study.analysis.on_diverged == "drop-seed":
        gone = say(
            "Seeds with a run that diverged count for no loss, so that all results are of runs that did not diverge."
        )
        yield sentence("diverged-limit", gone)
    elif analysis.diverged:
        rated = say(
            "Runs that diverged are rated by rule and not by their predictions: with the worst score that any finished "
            "run reached on the metric."
        )
        yield sentence("diverged-limit", rated)
    if analysis.partial:
        yield sentence("partial", say("The study is incomplete, and its final result may differ."))
    if analysis.exploratory:
        yield sentence("exploratory", exploratory(analysis))


def exploratory(analysis: Analysis) -> tuple[Piece, ...]:
    """Say why the analysis is exploratory."""
    say = speech(analysis)
    reasons = say.listed([say.note(reason) for reason in analysis.exploratory])
    return say("The analysis is exploratory: {reasons}.", reasons=reasons)


_LACKS = {
    "diverged": (phrase("a run diverged with {n} seed"), phrase("a run diverged with {n} seeds")),
    "missing": (phrase("a run is missing with {n} seed"), phrase("a run is missing with {n} seeds")),
    "undefined": (
        phrase("the primary metric of a run is undefined with {n} seed"),
        phrase("the primary metric of a run is undefined with {n} seeds"),
    ),
}


def _left_out(analysis: Analysis) -> Iterator[Sentence]:
    """Say with how many seeds not every loss has a score of its own, and why."""
    say, told = speech(analysis), list[Said]()
    for reason, (one, many) in _LACKS.items():
        number = len({gone.seed for gone in analysis.left_out if gone.reason == reason})
        if number:
            told.append(say.counted(number, one, many, n=prose.count(number)))
    if told:
        said = say("Not every loss has every seed, which may favour some losses: {reasons}.", reasons=say.rowed(told))
        yield sentence("left-out-limit", said)
