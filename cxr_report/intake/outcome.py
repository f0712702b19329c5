"""The columns of truth and of predictions in, what a case's truth is and what its predictions are out, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal, nearest
from cxr_report.intake.sheet import Batch, Numerals, Sheet

__all__ = ["Layout", "Scale", "layout"]

Scale = Literal["probabilities", "logits", "ranking"]
PREFIXES: dict[str, Scale] = {"prob_": "probabilities", "logit_": "logits"}
SCORE = "score"
"""The one column of a binary score of which only the order of the cases is known."""

ROUNDING = 0.0005
"""Half a unit of the third decimal: probabilities that were rounded to three decimals or more add up to 1 within this
much for each of them."""

LOG_ZERO = -745.0
"""The logit that a probability of exactly 0 is given; the logarithm of the smallest positive double is -744.4."""

LOG_ONE = 37.0
"""The logit that a probability of exactly 1 is given; that of the largest double below 1 is 36.7."""

_FINDING = {"1": 1.0, "1.0": 1.0, "1,0": 1.0, "0": 0.0, "0.0": 0.0, "0,0": 0.0, "": float("nan")}


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table of predictions mean."""

    task: str
    scale: Scale
    classes: tuple[str, ...]
    """C names in the order of the logits; binary: the positive class is the second."""
    truth: tuple[str, ...]
    """One column of class names, or one per finding."""
    predicted: tuple[str, ...]
    """Columns of predictions, in the order of the classes; a single one for a binary score of the positive class."""

    def truths(self, sheet: Sheet, batch: Batch) -> NDArray[np.float64]:
        """Read the truth of every row: ``(n, 1)`` class indices, or ``(n, L)`` of 1, 0 and NaN.

        Raises:
            Refusal: a word is no class, or no finding's 1, 0 or empty cell.
        """
        if self.task == "multilabel":
            return np.stack(
                [_looked_up(sheet, batch, name, _FINDING, "1, 0, and empty") for name in self.truth], axis=1
            )
        single = len(self.predicted) == 1
        known = {"0": 0.0, "1": 1.0} if single else {name: float(place) for place, name in enumerate(self.classes)}
        return _looked_up(sheet, batch, self.truth[0], known, ", ".join(known))[:, None]

    def logits(self, sheet: Sheet, batch: Batch, numerals: Numerals) -> NDArray[np.float64]:
        """Read the predictions of every row as logits ``(n, C)``.

        Probabilities of a binary task and of findings become their log odds, those of several classes their logarithms,
        so that a class's share of the row's sum comes back from the softmax. A probability of exactly 0 or 1 is given
        the logit `LOG_ZERO` or `LOG_ONE`.

        Raises:
            Refusal: a cell is no number, or no probability, or a row's probabilities do not add up to 1.
        """
        given = np.stack([numerals.reals(batch, name) for name in self.predicted], axis=1)
        if self.scale == "probabilities":
            self._refuse_no_probability(sheet, batch, given)
            given = self._from_probabilities(given)
        if given.shape[1] == 1 and self.task == "binary":
            given = np.concatenate([np.zeros_like(given), given], axis=1)
        return given

    def _from_probabilities(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.task == "multiclass":
            return _logarithm(given)
        return log_odds(given[:, -1:] if self.task == "binary" else given)

    def _refuse_no_probability(self, sheet: Sheet, batch: Batch, given: NDArray[np.float64]) -> None:
        outside = np.argwhere((given < 0) | (given > 1))
        if len(outside):
            row, column = outside[0].tolist()
            name = self.predicted[column]
            raise Refusal(
                f"{sheet.at(batch.lines[row], name)}: {batch.cells[name][row]} is no probability; allowed: numbers in "
                "[0, 1], or columns named logit_... where they are logits"
            )
        if self.task == "multilabel" or given.shape[1] == 1:
            return
        sums = given.sum(axis=1)
        wrong = np.flatnonzero(np.abs(sums - 1) > ROUNDING * given.shape[1] + 1e-9)
        if len(wrong):
            row = int(wrong[0])
            raise Refusal(
                f"{sheet.at(batch.lines[row])}: the probabilities {', '.join(self.predicted)} add up to "
                f"{sums[row]:.6g}; allowed: 1, within {ROUNDING * given.shape[1]:g} for rounding"
            )


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``log(p / (1 - p))``, with finite numbers at 0 and 1; equal probabilities give equal numbers.

    Example:
        >>> log_odds(np.array([0.0, 0.5, 1.0])).tolist()
        [-745.0, 0.0, 37.0]
    """
    with np.errstate(divide="ignore"):
        odds = np.log(probability) - np.log1p(-probability)
    return np.asarray(np.clip(odds, LOG_ZERO, LOG_ONE))


def _logarithm(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum(np.log(probability), LOG_ZERO))


def _looked_up(sheet: Sheet, batch: Batch, column: str, known: dict[str, float], allowed: str) -> NDArray[np.float64]:
    cells = batch.cells[column]
    for unknown in set(cells) - known.keys():
        line = batch.lines[cells.index(unknown)]
        close = nearest(unknown, known) if unknown else ""
        got = repr(unknown) if unknown else "empty"
        raise Refusal(f"{sheet.at(line, column)}: is {got}; allowed: {allowed}{close}")
    return np.array([known[cell] for cell in cells], dtype=np.float64)


def layout(sheet: Sheet, task: str, positive: str) -> Layout:
    """Find out from the names of the columns what they mean.

    Args:
        sheet: a table of predictions.
        task: ``binary``, ``multiclass`` or ``multilabel``.
        positive: the positive class of a binary task with two columns; empty: that of the second column.

    Raises:
        Refusal: columns are missing, mixed, or do not fit the task.
    """
    scale, columns = _predicted(sheet)
    names = tuple(column.partition("_")[2] for column in columns) if scale != "ranking" else ()
    truths = tuple(name for name in sheet.columns if name == "truth" or name.startswith("truth_"))
    if positive and (task != "binary" or len(columns) != 2):
        raise Refusal(f"{sheet.file}: --positive goes with --task binary and two columns of predictions")
    if task == "multilabel":
        return _of_findings(sheet, scale, names, columns, truths)
    if "truth" not in truths:
        raise Refusal(_no_column(sheet, "truth", f"--task {task} needs it, with the class of the case"))
    if len(truths) > 1:
        raise Refusal(f"{sheet.file}: the columns {', '.join(truths)} are findings; they go with --task multilabel")
    if task == "multiclass":
        return _of_classes(sheet, scale, names, columns)
    return _of_two(sheet, scale, names, columns, positive)


def _predicted(sheet: Sheet) -> tuple[Scale, tuple[str, ...]]:
    found = {
        prefix: tuple(name for name in sheet.columns if name.startswith(prefix) and name != prefix)
        for prefix in PREFIXES
    }
    for prefix in PREFIXES:
        if prefix in sheet.columns:
            raise Refusal(f"{sheet.file}: line 1: the column {prefix!r} names no class; allowed: {prefix}NAME")
    kinds = [*(prefix for prefix, columns in found.items() if columns), *([SCORE] if SCORE in sheet.columns else [])]
    if not kinds:
        raise Refusal(
            f"{sheet.file}: has no column of predictions; its columns are {', '.join(sheet.columns)}; allowed: one "
            "column prob_NAME or logit_NAME per class, or for a binary task one column score"
        )
    if len(kinds) > 1:
        shown = [found[kind][0] if kind in found else kind for kind in kinds]
        raise Refusal(
            f"{sheet.file}: the columns {' and '.join(shown)} are on different scales; allowed: all predictions as "
            "prob_NAME, or all as logit_NAME, or one column score"
        )
    if kinds[0] == SCORE:
        return "ranking", (SCORE,)
    return PREFIXES[kinds[0]], found[kinds[0]]


def _of_findings(
    sheet: Sheet, scale: Scale, names: Sequence[str], columns: tuple[str, ...], truths: Sequence[str]
) -> Layout:
    if scale == "ranking":
        raise Refusal(f"{sheet.file}: a column score goes with --task binary; --task multilabel needs prob_NAME, ...")
    wanted = tuple(f"truth_{name}" for name in names)
    for name in wanted:
        if name not in truths:
            raise Refusal(_no_column(sheet, name, "--task multilabel needs the truth of every finding"))
    for name in truths:
        if name not in wanted:
            kind = columns[0].partition("_")[0]
            raise Refusal(
                f"{sheet.file}: the column {name} has no predictions beside it; allowed: {kind}_{name[6:] or 'NAME'}"
                f"{nearest(name, wanted)}"
            )
    return Layout("multilabel", scale, tuple(names), wanted, columns)


def _of_classes(sheet: Sheet, scale: Scale, names: tuple[str, ...], columns: tuple[str, ...]) -> Layout:
    if scale == "ranking" or len(columns) < 2:
        raise Refusal(
            f"{sheet.file}: --task multiclass needs at least two columns prob_NAME or logit_NAME, got "
            f"{', '.join(columns)}"
        )
    return Layout("multiclass", scale, names, ("truth",), columns)


def _of_two(sheet: Sheet, scale: Scale, names: tuple[str, ...], columns: tuple[str, ...], positive: str) -> Layout:
    if len(columns) == 1:
        name = names[0] if names else "positive"
        return Layout("binary", scale, (f"no {name}" if names else "negative", name), ("truth",), columns)
    if len(columns) > 2:
        raise Refusal(
            f"{sheet.file}: --task binary needs one or two columns of predictions, got {', '.join(columns)}; with one "
            "class of several a case it is --task multiclass, with any number of findings --task multilabel"
        )
    if positive and positive not in names:
        raise Refusal(f"--positive: {positive!r} is not among the classes {', '.join(names)}{nearest(positive, names)}")
    turned = bool(positive) and names[0] == positive
    return Layout("binary", scale, names[::-1] if turned else names, ("truth",), columns[::-1] if turned else columns)


def _no_column(sheet: Sheet, name: str, why: str) -> str:
    close = nearest(name, sheet.columns)
    return f"{sheet.file}: has no column {name!r}; {why}; its columns are {', '.join(sheet.columns)}{close}"
