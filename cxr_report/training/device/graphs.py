"""Work on a CUDA stream in, a CUDA graph of it out, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from cxr_report.training.functions import what_happened

__all__ = ["Uncapturable", "capture", "out_of_memory"]


class Uncapturable(Exception):  # noqa: N818 - an outcome, and the work goes on without
    """Work cannot be captured; the text says why, as what was caught."""


def capture(
    work: Callable[[], None], *, stream: torch.cuda.Stream, pool: Any, drawer: torch.Generator
) -> torch.cuda.CUDAGraph:
    """Capture work that was done on the same stream a few times already, as torch asks for.

    Other streams go on meanwhile, except that torch waits for the device before it begins.

    Args:
        work: reads and writes tensors that stay where they are.
        stream: its own stream.
        pool: of graph memory; graphs of one pool must not be replayed at the same time.
        drawer: the generator from which the graph draws in place of torch's own; it seeds the replays.

    Raises:
        Uncapturable: it waits for the device, as data-dependent control flow does, or does something else that a graph
            cannot hold. It is left undone.
        torch.OutOfMemoryError: memory ran out.
    """
    graph = torch.cuda.CUDAGraph()
    default = torch.cuda.default_generators[stream.device.index]
    before = default.graphsafe_get_state()
    default.graphsafe_set_state(drawer.graphsafe_get_state())
    try:
        with torch.cuda.graph(graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
            work()
    except RuntimeError as error:
        if out_of_memory(error):
            raise torch.OutOfMemoryError(str(error)) from error
        raise Uncapturable(what_happened(error)) from error
    finally:
        default.graphsafe_set_state(before)
    return graph


def out_of_memory(error: BaseException) -> bool:
    """Say whether an error is memory that ran out on a device, or came while one such was dealt with.

    A capture that is broken off raises an error of its own at its end, in front of the one that broke it off.

    Example:
        >>> out_of_memory(torch.OutOfMemoryError("CUDA out of memory")), out_of_memory(ValueError("x"))
        (True, False)
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, torch.OutOfMemoryError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
