"""A table's twins: the same cells as CSV in full precision, and as LaTeX for booktabs."""

from __future__ import annotations

import csv
import io
import math
import re

from cxr_report.report import numerals
from cxr_report.report.tables.table import Body, Cell, Column, Scalar, Table

__all__ = ["escape_latex", "neutralise", "to_csv", "to_latex"]

LONG = 40
"""Rows above which a LaTeX table breaks over pages (chosen: about a page)."""

_FORMULA = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, also in full width."""

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    numerals.MINUS: r"\ensuremath{-}",
    "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    "\N{PLUS-MINUS SIGN}": r"\ensuremath{\pm}",
    "\N{LESS-THAN OR EQUAL TO}": r"\ensuremath{\le}",
    "\N{GREATER-THAN OR EQUAL TO}": r"\ensuremath{\ge}",
    "\N{INFINITY}": r"\ensuremath{\infty}",
    "\N{GREEK SMALL LETTER CHI}": r"\ensuremath{\chi}",
    "\N{SUPERSCRIPT TWO}": r"\ensuremath{^{2}}",
    "\N{SUPERSCRIPT MINUS}": r"\ensuremath{^{-}}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\n": " ",
    "\r": " ",
}
_LATEX |= {raised: rf"\ensuremath{{^{digit}}}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}


def neutralise(text: str) -> str:
    """Keep text from being read as a formula by a spreadsheet: an apostrophe goes before a dangerous first character.

    Line breaks become blanks, for readers differ about them inside a cell.

    Example:
        >>> neutralise("=1+1"), neutralise("focal"), neutralise("-2")
        ("'=1+1", 'focal', "'-2")
    """
    line = re.sub(r"[\r\n]+", " ", text)
    return f"'{line}" if line.lstrip(" ").startswith(_FORMULA) else line


def escape_latex(text: str) -> str:
    r"""Write text so that LaTeX prints it as it is.

    Example:
        >>> escape_latex("50 % of a_b")
        '50 \\% of a\\_b'
    """
    return "".join(_LATEX.get(character, character) for character in text)


def to_csv(table: Table) -> str:
    r"""Write the cells in full precision, one line per row; undefined numbers are empty.

    Returns:
        RFC 4180 text with ``\n`` line ends and a head line.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    titled = [table.bodies_title] if table.bodies_title else []
    writer.writerow([*titled, *(name for column in table.columns for name in _names(column))])
    for body in table.bodies:
        for row in body.rows:
            first = [neutralise(body.title)] if titled else []
            cells = zip(row, table.columns, strict=True)
            writer.writerow([*first, *(entry for cell, column in cells for entry in _entries(cell, column))])
    return stream.getvalue()


def _names(column: Column) -> list[str]:
    return [f"{column.name}_{part}" for part in column.parts] or [column.name]


def _entries(cell: Cell, column: Column) -> list[str]:
    missing = len(_names(column)) - len(cell.values)
    return [_scalar(value) for value in cell.values] + [""] * missing


def _scalar(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ("" if math.isnan(value) else str(value))
    return str(value)


def to_latex(table: Table) -> str:
    """Write the table for the package booktabs, over pages (longtable) where it is long.

    Returns:
        A ``table`` or ``longtable`` with caption and label; notes follow as small paragraphs.
    """
    rows = sum(len(body.rows) for body in table.bodies)
    return _long(table) if rows > LONG else _short(table)


def _caption(table: Table) -> str:
    return f"\\caption{{{escape_latex(table.title)} ({escape_latex(table.n)}).}}\\label{{tab:{table.key}}}"


def _columns(table: Table) -> str:
    return "".join("l" if column.kind == "text" else "r" for column in table.columns)


def _head(table: Table) -> list[str]:
    lines = ["\\toprule"]
    if table.grouped:
        start, cells, rules = 1, [], []
        for title, span in table.head():
            cells.append(f"\\multicolumn{{{span}}}{{c}}{{{escape_latex(title)}}}" if title else "")
            if title:
                rules.append(f"\\cmidrule(lr){{{start}-{start + span - 1}}}")
            start += span
        lines += [" & ".join(cells) + r" \\", "".join(rules)]
    lines.append(" & ".join(escape_latex(column.title) for column in table.columns) + r" \\")
    return [*lines, "\\midrule"]


def _body(body: Body, table: Table, *, first: bool) -> list[str]:
    lines = [] if first else ["\\midrule" if body.apart else "\\addlinespace"]
    if body.title:
        lines.append(f"\\multicolumn{{{len(table.columns)}}}{{l}}{{\\textit{{{escape_latex(body.title)}}}}} \\\\")
    for row in body.rows:
        texts = (f"\\textbf{{{_cell(cell)}}}" if cell.strong else _cell(cell) for cell in row)
        lines.append(" & ".join(texts) + r" \\")
    return lines


def _cell(cell: Cell) -> str:
    return cell.latex or escape_latex(cell.text)


def _rows(table: Table) -> list[str]:
    return [line for place, body in enumerate(table.bodies) for line in _body(body, table, first=place == 0)]


def _notes(table: Table) -> list[str]:
    return [f"\\par\\smallskip{{\\footnotesize {escape_latex(note)}\\par}}" for note in table.notes]


def _short(table: Table) -> str:
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "\\centering",
        _caption(table),
        f"\\begin{{tabular}}{{{_columns(table)}}}",
        *_head(table),
        *_rows(table),
        "\\bottomrule",
        "\\end{tabular}",
        *_notes(table),
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _long(table: Table) -> str:
    head = _head(table)
    lines = [
        "% needs \\usepackage{booktabs,longtable}",
        f"\\begin{{longtable}}{{{_columns(table)}}}",
        _caption(table) + r" \\",
        *head,
        "\\endfirsthead",
        *head,
        "\\endhead",
        "\\bottomrule",
        "\\endfoot",
        *_rows(table),
        "\\end{longtable}",
        *_notes(table),
    ]
    return "\n".join(lines) + "\n"
