"""A report's page, number by number: every marked one against the statistics, every word against the page set anew."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from cxr_report.verify.study.decisions import MISSING, crossing, resolve
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.marks import NUMBER, Run, read, title_of
from cxr_report.verify.study.rounding import printed_numbers, rounds
from cxr_report.verify.study.trees import close

__all__ = ["Marked", "alone", "marked", "step"]

NAME = "Every number of the page"

SCALES = {"variances": 10**6}
"""First part of a place -> what its numbers are printed in multiples of; the table's head says so."""


@dataclass(frozen=True, slots=True)
class Marked:
    """One element that carries an exact number."""

    number: int
    """Its place among them."""
    run: int
    """The first of its runs."""
    key: str
    values: str
    """As in the attribute."""
    text: str
    section: str


def marked(runs: list[Run]) -> list[Marked]:
    """Gather the marked elements of a page, with all of the text inside of each."""
    found: dict[int, Marked] = {}
    for place, run in enumerate(runs):
        if run.mark in found:
            found[run.mark] = replace(found[run.mark], text=found[run.mark].text + run.text)
        elif run.mark >= 0 and run.values is not None:
            found[run.mark] = Marked(run.mark, place, run.key, run.values, run.text, run.section)
    return list(found.values())


def step(file: str, page: str, tree: Mapping[str, Any], expected: str | None) -> Step:
    """Hold a page against recomputed statistics, and against the page that they make.

    Args:
        file: its name, for the reader.
        page: as it lies there.
        tree: recomputed statistics.
        expected: the page set anew; None = another version set it, so that its words are not known.
    """
    runs = read(page)
    elements = marked(runs)
    wanted = {} if expected is None else {each.number: each for each in marked(read(expected))}
    differences: list[Difference] = []
    notices: list[Difference] = []
    told: set[int] = set()
    odd = 0
    for each in elements:
        for one in _element(file, runs, each, tree):
            near = close(*_pair(one.printed, one.recomputed))
            (notices if near else differences).append(one)
            told.add(each.number)
        if each.number not in told and not _rounded(each):
            same = wanted.get(each.number)
            if same is not None and same.text == each.text:
                odd += 1
            else:
                differences.append(_misprint(file, runs, each, tree))
                told.add(each.number)
    if expected is not None and expected != page:
        differences += list(_words(file, page, expected, told, silent=bool(differences or notices)))
    loose = sum(len(NUMBER.findall(run.text)) for run in runs if run.mark < 0)
    keyed = sum(bool(each.key) for each in elements)
    facts = [*_facts(len(elements), keyed, loose, odd), _set_anew(page, expected)]
    return Step(NAME, len(elements) + loose, "numbers", tuple(differences), tuple(notices), tuple(facts))


def _facts(elements: int, keyed: int, loose: int, odd: int) -> Iterator[str]:
    yield (
        f"{keyed} numbers lead to a place in the statistics, where the recomputed value was looked up; their printed "
        "roundings were checked by code that the report does not share"
    )
    yield f"{elements - keyed} numbers carry an exact value without a place; it was held against their rounding"
    yield f"{loose} numbers stand in words and settings without either; they were held against the page set anew"
    if odd:
        yield f"{odd} numbers are printed in another form than a rounding, and were held against the page set anew"


def _set_anew(page: str, expected: str | None) -> str:
    if expected is None:
        return "another build of the program set the page, so that its words were not compared"
    shared = "the report's own code turns numbers into words there, which is shared"
    if page == expected:
        return f"the page set anew from the recomputed statistics has the same bytes; {shared}"
    return f"the page was compared with one set anew from the recomputed statistics; {shared}"


def _element(file: str, runs: list[Run], each: Marked, tree: Mapping[str, Any]) -> Iterator[Difference]:
    """Hold the exact numbers of an element against the statistics at its place."""
    place = f"{each.section}, {each.key or 'no place'}: {title_of(runs, each.run)}"
    if not each.key:
        return
    found = resolve(tree, each.key)
    if found is MISSING:
        yield Difference(file, place, each.values, "no such place", "the number leads nowhere in the statistics")
        return
    for number, value in enumerate(each.values.split()):
        homes = [found] if number == 0 or isinstance(found, Mapping | list) else _around(tree, each.key)
        if not any(value == known for home in homes for known in _known(home)):
            nearest = _nearest(value, homes[0])
            if nearest != value:
                alpha = _number(resolve(tree, "study.analysis.alpha"))
                decision = crossing(each.key, _number(value), _number(nearest), alpha)
                why = "the exact number behind the print is not what truth and predictions come to"
                yield Difference(file, place, value, nearest, why, decision)


def _around(tree: Mapping[str, Any], key: str) -> list[Any]:
    """Return what stands beside a place: the other parts of an interval, or what belongs to the same row."""
    parent, _, own = key.rpartition(".")
    beside = resolve(tree, parent) if parent else tree
    if isinstance(beside, list) and own.isdecimal():
        row = resolve(tree, parent.rpartition(".")[0])
        lists = row.values() if isinstance(row, Mapping) else ()
        return [[each[int(own)] for each in lists if isinstance(each, list) and int(own) < len(each)]]
    return [beside]


def _known(found: Any) -> Iterator[str]:
    values = found.values() if isinstance(found, Mapping) else found if isinstance(found, list) else [found]
    for value in values:
        if value is None:
            yield "null"
        elif isinstance(value, bool):
            continue
        elif isinstance(value, int | float):
            yield str(value)
            yield str(float(value))
        elif value in ("inf", "-inf"):
            yield str(value)


def _nearest(value: str, found: Any) -> str:
    """Return the known value that lies nearest, for the reader to see beside the printed one."""
    known = list(_known(found))
    finite = [each for each in known if each not in ("null", "inf", "-inf")]
    if not finite or math.isnan(_number(value)):
        return known[0] if known else "no number"
    best = min(finite, key=lambda each: abs(float(each) - _number(value)))
    return value if float(best) == _number(value) and NUMBER.search(value) and _plain(value) else best


def _plain(value: str) -> bool:
    """Say whether a number is written as this program writes it, so that equal numbers are equal texts."""
    return value in (str(_number(value)), str(int(_number(value))) if _number(value).is_integer() else "")


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _pair(first: str, second: str) -> tuple[float | None, float | None]:
    pair = _number(first), _number(second)
    return (None, None) if any(map(math.isnan, pair)) else pair


def _rounded(each: Marked) -> bool:
    values = [_number(value) for value in each.values.split()]
    if rounds(each.text, values) or rounds(each.text, values, scale=SCALES.get(each.key.split(".")[0], 1)):
        return True
    return each.key == "study.analysis.alpha" and rounds(each.text, [1 - value for value in values])


def _misprint(file: str, runs: list[Run], each: Marked, tree: Mapping[str, Any]) -> Difference:
    place = f"{each.section}, {each.key or 'no place'}: {title_of(runs, each.run)}"
    values = [_number(value) for value in each.values.split()]
    printed = [_number(one["digits"].replace("−", "-")) for one in printed_numbers(each.text)]
    alpha = _number(resolve(tree, "study.analysis.alpha"))
    pairs = zip(printed, values, strict=False)
    decision = next((told for one, other in pairs if (told := crossing(each.key, one, other, alpha))), "")
    why = "the print is no rounding of the exact number, which it carries"
    return Difference(file, place, each.text, each.values, why, decision)


def _words(file: str, page: str, expected: str, told: set[int], *, silent: bool) -> Iterator[Difference]:
    """Yield where text and marks of two pages differ, but for elements that are told already."""
    runs, wanted = read(page), read(expected)
    tuples = [[(run.text, run.key, run.values) for run in each] for each in (runs, wanted)]
    found = False
    for tag, start, end, first, last in _opcodes(*tuples):
        if tag == "equal":
            continue
        found = True
        if start < end and all(run.mark in told for run in runs[start:end]):
            continue
        stands, should = ("".join(run.text for run in each).strip() for each in (runs[start:end], wanted[first:last]))
        at = min(start, len(runs) - 1)
        place = f"{runs[at].section}: {title_of(runs, at)}" if runs else ""
        why = "the words are not those that the recomputed statistics make"
        if stands == should:
            stands, should = (str([(r.key, r.values) for r in each]) for each in (runs[start:end], wanted[first:last]))
            why = "the place or the exact number behind the print is another one"
        yield Difference(file, place, stands[:300], should[:300], why)
    if not found and not silent:
        yield _elsewhere(file, page, expected)


def _opcodes(runs: list[Any], wanted: list[Any]) -> Iterator[tuple[str, int, int, int, int]]:
    if len(runs) == len(wanted):
        for place, pair in enumerate(zip(runs, wanted, strict=True)):
            if pair[0] != pair[1]:
                yield "replace", place, place + 1, place, place + 1
        return
    yield from SequenceMatcher(None, runs, wanted, autojunk=False).get_opcodes()


def _elsewhere(file: str, page: str, expected: str) -> Difference:
    """Name the first place outside of the text at which two pages differ: a drawing, a style, the script."""
    at = next((n for n, (one, two) in enumerate(zip(page, expected, strict=False)) if one != two), len(page))
    before = page[:at]
    marker = before.rfind(' id="')
    near = page[marker + 5 :].split('"', 1)[0] if marker >= 0 else "head"
    inside = next((tag for tag in ("svg", "script", "style") if before.rfind(f"<{tag}") > before.rfind(f"</{tag}")), "")
    place = f"character {at + 1}, {f'in the {inside} ' if inside else ''}near {near}"
    why = "drawing, style or script is not the one that the recomputed statistics make"
    return Difference(file, place, page[max(0, at - 20) : at + 20], expected[max(0, at - 20) : at + 20], why)


def alone(file: str, page: str) -> Step:
    """Check a page against itself: every print against the exact number that it carries."""
    runs = read(page)
    elements = marked(runs)
    wrong = [_misprint(file, runs, each, {}) for each in elements if not _rounded(each)]
    by_key: dict[tuple[str, int], Marked] = {}
    for each in elements:
        first = by_key.setdefault((each.key, len(each.values.split())), each)
        if each.key and first.values != each.values and len(each.values.split()) == 1 and _is_leaf(each, first):
            place = f"{each.section}, {each.key}: {title_of(runs, each.run)}"
            why = f"the same place carries another number in {first.section}"
            wrong.append(Difference(file, place, each.values, first.values, why))
    facts = ("a page alone can only be checked against itself; the study's folder or the PDF says whether it is right",)
    return Step("The page against itself", len(elements), "numbers", tuple(wrong), (), facts)


def _is_leaf(each: Marked, first: Marked) -> bool:
    """Say whether a place is that of one number; places of intervals have several, of which one may be named."""
    return not each.key[-1].isdecimal() and bool(first.values)
