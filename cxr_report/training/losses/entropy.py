"""Cross-entropy and its changes that treat all classes alike: logits and classes in, a loss out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from cxr_report.training.losses.reduction import Reduction, margin, reduce, truth, widen

__all__ = [
    "confidence_penalty",
    "cross_entropy",
    "dca",
    "focal",
    "kl_divergence",
    "label_smoothing",
    "modulated",
    "poly_1",
]


def cross_entropy(logits: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Return -log p_y, as torch computes it (Good 1952, doi 10.1111/j.2517-6161.1952.tb00104.x).

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(cross_entropy(torch.zeros(1, 4), torch.tensor([2])).item(), 6)
        1.386294
    """
    return functional.cross_entropy(widen(logits), target, reduction=reduction)


def focal(logits: Tensor, target: Tensor, *, gamma: float = 2.0, reduction: Reduction = "mean") -> Tensor:
    """Return -(1 - p_y)^gamma log p_y, without class weights (Lin et al. 2017, doi 10.1109/ICCV.2017.324).

    Known deviation of public code: where the class weight goes into the cross-entropy whose exponential is then taken
    for p_y (kaidic/LDAM-DRW, losses.py), p_y^w stands in the place of p_y.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        gamma: focusing exponent; 0 is cross-entropy.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(focal(torch.zeros(1, 2), torch.tensor([0]), gamma=1.0).item(), 6)
        0.346574
    """
    return reduce(modulated(margin(widen(logits), target), gamma), reduction)


def poly_1(logits: Tensor, target: Tensor, *, epsilon: float = 2.0, reduction: Reduction = "mean") -> Tensor:
    """Return -log p_y + epsilon (1 - p_y) (Leng et al. 2022, doi 10.48550/arXiv.2204.12511).

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        epsilon: change of the first coefficient; 0 is cross-entropy, and 2 is what the authors took on ImageNet.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(poly_1(torch.zeros(1, 2), torch.tensor([0]), epsilon=2.0).item(), 6)
        1.693147
    """
    wide = widen(logits)
    missing = torch.sigmoid(-margin(wide, target))
    return reduce(functional.cross_entropy(wide, target, reduction="none") + epsilon * missing, reduction)


def label_smoothing(logits: Tensor, target: Tensor, *, epsilon: float = 0.1, reduction: Reduction = "mean") -> Tensor:
    """Return cross-entropy against 1 - epsilon on the true class plus epsilon / C on every class, as torch does.

    Szegedy et al. 2016, doi 10.1109/CVPR.2016.308. Known deviations of public code: epsilon / (C - 1) on the other
    classes alone is another convention (google/bi-tempered-loss); a target that adds epsilon / C without taking epsilon
    from the true class sums to 1 + epsilon, 1.1 at the usual epsilon (focal losses with label smoothing), and one that
    takes too much sums to less than 1 (YisenWang/symmetric_cross_entropy_for_noisy_labels, lsr, for other than ten
    classes).

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        epsilon: share of the target spread over all classes.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(label_smoothing(torch.tensor([[2.0, 0.0]]), torch.tensor([0]), epsilon=0.2).item(), 6)
        0.326928
    """
    return functional.cross_entropy(widen(logits), target, label_smoothing=epsilon, reduction=reduction)


def confidence_penalty(logits: Tensor, target: Tensor, *, beta: float = 0.1, reduction: Reduction = "mean") -> Tensor:
    """Return -log p_y + beta sum of p_c log p_c (Pereyra et al. 2017, doi 10.48550/arXiv.1701.06548).

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        beta: weight of the entropy; 0 is cross-entropy.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(confidence_penalty(torch.zeros(1, 2), torch.tensor([0]), beta=1.0).item(), 6)
        0.0
    """
    wide = widen(logits)
    logs = functional.log_softmax(wide, dim=1)
    entropy = -(logs.exp() * logs).sum(dim=1)
    return reduce(functional.cross_entropy(wide, target, reduction="none") - beta * entropy, reduction)


def kl_divergence(logits: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Return the sum over c of t_c log(t_c / p_c), t_c being 1 for the true class and 0 for the others, as torch does.

    Kullback and Leibler 1951, doi 10.1214/aoms/1177729694. torch's own mean divides by N C; here it is over the cases.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(kl_divergence(torch.zeros(1, 4), torch.tensor([2])).item(), 6)
        1.386294
    """
    wide = widen(logits)
    terms = functional.kl_div(
        functional.log_softmax(wide, dim=1), truth(wide, target).to(wide), reduction="none", log_target=False
    )
    return reduce(terms.sum(dim=1), reduction)


def dca(logits: Tensor, target: Tensor, *, beta: float = 10.0) -> Tensor:
    """Return the mean of -log p_y plus beta |mean confidence - accuracy|, both of the batch.

    Liang et al. 2020, doi 10.48550/arXiv.2009.04057; confidence is the largest p_c, and no gradient passes through the
    accuracy. The difference belongs to a batch and not to a case, so there is no other reduction.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        beta: weight of the difference; 0 is cross-entropy, and 10 is the default of the authors' code.

    Example:
        >>> round(dca(torch.zeros(1, 2), torch.tensor([0]), beta=1.0).item(), 6)
        1.193147
    """
    wide = widen(logits)
    confidence, guess = functional.softmax(wide, dim=1).max(dim=1)
    gap = confidence.mean() - (guess == target).to(wide).mean()
    return functional.cross_entropy(wide, target) + beta * gap.abs()


def modulated(of: Tensor, gamma: float) -> Tensor:
    """Return -(1 - p)^gamma log p with p = sigmoid(of), from logarithms, for any gamma from 0 on."""
    return -torch.exp(gamma * functional.logsigmoid(-of)) * functional.logsigmoid(of)
