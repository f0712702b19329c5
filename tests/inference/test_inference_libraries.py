"""Shared libraries: what a file needs is read from it, what is missing is named with the wheel that brings it."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from cxr_report.inference import dynamic, libraries

PARTS = Path(onnxruntime.__file__).parent / "capi"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads shared libraries of Linux")


@linux
@pytest.mark.parametrize("file", sorted(PARTS.glob("*.so*")), ids=lambda file: file.name[:40])
def test_what_a_library_needs_is_what_binutils_say(file: Path) -> None:
    if shutil.which("readelf") is None:
        pytest.skip("readelf is not installed")
    shown = subprocess.run(["readelf", "-d", str(file)], capture_output=True, text=True, check=True).stdout
    right = [line.split("[")[1].rstrip("]") for line in shown.splitlines() if "(NEEDED)" in line]
    assert dynamic.needed(file) == right
    assert right


def test_a_file_that_is_no_library_needs_nothing(tmp_path: Path) -> None:
    for content in (b"", b"\x7fELF\x02\x01", b"plain text" * 20):
        (tmp_path / "file").write_bytes(content)
        assert dynamic.needed(tmp_path / "file") == []


@pytest.mark.parametrize(
    ("library", "cuda", "name"),
    [
        ("libcudnn.so.9", "12.8", "nvidia-cudnn-cu12"),
        ("libcudnn.so.9", "13.0", "nvidia-cudnn-cu13"),
        ("libcublasLt.so.12", "12.8", "nvidia-cublas-cu12"),
        ("libcublasLt.so.13", "13.0", "nvidia-cublas"),
        ("libnvinfer.so.10", "12.8", "tensorrt-cu12"),
        ("libnvonnxparser.so.10", "13.0", "tensorrt-cu13"),
        ("libstdc++.so.6", "13.0", ""),
    ],
)
def test_the_wheel_is_the_one_of_the_cuda_that_onnxruntime_is_built_for(library: str, cuda: str, name: str) -> None:
    assert libraries.wheel(library, cuda) == name


@linux
def test_every_missing_library_is_named_once_and_those_that_are_there_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def load(name: str) -> None:
        if name.startswith(("libcublas", "libnvinfer", "libcuda.so", "libcudnn")):
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    wanted = {
        "libonnxruntime_providers_tensorrt.so": ["libcublasLt.so.13", "libcudnn.so.9", "libnvinfer.so.10"],
        "libonnxruntime_providers_cuda.so": ["libcublasLt.so.13", "libcuda.so.1", "libc.so.6"],
    }
    (tmp_path / "capi").mkdir()
    for name in wanted:
        (tmp_path / "capi" / name).touch()
    monkeypatch.setattr(onnxruntime, "__file__", str(tmp_path / "__init__.py"))
    monkeypatch.setattr(onnxruntime, "cuda_version", "13.0")
    monkeypatch.setattr(dynamic, "needed", lambda file: wanted[file.name])
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert libraries.missing("TensorrtExecutionProvider") == (
        "no GPU is set up here (libcuda.so.1, which comes with NVIDIA's driver, is missing); "
        "these shared libraries are missing: libcublasLt.so.13, libcudnn.so.9, libnvinfer.so.10; "
        "pip install nvidia-cublas nvidia-cudnn-cu13 tensorrt-cu13 brings them"
    )
    monkeypatch.setattr(ctypes, "CDLL", lambda name: None)
    assert libraries.missing("TensorrtExecutionProvider") == ""


@linux
def test_tensorrt_s_libraries_are_loaded_from_its_wheel_in_the_order_of_their_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = tmp_path / libraries.TENSORRT_WHEEL
    wheel.mkdir()
    (wheel / "__init__.py").touch()
    for name in ("libnvonnxparser.so.10", "libnvinfer.so.10", "libnvinfer_plugin.so.10", "libnvinfer_builder.so.10"):
        (wheel / name).touch()
    loaded: list[str] = []
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print("not on stdout"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name, mode=0: loaded.append(Path(name).name))
    libraries.preload("CUDAExecutionProvider")
    assert loaded == []
    libraries.preload("TensorrtExecutionProvider")
    assert loaded == ["libnvinfer.so.10", "libnvinfer_plugin.so.10", "libnvonnxparser.so.10"]
