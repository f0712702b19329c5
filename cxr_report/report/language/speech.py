"""A template and its slots in, pieces of text in one language out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter

from cxr_report.analysis.value import Analysis
from cxr_report.report import numerals
from cxr_report.report.language import particles
from cxr_report.report.language.catalogue import entries
from cxr_report.report.language.notes import NOTES
from cxr_report.report.pieces import Piece, Said, flat, text_of

__all__ = ["ENGLISH", "Speech", "speech"]

CONTEXT = "¦"
"""What follows it in a template tells which use of a word is meant, where another language has a word for each."""

_JOINTS = {("en", "and"): " and ", ("en", "or"): " or ", ("ko", "and"): " 및 ", ("ko", "or"): " 또는 "}


@dataclass(frozen=True, slots=True)
class Speech:
    """How a report says things: the one place that knows its language."""

    language: str

    def __call__(self, template: str, /, **slots: Said) -> tuple[Piece, ...]:
        """Say a template.

        Args:
            template: English, with named slots in braces; the catalogue has it in every other language.
            slots: words, numbers, or several of them in a row; a user's words pass through as they are.

        Returns:
            Pieces to put into a sentence, numbers still knowing their place.

        Example:
            >>> Speech("en")("{n} of {total} pairs", n="2", total="3")
            ('2', ' of ', '3', ' pairs')
        """
        pieces: list[Piece] = []
        for literal, name, _, _ in Formatter().parse(self._template(template)):
            if literal:
                pieces.append(particles.settle(text_of(pieces[-1:]), literal))
            if name is not None:
                pieces += flat([slots[name]])
        return flat(pieces)

    def text(self, template: str, /, **slots: Said) -> str:
        """Say a template as plain text, for titles, heads and alternative texts."""
        return text_of(self(template, **slots))

    def counted(self, number: int, one: str, many: str, /, **slots: Said) -> tuple[Piece, ...]:
        """Say one of two templates, by the number of things they speak of.

        Example:
            >>> Speech("en").counted(1, "{n} seed", "{n} seeds", n="1")
            ('1', ' seed')
        """
        return self(one if number == 1 else many, **slots)

    def listed(self, items: Sequence[Said], joint: str = "and") -> tuple[Piece, ...]:
        """Join words as a sentence lists them; ``joint`` is ``and`` or ``or``.

        Example:
            >>> "".join(Speech("en").listed(["a", "b", "c"]))
            'a, b and c'
        """
        pieces: list[Said] = []
        for place, item in enumerate(items):
            if place:
                pieces.append(_JOINTS[self.language, joint] if place == len(items) - 1 else ", ")
            pieces.append(item)
        return flat(pieces)

    def rowed(self, items: Sequence[Said], between: str = ", ") -> tuple[Piece, ...]:
        """Set items one after another, with the same mark between all of them."""
        return flat([part for place, item in enumerate(items) for part in ([between, item] if place else [item])])

    def interval(self, low: float, high: float, decimals: int) -> str:
        """Write an interval; undefined where one of its bounds is.

        Example:
            >>> Speech("ko").interval(0.9051, 0.9192, 3)
            '0.905~0.919'
        """
        if math.isnan(low) or math.isnan(high):
            return numerals.UNDEFINED
        return self.text("{low} to {high}", low=numerals.fixed(low, decimals), high=numerals.fixed(high, decimals))

    def note(self, note: str) -> str:
        """Say a note that another room wrote, in English and with its numbers in place, such as a reason.

        Notes of several reasons are joined by semicolons. One that the catalogue does not know stays as it is.
        """
        if self.language == "en":
            return note
        return "; ".join(self._one_note(part) for part in note.split("; "))

    def _one_note(self, note: str) -> str:
        known = entries(self.language)
        if note in known:
            return known[note]
        for pattern, template in _patterns():
            found = pattern.fullmatch(note)
            if found:
                return self.text(template, **found.groupdict())
        return note

    def _template(self, template: str) -> str:
        """Return the template in this language; what tells two uses of a word apart (``Test¦split``) is never said."""
        told = template if self.language == "en" else entries(self.language).get(template, template)
        return told.partition(CONTEXT)[0]


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what notes with slots look like, those with the most words first, so that none hides a longer one.

    Templates of sentences are none of them: half a note fits ``{n} seeds``.
    """
    made = []
    for template in NOTES:
        parts = list(Formatter().parse(template))
        names = [name for _, name, _, _ in parts if name is not None]
        if not names or len(set(names)) < len(names):
            continue
        words = sum(len(literal) for literal, *_ in parts)
        pattern = "".join(re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name, _, _ in parts)
        made.append((words, re.compile(pattern), template))
    return tuple((pattern, template) for _, pattern, template in sorted(made, key=lambda each: (-each[0], each[2])))


ENGLISH = Speech("en")


def speech(analysis: Analysis) -> Speech:
    """Return the speech of a study's report."""
    return Speech(analysis.study.report.language)
