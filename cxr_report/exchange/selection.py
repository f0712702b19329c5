"""A study's folder in, the files that are published out, and those that stay at home with the reason.

What is published is what the stages write, by name: a file that somebody has laid into the folder stays at home and is
named, for nobody can say what it tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cxr_report import tuning
from cxr_report.errors import Refusal
from cxr_report.runs import AnalysisFolder, ReportFolder, RunFolder, StudyFolder, external_split, read_json
from cxr_report.study import Study

__all__ = ["WEIGHTS", "Selection", "select"]

WEIGHTS = (".pt", ".safetensors", ".onnx")
"""Endings of what is never published."""

CONTROLS = ("pixels", "metadata")
"""Models that are no runs."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files go out."""

    files: tuple[Path, ...]
    """Published, sorted."""
    weights: int
    """How many weights, checkpoints and graphs stay at home."""
    strangers: tuple[str, ...]
    """Names of files that stay at home, relative to the study: no stage has written them, or they hold pixels that the
    study does not show."""


def select(folder: StudyFolder, study: Study, *, partial: bool = False) -> Selection:
    """Choose what is published of a study.

    Args:
        folder: where it lies.
        study: whose losses and seeds name folders.
        partial: take the analysis and report of an incomplete study in place of the complete ones.

    Raises:
        Refusal: something in the folder is a link, whose target is no file of the study.
    """
    written = set(_written(folder, study, partial=partial))
    files, strangers, weights = [], [], 0
    for file in sorted(folder.path.rglob("*")):
        name = folder.relative(file)
        if file.is_symlink():
            raise Refusal(f"{name}: is a link, and a published study holds files alone; put the file itself there")
        if not file.is_file():
            continue
        if file in written:
            files.append(file)
        elif file.suffix in WEIGHTS:
            weights += 1
        elif not _of_the_other_kind(name, partial=partial):
            strangers.append(name)
    return Selection(tuple(files), weights, tuple(strangers))


def _written(folder: StudyFolder, study: Study, *, partial: bool) -> Iterator[Path]:
    """Yield what the stages write, whether it is there or not."""
    splits = [*study.splits, *(external_split(each.name) for each in study.data.external)]
    yield from (folder.study_json, folder.data_json, folder.given_scores, *(folder.truth(split) for split in splits))
    if study.report.shows_cases(study.data.source):  # pixels of patients are published by decision alone
        yield folder.gallery
    if study.report.templates:
        yield from folder.templates.rglob("*")
    for run in _runs(folder, study):
        yield from _of_run(run)
    yield from (folder.tuning(loss) for loss in study.losses)
    for place in folder.path.iterdir():
        kind, _, name = place.name.partition("-")
        if place.is_dir() and (name == "partial") == partial:
            yield from _of_analysis(AnalysisFolder(place)) if kind == "analysis" else ()
            yield from _of_report(ReportFolder(place)) if kind == "report" else ()


def _runs(folder: StudyFolder, study: Study) -> Iterator[RunFolder]:
    planned = (*study.compared_runs(), *study.floor_runs())
    yield from (folder.run(loss, seed) for loss, seed in planned)
    yield from (folder.control(name) for name in CONTROLS)
    if study.tuning is not None:
        yield from (folder.trials.run(trial, seed) for trial, seed in tuning.trial_runs(study))


def _of_run(run: RunFolder) -> Iterator[Path]:
    yield from (run.run_json, run.history, run.diverged, run.trial, run.export_json, run.evaluation_json)
    yield from run.path.glob("predictions-*.npz")


def _of_analysis(analysis: AnalysisFolder) -> tuple[Path, ...]:
    return (analysis.statistics, analysis.scores, analysis.comparisons)


def _of_report(report: ReportFolder) -> Iterator[Path]:
    """Yield what the manifest of a report names, and the manifest; a figure of an older report is none of it."""
    if report.manifest.is_file():
        told = read_json(report.manifest)
        outputs = told.get("outputs") if isinstance(told, dict) else None
        yield report.manifest
        yield from (report.path / str(name) for name in (outputs if isinstance(outputs, dict) else ()))


def _of_the_other_kind(name: str, *, partial: bool) -> bool:
    """Say whether a file belongs to the complete study's analysis where the partial one goes out, or the reverse."""
    first = name.partition("/")[0]
    return first.partition("-")[0] in ("analysis", "report") and (first.partition("-")[2] == "partial") != partial
