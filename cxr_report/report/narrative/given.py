"""An Analysis of given numbers in, what can be said of runs that nobody trained here out."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis
from cxr_report.report.narrative import facts, leaders, prose
from cxr_report.report.narrative.prose import Sentence, sentence

__all__ = ["design", "limits", "objective", "rests_on", "scope", "target"]


def objective(analysis: Analysis) -> Sentence:
    """Say what was compared, by what."""
    what = "predictions that were given" if analysis.study.predicted else "scores that were given"
    return sentence("objective-given", "To compare ", prose.count(len(analysis.losses)), f" loss functions by {what}.")


def design(analysis: Analysis) -> Sentence:
    """Say how many seeds and cases the numbers are of."""
    number = len(analysis.planned_seeds)
    seeds = [prose.count(number), " seed" if number == 1 else " seeds"]
    if not analysis.study.predicted:
        tail = ", which was the same" if number == 1 else ", which were the same"
        return sentence(
            "design-scores",
            "Every loss had scores with ",
            *seeds,
            f"{tail} for all losses; the cases behind them are not known here.",
        )
    return sentence(
        "design-predictions",
        "Every loss had predictions with ",
        *seeds,
        f", {'which was' if number == 1 else 'which were'} the same for all losses, for ",
        prose.count(analysis.data.n_test, facts.CASES_KEY),
        " test cases",
        leaders.of_patients(analysis),
        ".",
    )


def target() -> Sentence:
    """Say which of the three questions scores alone can answer."""
    return sentence(
        "target-scores",
        "Scores alone were given, so that every comparison is asked one question: would it hold for other seeds on the "
        "same cases; nothing can be said about other cases, and training set, split and tuning are taken as fixed.",
    )


def rests_on() -> Sentence:
    """Say on what the decisions rest where scores alone are given."""
    return sentence(
        "rests-on-scores",
        "Scores alone were given, so that the decisions rest on seeds: they answer whether other training runs would "
        "agree on the same cases, and not whether other cases would.",
    )


def scope() -> Sentence:
    """Say what the conclusion holds for."""
    return sentence(
        "scope-given",
        "The conclusion holds for the training set, the split and the settings behind these numbers, which are not "
        "known here.",
    )


def limits(analysis: Analysis) -> Iterator[Sentence]:
    """Name what follows from numbers whose making is not known."""
    yield sentence(
        "plan-given",
        "The plan was stated when the numbers existed, so that choices made after seeing them cannot be excluded.",
    )
    yield sentence(
        "training-unknown",
        "How the runs came about is not known here: whether they differ in the loss alone, share training set and "
        "split, and were tuned alike cannot be checked, and no result generalises to another training set.",
    )
    if len(analysis.planned_seeds) > 1:
        yield sentence(
            "pairing-given",
            "That a seed stands for the same start and order of training with every loss is taken from the table.",
        )
    if not analysis.study.predicted:
        yield sentence("cases-unknown", "The cases are not known, so that nothing can be said about other ones.")
