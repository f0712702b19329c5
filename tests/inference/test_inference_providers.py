"""The choice of what computes: granted, explained or refused; onnxruntime's side of it is a fake, for want of a GPU."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import os
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxr_report import inference
from cxr_report.errors import Refusal
from cxr_report.inference import libraries, loading, providers
from cxr_report.inference.engine import CUDA, TENSORRT, wished

CPU_NAME, CUDA_NAME, TENSORRT_NAME = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"


@dataclasses.dataclass
class Machine:
    """What a machine with or without a GPU makes of onnxruntime; logits are the mean grey level times 1, 2, 3."""

    built: tuple[str, ...] = (TENSORRT_NAME, CUDA_NAME, CPU_NAME)
    works: tuple[str, ...] = (TENSORRT_NAME, CUDA_NAME, CPU_NAME)
    refuses_to_load: str = ""
    fails_to_run: str = ""
    relative_error: float = 0.0
    sessions: list[FakeSession] = dataclasses.field(default_factory=list)
    copies: list[str] = dataclasses.field(default_factory=list)
    preloaded: int = 0


class FakeSession:
    def __init__(self, machine: Machine, asked: list[Any]) -> None:
        self.asked = [entry if isinstance(entry, tuple) else (entry, {}) for entry in asked]
        first = self.asked[0][0]
        if first != CPU_NAME and machine.refuses_to_load:
            raise RuntimeError(machine.refuses_to_load)
        self.machine, self.providers = machine, [name for name, _ in self.asked if name in machine.works]
        machine.sessions.append(self)

    def get_providers(self) -> list[str]:
        return self.providers

    def get_inputs(self) -> list[Any]:
        return [types.SimpleNamespace(name="image", type="tensor(uint8)", shape=["N", 1, 8, 8])]

    def get_outputs(self) -> list[Any]:
        return [types.SimpleNamespace(name="logits", type="tensor(float)", shape=["N", 3])]

    def io_binding(self) -> Any:
        bound: dict[str, Any] = {}
        return types.SimpleNamespace(
            bound=bound, bind_ortvalue_input=bound.__setitem__, bind_ortvalue_output=bound.__setitem__
        )

    def run_with_iobinding(self, binding: Any) -> None:
        on_gpu = self.providers[0] != CPU_NAME
        if on_gpu and self.machine.fails_to_run:
            raise RuntimeError(self.machine.fails_to_run)
        means = binding.bound["image"].mean((1, 2, 3))[:, None] * np.arange(1, 4)
        binding.bound["logits"][:] = means * (1 + self.machine.relative_error * on_gpu)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    made = Machine()

    def value(array: Any, device: str = "cpu", _number: int = 0) -> Any:
        made.copies.append(device)
        return array

    def preload() -> None:
        made.preloaded += 1
        print("Failed to load libcudart.so.13: a tale that nobody asked for")

    fake: Any = types.ModuleType("onnxruntime")
    fake.__version__, fake.cuda_version, fake.__file__ = "1.31.1", "13.0", str(tmp_path / "onnxruntime" / "__init__.py")
    fake.SessionOptions = types.SimpleNamespace
    fake.GraphOptimizationLevel = types.SimpleNamespace(ORT_ENABLE_ALL=99)
    fake.OrtValue = types.SimpleNamespace(ortvalue_from_numpy=value)
    fake.get_available_providers = lambda: list(made.built)
    fake.set_default_logger_severity = lambda level: None
    fake.preload_dlls = preload

    def session(content: bytes, options: Any, *, providers: list[Any], enable_fallback: int) -> FakeSession:
        assert enable_fallback == 0, "onnxruntime would go on with another provider by itself"
        return FakeSession(made, providers)

    fake.InferenceSession = session
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", fake)
    monkeypatch.setattr(libraries, "missing", lambda provider: "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(providers.TF32, raising=False)
    return made


def choose(wish: str = "auto") -> Any:
    return providers.choose(b"model", where="run/model.onnx", wish=wished(wish))


def test_auto_takes_a_gpu_that_computes_a_batch_and_says_so(machine: Machine, capsys: pytest.CaptureFixture) -> None:
    engine = choose()
    assert (engine.provider, engine.device) == (CUDA_NAME, "cuda")
    assert engine.reason == "a GPU is there and computed a first batch"
    assert machine.preloaded == 1
    assert capsys.readouterr().out == ""


def test_the_reference_is_float32_without_tf32_and_without_a_search_by_speed(machine: Machine) -> None:
    choose()
    name, options = machine.sessions[-1].asked[0]
    assert name == CUDA_NAME
    assert (options["use_tf32"], options["cudnn_conv_algo_search"]) == ("0", "DEFAULT")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"built": (CPU_NAME,)}, "this onnxruntime is built without CUDA"),
        ({"works": (CPU_NAME,)}, "onnxruntime found no GPU that it can use"),
        ({"fails_to_run": "CUDNN failure 5\nat line 3"}, r"CUDA failed on a first batch \(CUDNN failure 5\)"),
        ({"refuses_to_load": "no kernel image"}, "CUDA failed .*no kernel image"),
        ({"relative_error": 1e-3}, "CUDA gives other logits than the CPU in float32"),
    ],
)
def test_without_a_sound_gpu_auto_falls_back_and_says_why_and_a_wish_is_refused(
    machine: Machine, change: dict[str, Any], reason: str
) -> None:
    for name, value in change.items():
        setattr(machine, name, value)
    engine = choose()
    assert engine.provider == CPU_NAME
    with pytest.raises(Refusal, match=rf"^--provider cuda: CUDA was asked for, but .*{reason}") as caught:
        choose("cuda")
    assert "\n" not in str(caught.value)
    assert f"but {engine.reason}" in str(caught.value)


def test_rounding_alone_does_not_lose_the_gpu(machine: Machine) -> None:
    machine.relative_error = 1e-6
    assert choose("cuda").provider == CUDA_NAME


def test_what_lacks_is_named_before_what_onnxruntime_says(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.works = (CPU_NAME,)
    monkeypatch.setattr(libraries, "missing", lambda provider: f"libx.so lacks {provider}; pip install x")
    with pytest.raises(Refusal, match=f"but libx.so lacks {TENSORRT_NAME}"):
        choose("tensorrt")
    assert choose().reason == f"libx.so lacks {CUDA_NAME}"


def test_the_cpu_is_taken_where_it_is_asked_for_although_a_gpu_is_there(machine: Machine) -> None:
    engine = choose("cpu")
    assert (engine.provider, engine.reason) == (CPU_NAME, "the CPU was asked for")
    assert machine.preloaded == 0


def test_auto_never_takes_tensorrt_and_a_wish_for_it_bars_tf32(machine: Machine) -> None:
    assert choose().provider == CUDA_NAME
    assert providers.TF32 not in os.environ
    engine = choose("tensorrt")
    assert (engine.provider, engine.reason) == (TENSORRT_NAME, "TensorRT was asked for and computed a first batch")
    assert os.environ[providers.TF32] == "0"


def test_tensorrt_that_leaves_the_model_to_cuda_is_refused(machine: Machine) -> None:
    machine.works = (CUDA_NAME, CPU_NAME)
    with pytest.raises(Refusal, match="--provider tensorrt: TensorRT was asked for, but onnxruntime found no GPU"):
        choose("tensorrt")


def test_two_seeds_never_share_one_engine_of_tensorrt_and_none_lies_in_a_study(
    machine: Machine, tmp_path: Path
) -> None:
    for content in (b"seed 1", b"seed 2", b"seed 1"):
        loading.load(content, TENSORRT, where="model.onnx", size=(8, 8))
    options = [session.asked[0][1] for session in machine.sessions]
    places = [Path(entry["trt_engine_cache_path"]) for entry in options]
    assert places[0] == places[2] != places[1]
    assert all(place.is_dir() and place.is_relative_to(tmp_path / "cache") for place in places)
    assert options[0]["trt_profile_min_shapes"] == options[0]["trt_profile_max_shapes"] == "image:128x1x8x8"
    assert (options[0]["trt_fp16_enable"], options[0]["trt_int8_enable"]) == ("0", "0")
    assert [name for name, _ in machine.sessions[0].asked] == [TENSORRT_NAME, CUDA_NAME, CPU_NAME]


def test_a_batch_goes_to_the_gpu_once_for_all_models(machine: Machine) -> None:
    from cxr_report.inference.binding import predict

    engine = dataclasses.replace(CUDA, batch=4)
    models = [loading.load(b"m", engine, where="m") for _ in range(3)]
    images = np.random.default_rng(0).integers(0, 256, (10, 8, 8), dtype=np.uint8)
    found = predict(models, images)
    assert machine.copies.count("cuda") == 3, "ten images in batches of four"
    right = images.mean((1, 2))[:, None] * np.arange(1, 4)
    for logits in found:
        np.testing.assert_allclose(logits, right, rtol=1e-6)


@pytest.mark.parametrize("name", ["engine", "libraries", "residence"])
def test_the_examples_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"cxr_report.inference.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_another_name_is_refused_with_those_that_are_allowed() -> None:
    with pytest.raises(Refusal, match=r"^--provider takes auto, cuda, tensorrt or cpu, got 'gpu'$"):
        wished("gpu")


def test_a_provider_is_tried_before_anything_is_trained_with_a_model_like_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cxr_report.inference import session
    from cxr_report.inference.specimen import specimen

    model = session.load(specimen(), session.CPU, where="a tiny model")
    assert np.ptp(session.predict([model], np.arange(512, dtype=np.uint8).reshape(2, 16, 16) % 251)[0]) > 0
    asked: list[str] = []
    chosen: Callable[..., None] = lambda sample, *, where, wish: asked.append(wish)  # noqa: E731
    monkeypatch.setattr(session, "choose", chosen)
    for wish in ("auto", "cpu", "cuda", "tensorrt"):
        inference.foresee(wish)
    assert asked == ["cuda", "tensorrt"]
