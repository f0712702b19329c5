"""The shared libraries that a GPU needs: loaded from the wheels of torch, NVIDIA and TensorRT, or named if missing."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import io
import sys
from pathlib import Path
from typing import Any

import cxr_report.inference.dynamic as dynamic
from cxr_report.inference.engine import Provider

__all__ = ["missing", "preload", "wheel"]

WHEELS = {
    "libcublas": "nvidia-cublas",
    "libcudart": "nvidia-cuda-runtime",
    "libcurand": "nvidia-curand",
    "libcufft": "nvidia-cufft",
    "libnvrtc": "nvidia-cuda-nvrtc",
    "libnvJitLink": "nvidia-nvjitlink",
    "libcudnn": "nvidia-cudnn-cu{major}",
    "libnvinfer": "tensorrt-cu{major}",
    "libnvonnxparser": "tensorrt-cu{major}",
}
"""Start of a library's name -> the wheel that brings it. Quoted from NVIDIA's names: those of CUDA carry the major
version up to 12 (nvidia-cublas-cu12) and none from 13 on."""

DRIVER = "libcuda.so"
"""Comes with the GPU's driver and with no wheel."""

TENSORRT_WHEEL = "tensorrt_libs"
"""The package that NVIDIA's tensorrt wheels put their libraries in."""

TENSORRT_LIBRARIES = ("libnvinfer.so.*", "libnvinfer_plugin.so.*", "libnvonnxparser.so.*")
"""In the order in which they need each other."""

PARTS: dict[Provider, tuple[str, ...]] = {
    "CUDAExecutionProvider": ("cuda",),
    "TensorrtExecutionProvider": ("tensorrt", "cuda"),
    "CPUExecutionProvider": (),
}
"""The parts of onnxruntime that a provider loads; what TensorRT cannot compute is CUDA's."""

CUDNN = "libcudnn.so.9"
"""Looked for by onnxruntime when a convolution needs it, and not before. Quoted from its requirements since 1.19."""


def preload(provider: Provider) -> None:
    """Load what a provider needs before onnxruntime looks for it, so that no user has to set a path.

    ``onnxruntime.preload_dlls`` finds the libraries of CUDA and cuDNN in NVIDIA's wheels, which are torch's too, and
    tells of what it misses on stdout, which is kept away here: `missing` says it where it matters.
    """
    import onnxruntime

    with contextlib.redirect_stdout(io.StringIO()):
        if hasattr(onnxruntime, "preload_dlls"):  # since onnxruntime 1.21
            onnxruntime.preload_dlls()
    if provider == "TensorrtExecutionProvider":
        for file in _tensorrt_files():
            with contextlib.suppress(OSError):  # what is missing is told by `missing`
                ctypes.CDLL(str(file), mode=ctypes.RTLD_GLOBAL)


def missing(provider: Provider) -> str:
    """Name the shared libraries that a provider lacks, and where they come from; empty: none is known.

    Clauses with semicolons between them, the gravest first.

    The part of onnxruntime that needs them is only read, never loaded here: loaded before onnxruntime does it, it keeps
    a null pointer and brings the process down.
    """
    import onnxruntime

    if sys.platform != "linux":  # elsewhere these names say nothing
        return ""
    folder = Path(onnxruntime.__file__).parent / "capi"
    files = [folder / f"libonnxruntime_providers_{part}.so" for part in PARTS[provider]]
    wanted = [library for file in files if file.exists() for library in dynamic.needed(file)]
    lacking = [library for library in dict.fromkeys([*wanted, CUDNN]) if not _loads(library)]
    return _clause(lacking, str(onnxruntime.cuda_version or "12")) if lacking else ""


def wheel(library: str, cuda: str) -> str:
    """Name the wheel that brings a shared library; empty where none is known.

    Args:
        library: such as ``libcudnn.so.9``.
        cuda: version of CUDA that onnxruntime is built for.

    Example:
        >>> wheel("libcudnn.so.9", "12.8"), wheel("libcublasLt.so.12", "12.8"), wheel("libcublasLt.so.13", "13.0")
        ('nvidia-cudnn-cu12', 'nvidia-cublas-cu12', 'nvidia-cublas')
    """
    major = int(cuda.split(".")[0])
    for start, name in WHEELS.items():
        if library.startswith(start):
            plain = name.format(major=major)
            return plain if plain != name or major >= 13 else f"{plain}-cu{major}"
    return ""


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _clause(lacking: list[str], cuda: str) -> str:
    drivers = [library for library in lacking if library.startswith(DRIVER)]
    others = [library for library in lacking if library not in drivers]
    wheels = sorted({wheel(library, cuda) for library in others} - {""})
    parts = [f"no GPU is set up here ({library}, which comes with NVIDIA's driver, is missing)" for library in drivers]
    if others:
        parts.append(f"these shared libraries are missing: {', '.join(others)}")
    if wheels:
        parts.append(f"pip install {' '.join(wheels)} brings them")
    return "; ".join(parts)


def _tensorrt_files() -> list[Path]:
    found: Any = importlib.util.find_spec(TENSORRT_WHEEL)
    folders = [Path(folder) for folder in (found.submodule_search_locations or ())] if found else []
    return [file for pattern in TENSORRT_LIBRARIES for folder in folders for file in sorted(folder.glob(pattern))]
