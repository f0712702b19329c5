"""A device in, lanes out: a run's work is issued on its own lane and its results are fetched without holding others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor

from cxr_report.training.device.graphs import Uncapturable, capture

__all__ = ["CudaLane", "Fetch", "Lane", "Mark", "PlainLane", "lane"]

Replay = Callable[[int | None], None]
"""Does captured work again; takes the seed of what is drawn inside, or None where nothing is."""


class Mark(Protocol):
    """A place in a lane's work."""

    def ready(self) -> bool:
        """Say whether the work before it is done."""

    def wait(self) -> None:
        """Wait until it is."""


class Fetch(Mark, Protocol):
    """Tensors on their way to the CPU."""

    def tensors(self) -> tuple[Tensor, ...]:
        """Wait, and return them."""


class Lane(Protocol):
    """Where one run's work goes; all of it must be issued inside `entered`."""

    device: torch.device
    captures: bool
    """Whether it can capture work at all."""

    def entered(self) -> AbstractContextManager[object]:
        """Return a context in which work is issued here; it must be left before another lane is entered."""

    def mark(self) -> Mark:
        """Mark the place that the work has come to."""

    def send(self, values: Tensor, into: Tensor) -> None:
        """Copy values from the CPU into a tensor of the lane, after the work that was issued before."""

    def fetch(self, *tensors: Tensor) -> Fetch:
        """Begin to copy tensors to the CPU."""

    def capture(self, work: Callable[[], None]) -> Replay:
        """Capture work for being done again without its Python; nothing is done yet.

        Raises:
            Uncapturable: the lane captures nothing, or not this work, which is left undone.
        """


def lane(device: torch.device) -> Lane:
    """Return a new lane of a device."""
    return CudaLane(device) if device.type == "cuda" else PlainLane(device)


class _Done:
    """A place that is always reached."""

    def __init__(self, tensors: tuple[Tensor, ...] = ()) -> None:
        self._tensors = tensors

    def ready(self) -> bool:
        return True

    def wait(self) -> None:
        return None

    def tensors(self) -> tuple[Tensor, ...]:
        return self._tensors


class PlainLane:
    """A CPU, which does everything at once."""

    captures = False

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def entered(self) -> AbstractContextManager[object]:
        """Do nothing; see `Lane`."""
        return nullcontext()

    def mark(self) -> Mark:
        """Return a place that is reached; see `Lane`."""
        return _Done()

    def send(self, values: Tensor, into: Tensor) -> None:
        """Copy; see `Lane`."""
        into.copy_(values)

    def fetch(self, *tensors: Tensor) -> Fetch:
        """Copy; see `Lane`."""
        return _Done(tuple(tensor.detach().clone() for tensor in tensors))

    def capture(self, work: Callable[[], None]) -> Replay:  # noqa: ARG002
        """Refuse; see `Lane`."""
        raise Uncapturable("a CPU has no graphs")


class _Event:
    """A place on a stream."""

    def __init__(self, stream: torch.cuda.Stream, tensors: tuple[Tensor, ...] = ()) -> None:
        self._event = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        self._event.record(stream)
        self._tensors = tensors

    def ready(self) -> bool:
        return bool(self._event.query())  # type: ignore[no-untyped-call]

    def wait(self) -> None:
        self._event.synchronize()

    def tensors(self) -> tuple[Tensor, ...]:
        self.wait()
        return self._tensors


class CudaLane:
    """A stream of its own, with a pool of graph memory and a generator of its own.

    The generator matters: graphs that were captured with one generator read their seed from one place on the device, so
    that a seed set for one run's replay could reach another's that is still under way.
    """

    captures = True

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._drawer = torch.Generator(device)

    def entered(self) -> AbstractContextManager[object]:
        """Make the stream the current one; see `Lane`."""
        return torch.cuda.stream(self.stream)

    def mark(self) -> Mark:
        """Record an event; see `Lane`."""
        return _Event(self.stream)

    def send(self, values: Tensor, into: Tensor) -> None:
        """Copy from pinned memory, which torch keeps until the copy is done; see `Lane`."""
        into.copy_(values.pin_memory(), non_blocking=True)

    def fetch(self, *tensors: Tensor) -> Fetch:
        """Copy into pinned memory; see `Lane`."""
        held = tuple(torch.empty(value.shape, dtype=value.dtype, pin_memory=True) for value in tensors)
        for place, value in zip(held, tensors, strict=True):
            place.copy_(value.detach(), non_blocking=True)
        return _Event(self.stream, held)

    def capture(self, work: Callable[[], None]) -> Replay:
        """Capture a CUDA graph; see `Lane`."""
        try:
            graph = capture(work, stream=self.stream, pool=self._pool, drawer=self._drawer)
        except Uncapturable:
            self._pool = torch.cuda.graph_pool_handle()
            self._drawer = torch.Generator(self.device)
            raise

        def replay(seed: int | None) -> None:
            if seed is not None:
                self._drawer.manual_seed(seed)
            graph.replay()

        return replay
