"""The texts, tables and curves of an audit in; one self-contained HTML page and a tagged PDF out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

import cxr_report
from cxr_report.report import fonts, pdf, templates
from cxr_report.report.figures import agreement_curves
from cxr_report.report.figures.agreement_curves import CurvePanel, ProbabilityCurve
from cxr_report.report.figures.picture import Picture
from cxr_report.report.tables.writing import neutralise

__all__ = [
    "AuditPage",
    "AuditSection",
    "AuditTable",
    "CurvePanel",
    "ProbabilityCurve",
    "figure",
    "neutralise",
    "to_html",
    "to_pdf",
]

FACES = "/* the fonts go here */"
"""Stands in the style sheet, above any text of the user's."""


@dataclass(frozen=True, slots=True)
class AuditTable:
    """One table of text."""

    key: str
    """Anchor."""
    title: str
    heads: tuple[str, ...]
    numbers: frozenset[int]
    """Places of the columns that stand right."""
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    wide: bool = False
    """Whether the last column holds sentences."""


@dataclass(frozen=True, slots=True)
class AuditSection:
    """One section."""

    key: str
    title: str
    paragraphs: tuple[str, ...]
    tables: tuple[AuditTable, ...] = ()
    picture: Picture | None = None
    points: tuple[str, ...] = ()
    """Sentences that stand as a list after the paragraphs."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Everything that the template sets."""

    title: str
    identity: str
    summary: tuple[str, ...]
    sections: tuple[AuditSection, ...]
    references: tuple[tuple[str, str], ...]
    """Text and DOI of each."""


def figure(panels: Sequence[CurvePanel], certain: float) -> Picture | None:
    """Draw the curves; None where there are none."""
    return agreement_curves.draw(panels, certain)


def to_html(page: AuditPage) -> str:
    """Set the page; every text is escaped, and only figures go in as markup."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates.find()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["made"] = _markup
    template = environment.get_template("audit.html.j2")
    numbered = [table.key for section in page.sections for table in section.tables]
    html = template.render(
        page=page,
        numbers={key: place for place, key in enumerate(numbered, start=1)},
        faces=_markup(FACES),
        program=cxr_report.__version__,
    )
    return html.replace(FACES, fonts.face_rules([html]), 1)


def to_pdf(html: str) -> bytes:
    """Set the page as a tagged PDF.

    Raises:
        Refusal: Pango is missing.
    """
    return pdf.render(html)


def _markup(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - for what the program drew itself
