"""Content of statistics.json in, every number and text of it by its meaning out: ``joint[auroc, ...].pairs[a - b].p``.

Entries of lists are named by what they speak of (metric, loss, seed, pair, ...) and not by where they stand, for their
order follows from the order of the losses; numbers in a row are named by the losses, seeds or classes they belong to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["leaves", "settings"]

ABOUT = ("program", "format", "name", "plan_sha256", "partial", "exploratory", "seeds", "planned_seeds", "selected_by")
"""Fields of statistics.json that say under which conditions its numbers arose."""

APART = ("study", "inputs", "outputs", *ABOUT)
"""Compared as settings or files."""

IDENTITY = (
    "name", "loss", "seed", "number", "metric", "threshold", "test", "of", "claim", "arithmetic", "kind", "klass",
    "split", "lacks", "attribute", "value", "target", "procedure", "adjustment", "interval",
)  # fmt: skip
"""Fields that say what an entry of a list speaks of, in the order in which they are told."""


def settings(statistics: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """Return every setting by its dotted name.

    Args:
        statistics: content of statistics.json.
        report: the report section beside it, where it is known; that in statistics.json is always empty.
    """
    study = {key: entry for key, entry in statistics["study"].items() if key != "report"}
    shown = {"report": report} if report else {}
    about = {key: statistics[key] for key in ABOUT if key in statistics and key not in ("name", "seeds")}
    analysed = {"analysis_name": statistics.get("name", ""), "seeds_analysed": statistics.get("seeds", [])}
    return dict(_dotted({**study, **shown, **about, **analysed}, ""))


def _dotted(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list) and value and all(isinstance(entry, Mapping) and "name" in entry for entry in value):
        value = {entry["name"]: entry for entry in value}
    if isinstance(value, Mapping) and (value or not where):
        for key, entry in value.items():
            yield from _dotted(entry, f"{where}.{key}" if where else str(key))
    else:
        yield where, value


def leaves(statistics: Mapping[str, Any]) -> dict[str, Any]:
    """Return every number and text that the analysis came to, by its meaning.

    Args:
        statistics: content of statistics.json.

    Example:
        >>> leaves({"rankings": [{"metric": "auroc", "losses": ["ce", "focal"], "mean_ranks": [1.2, 1.8]}]})
        {'rankings[auroc].mean_ranks[ce]': 1.2, 'rankings[auroc].mean_ranks[focal]': 1.8}
    """
    content = {key: entry for key, entry in statistics.items() if key not in APART}
    return dict(_leaves(content, "", _Names.of(statistics)))


class _Names:
    """Losses, seeds and classes to which the numbers of a row belong."""

    def __init__(self, losses: Sequence[Any], seeds: Sequence[Any], classes: Sequence[Any]) -> None:
        self.losses, self.seeds, self.classes = list(losses), list(seeds), list(classes)

    @staticmethod
    def of(value: Mapping[str, Any], above: _Names | None = None) -> _Names:
        """Take the names that a part tells, and those of the whole where it tells none."""
        before = above or _Names((), (), ())
        told = {key: value.get(key) for key in ("losses", "seeds", "classes")}
        return _Names(*(entry if isinstance(entry, list) else getattr(before, key) for key, entry in told.items()))

    def rows(self, field: str) -> list[list[Any]]:
        """Return the names of the rows, and of the columns where a field has some."""
        return {
            "mean_ranks": [self.losses],
            "low": [self.losses],
            "high": [self.losses],
            "distribution": [self.losses, list(range(1, len(self.losses) + 1))],
            "p": [self.losses, self.losses],
            "values": [self.seeds],
            "differences": [self.seeds],
            "thresholds": [self.classes],
            "counts": [self.classes, self.classes],
        }.get(field, [])


def _leaves(value: Any, where: str, names: _Names, field: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        own = _Names.of(value, names)
        for key, entry in value.items():
            if not _names_a_row(key, value) and not (key in _identifying(value) and "[" in where):
                inner = field if field == "thresholds" else key
                yield from _leaves(entry, f"{where}.{key}" if where else key, own, inner)
    elif isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
        for name, entry in _named(value):
            yield from _leaves(entry, f"{where}[{name}]", names)
    elif isinstance(value, list) and any(isinstance(entry, list | float) for entry in value):
        yield from _row(value, where, names.rows(field), names)
    else:
        yield where, value


def _names_a_row(key: str, value: Mapping[str, Any]) -> bool:
    """Say whether a field only names what stands in a row beside it, in whatever order."""
    return key == "losses" and "mean_ranks" in value


def _row(values: list[Any], where: str, rows: list[list[Any]], names: _Names) -> Iterator[tuple[str, Any]]:
    fits = bool(rows) and len(rows[0]) == len(values)
    for place, entry in enumerate(values):
        name = rows[0][place] if fits else place
        if isinstance(entry, list) and any(isinstance(each, list | float | int) for each in entry):
            yield from _row(entry, f"{where}[{name}]", rows[1:], names)
        else:
            yield f"{where}[{name}]", entry


def _named(entries: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name the entries of a list by what they speak of; of equal ones the second is number 2."""
    seen: dict[str, int] = {}
    for place, entry in enumerate(entries):
        words = [str(entry[key]) for key in _identifying(entry) if key not in ("first", "second") and entry[key] != ""]
        if isinstance(entry.get("first"), str) and entry["first"]:
            words.append(f"{entry['first']} - {entry['second']}")
        name = ", ".join(words) or str(place)
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}, {seen[name]}"), entry


def _identifying(entry: Mapping[str, Any]) -> list[str]:
    found = [key for key in IDENTITY if isinstance(entry.get(key), str) or (key in ("seed", "number") and key in entry)]
    return [*found, *(key for key in ("first", "second") if isinstance(entry.get(key), str))]
