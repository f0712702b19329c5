"""The shared libraries that a GPU needs: loaded from the wheels of torch, NVIDIA and TensorRT, or named if missing."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import io
import re
import sys
from pathlib import Path
from typing import Any

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

_NOT_FOUND = re.compile(r"^(\S+): cannot open shared object file")


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
    """Name the first shared library that a provider lacks, and where it comes from, as a clause; empty: none is known.

    To be called after onnxruntime has tried the provider itself: loaded by somebody else first, its part for CUDA
    keeps a null pointer to onnxruntime and brings the process down.
    """
    import onnxruntime

    if sys.platform != "linux":  # elsewhere the loader does not say what it missed
        return ""
    name = {"TensorrtExecutionProvider": "tensorrt", "CUDAExecutionProvider": "cuda"}[provider]
    file = Path(onnxruntime.__file__).parent / "capi" / f"libonnxruntime_providers_{name}.so"
    try:
        ctypes.CDLL(str(file))
    except OSError as error:
        found = _NOT_FOUND.match(str(error))
        return _clause(found.group(1), str(onnxruntime.cuda_version or "12")) if found else ""
    return ""


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


def _clause(library: str, cuda: str) -> str:
    if library.startswith(DRIVER):
        return f"the shared library {library} is missing, which comes with NVIDIA's driver: no GPU is set up here"
    name = wheel(library, cuda)
    source = f", which the wheel {name} brings: pip install {name}" if name else ""
    return f"the shared library {library} is missing{source}"


def _tensorrt_files() -> list[Path]:
    found: Any = importlib.util.find_spec(TENSORRT_WHEEL)
    folders = [Path(folder) for folder in (found.submodule_search_locations or ())] if found else []
    return [file for pattern in TENSORRT_LIBRARIES for folder in folders for file in sorted(folder.glob(pattern))]
