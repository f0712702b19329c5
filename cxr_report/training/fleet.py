"""A study and its data in, every run finished: as many at once as there are cores, or as a GPU has room for."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cxr_report.holding import Shard
from cxr_report.progress import Progress
from cxr_report.runs import StudyFolder
from cxr_report.study import Study
from cxr_report.training import objective, record, shipping, trial
from cxr_report.training.bench import Assignment
from cxr_report.training.crew import Crew, crew
from cxr_report.training.foreman import Foreman, order, waiting_state
from cxr_report.training.learner import restore_history
from cxr_report.training.resident import grey_levels
from cxr_report.training.trouble import trouble
from cxr_report.training.weights import finished

if TYPE_CHECKING:
    from cxr_report.data.cases import DataSet

__all__ = ["check", "devices", "longest_first", "open_crew", "order", "share", "train", "trouble", "waiting_state"]


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
        workers: runs at once; None: one per core, or as many per GPU as fit and help.
        progress: who is told.
        provenance: what every run.json records at its start, such as the hashes of plan and ledger.
        shard: train its runs alone.
        tasks: the runs; None: all that the study plans.

    Raises:
        Refusal: a finished run is another one than the study asks for; a function of the user's own fails its checks;
            memory ran out again and again on a run.
        RuntimeError: a run failed; the message names it.
    """
    asked = assignments(study, dataset) if tasks is None else tasks
    waiting = unfinished(asked if shard is None else shard.of(asked), folder, progress)
    if not waiting:
        return
    waiting = longest_first(waiting, folder, study)
    facts = {**provenance, "git_commit": record.commit()}
    where = devices(workers, len(waiting))
    asked_of_crew: dict[str, Any] = {"where": where, "at_most": share(workers, where), "provenance": facts}
    with open_crew(study, study_file=study_file, folder=folder, dataset=dataset, **asked_of_crew) as hands:
        Foreman(waiting, hands, study, progress).work()


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
    """Return the device of each worker: every GPU once where there are any, else the CPU once per core.

    Args:
        workers: how many runs at once are wanted; None: one per core, and as many per GPU as fit and help.
        runs: more workers than that would be idle.
    """
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    count = min(workers or gpus or _cores(), gpus or runs, runs)
    return [f"cuda:{place}" if gpus else "cpu" for place in range(count)]


def share(workers: int | None, where: Sequence[str]) -> int | None:
    """Return how many runs at once one worker may have at most; None: it finds out.

    Example:
        >>> share(None, ["cpu", "cpu"]), share(None, ["cuda:0"]), share(5, ["cuda:0", "cuda:1"])
        (1, None, 3)
    """
    if where[0] == "cpu":
        return 1
    return None if workers is None else math.ceil(workers / len(where))


def longest_first(tasks: Sequence[Assignment], folder: StudyFolder, study: Study) -> list[Assignment]:
    """Return runs by the epochs that are left of them, the most first, so that no core is idle long before the end.

    Equals stay in their order.
    """

    def left(task: Assignment) -> int:
        run = folder.run(task.loss, task.seed)
        if not (run.checkpoint.exists() and run.history.exists()):
            return study.training.epochs
        return study.training.epochs - (len(run.history.read_text(encoding="utf-8").splitlines()) - 1)

    return sorted(tasks, key=left, reverse=True)


@contextmanager
def open_crew(
    study: Study,
    *,
    study_file: Path,
    folder: StudyFolder,
    dataset: DataSet,
    where: Sequence[str],
    at_most: int | None = 1,
    provenance: Mapping[str, Any],
) -> Iterator[Crew]:
    """Check the user's own functions, start workers and give them study and data; see `train` for the arguments.

    Args:
        where: the device of each worker.
        at_most: runs at once of one worker; None: it finds out.

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
            "at_most": at_most,
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


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
