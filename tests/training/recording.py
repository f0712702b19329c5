"""Lanes for tests on a CPU: they capture by recording every operation on tensors, and let results wait."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from cxr_report.training.device.graphs import Uncapturable
from cxr_report.training.device.lanes import Fetch, Mark, Replay
from cxr_report.training.randomness import drawing

WAITING = (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)
"""What waits for a device: a number for Python, and a result whose size depends on values."""


SECRET = {torch.ops.aten.native_batch_norm.default: ("running_mean", "running_var")}
"""What an operation writes without its schema saying so."""


class Recorder(TorchDispatchMode):
    """What a graph is on a GPU: operations on the same memory, in the same order, without the Python around them."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in WAITING:
            raise Uncapturable(f"{func} waits for the device")
        out = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, out))
        return out

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, kwargs, out in self.calls:
            if func.is_view:
                continue
            again = func(*args, **kwargs)
            for old, new in zip(pytree.tree_leaves(out), pytree.tree_leaves(again), strict=True):
                if isinstance(old, Tensor) and old is not new and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


class Later:
    """A place that is reached when it was asked for often enough."""

    def __init__(self, asked: int, tensors: tuple[Tensor, ...] = ()) -> None:
        self._left, self._tensors = asked, tensors

    def ready(self) -> bool:
        self._left -= 1
        return self._left < 0

    def wait(self) -> None:
        self._left = 0

    def tensors(self) -> tuple[Tensor, ...]:
        return self._tensors


class RecordingLane:
    """A lane of a CPU that captures, and whose marks take their time."""

    captures = True

    def __init__(self, delays: Callable[[], int] = lambda: 0) -> None:
        self.device = torch.device("cpu")
        self.captured = self.replayed = self.inside = 0
        self._delays = delays

    def entered(self) -> AbstractContextManager[object]:
        return nullcontext()

    def mark(self) -> Mark:
        return Later(self._delays())

    def send(self, values: Tensor, into: Tensor) -> None:
        into.copy_(values)

    def fetch(self, *tensors: Tensor) -> Fetch:
        return Later(self._delays(), tuple(tensor.detach().clone() for tensor in tensors))

    def capture(self, work: Callable[[], None]) -> Replay:
        """Record, and undo what was done meanwhile: a graph is captured without being carried out."""
        recorder = Recorder()
        held: dict[int, tuple[Tensor, Tensor]] = {}
        try:
            with Keeper(held), recorder, torch.random.fork_rng(devices=[]):
                work()
        finally:
            with torch.no_grad():
                for tensor, before in held.values():
                    tensor.copy_(before)
        self.captured += 1

        def replay(start: int | None) -> None:
            self.replayed += 1
            with drawing(self.device, start or 0):
                recorder.replay()

        return replay


class Keeper(TorchDispatchMode):
    """Keeps a copy of whatever is about to be written in place."""

    def __init__(self, held: dict[int, tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self._held = held

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for place, argument in enumerate(func._schema.arguments):
            written = argument.alias_info is not None and argument.alias_info.is_write
            if not written and argument.name not in SECRET.get(func, ()):
                continue
            value = args[place] if place < len(args) else (kwargs or {}).get(argument.name)
            self._keep(value)
        return func(*args, **(kwargs or {}))

    def _keep(self, value: Any) -> None:
        for tensor in pytree.tree_leaves(value):
            if isinstance(tensor, Tensor) and tensor.data_ptr() not in self._held:
                self._held[tensor.data_ptr()] = (tensor, tensor.clone())
