"""An engine, one model and the study's images come in; the engine with the batch that measured fastest goes out.

A number must not depend on speed: a batch may be used only if its logits on a sample of the images, a partly filled
last batch among them, are those of the engine's reference batch, bit by bit. So a study that was killed and goes on
with another batch, or on a busier day, writes the same bytes.

Measured on one CPU with AVX-512 (onnxruntime 1.31, graphs of the small network, ResNet18 and DenseNet121 at 64 px, and
of ResNet18 and DenseNet121 at 224 px): batches of 1, 2, 3, 4, 8, 16, 32, 64, filled up with zeros or not, on one and on
two threads, give the same bits throughout. On another processor, or a GPU, whose kernels may depend on the shape, the
sample decides, and what differs is not used.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_report.inference import residence
from cxr_report.inference.binding import predict
from cxr_report.inference.engine import Engine, Trial
from cxr_report.inference.loading import Model, load

__all__ = ["measured", "tried"]

CANDIDATES = {"CPUExecutionProvider": (1, 2, 4, 16), "CUDAExecutionProvider": (32, 64, 256)}
"""Chosen: beside the reference, growing. On a CPU 32 and 64 measured like 16 and take two and four times its memory.
What TensorRT computes is built for one batch in minutes, so none is tried there."""

OPEN = 3
"""Chosen: images of a sample beyond full batches, so that the last batch is filled up with zeros."""

BOX = 0.05
"""Chosen: share of the expected time of an evaluation that measuring may take; a batch has brought 0 to 30 %."""

MOST = 20.0
"""Chosen: seconds that measuring may take at most."""

ROUNDS = 3
"""Chosen: passes over the candidates at most; the fastest pass of each counts, as other work only slows."""

GAIN = 1.02
"""Chosen: a candidate must be faster than the reference by this factor, or noise would decide."""

PROBES, PASSES = 3, 2
"""Chosen: models whose memory is measured, and how often each computes the sample: the memory of a model hangs on how
many threads happened to be in it at once, and the largest counts. Measured on two threads: 4 to 7 MB for the small
network with batch 8, 10 MB with 16; 75 MB for DenseNet121 at 224 px with batch 1, 0.32 GB with 8."""

SLOWER = 0.8
"""Chosen: beyond a batch whose speed falls below this share of the best, larger ones are not tried: they only cost
memory."""


def measured(
    engine: Engine, content: bytes, images: NDArray[np.uint8], *, where: str, models: int, cases: int
) -> Engine:
    """Find the batch by measuring, and from the cost of a model how many may be resident at once.

    Nothing is measured where it would take more than a twentieth of the evaluation: the reference batch is used then.

    Args:
        engine: as chosen, with its reference batch.
        content: bytes of the first model; the others are of its architecture, or much like it.
        images: ``(N, H, W)`` of the study.
        where: the model's name, for the message.
        models: how many shall be evaluated.
        cases: images that each of them shall see.

    Returns:
        The engine with ``batch``, ``together`` and what was measured.

    Raises:
        Refusal: the model takes images of another size.
    """
    others = _candidates(engine)
    if not others or not len(images):
        return engine
    height, width = images.shape[1:]
    model = load(content, engine, where=where, size=(height, width))
    sample = _sample(images, engine)
    pace = max(_timed(model, engine.batch, sample[: engine.threads * engine.batch]).pace for _ in range(2))
    expected = models * cases / pace
    box = min(BOX * expected, MOST)
    if box < (len(others) + 2) * len(sample) / pace:
        return engine
    trials = tried(model, others, sample, seconds=box)
    best = _best(trials)
    found = dataclasses.replace(engine, batch=best.batch, trials=trials)
    return _resident(found, content, sample, where=where, seconds=cases / best.images_per_second)


def tried(model: Model, batches: Sequence[int], sample: NDArray[np.uint8], *, seconds: float) -> tuple[Trial, ...]:
    """Time the reference batch of a model's engine and others on the same images, in turns.

    Args:
        model: loaded; its engine's batch is the reference.
        batches: others, growing.
        sample: ``(N, H, W)``.
        seconds: no further round is begun after these.

    Returns:
        One trial per batch, the reference first; a batch that the device could not compute is left out, and so are
        those beyond one that was much slower than the fastest.
    """
    reference, began = model.engine.batch, time.perf_counter()
    right = _timed(model, reference, sample)
    found = {reference: Trial(reference, right.pace, same_bits=True)}
    left = [reference, *batches]
    for number in range(ROUNDS):
        if number and time.perf_counter() - began >= seconds:
            break
        for batch in left:
            trial = _once_more(found.get(batch), model, batch, sample, right)
            if trial is not None:
                found[batch] = trial
            fastest = max(known.images_per_second for known in found.values())
            if batch > reference and (trial is None or trial.images_per_second < SLOWER * fastest):
                break
        left = [batch for batch in left if batch in found and found[batch].same_bits]
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over a sample."""

    logits: NDArray[np.float32]
    pace: float
    """Images per second."""


def _once_more(before: Trial | None, model: Model, batch: int, sample: NDArray[np.uint8], right: _Pass) -> Trial | None:
    try:
        passed = _timed(model, batch, sample)
    except Exception:  # a GPU's memory may not do; onnxruntime raises many kinds, which share no base of their own
        return None
    same = np.array_equal(passed.logits, right.logits)
    if before is None:
        return Trial(batch, passed.pace, same)
    return Trial(batch, max(before.images_per_second, passed.pace), before.same_bits and same)


def _timed(model: Model, batch: int, sample: NDArray[np.uint8]) -> _Pass:
    cut = dataclasses.replace(model, engine=dataclasses.replace(model.engine, batch=batch))
    began = time.perf_counter()
    logits = predict([cut], sample)[0]
    return _Pass(logits, len(sample) / (time.perf_counter() - began))


def _candidates(engine: Engine) -> tuple[int, ...]:
    return tuple(batch for batch in CANDIDATES.get(engine.provider, ()) if batch != engine.batch)


def _sample(images: NDArray[np.uint8], engine: Engine) -> NDArray[np.uint8]:
    """Take images for every thread to have a full batch of the largest, and a few that leave the last one open."""
    count = engine.threads * max(engine.batch, *_candidates(engine)) + OPEN
    return np.ascontiguousarray(images[np.linspace(0, len(images) - 1, count).astype(np.int64)])


def _best(trials: Sequence[Trial]) -> Trial:
    reference = trials[0]
    fastest = max((trial for trial in trials if trial.same_bits), key=lambda trial: trial.images_per_second)
    return fastest if fastest.images_per_second > GAIN * reference.images_per_second else reference


def _resident(engine: Engine, content: bytes, sample: NDArray[np.uint8], *, where: str, seconds: float) -> Engine:
    """Load models, let them compute, and see what the dearest took; the one that was timed keeps its own meanwhile."""
    memory = residence.budget(engine)
    models: list[Model] = []
    marks = [residence.taken(engine)]
    for _ in range(PROBES):
        models.append(load(content, engine, where=where))
        for _ in range(PASSES):
            predict(models[-1:], sample)
        marks.append(residence.taken(engine))
    cost = max(0, *(after - before for before, after in itertools.pairwise(marks)))
    many = residence.together(cost, seconds, memory=memory, fallback=engine.together)
    return dataclasses.replace(engine, together=many, model_memory=cost, memory_budget=memory)
