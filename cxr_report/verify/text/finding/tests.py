"""Plain text in, test statistics with their degrees of freedom and p values out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cxr_report.verify.text.finding.kinds import KINDS
from cxr_report.verify.text.finding.patterns import (
    NOT_SIGNIFICANT,
    P_VALUE,
    adjusted_words,
    number,
    p_value,
    relation,
    sentence,
    sizes,
)
from cxr_report.verify.text.finding.surroundings import Surroundings, one_sided
from cxr_report.verify.text.numbers import NUMERAL, Number, Reported, decimal_sign, read
from cxr_report.verify.text.statements import Found, Test

__all__ = ["find_tests", "pair"]

REACH = 170
"""Chosen: characters between a statistic and its p value; effect sizes and intervals stand between."""

MOST_WORDS = 7
"""Chosen: words between a statistic and its p value; more of them speak of something else."""

_DF = re.compile(
    rf"(?<![A-Za-z])(?:df|d\.f\.|DF|dfs|degrees of freedom|자유도)(?: ?\(?(?:=|:|of|was|were)? ?)(?P<first>{NUMERAL})"
    rf"(?: ?(?:[,;/]|and|, ) ?(?P<second>\d{{1,6}}(?:\.\d{{1,3}})?)(?![\d.]| ?%))?"
    rf"|(?P<before>{NUMERAL}) ?(?:df|d\.f\.|degrees? of freedom)(?![A-Za-z])"
)
_LOOSE = re.compile(
    r"(?i:welch|satterthwaite|greenhouse|huynh|kenward|box'?s|correct(?:ed|ion)|unequal variance|adjusted df)"
)
_EXACT = re.compile(
    r"(?i:exact (?:[a-z'-]{1,20} ){0,2}(?:p\b|tests?\b|distribution)|\bp(?:-values?)? ?\(?exact|permut|monte[ -]carlo|"
    r"bootstrap(?:ped)? (?:p\b|tests?\b)|simulated p|resampl|randomi[sz]ation tests?)"
)
_BOUNDARY = re.compile(r"[.!?] (?=[A-Z가-힣(])|[.!?]$")
_WORD = re.compile(r"[A-Za-z]{4,}")
_KNOWN = re.compile(
    r"(?i:confidence|interval|cohen|partial|hedges|tailed|sided|effect|size|adjusted|corrected|uncorrected|holm|with|"
    r"statistically|significant|difference|ratio|value|bonferroni|degrees|freedom|kendall|lower|upper|exact|mean)"
)
_CONCORDANCE = re.compile(rf"(?:Kendall'?s? )?W ?= ?(?P<number>{NUMERAL})")
_COORDINATE = re.compile(r"\by ?= ?-?\d+(?:\.\d+)?[,;]? ?(?:and )?$")
_BRACKETED = re.compile(r" (?:(?:for|in|of|by|on) )?(?:[A-Za-z-]{2,20} ){0,4}[(\[] ?")
"""p = .02 for sex (statistic): what stands between."""
_JOINED = re.compile(
    r"[)\]]? ?[,;:]? ?(?:(?:with|at|and|the|a|an|two|one|tailed|sided|corrected|adjusted|exact)[ -]){0,4}[(\[]? ?"
)
"""What may stand between the end of a statistic's bracket and its p value."""
_TWO = re.compile(r" ?(?P<first>\d{1,5}) ?, ?\d{1,6} ?,? ?")
"""Two whole numbers where one is expected: chi-square's df and N, or nothing that is known."""
_PAIR = re.compile(
    r"(?P<first>\d{1,6}(?:\.\d{1,3})?) ?[,;/] ?(?P<second>\d{1,6}(?:\.\d{1,3})?)"
    r"|(?P<first_comma>\d{1,6},\d{1,3}) ?[;/] ?(?P<second_comma>\d{1,6}(?:,\d{1,3})?)"
    r"|(?P<first_spaced>\d{1,6}(?:,\d{1,3})?), (?P<second_spaced>\d{1,6}(?:,\d{1,3})?)"
)


@dataclass(frozen=True, slots=True)
class _Head:
    """A statistic that was met, before its p value is sought."""

    kind: str
    match: re.Match[str]

    @property
    def df_text(self) -> str:
        parts = self.match.groupdict()
        found = parts.get("inner") or parts.get("sub") or ""
        return found if re.search(r"\d", found) else ""


def find_tests(text: str, around: Surroundings) -> list[Found]:
    """Find the test statistics of a plain text.

    A p value belongs to the statistic before it, up to the next statistic, the end of the sentence or `MOST_WORDS`
    words; where it stands right before a statistic at the beginning of a bracket, to the one after it. A statistic
    without degrees of freedom counts only with a p value: many letters are no test.

    Example:
        >>> [found.statement.kind for found in find_tests("F(1, 28) = 4.5, p = .04; z = 2", Surroundings())]
        ['F']
    """
    heads = _heads(text)
    found: list[Found] = []
    taken, first = 0, False
    for place, head in enumerate(heads):
        end = heads[place + 1].match.start() if place + 1 < len(heads) else len(text)
        before = _before(text, head.match.start(), taken, again=first)
        fresh = _statements(text, head, (before, end), around)
        found += fresh
        taken, first = max([head.match.end(), *(each.end for each in fresh)]), before is not None
    return _shared(text, found)


def _heads(text: str) -> list[_Head]:
    every = [(match.start(), rank, _Head(kind, match)) for rank, (kind, known) in enumerate(KINDS.items())
             for match in known.pattern.finditer(text)]  # fmt: skip
    kept: list[_Head] = []
    for _, _, head in sorted(every, key=lambda each: each[:2]):
        if (not kept or head.match.start() >= kept[-1].match.end()) and _is_statistic(text, head):
            kept.append(head)
    return kept


def _is_statistic(text: str, head: _Head) -> bool:
    """Leave out Kendall's W beside Friedman's test, coordinates, Cramér's V, and words of comparison after a letter."""
    before = text[max(0, head.match.start() - 24) : head.match.start()]
    if head.match.groupdict().get("inner") and not head.df_text:
        return False
    if head.kind == "W":
        return "Kendall" not in before and "Cram" not in before and not _beside_friedman(text, head)
    if head.kind == "z" and _COORDINATE.search(before):
        return False
    if head.match["verb"] and len(head.match["symbol"]) < 3 and not head.df_text:
        return False
    return not (head.kind == "F" and head.match["relation"] == ":")


def _beside_friedman(text: str, head: _Head) -> bool:
    """Say whether this W is a share between 0 and 1 in a sentence about Friedman's test: Kendall's."""
    first, end = sentence(text, head.match.start(), head.match.end())
    return "Friedman" in text[first:end] and "Wilcoxon" not in text[first:end] and "." in head.match["number"]


def _statements(text: str, head: _Head, room: tuple[re.Match[str] | None, int], around: Surroundings) -> list[Found]:
    """Read one statistic and the p values that belong to it: the one before it, else those up to an end."""
    before, after = room[0], _after(text, head.match.end(), room[1])
    values = [before] if before else _p_values(text, head.match.end(), after)
    tail = text[head.match.end() : after]
    absent = NOT_SIGNIFICANT.search(tail) if not values else None
    start = min([head.match.start(), *(value.start() for value in values)])
    if absent and len(_WORD.findall(tail[: absent.start()])) <= 1:
        test = replace(_test(text, head, tail, None, around), p=_above(around.alpha))
        return [Found(test, start, head.match.end() + absent.end())]
    if head.match["stars"] and not values:
        return [Found(_starred(_test(text, head, tail, None, around), head, around), start, head.match.end())]
    if not values:
        unproven = not head.df_text and not _DF.search(tail)
        return [] if unproven else [Found(_test(text, head, tail, None, around), start, head.match.end())]
    if not head.df_text and head.kind in ("t", "F", "H", "Q", "r") and not _plausible(text, head, values[0]):
        return []
    return [
        Found(_test(text, head, tail, value, around), start, max(head.match.end(), value.end())) for value in values
    ]


def _plausible(text: str, head: _Head, value: re.Match[str]) -> bool:
    """Say whether a letter without degrees of freedom is a statistic: its p value follows at once, or df do."""
    between = text[head.match.end() : value.start()] if value.start() >= head.match.end() else ""
    return len(_WORD.findall(between)) <= MOST_WORDS and (len(between) < 60 or bool(_DF.search(between)))


def _after(text: str, start: int, end: int) -> int:
    """Return where the search for a p value ends."""
    last = min(end, start + REACH)
    boundary = _BOUNDARY.search(text, start, last)
    return boundary.start() if boundary else last


def _before(text: str, start: int, first: int, *, again: bool) -> re.Match[str] | None:
    """Return the p value right before a statistic at the beginning of a bracket, or after another one of that order."""
    leads = r"[(\[;,]$" if again else r"[(\[]$"
    piece = max(first, start - 80)
    for match in P_VALUE.finditer(text, piece, start):
        between, lead = text[match.end() : start], text[max(0, match.start() - 2) : match.start()]
        if re.fullmatch(r" ?[,;:] ?", between) and re.search(leads, lead.rstrip()):
            return match
        if _BRACKETED.fullmatch(between):
            return match
    return None


def _p_values(text: str, start: int, end: int) -> list[re.Match[str]]:
    """Return the raw p value after a statistic and, beside it, an adjusted one."""
    found: list[re.Match[str]] = []
    for match in P_VALUE.finditer(text, start, end):
        if text[start : match.start()].rstrip().endswith(("*", "†")):
            continue  # the legend of a mark
        if _leaves(text[start : match.start()]):
            break
        words = [word for word in _WORD.findall(text[start : match.start()]) if not _KNOWN.fullmatch(word)]
        if len(words) > MOST_WORDS or (match["word"].endswith("s") and not match["qualifiers"] and words):
            break
        kinds = [_is_adjusted(text, each) for each in found]
        if _is_adjusted(text, match) not in kinds:
            found.append(match)
    return found[:2]


def _leaves(between: str) -> bool:
    """Say whether the bracket of a statistic ends before a p value, and the sentence goes on with something else."""
    depth = 0
    for place, letter in enumerate(between):
        depth += (letter in "([") - (letter in ")]")
        if depth < 0:
            return not _JOINED.fullmatch(between[place + 1 :])
    return False


def _is_adjusted(text: str, match: re.Match[str]) -> bool:
    lead = re.split(r"[,;()\[\]=]", text[max(0, match.start() - 30) : match.start()])[-1]
    return adjusted_words(lead + match["qualifiers"] + (match["aside"] or ""))


def _test(text: str, head: _Head, tail: str, value: re.Match[str] | None, around: Surroundings) -> Test:
    """Put the parts of a statement together."""
    match = head.match
    df_texts = _df_texts(head, tail)
    texts = [match["number"], *([value["number"]] if value else ()), *(t for t in df_texts if head.kind != "F")]
    decimal = decimal_sign(texts) or "."
    first, end = sentence(text, match.start(), value.end() if value else match.end())
    near = text[first:end]
    statistic = Reported(relation(match["relation"], match["verb"]), number(match["number"], decimal))
    return Test(
        kind=_kind(head, text[max(0, first - 80) : match.end()], near),
        statistic=statistic,
        df=tuple(read(each, decimal) for each in df_texts),
        p=p_value(value, decimal) if value else None,
        sizes=sizes(head.df_text) or sizes(tail) or sizes(_clause(text, match.start())),
        alpha=around.alpha,
        one_sided=around.one_sided or one_sided(near),
        loose_df=bool(_LOOSE.search(near)),
        adjusted=value is not None and _is_adjusted(text, value),
        exact=bool(_EXACT.search(near)),
        concordance=_concordance(tail, decimal),
    )


def _clause(text: str, end: int) -> str:
    """Return what stands before a statistic in its clause."""
    return re.split(r"[.;] |[.;]$", text[max(0, end - 60) : end])[-1]


def _df_texts(head: _Head, tail: str) -> list[str]:
    """Return the texts of the degrees of freedom, from the bracket or subscript, else from what follows."""
    if head.kind in ("z", "U", "W", "tau"):
        return []
    inner = re.sub(r"(?<![A-Za-z])[nN] ?= ?[\d,]+", "", head.df_text)
    if not re.search(r"\d", inner):
        match = _DF.search(tail)
        parts = [match["first"] or match["before"], match["second"]] if match else []
        return [part for part in parts if part][: 2 if head.kind == "F" else 1]
    if head.kind == "F":
        match = _PAIR.search(inner)
        return [part for part in match.groups() if part] if match else []
    two = _TWO.fullmatch(inner) if "," not in head.match["number"] else None
    if two:
        return [two["first"]] if head.kind == "chi2" else []
    match = re.search(NUMERAL, inner)
    return [match[0]] if match else []


def pair(text: str) -> list[str]:
    """Return the two degrees of freedom of a cell such as ``3; 69.4``, or the single one.

    Example:
        >>> pair("3; 69.4"), pair("12")
        (['3', '69.4'], ['12'])
    """
    match = _PAIR.search(text)
    return [part for part in match.groups() if part] if match else re.findall(NUMERAL, text)[:1]


def _kind(head: _Head, before: str, near: str) -> str:
    """Tell statistics apart that share a letter, by the words around them."""
    if head.kind == "chi2":
        return "Friedman" if "riedman" in near else "chi2"
    if head.kind == "r" and "pearman" in near:
        return "rs"
    if head.kind == "W":
        if "hapiro" in before:
            return "Shapiro"
        if re.search(r"Mann|rank[- ]sum", near):
            return "U"
        return "W" if re.search(r"ilcoxon|signed", near) else "W?"
    return head.kind


def _concordance(tail: str, decimal: str) -> Number | None:
    match = _CONCORDANCE.search(tail)
    return read(match["number"], decimal) if match else None


def _above(alpha: float) -> Reported:
    return Reported(">", Number(alpha, 0.0))


def _starred(test: Test, head: _Head, around: Surroundings) -> Test:
    """Take the p value from the stars after the number."""
    stars = head.match["stars"].strip()
    if stars in around.stars:
        return replace(test, p=around.stars[stars])
    return replace(test, obstacle="the mark after the number has no legend")


def _shared(text: str, found: list[Found]) -> list[Found]:
    """Give a shared p value ("both ps < .05") to the statistics before it in the sentence that have none."""
    given: list[Found] = []
    for each in found:
        test = each.statement
        if isinstance(test, Test) and test.p is None and not test.obstacle:
            _, end = sentence(text, each.start, each.end)
            for match in P_VALUE.finditer(text, each.end, end):
                if match["word"] in ("ps", "Ps"):
                    decimal = decimal_sign([match["number"]]) or "."
                    test = replace(test, p=p_value(match, decimal), adjusted=_is_adjusted(text, match))
                    break
        given.append(replace(each, statement=test))
    return given
