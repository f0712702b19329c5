"""A network of the user's own in, a refusal out where it cannot be trained; called before any training."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from cxr_report.errors import Refusal
from cxr_report.study import Study, resolved_path
from cxr_report.training import functions, models
from cxr_report.training.randomness import generator, seeded

__all__ = ["check_model"]

CASES = 4
STEP = 1e-6
"""Of the finite difference in float64, along one direction in the space of all weights."""

ALLOWED = 1e-3
"""Chosen: relative error; a kink crossed by the step costs far less than that, a detached layer far more."""


def check_model(study: Study, *, classes: int, study_file: Path) -> None:
    """Read pretrained weights; try a network of the user's own: its logits, its gradient against a finite difference.

    Raises:
        Refusal: what is wrong with them.
    """
    _check_pretrained(study, classes, study_file)
    _check_heads(study, classes, study_file)
    if study.model.function is None:
        return
    place = f"{study_file.name}: model.function: {study.model.function}"
    size = study.data.image_size
    with seeded(torch.device("cpu"), 0, "weights"):
        classifier = models.build(study.model, classes, study_file=study_file, image_size=size)
    images = torch.rand((CASES, 1, size, size), generator=generator(0, "check"))
    try:
        with seeded(torch.device("cpu"), 0, "dropout"):
            logits = classifier(images)
        fault = _fault(logits, classes) or _wrong_gradient(classifier.double().eval(), images.double(), classes)
    except (Exception, SystemExit) as error:
        said = functions.what_happened(error)
        raise Refusal(f"{place} failed on images of {size} x {size} with {said}") from error
    if fault:
        raise Refusal(f"{place} {fault}")


def _check_heads(study: Study, classes: int, study_file: Path) -> None:
    """Build the network with the cosine head of every loss that asks for one."""
    for name, loss in {**study.losses, **study.noise_floor.identical}.items():
        scale = models.cosine_scale(loss)
        if scale is None:
            continue
        with seeded(torch.device("cpu"), 0, "weights"):
            try:
                size = study.data.image_size
                models.build(study.model, classes, study_file=study_file, image_size=size, cosine_scale=scale)
            except Refusal as refusal:
                raise Refusal(f"{study_file.name}: {study.key(name)}: {refusal}") from None


def _check_pretrained(study: Study, classes: int, study_file: Path) -> None:
    name = study.model.pretrained
    if name is None:
        return
    with seeded(torch.device("cpu"), 0, "weights"):
        classifier = models.build(study.model, classes, study_file=study_file, image_size=study.data.image_size)
    try:
        models.load_pretrained(classifier, resolved_path(name, study_file))
    except Refusal as refusal:
        raise Refusal(f"{study_file.name}: {refusal}") from None


def _fault(logits: object, classes: int) -> str:
    if not isinstance(logits, Tensor) or logits.shape != (CASES, classes):
        got = f"shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
        return f"must map images (N, 1, H, W) to logits (N, {classes}), got {got} for {CASES} images"
    if not logits.isfinite().all():
        return "gives logits that are not finite"
    return "" if logits.requires_grad else "gives logits without a gradient"


def _wrong_gradient(classifier: models.Classifier, images: Tensor, classes: int) -> str:
    target = torch.arange(CASES) % classes
    weights = [weight for weight in classifier.parameters() if weight.requires_grad]
    if not weights:
        return "has no weights to train"
    value = functional.cross_entropy(classifier(images), target)
    gradients = torch.autograd.grad(value, weights, allow_unused=True)
    known = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, gradients, strict=True)]
    if not all(gradient.isfinite().all() for gradient in known):
        return "has a gradient that is not finite"
    random = generator(0, "direction")
    moves = [torch.randn(weight.shape, generator=random, dtype=torch.float64) for weight in weights]
    found = sum(float((gradient * move).sum()) for gradient, move in zip(known, moves, strict=True))
    ends = []
    with torch.no_grad():
        for sign in (1, -2):
            for weight, move in zip(weights, moves, strict=True):
                weight.add_(move, alpha=sign * STEP)
            ends.append(float(functional.cross_entropy(classifier(images), target)))
    slope = (ends[0] - ends[1]) / (2 * STEP)
    if abs(found - slope) > ALLOWED * max(1e-3, abs(found), abs(slope)):
        return f"has a gradient ({found:.6g}) that disagrees with finite differences ({slope:.6g})"
    return ""
