"""Plain text in, means with standard deviations and sizes, and contrasts of two of them, out."""

from __future__ import annotations

import re
from itertools import pairwise

from cxr_report.verify.text.finding.patterns import sentence
from cxr_report.verify.text.numbers import NUMERAL, decimal_sign, read
from cxr_report.verify.text.statements import Contrast, Found, Mean, Test

__all__ = ["find_contrasts", "find_means", "whole_values"]

_N = r"[,;]? ?\(?[nN](?:_?\{?[A-Za-z0-9]\}?)? ?= ?(?P<n>\d{1,6})(?!\d|\.\d)"
_SD = r"(?:SD|S\.D\.|s\.d\.|[Ss]tandard deviation|표준 ?편차)(?: ?=| of|:)? ?"
_PATTERNS = (
    re.compile(
        rf"(?<![A-Za-z])(?:M|[Mm]eans?|평균)(?: ?=| of| was|:)? ?(?P<mean>{NUMERAL}) ?[,;]? ?\(?(?:and )?{_SD}"
        rf"(?P<sd>{NUMERAL}) ?\)?{_N}"
    ),
    re.compile(
        rf"(?<![A-Za-z])[nN](?:_?[A-Za-z0-9])? ?= ?(?P<n>\d{{1,6}})[,;:)]{{1,2}} ?(?:M|[Mm]ean)(?: ?=| of| was|:)? ?"
        rf"(?P<mean>{NUMERAL}) ?[,;]? ?\(?(?:and )?{_SD}(?P<sd>{NUMERAL})"
    ),
    re.compile(rf"(?<![\d.,])(?P<mean>{NUMERAL}) ?± ?(?P<sd>{NUMERAL}) ?{_N}"),
    re.compile(rf"(?<![\d.,])(?P<mean>{NUMERAL}) ?\({_SD}(?P<sd>{NUMERAL}){_N}"),
    re.compile(rf"(?<![A-Za-z])(?:M|[Mm]ean|평균)(?: ?=| of| was|:)? ?(?P<mean>{NUMERAL}) ?{_N}"),
)
_WHOLE = re.compile(
    r"(?i:likert|integers?\b|whole numbers?|single[ -]item|one[ -]item|"
    r"(?<!\d)\d{1,3}-point (?:scale|item|rating)|number of|"
    r"counts? of)"
)
_ITEMS = re.compile(r"(?i:(?<!\d)\d{1,3} items|several items|items\b|subscale|composite|total of .{0,20}scales)")


def whole_values(text: str) -> bool:
    """Say whether words tell that single values are whole numbers, and not means of items.

    Example:
        >>> whole_values("rated on a 7-point scale"), whole_values("the mean of 5 items on a 7-point scale")
        (True, False)
    """
    return bool(_WHOLE.search(text)) and not _ITEMS.search(text)


def find_means(text: str) -> list[Found]:
    """Find means whose n stands beside them.

    Example:
        >>> [found.statement.n for found in find_means("(M = 5.19, SD = 1.2, n = 28)")]
        [28]
    """
    whole = whole_values(text)
    found: list[Found] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if not any(each.start < match.end() and match.start() < each.end for each in found):
                parts = match.groupdict()
                texts = [each for each in (parts["mean"], parts.get("sd")) if each]
                decimal = decimal_sign(texts) or "."
                numbers = [read(each, decimal) for each in texts]
                mean = Mean(numbers[0], numbers[1] if len(numbers) > 1 else None, int(match["n"]), whole)
                found.append(Found(mean, match.start(), match.end()))
    return sorted(found, key=lambda each: each.start)


def find_contrasts(text: str, means: list[Found], tests: list[Found]) -> list[Found]:
    """Find a t statistic in whose sentence two means with SD and n stand, and no other test.

    Example:
        >>> find_contrasts("", [], [])
        []
    """
    found: list[Found] = []
    for first, second in pairwise(means):
        start, end = sentence(text, first.start, second.end)
        inside = [each for each in tests if start <= each.start < end]
        others = [each for each in means if start <= each.start < end]
        statements = {each.statement for each in inside}
        if len(others) != 2 or len({(t.kind, t.statistic) for t in statements if isinstance(t, Test)}) != 1:
            continue
        test, a, b = inside[0].statement, first.statement, second.statement
        if (
            isinstance(test, Test)
            and test.kind == "t"
            and isinstance(a, Mean)
            and isinstance(b, Mean)
            and a.sd
            and b.sd
        ):
            span = min(first.start, inside[0].start), max(second.end, inside[0].end)
            found.append(Found(Contrast(a, b, test.statistic, test.df), *span))
    return found
