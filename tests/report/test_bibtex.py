"""References as BibTeX: what is read back is what stands in the report's list, whatever a user writes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from cxr_report.analysis.value import Analysis
from cxr_report.report import document
from cxr_report.report.bibliography import KNOWN, Reference
from cxr_report.report.bibtex import to_bibtex
from cxr_report.report.tables import Table


def read(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Read BibTeX as BibTeX does: values in braces, and braces counted whether or not a backslash stands before."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    at = 0
    while (start := text.find("@", at)) >= 0:
        head = re.compile(r"@(\w+)\{([^,\s{}]+),\s*").match(text, start)
        assert head, text[start : start + 60]
        at, fields = head.end(), dict[str, str]()
        while text[at] != "}":
            field = re.compile(r"(\w+) = \{").match(text, at)
            assert field, text[at : at + 60]
            end = closing(text, field.end())
            assert field[1] not in fields
            fields[field[1]] = text[field.end() : end]
            at = re.compile(r"\},\s*").match(text, end).end()  # type: ignore[union-attr]
        assert head[2] not in found
        found[head[2]] = (head[1], fields)
        at += 1
    return found


def closing(text: str, at: int) -> int:
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at - 1


MARKS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "v": "\u030c", "c": "\u0327",
         "r": "\u030a", "=": "\u0304", "H": "\u030b"}  # fmt: skip
COMMANDS = {"textbackslash": "\\", "textbraceleft": "\0", "textbraceright": "\1", "textasciicircum": "^",
            "textasciitilde": "~"}  # fmt: skip


def plain(value: str) -> str:
    """Set a value as LaTeX would: commands become letters, and braces that only group go."""
    value = re.sub(r"\{\\(text\w+)\}", lambda found: COMMANDS[found[1]], value.replace("\\", "\\"))
    value = re.sub(r"\{\\([`'^~\"vcrH=])\{(\w)\}\}", lambda found: found[2] + MARKS[found[1]], value)
    value = re.sub(r"\\([$&#_%])", r"\1", value)
    value = value.replace("---", "\N{EM DASH}").replace("--", "\N{EN DASH}")
    value = value.replace("{", "").replace("}", "").replace("\0", "{").replace("\1", "}")
    return unicodedata.normalize("NFC", value)


def listed() -> list[Reference]:
    """Every reference that the program knows, as its list shows it."""
    texts = [re.sub(r"(?<=\d)-(?=\d)", "\N{EN DASH}", text) for text in KNOWN.values()]
    dois = [key if key.startswith("10.") else "" for key in KNOWN]
    return [Reference(n, text, doi) for n, (text, doi) in enumerate(zip(texts, dois, strict=True), start=1)]


def test_every_known_reference_is_taken_apart_and_keeps_its_doi() -> None:
    references = listed()
    entries = list(read(to_bibtex(references)).values())
    assert len(entries) == len(references) > 70
    for reference, (kind, fields) in zip(references, entries, strict=True):
        assert "note" not in fields, reference.text
        assert fields.get("doi", "") == reference.doi
        for part in ("title", "journal", "booktitle", "year", "volume", "number", "pages", "publisher", "school"):
            assert plain(fields.get(part, "")) in reference.text
        assert (kind == "article") == ("journal" in fields)
        assert plain(fields["author"]).split(",")[0] in reference.text


def test_the_kinds_of_works_are_told_apart() -> None:
    kinds = {plain(fields["title"]): kind for kind, fields in read(to_bibtex(listed())).values()}
    assert kinds["Variance components"] == "book"
    assert kinds["Distribution-free multiple comparisons"] == "phdthesis"
    assert kinds["Deep residual learning for image recognition"] == "inproceedings"
    assert kinds["Noncentrality interval estimation and the evaluation of statistical models"] == "incollection"
    assert kinds["Rational decisions"] == "article"
    assert kinds["PolyLoss: a polynomial expansion perspective of classification loss functions"] == "inproceedings"


def test_authors_are_written_as_bibtex_reads_them() -> None:
    (entry,) = read(to_bibtex([Reference(1, "van der Maaten L, Collins GS, et al. A title. BMJ. 2024;385:e1.", "")]))
    text = to_bibtex([Reference(1, "van der Maaten L, Collins GS, et al. A title. BMJ. 2024;385:e1.", "")])
    assert entry == "vandermaaten2024"
    assert read(text)[entry][1]["author"] == "van der Maaten, L. and Collins, G. S. and others"


def test_names_and_abbreviations_in_titles_keep_their_capitals() -> None:
    text = to_bibtex([Reference(1, "A B. The use of ROC and Bregman curves. Radiology. 1982;1:2.", "")])
    assert "title = {The use of {ROC} and {Bregman} curves}" in text


def test_two_works_of_one_author_and_year_have_keys_of_their_own() -> None:
    one = "Altman DG. Diagnostic tests {n}. BMJ. 1994;308:1552."
    assert list(read(to_bibtex([Reference(n, one.format(n=n), "") for n in (1, 2)]))) == [
        "altman1994-1",
        "altman1994-2",
    ]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Mn", "Me", "Mc"))))
def test_a_users_reference_is_read_back_as_it_was_written(text: str) -> None:
    entries = read(to_bibtex([Reference(1, text, ""), Reference(2, "", "10.1000/x}y")]))
    words = unicodedata.normalize("NFC", " ".join(text.split()))
    assert [kind for kind, _ in entries.values()] == ["misc", "misc"]
    (_, fields), (_, other) = entries.values()
    folded = words.replace("---", "\N{EM DASH}").replace("--", "\N{EN DASH}")
    assert plain(fields.get("note", "")) == folded
    assert other["doi"] == "10.1000/x%7Dy"


def test_a_report_s_list_is_written_whole(made_up: Callable[..., Analysis], machine: Callable[..., Table]) -> None:
    composed = document.compose(made_up(), machine())
    entries = read(to_bibtex(composed.references))
    assert [fields.get("doi", "") for _, fields in entries.values()] == [each.doi for each in composed.references]
