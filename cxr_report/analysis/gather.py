"""A surveyed study in, its truth, logits, histories and proofs as arrays and plain values out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.analysis.arithmetics import arithmetics
from cxr_report.analysis.description import describe
from cxr_report.analysis.survey import Survey
from cxr_report.analysis.truth import Truth, read_cases
from cxr_report.analysis.value import Diverged, ModelSize
from cxr_report.data.truth import EXTERNAL
from cxr_report.errors import Refusal
from cxr_report.metrics import METRICS
from cxr_report.runs import TORCH, RunFolder, external_split, read_arrays, read_json
from cxr_report.study import Study

__all__ = ["ExternalMaterial", "History", "Material", "RunMaterial", "Truth", "gather"]

MEASURED = ("train_loss", "val_loss", "val_primary")
"""The columns of history.csv beside the epoch."""


@dataclass(frozen=True, slots=True)
class History:
    """What was measured after each epoch, ``(E,)`` each."""

    epochs: NDArray[np.int64]
    """1-based; empty where the run was not trained here."""
    train_loss: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    val_primary: NDArray[np.float64]

    def chosen(self, trained: Study) -> int:
        """Return the epoch whose weights were kept, as training chose it: of equals the earliest; 0 without epochs.

        Args:
            trained: the study as it was trained, with the metric that chose.
        """
        if not len(self.epochs):
            return 0
        known = np.flatnonzero(np.isfinite(self.val_primary))
        if trained.training.checkpoint == "last" or not len(known):
            return int(self.epochs[-1])
        sign = 1.0 if METRICS[trained.metrics.primary].higher_is_better else -1.0
        return int(self.epochs[known[np.argmax(sign * self.val_primary[known])]])


@dataclass(frozen=True, slots=True)
class RunMaterial:
    """One finished run."""

    loss: str
    seed: int
    logits: Mapping[str, NDArray[np.float32]]
    """Split -> ``(N, C)``, cases in the order of the truth."""
    history: History
    max_delta: float
    """Largest |torch - onnx| logit on validation; NaN where the run was not trained here."""
    flips: int
    """Labels that differ between torch and onnx on validation."""
    size: ModelSize | None = None
    """None where the export does not tell it, or the run was not trained here."""
    arithmetics: Mapping[str, Mapping[str, NDArray[np.float32]]] = field(default_factory=dict)
    """Torch or a variant of the graph -> split -> its logits, which of a variant need not be finite."""


@dataclass(frozen=True, slots=True)
class ExternalMaterial:
    """One external test set."""

    content: dict[str, Any]
    """Its block of data.json."""
    truth: Truth
    logits: Mapping[tuple[str, int], NDArray[np.float32]]
    """Loss and seed -> ``(N, C)``, of the compared runs that predicted it."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that an analysis computes from."""

    classes: tuple[str, ...]
    data: dict[str, Any]
    """Content of data.json."""
    truth: Mapping[str, Truth]
    """Split -> cases."""
    runs: tuple[RunMaterial, ...]
    """Compared."""
    diverged: tuple[Diverged, ...]
    """Of the compared runs."""
    floor: tuple[RunMaterial, ...]
    """Runs of the noise floor: they enter no comparison, no summary and no curve."""
    floor_diverged: tuple[Diverged, ...]
    controls: Mapping[str, Mapping[str, NDArray[np.float32]]]
    """Name -> split -> logits ``(N, C)``."""
    given: Mapping[tuple[str, int], Mapping[str, float]] = field(default_factory=dict)
    """Loss and seed -> metric -> value, where scores alone are given; ``runs`` is then empty."""
    external: Mapping[str, ExternalMaterial] = field(default_factory=dict)
    """Name -> external test set, in the study's order."""


def gather(found: Survey) -> Material:
    """Read what a survey has found.

    Raises:
        Refusal: a file is damaged, or predictions are not those of the cases in the truth.
    """
    content = describe(found.folder, found.study)
    if not found.study.predicted:
        return _scores_alone(found, content)
    classes = tuple(content["classes"])
    truth = {split: read_cases(found.folder, split, found.study.task, content) for split in found.study.splits}
    return Material(
        classes=classes,
        data=content,
        truth=truth,
        runs=tuple(_run(found, run, truth, len(classes)) for run in found.done),
        diverged=tuple(_diverged(run) for run in found.diverged),
        floor=tuple(_run(found, run, truth, len(classes)) for run in found.floor),
        floor_diverged=tuple(_diverged(run) for run in found.floor_diverged),
        controls={run.loss: _logits(found, run, truth, len(classes)) for run in found.controls},
        external={name: _external(found, name, content) for name in found.external},
    )


def _external(found: Survey, name: str, content: Mapping[str, Any]) -> ExternalMaterial:
    split, classes = external_split(name), content["classes"]
    block = next(each for each in content[EXTERNAL] if each["name"] == name)
    described = {"classes": classes, "splits": {split: block}}
    truth = read_cases(found.folder, split, found.study.task, described)
    logits = {(run.loss, run.seed): _prediction(found, run, split, truth, len(classes)) for run in found.external[name]}
    return ExternalMaterial(block, truth, logits)


def _scores_alone(found: Survey, content: dict[str, Any]) -> Material:
    """Take the scores that were given; no case is known."""
    none = Truth(np.array([], dtype=np.str_), np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    given: dict[tuple[str, int], dict[str, float]] = {(run.loss, run.seed): {} for run in found.done}
    file = found.folder.given_scores
    try:
        for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))):
            given[row["loss"], int(row["seed"])][row["metric"]] = float(row["value"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(
            f"{found.folder.relative(file)}: is damaged ({error}); delete it and run `cxr-report compare` again"
        ) from None
    return Material((), content, {"test": none}, (), (), (), (), {}, given)


def _run(found: Survey, run: RunFolder, truth: Mapping[str, Truth], width: int) -> RunMaterial:
    max_delta, flips = _proof(found, run) if found.study.trained else (math.nan, 0)
    return RunMaterial(
        loss=run.loss,
        seed=run.seed,
        logits=_logits(found, run, truth, width),
        history=_history(found, run),
        max_delta=max_delta,
        flips=flips,
        size=_size(found, run) if found.study.trained else None,
        arithmetics={
            name: _logits(found, run, truth, width, arithmetic=name) for name in arithmetics(run, found.study)
        },
    )


def _proof(found: Survey, run: RunFolder) -> tuple[float, int]:
    told = read_json(run.export_json)
    try:
        proof = told["proof"]
        flips = _count(proof["flips_inside"]) + _count(proof["flips_outside"])
        return _difference(proof["max_difference"]), flips
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        file = found.folder.relative(run.export_json)
        raise Refusal(f"{file}: its proof is damaged ({_words(error)}); delete it and run the study again") from None


def _size(found: Survey, run: RunFolder) -> ModelSize | None:
    told = read_json(run.export_json)
    if "size" not in told:
        return None  # exported before sizes were told
    try:
        size = told["size"]
        times = size["multiply_accumulates"]
        return ModelSize(_count(size["parameters"]), None if times is None else _count(times))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        file = found.folder.relative(run.export_json)
        raise Refusal(f"{file}: its size is damaged ({_words(error)}); delete it and run the study again") from None


def _logits(
    found: Survey, run: RunFolder, truth: Mapping[str, Truth], width: int, *, arithmetic: str = ""
) -> dict[str, NDArray[np.float32]]:
    return {
        split: _prediction(found, run, split, cases, width, arithmetic=arithmetic) for split, cases in truth.items()
    }


def _prediction(
    found: Survey, run: RunFolder, split: str, truth: Truth, width: int, *, arithmetic: str = ""
) -> NDArray[np.float32]:
    file = run.predictions(split, arithmetic)
    arrays = read_arrays(file, ["ids", "logits"])
    for name, kinds, allowed in (("ids", "U", "text"), ("logits", "f", "floating-point numbers")):
        if arrays[name].dtype.kind not in kinds:
            raise Refusal(
                f"{found.folder.relative(file)}: the array {name} must hold {allowed}, got {arrays[name].dtype}; "
                "evaluate this run again"
            )
    if not np.array_equal(arrays["ids"], truth.ids):
        raise Refusal(
            f"{found.folder.relative(file)}: its ids are not those of "
            f"{found.folder.relative(found.folder.truth(split))}, case by case; evaluate this run again"
        )
    logits = arrays["logits"]
    if logits.shape != (len(truth.ids), width):
        raise Refusal(
            f"{found.folder.relative(file)}: logits must have shape ({len(truth.ids)}, {width}), got {logits.shape}"
        )
    if arithmetic in ("", TORCH) and not np.isfinite(logits).all():
        raise Refusal(f"{found.folder.relative(file)}: holds logits that are not finite; evaluate this run again")
    return logits


def _history(found: Survey, run: RunFolder) -> History:
    if not found.study.trained:
        return History(np.array([], dtype=np.int64), *(np.array([]) for _ in range(3)))
    try:
        rows = list(csv.DictReader(io.StringIO(run.history.read_text(encoding="utf-8")), strict=True))
        epochs = [int(row["epoch"]) for row in rows]
        planned = found.trained.training.epochs
        if epochs != list(range(1, planned + 1)) or any(None in row for row in rows):
            raise ValueError(f"it must have one row of as many cells as the header for each of {planned} epochs")
        return History(np.array(epochs, dtype=np.int64), *(_column(rows, name) for name in MEASURED))
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        file = found.folder.relative(run.history)
        raise Refusal(f"{file}: is damaged ({_words(error)}); delete it and run the study again") from None


def _diverged(run: RunFolder) -> Diverged:
    told = read_json(run.diverged)
    try:
        return Diverged(run.loss, run.seed, _count(told["epoch"]), str(told["reason"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"{run.diverged}: is damaged ({_words(error)}); delete it and run the study again") from None


def _words(error: Exception) -> str:
    return f"it records no {error.args[0]}" if isinstance(error, KeyError) else str(error)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def _difference(value: Any) -> float:
    """Return a largest difference; what is not known is written as null."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{value!r} is no difference")
    return float(value)


def _column(rows: list[dict[str, str]], name: str) -> NDArray[np.float64]:
    """Return a column of numbers, an empty cell as NaN; a cell that is not there at all is no number."""
    return np.array([math.nan if row[name] == "" else float(row[name]) for row in rows], dtype=np.float64)
