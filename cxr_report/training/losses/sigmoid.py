"""Losses for any number of findings per case: logits and labels of 1, 0 and NaN in, a loss out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from cxr_report.training.losses.entropy import modulated
from cxr_report.training.losses.reduction import Reduction, known_labels, reduce

__all__ = ["asymmetric", "auc_margin", "bce", "distribution_balanced", "sigmoid_focal", "weighted_bce", "zlpr"]


def bce(logits: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Return -t log p - (1 - t) log(1 - p) over the known labels, as torch computes it.

    Good 1952, doi 10.1111/j.2517-6161.1952.tb00104.x.

    Args:
        logits: ``(N, L)``.
        target: ``(N, L)`` of 1, 0 and NaN.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(bce(torch.zeros(1, 2), torch.tensor([[1.0, torch.nan]])).item(), 6)
        0.693147
    """
    batch = known_labels(logits, target)
    terms = functional.binary_cross_entropy_with_logits(batch.logits, batch.label, reduction="none")
    return batch.reduce(terms, reduction)


def weighted_bce(
    logits: Tensor, target: Tensor, *, counts: Tensor, power: float = 1.0, reduction: Reduction = "mean"
) -> Tensor:
    """Return `bce` with the positive term times (negatives / positives)^power of the finding, as torch computes it.

    King and Zeng 2001, doi 10.1093/oxfordjournals.pan.a004868. A finding without negative or positive training cases
    counts as if it had one.

    Args:
        logits: ``(N, L)``.
        target: ``(N, L)`` of 1, 0 and NaN.
        counts: ``(L, 2)`` negative and positive training cases.
        power: exponent of the ratio; 0 is `bce`.
        reduction: see `reduction.Reduction`.

    Example:
        >>> counts = torch.tensor([[3.0, 1.0]])
        >>> round(weighted_bce(torch.zeros(1, 1), torch.ones(1, 1), counts=counts).item(), 6)
        2.079442
    """
    batch = known_labels(logits, target)
    negatives, positives = counts.to(batch.logits).clamp(min=1.0).unbind(dim=1)
    weight = (negatives / positives) ** power
    terms = functional.binary_cross_entropy_with_logits(batch.logits, batch.label, pos_weight=weight, reduction="none")
    return batch.reduce(terms, reduction)


def sigmoid_focal(
    logits: Tensor, target: Tensor, *, gamma: float = 2.0, alpha: float = 0.25, reduction: Reduction = "mean"
) -> Tensor:
    """Return -alpha t (1 - p)^gamma log p - (1 - alpha)(1 - t) p^gamma log(1 - p) over the known labels.

    Lin et al. 2017, doi 10.1109/ICCV.2017.324. Where the authors divide by the number of positive boxes, the mean here
    is over the labels.

    Args:
        logits: ``(N, L)``.
        target: ``(N, L)`` of 1, 0 and NaN.
        gamma: focusing exponent.
        alpha: weight of the positive term.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(sigmoid_focal(torch.zeros(1, 1), torch.ones(1, 1), gamma=1.0, alpha=0.5).item(), 6)
        0.173287
    """
    batch = known_labels(logits, target)
    weight = alpha * batch.label + (1.0 - alpha) * (1.0 - batch.label)
    right = torch.where(batch.label > 0.5, batch.logits, -batch.logits)
    return batch.reduce(weight * modulated(right, gamma), reduction)


def asymmetric(
    logits: Tensor,
    target: Tensor,
    *,
    gamma_positive: float = 1.0,
    gamma_negative: float = 4.0,
    clip: float = 0.05,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return -t (1 - p)^gamma+ log p - (1 - t) p_m^gamma- log(1 - p_m), p_m = max(p - clip, 0), over the known labels.

    Ridnik et al. 2021, doi 10.1109/ICCV48922.2021.00015. Known deviations of public code (Alibaba-MIIL/ASL): the sum
    over labels and cases, not the mean; probabilities cut at 1e-8, where the gradient ends.

    Args:
        logits: ``(N, L)``.
        target: ``(N, L)`` of 1, 0 and NaN.
        gamma_positive: focusing exponent of positives.
        gamma_negative: focusing exponent of negatives.
        clip: probability below which a negative costs nothing.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(asymmetric(torch.zeros(1, 1), torch.ones(1, 1), gamma_positive=1.0).item(), 6)
        0.346574
    """
    batch = known_labels(logits, target)
    positive = modulated(batch.logits, gamma_positive)
    negative = _lowered(batch.logits, gamma_negative, clip) if clip else modulated(-batch.logits, gamma_negative)
    return batch.reduce(torch.where(batch.label > 0.5, positive, negative), reduction)


def _lowered(logits: Tensor, gamma: float, clip: float) -> Tensor:
    """Return -p_m^gamma log(1 - p_m); a power of 0 has no finite slope for gamma below 1, so 0 is set apart."""
    lowered = (torch.sigmoid(logits) - clip).clamp(min=0.0)
    rest = torch.log((torch.sigmoid(-logits) + clip).clamp(max=1.0))
    costs = lowered > 0
    return torch.where(costs, -(torch.where(costs, lowered, 1.0) ** gamma) * rest, 0.0)


def zlpr(logits: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Return log(1 + sum of e^z over absent findings) + log(1 + sum of e^-z over present ones), of each case.

    Su et al. 2022, doi 10.48550/arXiv.2208.02955. Unknown labels stand in neither sum. The mean is over the cases that
    have a known label. The authors' code masks by -1e12 where this one leaves the terms out.

    Args:
        logits: ``(N, L)``.
        target: ``(N, L)`` of 1, 0 and NaN.
        reduction: see `reduction.Reduction`; ``none`` gives ``(N,)``.

    Example:
        >>> round(zlpr(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])).item(), 6)
        1.386294
    """
    batch = known_labels(logits, target)
    present = batch.known & (batch.label > 0.5)
    zero = torch.zeros_like(batch.logits[:, :1])
    absent = torch.where(batch.known & ~present, batch.logits, -torch.inf)
    missed = torch.where(present, -batch.logits, -torch.inf)
    terms = torch.cat([zero, absent], dim=1).logsumexp(dim=1) + torch.cat([zero, missed], dim=1).logsumexp(dim=1)
    return reduce(terms, reduction, number=batch.known.any(dim=1).sum().clamp(min=1))


def auc_margin(
    logits: Tensor,
    target: Tensor,
    *,
    counts: Tensor,
    a: Tensor,
    b: Tensor,
    alpha: Tensor,
    margin: float = 1.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the objective of which the minimum over network, a, b and the maximum over alpha is a large AUROC.

    With h the sigmoid of a logit and P the finding's share of positive training cases, a known label costs
    (1 - P)(h - a)^2 t + P (h - b)^2 (1 - t) + 2 alpha (P (1 - P) margin + P h (1 - t) - (1 - P) h t) - P (1 - P)
    alpha^2 (Yuan et al. 2021, doi 10.48550/arXiv.2012.03173). A finding without a positive, or without a negative,
    training case costs nothing in training. Known deviations of public code (Optimization-AI/LibAUC, auc.py): P is that
    of the batch even where one is given; the multi-label form leaves the margin out of its first version.

    Args:
        logits: ``(N, L)``.
        target: ``(N, L)`` of 1, 0 and NaN.
        counts: ``(L, 2)`` negative and positive training cases.
        a: ``(L,)``, learned: the mean score of the positives.
        b: ``(L,)``, learned: the mean score of the negatives.
        alpha: ``(L,)``, learned by ascent, never below 0.
        margin: between the scores of positives and negatives.
        reduction: see `reduction.Reduction`.

    Example:
        >>> zero = torch.zeros(1)
        >>> learned = {"a": zero, "b": zero, "alpha": zero}
        >>> auc_margin(torch.zeros(1, 1), torch.ones(1, 1), counts=torch.tensor([[1.0, 1.0]]), **learned).item()
        0.125
    """
    batch = known_labels(logits, target)
    total = counts.sum(dim=1).clamp(min=1.0)
    p, q = (counts[:, 1] / total).to(batch.logits), (counts[:, 0] / total).to(batch.logits)
    score = torch.sigmoid(batch.logits)
    spread = torch.where(batch.label > 0.5, q * (score - a) ** 2, p * (score - b) ** 2)
    gap = p * q * margin + torch.where(batch.label > 0.5, -q, p) * score
    return batch.reduce(spread + 2.0 * alpha * gap - p * q * alpha**2, reduction)


def distribution_balanced(
    logits: Tensor,
    target: Tensor,
    *,
    counts: Tensor,
    alpha: float = 0.1,
    beta: float = 10.0,
    mu: float = 0.2,
    slope: float = 2.0,
    kappa: float = 0.05,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return r (t log(1 + e^-u) + (1 - t) log(1 + e^(slope u)) / slope) over the known labels.

    u = z - kappa log(n_0 / n_1), and r = alpha + sigmoid(beta (R - mu)), R being 1 / n_1 of the finding over the sum of
    1 / n_1 of the findings that the case has; where it has none, r = alpha + 1 (Wu et al. 2020,
    doi 10.1007/978-3-030-58548-8_10, without the focal factor; defaults are those for COCO). A count of 0 is taken for
    1. Known deviations of public code (wutong16/DistributionBalancedLoss): kappa divided by the slope, which the
    authors call a slip (their issue 8); the logits changed in place; in the shipped settings the key of kappa is not
    the one that is read, so that it is 0.

    Args:
        logits: ``(N, L)``.
        target: ``(N, L)`` of 1, 0 and NaN.
        counts: ``(L, 2)`` negative and positive training cases.
        alpha: smallest weight.
        beta: steepness of the weight.
        mu: place of its steepest rise.
        slope: of the negative term.
        kappa: how far the logit of a rare finding is lowered.
        reduction: see `reduction.Reduction`.

    Example:
        >>> counts = torch.tensor([[5.0, 5.0]])
        >>> plain = {"counts": counts, "alpha": 0.5, "mu": 1.0}
        >>> round(distribution_balanced(torch.zeros(1, 1), torch.ones(1, 1), **plain).item(), 6)
        0.693147
    """
    batch = known_labels(logits, target)
    negatives, positives = counts.to(batch.logits).clamp(min=1.0).unbind(dim=1)
    held = (batch.label / positives).sum(dim=1, keepdim=True)
    ratio = torch.where(held > 0, 1.0 / positives / held, torch.inf)
    weight = alpha + torch.sigmoid(beta * (ratio - mu))
    moved = batch.logits - kappa * torch.log(negatives / positives)
    present, absent = functional.softplus(-moved), functional.softplus(slope * moved) / slope
    return batch.reduce(weight * torch.where(batch.label > 0.5, present, absent), reduction)
