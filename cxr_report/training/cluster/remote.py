"""A parcel and a run in, what there is to say of it out, at last the files of the finished run."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import torch

from cxr_report.progress import RunState
from cxr_report.runs import RunFolder
from cxr_report.training import loop, worker
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.cluster.delivery import collect
from cxr_report.training.cluster.workshop import unfit, workshop

__all__ = ["serve"]

Say = Callable[[dict[str, Any]], None]

SECONDS_BETWEEN_STATES = 0.5
"""Chosen: a run of short epochs tells of some of them, so that the driver of hundreds is not held up."""


def serve(parcel: Mapping[str, Any], task: Mapping[str, Any], *, node: str) -> Iterator[dict[str, Any]]:
    """Train a run.

    Args:
        parcel: see `parcel.pack`.
        task: loss, seed and identity.
        node: the name of this node, for run.json.

    Yields:
        Messages by their ``kind``: ``state`` after epochs; on a GPU ``measured`` after the first; at the end ``files``,
        or ``unfit`` where this node cannot train the study, or ``refusal``, ``memory`` or ``failure`` as a worker of
        the fleet says it.
    """

    def work(say: Say) -> None:
        sentence = unfit(parcel)
        if sentence:
            say({"kind": "unfit", "sentence": sentence})
            return
        place = workshop(parcel)
        _train(Assignment(**task), place.bench(parcel["provenance"], node), say)
        place.clear()

    yield from _told(work)


def _train(task: Assignment, bench: Bench, say: Say) -> None:
    last = -SECONDS_BETWEEN_STATES

    def tell(state: RunState) -> None:
        nonlocal last
        now = time.monotonic()
        if state.epoch == 1 and state.state == "training" and bench.device.type == "cuda":
            say({"kind": "measured", **_held()})
        if state.state != "training" or state.epoch == 0 or now - last >= SECONDS_BETWEEN_STATES:
            last = now
            say({"kind": "state", **asdict(state)})

    loop.train(task, bench, tell)
    run: RunFolder = bench.folder.run(task.loss, task.seed)
    say({"kind": "files", "files": collect(run)})


def _held() -> dict[str, int]:
    """Say what of the device is taken after an epoch, by this process with its context and by whoever else is there."""
    free, whole = torch.cuda.mem_get_info()
    return {"bytes_of_run": whole - free, "bytes_of_device": whole}


def _told(work: Callable[[Say], None]) -> Iterator[dict[str, Any]]:
    """Yield what a piece of work says while it goes on in a thread of its own; its exception is the last message."""
    messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def go() -> None:
        try:
            work(messages.put)
        except Exception as error:
            messages.put(worker.failure(error))
        finally:
            messages.put(None)

    threading.Thread(target=go, daemon=True).start()
    while (message := messages.get()) is not None:
        yield message
