"""A page in, its runs of text out, each with the place and the exact numbers that it is marked with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

__all__ = ["NUMBER", "Run", "read", "title_of"]

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
BLOCKS = frozenset(
    {
        "p", "td", "th", "li", "h1", "h2", "h3", "h4", "div", "caption", "figcaption", "tr", "text", "dt", "dd",
        "section", "table", "tspan", "aside", "pre",
    }
)  # fmt: skip
UNSEEN = frozenset({"script", "style", "title", "head", "template", "desc", "metadata"})

NUMBER = re.compile(r"\d+(?:\.\d+)?")
"""A number as it is compared: digits, and a point with digits; a sign and a unit stand beside it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text without a tag in it."""

    text: str
    section: str
    """The nearest ``id`` around it."""
    block: int
    """Which paragraph, cell or line it belongs to, counted from 0."""
    key: str = ""
    """``data-key`` around it; empty = none."""
    values: str | None = None
    """``data-value`` around it; None = none."""
    mark: int = -1
    """Which marked element it stands in, counted from 0; -1 = none."""
    seen: bool = True
    """Whether it is printed: the controls on a screen are not."""
    head: bool = False
    """Whether it stands in the head of a table, which is printed again on every page that the table reaches."""


@dataclass(slots=True)
class _Open:
    """One element that is not closed yet."""

    tag: str
    section: str
    key: str
    values: str | None
    mark: int
    hidden: bool
    seen: bool
    head: bool = False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[_Open] = [_Open("", "", "", None, -1, hidden=False, seen=True)]
        self.runs: list[Run] = []
        self.block = self.marks = 0
        self.listed: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.block += tag in BLOCKS
        if tag in VOID:
            return
        top = self.stack[-1]
        values, key, mark = top.values, top.key, top.mark
        if "data-value" in told:
            values, key, mark = told["data-value"] or "", told.get("data-key") or "", self.marks
            self.marks += 1
        hidden = top.hidden or tag in UNSEEN
        seen = top.seen and "screen" not in (told.get("class") or "").split()
        self.stack.append(
            _Open(tag, told.get("id") or top.section, key, values, mark, hidden, seen, top.head or tag == "thead")
        )
        if tag == "ol":
            self.listed.append(0)
        if tag == "li" and len(self.stack) > 1 and self.stack[-2].tag == "ol" and not hidden:
            self.listed[-1] += 1
            self._add(f"{self.listed[-1]}.")
            self.block += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.block += tag in BLOCKS

    def handle_endtag(self, tag: str) -> None:
        self.block += tag in BLOCKS
        if tag == "ol" and self.listed:
            self.listed.pop()
        if any(each.tag == tag for each in self.stack[1:]):
            while self.stack.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.stack[-1].hidden:
            self._add(data)

    def _add(self, text: str) -> None:
        top = self.stack[-1]
        self.runs.append(Run(text, top.section, self.block, top.key, top.values, top.mark, top.seen, top.head))


def read(page: str) -> list[Run]:
    """Read a page into its runs of text; styles, scripts and what is no text are left out.

    Example:
        >>> [(run.text, run.key) for run in read('<p>It was <span data-key="a.b" data-value="0.5">0.5</span>.</p>')]
        [('It was ', ''), ('0.5', 'a.b'), ('.', '')]
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.runs


def title_of(runs: list[Run], number: int, width: int = 60) -> str:
    """Return the words around a run, within its paragraph or cell.

    Example:
        >>> title_of(read("<p>Before <b>0.5</b> after.</p>"), 1)
        'Before 0.5 after.'
    """
    own = runs[number].block
    before = "".join(run.text for run in runs[max(0, number - 40) : number] if run.block == own)
    after = "".join(run.text for run in runs[number : number + 40] if run.block == own)
    return " ".join((before[-width:] + after[:width]).split())
