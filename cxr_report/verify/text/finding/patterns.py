"""The pieces that every statement is made of: p values, relations, sizes, sentences.

Every quantifier is bounded, so that no text takes more than linear time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cxr_report.verify.text.numbers import EXPONENT, NUMERAL, Number, Reported, read

__all__ = [
    "NOT_SIGNIFICANT",
    "P_VALUE",
    "RELATION",
    "SIZES",
    "adjusted_words",
    "number",
    "p_value",
    "relation",
    "sentence",
    "sizes",
]

RELATION = r"(?:<=|>=|=<|=>|=|<|>|≤|≥|≈|~)"
"""Signs of comparison."""

_RELATIONS: Mapping[str, str] = {"=<": "<=", "≤": "<=", "=>": ">=", "≥": ">=", "≈": "=", "~": "=", ":": "=", "": "="}

_QUALIFIER = (
    r"values?|val|adj(?:usted|\.)?|corr(?:ected|\.)?|unadj(?:usted|\.)?|uncorr(?:ected|\.)?|raw|holm|bonf(?:erroni|\.)?|"
    r"fdr|bh|perm|exact|(?:two|one|2|1)[- ]?(?:sided|tailed)|tukey|hochberg"
)
P_VALUE = re.compile(
    r"(?<![A-Za-z0-9_])(?P<word>[pP]s?|[Ss]ig\.?|유의 ?확률|[pP]값)"
    rf"(?P<qualifiers>(?:[ _-]?\{{?(?i:{_QUALIFIER})(?![A-Za-z])\}}?){{0,4}})"
    r"(?: ?[(\[](?P<aside>[^()\[\]]{1,25})[)\]])?"
    rf"(?:[은는이가]? ?(?P<relation>{RELATION}|:)|(?P<verb>(?: (?:of|was|were|is|are|equals|equal to|"
    r"less than|lower than|below|above|greater than|larger than|smaller than|at most|all)){1,3}))"
    rf" ?(?P<number>10 ?\^? ?[{{(]?- ?\d{{1,3}}[}})]?|{NUMERAL}{EXPONENT})(?P<percent> ?%)?(?![\d])"
)
"""A p value with its relation."""

NOT_SIGNIFICANT = re.compile(
    r"(?:[pP] ?[=:]? ?)?(?<![A-Za-z])(?:n\. ?s\.?|ns|NS|N\. ?S\.|(?:was |were )?not significant|non-?significant)"
    r"(?![A-Za-z])"
)
"""What stands in place of a p value above alpha."""

SIZES = re.compile(
    r"(?<![A-Za-z])[nN](?:_?\{?[A-Za-z12]\}?)? ?=(?: ?n_?2 ?=)? ?(?P<size>\d{1,3}(?:,\d{3})+|\d{1,7})(?!\d|\.\d)"
)
"""Sample sizes: n = 30, n1 = 10, N = 1,117."""

_END = re.compile(r"[.!?。](?= [A-Z가-힣(\"'])|[.!?。]$")
_ABBREVIATIONS = (
    "vs.",
    "cf.",
    "Fig.",
    "fig.",
    "e.g.",
    "i.e.",
    "al.",
    "approx.",
    "ca.",
    "No.",
    "Dr.",
    "St.",
    "resp.",
    "n.s.",
)

_ADJUSTED = re.compile(
    r"(?i:(?<!un)(?<!un-)adj(?:usted|\.)?|(?<!un)corrected|holm|bonferroni|fdr|benjamini|tukey|hochberg|(?<![a-z])bh(?![a-z]))"
)


def relation(sign: str | None, verb: str | None = "") -> str:
    """Bring signs and words of comparison to ``=``, ``<``, ``>``, ``<=`` or ``>=``.

    Example:
        >>> relation("≤"), relation(None, " was less than"), relation(None, " of")
        ('<=', '<', '=')
    """
    if sign:
        return _RELATIONS.get(sign, sign)
    words = verb or ""
    if any(word in words for word in ("less", "lower", "below", "smaller", "at most")):
        return "<"
    return ">" if any(word in words for word in ("above", "greater", "larger")) else "="


def number(text: str, decimal: str) -> Number:
    """Read a number that may be a bare power of ten."""
    if re.match(r"10 ?\^? ?[{(]?- ?\d", text):
        return read("1e-" + re.sub(r"\D", "", text.partition("-")[2]), ".")
    return read(text, decimal)


def p_value(match: re.Match[str], decimal: str) -> Reported:
    """Read a match of `P_VALUE`."""
    found = number(match["number"], decimal)
    if match["percent"]:
        found = found.scaled(0.01)
    return Reported(relation(match["relation"], match["verb"]), found)


def adjusted_words(text: str) -> bool:
    """Say whether words name an adjustment for several tests.

    Example:
        >>> adjusted_words("Holm-adjusted"), adjusted_words("unadjusted"), adjusted_words("uncorrected")
        (True, False, False)
    """
    return bool(_ADJUSTED.search(text))


def sizes(text: str) -> tuple[int, ...]:
    """Return the sample sizes that a piece of text names, in its order.

    Example:
        >>> sizes("n1 = n2 = 10"), sizes("n1 = 8, n2 = 12"), sizes("N = 1,117")
        ((10, 10), (8, 12), (1117,))
    """
    found: list[int] = []
    for match in SIZES.finditer(text):
        size = int(match["size"].replace(",", ""))
        found += [size, size] if match[0].count("=") == 2 else [size]
    return tuple(found)


def sentence(text: str, start: int, end: int, *, reach: int = 600) -> tuple[int, int]:
    """Return the span of the sentence, or of what is near, around a span.

    Example:
        >>> text = "One is here. It was t(28) = 2.2, p < .05. Next."
        >>> text[slice(*sentence(text, 20, 30))]
        'It was t(28) = 2.2, p < .05.'
    """
    first = max(0, start - reach)
    for match in _END.finditer(text, first, start):
        if not text[max(0, match.end() - 7) : match.end()].endswith(_ABBREVIATIONS):
            first = match.end() + 1
    for match in _END.finditer(text, end, min(len(text), end + reach)):
        if not text[max(0, match.end() - 7) : match.end()].endswith(_ABBREVIATIONS):
            return min(first, start), match.end()
    return min(first, start), min(len(text), end + reach)
