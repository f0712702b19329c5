"""Tables of the corpus in every form that can be read: Markdown, HTML, TeX, docx, PDF."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from html import escape
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@dataclass(frozen=True, slots=True)
class Planted:
    """A table with the grades that its statements shall get."""

    expected: str
    caption: str
    rows: tuple[tuple[str, ...], ...]
    note: str


def planted_tables() -> list[Planted]:
    """Read the tables of the corpus."""
    text = (CORPUS / "tables.txt").read_text(encoding="utf-8")
    blocks = [block.splitlines() for block in text.split("\n\n")]
    found = []
    for block in blocks:
        lines = [line for line in block if line and not line.startswith("# ")]
        expected, _, caption = lines[0].partition("|")
        rows = tuple(
            tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")
        )
        notes = [line for line in lines[1:] if not line.startswith("|")]
        found.append(Planted(expected.strip(), caption.strip(), rows, " ".join(notes)))
    return found


def markdown(table: Planted) -> bytes:
    """Bars and a rule."""
    rows = [" | ".join(row) for row in table.rows]
    rule = " | ".join("---" for _ in table.rows[0])
    return "\n".join(
        [table.caption, "", *(f"| {row} |" for row in [rows[0], rule, *rows[1:]]), "", table.note]
    ).encode()


def spaced(table: Planted) -> bytes:
    """Columns parted by blanks, in UTF-16."""
    lines = ["    ".join(row) for row in table.rows]
    return "\n".join([table.caption, "", *lines, "", table.note]).encode("utf-16")


def html(table: Planted) -> bytes:
    """A table with header cells, and a note below it."""
    cells = [
        "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
        for row, tag in zip(table.rows, ["th", *["td"] * (len(table.rows) - 1)], strict=True)
    ]
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        "<!DOCTYPE html><html><head><title>Planted</title></head>"
        f"<body><table><caption>{escape(table.caption)}</caption>{body}</table><p>{escape(table.note)}</p></body></html>"
    ).encode()


def tex(table: Planted) -> bytes:
    """A tabular with rules."""

    def cell(text: str) -> str:
        for sign, command in (("%", r"\%"), ("χ2", r"$\chi^2$"), ("−", "$-$"), ("<", "$<$"), ("–", "--")):
            text = text.replace(sign, command)
        return text

    lines = [" & ".join(cell(each) for each in row) + r" \\" for row in table.rows]
    columns = "l" * len(table.rows[0])
    return "\n".join([
        r"\documentclass{article}\begin{document}", cell(table.caption), "",
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule",
        lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}", "", cell(table.note), r"\end{document}",
    ]).encode()  # fmt: skip


def docx_of(body: str) -> bytes:
    """An archive with one part."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')
    return stream.getvalue()


def paragraph(text: str) -> str:
    """A paragraph of a docx file."""
    return f"<w:p><w:r><w:t>{escape(text, quote=False)}</w:t></w:r></w:p>"


def docx(table: Planted) -> bytes:
    """A docx file with a table."""
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in table.rows
    )
    return docx_of(f"{paragraph(table.caption)}<w:tbl>{rows}</w:tbl>{paragraph(table.note)}")


FORMS = {"md": markdown, "txt": spaced, "html": html, "tex": tex, "docx": docx}
