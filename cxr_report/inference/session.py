"""Exported models as functions: a graph and images come in, logits go out, the same bits every time.

The only module that loads onnxruntime.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal

__all__ = ["CPU", "Engine", "Model", "choose", "cores", "predict", "require", "version"]

CPU_BATCH = 8
"""Measured on two cores: within 10 % of the fastest of 8, 16, 32, 64 for a small residual network, ResNet18 and
DenseNet121 at 64 px, and half the memory of 16 (DenseNet121 at 224 px: 0.3 GB a model on two threads)."""

CPU_TOGETHER = 4
"""Chosen: the images are read once for four models, which take 1.2 GB for DenseNet121 at 224 px on two threads
(measured), and a kill loses the work of four at most."""

CUDA_BATCH = 128
"""Chosen: one feature map of DenseNet121 at 224 px, the largest here, is then 0.4 GB."""

CUDA_TOGETHER = 1
"""Chosen: every model keeps the GPU memory that it once took, so one at a time."""

FATAL, ERROR = 4, 3
"""onnxruntime's levels of its log, which it writes to stderr by itself; what matters is raised anyway."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What computes, and how the work is cut. Predictions depend on provider and batch, never on the threads."""

    provider: Literal["CUDAExecutionProvider", "CPUExecutionProvider"]
    batch: int
    """Images per call; the last call is filled up with zeros, so that every call has the same shape."""
    together: int
    """How many models are loaded at once and share one reading of the images."""
    threads: int
    """Calls at once. Each call keeps to one thread, because a sum cut into other parts rounds differently."""
    reason: str
    """Why this provider, as a clause."""


CPU = Engine("CPUExecutionProvider", CPU_BATCH, CPU_TOGETHER, 1, "the CPU was asked for")
"""The engine of a proof, and the base for ``dataclasses.replace``."""


@dataclass(frozen=True, slots=True)
class Model:
    """One loaded graph."""

    session: Any
    """onnxruntime.InferenceSession."""
    engine: Engine
    classes: int
    size: tuple[int, int]
    """Height and width of the images it takes."""


def require() -> None:
    """Ask for onnxruntime.

    Raises:
        Refusal: it is not installed.
    """
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        raise Refusal(
            "evaluating needs onnxruntime, which the base install leaves out; "
            "install the extra: pip install 'cxr_report[infer]'"
        ) from None


def version() -> str:
    """Return onnxruntime's version."""
    import onnxruntime

    return str(onnxruntime.__version__)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose(sample: bytes, *, where: str) -> Engine:
    """Find out what can compute a model here: CUDA if a batch really runs on it, else the CPU.

    Args:
        sample: bytes of a model.
        where: its name, for the message.

    Raises:
        Refusal: the model cannot be loaded at all.
    """
    require()
    import onnxruntime

    fallback = dataclasses.replace(CPU, threads=cores())
    load(sample, fallback, where=where)  # so that what fails below is the GPU and not the model
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return _because(fallback, "this onnxruntime is built without CUDA")
    engine = Engine("CUDAExecutionProvider", CUDA_BATCH, CUDA_TOGETHER, 1, "a GPU is there and computed a first batch")
    with _quiet(onnxruntime):
        onnxruntime.preload_dlls()
        try:
            model = load(sample, engine, where=where)
            if model.session.get_providers()[0] != engine.provider:
                return _because(fallback, "no usable GPU was found")
            _run(model, np.zeros((1, *model.size), dtype=np.uint8))
        except Exception as error:  # onnxruntime raises many kinds; any of them means: not on this GPU
            return _because(fallback, f"the GPU failed ({type(error).__name__})")
    return engine


def load(content: bytes, engine: Engine, *, where: str, size: tuple[int, int] | None = None, classes: int = 0) -> Model:
    """Load an exported graph.

    Args:
        content: bytes of an ONNX file.
        engine: what shall compute.
        where: the file's name, for the message.
        size: height and width that the images will have; None takes any.
        classes: how many logits a case must get; 0 takes any.

    Raises:
        Refusal: the bytes are no ONNX model, or not one of this program's, or of other images or classes.
    """
    require()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = ERROR
    try:
        session = onnxruntime.InferenceSession(content, options, providers=_providers(engine))
    except Exception as error:  # its exception types share no base of their own
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise Refusal(f"{where}: is damaged or no ONNX model ({reason}); export it again") from None
    return _checked(session, engine, where=where, size=size, classes=classes)


def predict(
    models: Sequence[Model], images: NDArray[np.uint8], *, tick: Callable[[int], None] | None = None
) -> list[NDArray[np.float32]]:
    """Compute the logits of all images with several models, reading each image once.

    Args:
        models: of one engine.
        images: ``(N, H, W)`` grey.
        tick: told after every batch how many images times models are done more.

    Returns:
        One ``(N, C)`` array per model.
    """
    if not models:
        return []
    engine = models[0].engine
    logits = [np.empty((len(images), model.classes), dtype=np.float32) for model in models]

    def one(start: int) -> int:
        batch = np.asarray(images[start : start + engine.batch])
        for model, rows in zip(models, logits, strict=True):
            rows[start : start + len(batch)] = _run(model, batch)
        return len(batch) * len(models)

    with ThreadPoolExecutor(engine.threads) as pool:
        try:
            for done in pool.map(one, range(0, len(images), engine.batch)):
                if tick is not None:
                    tick(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return logits


def _run(model: Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    full = np.zeros((model.engine.batch, 1, *model.size), dtype=np.uint8)
    full[: len(images), 0] = images
    logits: NDArray[np.float32] = model.session.run(["logits"], {"image": full})[0]
    return logits[: len(images)]


def _providers(engine: Engine) -> list[Any]:
    if engine.provider == "CPUExecutionProvider":
        return [engine.provider]
    # The exhaustive search takes whatever was fastest this time, and TF32 keeps 10 bits: neither gives equal bits.
    options = {"use_tf32": "0", "cudnn_conv_algo_search": "DEFAULT"}
    return [(engine.provider, options), "CPUExecutionProvider"]


def _checked(session: Any, engine: Engine, *, where: str, size: tuple[int, int] | None, classes: int) -> Model:
    inputs = [(entry.name, entry.type, len(entry.shape)) for entry in session.get_inputs()]
    outputs = [(entry.name, entry.type, len(entry.shape)) for entry in session.get_outputs()]
    if inputs != [("image", "tensor(uint8)", 4)] or outputs != [("logits", "tensor(float)", 2)]:
        raise Refusal(
            f"{where}: is not a model of this program, which takes uint8 images (N, 1, H, W) named image "
            f"and gives float32 logits (N, C) named logits"
        )
    shape, width = session.get_inputs()[0].shape, session.get_outputs()[0].shape[1]
    found = (shape[2], shape[3])
    if shape[1] != 1 or not all(isinstance(side, int) for side in (*found, width)):
        raise Refusal(f"{where}: takes images of shape {shape}, only (N, 1, H, W) with fixed H and W can be fed")
    if size is not None and found != size:
        raise Refusal(f"{where}: takes images of {found[0]} x {found[1]} pixels, not {size[0]} x {size[1]}")
    if classes and width != classes:
        raise Refusal(f"{where}: gives {width} logits a case, the study has {classes} classes")
    return Model(session, engine, width, found)


def _because(engine: Engine, reason: str) -> Engine:
    return dataclasses.replace(engine, reason=reason)


@contextlib.contextmanager
def _quiet(onnxruntime: Any) -> Iterator[None]:
    """Keep the search for CUDA's libraries off stdout and stderr; what came of it is said in one sentence."""
    onnxruntime.set_default_logger_severity(FATAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        onnxruntime.set_default_logger_severity(ERROR)
