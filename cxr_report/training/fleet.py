"""A study and its data in, every run finished: as many at once as there are cores, or one after another on a GPU."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cxr_report.errors import Refusal
from cxr_report.holding import Shard
from cxr_report.progress import Progress, RunState
from cxr_report.runs import StudyFolder
from cxr_report.study import Study
from cxr_report.training import objective, record, shipping, trial
from cxr_report.training.bench import Assignment
from cxr_report.training.crew import Crew, Message, crew
from cxr_report.training.learner import restore_history
from cxr_report.training.resident import grey_levels
from cxr_report.training.weights import finished

if TYPE_CHECKING:
    from cxr_report.data.cases import DataSet

__all__ = ["check", "devices", "open_crew", "train"]


def train(
    study: Study,
    *,
    study_file: Path,
    folder: StudyFolder,
    dataset: DataSet,
    workers: int | None = None,
    progress: Progress,
    provenance: Mapping[str, Any],
    shard: Shard | None = None,
    tasks: Sequence[Assignment] | None = None,
) -> None:
    """Train every run that is not finished.

    Args:
        study: what is asked.
        study_file: beside which pretrained weights and functions of the user's own are looked for.
        folder: where the runs land.
        dataset: training and validation cases are used.
        workers: runs at once; None: one per core, or one per GPU.
        progress: who is told.
        provenance: what every run.json records at its start, such as the hashes of plan and ledger.
        shard: train its runs alone.
        tasks: the runs; None: all that the study plans.

    Raises:
        Refusal: a finished run is another one than the study asks for; a function of the user's own fails its checks;
            a worker ran out of memory.
        RuntimeError: a run failed; the message names it.
    """
    asked = assignments(study, dataset) if tasks is None else tasks
    waiting = unfinished(asked if shard is None else shard.of(asked), folder, progress)
    if not waiting:
        return
    facts = {**provenance, "git_commit": record.commit()}
    where = devices(workers, len(waiting))
    with open_crew(
        study, study_file=study_file, folder=folder, dataset=dataset, where=where, provenance=facts
    ) as hands:
        _carry_out(waiting, hands, study, progress)


def check(study: Study, *, study_file: Path, dataset: DataSet) -> None:
    """Try the user's own losses and network, and read the pretrained weights, before any training.

    Args:
        study: what is asked.
        study_file: beside which they are looked for.
        dataset: the training labels are counted.

    Raises:
        Refusal: one of them is at fault.
    """
    classes = len(dataset.classes)
    labels = dataset.train.labels
    counts = objective.class_counts(labels, classes)
    objective.check(study, counts, study_file=study_file, unknown_labels=bool(np.isnan(labels).any()))
    trial.check_model(study, classes=classes, study_file=study_file)


def assignments(study: Study, dataset: DataSet) -> list[Assignment]:
    """Return every run of a study, seed by seed, so that the losses stay comparable if the work is broken off.

    The noise floor comes last: without it there is something to report, without the compared runs there is nothing.
    """
    parts = [sorted(runs, key=itemgetter(1)) for runs in (study.compared_runs(), study.floor_runs())]
    return [
        Assignment(loss, seed, study.run_identity(loss, seed, dataset.fingerprint))
        for runs in parts
        for loss, seed in runs
    ]


def unfinished(tasks: Sequence[Assignment], folder: StudyFolder, progress: Progress) -> list[Assignment]:
    """Return those runs that are left to train; histories that were lost are written anew.

    Raises:
        Refusal: a finished run is another one than the study asks for, or is damaged.
    """
    for task in tasks:
        if folder.run(task.loss, task.seed).weights.exists():
            restore_history(folder.run(task.loss, task.seed))
    waiting = [task for task in tasks if not finished(folder.run(task.loss, task.seed), task.identity, folder)]
    if waiting and len(waiting) < len(tasks):
        progress.say(f"{len(tasks) - len(waiting)} of {len(tasks)} runs are finished already")
    return waiting


def devices(workers: int | None, runs: int) -> list[str]:
    """Return the device of each worker: GPUs where there are any, else the CPU once per core.

    Args:
        workers: how many are wanted; None: one per GPU, or one per core.
        runs: more workers than that would be idle.
    """
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    count = min(workers or gpus or _cores(), runs)
    return [f"cuda:{place % gpus}" if gpus else "cpu" for place in range(count)]


@contextmanager
def open_crew(
    study: Study,
    *,
    study_file: Path,
    folder: StudyFolder,
    dataset: DataSet,
    where: Sequence[str],
    provenance: Mapping[str, Any],
) -> Iterator[Crew]:
    """Check the user's own functions, start workers and give them study and data; see `train` for the arguments.

    Args:
        where: the device of each worker.

    Raises:
        Refusal: a function of the user's own fails its checks.
    """
    classes = len(dataset.classes)
    check(study, study_file=study_file, dataset=dataset)
    with tempfile.TemporaryDirectory(prefix="cxr-report-") as spool, crew(where) as hands:
        told = {
            "study": study.model_dump(mode="json"),
            "study_file": str(study_file.resolve()),
            "folder": str(folder.path.resolve()),
            "classes": classes,
            "grey": grey_levels(dataset.train.images),
            "provenance": dict(provenance),
        }
        for name in ("train", "val"):
            cases = dataset.split(name)
            told[name] = {
                "images": shipping.ship_images(cases.images, Path(spool)),
                "labels": shipping.ship_array(cases.labels),
            }
        for worker, device in enumerate(where):
            hands.order(worker, {**told, "device": device})
        yield hands


def _carry_out(waiting: Sequence[Assignment], hands: Crew, study: Study, progress: Progress) -> None:
    """Give every idle worker the next run until all are done."""
    line = deque(waiting)
    at_work: dict[int, Assignment] = {}
    for task in waiting:
        progress.run(waiting_state(task, study))
    idle_forever = 0
    while idle_forever < len(hands):
        message = hands.next()
        if message.kind == "state":
            progress.run(RunState(**message.content))
            continue
        if message.kind not in ("ready", "done"):
            raise trouble(message, at_work.get(message.worker), study)
        if not line:
            at_work.pop(message.worker, None)
            idle_forever += 1
            continue
        task = line.popleft()
        at_work[message.worker] = task
        hands.order(message.worker, order("train", task))


def order(kind: str, task: Assignment) -> dict[str, Any]:
    """Write an order to train a run, or to measure it."""
    return {"kind": kind, "task": asdict(task)}


def trouble(message: Message, task: Assignment | None, study: Study) -> Exception:
    """Make one sentence of a worker's failure, with the run that it was at.

    What fails in a run with a loss or a network of the user's own is put to the user; anything else is a fault of the
    program and keeps its traceback as a note.
    """
    run = f"loss {task.loss}, seed {task.seed}" if task else "a worker"
    told = message.content
    if message.kind == "refusal":
        return Refusal(f"{run}: {told['sentence']}")
    if message.kind == "memory" or told.get("code") == -9:
        how = "memory ran out" if message.kind == "memory" else "the system killed the worker, most likely for memory"
        return Refusal(
            f"{run}: {how}; try fewer runs at once with --workers, or a smaller training.batch_size; "
            "what was finished is kept"
        )
    if message.kind != "failure":
        return RuntimeError(f"{run}: the worker ended unexpectedly ({message.kind}, exit code {told.get('code')})")
    own = [study.model.function, study.entry(task.loss).function if task else None]
    named = " or ".join(function for function in own if function)
    if named:
        return Refusal(f"{run}: training with {named} failed with {told['sentence']}\n{told['traceback']}")
    error = RuntimeError(f"{run}: {told['sentence']}")
    error.add_note(told["traceback"])
    return error


def waiting_state(task: Assignment, study: Study) -> RunState:
    """Say that a run has not begun."""
    nothing = float("nan")
    return RunState(task.loss, task.seed, "waiting", 0, study.training.epochs, nothing, nothing, nothing)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
