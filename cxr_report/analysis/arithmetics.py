"""A run and its study in; the other arithmetics that it was computed in, their files and recorded hashes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxr_report.errors import Refusal
from cxr_report.runs import SPLITS, TORCH, RunFolder, read_json
from cxr_report.study import Study

__all__ = ["arithmetics", "files", "links"]

CPU = "CPUExecutionProvider"
"""onnxruntime's name of it, as evaluation.json tells it."""


def arithmetics(run: RunFolder, study: Study) -> tuple[str, ...]:
    """Name the arithmetics whose logits a finished run has beside those of its exported graph.

    Torch's for every trained run; the variants that the plan asks for, for the runs that are compared. The variant
    ``cpu`` belongs to runs whose reference was computed elsewhere.

    Args:
        run: whose.
        study: the plan.
    """
    if not study.trained:
        return ()
    compared = run.loss in study.losses and run.seed in study.seeds
    asked = study.inference.variants if compared else ()
    return (TORCH, *(variant for variant in asked if variant != "cpu" or _elsewhere(run)))


def files(run: RunFolder, study: Study) -> list[Path]:
    """List the predictions of all these arithmetics."""
    return [run.predictions(split, name) for name in arithmetics(run, study) for split in SPLITS]


def links(run: RunFolder, study: Study) -> Iterator[tuple[Path, Any, Path]]:
    """Yield each of these files with its recorded hash and the file that records it; graphs of variants too.

    Raises:
        Refusal: export.json or evaluation.json records no hash of them, or a variant of another graph.
    """
    for name in arithmetics(run, study):
        witness = run.export_json if name == TORCH else run.evaluation_json
        recorded = _recorded(run, name, witness)
        for split in SPLITS:
            yield run.predictions(split, name), recorded.get(split), witness
        if name not in (TORCH, "cpu"):
            yield run.graph(name), _variant(run, name).get("graph_sha256"), witness


def _recorded(run: RunFolder, name: str, witness: Path) -> dict[str, Any]:
    if name == TORCH:
        told, key = _told(witness), "torch_predictions_sha256"
    else:
        told, key = _variant(run, name), "predictions_sha256"
        _check_source(run, name, told)
    found = told.get(key)
    if not isinstance(found, dict) or set(found) != set(SPLITS):
        what = "torch’s logits" if name == TORCH else f"the variant {name}"
        raise Refusal(f"{witness}: records no hashes of {what}; delete it and run the same command again")
    return found


def _check_source(run: RunFolder, name: str, told: dict[str, Any]) -> None:
    """Refuse a variant that was made from another graph than the run's."""
    ours, theirs = _told(run.evaluation_json).get("onnx_sha256"), told.get("onnx_sha256")
    if told and ours != theirs:
        raise Refusal(
            f"{run.evaluation_json}: the variant {name} was made from another graph than the run's predictions; "
            "run `cxr-report evaluate` again"
        )


def _variant(run: RunFolder, name: str) -> dict[str, Any]:
    entry = _told(run.evaluation_json).get("variants")
    found = entry.get(name) if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


def _elsewhere(run: RunFolder) -> bool:
    return run.evaluation_json.exists() and _told(run.evaluation_json).get("provider", CPU) != CPU


def _told(file: Path) -> dict[str, Any]:
    found = read_json(file)
    return found if isinstance(found, dict) else {}
