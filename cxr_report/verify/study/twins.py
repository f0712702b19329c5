"""The tables as CSV and LaTeX and the figures of a report, each against the one that recomputed statistics make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cxr_report.runs import ReportFolder
from cxr_report.verify.study import trees
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.marks import NUMBER
from cxr_report.verify.study.source import read_text

__all__ = ["step"]

NAME = "Tables and figures as files"


def step(report: ReportFolder, prefix: str, files: Mapping[str, str]) -> Step:
    """Compare every file with the one set anew, byte for byte, and name cells and lines that differ.

    Args:
        report: where they lie.
        prefix: the folder's name, for the reader.
        files: name -> text, as they should be.
    """
    found: list[Difference] = []
    notices: list[Difference] = []
    checked = 0
    for name, wanted in files.items():
        file = report.path / name
        checked += len(NUMBER.findall(wanted)) if not name.endswith(".svg") else 1
        if not file.is_file():
            found.append(Difference(f"{prefix}/{name}", "", "no file", "a file", "the report has this table or figure"))
        elif (stands := read_text(file)) != wanted:
            for each, near in _apart(f"{prefix}/{name}", stands, wanted):
                (notices if near else found).append(each)
    facts = (
        "figures were drawn anew from the recomputed statistics and compared byte for byte; the drawing code is shared",
        "tables were written anew from the recomputed statistics and compared byte for byte, cells then named",
    )
    return Step(NAME, checked, "numbers and figures", tuple(found), tuple(notices), facts)


def _apart(name: str, stands: str, wanted: str) -> Iterator[tuple[Difference, bool]]:
    why = "the file is not the twin of the table in the page"
    if name.endswith(".csv"):
        first = tuple(trees.rows(wanted)[0][:1])
        for each in trees.table(stands, wanted, first):
            yield Difference(name, each.place, each.stored, each.fresh, why), each.close
        return
    if name.endswith(".svg"):
        why = "the drawing is not the one that the recomputed statistics make"
        stands, wanted = (re.sub("(?<=>)(?=<)", "\n", text) for text in (stands, wanted))
    lines = (stands.splitlines(), wanted.splitlines())
    for number in range(max(map(len, lines))):
        one, other = (each[number] if number < len(each) else "nothing" for each in lines)
        if one != other:
            yield Difference(name, f"line {number + 1}", *_near(one, other), why), False
            if len(lines[0]) != len(lines[1]):
                return


def _near(one: str, other: str) -> tuple[str, str]:
    """Cut two lines to what lies around their first difference."""
    at = next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )
    return one[max(0, at - 40) : at + 40], other[max(0, at - 40) : at + 40]
