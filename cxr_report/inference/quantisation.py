"""An exported graph's bytes come in, the bytes of the same network in fewer bits go out, equal for equal input."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_report.errors import Refusal

__all__ = ["calibration_cases", "halved", "require", "to_int8"]

BATCH = 8
"""Chosen: images per call of the calibration, as in evaluation on a CPU; minimum and maximum do not depend on it."""

PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")
"""What onnxruntime writes into a graph whose constants and batch norms are folded; ours are when they are exported."""


def require() -> None:
    """Ask for onnx, which onnxruntime's converters work on.

    Raises:
        Refusal: it is not installed.
    """
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise Refusal(
            "the variants fp16 and int8 need onnx, which the base install leaves out; "
            "install the extra: pip install 'cxr_report[infer]'"
        ) from None


def calibration_cases(fingerprint: str, available: int, *, wanted: int) -> NDArray[np.int64]:
    """Choose the validation cases that ranges are measured on: the same for every run of a study.

    Args:
        fingerprint: sha256 of the data, which is the seed of the choice.
        available: validation cases.
        wanted: how many to take; all where there are no more.

    Returns:
        Their places, rising.

    Example:
        >>> calibration_cases("ab" * 32, 5, wanted=9)
        array([0, 1, 2, 3, 4])
    """
    rng = np.random.default_rng([int(fingerprint[:16], 16), 8])
    return np.sort(rng.choice(available, size=min(wanted, available), replace=False)).astype(np.int64)


def halved(content: bytes) -> bytes:
    """Convert a graph to half precision; it still takes uint8 images and gives float32 logits.

    Args:
        content: bytes of an exported graph.

    Raises:
        Refusal: onnx is not installed.
    """
    require()
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with _quiet():
        model = convert_float_to_float16(onnx.load_model_from_string(content), keep_io_types=True)
    return _finished(model, content, "fp16")


def to_int8(content: bytes, images: NDArray[np.uint8]) -> bytes:
    """Quantise a graph statically: QDQ, weights per channel in 7 of 8 bits, activations by their observed range.

    Seven bits keep sums of two products inside 16 bits on x86 processors without VNNI, where eight may saturate and
    give other logits than elsewhere: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html.

    Args:
        content: bytes of an exported graph.
        images: ``(M, H, W)`` validation images, on which the ranges are measured; never test images.

    Raises:
        Refusal: onnx is not installed.
    """
    require()
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    model = onnx.load_model_from_string(content)
    onnx.helper.set_model_props(model, dict([PREPARED]))
    with tempfile.TemporaryDirectory() as scratch, _quiet():
        source, target = Path(scratch) / "float32.onnx", Path(scratch) / "int8.onnx"
        source.write_bytes(model.SerializeToString(deterministic=True))
        quantize_static(
            source,
            target,
            _Images(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        quantised = onnx.load_model_from_string(target.read_bytes())
    return _finished(quantised, content, "int8")


class _Images:
    """What onnxruntime asks for batch after batch; it is known by this one method."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._batches = iter([images[start : start + BATCH, None] for start in range(0, len(images), BATCH)])

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the next batch by the name of the input, or None behind the last."""
        from cxr_report.inference.graph import IMAGE

        batch = next(self._batches, None)
        return None if batch is None else {IMAGE: np.ascontiguousarray(batch)}


def _finished(model: Any, source: bytes, variant: str) -> bytes:
    """Give a converted graph what the exported one tells of itself, and the variant's name."""
    import onnx

    from cxr_report.inference import graph

    told = {entry.key: entry.value for entry in onnx.load_model_from_string(source).metadata_props}
    return graph.finish(model, {**told, "variant": variant})


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep onnxruntime's advice off stderr: what it advises is either done or decided otherwise here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
