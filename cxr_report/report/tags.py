"""The tags of a PDF: WeasyPrint's tree, broken at every page, in; one tree as the page's author meant it out.

A screen reader shall meet a table that runs over three pages as one table, its head once, and the running titles not at
all. WeasyPrint tags each page for itself, so that sections, tables and lists begin anew on every page; repeated heads
of tables count as content, and what stands in the margins hangs beside the tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["mend"]

MERGED = ("/Part", "/Sect", "/Div", "/Table", "/TBody", "/TR", "/L", "/LI", "/LBody", "/P", "/Art", "/NonStruct")
"""What may run over a page; the others begin and end on one."""

ARTIFACT = b"<</Type /Pagination>>"
"""What is there for the sake of pages alone: running titles, page numbers, repeated heads of tables."""


def mend(document: Any, pdf: Any) -> None:
    """Join what pages have broken, and take what is repeated on every page out of the reading order.

    Args:
        document: WeasyPrint's document.
        pdf: pydyf's PDF of it, with tags, before it is written; changed in place.
    """
    tree = _Tree(pdf)
    tree.columns([_body(page._page_box) for page in document.pages])
    for before, after in zip(document.pages, document.pages[1:], strict=False):
        tree.join([_body(before._page_box)], [_body(after._page_box)])
    tree.scope()
    reached = set(tree.reached())
    for page, array in tree.marked():
        gone = [place for place, reference in enumerate(array) if _number(reference) not in reached]
        _set_aside(pdf.objects[_number(page["Contents"])], set(gone))
        for place in gone:
            array[place] = b"null"
    for number in tree.elements() - reached:
        pdf.objects[number].clear()  # it stays as an empty object: numbers of objects have no gaps
    tree.index()


def _body(box: Any) -> Any:
    """Return the box whose children are the first ones with a tag."""
    while box is not None and getattr(box, "element_tag", None) != "main":
        inside = [child for child in getattr(box, "children", ()) if child.element_tag in ("html", "body", "main")]
        box = inside[0] if inside else None
    return box


class _Tree:
    """The structure tree of a PDF that is being made."""

    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        self.root = self._at(pdf.catalog["StructTreeRoot"])
        self.top = self._at(self.root["K"][0])
        self.heads: dict[bytes, Any] = {}
        """Where the ID of a head that is repeated leads to."""
        self.page = 0

    def _at(self, reference: Any) -> Any:
        return self.pdf.objects[_number(reference)]

    def kids(self, element: Any) -> list[Any]:
        """Return the elements directly below another one."""
        found = [self._at(kid) for kid in element["K"] if isinstance(kid, bytes)]
        return [kid for kid in found if kid.get("Type") == "/StructElem"]

    def columns(self, boxes: Sequence[Any]) -> None:
        """Take the columns of an article away, each of which has an element of its own, and join what they broke.

        Args:
            boxes: of every page the outermost box with a tag.
        """
        for element in self.kids(self.top):
            box = boxes[self.pdf.page_references.index(element["Pg"])]
            kids, inside = self.kids(element), list(getattr(box, "children", ()))
            if not any(_same(box, each) for each in inside) or len(kids) != len(inside):
                continue
            begun: Any = None
            for kid, each, before in zip(kids, inside, [None, *inside], strict=False):
                column = _same(box, each)
                if column and begun is not None:
                    self._join(begun, kid, before, each)
                begun = (begun or kid) if column else None
            columns = [kid.reference for kid, each in zip(kids, inside, strict=True) if _same(box, each)]
            element["K"][:] = [part for kid in element["K"] for part in self._dissolved(kid, columns, element)]

    def _dissolved(self, kid: Any, columns: Sequence[Any], parent: Any) -> list[Any]:
        """Return an element itself, or what stands below it where it is a column."""
        if kid not in columns:
            return [kid]
        for below in self.kids(self._at(kid)):
            below["P"] = parent.reference
        return list(self._at(kid)["K"])

    def join(self, before: Sequence[Any], after: Sequence[Any]) -> None:
        """Join the end of one page with the beginning of the next, where both are parts of the same element.

        Args:
            before: the outermost box with a tag of one page.
            after: that of the next page.
        """
        if before[-1] is None or after[0] is None:
            return
        # so far every page has added its own elements to the top; those of the pages before are joined already
        tops = self.kids(self.top)
        pages = [str(page) for page in self.pdf.page_references]
        self.page += 1
        mine = [top for top in tops if str(top["Pg"]) == pages[self.page]]
        earlier = [top for top in tops if pages.index(str(top["Pg"])) < self.page]
        if mine and earlier:
            self._join(earlier[-1], mine[0], before[-1], after[0])

    def _join(self, first: Any, second: Any, before: Any, after: Any) -> None:
        """Move what a second part holds into the first one, and join its first child with the last one there."""
        if first["S"] != second["S"] or first["S"] not in MERGED or not _same(before, after):
            return
        last, begin = self.kids(first), self.kids(second)
        outer: Sequence[Any] = _children(before)
        inner: Sequence[Any] = _children(after)
        if first["S"] == "/TR":
            self._join_cells(last, begin)
            begin = []
        if first["S"] == "/Table":
            begin, inner = self._without_head(last, begin, inner)
        if last and begin and outer and inner:
            self._join(last[-1], begin[0], outer[-1], inner[0])
        parent = self._at(second["P"])
        for kid in begin:
            if kid.get("K") is not None and kid["P"] == second.reference:
                kid["P"] = first.reference
                first["K"].append(kid.reference)
        parent["K"][:] = [kid for kid in parent["K"] if kid != second.reference]
        second["P"], second["K"] = b"null", []

    def _join_cells(self, first: Sequence[Any], second: Sequence[Any]) -> None:
        """Move what the cells of the second part of a row hold into those of the first one."""
        for cell, rest in zip(first, second, strict=True):
            for kid in self.kids(rest):
                kid["P"] = cell.reference
            cell["K"].extend(rest["K"])
            rest["K"] = []

    def _without_head(self, last: list[Any], begin: list[Any], inner: Sequence[Any]) -> tuple[list[Any], Sequence[Any]]:
        """Take the repeated head of a table away, and let its cells' heads be those of the first one."""
        own = [kid for kid in last if kid["S"] == "/THead"]
        if not own or not begin or begin[0]["S"] != "/THead":
            return begin, inner
        pairs = zip(self._cells(own[0]), self._cells(begin[0]), strict=True)
        self.heads |= {again["ID"].data: first["ID"] for first, again in pairs if "ID" in again}
        for cell in (cell for kid in begin[1:] for cell in self._cells(kid)):
            told = cell["A"].get("Headers")
            if told is not None:
                told[:] = [self.heads.get(each.data, each) for each in told]
        return begin[1:], inner[1:]

    def _cells(self, element: Any) -> list[Any]:
        return [each for each in self._below(element) if each["S"] in ("/TH", "/TD")]

    def _below(self, element: Any) -> Iterator[Any]:
        yield element
        for kid in self.kids(element):
            yield from self._below(kid)

    def scope(self) -> None:
        """Say of every head of a table whether it heads a column or a row."""
        for section in (each for each in self._below(self.top) if each["S"] in ("/THead", "/TBody")):
            for cell in self._cells(section):
                if cell["S"] == "/TH":
                    cell["A"]["Scope"] = "/Column" if section["S"] == "/THead" else "/Row"

    def reached(self) -> Iterator[int]:
        """Yield the numbers of all elements of the tree."""
        return (each.number for each in self._below(self.top))

    def elements(self) -> set[int]:
        """Return the numbers of all elements that were made."""
        found: list[Any] = [each for each in self.pdf.objects if isinstance(each, dict)]
        return {each.number for each in found if _is_element(each)}

    def marked(self) -> Iterator[tuple[Any, Any]]:
        """Yield every page, and the elements of its marked content in their order."""
        numbers = self._at(self.root["ParentTree"])["Nums"]
        pages = [self._at(reference) for reference in self.pdf.page_references]
        for place, page in enumerate(pages):
            yield page, numbers[2 * place + 1]

    def index(self) -> None:
        """List the elements that have an ID, as a tree of names must: in order."""
        import pydyf

        named = {each["ID"].data: each for each in self._below(self.top) if "ID" in each}
        names = pydyf.Array()
        for _, element in sorted(named.items()):
            names.extend([element["ID"], element.reference])
        if names:
            limits = pydyf.Array([names[0], names[-2]])
            leaf = pydyf.Dictionary({"Names": names, "Limits": limits})
            self.pdf.add_object(leaf)
            self.root["IDTree"] = pydyf.Dictionary({"Kids": pydyf.Array([leaf.reference])})


def _is_element(each: Any) -> bool:
    return bool(each.get("Type") == "/StructElem")


def _number(reference: Any) -> int:
    return int(bytes(reference).split()[0])


def _same(before: Any, after: Any) -> bool:
    return before.element is not None and before.element is after.element and before.element_tag == after.element_tag


def _children(box: Any) -> list[Any]:
    """Return the boxes to which the elements below a box's own belong; those of a table with its caption in front."""
    children = list(getattr(box, "children", ()))
    table = box.get_wrapped_table() if getattr(box, "is_table_wrapper", False) else None
    inside = [child is table or (box.element_tag == "main" and _same(box, child)) for child in children]
    return [
        part
        for child, dissolved in zip(children, inside, strict=True)
        for part in (child.children if dissolved else [child])
    ]


def _set_aside(stream: Any, gone: set[int]) -> None:
    """Mark content of a page as an artifact."""
    for place, piece in enumerate(stream.stream):
        if isinstance(piece, dict) and piece.get("MCID") in gone:
            stream.stream[place - 1] = "/Artifact"
            stream.stream[place] = ARTIFACT
