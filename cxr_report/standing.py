"""How a study stands (done, missing, diverged), and what is left of it would cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cxr_report import ledger, tuning
from cxr_report.console import duration, size
from cxr_report.runs import RunFolder, StudyFolder, external_split
from cxr_report.study import Study

if TYPE_CHECKING:
    from cxr_report.progress import Progress
    from cxr_report.stages import Workplace

__all__ = ["State", "forecast", "state", "table"]

State = Literal["missing", "started", "trained", "exported", "evaluated", "diverged"]


def state(run: RunFolder) -> State:
    """Say how far a run came, by which files stand."""
    if run.diverged.exists():
        return "diverged"
    if run.evaluation_json.exists():
        return "evaluated"
    if run.export_json.exists():
        return "exported"
    if run.weights.exists() or run.trial.exists():
        return "trained"
    return "started" if run.run_json.exists() else "missing"


def table(folder: StudyFolder) -> str:
    """Write a study's state as lines of text: one row per loss, one column per seed, then what is written of it.

    The noise floor has rows of its own.

    Raises:
        Refusal: the folder holds no study.
    """
    study = ledger.read(folder).study
    lines = [f"study {study.name}: {len(study.losses)} losses x {len(study.seeds)} seeds", "", *_tuning(folder, study)]
    lines += _runs(folder, study) if study.predicted else [_given(folder)]
    lines.append(f"analysis: {'there' if folder.analysis().statistics.exists() else 'missing'}")
    lines.append(f"report: {'there' if folder.report().manifest.exists() else 'missing'}")
    return "\n".join(lines)


def _runs(folder: StudyFolder, study: Study) -> list[str]:
    lines = [*_grid(folder, tuple(study.losses), study.seeds), *_floor(folder, study)]
    found = [state(folder.run(loss, seed)) for loss, seed in study.planned_runs()]
    kinds = ("evaluated", "exported", "trained", "started", "missing", "diverged")
    counts = ", ".join(f"{found.count(kind)} {kind}" for kind in kinds if kind in found)
    return [*lines, "", f"runs: {counts}", *_external(folder, study)]


def _external(folder: StudyFolder, study: Study) -> list[str]:
    """Say of every external test set by how many of the compared runs it is predicted."""
    runs = [folder.run(loss, seed) for loss, seed in study.compared_runs()]
    runs = [run for run in runs if not run.diverged.exists()]
    return [
        f"external test set {each.name}: predicted by {sum(run.predictions(split).exists() for run in runs)} of "
        f"{len(runs)} runs"
        for each in study.data.external
        for split in [external_split(each.name)]
    ]


def _tuning(folder: StudyFolder, study: Study) -> list[str]:
    """Say how far the trials of every loss came and what was chosen; nothing without a section tuning."""
    if study.tuning is None:
        return []
    chosen = tuning.outcomes(study, folder)
    total, lines = study.tuning.trials * study.tuning.trainings, [tuning.budget(study)]
    for loss in study.losses:
        done = sum(ended for trial, ended in _trials(folder, study) if tuning.loss_of(trial) == loss)
        told = [f"{done} of {total} trainings finished"]
        if loss in chosen:
            number = chosen[loss].chosen.configuration.number
            values = ", ".join(f"{name} {value:g}" for name, value in chosen[loss].values.items())
            told.append(f"configuration {number} chosen: {values}")
        lines.append(f"{loss}: {'; '.join(told)}")
    return [*lines, ""]


def _trials(folder: StudyFolder, study: Study) -> list[tuple[str, bool]]:
    """Return every training of the trials by its trial's name, and whether it is finished."""
    runs = [folder.trials.run(trial, seed) for trial, seed in tuning.trial_runs(study)]
    return [(run.loss, folder.tuning(tuning.loss_of(run.loss)).exists() or _ended(run)) for run in runs]


def _ended(run: RunFolder) -> bool:
    return state(run) in ("trained", "diverged")


def _given(folder: StudyFolder) -> str:
    """Say of a study of given scores whether they are there; its runs have no files."""
    return f"scores, as given: {'there' if folder.given_scores.exists() else 'missing'}"


def _floor(folder: StudyFolder, study: Study) -> list[str]:
    floor, lines = study.noise_floor, []
    if floor.seeds:
        baseline = study.analysis.baseline
        lines += ["", f"noise floor of seeds: {baseline} again, with as many further seeds"]
        lines += _grid(folder, (baseline,), study.floor_seeds)
    if floor.identical:
        same = ", ".join(f"{second} is {first}" for first, second in study.twins() if second in floor.identical)
        lines += ["", f"noise floor of rounding: {same}, by another formula"]
        lines += _grid(folder, tuple(floor.identical), study.seeds)
    return lines


def _grid(folder: StudyFolder, losses: Sequence[str], seeds: Sequence[int]) -> list[str]:
    """Write one row per loss and one column per seed, under a head."""
    heads = [f"seed {seed}" for seed in seeds]
    first, width = max(len(name) for name in ("loss", *losses)), max(9, *(len(head) for head in heads))
    rows = [("loss", heads), *((loss, [str(state(folder.run(loss, seed))) for seed in seeds]) for loss in losses)]
    return [f"{name:<{first}}  " + "  ".join(f"{cell:>{width}}" for cell in cells) for name, cells in rows]


def forecast(
    place: Workplace,
    *,
    workers: int | None,
    progress: Progress,
    pilot: Path | None = None,
    strict: bool = False,
) -> str:
    """Say what `run` would do, what its plan can show, and after one measured epoch how long it would take.

    Nothing is written into the study's folder; the decoded images stay in the cache.

    Args:
        place: the study.
        workers: runs at once; None finds it.
        progress: who is told.
        pilot: a finished study's folder, whose variances say what power to expect.
        strict: refuse a plan that cannot succeed.

    Raises:
        Refusal: the data or the pilot are at fault, or with ``strict``, the plan cannot succeed.
    """
    from cxr_report import data, gate, stages, training

    study, told = place.study, None if pilot is None else gate.read_pilot(StudyFolder(pilot))
    if place.folder.study_json.exists():
        ledger.refuse_other_plan(study, place.folder)
    loaded = data.load(
        study, study_file=place.study_file, cache=place.folder.cache, workers=stages.cores(), progress=progress
    )
    outlook = gate.of_study(study, len(loaded.test), told)
    if strict:
        gate.refuse(outlook, str(place.study_file))
    stages.try_out(place, loaded)
    states = [state(place.folder.run(loss, seed)) for loss, seed in study.planned_runs()]
    further = f" + {len(study.floor_runs())} of the noise floor" if study.floor_runs() else ""
    left = sum(kind in ("missing", "started") for kind in states)
    cost = training.measure_epoch(study, study_file=place.study_file, dataset=loaded)
    at_once = min(workers or cost.runs_at_once, max(left, 1))
    epochs = study.training.epochs * math.ceil(left / at_once)
    trials = sum(not ended for _, ended in _trials(place.folder, study))
    of_trials = (study.tuning.epochs or 0) * math.ceil(trials / (workers or cost.runs_at_once)) if study.tuning else 0
    seconds = cost.seconds_per_epoch * (epochs + of_trials)
    disk = cost.bytes_per_run * left
    lines = [
        *gate.sentences(outlook),
        "",
        f"study {study.name} ({study.task}): {len(study.losses)} losses x {len(study.seeds)} seeds{further} = "
        f"{len(states)} runs, {len(states) - left} finished, {left} to train",
        *([f"{tuning.budget(study)}, {trials} to do before the first run"] if study.tuning else []),
        f"data: {len(loaded.train)} training, {len(loaded.val)} validation, {len(loaded.test)} test cases, "
        f"{len(loaded.classes)} {'findings' if study.task == 'multilabel' else 'classes'}, "
        f"{study.data.image_size} x {study.data.image_size} pixels",
        *(f"external test set {each.name}: {len(each.cases)} cases" for each in loaded.external),
        f"one epoch of one run: {cost.seconds_per_epoch:.1f} s, measured on {cost.device}, {at_once} runs at once",
        f"time: about {duration(seconds)} of training{', trials included' if study.tuning else ''}",
        f"memory: about {size(cost.bytes_of_memory * at_once)} for {at_once} runs at once",
        f"disk: about {size(disk)}, {size(stages.free_disk(place.folder.path))} free",
    ]
    return "\n".join(lines)
