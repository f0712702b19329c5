"""A process of the fleet: runs come in as lines of JSON on stdin, states go out as lines on stdout.

It holds the data once. On a CPU it trains one run after another, on a GPU as many at once as fit and help. It ends when
its stdin ends, which it does when the driving process ends, however that ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import torch
from numpy.typing import NDArray

from cxr_report.errors import Refusal, obstacle
from cxr_report.runs import StudyFolder
from cxr_report.study import parse
from cxr_report.training import loop, measure, shipping
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.capacity import Capacity
from cxr_report.training.device.graphs import out_of_memory
from cxr_report.training.device.lanes import Lane, lane
from cxr_report.training.device.pauses import Course
from cxr_report.training.device.rounds import Failed, Place, Rounds, meter
from cxr_report.training.functions import what_happened
from cxr_report.training.resident import Resident

__all__ = ["Servant", "be_deterministic", "bench", "failure", "main"]

CHANCE = "does not have a deterministic implementation"
"""Of torch's warnings."""

PR_SET_PDEATHSIG = 1
"""Of Linux's prctl."""


def main() -> None:
    """Serve until stdin ends."""
    out = _own_stdout()
    _die_with_driver()
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()

    def say(message: dict[str, Any]) -> None:
        _say(out, message)

    try:
        told = orders.get()
        _tell_of_chance(say)
        shared = bench(told, _unshipped(told), note=lambda sentence: say({"kind": "note", "sentence": sentence}))
        Servant(orders, shared, say, at_most=told["at_most"]).serve()
    except Failed as failed:
        say({**failure(failed.__cause__ or failed), "task": asdict(failed.task)})
    except Exception as error:
        say(failure(error))


class Servant:
    """Who asks for as many runs as there is room for, and trains them by turns."""

    def __init__(
        self,
        orders: queue.SimpleQueue[dict[str, Any]],
        shared: Bench,
        say: Callable[[dict[str, Any]], None],
        *,
        at_most: int | None,
    ) -> None:
        """Set the rounds up.

        Args:
            orders: come in here.
            shared: data, study and device.
            say: sends a message.
            at_most: runs at once; None: found by memory and throughput.
        """
        self._orders, self._bench, self._say = orders, shared, say
        place = Place(self._begin, lambda: lane(shared.device), meter(shared.device))
        self._rounds = Rounds(place, Capacity(at_most))
        self._asked = 0
        self._waiting: deque[Assignment] = deque()

    def serve(self) -> None:
        """Go on for ever: the process ends with its orders.

        Raises:
            Failed: a run failed.
        """
        while True:
            self.step()

    def step(self) -> None:
        """Ask for runs, take what was ordered, and do one turn; wait where there is nothing to do."""
        while self._asked + len(self._waiting) < self._rounds.room:
            self._asked += 1
            self._say({"kind": "ready"})
        self._take_orders()
        while self._waiting and self._rounds.room:
            self._rounds.add(self._waiting.popleft())
        turn = self._rounds.turn()
        for task in turn.done:
            self._say({"kind": "done", "task": asdict(task)})
        for task in turn.short:
            left = {"at_once": self._rounds.capacity.target, "device": str(self._bench.device)}
            self._say({"kind": "short", "task": asdict(task), **left})
        if turn.settled:
            self._bench.note(f"{self._bench.device}: {self._rounds.capacity.said()}")

    def _begin(self, task: Assignment, own: Lane) -> Course:
        return loop.course(task, self._bench, lambda state: self._say({"kind": "state", **asdict(state)}), own)

    def _take_orders(self) -> None:
        while not self._orders.empty() or not (self._waiting or self._rounds.at_work):
            self._asked -= 1
            order = self._orders.get()
            task = Assignment(**order["task"])
            if order["kind"] == "measure":
                self._say({"kind": "measured", **asdict(measure.measure(task, self._bench))})
            else:
                self._waiting.append(task)


def bench(
    told: Mapping[str, Any],
    splits: Mapping[str, tuple[NDArray[Any], NDArray[Any]]],
    *,
    note: Callable[[str], None] = lambda _: None,
) -> Bench:
    """Make this process ready to train: deterministic, the data on its device.

    Args:
        told: study, study_file, folder, classes, grey, provenance and device, as plain data.
        splits: images ``(N, H, W)`` uint8 and labels of ``train`` and ``val``.
        note: told what a user should know of how runs are trained here.
    """
    device = _with_index(torch.device(told["device"]))
    study = parse(told["study"], "the study")
    be_deterministic(device)
    torch.backends.cudnn.allow_tf32 = study.training.precision != "float32"
    placed = {name: Resident.place(images, labels, device) for name, (images, labels) in splits.items()}
    return Bench(
        study=study,
        study_file=Path(told["study_file"]),
        folder=StudyFolder(Path(told["folder"])),
        train=placed["train"],
        val=placed["val"],
        classes=told["classes"],
        grey=(told["grey"][0], told["grey"][1]),
        device=device,
        provenance=told["provenance"],
        note=note,
    )


def _unshipped(told: Mapping[str, Any]) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    return {
        name: (shipping.unship_images(told[name]["images"]), shipping.unship_array(told[name]["labels"]))
        for name in ("train", "val")
    }


def be_deterministic(device: torch.device, *, wanted: bool = True) -> None:
    """Let torch use only algorithms that give equal numbers every time.

    On a CPU one thread is part of that: sums depend on how many share the work. On a GPU an operation without such an
    algorithm is told of and used all the same, since a network of the user's own may need it.

    Measured on a CPU, small network at 64 px, 7 times 20 steps with it and without in turn: the processor time of a
    step is 1.00 times that without it. What it costs on a GPU is told by ``tests/benchmarks/training/gpu.py``.

    Args:
        device: where is trained.
        wanted: False measures what it costs.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(wanted, warn_only=device.type == "cuda")
    # measured: filling what nobody reads takes 8 % of a small network's step on a CPU
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.deterministic = wanted
    torch.backends.cudnn.benchmark = False
    warnings.filterwarnings("ignore", message=".*not writable.*")


def _tell_of_chance(say: Callable[[dict[str, Any]], None]) -> None:
    """Pass on what torch warns of where it has no deterministic algorithm."""
    plain = warnings.showwarning

    def show(message: Warning | str, *rest: Any, **named: Any) -> None:
        if CHANCE not in str(message):
            plain(message, *rest, **named)
            return
        what = str(message).split(CHANCE)[0].strip()
        sentence = (
            f"{what} has no deterministic algorithm on this device: numbers that pass it differ a little each time"
        )
        say({"kind": "note", "sentence": sentence})

    warnings.showwarning = show


def _with_index(device: torch.device) -> torch.device:
    """Name a GPU by its number, as streams and generators are asked for."""
    return torch.device("cuda", torch.cuda.current_device()) if str(device) == "cuda" else device


def _own_stdout() -> IO[str]:
    """Keep stdout for the driver; what a user's own function prints goes to stderr."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return out


def _die_with_driver() -> None:
    """Ask Linux for a signal when the driver dies; elsewhere the end of stdin is enough, if a little later.

    Ctrl-C reaches the whole group of processes; the driver alone answers it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _listen(orders: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        orders.put(json.loads(line))
    os._exit(0)


def _say(out: IO[str], message: dict[str, Any]) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


def failure(error: BaseException) -> dict[str, Any]:
    """Say what went wrong as a message: a refusal, memory that ran out, or a failure with its traceback."""
    if isinstance(error, Refusal):
        return {"kind": "refusal", "sentence": str(error)}
    if isinstance(error, MemoryError) or out_of_memory(error):
        return {"kind": "memory"}
    if isinstance(error, OSError) and obstacle(error):
        return {"kind": "refusal", "sentence": obstacle(error)}
    told = "".join(traceback.format_exception(error))
    return {"kind": "failure", "sentence": what_happened(error), "traceback": told}


if __name__ == "__main__":
    main()
