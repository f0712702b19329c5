"""The answers for every target in; what it means where they differ, in sentences, out."""

from __future__ import annotations

from collections.abc import Sequence

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, Target
from cxr_report.report.answers import Answer, Answers, answers, shown
from cxr_report.report.language import phrase, speech
from cxr_report.report.names import family
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import count, listed_pairs
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.pieces import Said, text_of

__all__ = ["agreement", "beside", "disagreements", "inside", "which"]

_TWICE = {
    (True, True): phrase("Beside it, {first} a difference was shown, and {second} it was shown."),
    (True, False): phrase("Beside it, {first} a difference was shown, and {second} it was not shown."),
    (False, True): phrase("Beside it, {first} a difference was not shown, and {second} it was shown."),
    (False, False): phrase("Beside it, {first} a difference was not shown, and {second} it was not shown."),
}
"""Whether the only comparison shows a difference for the first and for the second target -> how that is told."""


def beside(analysis: Analysis, decided: Answers) -> list[Sentence]:
    """Say beside the decisions how many differences the other targets show."""
    others = _others(analysis, decided)
    if not others:
        return []
    numbers = [sum(shown(row) for row in other.family) for other in others]
    where = [inside(analysis, other.target) for other in others]
    tell = _beside_one if len(others) == 1 else _beside_two
    return [sentence("beside", tell(analysis, where, numbers))]


def inside(analysis: Analysis, target: Target) -> str:
    """Say within a sentence what a test holds for."""
    where = facts.over(analysis, target)
    return where[0].lower() + where[1:]


def _beside_one(analysis: Analysis, where: list[str], numbers: list[int]) -> tuple[Piece, ...]:
    say, (total, what) = speech(analysis), family(analysis)
    if total > 1:
        return say(
            "Beside it, {where} a difference was shown for {count} {what}.",
            where=where[0],
            count=count(numbers[0], total, say=say),
            what=what,
        )
    if numbers[0]:
        return say("Beside it, {where} a difference was shown.", where=where[0])
    return say("Beside it, {where} a difference was not shown.", where=where[0])


def _beside_two(analysis: Analysis, where: list[str], numbers: list[int]) -> tuple[Piece, ...]:
    say, (total, what) = speech(analysis), family(analysis)
    if total == 1:
        return say(_TWICE[numbers[0] > 0, numbers[1] > 0], first=where[0], second=where[1])
    told: dict[str, Said] = {
        "first": where[0],
        "count": count(numbers[0], total, say=say),
        "what": what,
        "second": where[1],
    }
    if not numbers[1]:
        return say("Beside it, {first} a difference was shown for {count} {what}, and {second} for none.", **told)
    return say(
        "Beside it, {first} a difference was shown for {count} {what}, and {second} for {n}.",
        n=prose.count(numbers[1]),
        **told,
    )


def _others(analysis: Analysis, decided: Answers) -> list[Answers]:
    """Return the answers for the other targets, where any of them could be tested."""
    found = [answers(analysis, decided.metric, target) for target in (SEEDS, CASES) if target != decided.target]
    return [each for each in found if each is not None and each.defined]


def agreement(analysis: Analysis, decided: Answers) -> list[Sentence]:
    """Say whether seeds alone and cases alone answer as both together do, and what it means where they do not."""
    others = _others(analysis, decided)
    if decided.target != BOTH or not decided.defined or not others:
        return []
    differing = disagreements(analysis, decided)
    if differing:
        return differing
    say, who = speech(analysis), _who(analysis, others)
    told = say.counted(
        len(others), "{who} gives the same answers.", "{who} give the same answers.", who=who[0].upper() + who[1:]
    )
    return [sentence("agreement", told)]


def _who(analysis: Analysis, others: Sequence[Answers]) -> str:
    """Name targets: ``seeds alone and patients alone``."""
    say = speech(analysis)
    alone = [
        say.text("seeds alone") if other.target == SEEDS else say.text("{unit} alone", unit=facts.case_unit(analysis))
        for other in others
    ]
    return text_of(say.listed(alone))


def disagreements(analysis: Analysis, decided: Answers) -> list[Sentence]:
    """Say of the comparisons for which the answers differ what that means, those that differ alike together."""
    if decided.target != BOTH:
        return []
    others = _others(analysis, decided)
    grouped: dict[tuple[str, tuple[Answers, ...]], list[Answer]] = {}
    for row in decided.family:
        for pattern in _patterns(row, others):
            grouped.setdefault(pattern, []).append(row)
    return [_told(analysis, kind, differing, rows) for (kind, differing), rows in grouped.items()]


def _patterns(row: Answer, others: list[Answers]) -> list[tuple[str, tuple[Answers, ...]]]:
    """Return how the answers to one comparison differ: what differs, and with which targets."""
    pairs = [(other, _same(row, other)) for other in others]
    found = {
        "more": tuple(other for other, each in pairs if shown(each) and not shown(row)),
        "less": tuple(other for other, each in pairs if shown(row) and not shown(each)),
        "against": tuple(other for other, each in pairs if shown(row) and shown(each) and each.verdict != row.verdict),
    }
    return [(kind, differing) for kind, differing in found.items() if differing]


def _same(row: Answer, other: Answers) -> Answer:
    return next(each for each in other.family if (each.first, each.second) == (row.first, row.second))


def _told(analysis: Analysis, kind: str, differing: tuple[Answers, ...], rows: list[Answer]) -> Sentence:
    say = speech(analysis)
    told: dict[str, Said] = {"pairs": which(analysis, rows), "who": _who(analysis, differing)}
    if kind == "more":
        said = say(
            "For {pairs}, {who} showed a difference that both together did not: {meaning}.",
            meaning=_meaning(analysis, differing),
            **told,
        )
    elif kind == "against":
        said = say("For {pairs}, {who} showed a difference in the other direction.", **told)
    elif [each.target for each in differing] == [SEEDS]:
        said = say(
            "For {pairs}, both together showed a difference that {who} did not, for with {seeds} seeds the test over "
            "seeds has few degrees of freedom.",
            seeds=str(len(analysis.seeds)),
            **told,
        )
    else:
        said = say("For {pairs}, both together showed a difference that {who} did not.", **told)
    return sentence(f"disagreement-{kind}", said)


def which(analysis: Analysis, rows: list[Answer]) -> tuple[Piece, ...]:
    """Name a few comparisons of the family, or say how many they are."""
    names = listed_pairs(analysis, [(row.first, row.second) for row in rows])
    if names:
        return (names,)
    say, number, total = speech(analysis), prose.count(len(rows)), family(analysis)[0]
    if len(rows) == total:
        return say("all {n} comparisons", n=number)
    return say("{n} of {total} comparisons", n=number, total=prose.count(total))


def _meaning(analysis: Analysis, differing: tuple[Answers, ...]) -> str:
    say, unit, targets = speech(analysis), facts.case_unit(analysis), [each.target for each in differing]
    if len(targets) > 1:
        return say.text(
            "each kind of chance alone leaves a difference, but that other training runs and other {unit} would agree "
            "at once is not shown",
            unit=unit,
        )
    if targets[0] == SEEDS:
        return say.text(
            "other training runs would agree on these test cases, but that other {unit} would is not shown", unit=unit
        )
    return say.text(
        "other {unit} would agree about these runs, but that other training runs would is not shown", unit=unit
    )
