"""Softmax losses that take the number of training cases of each class: logits, classes and counts in, a loss out."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from cxr_report.training.losses.reduction import Reduction, reduce, truth, widen

__all__ = [
    "balanced_softmax",
    "class_balanced",
    "effective_weights",
    "ldam",
    "logit_adjustment",
    "weighted_cross_entropy",
]


def weighted_cross_entropy(
    logits: Tensor, target: Tensor, *, counts: Tensor, power: float = 1.0, reduction: Reduction = "mean"
) -> Tensor:
    """Return -w_y log p_y, w_c proportional to n_c^-power; the mean divides by the sum of the weights, as torch does.

    King and Zeng 2001, doi 10.1093/oxfordjournals.pan.a004868. A class without training cases counts as if it had one.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        counts: ``(C,)`` training cases of each class.
        power: exponent of the inverse class frequency; 0 is cross-entropy.
        reduction: see `reduction.Reduction`; without it the weights have mean 1 over the training cases.

    Example:
        >>> counts = torch.tensor([9.0, 1.0])
        >>> round(weighted_cross_entropy(torch.zeros(2, 2), torch.tensor([0, 1]), counts=counts).item(), 6)
        0.693147
    """
    wide = widen(logits)
    cases = _cases(counts, wide)
    weight = cases**-power
    weight = weight * cases.sum() / (weight * cases).sum()
    return functional.cross_entropy(wide, target, weight=weight, reduction=reduction)


def class_balanced(
    logits: Tensor, target: Tensor, *, counts: Tensor, beta: float = 0.9999, reduction: Reduction = "mean"
) -> Tensor:
    """Return -w_y log p_y, w_c proportional to (1 - beta) / (1 - beta^n_c); the mean is over the cases.

    Cui et al. 2019, doi 10.1109/CVPR.2019.00949. As in the authors' code the weights have mean 1 over the classes, and
    the batch's sum is divided by N. (Their loss of the name ``softmax`` is this one. Ports that turn the softmax into a
    binary cross-entropy of each class compute another function.)

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        counts: ``(C,)`` training cases of each class.
        beta: how fast further cases add less; 0 is cross-entropy.
        reduction: see `reduction.Reduction`.

    Example:
        >>> counts = torch.tensor([5.0, 5.0])
        >>> round(class_balanced(torch.zeros(2, 2), torch.tensor([0, 1]), counts=counts).item(), 6)
        0.693147
    """
    wide = widen(logits)
    weight = effective_weights(counts, beta).to(wide)
    terms = functional.cross_entropy(wide, target, weight=weight, reduction="none")
    return reduce(terms, reduction)


def logit_adjustment(
    logits: Tensor, target: Tensor, *, counts: Tensor, tau: float = 1.0, reduction: Reduction = "mean"
) -> Tensor:
    """Return cross-entropy of the logits plus tau log pi_c, pi_c being the class's share of the training cases.

    Menon et al. 2021, doi 10.48550/arXiv.2007.07314. A class without training cases counts as if it had one. Known
    deviation of public code: log(pi_c^tau + 1e-12) in the authors' own (google-research, logit_adjustment).

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        counts: ``(C,)`` training cases of each class.
        tau: strength of the adjustment; 0 is cross-entropy.
        reduction: see `reduction.Reduction`.

    Example:
        >>> counts = torch.tensor([3.0, 1.0])
        >>> round(logit_adjustment(torch.zeros(1, 2), torch.tensor([1]), counts=counts).item(), 6)
        1.386294
    """
    wide = widen(logits)
    cases = _cases(counts, wide)
    return functional.cross_entropy(wide + tau * torch.log(cases / cases.sum()), target, reduction=reduction)


def balanced_softmax(logits: Tensor, target: Tensor, *, counts: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Return -log of n_y e^z_y / sum of n_c e^z_c (Ren et al. 2020, doi 10.48550/arXiv.2007.10740).

    A class without training cases counts as if it had one. Unlike `logit_adjustment` it is computed as a log-softmax
    with the logarithm of the counts inside.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        counts: ``(C,)`` training cases of each class.
        reduction: see `reduction.Reduction`.

    Example:
        >>> counts = torch.tensor([3.0, 1.0])
        >>> round(balanced_softmax(torch.zeros(1, 2), torch.tensor([1]), counts=counts).item(), 6)
        1.386294
    """
    wide = widen(logits)
    shifted = wide + torch.log(_cases(counts, wide))
    own = torch.where(truth(wide, target), shifted, 0.0).sum(dim=1)
    return reduce(shifted.logsumexp(dim=1) - own, reduction)


def ldam(
    logits: Tensor,
    target: Tensor,
    *,
    counts: Tensor,
    progress: float,
    margin: float = 0.5,
    scale: float = 30.0,
    beta: float = 0.9999,
    deferral: float = 0.8,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return weighted cross-entropy after scale D_y was taken from the logit of the true class.

    D_c = margin (min n / n_c)^(1/4), so that the rarest class has the margin itself. The weights are 1 until a share
    ``deferral`` of the epochs is done, and `effective_weights` from then on; the mean divides by their sum, as in the
    authors' code (Cao et al. 2019, doi 10.48550/arXiv.1906.07413; they defer to epoch 160 of 200).

    The logits are scale times a cosine already, see `models.CosineHead`: their softmax is the prediction. The authors'
    network gives the cosine alone and their loss multiplies by the scale, so that the probabilities of their network
    would be almost uniform.

    Args:
        logits: ``(N, C)``, scale times the cosines.
        target: ``(N,)`` int64.
        counts: ``(C,)`` training cases of each class.
        progress: share of the epochs that are done, in [0, 1).
        margin: of the rarest class that has training cases.
        scale: of the cosines.
        beta: how fast further cases add less to a weight; 0: no weights.
        deferral: share of the epochs without weights.
        reduction: see `reduction.Reduction`.

    Example:
        >>> counts = torch.tensor([16.0, 1.0])
        >>> at = {"counts": counts, "scale": 1.0, "progress": 0.0}
        >>> round(ldam(torch.tensor([[0.0, 0.5]]), torch.tensor([1]), **at).item(), 6)
        0.693147
    """
    wide = widen(logits)
    cases = counts.to(wide)
    rarest = torch.where(cases > 0, cases, torch.inf).amin()
    margins = margin * (rarest / torch.maximum(cases, rarest)) ** 0.25
    moved = wide - scale * torch.where(truth(wide, target), margins, 0.0)
    weight = effective_weights(counts, beta).to(wide) if progress >= deferral else None
    return functional.cross_entropy(moved, target, weight=weight, reduction=reduction)


def effective_weights(counts: Tensor, beta: float) -> Tensor:
    """Return (1 - beta) / (1 - beta^n_c) times what makes their mean 1 over the classes that have training cases.

    A class without training cases counts as if it had one, and has no say in the factor.

    Args:
        counts: ``(C,)`` training cases of each class.
        beta: in [0, 1).

    Returns:
        ``(C,)`` float64.

    Example:
        >>> effective_weights(torch.tensor([1.0, 2.0, 0.0]), 0.5).round(decimals=6).tolist()
        [1.2, 0.8, 1.2]
    """
    cases = counts.double().clamp(min=1.0)
    weight = (1.0 - beta) / -torch.expm1(cases * (math.log(beta) if beta else -math.inf))
    present = counts > 0
    return weight * present.sum() / torch.where(present, weight, 0.0).sum()


def _cases(counts: Tensor, like: Tensor) -> Tensor:
    return counts.to(like).clamp(min=1.0)
