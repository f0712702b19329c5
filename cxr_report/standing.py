"""How a study stands (done, missing, diverged), and what is left of it would cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from cxr_report import ledger
from cxr_report.console import duration, size
from cxr_report.runs import RunFolder, StudyFolder

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
    if run.weights.exists():
        return "trained"
    return "started" if run.run_json.exists() else "missing"


def table(folder: StudyFolder) -> str:
    """Write a study's state as lines of text: one row per loss, one column per seed, then what is written of it.

    Raises:
        Refusal: the folder holds no study.
    """
    study = ledger.read(folder).study
    states = {(loss, seed): state(folder.run(loss, seed)) for loss in study.losses for seed in study.seeds}
    width = max(len("loss"), *(len(loss) for loss in study.losses))
    lines = [f"study {study.name}: {len(study.losses)} losses x {len(study.seeds)} seeds", ""]
    lines.append(f"{'loss':<{width}}  " + "  ".join(f"{f'seed {seed}':>9}" for seed in study.seeds))
    for loss in study.losses:
        lines.append(f"{loss:<{width}}  " + "  ".join(f"{states[loss, seed]:>9}" for seed in study.seeds))
    found = list(states.values())
    kinds = ("evaluated", "exported", "trained", "started", "missing", "diverged")
    counts = ", ".join(f"{found.count(kind)} {kind}" for kind in kinds if kind in found)
    lines += ["", f"runs: {counts}"]
    lines.append(f"analysis: {'there' if folder.analysis().statistics.exists() else 'missing'}")
    lines.append(f"report: {'there' if folder.report().manifest.exists() else 'missing'}")
    return "\n".join(lines)


def forecast(place: Workplace, *, workers: int | None, progress: Progress) -> str:
    """Say what `run` would do, and after one measured epoch how long it would take and what it needs.

    Nothing is written into the study's folder; the decoded images stay in the cache.

    Raises:
        Refusal: the data are at fault.
    """
    from cxr_report import data, stages, training

    study = place.study
    if place.folder.study_json.exists():
        ledger.refuse_other_plan(study, place.folder)
    loaded = data.load(
        study, study_file=place.study_file, cache=place.folder.cache, workers=stages.cores(), progress=progress
    )
    stages.try_out(place, loaded)
    states = [state(place.folder.run(loss, seed)) for loss in study.losses for seed in study.seeds]
    left = sum(kind in ("missing", "started") for kind in states)
    cost = training.measure_epoch(study, study_file=place.study_file, dataset=loaded)
    at_once = min(workers or cost.runs_at_once, max(left, 1))
    epochs = study.training.epochs * math.ceil(left / at_once)
    seconds = cost.seconds_per_epoch * epochs
    disk = cost.bytes_per_run * left
    lines = [
        f"study {study.name} ({study.task}): {len(study.losses)} losses x {len(study.seeds)} seeds = "
        f"{len(states)} runs, {len(states) - left} finished, {left} to train",
        f"data: {len(loaded.train)} training, {len(loaded.val)} validation, {len(loaded.test)} test cases, "
        f"{len(loaded.classes)} {'findings' if study.task == 'multilabel' else 'classes'}, "
        f"{study.data.image_size} x {study.data.image_size} pixels",
        f"one epoch of one run: {cost.seconds_per_epoch:.1f} s, measured on {cost.device}, {at_once} runs at once",
        f"time: about {duration(seconds)} of training",
        f"memory: about {size(cost.bytes_of_memory * at_once)} for {at_once} runs at once",
        f"disk: about {size(disk)}, {size(stages.free_disk(place.folder.path))} free",
    ]
    return "\n".join(lines)
