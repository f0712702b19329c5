"""A PDF in, what keeps it from being PDF/UA-1 out, as far as its structure tells: a list of findings, empty if sound.

The rules are those of the Matterhorn protocol and of ISO 14289-1 that can be read from the objects of the file; each
finding begins with a word that a test can look for.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pypdf import PdfReader
from pypdf.generic import NullObject

STANDARD = {
    "Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI", "Index", "NonStruct", "Private",
    "P", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD", "THead", "TBody",
    "TFoot", "Span", "Quote", "Note", "Reference", "BibEntry", "Code", "Link", "Annot", "Figure", "Formula", "Form",
}  # fmt: skip
"""Types of structure elements that PDF 1.7 knows."""

PARENTS = {
    "TR": {"Table", "THead", "TBody", "TFoot"}, "TH": {"TR"}, "TD": {"TR"}, "THead": {"Table"}, "TBody": {"Table"},
    "TFoot": {"Table"}, "LI": {"L"}, "Lbl": {"LI", "NonStruct"}, "LBody": {"LI"},
}  # fmt: skip
"""Where an element may stand that cannot stand everywhere."""


@dataclass
class Structure:
    """What the tree of a PDF holds."""

    counts: Counter[str] = field(default_factory=Counter)
    levels: list[int] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    marked: set[tuple[int, int]] = field(default_factory=set)
    """(page, number) of the content that the tree leads to."""
    ids: set[bytes] = field(default_factory=set)
    wanted: set[bytes] = field(default_factory=set)


def structure(pdf: bytes) -> Structure:
    """Read the tree of a PDF, and everything that is wrong with the file."""
    reader = PdfReader(io.BytesIO(pdf))
    found = Structure()
    root: Any = reader.trailer["/Root"]
    found.findings += _catalog(reader, root)
    pages = {page.indirect_reference.idnum: place for place, page in enumerate(reader.pages)}  # type: ignore[union-attr]
    if "/StructTreeRoot" in root:
        _walk(root["/StructTreeRoot"], "", None, found, pages)
    found.findings += _headings(found)
    found.findings += [
        f"header: a cell names the head {each!r}, which is not there" for each in found.wanted - found.ids
    ]
    found.findings += _content(reader, found)
    found.findings += _parents(reader, root)
    found.findings += _fonts(reader)
    found.findings += _annotations(reader)
    found.findings += _files(root)
    return found


def findings(pdf: bytes) -> list[str]:
    """Return everything that is wrong with a PDF."""
    return structure(pdf).findings


def _catalog(reader: PdfReader, root: Any) -> Iterator[str]:
    if not str(root.get("/Lang", "")).strip():
        yield "language: the document has none"
    if not _true(root.get("/MarkInfo", {}).get("/Marked")):
        yield "marked: the document does not say that it is tagged"
    if _true(root.get("/MarkInfo", {}).get("/Suspects")):
        yield "marked: the document suspects its own tags"
    if not _true(root.get("/ViewerPreferences", {}).get("/DisplayDocTitle")):
        yield "title: the window would show the file's name"
    if reader.metadata is None or not (reader.metadata.title or "").strip():
        yield "title: the document has none"
    told = root["/Metadata"].get_object().get_data() if "/Metadata" in root else b""
    if b"pdfuaid:part" not in told or not re.search(rb"pdfuaid:part(>|=\")1", told):
        yield "identity: the metadata do not claim PDF/UA-1"
    if b"dc:title" not in told:
        yield "title: the metadata have none"
    if "/StructTreeRoot" not in root:
        yield "tree: there is none"
    if not reader.outline:
        yield "bookmarks: there are none"
    if reader.is_encrypted:
        yield "access: the document is encrypted"
    for place, page in enumerate(reader.pages, start=1):
        if page.get("/Tabs") != "/S":
            yield f"tab order: page {place} does not follow the structure"


def _true(told: Any) -> bool:
    """Say whether a boolean of a PDF is true; as an object of Python it always is."""
    return getattr(told, "value", told) is True


def _walk(node: Any, parent: str, page: Any, found: Structure, pages: dict[int, int]) -> None:
    own = node.get_object()
    kind = str(own.get("/S", "")).removeprefix("/")
    page = own.raw_get("/Pg") if "/Pg" in own else page
    if kind:
        _element(own, kind, parent, found)
    kids = own.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        told = kid.get_object()
        if isinstance(told, int):
            found.marked.add((pages[page.idnum], int(told)))
        elif told.get("/Type") == "/MCR":
            found.marked.add((pages[told.raw_get("/Pg").idnum], int(told["/MCID"])))
        elif told.get("/Type") != "/OBJR":
            _walk(kid, kind if kind != "NonStruct" else parent, page, found, pages)


def _element(own: Any, kind: str, parent: str, found: Structure) -> None:
    found.counts[kind] += 1
    if kind not in STANDARD:
        found.findings.append(f"type: {kind} is none that PDF knows")
    if kind in PARENTS and parent not in PARENTS[kind]:
        found.findings.append(f"nesting: {kind} stands in {parent}")
    if kind in ("Figure", "Formula"):
        alternative = str(own.get("/Alt", "") or own.get("/ActualText", "")).strip()
        found.alternatives.append(alternative)
        if not alternative:
            found.findings.append(f"alternative: {kind} {found.counts[kind]} has no text in its place")
        if "/BBox" not in own.get("/A", {}):
            found.findings.append(f"alternative: {kind} {found.counts[kind]} does not say where it stands")
    if re.fullmatch("H[1-6]", kind):
        found.levels.append(int(kind[1]))
    attributes = own.get("/A", {})
    if kind == "TH":
        if "/ID" in own:
            found.ids.add(_raw(own["/ID"]))
        if attributes.get("/Scope") not in ("/Row", "/Column", "/Both"):
            found.findings.append("header: a head of a table does not say what it heads")
    if kind == "TD":
        found.wanted |= {_raw(each) for each in attributes.get("/Headers", [])}


def _raw(text: Any) -> bytes:
    return getattr(text, "original_bytes", None) or str(text).encode()


def _headings(found: Structure) -> Iterator[str]:
    levels = found.levels
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        yield f"headings: the first one is not the only one of level 1, levels are {levels[:5]}"
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"headings: level {after} follows level {before}"


def _content(reader: PdfReader, found: Structure) -> Iterator[str]:
    """Hold the content of every page against the tree: all is tagged or an artifact, and the tree leads to it."""
    drawn: set[tuple[int, int]] = set()
    for place, page in enumerate(reader.pages):
        contents = page.get_contents()
        nested: list[bool] = []
        for step in _STEPS.finditer(_STRINGS.sub(b"", b"" if contents is None else contents.get_data())):
            begin, number = step["tag"], step["number"]
            if begin:
                if begin == b"Artifact" and any(nested):
                    yield f"content: page {place + 1} holds an artifact inside of tagged content"
                drawn |= {(place, int(number))} if number else set()
                nested.append(bool(number))
            elif step["end"]:
                nested.pop()
            elif not nested:
                yield f"content: page {place + 1} draws what is neither tagged nor an artifact ({step[0].decode()})"
                break
    if lost := drawn - found.marked:
        yield f"content: the tree does not lead to {len(lost)} pieces of content, the first on page {min(lost)[0] + 1}"
    if empty := found.marked - drawn:
        yield f"content: the tree leads to {len(empty)} pieces of content that are not there"


_STRINGS = re.compile(rb"\((?:[^()\\]|\\.)*\)|(?<!<)<[0-9A-Fa-f\s]*>", re.DOTALL)
_STEPS = re.compile(
    rb"/(?P<tag>\w+)\s*(?:<<\s*/MCID (?P<number>\d+)\s*>>|<<[^>]*>>)?\s*B[DM]C\b|(?P<end>\bEMC\b)"
    rb"|(?<![\w/])(?:Tj|TJ|S|s|f\*?|F|B\*?|b\*?|Do|sh)(?=\s)"
)
"""What begins and ends marked content, and what leaves something on the page."""


def _parents(reader: PdfReader, root: Any) -> Iterator[str]:
    """Hold the list of what each piece of content belongs to against the elements of the tree."""
    numbers = root["/StructTreeRoot"]["/ParentTree"].get_object()["/Nums"] if "/StructTreeRoot" in root else []
    told = {int(numbers[place]): numbers[place + 1].get_object() for place in range(0, len(numbers), 2)}
    for place, page in enumerate(reader.pages, start=1):
        if "/StructParents" not in page or int(page["/StructParents"]) not in told:
            yield f"parents: page {place} does not say where its content belongs"
            continue
        elements = told[int(page["/StructParents"])]
        if any("/S" not in each.get_object() for each in elements if not isinstance(each.get_object(), NullObject)):
            yield f"parents: page {place} holds content that belongs to no element"


def _fonts(reader: PdfReader) -> Iterator[str]:
    seen: set[str] = set()
    for page in reader.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            own = font.get_object()
            name = str(own["/BaseFont"])
            if name in seen:
                continue
            seen.add(name)
            deeper = own.get("/DescendantFonts", [own])[0].get_object()
            descriptor = deeper.get("/FontDescriptor", {})
            if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
                yield f"font: {name} is not embedded"
            if not re.match(r"/[A-Z]{6}\+", name):
                yield f"font: {name} is embedded whole, not as the subset in use"
            if "/ToUnicode" not in own:
                yield f"font: {name} does not say which characters its shapes stand for"


def _annotations(reader: PdfReader) -> Iterator[str]:
    for place, page in enumerate(reader.pages, start=1):
        for annotation in page.get("/Annots", []):
            own = annotation.get_object()
            if "/StructParent" not in own:
                yield f"annotation: one of page {place} belongs to no element"
            if own.get("/Subtype") == "/Link" and not str(own.get("/Contents", "")).strip():
                yield f"annotation: a link of page {place} has no description"


def _files(root: Any) -> Iterator[str]:
    tree = root.get("/Names", {}).get("/EmbeddedFiles")
    names = tree.get_object()["/Names"] if tree is not None else []
    listed = [str(names[place]) for place in range(0, len(names), 2)]
    if listed != sorted(listed) or len(set(listed)) != len(listed):
        yield "file: the names of the attached files are not in order"
    for place in range(1, len(names), 2):
        own = names[place].get_object()
        lacking = [key for key in ("/F", "/UF", "/Desc", "/AFRelationship", "/EF") if not own.get(key)]
        if lacking:
            yield f"file: {names[place - 1]} lacks {', '.join(lacking)}"
