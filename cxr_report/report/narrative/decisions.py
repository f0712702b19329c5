"""An Analysis in, the sentences on the primary metric's decisions out: on what they rest, and what is shown."""

from __future__ import annotations

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Joint
from cxr_report.report.answers import Answer, Answers, answers, deciding, over_seeds
from cxr_report.report.language import phrase, speech
from cxr_report.report.narrative import agreement, comparisons, facts, given, leaders, prose
from cxr_report.report.narrative.prose import Sentence, sentence

__all__ = ["beside", "decisions"]

NO_CASE_PART = "no sign of the case part"
"""How the note of a comparison begins whose case part is 0."""

ROUNDING = 1e-9
"""Chosen: relative width within which two intervals, or two p values, count as the same."""


def decisions(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say on which target the decisions rest and why, what is shown, and what the other targets say."""
    found = deciding(analysis, analysis.study.metrics.primary)
    sentences = [_rests_on(analysis, found), *comparisons.details(analysis, found)]
    if found.test is not None and found.target == BOTH:
        sentences += _other_runs(analysis, found.test)
        sentences += [*_narrower(analysis, found), *_without_case_part(analysis, found)]
    return (*sentences, *agreement.agreement(analysis, found))


def _rests_on(analysis: Analysis, found: Answers) -> Sentence:
    say, unit = speech(analysis), facts.case_unit(analysis)
    if not analysis.study.predicted:
        return given.rests_on(analysis)
    if found.target == BOTH:
        said = say(
            "The decisions rest on seeds and {unit} together: they answer whether other training runs and other {unit} "
            "would agree, with training set and split fixed.",
            unit=unit,
        )
        return sentence("rests-on-both", said)
    if found.target == CASES:
        said = say(
            "There are fewer than two seeds to test over, so that the decisions rest on {unit} alone: they answer "
            "whether other {unit} would agree about these runs, and not whether other training runs would.",
            unit=unit,
        )
        return sentence("rests-on-cases", said)
    said = say(
        "There is no analysis of {metric} over seeds and {unit} together ({why}), so that the decisions rest on seeds "
        "alone: they answer whether other training runs would agree on these {cases}, and not whether other {unit} "
        "would.",
        metric=facts.spoken(found.metric, say),
        unit=unit,
        why=_why_not(analysis, found.metric),
        cases=leaders.tested(analysis),
    )
    return sentence("rests-on-seeds", said)


def _why_not(analysis: Analysis, metric: str) -> str:
    why = analysis.without_joint.get(metric, phrase("no seed is finished for every loss"))
    return facts.noted(why, speech(analysis))


def _other_runs(analysis: Analysis, test: Joint) -> list[Sentence]:
    """Say that runs which were given a score have no predictions, so that this analysis is of fewer seeds."""
    over_all = max(pair.n_seeds for pair in analysis.pairs if pair.metric == test.metric)
    if test.n_seeds >= over_all:
        return []
    said = speech(analysis).counted(
        test.n_seeds,
        "Diverged runs have no predictions, so that this is of {n} seed, while the tests over seeds give them the "
        "worst score that any finished run reached.",
        "Diverged runs have no predictions, so that this is of {n} seeds, while the tests over seeds give them the "
        "worst score that any finished run reached.",
        n=prose.count(test.n_seeds),
    )
    return [sentence("fewer-runs", said)]


def _narrower(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Explain where the broader claim looks easier: an interval is narrower, or p smaller, than over seeds alone."""
    alone = {(row.first, row.second): row for row in over_seeds(analysis, found.metric).family}
    rows = [row for row in found.family if _easier(row, alone[row.first, row.second])]
    if not rows:
        return []
    said = speech(analysis)(
        phrase(
            "For {pairs}, the analysis over seeds and {unit} has a narrower interval or a smaller {p_name} than that "
            "over seeds alone: it leaves out the scores that diverged runs were given."
        )
        if found.test is not None and _other_runs(analysis, found.test)
        else phrase(
            "For {pairs}, the analysis over seeds and {unit} has a narrower interval or a smaller {p_name} than that "
            "over seeds alone: there the degrees of freedom are more and critical values smaller, while no standard "
            "error is smaller."
        ),
        pairs=agreement.which(analysis, rows),
        unit=facts.case_unit(analysis),
        p_name=facts.adjusted_name(analysis),
    )
    return [sentence("narrower", said)]


def _easier(row: Answer, alone: Answer) -> bool:
    pairs = (
        (row.high - row.low, alone.high - alone.low),
        (row.high_simultaneous - row.low_simultaneous, alone.high_simultaneous - alone.low_simultaneous),
        (row.p_adjusted, alone.p_adjusted),
    )
    return any(ours < theirs * (1 - ROUNDING) for ours, theirs in pairs)


def _without_case_part(analysis: Analysis, found: Answers) -> list[Sentence]:
    """Name the comparisons that show no sign of what the cases bring, whose intervals are those over seeds."""
    rows = [row for row in found.family if row.note.startswith(NO_CASE_PART)]
    if not rows:
        return []
    said = speech(analysis)(
        "For {pairs}, this sample shows no sign of a case part (Cov2 not larger than Cov3): the interval is that over "
        "seeds, or wider where the cases alone bring more, and adds no evidence about other {unit}.",
        pairs=agreement.which(analysis, rows),
        unit=facts.case_unit(analysis),
    )
    return [sentence("no-case-part", said)]


def beside(analysis: Analysis) -> tuple[Sentence, ...]:
    """Say what is shown over seeds alone and over cases alone, where these do not decide."""
    primary = analysis.study.metrics.primary
    decided = deciding(analysis, primary)
    found = [answers(analysis, primary, target) for target in (SEEDS, CASES) if target != decided.target]
    return tuple(
        each
        for other in found
        if other is not None
        for each in (comparisons.said(analysis, other, warning=True), *_clauses(analysis, other))
    )


def _clauses(analysis: Analysis, found: Answers) -> list[Sentence]:
    rows = [row for row in found.family if row.verdict in ("first better", "second better")]
    return [comparisons.clauses(analysis, found.metric, rows)] if rows else []
