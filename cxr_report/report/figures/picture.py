"""A drawn figure as markup: matplotlib's SVG comes in, tidy SVG that can stand inside a page goes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

__all__ = ["Picture", "standalone", "tidy"]

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ROUND = {"stroke-linejoin": "round", "stroke-linecap": "butt"}
"""What matplotlib asks for in a style sheet, which inside a page would reach beyond the figure."""

_LONG = re.compile(r"(\.\d{3})\d+")
_URL = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Picture:
    """One numbered figure."""

    key: str
    """File name and anchor."""
    number: str
    """As in ``Figure 2``; set when the document is put together."""
    title: str
    """Caption: what is drawn, and how to read it."""
    n: str
    """What was counted; closes the caption."""
    alt: str
    """Alternative text that states what is to be seen."""
    svg: str
    """Markup with title and role, ready to stand inside a page."""


def tidy(drawn: str, name: str, alt: str) -> str:
    """Make matplotlib's SVG fit to stand inside a page beside others.

    Metadata and style sheets go, as do ids that nothing refers to; the others get the figure's name in front; the
    alternative text becomes the title.

    Args:
        drawn: a whole SVG file.
        name: unique in the page.
        alt: alternative text.

    Returns:
        One ``svg`` element without declaration.
    """
    root = ElementTree.fromstring(drawn)  # noqa: S314 - made by matplotlib a moment ago, no entities
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
    _rename(root, name)
    for element in root.iter():
        _flatten(element)
    title = ElementTree.Element(f"{{{SVG}}}title", {"id": f"{name}-title"})
    title.text = alt
    root.insert(0, title)
    root.attrib.pop("version", None)
    root.attrib.update({"role": "img", "aria-labelledby": f"{name}-title", **ROUND})
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _flatten(element: ElementTree.Element) -> None:
    """Turn style declarations into attributes, which a page's style sheet cannot mix up, and cut coordinates short."""
    for declaration in element.attrib.pop("style", "").split(";"):
        key, _, value = declaration.partition(":")
        if value:
            element.attrib[key.strip()] = value.strip()
    for key in ("d", "x", "y", "transform"):
        if key in element.attrib:
            element.attrib[key] = _LONG.sub(r"\1", element.attrib[key].replace("\n", " ").strip())


def _rename(root: ElementTree.Element, name: str) -> None:
    """Count the ids in their order, with the figure's name in front; those that nothing refers to go.

    matplotlib derives some of them from where an object lies in memory, so that they differ from process to process.
    """
    used: set[str] = set()
    for element in root.iter():
        for key, text in element.attrib.items():
            used.update(_URL.findall(text))
            if key in ("href", f"{{{XLINK}}}href"):
                used.add(text.removeprefix("#"))
    ids = [own for element in root.iter() if (own := element.attrib.get("id")) in used]
    told = {own: f"{name}-{place}" for place, own in enumerate(dict.fromkeys(ids), start=1)}
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in told:
            element.attrib["id"] = told[own]
        for key, text in element.attrib.items():
            if key in ("href", f"{{{XLINK}}}href") and text.startswith("#"):  # an image holds its pixels in it
                target = text.removeprefix("#")
                element.attrib[key] = f"#{told.get(target, target)}"
            elif "url(#" in text:
                element.attrib[key] = _URL.sub(lambda found: f"url(#{told.get(found[1], found[1])})", text)


def standalone(svg: str, faces: str) -> str:
    """Make a file of its own: declaration and embedded fonts in front of the same drawing.

    Args:
        svg: what `tidy` returned.
        faces: CSS rules that bring the fonts.
    """
    opening, rest = svg.split(">", 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}><style>{faces}</style>{rest}\n'
