"""Every kind of file is read with its places; what cannot be read is one sentence."""

from __future__ import annotations

import contextlib
import importlib
import io
import zipfile
from pathlib import Path

import matplotlib
import pypdf
import pytest
import weasyprint

from cxr_report.errors import Refusal
from cxr_report.verify.text import check, read_bytes, read_document
from cxr_report.verify.text.document import Grid, Passage
from cxr_report.verify.text.reading import opening, portable, word

forms = importlib.import_module("checked_forms")
STATEMENT = "It was t(28) = 2.20, p = .06."


def grades(data: bytes, suffix: str = "") -> list[str]:
    return [finding.verdict.grade for finding in check(read_bytes(data, "x", suffix)).findings]


def refused(data: bytes, suffix: str = "") -> str:
    with pytest.raises(Refusal) as caught:
        read_bytes(data, "x", suffix)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def pdf_of(body: str) -> bytes:
    return bytes(weasyprint.HTML(string=f"<style>body {{ font-family: monospace }}</style>{body}").write_pdf())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_in_every_form_is_read_alike(encoding: str) -> None:
    text = "검정 결과는 χ²(2, N = 90) = 6.10, p = .047이었다. " * 3
    assert grades(text.encode(encoding)) == ["consistent"] * 3


def test_latin_1_is_read_and_said() -> None:
    document = read_bytes("Größe: t(28) = 2,20, p = 0,036".encode("latin-1"), "x", ".txt")
    assert document.notes == ("read as Latin-1 (Windows 1252), for it is not UTF-8",)
    assert check(document).clean


def test_the_encoding_that_a_page_names_is_taken() -> None:
    page = "<html><head><meta charset='euc-kr'></head><p>결과는 t(28) = 2.20, p = .06이었다".encode("euc-kr")
    checked = check(read_bytes(page, "x", ".html"))
    assert checked.document.notes == ("read as euc_kr",)
    assert "결과" in checked.document.parts[0].text  # type: ignore[union-attr]
    assert not checked.clean


def test_places_are_those_of_the_source() -> None:
    text = "One.\n\nTwo\nthree " + STATEMENT
    assert str(check(read_bytes(text.encode(), "x")).findings[0].place) == "line 4"
    html = "<html>\n<p>One</p>\n<p>Two " + STATEMENT
    assert str(check(read_bytes(html.encode(), "x", ".html")).findings[0].place) == "line 3"
    tex = "\\begin{document}\n% a comment\nOne.\n\n" + STATEMENT.replace("t(28)", "$t(28)$")
    assert str(check(read_bytes(tex.encode(), "x", ".tex")).findings[0].place) == "line 5"
    docx = forms.docx_of(forms.paragraph("One.") + forms.paragraph(STATEMENT))
    assert str(check(read_bytes(docx, "x", ".docx")).findings[0].place) == "paragraph 2"


def test_a_table_names_row_and_column() -> None:
    page = "<table><tr><th>a<th>t<th>df<th>p<tr><td>x<td>2.20<td>28<td>.06</table>"
    assert str(check(read_bytes(page.encode(), "x", ".html")).findings[0].place) == "line 1, table 1, row 2, column 2"


def test_subscripts_and_superscripts_of_html_are_read() -> None:
    assert grades(
        b"<p><i>t</i><sub>28</sub> = 2.20, <i>p</i> &lt; .05; F<sub>1,28</sub> = 4.50, p = .043", ".html"
    ) == [
        "consistent",
        "consistent",
    ]


def test_scripts_styles_and_comments_are_no_text() -> None:
    page = f"<p>ok<script>{STATEMENT}</script><style>{STATEMENT}</style><!-- {STATEMENT} --><p>end"
    assert grades(page.encode(), ".html") == []


def test_spanning_headers_stand_over_all_their_columns() -> None:
    page = (
        "<table><thead><tr><th rowspan=2>a<th colspan=3>Paired t test</tr><tr><th>t<th>df<th>p</tr></thead>"
        "<tr><td>x<td>2.20<td>28<td>.036</tr></table>"
    )
    grid = read_bytes(page.encode(), "x", ".html").parts[0]
    assert isinstance(grid, Grid)
    assert grid.rows[:2] == (("a", *["Paired t test"] * 3), ("a", "t", "df", "p"))
    assert grades(page.encode(), ".html") == ["consistent"]


def test_a_pdf_is_read_over_line_ends_and_says_its_pages() -> None:
    words = "word " * 40
    data = pdf_of(
        f"<p>{words}</p><p style='page-break-before: always; width: 7em'>It was t(28) = 2.20, p = .06, we say.</p>"
    )
    finding = check(read_bytes(data, "x", ".pdf")).findings[0]
    assert finding.verdict.grade == "changes the decision"
    assert (finding.place.page, finding.place.line) == (2, 2)


def test_an_encrypted_pdf_is_refused() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf_of(STATEMENT)))
    writer.encrypt("secret", algorithm="AES-256")
    stream = io.BytesIO()
    writer.write(stream)
    assert "is encrypted; save it without a password" in refused(stream.getvalue(), ".pdf")


def test_a_pdf_without_text_is_refused_as_a_scan() -> None:
    picture = "<svg width=100 height=100 xmlns='http://www.w3.org/2000/svg'><rect width=90 height=90 /></svg>"
    assert "none of its 1 pages holds text (a scan needs OCR first)" in refused(pdf_of(picture), ".pdf")


def test_a_pdf_that_swells_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portable, "STREAM_LIMIT", 20_000)
    assert "a stream unpacks to more than" in refused(pdf_of(f"<p>{'word ' * 30_000}</p>"), ".pdf")


def test_both_columns_of_a_pdf_and_a_table_beside_text_are_read() -> None:
    """A statistic in each of eighteen justified, hyphenated paragraphs, and a table in one of two columns."""
    words = "speaks of many things that matter to nobody in particular, and goes on for some lines, as papers do"
    prose = "".join(
        f"<p>Paragraph {n} {words}. The groups differed, t(28) = 2.20, p = .036, we say.</p>" for n in range(9)
    )
    rows = "".join(f"<tr><td>loss<td>2.20<td>28<td>{p}</tr>" for p in (".036", ".063", ".036"))
    table = f"<table><tr><th>Loss<th>t<th>df<th>p</tr>{rows}</table>"
    font = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf").as_uri()
    style = (
        f"@font-face {{ font-family: Tested; src: url({font}) }} body {{ font: 9pt Tested }} "
        "main { columns: 2; text-align: justify; hyphens: auto } "
        "table { border-spacing: 12pt 2pt; break-inside: avoid }"
    )
    data = weasyprint.HTML(string=f"<style>{style}</style><html lang=en><main>{prose}{table}{prose}</main>").write_pdf()
    findings = check(read_bytes(data, "x", ".pdf")).findings
    assert [f.verdict.grade for f in findings if not f.place.table] == ["consistent"] * 18
    assert [f.verdict.grade for f in findings if f.place.table] == ["consistent", "changes the decision", "consistent"]


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6])
def test_a_cut_off_pdf_is_an_answer_or_one_sentence(part: float) -> None:
    data = pdf_of(f"<p>{STATEMENT}</p>")
    with contextlib.suppress(Refusal):
        assert read_bytes(data[: int(len(data) * part)], "x", ".pdf").parts


def test_half_a_zip_is_refused() -> None:
    data = forms.docx_of(forms.paragraph(STATEMENT * 100))
    assert "damaged or cut off" in refused(data[: len(data) // 2], ".docx")


def test_a_zip_that_is_no_docx_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", STATEMENT)
    assert "is a zip archive but no docx file" in refused(stream.getvalue())


def test_entities_in_a_docx_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><d>&a;</d>")
    assert "declares a document type" in refused(stream.getvalue(), ".docx")


def test_a_docx_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word, "PART_LIMIT", 10_000)
    assert "unpacks to more than" in refused(forms.docx_of(forms.paragraph("a" * 20_000)), ".docx")


def test_a_pdf_is_read_to_the_last_allowed_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portable, "PAGE_LIMIT", 1)
    document = read_bytes(
        pdf_of(f"<p>{STATEMENT}</p><p style='page-break-before: always'>{STATEMENT}</p>"), "x", ".pdf"
    )
    assert [part.page for part in document.parts if isinstance(part, Passage)] == [1]
    assert "read up to page 1" in document.notes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x89PNG\r\n\x1a\n123", "is a picture"),
        (b"\xd0\xcf\x11\xe0abc", "is an old Office file; save it as docx"),
        (b"{\\rtf1 x}", "is an RTF file"),
        (b"\x00\x01\x02\x00\x05\x00\x00\x09" * 50, "holds bytes that are no text"),
        (b"\n \n", "holds no text"),
    ],
)
def test_other_kinds_are_refused_with_what_is_allowed(data: bytes, words: str) -> None:
    assert words in refused(data)


def test_a_pdf_by_name_alone_is_refused() -> None:
    assert "does not begin as a PDF" in refused(b"Hello", ".pdf")


def test_a_large_file_is_refused_without_reading_it_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(opening, "FILE_LIMIT", 2_000_000)
    file = tmp_path / "large.txt"
    with file.open("wb") as stream:
        stream.truncate(1_000_000_000)
    with pytest.raises(Refusal, match="is larger than 2 MB"):
        read_document(file)


def test_missing_empty_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    for name, words in (("none.txt", "no such file"), ("empty.txt", "is empty"), (".", "is a folder")):
        with pytest.raises(Refusal, match=words):
            read_document(tmp_path / name)
