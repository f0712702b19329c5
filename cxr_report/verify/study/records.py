"""A study's folder in, every hash that a file of it records of another one out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_report.data.truth import BINDING, EXTERNAL
from cxr_report.errors import Refusal
from cxr_report.runs import TORCH, RunFolder, StudyFolder, external_split, read_json

__all__ = ["Recorded", "of_analyses", "of_inputs", "plain", "run_folders"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One hash in one file."""

    witness: Path
    """The file that records it."""
    keys: tuple[str, ...]
    """Where in it."""
    file: Path
    """The file that it is of."""
    digest: Any
    """As it stands there."""


def plain(file: Path) -> dict[str, Any]:
    """Read a JSON object; empty where it is missing, damaged or something else."""
    try:
        found = read_json(file)
    except (Refusal, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def run_folders(folder: StudyFolder) -> list[RunFolder]:
    """Return every folder that looks like one of a run or a control, in the order of their names."""
    found = [RunFolder(path, path.parent.name, _seed(path)) for path in sorted(folder.path.glob("*/seed-*"))]
    controls = [folder.control(path.name) for path in sorted(folder.path.glob("controls/*")) if path.is_dir()]
    return [run for run in (*found, *controls) if run.path.is_dir()]


def _seed(path: Path) -> int:
    digits = path.name.removeprefix("seed-")
    return int(digits) if digits.isdecimal() else -1


def of_inputs(folder: StudyFolder) -> Iterator[Recorded]:
    """Yield the hashes that data.json, export.json and evaluation.json record."""
    yield from _of_data(folder)
    for run in run_folders(folder):
        yield from _of_export(run)
        yield from _of_evaluation(run)


def _of_data(folder: StudyFolder) -> Iterator[Recorded]:
    file = folder.data_json
    told = plain(file)
    for split, digest in _entries(told.get(BINDING)):
        yield Recorded(file, (BINDING, split), folder.truth(split), digest)
    blocks = told.get(EXTERNAL)
    for number, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, dict) and isinstance(block.get("name"), str):
            truth = folder.truth(external_split(block["name"]))
            yield Recorded(file, (EXTERNAL, str(number), BINDING), truth, block.get(BINDING))
    if folder.given_scores.exists():
        yield Recorded(file, ("fingerprint",), folder.given_scores, told.get("fingerprint"))


def _of_export(run: RunFolder) -> Iterator[Recorded]:
    file = run.export_json
    told = plain(file)
    for key, target in (("weights_sha256", run.weights), ("onnx_sha256", run.onnx)):
        if key in told:
            yield Recorded(file, (key,), target, told[key])
    for split, digest in _entries(told.get("torch_predictions_sha256")):
        yield Recorded(file, ("torch_predictions_sha256", split), run.predictions(split, TORCH), digest)


def _of_evaluation(run: RunFolder) -> Iterator[Recorded]:
    file = run.evaluation_json
    told = plain(file)
    if "onnx_sha256" in told:
        yield Recorded(file, ("onnx_sha256",), run.onnx, told["onnx_sha256"])
    for split, digest in _entries(told.get("predictions_sha256")):
        yield Recorded(file, ("predictions_sha256", split), run.predictions(split), digest)
    for name, noted in _entries(told.get("variants")):
        yield from _of_variant(run, name, noted)
    for name, noted in _entries(told.get(EXTERNAL)):
        if isinstance(noted, dict):
            keys = (EXTERNAL, name)
            split = external_split(name)
            yield Recorded(file, (*keys, "predictions_sha256"), run.predictions(split), noted.get("predictions_sha256"))
            yield Recorded(file, (*keys, "onnx_sha256"), run.onnx, noted.get("onnx_sha256"))


def _of_variant(run: RunFolder, name: str, noted: Any) -> Iterator[Recorded]:
    if not isinstance(noted, dict):
        return
    file, keys = run.evaluation_json, ("variants", name)
    for key, target in (("graph_sha256", run.graph(name)), ("onnx_sha256", run.onnx)):
        if key in noted:
            yield Recorded(file, (*keys, key), target, noted[key])
    for split, digest in _entries(noted.get("predictions_sha256")):
        yield Recorded(file, (*keys, "predictions_sha256", split), run.predictions(split, name), digest)


def of_analyses(folder: StudyFolder, name: str) -> Iterator[Recorded]:
    """Yield the hashes that statistics.json and manifest.json of one analysis record of files of the study."""
    analysis, report = folder.analysis(name), folder.report(name)
    told = plain(analysis.statistics)
    for key, digest in _entries(told.get("inputs")):
        if key != "plan":
            yield Recorded(analysis.statistics, ("inputs", key), folder.path / key, digest)
    for key, digest in _entries(told.get("outputs")):
        yield Recorded(analysis.statistics, ("outputs", key), analysis.path / key, digest)
    told = plain(report.manifest)
    for key, digest in _entries(told.get("inputs")):
        if ":" not in key:
            yield Recorded(report.manifest, ("inputs", key), folder.path / key, digest)
    for key, digest in _entries(told.get("outputs")):
        yield Recorded(report.manifest, ("outputs", key), report.path / key, digest)


def _entries(value: Any) -> list[tuple[str, Any]]:
    return sorted(value.items()) if isinstance(value, Mapping) else []
