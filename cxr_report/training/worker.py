"""A process of the fleet: runs come in as lines of JSON on stdin, states go out as lines on stdout.

It holds the data once and trains one run after another. It ends when its stdin ends, which it does when the driving
process ends, however that ends.
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
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import torch
from numpy.typing import NDArray

from cxr_report.errors import Refusal, obstacle
from cxr_report.progress import RunState
from cxr_report.runs import StudyFolder
from cxr_report.study import parse
from cxr_report.training import loop, measure, shipping
from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.functions import what_happened
from cxr_report.training.resident import Resident

__all__ = ["bench", "failure", "main"]

PR_SET_PDEATHSIG = 1
"""Of Linux's prctl."""


def main() -> None:
    """Serve until stdin ends."""
    out = _own_stdout()
    _die_with_driver()
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    try:
        told = orders.get()
        place = bench(told, _unshipped(told))
        _say(out, {"kind": "ready"})
        while True:
            _serve(orders.get(), place, out)
    except Exception as error:
        _say(out, failure(error))


def _serve(order: dict[str, Any], place: Bench, out: IO[str]) -> None:
    def tell(state: RunState) -> None:
        _say(out, {"kind": "state", **asdict(state)})

    task = Assignment(**order["task"])
    if order["kind"] == "measure":
        _say(out, {"kind": "measured", **asdict(measure.measure(task, place)), "memory": _peak_memory(place.device)})
        return
    loop.train(task, place, tell)
    _say(out, {"kind": "done"})


def bench(told: Mapping[str, Any], splits: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> Bench:
    """Make this process ready to train: deterministic, the data on its device.

    Args:
        told: study, study_file, folder, classes, grey, provenance and device, as plain data.
        splits: images ``(N, H, W)`` uint8 and labels of ``train`` and ``val``.
    """
    device = torch.device(told["device"])
    _be_deterministic(device)
    placed = {name: Resident.place(images, labels, device) for name, (images, labels) in splits.items()}
    return Bench(
        study=parse(told["study"], "the study"),
        study_file=Path(told["study_file"]),
        folder=StudyFolder(Path(told["folder"])),
        train=placed["train"],
        val=placed["val"],
        classes=told["classes"],
        grey=(told["grey"][0], told["grey"][1]),
        device=device,
        provenance=told["provenance"],
    )


def _unshipped(told: Mapping[str, Any]) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    return {
        name: (shipping.unship_images(told[name]["images"]), shipping.unship_array(told[name]["labels"]))
        for name in ("train", "val")
    }


def _be_deterministic(device: torch.device) -> None:
    """Let torch use only algorithms that give equal numbers every time.

    On a CPU one thread is part of that: sums depend on how many share the work. On a GPU an operation without such an
    algorithm is told of and used all the same, since a network of the user's own may need it.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
    torch.backends.cudnn.benchmark = False
    warnings.filterwarnings("ignore", message=".*not writable.*")


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


def failure(error: Exception) -> dict[str, Any]:
    """Say what went wrong as a message: a refusal, memory that ran out, or a failure with its traceback."""
    if isinstance(error, Refusal):
        return {"kind": "refusal", "sentence": str(error)}
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return {"kind": "memory"}
    if isinstance(error, OSError) and obstacle(error):
        return {"kind": "refusal", "sentence": obstacle(error)}
    return {"kind": "failure", "sentence": what_happened(error), "traceback": traceback.format_exc()}


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
