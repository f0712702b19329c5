"""Exported models and cases come in; predictions and evaluation.json go out, run by run. Needs no torch."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cxr_report.inference.card as card
import cxr_report.inference.controls as controls
import cxr_report.inference.external as external
import cxr_report.inference.gallery as gallery
import cxr_report.inference.record as record
import cxr_report.inference.session as session
import cxr_report.inference.variants as variants
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.progress import Progress
from cxr_report.runs import SPLITS, RunFolder, StudyFolder, read_json, sha256, write_arrays, write_json
from cxr_report.study import Study

__all__ = ["complete", "evaluate"]

FORMAT = 1
"""Of evaluation.json; an evaluation of another format is redone."""


@dataclass(frozen=True, slots=True)
class _Exported:
    """A run whose chain from weights to model holds."""

    run: RunFolder
    onnx_sha256: str


def evaluate(
    study: Study, *, folder: StudyFolder, dataset: DataSet, progress: Progress, provider: session.Wish = "auto"
) -> None:
    """Predict with every exported run whose evaluation is missing or stale; see `cxr_report.inference.evaluate`."""
    session.require()
    controls.require()
    exported = _exported(study, folder, progress)
    pending = [entry for entry in exported if not complete(entry.run, entry.onnx_sha256, dataset.fingerprint)]
    if pending:
        engine = _engine(pending, dataset, provider)
        cut = f"{engine.batch} images a call, up to {engine.together} models at once"
        progress.say(f"evaluating on {engine.provider}, {cut}: {engine.reason}")
        progress.start("evaluate", len(pending) * sum(len(dataset.split(split)) for split in SPLITS))
        for start in range(0, len(pending), engine.together):
            _evaluate_together(pending[start : start + engine.together], engine, dataset, progress)
        progress.finish("evaluate")
    paths = {folder.run(loss, seed).path for loss, seed in study.compared_runs()}
    compared = [(entry.run, entry.onnx_sha256) for entry in exported if entry.run.path in paths]
    variants.evaluate(study.inference, compared, dataset, progress, provider=provider)
    external.evaluate(compared, dataset, progress, provider=provider)
    controls.evaluate(study, folder=folder, dataset=dataset, progress=progress)
    gallery.evaluate(study, [run for run, _ in compared], folder=folder, data=dataset, progress=progress)


def _engine(pending: list[_Exported], dataset: DataSet, provider: session.Wish) -> session.Engine:
    """Choose what computes, its batch and how many models it holds, by the first model and the validation images."""
    first = pending[0].run.onnx
    content = first.read_bytes()
    return session.measured(
        session.choose(content, where=str(first), wish=provider),
        content,
        dataset.val.images,
        where=str(first),
        models=len(pending),
        cases=sum(len(dataset.split(split)) for split in SPLITS),
    )


def complete(run: RunFolder, onnx_sha256: str, fingerprint: str) -> bool:
    """Say whether a run is evaluated: evaluation.json names the model, the data and the predictions that are there."""
    return record.stands(run, {"format": FORMAT, "onnx_sha256": onnx_sha256, "fingerprint": fingerprint})


def _exported(study: Study, folder: StudyFolder, progress: Progress) -> list[_Exported]:
    runs = [folder.run(loss, seed) for loss, seed in study.planned_runs()]
    found = [run for run in runs if run.export_json.exists()]
    diverged = [run for run in runs if run.diverged.exists() and not run.export_json.exists()]
    missing = len(runs) - len(found) - len(diverged)
    if missing == len(runs):
        raise Refusal(f"{folder.path}: none of the {len(runs)} runs is exported; run `cxr-report export` first")
    if missing:
        progress.say(f"{missing} of {len(runs)} runs are not exported yet and are left out")
    return [_chained(run) for run in found]


def _chained(run: RunFolder) -> _Exported:
    told = read_json(run.export_json)
    recorded = told.get("onnx_sha256") if isinstance(told, dict) else None
    found = sha256(run.onnx)
    if found != recorded:
        raise Refusal(
            f"{run.onnx}: is not the model that {run.export_json} has proved (sha256 {found[:12]}, recorded is "
            f"{str(recorded)[:12]}); run `cxr-report export` again"
        )
    if run.weights.exists() and told.get("weights_sha256") != sha256(run.weights):
        raise Refusal(
            f"{run.weights}: is not what {run.onnx} was exported from (sha256 differs from that in "
            f"{run.export_json.name}); run `cxr-report export` again"
        )
    card.refuse_damaged(card.told(run.onnx.read_bytes(), where=str(run.onnx)), where=str(run.onnx))
    return _Exported(run, found)


def _evaluate_together(entries: list[_Exported], engine: session.Engine, dataset: DataSet, progress: Progress) -> None:
    size = dataset.test.images.shape[1:]
    models = [
        session.load(
            entry.run.onnx.read_bytes(),
            engine,
            where=str(entry.run.onnx),
            size=(int(size[0]), int(size[1])),
            classes=len(dataset.classes),
        )
        for entry in entries
    ]
    began = time.perf_counter()
    logits = {split: _predicted(models, dataset, split, progress) for split in SPLITS}
    seconds = time.perf_counter() - began
    images = len(entries) * sum(len(dataset.split(split)) for split in SPLITS)
    for row, entry in enumerate(entries):
        _refuse_not_finite(entry.run, [logits[split][row] for split in SPLITS])
        _write(entry, {split: logits[split][row] for split in SPLITS}, dataset, engine, images / seconds)


def _predicted(
    models: list[session.Model], dataset: DataSet, split: str, progress: Progress
) -> list[NDArray[np.float32]]:
    return session.predict(models, dataset.split(split).images, tick=lambda done: progress.advance("evaluate", done))


def _refuse_not_finite(run: RunFolder, logits: list[NDArray[np.float32]]) -> None:
    count = sum(int((~np.isfinite(part)).any(axis=1).sum()) for part in logits)
    if count:
        raise Refusal(f"{run.onnx}: gives logits that are not finite on {count} cases; nothing was written for it")


def _write(
    entry: _Exported,
    logits: dict[str, NDArray[np.float32]],
    dataset: DataSet,
    engine: session.Engine,
    images_per_second: float,
) -> None:
    run = entry.run
    for split in SPLITS:
        write_arrays(run.predictions(split), ids=dataset.split(split).ids, logits=logits[split])
    account: dict[str, Any] = {
        "format": FORMAT,
        "loss": run.loss,
        "seed": run.seed,
        "onnx_sha256": entry.onnx_sha256,
        "fingerprint": dataset.fingerprint,
        "predictions_sha256": {split: sha256(run.predictions(split)) for split in SPLITS},
        **dataclasses.asdict(engine),
        "images_per_second": images_per_second,
        "onnxruntime": session.version(),
    }
    write_json(run.evaluation_json, account)
