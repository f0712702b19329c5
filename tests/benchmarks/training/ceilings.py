"""What a training step costs and what a device can do: operations and bytes counted, ceilings measured, shares told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from cxr_report.training.bench import Assignment, Bench
from cxr_report.training.device.capacity import STEP, Capacity
from cxr_report.training.device.lanes import lane
from cxr_report.training.device.pauses import Course
from cxr_report.training.device.rounds import Place, Rounds, meter
from cxr_report.training.measure import endless
from cxr_report.training.run import Run

ENOUGH = 1.05
"""Chosen: half as many runs more must bring that factor, as in `capacity.GAIN`."""


class ByteCounter(TorchDispatchMode):
    """Sums the bytes that operations read and write, as if each went through memory by itself: nothing is fused."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [one for one in pytree.tree_leaves((args, kwargs, out)) if isinstance(one, Tensor)]
            self.bytes += sum(one.numel() * one.element_size() for one in tensors)
        return out


def counted(bench: Bench, task: Assignment) -> dict[str, Any]:
    """Count operations and bytes of one training step."""
    work = Run(task, bench)
    with work.lane.entered():
        work.learner.classifier.train()
        work.stepper.begin(0, work.plan.agenda(0), None)
        work.stepper.step()
        with FlopCounterMode(display=False) as flops:
            work.stepper.step()
        work.stepper.begin(0, work.plan.agenda(0), None)
        with ByteCounter() as traffic:
            work.stepper.step()
        work.lane.mark().wait()
    return {
        "images_per_step": work.plan.batch,
        "floating_point_operations_per_image": flops.get_total_flops() / work.plan.batch,
        "bytes_per_image": traffic.bytes / work.plan.batch,
    }


def ceilings(device: torch.device, *, quick: bool) -> dict[str, Any]:
    """Measure a large matrix product in the precision of training, and a large copy."""
    half = torch.bfloat16 if device.type == "cuda" else torch.float32
    size = 512 if quick else 8192
    left, right = (torch.randn(size, size, device=device, dtype=half) for _ in range(2))
    source = torch.zeros((4 if quick else 1024) * 2**20, dtype=torch.uint8, device=device)
    into = torch.empty_like(source)
    product, copy = fastest(lambda: left @ right, device), fastest(lambda: into.copy_(source), device)
    return {
        "precision": str(half).removeprefix("torch."),
        "floating_point_operations_per_second": 2 * size**3 / product,
        "bytes_per_second": 2 * source.numel() / copy,
    }


def fastest(work: Callable[[], object], device: torch.device, repeats: int = 20) -> float:
    """Return the seconds of the fastest of several repeats after two for warming up."""
    best = float("inf")
    for repeat in range(repeats + 2):
        _wait(device)
        began = time.perf_counter()
        work()
        _wait(device)
        if repeat > 1:
            best = min(best, time.perf_counter() - began)
    return best


def pace(bench: Bench, task: Assignment, runs: int, seconds: float) -> float:
    """Return the training images per second of so many runs that take turns, once all are warm."""
    done = Counter[str]()
    warm: set[int] = set()

    def walked(work: Run) -> Course:
        for pause in endless(work):
            done["images"] += pause.images
            if pause.warm:
                warm.add(id(work))
            yield pause

    place = Place(lambda one, own: walked(Run(one, bench, own)), lambda: lane(bench.device), meter(bench.device))
    rounds = Rounds(place, Capacity())
    rounds.capacity.target = runs
    for _ in range(runs):
        rounds.add(task)
    while len(warm) < runs:
        rounds.turn()
    _wait(bench.device)
    done.clear()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or not done["images"]:
        rounds.turn()
    _wait(bench.device)
    return done["images"] / (time.perf_counter() - began)


def scan(bench: Bench, task: Assignment, *, seconds: float, most: int) -> list[dict[str, float]]:
    """Return the throughput of growing numbers of runs, until more bring little or memory runs out."""
    found: list[dict[str, float]] = []
    runs = 1
    while runs <= most:
        try:
            rate = pace(bench, task, runs, seconds)
        except Exception as error:
            if "out of memory" not in str(error.__cause__ or error):
                raise
            break
        found.append({"runs": runs, "images_per_second": rate})
        if len(found) > 1 and rate < ENOUGH * found[-2]["images_per_second"]:
            break
        runs = max(runs + 1, round(STEP * runs))
    return found


def shares(count: dict[str, Any], most: dict[str, Any], rate: float) -> dict[str, float]:
    """Set what was done per second over what the device can do."""
    return {
        "of_floating_point_operations": count["floating_point_operations_per_image"]
        * rate
        / most["floating_point_operations_per_second"],
        "of_bytes": count["bytes_per_image"] * rate / most["bytes_per_second"],
    }


def where_it_goes(bench: Bench, task: Assignment, steps: int) -> dict[str, Any]:
    """Say which kernels a step's time on the device goes to, how many there are, and how long it is idle between."""
    on_gpu = bench.device.type == "cuda"
    work = Run(task, bench)
    kinds = [torch.profiler.ProfilerActivity.CPU, *([torch.profiler.ProfilerActivity.CUDA] if on_gpu else [])]
    with work.lane.entered():
        work.learner.classifier.train()
        for step in range(4):
            if step % work.plan.steps == 0:
                work.stepper.begin(0, work.plan.agenda(0), None)
            work.stepper.step()
        work.lane.mark().wait()
        began = time.perf_counter()
        with torch.profiler.profile(activities=kinds) as profiler:
            for step in range(4, 4 + steps):
                if step % work.plan.steps == 0:
                    work.stepper.begin(0, work.plan.agenda(0), None)
                work.stepper.step()
            work.lane.mark().wait()
        wall = time.perf_counter() - began
    events = [
        (event.key, event.self_device_time_total if on_gpu else event.self_cpu_time_total, event.count)
        for event in profiler.key_averages()
        if not on_gpu or event.device_type == torch.autograd.DeviceType.CUDA
    ]
    total = sum(spent for _, spent, _ in events)
    largest = sorted(events, key=lambda event: -event[1])[:12]
    return {
        "kernels_per_step": sum(count for _, _, count in events) / steps,
        "busy_share_of_the_time_of_one_run": total / 1e6 / wall,
        "shares_of_busy_time": {name[:80]: spent / total for name, spent, _ in largest},
    }


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
