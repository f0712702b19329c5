"""An entry of a study's losses in, the function that a run minimises out; a loss of the user's own is checked first."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cxr_report.errors import Refusal
from cxr_report.losses import CATALOGUE
from cxr_report.study import Loss, Study
from cxr_report.training import functions
from cxr_report.training.losses import FUNCTIONS
from cxr_report.training.randomness import generator

__all__ = ["FACTOR", "Objective", "check", "class_counts", "objective"]

FACTOR = "factor"
"""The key of an optimiser's group under which stands what its learning rate is multiplied by."""

FASTER = 10.0
"""Measured: AdamW moves a number by about its learning rate in a step, and what is learned lies between 0 and 1. In 150
steps of the AUC margin loss on phantom findings at 32 px the AUROC on validation, mean of two seeds, was 0.63 with the
rate of the weights, 0.73 with 10 times and 0.74 with 30 times it."""

CASES = 12
"""Chosen: cases of the batch that a loss is tried on, several of every class where there are few."""

STEPS = {torch.float64: (1e-6, 1e-5), torch.float32: (1e-2, 2e-2)}
"""Step of the finite difference and relative error allowed, by the precision that the loss computes in; chosen near the
square root of the precision, where truncation and rounding are about equal, with a margin."""


@dataclass(frozen=True, slots=True)
class Objective:
    """What a run minimises: a loss with its parameters, its class counts, and what it learns beside the weights."""

    function: Callable[..., Tensor]
    """``(logits, target) -> scalar``, and by keyword what is learned and the progress."""
    learned: Mapping[str, Tensor] = field(default_factory=dict)
    """Name -> ``(L,)`` float32 leaf with a gradient; most losses learn nothing."""
    ascending: frozenset[str] = frozenset()
    """Names of ``learned`` over which the loss is maximised; they are kept from falling below 0."""
    uses_progress: bool = False
    changes_at: float = math.inf
    """The progress from which on the function is another one; until then, and after it, it stays the same."""

    @property
    def own(self) -> Callable[..., Tensor]:
        """The function without what it is bound to."""
        return self.function.func if isinstance(self.function, partial) else self.function

    def phase(self, progress: float) -> bool:
        """Say whether the progress has come to `changes_at`: within a phase every call does the same."""
        return progress >= self.changes_at

    def __call__(self, logits: Tensor, target: Tensor, progress: float = 0.0) -> Tensor:
        """Return the loss of a batch.

        Args:
            logits: ``(N, C)``.
            target: ``(N,)`` or ``(N, L)``.
            progress: share of the epochs that are done, in [0, 1).
        """
        extra: dict[str, Any] = {"progress": progress} if self.uses_progress else {}
        return self.function(logits, target, **self.learned, **extra)

    def groups(self) -> list[dict[str, Any]]:
        """Return the groups of an optimiser for what is learned, faster and without decay; none where nothing is."""
        parts: dict[bool, list[Tensor]] = {False: [], True: []}
        for name, value in self.learned.items():
            parts[name in self.ascending].append(value)
        return [
            {"params": values, "weight_decay": 0.0, "maximize": ascends, FACTOR: FASTER}
            for ascends, values in parts.items()
            if values
        ]

    @torch.no_grad()
    def settle(self) -> None:
        """Bring what ascends back to 0 from below, after every step of the optimiser."""
        for name in self.ascending:
            self.learned[name].clamp_(min=0.0)

    def state(self) -> dict[str, Tensor]:
        """Return what is learned, for the checkpoint."""
        return {name: value.detach().clone() for name, value in self.learned.items()}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` gave.

        Raises:
            ValueError: names or shapes are those of another loss.
        """
        own, other = ({name: tuple(value.shape) for name, value in one.items()} for one in (self.learned, state))
        if own != other:
            raise ValueError(f"the loss learns {own or 'nothing'}, the checkpoint holds {other or 'nothing'}")
        for name, value in state.items():
            self.learned[name].copy_(value)


def class_counts(labels: NDArray[np.generic], classes: int) -> Tensor:
    """Count the training cases.

    Args:
        labels: ``(N,)`` class indices, or ``(N, L)`` of 1, 0 and NaN.
        classes: C or L.

    Returns:
        ``(C,)`` cases of each class, or ``(L, 2)`` negative and positive cases of each finding, float64.
    """
    if labels.ndim == 1:
        return torch.from_numpy(np.bincount(labels.astype(np.int64), minlength=classes).astype(np.float64))
    return torch.from_numpy(np.stack([(labels == 0).sum(axis=0), (labels == 1).sum(axis=0)], axis=1).astype(np.float64))


def objective(loss: Loss, counts: Tensor, *, study_file: Path, key: str) -> Objective:
    """Bind a loss to its parameters and, where it takes them, to the class counts and to what it learns, from 0.

    Args:
        loss: an entry of a study's losses.
        counts: see `class_counts`; on the device of the logits.
        study_file: beside which a loss of the user's own is looked for.
        key: where the entry stands in it, for the message.

    Raises:
        Refusal: a loss of the user's own cannot be imported.
    """
    if loss.function is None:
        entry = CATALOGUE[loss.loss or ""]
        extra = {"counts": counts} if entry.uses_counts else {}
        return Objective(
            partial(FUNCTIONS[entry.name], **extra, **loss.parameters),
            MappingProxyType({one.name: _zero(counts) for one in entry.learned}),
            frozenset(one.name for one in entry.learned if one.ascends),
            entry.uses_progress,
            loss.parameters["deferral"] if entry.uses_progress else math.inf,
        )
    function = functions.resolve(loss.function, study_file, key=f"{key}.function")
    extra = {"counts": counts} if "counts" in inspect.signature(function).parameters else {}
    return Objective(partial(function, **extra, **loss.parameters))


def _zero(counts: Tensor) -> Tensor:
    return torch.zeros(len(counts), dtype=torch.float32, device=counts.device, requires_grad=True)


def check(study: Study, counts: Tensor, *, study_file: Path, unknown_labels: bool) -> None:
    """Try every loss of the user's own before any training.

    It must give one finite number with a finite gradient on ordinary and extreme logits (+-50), and its gradient must
    agree with finite differences, in float64 if it computes in the precision of its logits.

    Args:
        study: the study.
        counts: see `class_counts`.
        study_file: beside which the losses are looked for.
        unknown_labels: whether labels that are not known (NaN) occur in training.

    Raises:
        Refusal: the first loss that fails, with what it did.
    """
    for name, loss in {**study.losses, **study.noise_floor.identical}.items():
        if loss.function is None:
            continue
        key = f"{study_file.name}: {study.key(name)}"
        function = objective(loss, counts, study_file=study_file, key=key)
        logits, target = _trial(study.task, counts, unknown_labels)
        try:
            fault = _fault(function, logits, target) or _fault(function, logits.sign() * 50, target, smooth=False)
        except (Exception, SystemExit) as error:
            raise Refusal(f"{key}: {loss.function} failed with {functions.what_happened(error)}") from error
        if fault:
            raise Refusal(f"{key}: {loss.function} {fault}")


def _trial(task: str, counts: Tensor, unknown_labels: bool) -> tuple[Tensor, Tensor]:
    classes = len(counts)
    random = generator(0, "check")
    logits = torch.randn((CASES, classes), generator=random, dtype=torch.float64) * 2
    if task != "multilabel":
        return logits, torch.arange(CASES) % classes
    target = (torch.rand((CASES, classes), generator=random) < 0.4).float()
    if unknown_labels:
        target[::4, 0] = torch.nan
    return logits, target


def _fault(function: Objective, logits: Tensor, target: Tensor, *, smooth: bool = True) -> str:
    """Say what is wrong with a loss on a batch; empty where nothing is."""
    where = "on random logits" if smooth else "on logits of +-50"
    point = logits.clone().requires_grad_()
    value = function(point, target)
    if not isinstance(value, Tensor) or value.shape != ():
        got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        return f"must return a tensor of shape () for a batch, got {got}"
    if not value.isfinite():
        return f"gives {value.item()} {where}; it must be finite"
    if not value.requires_grad:
        return "gives a number without a gradient; it must be computed from the logits by torch"
    (gradient,) = torch.autograd.grad(value, point)
    if not gradient.isfinite().all():
        return f"has a gradient that is not finite {where}"
    return _wrong_gradient(function, point.detach(), target, gradient, value.dtype) if smooth else ""


def _wrong_gradient(function: Objective, point: Tensor, target: Tensor, gradient: Tensor, dtype: torch.dtype) -> str:
    step, allowed = STEPS.get(dtype, STEPS[torch.float32])
    scale = max(1e-3, gradient.abs().max().item())
    for place in range(point.numel()):
        move = torch.zeros_like(point).view(-1)
        move[place] = step
        move = move.view_as(point)
        slope = (function(point + move, target) - function(point - move, target)).item() / (2 * step)
        found = gradient.view(-1)[place].item()
        if abs(found - slope) > allowed * max(scale, abs(slope)):
            row, column = divmod(place, point.shape[1])
            return (
                f"has a gradient that disagrees with finite differences: logit {column} of case {row} gives "
                f"{found:.6g}, the difference quotient is {slope:.6g}"
            )
    return ""
