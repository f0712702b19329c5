"""Trained weights come in; model.onnx, torch's own logits and the proof, export.json, go out.

The only torch outside training.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

import cxr_report.inference.graph as graph
import cxr_report.inference.record as record
import cxr_report.inference.session as session
import cxr_report.training.models as models
from cxr_report.data.cases import DataSet
from cxr_report.errors import Refusal
from cxr_report.inference.cost import multiply_accumulates
from cxr_report.inference.proof import Proof, prove
from cxr_report.progress import Progress
from cxr_report.runs import SPLITS, TORCH, RunFolder, StudyFolder, read_json, sha256, write_bytes, write_json
from cxr_report.study import Study
from cxr_report.training.weights import finished

__all__ = ["check", "export"]

FORMAT = 3
"""Of export.json; an export of another format is redone."""

PREFIX = "classifier."
"""Before every torch name in a template: a buffer called ``mean`` would else collide with the output of a node."""

_WORDS = {"val": "validation", "test": "test"}

EAGER_BATCH = 8
"""Chosen: as onnxruntime's, small enough for 224 px on every core at once."""


class _Wrapped(nn.Module):
    """Gives every parameter and buffer a name with a dot in it, which no node has."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map uint8 ``(N, 1, H, W)`` to logits ``(N, C)``."""
        logits: torch.Tensor = self.classifier(image)
        return logits


@dataclass(frozen=True, slots=True)
class _Desk:
    """What exporting one run after another needs."""

    study: Study
    folder: StudyFolder
    dataset: DataSet
    classifier: nn.Module
    template: graph.Template


def export(study: Study, *, study_file: Path, folder: StudyFolder, dataset: DataSet, progress: Progress) -> None:
    """Export every trained run whose export is missing or stale; see `cxr_report.inference.export`."""
    session.require()
    pending = [run for run in _trained(study, dataset, folder, progress) if not complete(run)]
    if not pending:
        return
    progress.start("export", len(pending))
    desks: dict[float | None, _Desk] = {}
    for run in pending:
        head = models.cosine_scale(study.entry(run.loss))
        if head not in desks:
            classifier = _classifier(study, study_file, dataset, head)
            desks[head] = _Desk(study, folder, dataset, classifier, export_template(classifier, _size(dataset)))
        _export_run(run, desks[head])
        progress.advance("export")
    progress.finish("export")


def check(study: Study, *, study_file: Path, dataset: DataSet) -> None:
    """Export the study's architecture with every last layer that its losses ask for, and throw the graphs away.

    Raises:
        Refusal: the exporter cannot express it.
    """
    for head in {models.cosine_scale(study.entry(loss)) for loss, _ in study.planned_runs()}:
        export_template(_classifier(study, study_file, dataset, head), _size(dataset))


def complete(run: RunFolder) -> bool:
    """Say whether a run is exported: export.json names the weights, the model and torch's logits that are there."""
    if not (run.export_json.exists() and run.onnx.exists()):
        return False
    try:
        told = read_json(run.export_json)
    except Refusal:
        return False
    return (
        isinstance(told, dict)
        and told.get("format") == FORMAT
        and told.get("weights_sha256") == sha256(run.weights)
        and told.get("onnx_sha256") == sha256(run.onnx)
        and record.names(run, told.get("torch_predictions_sha256"), TORCH)
    )


def export_template(classifier: nn.Module, size: tuple[int, int]) -> graph.Template:
    """Export the graph of an architecture without any optimisation.

    Args:
        classifier: uint8 ``(N, 1, H, W)`` to logits ``(N, C)``; its weights do not matter.
        size: height and width.

    Raises:
        Refusal: the exporter cannot express the module.
    """
    example = torch.zeros((2, 1, *size), dtype=torch.uint8)
    with _quiet():
        try:
            program = torch.onnx.export(
                _Wrapped(classifier).eval(),
                (example,),
                dynamo=True,
                optimize=False,
                opset_version=graph.OPSET,
                input_names=[graph.IMAGE],
                output_names=[graph.LOGITS],
                dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
                verbose=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise Refusal(f"model: torch cannot export the network to ONNX ({_cause(error)})") from error
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    model: onnx.ModelProto = program.model_proto
    names = {name: tuple(value.shape) for name, value in classifier.state_dict().items()}
    return graph.template(model, names, prefix=PREFIX)


def _cause(error: BaseException) -> str:
    """Return the first line of the innermost error; the outer ones explain the exporter."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def eager_logits(classifier: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute logits ``(N, C)`` of images ``(N, H, W)`` with torch on the CPU in float32.

    Every batch keeps to one thread, so that export.json is the same on any number of cores.
    """
    classifier.eval()

    def one(start: int) -> NDArray[np.float32]:
        with torch.inference_mode():
            batch = torch.from_numpy(np.array(images[start : start + EAGER_BATCH]))[:, None]
            logits: NDArray[np.float32] = classifier(batch).float().numpy()
            return logits

    before = torch.get_num_threads()
    torch.set_num_threads(1)  # here, and in every thread of the pool, for each thread has a number of its own
    try:
        with ThreadPoolExecutor(session.cores(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return np.concatenate(list(pool.map(one, range(0, len(images), EAGER_BATCH))))
    finally:
        torch.set_num_threads(before)


def _trained(study: Study, dataset: DataSet, folder: StudyFolder, progress: Progress) -> list[RunFolder]:
    runs = [folder.run(loss, seed) for loss, seed in study.planned_runs()]
    ended = [run for run in runs if finished(run, study.run_identity(run.loss, run.seed, dataset.fingerprint), folder)]
    missing = len(runs) - len(ended)
    if not ended:
        raise Refusal(f"{folder.path}: none of the {len(runs)} runs is trained; run `cxr-report train` first")
    if missing:
        progress.say(f"{missing} of {len(runs)} runs are not trained yet and are left out")
    return [run for run in ended if run.weights.exists()]


def _export_run(run: RunFolder, desk: _Desk) -> None:
    weights = _weights(run.weights)
    weights_sha256 = sha256(run.weights)
    filled = graph.fill(desk.template, weights, where=str(run.weights))
    content = graph.finish(graph.optimise(filled), _metadata(run, desk, weights, weights_sha256))
    desk.classifier.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=True)
    held = held_against(content, desk, where=str(run.onnx))
    for split, one in held.items():
        fault = one.proof.fault(_WORDS[split])
        if fault:
            told = f"the exported model of loss {run.loss}, seed {run.seed} {fault}"
            raise Refusal(f"{run.onnx}: {told}; it was not written")
    write_bytes(run.onnx, content)
    record.write(run, desk.dataset, {split: one.torch for split, one in held.items()}, TORCH)
    write_json(run.export_json, _account(run, desk, held, weights_sha256, content))


@dataclass(frozen=True, slots=True)
class Held:
    """A trained model's logits on one split, and the exported model held against them."""

    torch: NDArray[np.float32]
    """``(N, C)``."""
    proof: Proof


def held_against(content: bytes, desk: _Desk, *, where: str) -> dict[str, Held]:
    """Compare an exported model with the trained one on every split, both on the CPU in float32."""
    dataset = desk.dataset
    engine = dataclasses.replace(session.CPU, threads=session.cores())
    model = session.load(content, engine, where=where, size=_size(dataset), classes=len(dataset.classes))
    findings = dataset.classes if desk.study.task == "multilabel" else ()
    held = {}
    for split in SPLITS:
        cases = dataset.split(split)
        exported, trained = session.predict([model], cases.images)[0], eager_logits(desk.classifier, cases.images)
        held[split] = Held(trained, prove(trained, exported, ids=cases.ids, findings=findings))
    return held


def _weights(file: Path) -> dict[str, NDArray[Any]]:
    from safetensors.numpy import load_file

    return dict(load_file(file))


def _metadata(run: RunFolder, desk: _Desk, weights: Mapping[str, NDArray[Any]], weights_sha256: str) -> dict[str, str]:
    height, width = _size(desk.dataset)
    spec = {
        "name": graph.IMAGE,
        "shape": ["N", 1, height, width],
        "dtype": "uint8",
        "colour": "grey, 0 = black",
        "resize": desk.study.data.resize,
        "filter": "Lanczos, antialiased",
    }
    output = {
        "name": graph.LOGITS,
        "shape": ["N", len(desk.dataset.classes)],
        "dtype": "float32",
        "probabilities": "sigmoid per finding" if desk.study.task == "multilabel" else "softmax over the classes",
    }
    normalisation = {
        "where": "inside the graph",
        "formula": "(image / 255 - mean) / std",
        "mean": float(weights["mean"].item()),
        "std": float(weights["std"].item()),
    }
    return {
        "program": "cxr_report",
        "study": desk.study.name,
        "loss": run.loss,
        "seed": str(run.seed),
        "task": desk.study.task,
        "classes": json.dumps(list(desk.dataset.classes), ensure_ascii=False),
        "input": json.dumps(spec),
        "output": json.dumps(output),
        "normalisation": json.dumps(normalisation),
        "weights_sha256": weights_sha256,
    }


def _account(
    run: RunFolder, desk: _Desk, held: Mapping[str, Held], weights_sha256: str, content: bytes
) -> dict[str, Any]:
    model = onnx.load_model_from_string(content)
    return {
        "format": FORMAT,
        "loss": run.loss,
        "seed": run.seed,
        "weights_sha256": weights_sha256,
        "onnx_sha256": sha256(run.onnx),
        "architecture_sha256": desk.template.sha256,
        "opset": graph.OPSET,
        "ir_version": model.ir_version,
        "size": {
            "parameters": sum(weight.numel() for weight in desk.classifier.parameters()),
            "multiply_accumulates": multiply_accumulates(model),
        },
        "torch_predictions_sha256": record.hashes(run, TORCH),
        "proof": _told(held["val"].proof, "val"),
        "test_proof": _told(held["test"].proof, "test"),
    }


def _told(proof: Proof, split: str) -> dict[str, Any]:
    return {
        "split": split,
        "cases": proof.cases,
        "max_difference": proof.max_difference,
        "max_logit": proof.max_logit,
        "flips_outside": len(proof.outside),
        "flips_inside": len(proof.inside),
        "flipped": [dataclasses.asdict(flip) for flip in proof.inside],
    }


def _classifier(study: Study, study_file: Path, dataset: DataSet, head: float | None) -> nn.Module:
    height, _ = _size(dataset)
    classes = len(dataset.classes)
    return models.build(study.model, classes, study_file=study_file, image_size=height, cosine_scale=head).eval()


def _size(dataset: DataSet) -> tuple[int, int]:
    height, width = dataset.val.images.shape[1:]
    return int(height), int(width)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks on its own future and on packages that nobody needs from the user."""
    exporting = ("torch.onnx", "torch.onnx._internal.exporter._registration", "onnxscript", "onnx_ir")
    names = (*exporting, "torch.fx.experimental.symbolic_shapes", "torch.export")
    loggers: Mapping[str, int] = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in loggers:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in loggers.items():
                logging.getLogger(name).setLevel(level)
