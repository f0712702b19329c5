"""A model file and images in; a probability per image and class out, for anyone who has just that file.

Needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import cxr_report.inference.card as card
import cxr_report.inference.session as session
from cxr_report.data.listing import itemised
from cxr_report.errors import Refusal, shown
from cxr_report.inference.gathering import images_in, squares
from cxr_report.metrics.probabilities import sigmoid, softmax
from cxr_report.progress import Progress

__all__ = ["Predicted", "predict"]

LABEL = "predict"

BATCHES = 4
"""Chosen: batches of the engine per thread that are decoded while as many are computed; at 224 px and 64 threads 100
MB, and every call of a model but the last one is full, as in the evaluation of a study."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """The images of one call."""

    files: tuple[Path, ...]
    """N images, in the order in which they were named."""
    task: str
    """``binary``, ``multiclass`` or ``multilabel``."""
    classes: tuple[str, ...]
    """C names."""
    logits: NDArray[np.float32]
    """``(N, C)``."""

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """``(N, C)``: softmax over the classes, or sigmoid of every finding."""
        return sigmoid(self.logits) if self.task == "multilabel" else softmax(self.logits)


def predict(model: Path, images: Sequence[Path], *, progress: Progress) -> Predicted:
    """Predict images with an exported model, prepared as the file says.

    The model is checked first, then that every named path is there; then images are decoded and predicted a piece at a
    time. What one image was is kept as C numbers, so that the result is whole or not at all.

    Args:
        model: an exported file, anywhere.
        images: files (PNG, JPEG, TIFF, DICOM) and folders, which are searched.
        progress: who is told.

    Raises:
        Refusal: the model is damaged, foreign or not the one that was proved; an image is missing or cannot be decoded
            (all of these are listed); logits are not finite.
    """
    session.require()
    told = card.read(model)
    name = shown(model)
    engine = session.choose(told.content, where=name)
    loaded = session.load(told.content, engine, where=name, size=(told.size, told.size), classes=len(told.classes))
    files = images_in(images)
    progress.say(
        f"{name}: study {shown(told.study)}, loss {shown(told.loss)}, seed {told.seed}, in "
        f"{card.ARITHMETICS[told.variant]}; on {engine.provider}: {engine.reason}"
    )
    progress.start(LABEL, len(files))
    logits = _logits(files, told, loaded, progress)
    progress.finish(LABEL)
    bad = ~np.isfinite(logits).all(axis=1)
    if bad.any():
        raise Refusal(f"{name}: gives logits that are not finite, the first for {shown(files[int(bad.argmax())])}")
    return Predicted(files, told.task, told.classes, logits)


def _logits(files: tuple[Path, ...], told: card.Card, loaded: session.Model, progress: Progress) -> NDArray[np.float32]:
    """Predict piece by piece; from the first fault on the rest is only decoded, so that every fault is named."""
    workers, engine = session.cores(), loaded.engine
    together = BATCHES * engine.batch * engine.threads
    rows: list[NDArray[np.float32]] = []
    faults: list[str] = []
    for piece in squares(files, told.size, policy=told.policy, together=together, workers=workers):
        faults += piece.faults
        if not faults:
            rows.append(session.predict([loaded], piece.images)[0])
        progress.advance(LABEL, len(piece.files))
    if faults:
        what = "1 image" if len(faults) == 1 else f"{len(faults)} images"
        raise itemised(f"{what} of {len(files)} cannot be read, and nothing was predicted", faults)
    return np.concatenate(rows)
