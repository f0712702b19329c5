"""Findings in, a page of HTML with the whole text and every statement marked out: no script, nothing from elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape

from cxr_report.verify.text.checking import Checked
from cxr_report.verify.text.document import Grid, Passage
from cxr_report.verify.text.statements import Finding, Grade
from cxr_report.verify.text.writing.table import summary

__all__ = ["marked_page"]

CLASSES: Mapping[Grade, str] = {
    "consistent": "good",
    "inconsistent": "bad",
    "changes the decision": "worse",
    "cannot be checked": "open",
}
WORST: Sequence[Grade] = ("changes the decision", "inconsistent", "cannot be checked", "consistent")

_STYLE = """
body { font: 16px/1.55 Georgia, serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
body { color: #1a1a1a; background: #fff }
h1, h2 { font-size: 1.2rem; line-height: 1.3 }
p.text { white-space: pre-line; margin: .7rem 0 }
table { border-collapse: collapse; margin: 1rem 0; font-size: .88rem; display: block; overflow-x: auto }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .6rem; text-align: left; vertical-align: top }
small.where { color: #5c5c5c; font-size: .75rem }
mark { color: inherit; border-radius: .2rem; padding: 0 .15rem }
mark.good { background: #e2f1e4; border-bottom: 2px solid #2e7d32 }
mark.bad { background: #fde8c8; border-bottom: 2px dashed #a65b00 }
mark.worse { background: #fbd5d5; border-bottom: 3px double #b00020 }
mark.open { background: #ececec; border-bottom: 2px dotted #5c5c5c }
mark b { font: 600 .7rem/1 sans-serif; margin-left: .35rem }
"""

Marks = dict[tuple[int, int, int], list[tuple[int, int, Finding]]]
"""Part, row and column (-1 in running text) -> spans with what was found there."""


def marked_page(checked: Checked) -> str:
    """Write the text of a document with every statement marked by colour, line and word.

    Every character of the document is escaped; the policy of the page forbids scripts and anything from elsewhere.

    Example:
        >>> from cxr_report.verify.text.checking import check
        >>> from cxr_report.verify.text.document import Document, Passage
        >>> page = marked_page(check(Document("x", "text", (Passage("<b>t(28) = 2.20, p = .06"),))))
        >>> "<mark class='worse'" in page, "&lt;b&gt;" in page
        (True, True)
    """
    title = f"Statistics printed in {checked.document.name}"
    marks = _marks(checked)
    body = [_part(part, place, marks) for place, part in enumerate(checked.document.parts)]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            "<html lang='en'><head><meta charset='utf-8'>",
            "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            "<meta name='viewport' content='width=device-width, initial-scale=1'>",
            f"<title>{_safe(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{_safe(title)}</h1>",
            f"<p>{_safe(summary(checked))}.</p>",
            _legend(),
            "<h2>What does not hold, and what cannot be checked</h2>",
            _list(checked.findings),
            "<h2>The text</h2>",
            *body,
            "</body></html>",
            "",
        ]
    )


def _safe(text: str) -> str:
    """Escape a text, without the characters that no page may hold."""
    return escape("".join(letter for letter in text if letter in "\n\t" or _printable(letter)))


def _printable(letter: str) -> bool:
    return letter >= " " and letter != "\x7f" and not "\ud800" <= letter <= "\udfff" and letter not in "\ufffe\uffff"


def _legend() -> str:
    words = {
        "consistent": "what was recomputed agrees",
        "inconsistent": "what was recomputed differs",
        "changes the decision": "it differs, and significance at alpha with it",
        "cannot be checked": "something is missing",
    }
    return (
        "<p>" + " ".join(f"<mark class='{CLASSES[grade]}'>{grade}</mark> {words[grade]}." for grade in CLASSES) + "</p>"
    )


def _list(findings: Sequence[Finding]) -> str:
    """Write a table of the findings that do not hold, the worst first."""
    rows = sorted(
        (finding for finding in findings if finding.verdict.grade != "consistent"),
        key=lambda finding: WORST.index(finding.verdict.grade),
    )
    if not rows:
        return "<p>Nothing.</p>"
    heads = "".join(f"<th>{head}</th>" for head in ("Where", "As printed", "Recomputed", "Grade", "Why"))
    lines = [
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in (
            _safe(str(each.place)), _safe(each.printed), _safe(each.verdict.recomputed),
            f"<mark class='{CLASSES[each.verdict.grade]}'>{each.verdict.grade}</mark>", _safe(each.verdict.reason),
        )) + "</tr>"
        for each in rows
    ]  # fmt: skip
    return f"<table><tr>{heads}</tr>{''.join(lines)}</table>"


def _marks(checked: Checked) -> Marks:
    marks: Marks = defaultdict(list)
    for finding in checked.findings:
        for row, column, start, end in finding.spans:
            marks[finding.part, row, column].append((start, end, finding))
    return marks


def _part(part: Passage | Grid, place: int, marks: Marks) -> str:
    if isinstance(part, Passage):
        where = f"<small class='where'>{_safe(str(part.place(0)))}</small>"
        return f"<p class='text'>{where} {_marked(part.text, marks.get((place, -1, -1), []))}</p>"
    caption = f"<caption>{_safe(f'{part.place(0, 0)} {part.caption}'.strip())}</caption>"
    rows = []
    for row, cells in enumerate(part.rows):
        tag = "th" if row < part.heads else "td"
        shown = (_marked(cell, marks.get((place, row, column), [])) for column, cell in enumerate(cells))
        rows.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in shown) + "</tr>")
    return f"<table>{caption}{''.join(rows)}</table>"


def _marked(text: str, spans: list[tuple[int, int, Finding]]) -> str:
    """Escape a text and mark its spans; where spans overlap they become one, with the worst grade and every verdict."""
    shown, place = "", 0
    for start, end, findings in _joined(spans):
        worst = min((finding.verdict.grade for finding in findings), key=WORST.index)
        told = "; ".join(dict.fromkeys(_told(finding) for finding in findings))
        word = "" if worst == "consistent" else f"<b>{worst}</b>"
        shown += _safe(text[place:start])
        shown += f"<mark class='{CLASSES[worst]}' title='{_safe(told)}'>{_safe(text[start:end])}{word}</mark>"
        place = end
    return shown + _safe(text[place:])


def _joined(spans: list[tuple[int, int, Finding]]) -> list[tuple[int, int, list[Finding]]]:
    joined: list[tuple[int, int, list[Finding]]] = []
    for start, end, finding in sorted(spans, key=lambda span: span[:2]):
        if joined and start < joined[-1][1]:
            first, last, findings = joined[-1]
            joined[-1] = (first, max(last, end), [*findings, finding])
        elif end > start:
            joined.append((start, end, [finding]))
    return joined


def _told(finding: Finding) -> str:
    verdict = finding.verdict
    parts = (f"{finding.kind}: {verdict.grade}", verdict.recomputed, verdict.reason)
    return ", ".join(part for part in parts if part)
