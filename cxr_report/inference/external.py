"""Evaluated runs and external test sets come in; their predictions go out, noted in evaluation.json. Needs no torch."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cxr_report.inference.session as session
from cxr_report.data.cases import DataSet, ExternalCases
from cxr_report.errors import Refusal
from cxr_report.progress import Progress
from cxr_report.runs import RunFolder, read_json, sha256, write_arrays, write_json

__all__ = ["ENTRY", "complete", "evaluate"]

ENTRY = "external"
"""The entry of evaluation.json: set -> fingerprint, hash of the graph, hash of the predictions, provider, speed."""

LABEL = "external"

Exported = tuple[RunFolder, str]
"""A run and the sha256 of its graph."""


def evaluate(
    exported: Iterable[Exported], dataset: DataSet, progress: Progress, *, provider: session.Wish = "auto"
) -> None:
    """Predict the external test sets with every evaluated run whose predictions of them are missing or stale.

    Those of the study's own cases are not touched. A run that has no evaluation.json yet is left out.

    Args:
        exported: the runs that are compared, with the hashes of their graphs.
        dataset: with the external test sets.
        progress: who is told.
        provider: what shall compute.

    Raises:
        Refusal: a graph is damaged, gives logits that are not finite, or the provider is not there.
    """
    runs = [(run, graph) for run, graph in exported if run.evaluation_json.exists()]
    pending = {each.name: [run for run in runs if not complete(*run, each)] for each in dataset.external}
    if not any(pending.values()):
        return
    first = next(waiting[0][0] for waiting in pending.values() if waiting).onnx
    engine = session.choose(first.read_bytes(), where=str(first), wish=provider)
    progress.say(f"external test sets: evaluating on {engine.provider}: {engine.reason}")
    progress.start(LABEL, sum(len(pending[each.name]) * len(each.cases) for each in dataset.external))
    for each in dataset.external:
        waiting = pending[each.name]
        for start in range(0, len(waiting), engine.together):
            _together(waiting[start : start + engine.together], each, engine, len(dataset.classes), progress)
    progress.finish(LABEL)


def complete(run: RunFolder, onnx_sha256: str, asked: ExternalCases) -> bool:
    """Say whether evaluation.json notes the predictions of a set that are there, by this graph on these cases."""
    file = run.predictions(asked.split)
    if not file.exists():
        return False
    noted = _noted(run.evaluation_json).get(asked.name)
    return isinstance(noted, dict) and (
        noted.get("onnx_sha256"),
        noted.get("fingerprint"),
        noted.get("predictions_sha256"),
    ) == (onnx_sha256, asked.fingerprint, sha256(file))


def _noted(file: Path) -> dict[str, Any]:
    told = read_json(file)
    entry = told.get(ENTRY) if isinstance(told, dict) else None
    return entry if isinstance(entry, dict) else {}


def _together(
    entries: Sequence[Exported], asked: ExternalCases, engine: session.Engine, classes: int, progress: Progress
) -> None:
    height, width = asked.cases.images.shape[1:]
    models = [
        session.load(run.onnx.read_bytes(), engine, where=str(run.onnx), size=(height, width), classes=classes)
        for run, _ in entries
    ]
    began = time.perf_counter()
    logits = session.predict(models, asked.cases.images, tick=lambda done: progress.advance(LABEL, done))
    speed = len(entries) * len(asked.cases) / (time.perf_counter() - began)
    for (run, graph), found in zip(entries, logits, strict=True):
        _write(run, graph, asked, found, {"provider": engine.provider, "images_per_second": speed})


def _write(
    run: RunFolder, onnx_sha256: str, asked: ExternalCases, logits: NDArray[np.float32], computed: Mapping[str, Any]
) -> None:
    count = int((~np.isfinite(logits)).any(axis=1).sum())
    if count:
        raise Refusal(
            f"{run.onnx}: gives logits that are not finite on {count} cases of the external test set {asked.name}; "
            "nothing was written for it"
        )
    file = run.predictions(asked.split)
    write_arrays(file, ids=asked.cases.ids, logits=logits)
    entry = {
        "fingerprint": asked.fingerprint,
        "onnx_sha256": onnx_sha256,
        "predictions_sha256": sha256(file),
        **computed,
    }
    told = read_json(run.evaluation_json)
    write_json(run.evaluation_json, {**told, ENTRY: {**_noted(run.evaluation_json), asked.name: entry}})
