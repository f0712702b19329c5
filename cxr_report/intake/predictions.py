"""A table of predictions case by case in, the cases with their truth and the logits of every run out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.data.listing import SPLIT_NAMES, age_in_years, sex_code
from cxr_report.errors import Refusal
from cxr_report.intake.coding import Codes
from cxr_report.intake.outcome import Layout
from cxr_report.intake.sheet import Batch, Numerals, Sheet

__all__ = ["ATTRIBUTES", "GivenCases", "GivenPredictions", "columns_of", "read_predictions"]

ATTRIBUTES = ("patient", "split", "sex", "age", "view")
"""Columns that describe a case and may be absent."""


@dataclass(frozen=True, slots=True)
class GivenCases:
    """The cases of one split, sorted by name."""

    names: tuple[str, ...]
    """N names as the table has them; they are not written anywhere."""
    labels: NDArray[np.float64]
    """``(N, 1)`` class indices, or ``(N, L)`` of 1, 0 and NaN."""
    patients: tuple[str, ...]
    """N names, empty where none is given."""
    metadata: Mapping[str, NDArray[Any]]
    """``(N,)`` sex (M, F, O, empty), age (years, NaN) and view, those that the table has."""

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class GivenPredictions:
    """Every prediction of a table."""

    sheet: Sheet
    layout: Layout
    losses: tuple[str, ...]
    """k labels, in the order of their first row."""
    seeds: tuple[int, ...]
    """S seeds, rising."""
    cases: Mapping[str, GivenCases]
    """Split -> cases: test, and val where the table has it."""
    logits: Mapping[tuple[str, int], Mapping[str, NDArray[np.float64]]]
    """(loss, seed) -> split -> ``(N, C)``; runs that the table lacks are absent."""
    decimal: str

    def lacking(self) -> dict[tuple[str, int], str]:
        """Name every loss and seed without rows: (loss, seed) -> what it lacks, in words."""
        return {
            (loss, seed): f"row with seed {seed}"
            for loss in self.losses
            for seed in self.seeds
            if (loss, seed) not in self.logits
        }


@dataclass(slots=True)
class _Gathered:
    """The rows read so far, as numbers."""

    sheet: Sheet
    layout: Layout
    attributes: tuple[str, ...]
    losses: Codes
    cases: Codes
    words: Mapping[str, Codes]
    numerals: Numerals
    parts: dict[str, list[NDArray[Any]]]

    @classmethod
    def nothing(cls, sheet: Sheet, layout: Layout) -> _Gathered:
        attributes = tuple(name for name in ATTRIBUTES if name in sheet.columns)
        words = {name: Codes() for name in attributes}
        parts: dict[str, list[NDArray[Any]]] = {
            name: [] for name in ("line", "loss", "seed", "case", "truth", "logits", *attributes)
        }
        return cls(sheet, layout, attributes, Codes(), Codes(), words, Numerals(sheet), parts)

    def add(self, batch: Batch) -> None:
        for name in ("loss", "case"):
            self.sheet.refuse_empty(batch, name)
        for name in ("loss", "case", *self.attributes):
            self.sheet.refuse_unprintable(batch, name)
        self.parts["line"].append(np.array(batch.lines, dtype=np.int64))
        self.parts["loss"].append(self.losses.of(batch.cells["loss"]))
        self.parts["seed"].append(self.numerals.wholes(batch, "seed"))
        self.parts["case"].append(self.cases.of(batch.cells["case"]))
        self.parts["truth"].append(self.layout.truths(self.sheet, batch))
        self.parts["logits"].append(self.layout.logits(self.sheet, batch, self.numerals))
        for name in self.attributes:
            self.parts[name].append(self.words[name].of(batch.cells[name]))
        if "split" in self.attributes:
            self._refuse_other_split(batch)

    def _refuse_other_split(self, batch: Batch) -> None:
        for word in set(batch.cells["split"]):
            known = SPLIT_NAMES.get(word.lower())
            if known not in ("val", "test"):
                line = batch.lines[batch.cells["split"].index(word)]
                why = ", since nothing is tested on the cases that were trained on" if known == "train" else ""
                got = repr(word) if word else "empty"
                raise Refusal(f"{self.sheet.at(line, 'split')}: is {got}; allowed: val, test{why}")


@dataclass(frozen=True)
class _Rows:
    """All rows of a table, as numbers; ``(n,)`` each."""

    gathered: _Gathered
    columns: Mapping[str, NDArray[Any]]

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """``(cases,)`` the row in which each case stands first."""
        found: NDArray[np.int64] = np.unique(self.columns["case"], return_index=True)[1]
        return found

    @cached_property
    def runs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The loss ``(R,)`` and the seed ``(R,)`` of every run, and the run ``(n,)`` of every row."""
        both = np.stack([self.columns["loss"], self.columns["seed"]], axis=1)
        pairs, run = np.unique(both.astype(np.int64), axis=0, return_inverse=True)
        return pairs[:, 0], pairs[:, 1], run.reshape(-1).astype(np.int64)

    def line(self, row: int) -> int:
        return int(self.columns["line"][row])

    def said(self, row: int) -> str:
        """Name the run of a row."""
        loss = self.gathered.losses.words[int(self.columns["loss"][row])]
        return f"{loss} with seed {int(self.columns['seed'][row])}"


def read_predictions(sheet: Sheet, layout: Layout) -> GivenPredictions:
    """Read every row of a table of predictions.

    Rows may stand in any order. Cases are sorted by their names, so that their order changes nothing.

    Args:
        sheet: with the columns loss, seed, case, those of ``layout``, and perhaps those of `ATTRIBUTES`.
        layout: what the columns mean.

    Raises:
        Refusal: a row is at fault, two rows tell of the same run and case, rows differ in what is true of a case, or a
            run lacks cases that others have, or the cases are such that nothing can be compared on them.
    """
    gathered = _Gathered.nothing(sheet, layout)
    for batch in sheet.batches():
        gathered.add(batch)
    if not gathered.parts["line"]:
        raise Refusal(f"{sheet.file}: holds no row below its header")
    rows = _Rows(gathered, {name: np.concatenate(parts) for name, parts in gathered.parts.items()})
    _refuse_doubles(rows)
    for name in ("truth", *gathered.attributes):
        _refuse_differing(rows, name)
    _refuse_missing_cases(rows)
    found = _arranged(rows)
    _refuse_no_comparison(found)
    return found


def _refuse_doubles(rows: _Rows) -> None:
    _, _, run = rows.runs
    key = run * len(rows.first) + rows.columns["case"].astype(np.int64)
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    if len(same):
        first, second = min(((order[place], order[place + 1]) for place in same.tolist()), key=lambda pair: pair[1])
        raise Refusal(
            f"{rows.gathered.sheet.at(rows.line(second))}: {rows.said(second)} has case {_case(rows, second)!r} in "
            f"line {rows.line(first)} already; each may stand once"
        )


def _case(rows: _Rows, row: int) -> str:
    return rows.gathered.cases.words[int(rows.columns["case"][row])]


def _refuse_differing(rows: _Rows, name: str) -> None:
    """Refuse a case of which two rows say different things."""
    values = rows.columns[name].reshape(len(rows.columns["line"]), -1)
    before = values[rows.first][rows.columns["case"].astype(np.int64)]
    differing = np.argwhere(~((values == before) | (np.isnan(values) & np.isnan(before))))
    if not len(differing):
        return
    row, place = differing[0].tolist()
    column = rows.gathered.layout.truth[place] if name == "truth" else name
    earlier = int(rows.first[int(rows.columns["case"][row])])
    raise Refusal(
        f"{rows.gathered.sheet.at(rows.line(row), column)}: case {_case(rows, row)!r} has another {column} than in "
        f"line {rows.line(earlier)}; what is true of a case is the same for every loss and seed"
    )


def _refuse_missing_cases(rows: _Rows) -> None:
    losses, seeds, run = rows.runs
    counts = np.bincount(run, minlength=len(losses))
    short = np.flatnonzero(counts < len(rows.first))
    if not len(short):
        return
    which = int(short[0])
    have = np.zeros(len(rows.first), dtype=np.bool_)
    have[rows.columns["case"][run == which].astype(np.int64)] = True
    gone = np.flatnonzero(~have)
    loss = rows.gathered.losses.words[int(losses[which])]
    others = f", and so do {len(short) - 1} more of the runs" if len(short) > 1 else ""
    raise Refusal(
        f"{rows.gathered.sheet.file}: {loss} with seed {int(seeds[which])} lacks {len(gone)} of {len(have)} cases, the "
        f"first is {rows.gathered.cases.words[int(gone[0])]!r}{others}; allowed: the same cases for every loss and seed"
    )


def _arranged(rows: _Rows) -> GivenPredictions:
    gathered, columns = rows.gathered, rows.columns
    names = np.array(gathered.cases.words)
    rank = np.empty(len(names), dtype=np.int64)
    order = np.argsort(names, kind="stable")
    rank[order] = np.arange(len(names))
    split = _splits(rows)[order]
    losses, seeds, run = rows.runs
    whole = np.empty((len(losses), len(names), columns["logits"].shape[1]))
    whole[run, rank[columns["case"].astype(np.int64)]] = columns["logits"]
    places = {name: np.flatnonzero(split == name) for name in ("val", "test")}
    logits = {
        (gathered.losses.words[int(loss)], int(seed)): {
            name: whole[place, where] for name, where in places.items() if len(where)
        }
        for place, (loss, seed) in enumerate(zip(losses, seeds, strict=True))
    }
    return GivenPredictions(
        sheet=gathered.sheet,
        layout=gathered.layout,
        losses=gathered.losses.words,
        seeds=tuple(sorted({int(seed) for seed in seeds})),
        cases={name: _cases(rows, order[where]) for name, where in places.items() if len(where)},
        logits=logits,
        decimal=gathered.numerals.decimal,
    )


def _words(rows: _Rows, name: str, cases: NDArray[np.int64]) -> list[str]:
    """Return what a column says of some cases."""
    words = rows.gathered.words[name].words
    return [words[int(code)] for code in rows.columns[name][rows.first[cases]]]


def _splits(rows: _Rows) -> NDArray[np.str_]:
    """Return the split of every case, in the order of their first rows; without such a column all are for testing."""
    everyone = np.arange(len(rows.first))
    if "split" not in rows.gathered.attributes:
        return np.array(["test"] * len(everyone))
    return np.array([SPLIT_NAMES[word.lower()] for word in _words(rows, "split", everyone)])


def _cases(rows: _Rows, cases: NDArray[np.int64]) -> GivenCases:
    have = rows.gathered.attributes
    read: dict[str, Callable[[list[str]], NDArray[Any]]] = {
        "sex": lambda words: np.array([sex_code(word) for word in words], dtype=np.str_),
        "age": lambda words: np.array([age_in_years(word.replace(",", ".")) for word in words], dtype=np.float64),
        "view": lambda words: np.array(words, dtype=np.str_),
    }
    return GivenCases(
        names=tuple(rows.gathered.cases.words[case] for case in cases.tolist()),
        labels=np.asarray(rows.columns["truth"][rows.first[cases]], dtype=np.float64),
        patients=tuple(_words(rows, "patient", cases)) if "patient" in have else ("",) * len(cases),
        metadata={name: column(_words(rows, name, cases)) for name, column in read.items() if name in have},
    )


def _refuse_no_comparison(found: GivenPredictions) -> None:
    """Refuse cases on which nothing can be compared: no test cases, or a split whose cases are all of one kind."""
    file = found.sheet.file
    if "test" not in found.cases:
        raise Refusal(f"{file}: column split: every case is for validation; at least some cases must be test cases")
    for split, cases in found.cases.items():
        _refuse_one_kind(file, split, cases, found.layout)


def _refuse_one_kind(file: object, split: str, cases: GivenCases, layout: Layout) -> None:
    if layout.task == "multilabel":
        usable = (cases.labels == 1).any(axis=0) & (cases.labels == 0).any(axis=0)
        if not usable.any():
            raise Refusal(f"{file}: none of the findings has both kinds of cases among the {len(cases)} {split} cases")
        return
    kinds = np.unique(cases.labels)
    if len(kinds) < 2:
        raise Refusal(
            f"{file}: all {len(cases)} {split} cases are of the class {layout.classes[int(kinds[0])]!r}; at least two "
            "classes are needed"
        )


def columns_of(layout: Layout) -> Sequence[str]:
    """Return every column that a table of this layout may have."""
    return ("loss", "seed", "case", *layout.truth, *layout.predicted, *ATTRIBUTES)
