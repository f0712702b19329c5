"""What a worker says when it fails in, the exception that a user reads out."""

from __future__ import annotations

from cxr_report.errors import Refusal
from cxr_report.study import Study
from cxr_report.training.bench import Assignment
from cxr_report.training.crew import Message

__all__ = ["KILLED", "trouble"]

KILLED = -9
"""The exit code of a process that the system killed, which it does when memory runs out."""


def trouble(message: Message, task: Assignment | None, study: Study) -> Exception:
    """Make one sentence of a worker's failure, with the run that it was at.

    What fails in a run with a loss or a network of the user's own is put to the user; anything else is a fault of the
    program and keeps its traceback as a note.
    """
    run = f"loss {task.loss}, seed {task.seed}" if task else "a worker"
    told = message.content
    if message.kind == "refusal":
        return Refusal(f"{run}: {told['sentence']}")
    if message.kind == "memory" or told.get("code") == KILLED:
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
