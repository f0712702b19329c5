"""What computes logits, and how the work is cut: one frozen value, and the two that are known before measuring."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from cxr_report.errors import Refusal

__all__ = ["CPU", "CUDA", "TENSORRT", "Engine", "Provider", "Trial", "Wish", "cores", "wished"]

Wish = Literal["auto", "cuda", "tensorrt", "cpu"]
"""What a user may ask for."""

WISHES: tuple[Wish, ...] = ("auto", "cuda", "tensorrt", "cpu")

Provider = Literal["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
"""onnxruntime's names of what computes."""

CPU_BATCH = 8
"""Measured on two cores: within 10 % of the fastest of 8, 16, 32, 64 for a small residual network, ResNet18 and
DenseNet121 at 64 px, and half the memory of 16 (DenseNet121 at 224 px: 0.3 GB a model on two threads). The bits of
this batch are the reference that another one must reproduce, see `cxr_report.inference.batches`."""

CPU_TOGETHER = 4
"""Chosen, where the cost of a model is not measured: 1.2 GB for DenseNet121 at 224 px on two threads (measured)."""

CUDA_BATCH = 128
"""Chosen: one feature map of DenseNet121 at 224 px, the largest here, is then 0.4 GB."""

CUDA_TOGETHER = 1
"""Chosen, where the cost of a model is not measured: every model keeps the GPU memory that it once took."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One size of batch, tried."""

    batch: int
    """Images per call."""
    images_per_second: float
    """Of the fastest pass; NaN where it could not be run."""
    same_bits: bool
    """Whether its logits are those of the reference batch, bit by bit; only then may it be used."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What computes, and how the work is cut. Predictions depend on the provider alone (see `batches`)."""

    provider: Provider
    batch: int
    """Images per call; the last call is filled up with zeros, so that every call has the same shape."""
    together: int
    """How many models are loaded at once and share one reading of the images."""
    threads: int
    """Calls at once. Each call keeps to one thread, because a sum cut into other parts may round differently."""
    reason: str
    """Why this provider, as a clause."""
    trials: tuple[Trial, ...] = ()
    """What was measured to find the batch; empty where measuring would have cost more than it could bring."""
    model_memory: int = 0
    """Bytes that one model more takes, measured; 0 where it was not."""
    memory_budget: int = 0
    """Bytes that all resident models may take: a share of what was free; 0 where ``together`` is a constant."""

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """Where its images and logits lie, in onnxruntime's words."""
        return "cpu" if self.provider == "CPUExecutionProvider" else "cuda"


CPU = Engine("CPUExecutionProvider", CPU_BATCH, CPU_TOGETHER, 1, "the CPU was asked for")
"""The engine of a proof, and the base for ``dataclasses.replace``."""

CUDA = Engine("CUDAExecutionProvider", CUDA_BATCH, CUDA_TOGETHER, 1, "CUDA was asked for")
"""One call at a time: the calls of a session share the GPU anyway."""

TENSORRT = Engine("TensorrtExecutionProvider", CUDA_BATCH, CUDA_TOGETHER, 1, "TensorRT was asked for")
"""Its engines are built for one batch, which takes minutes, so that no other batch is tried."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def wished(name: str) -> Wish:
    """Return what was asked for by its name.

    Raises:
        Refusal: it is none of auto, cuda, tensorrt, cpu.

    Example:
        >>> wished("cuda")
        'cuda'
    """
    for wish in WISHES:
        if name == wish:
            return wish
    raise Refusal(f"--provider takes {', '.join(WISHES[:-1])} or {WISHES[-1]}, got {name!r}")
