"""How many models may be resident at once: the memory that is free, and what one model more was measured to take."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

from cxr_report.inference.engine import Engine

__all__ = ["budget", "free_memory", "taken", "together"]

SHARE = 0.25
"""Chosen: of the memory that is free at the start; the rest is for the images, the system and everybody else."""

GPU_SHARE = 0.8
"""Chosen: of the GPU memory that is free at the start, which hardly anybody shares."""

LOST = 120.0
"""Chosen: seconds of work that a kill may lose, since runs are written when all models of one pass are through."""

CGROUP = Path("/sys/fs/cgroup")


def budget(engine: Engine) -> int:
    """Return how many bytes all resident models may take on an engine's device; 0 where its free memory is unknown."""
    share = SHARE if engine.device == "cpu" else GPU_SHARE
    return int(share * free_memory(engine))


def together(bytes_per_model: int, seconds_per_model: float, *, memory: int, fallback: int) -> int:
    """Return how many models may share one pass over the images.

    Args:
        bytes_per_model: what one model more takes; 0 where it is unknown.
        seconds_per_model: what one model more adds to a pass.
        memory: bytes that all may take; 0 where it is unknown.
        fallback: where either is unknown.

    Example:
        >>> together(300, 1.0, memory=1000, fallback=4), together(300, 90.0, memory=1000, fallback=4)
        (3, 1)
        >>> together(0, 1.0, memory=1000, fallback=4)
        4
    """
    by_time = int(LOST / seconds_per_model) if seconds_per_model > 0 else fallback
    by_memory = memory // bytes_per_model if bytes_per_model > 0 and memory > 0 else fallback
    return max(1, min(by_time, by_memory))


def free_memory(engine: Engine) -> int:
    """Return the bytes that are free on an engine's device, limits of the container included; 0: unknown."""
    if engine.device == "cuda":
        return _free_on_gpu()
    found = [number for number in (_free_here(), _free_in_group()) if number is not None]
    return min(found, default=0)


def taken(engine: Engine) -> int:
    """Return a count of bytes whose growth is what was taken on an engine's device; always 0 where nothing tells.

    On a CPU the bytes of this process that lie in memory, on a GPU what is free there with its sign turned round.
    """
    if engine.device == "cuda":
        return -_free_on_gpu()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _free_here() -> int | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(":")
            if name == "MemAvailable":
                return int(rest.split()[0]) * 1024
    return None


def _free_in_group() -> int | None:
    """Return what a container may still take, by the second version of Linux's control groups."""
    with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
        most, used = (int((CGROUP / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current"))
        return max(most - used, 0)
    return None


def _free_on_gpu() -> int:
    """Ask the CUDA runtime, which is loaded by then."""
    import onnxruntime

    major = str(onnxruntime.cuda_version or "12").split(".")[0]
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    try:
        runtime = ctypes.CDLL(f"libcudart.so.{major}")
        failed = runtime.cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total))
    except (OSError, AttributeError):
        return 0
    return 0 if failed else free.value
