"""The files of a finished run: gathered where it was trained, written whole where the study lies."""

from __future__ import annotations

from collections.abc import Mapping

from cxr_report.runs import RunFolder, StudyFolder, sweep, write_bytes
from cxr_report.training.bench import Assignment
from cxr_report.training.weights import finished

__all__ = ["collect", "deliver"]

ORDER = ("run_json", "history", "weights", "trial", "diverged")
"""By their names in `RunFolder`, in the order in which they are written: each of the last three says: finished."""


def collect(run: RunFolder) -> dict[str, bytes]:
    """Read the files of a finished run; the checkpoint stays where it is, as nothing is left to resume."""
    return {name: getattr(run, name).read_bytes() for name in ORDER if getattr(run, name).exists()}


def deliver(files: Mapping[str, bytes], task: Assignment, folder: StudyFolder) -> None:
    """Write the files of a finished run into its folder, the one that says so last.

    Args:
        files: what `collect` gave.
        task: the run.
        folder: the study.

    Raises:
        Refusal: what arrived is damaged, or another run.
    """
    run = folder.run(task.loss, task.seed)
    run.path.mkdir(parents=True, exist_ok=True)
    sweep(run.path)
    run.checkpoint.unlink(missing_ok=True)  # of an earlier beginning here: it is no longer what the history tells
    for name in ORDER:
        if name in files:
            write_bytes(getattr(run, name), files[name])
    finished(run, task.identity, folder)
