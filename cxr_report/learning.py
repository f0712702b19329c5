"""A frozen study and its data in, every trial of its tuning and then every run trained, here or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cxr_report import tuning
from cxr_report.holding import Shard
from cxr_report.ledger import FrozenStudy
from cxr_report.progress import Progress
from cxr_report.workplace import Workplace, require

if TYPE_CHECKING:
    from cxr_report.data import DataSet
    from cxr_report.training.bench import Assignment

__all__ = ["Means", "train", "tune", "tune_shard", "tuned"]


@dataclass(frozen=True, slots=True)
class Means:
    """By whom and on what is trained."""

    frozen: FrozenStudy
    """Its hashes are recorded of every run."""
    loaded: DataSet
    progress: Progress
    workers: int | None
    """Runs at once; None finds it."""
    cluster: str | None = None
    """The address of a Ray cluster; None: this machine."""
    shard: Shard | None = None
    """A part of the trials and of the runs; None: all of them."""


def tune(place: Workplace, means: Means) -> Workplace:
    """Train the trials of a study's tuning that are not finished.

    Returns:
        The place with the study as its runs are trained; the same one without a section tuning.
    """
    left = _trials(place, means)
    if left:
        raise RuntimeError(f"{place.folder.trials.path}: trials of {', '.join(left)} are not finished, yet none failed")
    return tuned(place)


def tune_shard(place: Workplace, means: Means) -> bool:
    """Train a shard of the trials that are not finished; say whether all are, so that runs can be trained."""
    left = _trials(place, means)
    if left:
        means.progress.say(
            f"shard {means.shard} has finished its trials, others have not (of {', '.join(left)}); call every shard "
            "once more when all have ended, and the runs are trained"
        )
    return not left


def tuned(place: Workplace) -> Workplace:
    """Return the place with the study as its runs are trained.

    Raises:
        Refusal: tuning is not finished.
    """
    return replace(place, study=tuning.tuned(place.study, tuning.require_all(place.study, place.folder)))


def train(place: Workplace, means: Means) -> None:
    """Train every run that is not finished.

    Args:
        place: with the study as its runs are trained.
        means: by whom.
    """
    _train(place, means)


def _trials(place: Workplace, means: Means) -> tuple[str, ...]:
    """Train trials as the runs of a study of their own, and write what each loss came to; return the losses left."""
    fingerprint = means.loaded.fingerprint
    left = tuning.conclude(place.study, place.folder, fingerprint)
    if not left:
        return ()
    from cxr_report import training

    tasks = training.trials(place.study, means.loaded)
    mine = tasks if means.shard is None else means.shard.of(tasks)
    means.progress.say(tuning.budget(place.study))
    trials = replace(place, study=tuning.of_trials(place.study), folder=place.folder.trials)
    _train(trials, replace(means, shard=None), tasks=[task for task in mine if tuning.loss_of(task.loss) in left])
    return tuning.conclude(place.study, place.folder, fingerprint)


def _train(place: Workplace, means: Means, tasks: Sequence[Assignment] | None = None) -> None:
    from cxr_report import training

    asked: dict[str, Any] = {
        "study_file": place.study_file,
        "folder": place.folder,
        "dataset": means.loaded,
        "workers": means.workers,
        "progress": means.progress,
        "tasks": tasks,
        "provenance": {"plan_sha256": means.frozen.plan_sha256, "ledger_sha256": means.frozen.ledger_sha256},
    }
    if means.cluster is None:
        training.train(place.study, **asked, shard=means.shard)
        return
    require("ray")
    from cxr_report.training.cluster import train_on_ray

    train_on_ray(place.study, **asked, address=means.cluster)
