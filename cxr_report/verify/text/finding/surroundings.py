"""What a whole text says about its tests: alpha, one-sided tests, what the stars mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cxr_report.verify.text.finding.patterns import RELATION, number, relation
from cxr_report.verify.text.numbers import NUMERAL, Reported, decimal_sign

__all__ = ["Surroundings", "legend", "one_sided", "survey", "with_note"]

ALPHA = 0.05
"""Convention, where a text names no other level."""

LARGEST_ALPHA = 0.1
"""Chosen: what is called alpha and is larger is no level of significance but a parameter or a reliability."""

_LEVEL = re.compile(
    r"(?:(?:significance|alpha|α)[- ]?levels?|levels? of (?:statistical )?significance|statistical significance|"
    rf"유의 ?수준)[^.%;]{{0,40}}?(?P<number>{NUMERAL})(?P<percent> ?%)?"
    rf"|(?:signifi|level|reject|decided|test|adjustment)[^.;]{{0,60}}?(?:α|alpha) ?= ?(?P<alpha>{NUMERAL})"
)
_ONE = re.compile(r"(?i:(?:one|1|single)[- ]?(?:sided|tailed)|단측|unidirectional)")
_NOT_ONE = re.compile(r"(?i:two|2|both|no|not|never|rather than|instead of|양측)[ -](?:(?:t|z) )?$")
_ALL = re.compile(
    r"(?i:(?:all|the|our|every|following) (?:[a-z-]{1,20} ){0,3}(?:tests?|hypotheses|comparisons|p[- ]values?) "
    r"(?:[a-z-]{1,20} ){0,3}?(?:were|are|was|is) (?:[a-z-]{1,20} ){0,2}?(?:one|1)[- ]?(?:sided|tailed))"
)
_LEGEND = re.compile(
    rf"(?<![*†])(?P<stars>\*{{1,4}}|†{{1,2}}) ?:?=? ?[pP] ?(?P<relation>{RELATION}) ?(?P<number>{NUMERAL})"
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What holds for every statement of a text, unless it says otherwise itself."""

    alpha: float = ALPHA
    one_sided: bool = False
    """The text says that its tests are one-sided."""
    stars: Mapping[str, Reported] = field(default_factory=dict)
    """What marks of significance mean."""
    note: str = ""
    """Of a table: caption and notes."""


def one_sided(text: str) -> bool:
    """Say whether words declare a one-sided test; two one-sided tests of equivalence are such too.

    Example:
        >>> one_sided("a one-tailed t test"), one_sided("two-sided"), one_sided("not one-sided")
        (True, False, False)
    """
    return any(not _denied(text, match) for match in _ONE.finditer(text))


def _denied(text: str, match: re.Match[str]) -> bool:
    before = _NOT_ONE.search(text[max(0, match.start() - 16) : match.start()])
    return bool(before) and not before[0].lower().startswith("two") if before else False


def legend(text: str) -> dict[str, Reported]:
    """Read what marks of significance mean.

    Example:
        >>> sorted(legend("* p < .05; ** p < .01"))
        ['*', '**']
    """
    return {
        match["stars"]: Reported(
            relation(match["relation"]), number(match["number"], decimal_sign([match["number"]]) or ".")
        )
        for match in _LEGEND.finditer(text)
    }


def survey(texts: Iterable[str]) -> Surroundings:
    """Read a whole text for what holds throughout.

    Alpha is the level that the text names; where it names several, 0.05 if that is one of them, else the first.

    Example:
        >>> survey(["The significance level was 1%."]).alpha
        0.01
    """
    levels: list[float] = []
    stars: dict[str, Reported] = {}
    declared = False
    for text in texts:
        levels += [level for match in _LEVEL.finditer(text) if 0 < (level := _level(match)) <= LARGEST_ALPHA]
        stars.update(legend(text))
        declared = declared or bool(_ALL.search(text))
    alpha = ALPHA if not levels or ALPHA in levels else levels[0]
    return Surroundings(alpha, declared, stars)


def _level(match: re.Match[str]) -> float:
    text = match["number"] or match["alpha"]
    value = number(text, decimal_sign([text]) or ".").value
    return round(value / 100, 12) if match["percent"] else value


def with_note(around: Surroundings, note: str) -> Surroundings:
    """Add what the notes of a table say."""
    declared = around.one_sided or one_sided(note)
    return replace(around, stars={**around.stars, **legend(note)}, note=note, one_sided=declared)
