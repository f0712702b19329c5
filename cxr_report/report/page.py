"""A Document in, one self-contained HTML page out, set by the jinja2 templates."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from cxr_report.report import fonts, machine, numerals, templates
from cxr_report.report.document import Document

__all__ = ["BEGIN", "END", "render"]

BEGIN = f"<!-- {machine.BLOCK}: begin -->"
END = f"<!-- {machine.BLOCK}: end -->"
"""What marks the one block that may differ between equal studies; a user's text cannot hold it, for it is escaped."""

FACES = "/* the fonts go here */"
"""Stands in the style sheet, above any text of the user's."""


def render(document: Document, folder: Path | None = None) -> str:
    """Set the page.

    Every text of the user's is escaped; only what the program made itself (figures, formulas, sentences with marked
    numbers) goes in as markup.

    Args:
        document: what to set.
        folder: the templates; None finds those of the package.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder or templates.find()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= _FILTERS
    template = environment.get_template("report.html.j2")
    page = template.render(doc=document, a=document.analysis, study=document.analysis.study, faces=_markup(FACES))
    return page.replace(FACES, fonts.face_rules(_outside(page)), 1)


def _outside(page: str) -> list[str]:
    """Return the page without the marked block, whose characters must not change the fonts everywhere."""
    before, rest = page.split(BEGIN, 1)
    return [before, rest.split(END, 1)[1]]


def _markup(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - for what the program made itself


def _raw(value: object) -> str:
    """Write a full-precision value for an attribute."""
    return "null" if value is None or value != value else str(value)


def _typeset(text: str) -> Markup:
    """Set symbols of statistics as such: ``d_z``, ``n_c``, and p before a number. Text that is no markup is escaped."""
    with_indices = _INDEXED.sub(r"<i>\1</i><sub>\2</sub>", _polished(str(escape(text))))
    return _markup(_raised(_P.sub("<i>p</i>", with_indices)))


def _symbol(title: str) -> Markup:
    """Set the head of a column: symbols slanted, words upright."""
    return _markup(f"<i>{_raised(str(escape(title)))}</i>") if title in _SYMBOLS else _typeset(title)


def _breakable(text: str) -> Markup:
    """Let a very long word break where it must; the text is escaped."""
    parts = [_OVERLONG.sub("\\g<0>\0", word) if len(word) > 30 else word for word in text.split(" ")]
    return _markup(_raised(_polished(str(escape(" ".join(parts)))).replace("\0", "<wbr>")))


def _polished(escaped: str) -> str:
    """Set apostrophes and the dash between two names as such, and keep a letter and its number together."""
    kept = _SETTING.sub("\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", _APOSTROPHE.sub("’", escaped))
    for pair in _NAMES:
        kept = kept.replace(pair, pair.replace("-", "\N{EN DASH}"))
    return kept


_APOSTROPHE = re.compile(r"(?<=[A-Za-z])(?:'|&#39;)(?=[a-z ])")
_SETTING = re.compile(r"(?<=[\w²]) = (?=[\d−])")
_NAMES = ("Kullback-Leibler", "Greenhouse-Geisser", "Iman-Davenport")
"""Two people each, not one person of a double name."""


def _raised(escaped: str) -> str:
    """Set raised digits and signs as such: the fonts have only some of them as characters of their own."""
    return _RAISED.sub(lambda run: f"<sup>{run[0].translate(_LEVEL)}</sup>", escaped)


_RAISED = re.compile("[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LEVEL = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+−0123456789")
_OVERLONG = re.compile(r".{15}")
_INDEXED = re.compile(r"(?<![\w.\"&;])([A-Za-zα-ω])_([A-Za-z0-9+-])(?!\w)")
_P = re.compile(r"(?<![\w.\"])p(?=[\xa0 ](?:=|&lt;|&gt;|at most))")
_SYMBOLS = ("t", "p", "F", "df", "χ²", "W⁺")

_FILTERS = {
    "made": _markup,
    "breakable": _breakable,
    "typeset": _typeset,
    "symbol": _symbol,
    "raw": _raw,
    "count": numerals.count,
    "general": numerals.general,
    "percent": numerals.percent,
    "fixed": numerals.fixed,
    "listed": lambda words: numerals.listed(list(words)),
}
