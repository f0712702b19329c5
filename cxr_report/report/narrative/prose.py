"""Sentences that know their numbers: words and numbers with their place in statistics.json in, text or HTML out."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

from cxr_report.report import numerals
from cxr_report.report.language import ENGLISH, Speech
from cxr_report.report.pieces import Number, Piece, Said, flat, text_of

__all__ = [
    "Number",
    "Paragraph",
    "Piece",
    "Sentence",
    "count",
    "difference",
    "exactly",
    "p_alone",
    "p_of",
    "percent_of",
    "sentence",
    "share",
    "spread",
    "statistic",
    "value",
]

NO_BREAK = numerals.NO_BREAK


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence."""

    kind: str
    """What it claims, such as ``leader``."""
    pieces: tuple[Piece, ...]

    def text(self) -> str:
        """Return it as plain text."""
        return text_of(self.pieces)

    def html(self) -> str:
        """Return it as HTML, words escaped and numbers marked."""
        return "".join(html.escape(piece) if isinstance(piece, str) else piece.html() for piece in self.pieces)

    def numbers(self) -> tuple[Number, ...]:
        """Return the numbers in it, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Number))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences that belong together."""

    section: str
    """Where it belongs: main, omnibus, pairs, joint, classes, controls, diverged; empty elsewhere."""
    heading: str
    """Empty where it has none."""
    sentences: tuple[Sentence, ...]

    def text(self) -> str:
        """Return it as plain text."""
        return " ".join(sentence.text() for sentence in self.sentences)

    def html(self) -> str:
        """Return it as HTML, without the element around it."""
        return " ".join(sentence.html() for sentence in self.sentences)


def sentence(kind: str, *pieces: Said) -> Sentence:
    """Put a sentence together; a sequence among the pieces is taken apart."""
    return Sentence(kind, flat(pieces))


def value(number: float, key: str) -> Number:
    """Write the value of a metric."""
    return Number(numerals.value(number), key, number)


def difference(number: float, key: str) -> Number:
    """Write a difference of a metric."""
    return Number(numerals.difference(number), key, number)


def spread(number: float, key: str) -> Number:
    """Write a standard deviation."""
    return Number(numerals.spread(number), key, number)


def statistic(number: float, key: str) -> Number:
    """Write a test statistic or an effect size."""
    return Number(numerals.statistic(number), key, number)


def exactly(number: float, key: str) -> Number:
    """Write a setting of the plan, or degrees of freedom: whole ones without decimals."""
    whole = math.isfinite(number) and number == round(number)
    text = str(round(number)) if whole else numerals.general(number)
    return Number(text if math.isfinite(number) else numerals.fixed(number, 0), key, number)


def count(number: int, key: str = "") -> Number:
    """Write a count."""
    return Number(numerals.count(number), key, number)


def share(number: float, key: str = "") -> Number:
    """Write a share as per cent."""
    return Number(numerals.percent(number), key, number)


def percent_of(alpha: float, key: str) -> Number:
    """Write how much an interval covers, 1 - alpha, as per cent."""
    covered = 100.0 * (1.0 - alpha)
    return Number(f"{covered:.6g}{NO_BREAK}%", key, alpha)


def p_of(number: float, key: str, *, alpha: float) -> tuple[Piece, ...]:
    """Write ``= 0.034`` or ``< 0.001``, to stand after the name of the p value."""
    text = numerals.p_value(number, alpha)
    sign, digits = (text[0], text[1:]) if text[0] in "<>" else ("=", text)
    return (f"{NO_BREAK}{sign}{NO_BREAK}", Number(digits, key, number))


def p_alone(number: float, key: str, *, alpha: float, say: Speech = ENGLISH) -> tuple[Piece, ...]:
    """Write ``0.034`` or ``less than 0.001``, to stand where no sign fits."""
    text = numerals.p_value(number, alpha)
    p = Number(text.lstrip("<>"), key, number)
    if text[0] in "<>":
        return say("less than {p}", p=p) if text[0] == "<" else say("more than {p}", p=p)
    return (p,)
