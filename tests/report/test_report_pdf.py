"""The PDF: tagged, with title, language, bookmarks and embedded fonts; nothing is read but the page itself."""

from __future__ import annotations

import importlib
import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from cxr_report.errors import Refusal
from cxr_report.report import pango, pdf


@pytest.fixture(scope="module")
def reader(phantom_pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(phantom_pdf))


def test_the_title_and_the_words_synthetic_data_stand_on_page_1(reader: PdfReader) -> None:
    text = " ".join(reader.pages[0].extract_text().split())
    assert "Four loss functions for the classification of chest radiographs" in text
    assert "synthetic data" in text.lower()
    assert text.lower().index("synthetic data") < text.index("Abstract")


def test_the_pages_are_a4_and_numbered(reader: PdfReader) -> None:
    sizes = {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in reader.pages}
    assert sizes == {(595, 842)}
    for place, sheet in enumerate(reader.pages, start=1):
        assert f"{place} / {len(reader.pages)}" in sheet.extract_text()


def test_title_authors_and_language_stand_in_the_metadata(reader: PdfReader) -> None:
    assert reader.metadata is not None
    assert reader.metadata.title == "Four loss functions for the classification of chest radiographs"
    assert reader.metadata.author == "A. First, B. Second, C. Third"
    assert reader.metadata.creation_date is None
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in catalog["/Metadata"].get_object().get_data()


def test_every_section_is_a_bookmark(reader: PdfReader) -> None:
    def titles(outline: Any) -> Iterator[str]:
        for entry in outline:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield entry.title

    found = list(titles(reader.outline))
    for name in (
        "Abstract",
        "1 Introduction",
        "2 Methods",
        "3 Results",
        "3.3 Seeds and cases together: the decisions",
        "References",
        "Appendix",
    ):
        assert name in found


def _structure(reader: PdfReader) -> Iterator[Any]:
    catalog: Any = reader.trailer["/Root"]
    waiting = [catalog["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if not hasattr(node, "get"):
            continue
        if "/S" in node:
            yield node
        kids = node.get("/K", [])
        kids = kids if isinstance(kids, list) else [kids]
        waiting += [kid for kid in kids if not isinstance(kid, int)]


def test_figures_headings_and_heads_of_tables_are_tagged_as_in_the_page(reader: PdfReader, phantom_page: str) -> None:
    nodes = list(_structure(reader))
    tags = Counter(str(node["/S"]) for node in nodes)
    assert tags["/H1"] == 1
    assert tags["/H2"] == len(re.findall("<h2", phantom_page))
    assert tags["/H3"] == len(re.findall("<h3", phantom_page))
    pictures = [node for node in nodes if node["/S"] == "/Figure"]
    assert len(pictures) == phantom_page.count("<svg")
    assert all(str(node.get("/Alt", "")).strip() for node in pictures)
    assert tags["/TH"] >= phantom_page.count("<th ")


def test_every_font_is_embedded_and_is_the_reports_own(reader: PdfReader) -> None:
    fonts: dict[str, bool] = {}
    for sheet in reader.pages:
        resources: Any = sheet["/Resources"]
        for font in resources.get("/Font", {}).values():
            own = font.get_object()
            deeper = own.get("/DescendantFonts", [own])[0].get_object()
            descriptor = deeper["/FontDescriptor"].get_object()
            fonts[str(own["/BaseFont"])] = any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
    assert fonts
    assert all(fonts.values())
    assert {name.partition("+")[2].split("-")[0] for name in fonts} == {"STIXGeneral"}


def test_the_text_of_figures_can_be_selected(reader: PdfReader) -> None:
    text = " ".join(sheet.extract_text() for sheet in reader.pages)
    assert "pixel logistic regression 0.740" in text


def test_equal_pages_give_equal_bytes_whatever_the_environment_says(
    phantom_page: str, phantom_pdf: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert pdf.render(phantom_page) == phantom_pdf
    assert os.environ["SOURCE_DATE_EPOCH"] == "1700000000"


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    pdf.render("<!DOCTYPE html><html lang='en'><head><title>x</title></head><body><main><p>x</p></main></body></html>")
    assert "SOURCE_DATE_EPOCH" not in os.environ


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://localhost:9/x.png", "https://example.org/", "ftp://x/y"])
def test_nothing_outside_of_the_page_is_read(url: str) -> None:
    with pytest.raises(ValueError, match="disallowed protocol"):
        pdf.fetcher().fetch(url)


def test_data_inside_the_page_are_read() -> None:
    assert pdf.fetcher().fetch("data:text/plain;base64,aGFsbG8=").read() == b"hallo"


def test_a_page_that_refers_to_a_file_is_refused_in_one_sentence() -> None:
    source = (
        "<!DOCTYPE html><html lang='en'><head><title>x</title></head>"
        "<body><main><img alt='x' src='file:///etc/passwd'></main></body></html>"
    )
    with pytest.raises(Refusal, match="refers to something outside of itself"):
        pdf.render(source)


@pytest.mark.parametrize("error", [OSError("cannot load library 'libpango-1.0-0'.\nmore"), AttributeError("pango_x")])
def test_missing_pango_is_told_in_one_sentence_for_every_system(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        assert name == "weasyprint"
        raise error

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(Refusal) as caught:
        pango.check_pango()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "apt-get install libpango-1.0-0" in sentence
    assert "brew install pango" in sentence
    assert "on Windows MSYS2" in sentence


def test_present_pango_is_no_news() -> None:
    pango.check_pango()
