"""HTML in, its blocks of text and its tables out; scripts, styles and drawings are left out, nothing is fetched."""

from __future__ import annotations

from html.parser import HTMLParser

from cxr_report.verify.text.document import Grid, Passage
from cxr_report.verify.text.reading.layout import grid, passages

__all__ = ["Table", "read_markup"]

_SILENT = frozenset(
    {"script", "style", "svg", "template", "head", "annotation", "annotation-xml", "noscript", "object"}
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "caption",
        "tr",
        "td",
        "th",
        "figure",
        "figcaption",
        "blockquote",
        "pre",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "body",
        "details",
        "summary",
        "form",
        "hr",
        "thead",
        "tbody",
        "tfoot",
    ]
)
SPAN_LIMIT = 100
"""Chosen: columns or rows that one cell may span."""

_VOID = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "col", "wbr", "area", "base", "embed", "source", "track"}
)


class Table:
    """A table that is being read, cell by cell; cells that span rows or columns are laid out."""

    def __init__(self, line: int) -> None:
        """Begin a table at a line of the source."""
        self.line = line
        self.caption = ""
        self.rows: list[list[str]] = []
        self.heads = 0
        self._header_row = True
        self._body = False
        self._pending: dict[int, tuple[int, str]] = {}

    def begin_row(self) -> None:
        """Begin a row; cells from above that reach into it come first."""
        self._close_header()
        self.rows.append([])
        self._header_row = True
        self._body = False

    def add(self, text: str, *, columns: int = 1, rows: int = 1, header: bool = False) -> None:
        """Add a cell."""
        if not self.rows:
            self.begin_row()
        self._fill()
        row = self.rows[-1]
        self._header_row = self._header_row and (header or not row)
        self._body = self._body or not header
        for offset in range(columns):
            place = len(row)
            row.append(text if offset == 0 or header else "")
            if rows > 1:
                self._pending[place] = (rows - 1, text if header else "")

    def finish(self, number: int, unit: str = "line") -> Grid | None:
        """Return the grid; its header are the first rows that have header cells alone."""
        self._close_header()
        rows = [row for row in self.rows if row]
        for place, row in enumerate(rows[: self.heads]):
            if place and len(set(row)) == 1:  # the title of a section, which spans the table
                self.heads = place
        return grid(rows, number=number, heads=self.heads or None, line=self.line, caption=self.caption, unit=unit)

    def _fill(self) -> None:
        row = self.rows[-1]
        while (place := len(row)) in self._pending:
            left, text = self._pending.pop(place)
            row.append(text)
            if left > 1:
                self._pending[place] = (left - 1, text)

    def _close_header(self) -> None:
        if (
            self.rows
            and self.rows[-1]
            and self._header_row
            and self._body is False
            and self.heads == len(self.rows) - 1
        ):
            self.heads += 1
        if self.rows:
            self._fill()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Passage | Grid] = []
        self._words: list[tuple[int, str]] = []
        self._silent: list[str] = []
        self._tables: list[Table] = []
        self._cell: tuple[int, int, bool] | None = None
        self._caption = False
        self._count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.append(tag)
            return
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "br":
            self._words.append((self.getpos()[0], "\n"))
        elif tag in _BLOCKS:
            self._begin(tag, dict(attrs))

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        if self._cell and self._tables and tag not in ("td", "th", "tr", "thead", "tbody", "tfoot"):
            self._words.append((self.getpos()[0], " "))
            if tag == "table":
                self._tables.append(Table(self.getpos()[0]))
            return
        self._flush()
        if tag == "table":
            self._tables.append(Table(self.getpos()[0]))
        elif tag == "caption":
            self._caption = True
        elif tag == "tr" and self._tables:
            self._tables[-1].begin_row()
        elif tag in ("td", "th") and self._tables:
            columns, rows = (_span(attributes.get(name)) for name in ("colspan", "rowspan"))
            self._cell = (columns, rows, tag == "th")

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag == "table" and self._tables:
            self._flush()
            self._end_table()
        elif tag in _BLOCKS and not (self._cell and tag not in ("td", "th", "tr")):
            self._flush()

    def _end_table(self) -> None:
        table = self._tables.pop()
        if not self._tables:
            found = table.finish(self._count + 1)
            if found:
                self.parts.append(found)
                self._count += 1
            else:
                lines = [(table.line, " ".join(row)) for row in table.rows]
                self.parts += passages([(0, table.caption), (0, ""), *lines])

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append((self.getpos()[0], " ".join(data.split("\n")) if data.strip() else " "))

    def _flush(self) -> None:
        """Hand what was collected to the cell, to the caption or to a passage."""
        words, self._words = self._words, []
        text = "".join(word for _, word in words).strip()
        if self._caption:
            self._caption = False
            if self._tables:
                self._tables[-1].caption = " ".join(text.split())
        elif self._cell and self._tables:
            columns, rows, header = self._cell
            self._cell = None
            self._tables[-1].add(" ".join(text.split()), columns=columns, rows=rows, header=header)
        elif text:
            self.parts += passages(_lines(words))

    def close(self) -> None:
        super().close()
        self._flush()
        while self._tables:
            self._end_table()


def _lines(words: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Join pieces into lines; each begins where the source says, and breaks part them."""
    lines: list[tuple[int, str]] = []
    held, first = "", 0
    for line, word in words:
        if not held.strip():
            first = line
        if word == "\n":
            lines.append((first, held.strip() or " "))
            held = ""
        else:
            held += word
    return [each for each in [*lines, (first, held.strip())] if each[1].strip()]


def _span(text: str | None) -> int:
    return max(1, min(SPAN_LIMIT, int(text))) if text and text.isascii() and text.isdigit() and len(text) < 9 else 1


def _without_comments(text: str) -> str:
    """Take comments and declarations away, and the beginning of a tag that never ends, in one pass.

    The parser of the standard library looks for the end of each of them anew, so that a page of nothing but beginnings
    would take hours. Line ends stay, for the numbers of lines.
    """
    kept: list[str] = []
    place = 0
    while (start := text.find("<", place)) >= 0:
        closing = "-->" if text.startswith("<!--", start) else ">" if text[start + 1 : start + 2] in ("!", "?") else ""
        end = text.find(closing or ">", start)
        if end < 0:
            break
        kept.append(text[place:start])
        kept.append("\n" * text.count("\n", start, end) if closing else text[start : end + 1])
        place = end + len(closing or ">")
    return "".join(kept) + ("" if start >= 0 and text.startswith("<!--", start) else text[place:].replace("<", " "))


def read_markup(text: str) -> tuple[Passage | Grid, ...]:
    """Read HTML; line numbers are those of the source at which a block begins.

    Example:
        >>> parts = read_markup("<p>t(28) = 2.2</p><table><tr><th>t<th>p</tr><tr><td>2.2<td>.04</table>")
        >>> [type(part).__name__ for part in parts]
        ['Passage', 'Grid']
    """
    reader = _Reader()
    reader.feed(_without_comments(text))
    reader.close()
    return tuple(reader.parts)
