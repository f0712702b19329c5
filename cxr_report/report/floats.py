"""Figures and tables that do not fit on the rest of a page: a first layout in, a better order of the blocks out.

WeasyPrint sets blocks strictly in their order, so that a figure too tall for what is left of a page leaves a hole.
A journal lets the text flow on instead. The heights of a first layout are enough to foresee the holes; the text that
follows is pulled forward into them, past figures and tables that wait as well, as far as the next heading; past the
heading of one subsection only where a tenth of the page would stay empty otherwise. Figures, and tables, keep their
order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Block", "order", "settle"]

HOLE = 0.08
"""Chosen: share of a page that may stay empty."""

GAP = 0.1
"""Chosen: share of a page that may stay empty for the sake of a figure that keeps to its subsection."""

START = 0.2
"""Chosen: share of a page that a table needs to begin on it, for its caption, its head and its first rows."""

HEADS = ("h2", "h3")

SPANNING = {"front", "abstract", "wide"}
"""Classes of what spans all columns of an article."""

TABLES = ("table", "rows")
"""Both are numbered in one row, so that neither overtakes the other."""


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the page that follows another."""

    place: int
    """In the order of the page."""
    kind: str
    """``figure``, ``table`` (neither breaks over pages), ``h2``, ``h3``, ``rows`` (a table that breaks), ``text``."""
    height: float
    """In the unit of the page's height, with its margins."""


def order(blocks: Sequence[Block], page: float) -> list[int]:
    """Foresee holes and say in which order the blocks should stand.

    Args:
        blocks: in the order of the page.
        page: height of a page.

    Returns:
        The places of all blocks in their new order.

    Example:
        >>> tall, text = Block(1, "figure", 0.8), Block(2, "text", 0.7)
        >>> order([Block(0, "text", 0.5), tall, text], 1.0)
        [0, 2, 1]
    """
    left, done, at = list(blocks), [], 0.0
    late: set[int] = set()  # figures and tables that a heading has passed: one is as far as they may drift
    while left:
        block = left.pop(0)
        whole = block.kind in ("figure", "table")
        if whole and page * HOLE < page - at < block.height:
            pulled = _fitting(block, left, page - at, page, stops=HEADS)
            if page - at - sum(other.height for other in pulled) > page * GAP:
                stops = HEADS if block.place in late else ("h2",)
                pulled = _fitting(block, left, page - at, page, stops=stops, late=late)
                late |= _passed([block, *left], pulled)
            if pulled:
                left = [*pulled, block, *(other for other in left if other not in pulled)]
                block = left.pop(0)
                whole = block.kind in ("figure", "table")
        done.append(block.place)
        at = _after(at, block.height, page, whole=whole)
    return done


def _fitting(
    block: Block,
    following: Sequence[Block],
    room: float,
    page: float,
    *,
    stops: Sequence[str],
    late: Collection[int] = (),
) -> list[Block]:
    """Return what may be pulled in front of a block to fill the room before it.

    Text flows past figures and tables that wait; of these none overtakes another of its kind.
    """
    pulled: list[Block] = []
    waiting, filled = {_series(block.kind)}, 0.0
    for other in following:
        left, series = room - filled, _series(other.kind)
        too_tall = other.kind in ("figure", "table") and other.height > left
        squeezed = other.kind == "rows" and other.height > left < START * page
        second = other.kind == "h3" and any(each.kind == "h3" for each in pulled)
        if left <= 0 or other.kind in stops or second or other.place in late:
            break
        if series in waiting or too_tall or squeezed:
            waiting.add(series)
            continue
        pulled.append(other)
        filled += other.height
    while pulled and pulled[-1].kind in HEADS:
        pulled.pop()
    return pulled


def _passed(blocks: Sequence[Block], pulled: Sequence[Block]) -> set[int]:
    """Return the places of the figures and tables in front of which a heading was pulled."""
    heads = [place for place, block in enumerate(blocks) if block in pulled and block.kind in HEADS]
    before = blocks[: heads[-1]] if heads else ()
    return {block.place for block in before if block not in pulled}


def _series(kind: str) -> str:
    """Return what a block is numbered with; text is numbered with nothing."""
    return "table" if kind in TABLES else kind if kind == "figure" else "text"


def _after(at: float, height: float, page: float, *, whole: bool) -> float:
    if at + height <= page:
        return at + height
    return height % page if whole else (at + height) % page


def settle(root: Any, pages: Iterable[Any], columns: int = 1) -> bool:
    """Put the blocks of a page's tree into a better order.

    Args:
        root: the element tree that was laid out.
        pages: WeasyPrint's pages of it.
        columns: how many there are; what is wide spans them all.

    Returns:
        Whether anything was moved.
    """
    parents = {child: parent for parent in root.iter() for child in parent}
    elements = list(_blocks(root))
    heights, page = _heights(elements, pages)
    for place, element in enumerate(elements):
        if not SPANNING & set(element.get("class", "").split()):
            heights[place] /= columns
    blocks = [Block(place, _kind(element), heights[place]) for place, element in enumerate(elements)]
    new = order(blocks, page)
    if new == list(range(len(blocks))):
        return False
    furthest = -1
    for before, place in zip([-1, *new], new, strict=False):
        if place < furthest:
            parents[elements[place]].remove(elements[place])
            parent = parents[elements[before]]
            parent.insert(list(parent).index(elements[before]) + 1, elements[place])
            parents[elements[place]] = parent
        furthest = max(furthest, place)
    return True


def _blocks(element: Any) -> Iterable[Any]:
    """Yield the blocks below an element that follow one another."""
    for child in element:
        if "screen" in child.get("class", "").split():
            continue  # what paper does not show
        if child.tag in ("main", "body", "html", "section") and "abstract" not in child.get("class", ""):
            yield from _blocks(child)
        elif isinstance(child.tag, str) and child.tag not in ("head", "nav", "script", "style"):
            yield child


def _kind(element: Any) -> str:
    classes = element.get("class", "").split()
    if element.tag == "figure":
        return "figure"
    if element.tag == "div" and "table" in classes:
        return "table" if "short" in classes else "rows"
    return element.tag if element.tag in HEADS else "text"


def _heights(elements: Sequence[Any], pages: Iterable[Any]) -> tuple[list[float], float]:
    places = {element: place for place, element in enumerate(elements)}
    heights, page_height = [0.0] * len(elements), 1.0
    for page in pages:
        box = page._page_box
        page_height = box.height
        extents: dict[tuple[int, bool], tuple[float, float]] = {}
        for part in box.descendants():
            place = (
                places.get(part.element) if part.element is not None and part.element_tag == part.element.tag else None
            )
            if place is not None and hasattr(part, "margin_height"):
                top, bottom = part.position_y, part.position_y + part.margin_height()
                where = (place, part.position_x > box.width / 2)  # in which column
                low, high = extents.get(where, (top, bottom))
                extents[where] = (min(low, top), max(high, bottom))
        for (place, _), (top, bottom) in extents.items():
            heights[place] += bottom - top
    return heights, page_height
