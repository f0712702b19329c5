"""The test statistics that are known: how each is written in a text, and how it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cxr_report.verify.text.finding.patterns import RELATION
from cxr_report.verify.text.numbers import EXPONENT, NUMERAL

__all__ = ["KINDS", "Kind", "named"]

_VALUE = r"(?:[ -](?:values?|statistics?|scores?|ratio|test statistic))?"
_INNER = r" ?[(\[{](?P<inner>[^()\[\]{}]{1,48})[)\]}]"
_ONE = r"_?\{?(?P<sub>\d{1,6}(?:[.,]\d{1,3})?)\}?"
_TWO = r"_?\{?(?P<sub>\d{1,5}(?:\.\d{1,3})?[,;] ?\d{1,6}(?:\.\d{1,3})?)\}?"
_SPACED = r" ?"
_REST = (
    rf"{_SPACED}(?:(?P<relation>{RELATION}|:)|(?P<verb>(?:of|was|is)(?= ))) ?"
    rf"(?P<number>{NUMERAL}{EXPONENT})(?![\d%A-Za-z])(?P<stars> ?(?:\*{{1,4}}|†{{1,2}})(?![\d*]))?"
)
_ALONE = r"(?<![A-Za-z0-9_'])"


@dataclass(frozen=True, slots=True)
class Kind:
    """A test statistic."""

    words: str
    """How it is called in the output."""
    pattern: re.Pattern[str]
    """Named parts: inner or sub (degrees of freedom), relation or verb, number, stars."""
    needs_p: bool = True
    """Whether a match without degrees of freedom counts only beside a p value."""


def _kind(words: str, symbol: str, subscript: str | None) -> Kind:
    df = f"(?:{_INNER}|{subscript})?" if subscript else f"(?:{_INNER})?"
    return Kind(words, re.compile(f"{_ALONE}(?P<symbol>{symbol}){df}{_REST}"))


KINDS: Mapping[str, Kind] = {
    "chi2": _kind(
        "chi-square",
        rf"(?:(?:χ|[Cc]hi)(?:[ -]?\^?\{{?2\}}?|[ -]?squared?|(?=[ ]?[(\[]\d))|X[ ]?\^?2|x\^?2(?=[ ]?[(\[])|Δ?G\^?2)"
        rf"(?:_?\{{?(?:F|r|M|W|MH|CMH|LR|SB|diff)\}}?(?![A-Za-z]))?{_VALUE}",
        _ONE,
    ),
    "t": _kind("t", rf"(?:t'?{_VALUE}|T(?= ?[(\[]))", _ONE),
    "F": _kind("F", rf"F'?{_VALUE}", _TWO),
    "rs": _kind("Spearman's r", r"(?:r_?\{?s\}?|ρ|rho)(?![A-Za-z])", _ONE),
    "r": _kind("r", rf"(?:r{_VALUE}|R(?= ?[(\[]))", r"_?\{?(?P<sub>\d{2,6})\}?"),
    "z": _kind("z", rf"[zZ]'?{_VALUE}", None),
    "Q": _kind("Q", rf"Q(?:_?(?:[bBwWEM]|between|within|model)(?![A-Za-z]))?{_VALUE}", r"_?\{?(?P<sub>\d{1,4})\}?"),
    "H": _kind("Kruskal-Wallis H", rf"H{_VALUE}", r"_?\{?(?P<sub>\d{1,3})\}?"),
    "U": _kind("Mann-Whitney U", rf"U{_VALUE}", None),
    "W": _kind("Wilcoxon W", rf"[WVT]\+?{_VALUE}", None),
    "tau": _kind("Kendall's tau", r"(?:τ|tau)_?b?(?![A-Za-z])", None),
}
"""Key -> how it is written. Of overlapping matches the earlier, then the one further up in this table counts."""

_NAMES: Mapping[str, str] = {
    "Friedman": "Friedman chi-square",
    "Shapiro": "Shapiro-Wilk W",
    "W?": "W",
}


def named(kind: str) -> str:
    """Say a kind in words.

    Example:
        >>> named("t"), named("Friedman")
        ('t', 'Friedman chi-square')
    """
    return _NAMES[kind] if kind in _NAMES else KINDS[kind].words
