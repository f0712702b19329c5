"""Exported models as functions: the same bits whatever the threads, and one sentence for a file that is none."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from torch import nn

from cxr_report.errors import Refusal
from cxr_report.inference import graph, session

IMAGES = np.random.default_rng(2).integers(0, 256, (100, 32, 32), dtype=np.uint8)


@pytest.fixture
def content(
    form: graph.Template,
    folding: Callable[[int], nn.Module],
    weights_of: Callable[[nn.Module], dict[str, NDArray[Any]]],
) -> bytes:
    """Bytes of an exported model."""
    return graph.finish(graph.optimise(graph.fill(form, weights_of(folding(3)), where="w")), {})


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_predictions_have_the_same_bits_on_any_number_of_threads(content: bytes, threads: int) -> None:
    def logits(count: int) -> NDArray[np.float32]:
        model = session.load(content, dataclasses.replace(session.CPU, threads=count), where="model.onnx")
        return session.predict([model], IMAGES)[0]

    np.testing.assert_array_equal(logits(threads), logits(1), strict=True)


def test_a_model_predicts_the_same_alone_and_among_others(content: bytes) -> None:
    models = [session.load(content, session.CPU, where="model.onnx") for _ in range(3)]
    alone = session.predict(models[:1], IMAGES)[0]
    done: list[int] = []
    for logits in session.predict(models, IMAGES, tick=done.append):
        np.testing.assert_array_equal(logits, alone, strict=True)
    assert sum(done) == 3 * len(IMAGES)
    assert session.predict([], IMAGES) == []


def test_images_past_the_last_full_batch_get_their_own_logits(content: bytes) -> None:
    model = session.load(content, session.CPU, where="model.onnx")
    whole = session.predict([model], IMAGES)[0]
    np.testing.assert_array_equal(session.predict([model], IMAGES[:19])[0], whole[:19])


@pytest.mark.parametrize("count", [0, 1, 8, 19, 100])
@pytest.mark.parametrize("batch", [1, 8, 16, 200])
def test_bound_images_and_logits_have_the_bits_of_a_plain_run(content: bytes, batch: int, count: int) -> None:
    model = session.load(content, dataclasses.replace(session.CPU, batch=batch, threads=2), where="model.onnx")
    plain = model.session.run(["logits"], {"image": IMAGES[:count, None]})[0] if count else np.empty((0, 3), np.float32)
    np.testing.assert_array_equal(session.predict([model], IMAGES[:count])[0], plain, strict=True)


def test_images_that_lie_on_disk_backwards_or_apart_are_read_all_the_same(content: bytes, tmp_path: Path) -> None:
    model = session.load(content, session.CPU, where="model.onnx")
    np.save(tmp_path / "images.npy", IMAGES)
    kept = np.load(tmp_path / "images.npy", mmap_mode="r")
    right = session.predict([model], IMAGES)[0]
    np.testing.assert_array_equal(session.predict([model], kept)[0], right)
    np.testing.assert_array_equal(session.predict([model], kept[::-2])[0], right[::-2])
    np.testing.assert_array_equal(session.predict([model], np.asfortranarray(IMAGES))[0], right)


def test_a_full_batch_is_bound_where_it_lies(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    bound: list[int] = []
    make = onnxruntime.OrtValue.ortvalue_from_numpy

    def noted(array: NDArray[Any], *place: Any) -> Any:
        value = make(array, *place)
        bound.append(value.data_ptr())
        return value

    monkeypatch.setattr(onnxruntime, "OrtValue", type("Value", (), {"ortvalue_from_numpy": staticmethod(noted)}))
    model = session.load(content, session.CPU, where="model.onnx")
    session.predict([model, model], IMAGES[:16])
    assert bound[0] == IMAGES.ctypes.data
    assert bound[3] == IMAGES[8:].ctypes.data
    assert len(bound) == 2 * (1 + 2), "one input for both models and a target for each, in each of two batches"


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_truncated_file_is_refused_in_one_sentence(content: bytes, keep: int) -> None:
    with pytest.raises(Refusal, match=r"^run/model\.onnx: is (damaged|not a model)") as caught:
        session.load(content[:keep], session.CPU, where="run/model.onnx")
    assert "\n" not in str(caught.value)


def test_a_foreign_model_is_refused() -> None:
    from onnx import TensorProto, helper

    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "foreign", sides[:1], sides[1:]), ir_version=10)
    model.opset_import[0].version = graph.OPSET
    with pytest.raises(Refusal, match=r"uint8 images \(N, 1, H, W\) named image"):
        session.load(model.SerializeToString(), session.CPU, where="model.onnx")


def test_other_images_and_another_number_of_classes_are_refused(content: bytes) -> None:
    with pytest.raises(Refusal, match="takes images of 32 x 32 pixels, not 64 x 64"):
        session.load(content, session.CPU, where="model.onnx", size=(64, 64))
    with pytest.raises(Refusal, match="gives 3 logits a case for 2 classes"):
        session.load(content, session.CPU, where="model.onnx", classes=2)


def _with_batch(content: bytes, ends: str) -> bytes:
    model = onnx.load_model_from_string(content)
    for end in [*model.graph.input] * ("i" in ends) + [*model.graph.output] * ("o" in ends):
        end.type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.value_info[:]
    return model.SerializeToString()


@pytest.mark.parametrize("ends", ["i", "o", "io"])
def test_a_model_for_one_number_of_images_is_refused(content: bytes, ends: str) -> None:
    assert session.load(content, session.CPU, where="m.onnx").where == "m.onnx"
    with pytest.raises(Refusal, match=r"^m\.onnx: takes a fixed number of images a call; allowed: any number"):
        session.load(_with_batch(content, ends), session.CPU, where="m.onnx")


def test_a_graph_that_loads_but_cannot_be_computed_is_refused_in_one_sentence(content: bytes) -> None:
    model = onnx.load_model_from_string(content)
    last = model.graph.output[0].name
    for node in model.graph.node:
        node.output[:] = ["before" if name == last else name for name in node.output]
    model.graph.node.append(onnx.helper.make_node("Concat", ["before", "before"], [last], axis=0))
    broken = session.load(model.SerializeToString(), session.CPU, where="m\x1b.onnx")
    with pytest.raises(Refusal, match=r"cannot be computed with 8 images \(.+\)$") as caught:
        session.predict([broken], IMAGES)
    assert "\n" not in str(caught.value)


def test_the_engine_says_why_and_nothing_is_printed(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    code = (
        "from pathlib import Path; from cxr_report.inference import session\n"
        f"engine = session.choose(Path({str(tmp_path / 'model.onnx')!r}).read_bytes(), where='model.onnx')\n"
        "print(engine.provider, '|', engine.reason)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    provider, reason = shown.stdout.strip().split(" | ")
    assert provider in ("CPUExecutionProvider", "CUDAExecutionProvider")
    assert reason
    assert shown.stderr == ""


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu_and_with_itself(content: bytes) -> None:
    engine = session.choose(content, where="model.onnx")
    if engine.provider != "CUDAExecutionProvider":
        pytest.skip(f"onnxruntime computes on the CPU here: {engine.reason}")
    model = session.load(content, engine, where="model.onnx")
    first, second = (session.predict([model], IMAGES)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second, strict=True)
    cpu = session.predict([session.load(content, session.CPU, where="model.onnx")], IMAGES)[0]
    assert np.abs(first - cpu).max() < 1e-4 * np.abs(cpu).max()
