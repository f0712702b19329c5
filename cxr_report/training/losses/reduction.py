"""What all losses share: logits widened, the margin of the true class, terms reduced to one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

__all__ = ["Known", "Reduction", "known_labels", "margin", "reduce", "truth", "widen"]

Reduction: TypeAlias = Literal["mean", "sum", "none"]
"""``mean`` over the cases, or over the known labels; ``sum``; ``none`` keeps the terms."""


def widen(logits: Tensor) -> Tensor:
    """Return half precision as float32, and anything else as it is."""
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def truth(logits: Tensor, target: Tensor) -> Tensor:
    """Return where the true class stands, ``(N, C)`` bool, by a comparison alone.

    An index by a mask would wait for the device, and could not be captured in a CUDA graph.
    """
    return target[:, None] == torch.arange(logits.shape[1], device=logits.device)


def margin(logits: Tensor, target: Tensor) -> Tensor:
    """Return z_y - log sum of exp z_c over the other classes, ``(N,)``.

    p_y is its sigmoid. log p_y and 1 - p_y that come from there hold, with their gradients, where p_y rounds to 0 or 1.
    """
    true = truth(logits, target)
    own = torch.where(true, logits, 0.0).sum(dim=1)
    return own - logits.masked_fill(true, -torch.inf).logsumexp(dim=1)


def reduce(terms: Tensor, reduction: Reduction, *, number: Tensor | float | None = None) -> Tensor:
    """Make one number of terms, or leave them.

    Args:
        terms: of any shape.
        reduction: see `Reduction`.
        number: what the mean divides by; None: the number of terms.

    Raises:
        ValueError: there is no such reduction.
    """
    if reduction == "none":
        return terms
    if reduction == "sum":
        return terms.sum()
    if reduction == "mean":
        return terms.mean() if number is None else terms.sum() / number
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")


@dataclass(frozen=True, slots=True)
class Known:
    """A batch of findings, some of which are not known."""

    logits: Tensor
    """``(N, L)``, float32 or wider."""
    known: Tensor
    """``(N, L)`` bool."""
    label: Tensor
    """``(N, L)`` of 1 and 0 in the type of the logits; 0 where the label is not known."""

    def reduce(self, terms: Tensor, reduction: Reduction) -> Tensor:
        """Reduce terms ``(N, L)`` over the known labels; 0 where none is known.

        Masking by ``where`` keeps the gradient of the others exactly 0.
        """
        return reduce(torch.where(self.known, terms, 0.0), reduction, number=self.known.sum().clamp(min=1))


def known_labels(logits: Tensor, target: Tensor) -> Known:
    """Take a batch with labels of 1, 0 and NaN apart."""
    wide = widen(logits)
    known = ~target.isnan()
    return Known(wide, known, torch.where(known, target, 0.0).to(wide))
