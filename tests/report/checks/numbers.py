"""A page in, every result in its tables and sentences that leads nowhere out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

VOID = ("meta", "wbr", "br", "img", "link", "input", "hr", "path", "use", "rect")

KINDS: dict[str, str] = {
    "hash": r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b",
    "identifier of a work": r"doi:10\.\d+/\S+",
    "version of the program": r"\bcxr_report \d+(?:\.\d+)*",
    "setting of the plan": r"(?:α|[a-zα-ω_]+)(?:[ \xa0]=[ \xa0]|=)−?\d+\.\d+|(?:±|at most |margin[a-z ]* |of )0\.\d+",
    "covariances in a note": r"units of 10.*",
    "smallest p in a note": r"cannot reach .*",
}
"""Kinds of numbers with decimals that may stand unmarked, and what they look like."""


class _Text(HTMLParser):
    """Gathers the text of cells and paragraphs outside of what is marked."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[tuple[str, bool, str]] = []
        self.found: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in VOID:
            return
        elsewhere = tag in ("svg", "script", "style", "code") or told.get("class") == "ref"  # the number of a section
        marked = "data-value" in told or elsewhere or self._marked()
        section = told.get("id") or (self.stack[-1][2] if self.stack else "")
        if tag in ("p", "td", "li"):
            self.text = []
        self.stack.append((tag, marked, section))

    def _marked(self) -> bool:
        return bool(self.stack) and self.stack[-1][1]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        own, marked, section = self.stack.pop()
        assert own == tag
        if tag in ("p", "td", "li") and not marked:
            self.found.append((section, "".join(self.text)))

    def handle_data(self, data: str) -> None:
        if self._marked():
            self.text.append("\0")  # a number stands here, and leads to its place
        else:
            self.text.append(data)


SETTINGS = (
    "methods-data", "methods-training", "methods-losses", "methods-analysis", "data", "losses", "settings", "tuning",
    "files",
)  # fmt: skip
"""Parts that tell what was set or counted before anything was computed."""

ELSEWHERE = ("references", "ref-", "time-and-machine", "methods-population", "population-rates", "conformance",
             "methods-conformance")  # fmt: skip
"""Parts whose numbers stand in no statistics.json: bibliography, machine, and records of the program itself."""

_NUMBER = re.compile(r"(?<![\w·.])[−-]?\d+\.\d+")


def unmarked(source: str) -> Iterator[tuple[str, str, str]]:
    """Yield (section, number, the words around it) of every result that is neither marked nor of a known kind.

    Numbers with decimals are results; whole ones are so often part of a name or of a design that they tell nothing.

    Args:
        source: the page.
    """
    known = re.compile("|".join(f"(?:{form})" for form in KINDS.values()))
    start = source.index("<main")
    for section, text in _Text(source[start : source.index("</main>")] + "</main>").found:
        if section in SETTINGS or section.startswith(ELSEWHERE) or section.endswith(("-cases", "-sizes")):
            continue  # the last two describe cases, as the table of the data does
        rest = known.sub(lambda hit: "·" * len(hit[0]), text)
        for hit in _NUMBER.finditer(rest):
            yield section, hit[0], " ".join(text[max(0, hit.start() - 60) : hit.end() + 30].split())
