"""The stored statistics, scores and comparisons, value by value against those that were computed again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cxr_report.runs import StudyFolder
from cxr_report.verify.study import trees
from cxr_report.verify.study.decisions import changed, verdicts
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.recomputing import Fresh
from cxr_report.verify.study.records import plain
from cxr_report.verify.study.source import read_text
from cxr_report.verify.study.trees import Apart

__all__ = ["MOST", "step"]

NAME = "Everything computed again from truth and predictions"

MOST = 200
"""Chosen: differences of one file that are listed one by one; the others are counted."""

SCORE = ("loss", "seed", "split", "class", "metric")
TEST = ("metric", "class", "group", "target", "test", "first", "second", "seed")
"""Columns that name a row of scores.csv and of comparisons.csv."""


def step(folder: StudyFolder, name: str, fresh: Fresh) -> Step:
    """Compare what is stored with what was computed again: exact equality first, then nearness.

    Args:
        folder: the study.
        name: of the analysis.
        fresh: what was computed again.
    """
    place = folder.analysis(name)
    stored, tree = plain(place.statistics), fresh.tree()
    differences: list[Difference] = []
    notices: list[Difference] = []
    why = "the file's value is not what truth and predictions come to"
    for file, apart in (
        (place.statistics, trees.compare(_without_hashes(stored), _without_hashes(tree))),
        (place.scores, trees.table(_text(place.scores), fresh.scores, SCORE)),
        (place.comparisons, trees.table(_text(place.comparisons), fresh.comparisons, TEST)),
    ):
        far, near = _sorted(folder.relative(file), apart, why, (stored, tree))
        differences += far
        notices += near
    if not differences and not notices and read_text(place.statistics) != fresh.statistics:
        differences += _hashes(folder, place.statistics, (stored, tree))
    facts = [*verdicts(stored, tree)] or ["no verdict of a planned comparison changes"]
    exact = read_text(place.statistics) == fresh.statistics
    facts.append("statistics.json: every byte is the same" if exact else f"{len(notices)} values differ in last digits")
    checked = trees.count(tree) + sum(
        len(row) for text in (fresh.scores, fresh.comparisons) for row in trees.rows(text)
    )
    return Step(NAME, checked, "values", tuple(differences), tuple(notices), tuple(facts))


def _text(file: Path) -> str:
    return read_text(file) if file.is_file() else ""


def _without_hashes(tree: object) -> object:
    """Leave out the hashes, which the chain of hashes has held against the files themselves."""
    return {k: v for k, v in tree.items() if k not in ("inputs", "outputs")} if isinstance(tree, dict) else tree


def _hashes(folder: StudyFolder, file: Path, pair: tuple[object, object]) -> Iterable[Difference]:
    """Compare the hashes where nothing else differs: one of them may be of a file that is recorded nowhere else."""
    far, _ = _sorted(
        folder.relative(file), trees.compare(*pair), "the hash is of another file, or of another plan", pair
    )
    other = Difference(
        folder.relative(file), "", "other characters between the values", "", "the file was written by hand"
    )
    return far or [other]


def _sorted(
    file: str, apart: Iterable[Apart], why: str, pair: tuple[object, object]
) -> tuple[list[Difference], list[Difference]]:
    """Part what differs from what is as near as another processor's arithmetic, and cut long lists short."""
    lists: tuple[list[Difference], list[Difference]] = ([], [])
    for each in apart:
        decision = "" if each.close else changed(each.place, *pair)
        lists[each.close].append(Difference(file, each.place, each.stored, each.fresh, why, decision))
    return _cut(file, lists[0]), _cut(file, lists[1])


def _cut(file: str, found: list[Difference]) -> list[Difference]:
    if len(found) <= MOST:
        return found
    decided = [each for each in found[MOST:] if each.decision]
    rest = Difference(file, "", f"{len(found) - MOST - len(decided)} more values", "other ones", "they are not listed")
    return [*found[:MOST], *decided, rest]
