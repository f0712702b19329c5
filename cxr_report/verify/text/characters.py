"""Text as printed in, text in plain characters out, with the way back: every plain character knows its original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Plain", "plain"]

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u207b\u208b\u2796"
_REPLACED = {
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys("\u03a7\ua7b3\ua7b4\uab53", "χ"),  # capital chi, Latin letters chi
    **dict.fromkeys("≦⩽⪯", "≤"),
    **dict.fromkeys("≧⩾⪰", "≥"),
    **dict.fromkeys("≅≃∼〜～", "≈"),
    **dict.fromkeys("∗⁎﹡✱", "*"),
    **dict.fromkeys("‘’′＇`´", "'"),
    **dict.fromkeys("“”″", '"'),
    "，": ",",
    "、": ",",
    "≪": "<",
    "≫": ">",
    "\uf03d": "=",  # the private places of the Symbol font, as PDFs without a map of characters show them
    "\uf03c": "<",
    "\uf03e": ">",
    "\uf02d": "-",
    "\uf063": "χ",
    "\uf0a3": "≤",
    "\uf0b3": "≥",
    "\uf0b1": "±",
    "\uf072": "ρ",
}
_HYPHENATED = re.compile(r"(?<=[A-Za-zÀ-ÿ])[-\u2010\u00ad]\r?\n[ \t]*(?=[a-zà-ÿ])")
"""A word that a line's end parts; a number is never parted so."""
_PARTED = re.compile(r"(?:(?<=[=<>≤≥][ \u00a0]\.)|(?<=[=<>≤≥]\.))\r?\n[ \t]*(?=\d)")
"""A line's end between the point and the digits of ``p = .06``, where browsers and typesetters may break."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in plain characters."""

    text: str
    """One blank for every run of white space; minus signs and dashes are ``-``; letters have no style and no width."""
    origins: tuple[int, ...]
    """For every character its offset in the text as printed."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the printed text that a span of the plain text came from."""
        return self.origins[start], self.origins[end - 1] + 1


@lru_cache(maxsize=4096)
def _letters(character: str) -> str:
    """Return what stands for a character: nothing, one plain character, or several."""
    if character in _REPLACED:
        return _REPLACED[character]
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Cs") or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category in ("Zs", "Zl", "Zp", "Cc"):
        return " "
    folded = unicodedata.normalize("NFKC", character)
    return "".join(_REPLACED.get(each, " " if each.isspace() else each) for each in folded)


def plain(text: str) -> Plain:
    r"""Bring a text into plain characters.

    Typeset text holds the same statistic in many dresses: italic mathematical letters, superscripts, thin blanks, five
    minus signs. All finding is done on the plain form; all showing on the printed one.

    Example:
        >>> plain("𝑡(28) = −2.20,\n p < .05").text
        't(28) = -2.20, p < .05'
    """
    breaks = (match for pattern in (_HYPHENATED, _PARTED) for match in pattern.finditer(text))
    gone = {place for match in breaks for place in range(*match.span())}
    letters: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        if place in gone:
            continue
        shown = character if "!" <= character <= "_" or "a" <= character <= "~" else _letters(character)
        if shown == " " and letters and letters[-1] == " ":
            continue
        letters.extend(shown)
        origins.extend([place] * len(shown))
    return Plain("".join(letters), tuple(origins))
