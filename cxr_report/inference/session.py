"""Exported models as functions: a graph and images come in, logits go out, the same bits every time.

The one door to onnxruntime for the rest of the room; what stands behind it is told in `engine`, `loading`, `libraries`,
`providers`, `binding`, `batches` and `residence`.
"""

from __future__ import annotations

from cxr_report.inference.batches import measured
from cxr_report.inference.binding import predict
from cxr_report.inference.engine import CPU, Engine, Trial, Wish, cores
from cxr_report.inference.loading import Model, load, require, version
from cxr_report.inference.providers import choose

__all__ = [
    "CPU",
    "Engine",
    "Model",
    "Trial",
    "Wish",
    "choose",
    "cores",
    "load",
    "measured",
    "predict",
    "require",
    "version",
]
