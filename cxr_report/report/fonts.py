"""The report's fonts: STIX as matplotlib ships it, cut down to the characters in use and ready to be embedded."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from fontTools import subset
from fontTools.ttLib import TTFont

from cxr_report.report import hangul

__all__ = ["FAMILY", "Face", "face_rules", "folder"]

FIRST_HANGUL = 0x1100
"""Chosen: characters from here on are set in the Korean font; those below in the report's own."""

FAMILY = "STIXGeneral"
"""The name under which the report knows its font; the same as in matplotlib's figures."""

ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "–—−×±≤≥∞…“”‘’·•‐°§†‡\u00a0\u202f"
"""Characters kept in any case: hyphens and page numbers are made by the layout and stand in no text."""


@dataclass(frozen=True, slots=True)
class Face:
    """One style of the family."""

    file: str
    weight: int
    """CSS font-weight."""
    style: str
    """CSS font-style."""


FACES = (
    Face("STIXGeneral.ttf", 400, "normal"),
    Face("STIXGeneralItalic.ttf", 400, "italic"),
    Face("STIXGeneralBol.ttf", 700, "normal"),
    Face("STIXGeneralBolIta.ttf", 700, "italic"),
)


def folder() -> Path:
    """Return where matplotlib keeps its fonts."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def face_rules(text: Iterable[str], faces: Iterable[Face] = FACES) -> str:
    """Write the CSS that brings the fonts along, as data.

    Args:
        text: all text that is to be set; characters that the fonts lack are left to the reader's own fonts.
        faces: the styles in use.

    Returns:
        One ``@font-face`` rule per style, with a subset in WOFF2, and those of the Korean font where Hangul is set.
    """
    parts = list(text)
    characters = {ord(character) for part in parts for character in part} | set(map(ord, ALWAYS))
    rules = [_rule(FAMILY, folder() / face.file, face, characters) for face in faces]
    return "\n".join([*rules, *_hangul(parts, characters)])


def _hangul(parts: list[str], characters: set[int]) -> list[str]:
    """Bring the Korean font along where there is something to set in it, both weights, upright alone."""
    files = hangul.faces() if any(hangul.spoken(part) for part in parts) else None
    if files is None:
        return []
    wanted = {character for character in characters if character >= FIRST_HANGUL}
    regular, bold = FACES[0], FACES[2]
    return [_rule(hangul.FAMILY, file, face, wanted) for file, face in zip(files, (regular, bold), strict=True)]


def _rule(family: str, file: Path, face: Face, characters: set[int]) -> str:
    data = base64.b64encode(_woff2(file, characters)).decode("ascii")
    return (
        f'@font-face{{font-family:"{family}";font-weight:{face.weight};font-style:{face.style};'
        f'src:url("data:font/woff2;base64,{data}") format("woff2")}}'
    )


def _woff2(file: Path, characters: set[int]) -> bytes:
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells at length which tables it leaves out
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["kern", "liga"]
    options.drop_tables += ["FFTM", "PfEd", "TeX ", "BDF "]  # an editor's own tables, with times in them
    font = TTFont(file, recalcTimestamp=False, lazy=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    out = io.BytesIO()
    font.flavor = "woff2"
    font.save(out)
    font.close()
    return out.getvalue()
