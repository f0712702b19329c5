"""A study's folder in, what is finished and what is missing out, with the hash chain checked and every input hashed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cxr_report.errors import Refusal
from cxr_report.runs import SPLITS, RunFolder, StudyFolder, read_json, sha256
from cxr_report.study import Study

__all__ = ["CONTROLS", "Survey", "check_chain", "hashes", "survey"]

CONTROLS: tuple[Literal["pixels", "metadata"], ...] = ("pixels", "metadata")
"""Models that are no runs; the metadata model exists only where the data have metadata."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Which runs of a study are finished."""

    folder: StudyFolder
    study: Study
    done: tuple[RunFolder, ...]
    """Runs with predictions, loss by loss in the study's order, seeds rising."""
    diverged: tuple[RunFolder, ...]
    """Runs that ended without a finite loss."""
    controls: tuple[RunFolder, ...]
    missing: tuple[str, ...]
    """Files that a complete study would hold, relative to its folder."""

    def states(self) -> dict[tuple[str, int], Literal["done", "diverged", "missing"]]:
        """Return how every planned run stands, by loss and seed."""
        states: dict[tuple[str, int], Literal["done", "diverged", "missing"]] = {
            (loss, seed): "missing" for loss in self.study.losses for seed in self.study.seeds
        }
        states.update({(run.loss, run.seed): "done" for run in self.done})
        states.update({(run.loss, run.seed): "diverged" for run in self.diverged})
        return states

    def finished_seeds(self, *, with_diverged: bool) -> tuple[int, ...]:
        """Return the seeds that every loss has finished.

        Args:
            with_diverged: whether a diverged run counts as finished.
        """
        states = self.states()
        enough = {"done", "diverged"} if with_diverged else {"done"}
        return tuple(
            seed for seed in self.study.seeds if all(states[loss, seed] in enough for loss in self.study.losses)
        )


def survey(folder: StudyFolder, study: Study) -> Survey:
    """Look at which files of a study are there.

    Args:
        folder: the study's folder, with or without weights and graphs.
        study: what was planned.
    """
    planned = [folder.run(loss, seed) for loss in study.losses for seed in study.seeds]
    diverged = [run for run in planned if run.diverged.exists()]
    lacking = {run.path: _lacking(run) for run in planned if not run.diverged.exists()}
    done = [run for run in planned if lacking.get(run.path) == []]
    shared = [folder.data_json, *(folder.truth(split) for split in SPLITS)]
    files = [file for file in shared if not file.exists()]
    files += [file for absent in lacking.values() for file in absent]
    controls = [folder.control(name) for name in CONTROLS]
    files += [file for file in _of_control(controls[0]) if not file.exists()]  # the metadata model may have no metadata
    present = [control for control in controls if all(file.exists() for file in _of_control(control))]
    return Survey(
        folder=folder,
        study=study,
        done=tuple(done),
        diverged=tuple(diverged),
        controls=tuple(present),
        missing=tuple(folder.relative(file) for file in files),
    )


def _lacking(run: RunFolder) -> list[Path]:
    wanted = [run.history, run.export_json, *_predictions(run), run.evaluation_json]
    return [file for file in wanted if not file.exists()]


def _of_control(run: RunFolder) -> list[Path]:
    return [*_predictions(run), run.evaluation_json]


def _predictions(run: RunFolder) -> list[Path]:
    return [run.predictions(split) for split in SPLITS]


def hashes(found: Survey) -> dict[str, str]:
    """Hash every file that the analysis depends on: none that holds times or facts of a machine.

    Returns:
        File, relative to the study -> sha256.
    """
    folder = found.folder
    files = [folder.data_json, *(folder.truth(split) for split in SPLITS)]
    for run in found.done:
        files += [run.history, run.export_json, *_predictions(run)]
    for run in found.diverged:
        files += [run.diverged, *([run.history] if run.history.exists() else [])]
    for control in found.controls:
        files += _predictions(control)
    return {folder.relative(file): sha256(file) for file in files}


def check_chain(found: Survey) -> None:
    """Hold weights, graph and predictions of every finished run against the hashes that were recorded of them.

    Weights and graphs that are absent, as in a published folder, are taken at their recorded hashes.

    Raises:
        Refusal: a file is another one than the next stage was made from; both are named.
    """
    data = read_json(found.folder.data_json) if found.folder.data_json.exists() else {}
    fingerprint = data.get("fingerprint", "") if isinstance(data, dict) else ""
    for run in found.done:
        _check_links(found, _links(run))
        _check_origin(found, run, fingerprint)
    for control in found.controls:
        _check_links(found, _prediction_links(control, read_json(control.evaluation_json)))


def _links(run: RunFolder) -> Iterator[tuple[Path, str, Path]]:
    export, evaluation = read_json(run.export_json), read_json(run.evaluation_json)
    yield run.weights, _recorded(export, "weights_sha256", run.export_json), run.export_json
    yield run.onnx, _recorded(export, "onnx_sha256", run.export_json), run.export_json
    yield from _prediction_links(run, evaluation)


def _prediction_links(run: RunFolder, evaluation: Any) -> Iterator[tuple[Path, str, Path]]:
    recorded = _recorded(evaluation, "predictions_sha256", run.evaluation_json)
    for split in SPLITS:
        yield run.predictions(split), _recorded(recorded, split, run.evaluation_json), run.evaluation_json


def _check_links(found: Survey, links: Iterable[tuple[Path, str, Path]]) -> None:
    for file, recorded, witness in links:
        if file.exists() and sha256(file) != recorded:
            raise Refusal(
                f"{found.folder.relative(file)} does not match the hash that {found.folder.relative(witness)} "
                f"records of it; put the right file back, or delete {found.folder.relative(witness)} and run the "
                "study again"
            )


def _check_origin(found: Survey, run: RunFolder, fingerprint: str) -> None:
    export, evaluation = read_json(run.export_json), read_json(run.evaluation_json)
    export_name, evaluation_name = found.folder.relative(run.export_json), found.folder.relative(run.evaluation_json)
    if _recorded(export, "onnx_sha256", run.export_json) != _recorded(evaluation, "onnx_sha256", run.evaluation_json):
        raise Refusal(
            f"{evaluation_name} was made from another graph than {export_name} records; "
            f"delete {evaluation_name} and run the study again"
        )
    if evaluation.get("fingerprint", fingerprint) != fingerprint:
        raise Refusal(
            f"{evaluation_name} was made on other data than {found.folder.relative(found.folder.data_json)} records; "
            f"delete {evaluation_name} and run the study again"
        )


def _recorded(content: Any, key: str, file: Path) -> Any:
    if not isinstance(content, dict) or key not in content:
        raise Refusal(f"{file}: records no {key}; delete it and run the same command again")
    return content[key]
