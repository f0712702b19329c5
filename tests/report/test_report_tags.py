"""The structure of the PDF, read back: sound, equal to the page's, and a checker that finds what is planted."""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, BooleanObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from cxr_report.analysis.value import Analysis
from cxr_report.report import document, page, pdf
from cxr_report.report.tables import Table

checks = importlib.import_module("report_checks.structure")


def test_the_pdf_breaks_no_rule_that_its_structure_can_tell(phantom_pdf: bytes) -> None:
    assert checks.findings(phantom_pdf) == []


def test_heads_of_tables_figures_and_headings_are_as_many_as_in_the_page(phantom_page: str, phantom_pdf: bytes) -> None:
    shown = phantom_page[phantom_page.index("<main") : phantom_page.index("</main>")]
    counts = checks.structure(phantom_pdf).counts
    for tag, kind in {
        "table": "Table", "thead": "THead", "tbody": "TBody", "tr": "TR", "th": "TH", "td": "TD", "svg": "Figure",
        "h1": "H1", "h2": "H2", "h3": "H3", "p": "P", "li": "LI", "section": "Sect",
    }.items():  # fmt: skip
        assert counts[kind] == len(re.findall(f"<{tag}[ >]", shown)), tag
    assert counts["Table"] > 20
    assert counts["Figure"] > 10


def test_the_alternative_text_of_every_figure_is_the_pages(phantom_page: str, phantom_pdf: bytes) -> None:
    titles = re.findall(r"<svg.*?<title[^>]*>(.*?)</title>", phantom_page, re.DOTALL)
    told = checks.structure(phantom_pdf).alternatives
    assert sorted(told) == sorted(page.Markup(title).unescape() for title in titles)


def test_a_table_over_several_pages_is_one_table_whose_head_is_read_once(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    source = page.render(document.compose(made_up(losses=6, seeds=12), machine()))
    made = pdf.render(source)
    assert checks.findings(made) == []
    counts = checks.structure(made).counts
    assert counts["TH"] == len(re.findall("<th[ >]", source))
    assert counts["TR"] == len(re.findall("<tr[ >]", source))


def test_an_article_in_two_columns_is_one_text_as_well(
    made_up: Callable[..., Analysis], machine: Callable[..., Table]
) -> None:
    analysis = made_up(losses=3)
    report = analysis.study.report.model_copy(update={"style": "article"})
    analysis = replace(analysis, study=analysis.study.model_copy(update={"report": report}))
    source = page.render(document.compose(analysis, machine()))
    shown = source[source.index("<main") : source.index("</main>")]
    made = pdf.render(source)
    assert checks.findings(made) == []
    counts = checks.structure(made).counts
    for tag, kind in {"table": "Table", "tr": "TR", "th": "TH", "svg": "Figure", "h3": "H3", "p": "P"}.items():
        assert counts[kind] == len(re.findall(f"<{tag}[ >]", shown)), tag
    assert counts["Part"] == 1


def _first(reader: Any, kind: str) -> Any:
    waiting = [reader._root_object["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop(0).get_object()
        if not isinstance(node, DictionaryObject):
            continue
        if node.get("/S") == kind:
            return node
        kids = node.get("/K", [])
        waiting += kids if isinstance(kids, list) else [kids]
    raise AssertionError(kind)


def _without_an_alternative(copy: PdfWriter) -> None:
    del _first(copy, "/Figure")["/Alt"]


def _without_language(copy: PdfWriter) -> None:
    del copy._root_object["/Lang"]


def _unmarked(copy: PdfWriter) -> None:
    copy._root_object[NameObject("/MarkInfo")] = DictionaryObject({NameObject("/Marked"): BooleanObject(value=False)})


def _name_of_the_file_in_the_window(copy: PdfWriter) -> None:
    del copy._root_object["/ViewerPreferences"]


def _without_bookmarks(copy: PdfWriter) -> None:
    del copy._root_object["/Outlines"]


def _out_of_order(copy: PdfWriter) -> None:
    copy.pages[3][NameObject("/Tabs")] = NameObject("/R")


def _a_head_of_nothing(copy: PdfWriter) -> None:
    del _first(copy, "/TH")["/A"]["/Scope"]


def _a_cell_under_a_head_that_is_gone(copy: PdfWriter) -> None:
    _first(copy, "/TD")["/A"][NameObject("/Headers")] = ArrayObject([TextStringObject("nowhere")])


def _a_skipped_heading(copy: PdfWriter) -> None:
    _first(copy, "/H2")[NameObject("/S")] = NameObject("/H4")


def _an_unknown_type(copy: PdfWriter) -> None:
    _first(copy, "/P")[NameObject("/S")] = NameObject("/Paragraph")


def _a_row_outside_of_a_table(copy: PdfWriter) -> None:
    _first(copy, "/Table")[NameObject("/S")] = NameObject("/Div")


def _lost_content(copy: PdfWriter) -> None:
    _first(copy, "/H1")[NameObject("/K")] = ArrayObject()


def _content_that_is_not_there(copy: PdfWriter) -> None:
    _first(copy, "/H1")[NameObject("/K")] = ArrayObject([NumberObject(9999)])


def _a_font_elsewhere(copy: PdfWriter) -> None:
    for font in copy.pages[0]["/Resources"]["/Font"].values():  # type: ignore[index]
        deeper = font.get_object().get("/DescendantFonts", [font])[0].get_object()
        for key in ("/FontFile", "/FontFile2", "/FontFile3"):
            deeper["/FontDescriptor"].get_object().pop(key, None)


def _a_link_without_words(copy: PdfWriter) -> None:
    for sheet in copy.pages:
        for annotation in sheet.get("/Annots", []):
            del annotation.get_object()["/Contents"]
            return


@pytest.mark.parametrize(
    ("plant", "word"),
    [
        (_without_an_alternative, "alternative"),
        (_without_language, "language"),
        (_unmarked, "marked"),
        (_name_of_the_file_in_the_window, "title"),
        (_without_bookmarks, "bookmarks"),
        (_out_of_order, "tab order"),
        (_a_head_of_nothing, "header"),
        (_a_cell_under_a_head_that_is_gone, "header"),
        (_a_skipped_heading, "headings"),
        (_an_unknown_type, "type"),
        (_a_row_outside_of_a_table, "nesting"),
        (_lost_content, "content"),
        (_content_that_is_not_there, "content"),
        (_a_font_elsewhere, "font"),
        (_a_link_without_words, "annotation"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else value,
)
def test_the_checker_finds_what_is_planted_in_a_copy(
    plant: Callable[[PdfWriter], None], word: str, phantom_pdf: bytes
) -> None:
    copy = PdfWriter(clone_from=PdfReader(io.BytesIO(phantom_pdf)))
    plant(copy)
    out = io.BytesIO()
    copy.write(out)
    assert [found for found in checks.findings(out.getvalue()) if found.startswith(word)]


def test_an_untouched_copy_passes(phantom_pdf: bytes) -> None:
    copy = PdfWriter(clone_from=PdfReader(io.BytesIO(phantom_pdf)))
    out = io.BytesIO()
    copy.write(out)
    assert checks.findings(out.getvalue()) == []
