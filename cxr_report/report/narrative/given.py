"""An Analysis of given numbers in, what can be said of runs that nobody trained here out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import leaders, prose
from cxr_report.report.narrative.prose import Sentence, sentence

__all__ = ["design", "limits", "objective", "rests_on", "scope", "target"]


def objective(analysis: Analysis) -> Sentence:
    """Say what was compared, by what."""
    said = (
        phrase("To compare {losses} loss functions by predictions that were given.")
        if analysis.study.predicted
        else phrase("To compare {losses} loss functions by scores that were given.")
    )
    return sentence("objective-given", speech(analysis)(said, losses=prose.count(len(analysis.losses))))


def design(analysis: Analysis) -> Sentence:
    """Say how many seeds and cases the numbers are of."""
    say, number = speech(analysis), len(analysis.planned_seeds)
    if not analysis.study.predicted:
        said = say.counted(
            number,
            "Every loss had scores with {n} seed, which was the same for all losses; the cases behind them are not "
            "known here.",
            "Every loss had scores with {n} seeds, which were the same for all losses; the cases behind them are not "
            "known here.",
            n=prose.count(number),
        )
        return sentence("design-scores", said)
    said = say.counted(
        number,
        "Every loss had predictions with {n} seed, which was the same for all losses, for {cases}.",
        "Every loss had predictions with {n} seeds, which were the same for all losses, for {cases}.",
        n=prose.count(number),
        cases=leaders.tested(analysis),
    )
    return sentence("design-predictions", said)


def target(analysis: Analysis) -> Sentence:
    """Say which of the three questions scores alone can answer."""
    said = speech(analysis)(
        "Scores alone were given, so that every comparison is asked one question: would it hold for other seeds on the "
        "same cases; nothing can be said about other cases, and training set, split and tuning are taken as fixed."
    )
    return sentence("target-scores", said)


def rests_on(analysis: Analysis) -> Sentence:
    """Say on what the decisions rest where scores alone are given."""
    said = speech(analysis)(
        "Scores alone were given, so that the decisions rest on seeds: they answer whether other training runs would "
        "agree on the same cases, and not whether other cases would."
    )
    return sentence("rests-on-scores", said)


def scope(analysis: Analysis) -> Sentence:
    """Say what the conclusion holds for."""
    said = speech(analysis)(
        "The conclusion holds for the training set, the split and the settings behind these numbers, which are not "
        "known here."
    )
    return sentence("scope-given", said)


def limits(analysis: Analysis) -> Iterator[Sentence]:
    """Name what follows from numbers whose making is not known."""
    say = speech(analysis)
    plan = say(
        "The plan was stated when the numbers existed, so that choices made after seeing them cannot be excluded."
    )
    yield sentence("plan-given", plan)
    unknown = say(
        "How the runs came about is not known here: whether they differ in the loss alone, share training set and "
        "split, and were tuned alike cannot be checked, and no result generalises to another training set."
    )
    yield sentence("training-unknown", unknown)
    if len(analysis.planned_seeds) > 1:
        paired = say(
            "That a seed stands for the same start and order of training with every loss is taken from the table."
        )
        yield sentence("pairing-given", paired)
    if not analysis.study.predicted:
        alone = say("The cases are not known, so that nothing can be said about other ones.")
        yield sentence("cases-unknown", alone)
