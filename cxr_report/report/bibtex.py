"""A list of references in, the same as BibTeX out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from cxr_report.report.bibliography import Reference

__all__ = ["to_bibtex"]

_REFERENCE = re.compile(
    r"(?P<author>[^.]+)\. (?P<title>.+?[.?]) (?P<where>.+?)\. (?P<year>\d{4})"
    r"(?:;(?P<volume>\d+)(?:\((?P<number>[^)]+)\))?)?(?::(?P<pages>[\w\N{EN DASH}-]+))?\."
)
"""Authors. Title. Journal. Year;volume(number):pages."""

_CHAPTER = re.compile(r"In: (?P<editor>.+), editors\. (?P<booktitle>.+[.?]) (?P<publisher>[^.?]+)")
_THESIS = re.compile(r"PhD thesis, (?P<school>.+)")
_MEETING = re.compile(r"\bConference\b|^Advances in ")

_ESCAPES = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"{\textasciicircum}",
    "~": r"{\textasciitilde}",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
}
"""Braces as commands: BibTeX counts them even where a backslash stands before."""

_ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING CEDILLA}": "c",
    "\N{COMBINING RING ABOVE}": "r",
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
}


def to_bibtex(references: Iterable[Reference]) -> str:
    r"""Write references as BibTeX, in their order.

    A reference that has another form than ``Authors. Title. Journal. Year;volume(number):pages.``, such as one that a
    user wrote, becomes the note of an entry of its own. Letters with accents are written as commands of LaTeX; other
    letters beyond ASCII stay as they are, in UTF-8.

    Args:
        references: numbered, as they stand in the report.

    Returns:
        One entry each, with its DOI where it has one.

    Example:
        >>> one = Reference(1, "Demšar J. Comparisons of ROC curves. Some Journal. 2006;7:1-30.", "")
        >>> print(to_bibtex([one]), end="")
        @article{demsar2006,
          author = {Dem{\v{s}}ar, J.},
          title = {Comparisons of {ROC} curves},
          journal = {Some Journal},
          volume = {7},
          pages = {1--30},
          year = {2006},
        }
    """
    entries = [(reference, *_entry(reference)) for reference in references]
    names = [_name(reference, fields) for reference, _, fields in entries]
    seen, twice = Counter[str](), Counter(names)
    written = []
    for (reference, kind, fields), name in zip(entries, names, strict=True):
        seen[name] += 1
        key = f"{name}-{seen[name]}" if twice[name] > 1 else name
        doi = {"doi": quote(reference.doi, safe="/()<>:;,.+-_=")} if reference.doi else {}
        lines = [f"  {field} = {{{value}}},\n" for field, value in {**fields, **doi}.items()]
        written.append(f"@{kind}{{{key},\n{''.join(lines)}}}\n")
    return "\n".join(written)


def _entry(reference: Reference) -> tuple[str, dict[str, str]]:
    """Return the kind of an entry and its fields, escaped, in the order in which they are written."""
    text = " ".join(reference.text.split())
    found = _REFERENCE.fullmatch(text)
    if found is None:
        return "misc", {"note": _escape(text)} if text else {}
    parts = {key: value for key, value in found.groupdict().items() if value is not None}
    kind, place = _place(parts["where"], parts)
    fields = {"author": _people(parts["author"]), "title": _title(parts["title"].removesuffix(".")), **place}
    numbers = {key: _escape(parts[key].replace("-", "\N{EN DASH}")) for key in _NUMBERS if key in parts}
    return kind, fields | numbers


_NUMBERS = ("volume", "number", "pages", "year")


def _place(where: str, parts: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Tell journals, meetings, chapters, theses, books and preprints apart."""
    chapter, thesis = _CHAPTER.fullmatch(where), _THESIS.fullmatch(where)
    if chapter:
        held = {"editor": _people(chapter["editor"]), "booktitle": _title(chapter["booktitle"].removesuffix("."))}
        return "incollection", {**held, "publisher": _escape(chapter["publisher"])}
    if thesis:
        return "phdthesis", {"school": _escape(thesis["school"])}
    if _MEETING.search(where):
        return "inproceedings", {"booktitle": _escape(where)}
    if where == "arXiv":
        return "misc", {"howpublished": where}
    if "volume" not in parts and "pages" not in parts:
        return "book", {"publisher": _escape(where)}
    return "article", {"journal": _escape(where)}


def _people(text: str) -> str:
    """Write ``Lin TY, Goyal P, et al`` as ``Lin, T. Y. and Goyal, P. and others``."""
    return " and ".join("others" if one == "et al" else _person(one) for one in text.split(", "))


def _person(text: str) -> str:
    surname, _, initials = text.rpartition(" ")
    if not surname or not initials.isupper():
        return f"{{{_escape(text)}}}"
    return f"{_escape(surname)}, {' '.join(f'{letter}.' for letter in initials)}"


def _title(text: str) -> str:
    """Keep capitals that no style may turn into small letters: all but the first letter of a title."""
    words = text.split(" ")
    return " ".join(
        f"{{{_escape(word)}}}" if any(map(str.isupper, word if place else word[1:])) else _escape(word)
        for place, word in enumerate(words)
    )


def _escape(text: str) -> str:
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFC", text))


def _letter(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    apart = unicodedata.normalize("NFD", letter)
    bare, marks = apart[:1], apart[1:]
    if len(marks) == 1 and marks in _ACCENTS and bare.isascii():
        return f"{{\\{_ACCENTS[marks]}{{{bare}}}}}"
    return letter


def _name(reference: Reference, fields: Mapping[str, str]) -> str:
    """Return what an entry is cited by: the first author's name and the year, in plain letters."""
    found = _REFERENCE.fullmatch(" ".join(reference.text.split()))
    if found is None or "author" not in fields:
        return f"reference{reference.number}"
    first = found["author"].split(", ")[0].rpartition(" ")[0] or found["author"]
    plain = "".join(_plain(unicodedata.normalize("NFD", first)))
    return f"{plain.lower()}{found['year']}" if plain else f"reference{reference.number}"


def _plain(text: str) -> Iterator[str]:
    return (letter for letter in text if letter.isascii() and letter.isalpha())
