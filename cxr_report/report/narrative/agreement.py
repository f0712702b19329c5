"""The answers for every target in; what it means where they differ, in sentences, out."""

from __future__ import annotations

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis
from cxr_report.report.answers import Answer, Answers, answers, shown
from cxr_report.report.names import family
from cxr_report.report.narrative import facts, prose
from cxr_report.report.narrative.comparisons import count, listed_pairs
from cxr_report.report.narrative.prose import Piece, Sentence, sentence
from cxr_report.report.numerals import listed

__all__ = ["agreement", "beside", "disagreements", "which"]


def beside(analysis: Analysis, decided: Answers) -> list[Sentence]:
    """Say beside the decisions how many differences the other targets show."""
    others = _others(analysis, decided)
    if not others:
        return []
    total, what = family(analysis)
    pieces: list[Piece] = ["Beside it"]
    for turn, other in enumerate(others):
        where = facts.over(analysis, other.target)
        number = sum(shown(row) for row in other.family)
        pieces.append(f"{', and' if turn else ','} {where[0].lower()}{where[1:]} ")
        if total == 1:
            pieces.append(f"{'it' if turn else 'a difference'} was {'' if number else 'not '}shown")
        elif turn:
            pieces += ["for ", prose.count(number) if number else "none"]
        else:
            pieces += ["a difference was shown for ", *count(number, total), f" {what}"]
    return [sentence("beside", *pieces, ".")]


def _others(analysis: Analysis, decided: Answers) -> list[Answers]:
    """Return the answers for the other targets, where any of them could be tested."""
    found = [answers(analysis, decided.metric, target) for target in (SEEDS, CASES) if target != decided.target]
    return [each for each in found if each is not None and each.defined]


def agreement(analysis: Analysis, decided: Answers) -> list[Sentence]:
    """Say whether seeds alone and cases alone answer as both together do, and what it means where they do not."""
    others = _others(analysis, decided)
    if decided.target != BOTH or not decided.defined or not others:
        return []
    told = disagreements(analysis, decided)
    if told:
        return told
    who = listed([_alone(analysis, each) for each in others])
    verb = "give the same answers" if len(others) > 1 else "gives the same answers"
    return [sentence("agreement", f"{who[0].upper()}{who[1:]} {verb}.")]


def _alone(analysis: Analysis, other: Answers) -> str:
    return "seeds alone" if other.target == SEEDS else f"{facts.case_unit(analysis)} alone"


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
    who = listed([_alone(analysis, each) for each in differing])
    begin: list[Piece] = ["For ", *which(analysis, rows), ", "]
    if kind == "more":
        text = f"{who} showed a difference that both together did not: {_meaning(analysis, differing)}."
    elif kind == "less":
        text = f"both together showed a difference that {who} did not{_why_less(analysis, differing)}."
    else:
        text = f"{who} showed a difference in the other direction."
    return sentence(f"disagreement-{kind}", *begin, text)


def which(analysis: Analysis, rows: list[Answer]) -> list[Piece]:
    """Name a few comparisons of the family, or say how many they are."""
    names = listed_pairs(analysis, [(row.first, row.second) for row in rows])
    if names:
        return [names]
    number, total = prose.count(len(rows)), family(analysis)[0]
    if len(rows) == total:
        return ["all ", number, " comparisons"]
    return [number, " of ", prose.count(total), " comparisons"]


def _meaning(analysis: Analysis, differing: tuple[Answers, ...]) -> str:
    unit, targets = facts.case_unit(analysis), [each.target for each in differing]
    if len(targets) > 1:
        return (
            f"each kind of chance alone leaves a difference, but that other training runs and other {unit} would "
            "agree at once is not shown"
        )
    if targets[0] == SEEDS:
        return f"other training runs would agree on these test cases, but that other {unit} would is not shown"
    return f"other {unit} would agree about these runs, but that other training runs would is not shown"


def _why_less(analysis: Analysis, differing: tuple[Answers, ...]) -> str:
    if [each.target for each in differing] != [SEEDS]:
        return ""
    return f", for with {len(analysis.seeds)} seeds the test over seeds has few degrees of freedom"
