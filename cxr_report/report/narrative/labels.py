"""An Analysis in, the sentences on labels that depend on the loss or on the seed out: counts, and no test."""

from __future__ import annotations

from collections.abc import Iterator

from cxr_report.analysis.value import Analysis, LabelChanges
from cxr_report.report.language import speech
from cxr_report.report.narrative import prose
from cxr_report.report.narrative.prose import Number, Sentence, sentence

__all__ = ["labels"]

KEY = "label_changes.0"


def labels(analysis: Analysis) -> tuple[Sentence, ...]:
    """Write how many test cases change their label with the loss, how many with the seed, and what that does not say.

    Args:
        analysis: everything; nothing is written where no labels were counted.
    """
    return tuple(one for found in analysis.label_changes[:1] for one in _told(analysis, found))


def _number(found: LabelChanges, name: str) -> Number:
    return prose.count(getattr(found, name), f"{KEY}.{name}")


def _told(analysis: Analysis, found: LabelChanges) -> Iterator[Sentence]:
    say, several = speech(analysis), analysis.study.task == "multilabel"
    n, total, seeds = _number(found, "by_loss"), _number(found, "n_cases"), _number(found, "n_seeds")
    if found.n_seeds == 1:
        one = say(
            "With the one seed that every loss has finished, losses disagreed on a finding in {n} of {total} test "
            "cases."
            if several
            else "With the one seed that every loss has finished, losses disagreed on the label of {n} of {total} test "
            "cases.",
            n=n,
            total=total,
        )
        yield sentence("labels-one-seed", one)
    else:
        by_loss = say(
            "In {n} of {total} test cases the label that most of {seeds} seeds gave to a finding differed between "
            "losses."
            if several
            else "In {n} of {total} test cases the label that most of {seeds} seeds gave differed between losses.",
            n=n,
            total=total,
            seeds=seeds,
        )
        yield sentence("labels-by-loss", by_loss)
        by_seed = say(
            "In {n} of {total} test cases the seeds of at least one loss disagreed on a finding; {both} of these cases "
            "are among the former."
            if several
            else "In {n} of {total} test cases the seeds of at least one loss disagreed on the label; {both} of these "
            "cases are among the former.",
            n=_number(found, "by_seed"),
            total=total,
            both=_number(found, "both"),
        )
        yield sentence("labels-by-seed", by_seed)
    yield sentence(
        "labels-reading",
        say("This is a description of these test cases, without a test, and does not say which label is right."),
    )
