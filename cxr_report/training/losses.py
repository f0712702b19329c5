"""Logits and targets in, a scalar out: one pure function per loss of the catalogue.

Softmax losses take ``logits (N, C)`` and ``target (N,)`` int64, and ``counts (C,)``, the training cases of each class.
Sigmoid losses take ``logits (N, L)`` and ``target (N, L)`` of 1, 0 and NaN (not known), and ``counts (L, 2)``, the
negative and positive training cases of each finding; they are the mean over the known labels, and 0 where none is
known. Formulas, defaults and sources stand in `cxr_report.losses`. Half precision is widened to float32 first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "FUNCTIONS",
    "balanced_softmax",
    "bce",
    "cross_entropy",
    "focal",
    "kl_divergence",
    "label_smoothing",
    "logit_adjustment",
    "sigmoid_focal",
    "weighted_bce",
    "weighted_cross_entropy",
]


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean of -log p_y."""
    return functional.cross_entropy(_wide(logits), target)


def weighted_cross_entropy(logits: Tensor, target: Tensor, *, counts: Tensor, power: float) -> Tensor:
    """Return the mean of -log p_y weighted by w_y, w_c proportional to n_c^-power.

    A class without training cases counts as if it had one. The batch's sum is divided by the sum of its weights.
    """
    wide = _wide(logits)
    cases = counts.to(wide).clamp(min=1.0)
    weight = cases**-power
    return functional.cross_entropy(wide, target, weight=weight * cases.sum() / (weight * cases).sum())


def focal(logits: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    """Return the mean of -(1 - p_y)^gamma log p_y, without class weights.

    With m = z_y - log sum of exp z_c over the other classes, p_y is sigmoid(m): both logarithms come from there, so
    that value and gradient hold where p_y rounds to 0 or 1, for gamma below 1 too.
    """
    wide = _wide(logits)
    true = functional.one_hot(target, wide.shape[1]).bool()
    margin = wide[true] - wide.masked_fill(true, -torch.inf).logsumexp(dim=1)
    return _modulated(margin, gamma).mean()


def label_smoothing(logits: Tensor, target: Tensor, *, epsilon: float) -> Tensor:
    """Return the mean of cross-entropy against 1 - epsilon on the true class plus epsilon / C on every class."""
    return functional.cross_entropy(_wide(logits), target, label_smoothing=epsilon)


def kl_divergence(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean of the sum of t_c log(t_c / p_c), t_c being 1 for the true class and 0 for the others."""
    wide = _wide(logits)
    true = functional.one_hot(target, wide.shape[1]).to(wide)
    return functional.kl_div(functional.log_softmax(wide, dim=1), true, reduction="batchmean")


def logit_adjustment(logits: Tensor, target: Tensor, *, counts: Tensor, tau: float) -> Tensor:
    """Return cross-entropy of the logits plus tau log pi_c, pi_c being the class's share of the training cases.

    A class without training cases counts as if it had one.
    """
    wide = _wide(logits)
    cases = counts.to(wide).clamp(min=1.0)
    return functional.cross_entropy(wide + tau * torch.log(cases / cases.sum()), target)


def balanced_softmax(logits: Tensor, target: Tensor, *, counts: Tensor) -> Tensor:
    """Return the mean of -log(n_y exp z_y / sum of n_c exp z_c), n_c being the training cases of class c.

    A class without training cases counts as if it had one. Both terms stay logarithms, since exp z may overflow.
    """
    wide = _wide(logits)
    shares = wide + torch.log(counts.to(wide).clamp(min=1.0))
    true = functional.one_hot(target, wide.shape[1]).to(wide)
    return (shares.logsumexp(dim=1) - (shares * true).sum(dim=1)).mean()


def bce(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean of -t log p - (1 - t) log(1 - p) over the known labels."""
    wide, known, label = _known(logits, target)
    return _mean(functional.binary_cross_entropy_with_logits(wide, label, reduction="none"), known)


def weighted_bce(logits: Tensor, target: Tensor, *, counts: Tensor, power: float) -> Tensor:
    """Return `bce` with the positive term times (negatives / positives)^power of the finding.

    A finding without negative or positive training cases counts as if it had one.
    """
    wide, known, label = _known(logits, target)
    negatives, positives = counts.to(wide).clamp(min=1.0).unbind(dim=1)
    weight = (negatives / positives) ** power
    terms = functional.binary_cross_entropy_with_logits(wide, label, pos_weight=weight, reduction="none")
    return _mean(terms, known)


def sigmoid_focal(logits: Tensor, target: Tensor, *, gamma: float, alpha: float) -> Tensor:
    """Return the mean of -alpha t (1 - p)^gamma log p - (1 - alpha)(1 - t) p^gamma log(1 - p) over the known labels."""
    wide, known, label = _known(logits, target)
    weight = alpha * label + (1.0 - alpha) * (1.0 - label)
    return _mean(weight * _modulated(torch.where(label > 0.5, wide, -wide), gamma), known)


FUNCTIONS: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {
        "cross-entropy": cross_entropy,
        "weighted-cross-entropy": weighted_cross_entropy,
        "focal": focal,
        "label-smoothing": label_smoothing,
        "kl-divergence": kl_divergence,
        "logit-adjustment": logit_adjustment,
        "balanced-softmax": balanced_softmax,
        "bce": bce,
        "weighted-bce": weighted_bce,
        "sigmoid-focal": sigmoid_focal,
    }
)
"""Every loss by its name in the catalogue."""


def _wide(logits: Tensor) -> Tensor:
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def _modulated(margin: Tensor, gamma: float) -> Tensor:
    """Return -(1 - p)^gamma log p with p = sigmoid(margin)."""
    return -torch.exp(gamma * functional.logsigmoid(-margin)) * functional.logsigmoid(margin)


def _known(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    wide = _wide(logits)
    known = ~target.isnan()
    return wide, known, torch.where(known, target, 0.0).to(wide)


def _mean(terms: Tensor, known: Tensor) -> Tensor:
    """Average over the known labels; masking by ``where`` keeps the gradient of the others exactly 0."""
    return torch.where(known, terms, 0.0).sum() / known.sum().clamp(min=1)
