"""Evaluated runs and the variants that a study asks for come in; graphs in fewer bits and their predictions go out.

Each variant is noted in the run's evaluation.json once its files stand, and is done again alone where one of them does
not. Needs no torch.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cxr_report.inference.quantisation as quantisation
import cxr_report.inference.record as record
import cxr_report.inference.session as session
from cxr_report.data.cases import DataSet
from cxr_report.progress import Progress
from cxr_report.runs import SPLITS, RunFolder, sha256, write_bytes, write_json
from cxr_report.study import Inference, Variant

__all__ = ["ENTRY", "Recipe", "complete", "evaluate", "recipe"]

ENTRY = "variants"
"""The entry of evaluation.json: variant -> recipe, hashes, size, speed."""

CPU = "CPUExecutionProvider"

Exported = tuple[RunFolder, str]
"""A run and the sha256 of its graph."""

_HOW = {
    "cpu": "the exported float32 graph, on the CPU",
    "fp16": "onnxruntime.transformers.float16, uint8 in and float32 out",
    "int8": "onnxruntime.quantization.quantize_static: QDQ, weights per channel int8 in 7 bits, activations uint8 by "
    "minimum and maximum",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides a variant's graph, beside the exported one."""

    variant: Variant
    how: str
    """For the reader of evaluation.json."""
    calibration_cases: int
    """Validation cases on which ranges were measured; 0 where none are needed."""
    calibration_sha256: str
    """Of their ids, one a line; empty where none are needed."""


def evaluate(
    asked: Inference,
    exported: Iterable[Exported],
    dataset: DataSet,
    progress: Progress,
    *,
    provider: session.Wish = "auto",
) -> None:
    """Make every variant that is asked for and is missing or stale, and predict validation and test cases with it.

    Predictions of the exported models are not touched. A run that has no evaluation.json yet is left out, and so is
    the variant ``cpu`` of a run that was evaluated on a CPU: it would repeat the reference.

    Args:
        asked: which variants.
        exported: the runs that are compared, with the hashes of their graphs.
        dataset: validation and test cases are predicted; ranges are measured on validation cases only.
        progress: who is told.
        provider: what shall compute.

    Raises:
        Refusal: onnx is not installed, a graph is damaged, or the provider is not there.
    """
    runs = [each for each in exported if each[0].evaluation_json.exists()]
    for variant in asked.variants:
        wanted = recipe(variant, asked, dataset)
        pending = [each for each in runs if expected(each[0], variant) and not complete(each, wanted, dataset)]
        if not pending:
            continue
        engine = _engine(variant, pending[0][0], provider)
        label = f"evaluate {variant}"
        progress.say(f"variant {variant}: {wanted.how}; on {engine.provider}")
        progress.start(label, len(pending) * sum(len(dataset.split(split)) for split in SPLITS))
        for start in range(0, len(pending), engine.together):
            _Batch(wanted, engine, dataset, progress, label).run(pending[start : start + engine.together])
        progress.finish(label)


def recipe(variant: Variant, asked: Inference, dataset: DataSet) -> Recipe:
    """Say what decides a variant's graph."""
    if variant != "int8":
        return Recipe(variant, _HOW[variant], 0, "")
    places = _calibration(asked, dataset)
    ids = "".join(f"{each}\n" for each in dataset.val.ids[places])
    return Recipe(variant, _HOW[variant], len(places), hashlib.sha256(ids.encode()).hexdigest())


def expected(run: RunFolder, variant: str) -> bool:
    """Say whether a run has a variant to be evaluated: ``cpu`` only where the reference was computed elsewhere."""
    return variant != "cpu" or record.told(run).get("provider") != CPU


def complete(exported: Exported, wanted: Recipe, dataset: DataSet) -> bool:
    """Say whether evaluation.json notes a variant of this recipe, whose graph and predictions are there."""
    run, onnx_sha256 = exported
    entry = _noted(run).get(wanted.variant)
    if not isinstance(entry, dict):
        return False
    facts = {
        "recipe": dataclasses.asdict(wanted),
        "onnx_sha256": onnx_sha256,
        "fingerprint": dataset.fingerprint,
        "graph_sha256": _graph_sha256(run, wanted.variant, onnx_sha256),
    }
    return all(entry.get(name) == value for name, value in facts.items()) and record.names(
        run, entry.get("predictions_sha256"), wanted.variant
    )


def _graph_sha256(run: RunFolder, variant: Variant, onnx_sha256: str) -> str:
    if variant == "cpu":
        return onnx_sha256
    return sha256(run.graph(variant)) if run.graph(variant).exists() else ""


def _engine(variant: Variant, run: RunFolder, provider: session.Wish) -> session.Engine:
    """Choose what computes, with its reference batch, so that a variant done again later has the same bits."""
    if variant == "cpu":
        return dataclasses.replace(session.CPU, threads=session.cores())
    return session.choose(run.onnx.read_bytes(), where=str(run.onnx), wish=provider)


def _calibration(asked: Inference, dataset: DataSet) -> NDArray[np.int64]:
    return quantisation.calibration_cases(dataset.fingerprint, len(dataset.val), wanted=asked.cases_for_calibration)


def _noted(run: RunFolder) -> dict[str, Any]:
    entry = record.told(run).get(ENTRY)
    return entry if isinstance(entry, dict) else {}


@dataclass(frozen=True, slots=True)
class _Batch:
    """What making one variant of several runs needs."""

    recipe: Recipe
    engine: session.Engine
    dataset: DataSet
    progress: Progress
    label: str

    def run(self, entries: Sequence[Exported]) -> None:
        """Make the graphs, predict with all of them in one pass, and write run by run."""
        graphs = [self._graph(run) for run, _ in entries]
        height, width = self.dataset.test.images.shape[1:]
        classes = len(self.dataset.classes)
        models = [
            session.load(content, self.engine, where=str(self._file(run)), size=(height, width), classes=classes)
            for (run, _), content in zip(entries, graphs, strict=True)
        ]
        began = time.perf_counter()
        logits = {split: self._predicted(models, split) for split in SPLITS}
        cases = sum(len(self.dataset.split(split)) for split in SPLITS)
        speed = len(entries) * cases / (time.perf_counter() - began)
        for row, (entry, content) in enumerate(zip(entries, graphs, strict=True)):
            self._write(entry, content, {split: logits[split][row] for split in SPLITS}, speed)

    def _graph(self, run: RunFolder) -> bytes:
        content = run.onnx.read_bytes()
        if self.recipe.variant == "fp16":
            return quantisation.halved(content)
        if self.recipe.variant == "int8":
            val, count = self.dataset.val, self.recipe.calibration_cases
            places = quantisation.calibration_cases(self.dataset.fingerprint, len(val), wanted=count)
            return quantisation.to_int8(content, np.ascontiguousarray(val.images[places]))
        return content

    def _file(self, run: RunFolder) -> Path:
        return run.onnx if self.recipe.variant == "cpu" else run.graph(self.recipe.variant)

    def _predicted(self, models: Sequence[session.Model], split: str) -> list[NDArray[np.float32]]:
        images = self.dataset.split(split).images
        return session.predict(models, images, tick=lambda done: self.progress.advance(self.label, done))

    def _write(
        self, exported: Exported, content: bytes, logits: dict[str, NDArray[np.float32]], images_per_second: float
    ) -> None:
        """Write graph and predictions, and note them; logits that are not finite are part of the finding."""
        (run, onnx_sha256), variant = exported, self.recipe.variant
        if variant != "cpu":
            write_bytes(run.graph(variant), content)
        record.write(run, self.dataset, logits, variant)
        entry = {
            "recipe": dataclasses.asdict(self.recipe),
            "onnx_sha256": onnx_sha256,
            "fingerprint": self.dataset.fingerprint,
            "graph_sha256": hashlib.sha256(content).hexdigest(),
            "graph_bytes": len(content),
            "predictions_sha256": record.hashes(run, variant),
            "images_per_second": images_per_second,
            "provider": self.engine.provider,
            "batch": self.engine.batch,
            "onnxruntime": session.version(),
        }
        write_json(run.evaluation_json, {**record.told(run), ENTRY: {**_noted(run), variant: entry}})
