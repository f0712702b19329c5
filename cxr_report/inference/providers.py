"""A wish and one exported model come in; the engine that really computes it goes out, or a sentence on what lacks."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal
from cxr_report.inference import libraries
from cxr_report.inference.binding import predict
from cxr_report.inference.engine import CPU, CUDA, TENSORRT, Engine, Wish, cores
from cxr_report.inference.loading import ERROR, Model, load, require
from cxr_report.inference.proof import TOLERANCE

__all__ = ["choose"]

FATAL = 4
"""onnxruntime's level of its log that keeps its own tale of missing libraries to itself."""

TF32 = "NVIDIA_TF32_OVERRIDE"
"""Quoted from NVIDIA: 0 bars TF32 from cuBLAS, cuDNN and TensorRT. onnxruntime has no option of its own for TensorRT
(its issue 26029), and it is read once, before the first context of CUDA."""

FIRST = 2
"""Chosen: images of the first batch, which the CPU computes too."""

NAMES = {"CUDAExecutionProvider": "CUDA", "TensorrtExecutionProvider": "TensorRT"}
PACKAGES = {"CUDAExecutionProvider": "onnxruntime-gpu", "TensorrtExecutionProvider": "onnxruntime-gpu"}


def choose(sample: bytes, *, where: str, wish: Wish = "auto") -> Engine:
    """Find out what can compute a model here.

    A provider is taken only if it computed a first batch, whose logits agree with the CPU's in float32 (TF32 and half
    precision do not). ``auto`` takes CUDA if it does, else the CPU, and says why; TensorRT must be asked for, because
    it builds an engine per model, which takes minutes. Any other wish is granted or refused.

    Args:
        sample: bytes of a model.
        where: its name, for the message.
        wish: what was asked for.

    Raises:
        Refusal: the model cannot be loaded at all, or what was asked for is not there.
    """
    require()
    cpu = dataclasses.replace(CPU, threads=cores())
    reference = load(sample, cpu, where=where)  # so that what fails below is the GPU and not the model
    if wish == "cpu":
        return cpu
    engine = TENSORRT if wish == "tensorrt" else CUDA
    fault = _fault(engine, sample, reference, where)
    if not fault:
        asked = "a GPU is there" if wish == "auto" else f"{NAMES[engine.provider]} was asked for"
        return dataclasses.replace(engine, reason=f"{asked} and computed a first batch")
    if wish == "auto":
        return dataclasses.replace(cpu, reason=fault.partition(";")[0])
    raise Refusal(f"--provider {wish}: {NAMES[engine.provider]} was asked for, but {fault}")


def _fault(engine: Engine, sample: bytes, reference: Model, where: str) -> str:
    """Say as a clause why an engine cannot compute a model; empty: it can."""
    import onnxruntime

    name = NAMES[engine.provider]
    if engine.provider not in onnxruntime.get_available_providers():
        return f"this onnxruntime is built without {name}; pip install {PACKAGES[engine.provider]} brings one with it"
    if engine.provider == "TensorrtExecutionProvider":
        os.environ[TF32] = "0"
    with _quiet(onnxruntime):
        libraries.preload(engine.provider)
        try:
            model = load(sample, engine, where=where, size=reference.size)
        except Refusal as error:  # the CPU has loaded it, so the fault is the provider's
            return libraries.missing(engine.provider) or f"{name} failed ({error})"
        if model.session.get_providers()[0] != engine.provider:
            return libraries.missing(engine.provider) or "onnxruntime found no GPU that it can use"
        return _first_batch(model, reference)


def _first_batch(model: Model, reference: Model) -> str:
    """Compute a few images with an engine and with the CPU; say as a clause what is wrong."""
    name = NAMES[model.engine.provider]
    images = np.random.default_rng(0).integers(0, 256, (FIRST, *model.size), dtype=np.uint8)
    try:
        found = predict([model], images)[0]
    except Exception as error:  # onnxruntime raises many kinds; any of them means: not on this GPU
        return (
            libraries.missing(model.engine.provider)
            or f"{name} failed on a first batch ({_line(error.__cause__ or error)})"
        )
    return _difference(found, predict([reference], images)[0], name)


def _difference(found: NDArray[np.float32], right: NDArray[np.float32], name: str) -> str:
    largest, limit = float(np.abs(found - right).max()), TOLERANCE * float(np.abs(right).max())
    if largest <= limit or not np.isfinite(right).all():  # a model without finite logits is refused where it is used
        return ""
    return f"{name} gives other logits than the CPU in float32 (up to {largest:.3g} apart, allowed are {limit:.3g})"


def _line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


@contextlib.contextmanager
def _quiet(onnxruntime: Any) -> Iterator[None]:
    """Keep the search for CUDA's libraries off stderr; what came of it is said in one sentence."""
    onnxruntime.set_default_logger_severity(FATAL)
    try:
        yield
    finally:
        onnxruntime.set_default_logger_severity(ERROR)
