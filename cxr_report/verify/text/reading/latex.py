"""TeX source in, its text without commands and its tabulars as grids out; nothing is included or run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cxr_report.verify.text.document import Grid, Passage
from cxr_report.verify.text.reading.layout import grid, passages

__all__ = ["read_latex"]

_SYMBOLS: Mapping[str, str] = {
    "chi": "χ", "alpha": "α", "beta": "β", "eta": "η", "rho": "ρ", "tau": "τ", "Delta": "Δ", "pm": "±", "leq": "≤",
    "le": "≤", "geq": "≥", "ge": "≥", "lt": "<", "gt": ">", "approx": "≈", "sim": "~", "times": "×", "cdot": "·",
    "quad": " ", "qquad": " ", "ldots": "...", "dots": "...", "textless": "<", "textgreater": ">", "textendash": "–",
    "textminus": "−", "dagger": "†", "ast": "*", "star": "*", "newline": " ", "to": "→",
}  # fmt: skip
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_TABULAR = re.compile(r"\\begin\{(tabular[*xy]?|longtable|tabulary)\}")
_ARGUMENTS = re.compile(r"\s*(?:\[[^\]\n]{0,80}\]|\{(?:[^{}]|\{[^{}]{0,80}\}){0,300}\}){0,3}")
_NAME = re.compile(r"\\([A-Za-z]{1,30})\*?[ \t]?")
_SPACE = re.compile(r"\\[,;:! ]|~")
_BRACES = re.compile(r"[{}$]|(?<!\\)\^|\\[()\[\]]|\\(?=[%&#_$])")
_SPANNING = re.compile(r"\\multicolumn\s*\{(\d{1,3})\}\s*\{(?:[^{}]|\{[^{}]{0,40}\}){0,60}\}")
_ROWS = re.compile(r"\\\\(?:\[[^\]\n]{0,20}\])?|\\tabularnewline")
_RULES = re.compile(
    r"\\(?:hline|toprule|bottomrule|cmidrule|cline|addlinespace|midrule)\s*(?:\([lr]{0,2}\))?(?:\{[^{}\n]{0,20}\}|\[[^\]\n]{0,20}\])?"
)
_DROPPED = re.compile(
    r"\\(?:label|ref|eqref|cite[a-z]{0,8}|includegraphics|usepackage|documentclass|bibliography[a-z]{0,8})\s*(?:\[[^\]\n]{0,200}\])?\{[^{}\n]{0,300}\}"
)


def read_latex(text: str) -> tuple[Passage | Grid, ...]:
    r"""Read TeX source; line numbers are those of the source.

    Example:
        >>> read_latex(r"It was $\chi^2(2, N = 90) = 6.10$, $p = .047$.")[0].text
        'It was χ2(2, N = 90) = 6.10, p = .047.'
    """
    text = _COMMENT.sub("", text)
    parts: list[Passage | Grid] = []
    place = tables = 0
    for begin in _TABULAR.finditer(text):
        if begin.start() < place:
            continue
        end = text.find(f"\\end{{{begin[1]}}}", begin.end())
        if end < 0:
            break
        parts += _prose(text, place, begin.start())
        found = _grid(text[begin.end() : end], tables + 1, text.count("\n", 0, begin.start()) + 1)
        if found:
            parts.append(found)
            tables += 1
        place = end + len(begin[1]) + 6
    return (*parts, *_prose(text, place, len(text)))


def _prose(text: str, start: int, end: int) -> list[Passage]:
    first = text.count("\n", 0, start) + 1
    return passages([(first + offset, _shown(line)) for offset, line in enumerate(text[start:end].split("\n"))])


def _shown(text: str) -> str:
    """Take the commands away and keep what they print."""
    text = _SPACE.sub(" ", _DROPPED.sub("", text)).replace("---", "—").replace("--", "–")
    text = re.sub(r"\\(?:begin|end)\{[^{}\n]{0,40}\}", " ", text)
    text = _NAME.sub(lambda match: _SYMBOLS.get(match[1], ""), text)
    return _BRACES.sub("", text)


def _grid(body: str, number: int, line: int) -> Grid | None:
    """Read the rows of a tabular; the header ends at the first rule within it."""
    body = body[_ARGUMENTS.match(body).end() :]  # type: ignore[union-attr]
    rows: list[list[str]] = []
    heads: int | None = None
    for piece in _ROWS.split(body):
        if rows and heads is None and re.search(r"\\(?:midrule|hline)", piece):
            heads = len(rows)
        cells = [_cell(cell) for cell in re.split(r"(?<!\\)&", _RULES.sub("", piece))]
        row = [text for text, span in cells for text in (text, *[text if heads is None else ""] * (span - 1))]
        if any(row):
            rows.append(row)
    return grid(rows, number=number, heads=heads, line=line)


def _cell(text: str) -> tuple[str, int]:
    match = _SPANNING.search(text)
    span = min(100, int(match[1])) if match else 1
    text = re.sub(r"\\multirow\s*\{[^{}\n]{0,10}\}\s*\{[^{}\n]{0,20}\}", "", _SPANNING.sub("", text))
    return " ".join(_shown(text).split()), max(1, span)
