"""One run: from its first weights, or its checkpoint, to weights.safetensors or diverged.json."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

from cxr_report.progress import RunState
from cxr_report.runs import RunFolder, sweep, write_bytes, write_json, write_text
from cxr_report.training import history, learner, record, weights
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.lanes import Lane, lane
from cxr_report.training.device.pauses import Course, Pause, follow
from cxr_report.training.run import Diverged, Run

__all__ = ["Diverged", "Run", "course", "train"]

SAVING = 0.05
"""Chosen: largest share of the time that goes into checkpoints; small networks are saved after every epoch anyway."""


def train(task: Assignment, bench: Bench, tell: Callable[[RunState], None]) -> None:
    """Train a run to its end, resuming its checkpoint where there is one.

    Args:
        task: the run.
        bench: data, study and device.
        tell: called after every epoch and at the end.

    Raises:
        Refusal: the checkpoint is damaged or another run's, or pretrained weights do not fit.
    """
    own = lane(bench.device)
    follow(course(task, bench, tell, own), own)


def course(task: Assignment, bench: Bench, tell: Callable[[RunState], None], own: Lane) -> Course:
    """Train a run piece by piece, so that others can go on beside it; see `train`.

    Args:
        task: the run.
        bench: data, study and device.
        tell: called after every epoch and at the end.
        own: the run's lane, inside which every piece must be done.
    """
    run = bench.folder.run(task.loss, task.seed)
    run.path.mkdir(parents=True, exist_ok=True)
    sweep(run.path)
    work = Run(task, bench, own)
    if run.checkpoint.exists():
        work.learner.resume(run, task.identity, bench.device)
    else:
        work.start_from_pretrained()
    record.begin(run, {"identity": task.identity, **bench.provenance}, bench.device)
    try:
        yield from _all_epochs(work, run, tell)
    except Diverged as end:
        write_text(run.history, history.csv(work.learner.history))
        record.finish(run)
        write_json(run.diverged, _account(task, end))
        if task.trial:
            run.checkpoint.unlink(missing_ok=True)
        tell(work.state("diverged", 0.0))
        return
    _finish(work, run)
    tell(work.state("trained", 0.0))


def _all_epochs(work: Run, run: RunFolder, tell: Callable[[RunState], None]) -> Course:
    """Train what is left; save so seldom that saving takes little of the time, and after the last epoch."""
    tell(work.state("training", 0.0))
    saved, cost = time.monotonic(), 0.0
    while work.learner.epoch < work.bench.study.training.epochs:
        began = time.monotonic()
        yield from work.steps()
        now = time.monotonic()
        tell(work.state("training", now - began))
        last = work.learner.epoch == work.bench.study.training.epochs
        if last or now - saved >= cost / SAVING:
            work.learner.save(run, work.task.identity)
            write_text(run.history, history.csv(work.learner.history))
            saved = time.monotonic()
            cost = saved - now
        yield Pause(warm=work.stepper.warm, epochs=1)


def _finish(work: Run, run: RunFolder) -> None:
    """Write history and times, and the weights last, or a trial's score: their existence says that it is trained."""
    task, training = work.task, work.bench.study.training
    table = history.csv(work.learner.history)
    write_text(run.history, table)
    epoch, chosen = work.learner.chosen(training.checkpoint)
    facts = {"identity": task.identity, "loss": task.loss, "seed": task.seed, "epoch": epoch, "epochs": training.epochs}
    facts |= {learner.HISTORY: hashlib.sha256(table.encode()).hexdigest()}
    record.finish(run)
    if task.trial:
        write_json(run.trial, {**facts, "score": work.learner.history[epoch - 1].val_primary})
        run.checkpoint.unlink(missing_ok=True)
        return
    write_bytes(run.weights, weights.encode(chosen, {name: str(told) for name, told in facts.items()}))


def _account(task: Assignment, end: Diverged) -> dict[str, Any]:
    return {
        "identity": task.identity,
        "loss": task.loss,
        "seed": task.seed,
        "epoch": end.epoch,
        "step": end.step,
        "reason": end.reason,
    }
