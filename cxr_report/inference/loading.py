"""Bytes of an exported model come in; a session that computes with it goes out, or one sentence on what is wrong."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_report.errors import Refusal, shown
from cxr_report.inference.engine import Engine

__all__ = ["Model", "load", "require", "version"]

ERROR = 3
"""onnxruntime's level of its log, which it writes to stderr by itself; what matters is raised anyway."""


@dataclass(frozen=True, slots=True)
class Model:
    """One loaded graph."""

    session: Any
    """onnxruntime.InferenceSession."""
    engine: Engine
    classes: int
    size: tuple[int, int]
    """Height and width of the images it takes."""
    where: str
    """Its file's name, for a message."""


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


def load(content: bytes, engine: Engine, *, where: str, size: tuple[int, int] | None = None, classes: int = 0) -> Model:
    """Load an exported graph, with every optimisation that onnxruntime has for this machine.

    Measured, in processor time: 5 ms for the small network (1.2 MB), 75 ms for DenseNet121 (28 MB): 0.5 s and 8 s for a
    hundred. All optimisations, because the blocked layout of maps is among them: without it the small network takes
    2.2 times as long and DenseNet121 1.7 times. Memory pattern, arena, prepacking and denormals made no difference.

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
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = ERROR
    providers = _providers(engine, content, size)
    try:
        # Without enable_fallback=0 onnxruntime goes on with another provider, of which it tells on stdout only.
        session = onnxruntime.InferenceSession(content, options, providers=providers, enable_fallback=0)
    except Exception as error:  # its exception types share no base of their own
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise Refusal(f"{where}: is damaged or no ONNX model ({shown(reason)}); export it again") from None
    return _checked(session, engine, where=where, size=size, classes=classes)


def _providers(engine: Engine, content: bytes, size: tuple[int, int] | None) -> list[Any]:
    """Name what may compute, best first, each with the settings that give equal bits on every call."""
    if engine.provider == "CPUExecutionProvider":
        return [engine.provider]
    # The exhaustive search takes whatever was fastest this time, and TF32 keeps 10 bits: neither gives equal bits. An
    # arena that doubles would keep up to twice what a model needs, times all resident models.
    cuda = {"use_tf32": "0", "cudnn_conv_algo_search": "DEFAULT", "arena_extend_strategy": "kSameAsRequested"}
    below = [("CUDAExecutionProvider", cuda), "CPUExecutionProvider"]
    if engine.provider == "CUDAExecutionProvider":
        return below
    return [(engine.provider, _tensorrt(engine, content, size)), *below]


def _tensorrt(engine: Engine, content: bytes, size: tuple[int, int] | None) -> dict[str, str]:
    """Set TensorRT up for float32 and one shape, its engines kept outside of any study.

    It names a kept engine after the graph, not after the weights, so that two seeds would get one engine: each model
    has a folder of its own. What kernels were fastest is kept for all, or two builds could choose other ones. TF32 has
    no option here; `providers` switches it off by NVIDIA's variable.
    """
    place = _cache() / hashlib.sha256(content).hexdigest()
    place.mkdir(parents=True, exist_ok=True)
    options = {
        "trt_fp16_enable": "0",
        "trt_int8_enable": "0",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(place),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(place.parent),
    }
    if size is not None:
        shape = f"image:{engine.batch}x1x{size[0]}x{size[1]}"
        options |= {f"trt_profile_{kind}_shapes": shape for kind in ("min", "opt", "max")}
    return options


def _cache() -> Path:
    """Return the folder of built engines: the user's cache, never a study's folder."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(named) if named else Path.home() / ".cache") / "cxr_report" / "tensorrt" / version()


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
    if isinstance(shape[0], int) or isinstance(session.get_outputs()[0].shape[0], int):
        raise Refusal(f"{where}: takes a fixed number of images a call; allowed: any number (N, 1, H, W)")
    if size is not None and found != size:
        raise Refusal(f"{where}: takes images of {found[0]} x {found[1]} pixels, not {size[0]} x {size[1]}")
    if classes and width != classes:
        raise Refusal(f"{where}: gives {width} logits a case for {classes} classes")
    return Model(session, engine, width, found, where)
