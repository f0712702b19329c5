"""Softmax losses that bound what one case can cost, and the hinge: logits and classes in, a loss out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from cxr_report.training.losses.reduction import Reduction, margin, reduce, truth, widen

__all__ = [
    "bi_tempered",
    "generalised_cross_entropy",
    "mean_absolute_error",
    "multi_margin",
    "nce_rce",
    "symmetric_cross_entropy",
]

STEPS = 8
"""Measured: of Newton's method for the tempered softmax. In float64 the sum of the probabilities was off by at most
1.2e-15 from the fifth step on, over 2 to 50 classes, logits up to +-50 and t2 from 1.0001 to 4; three more for what was
not measured."""


def generalised_cross_entropy(
    logits: Tensor, target: Tensor, *, q: float = 0.7, reduction: Reduction = "mean"
) -> Tensor:
    """Return (1 - p_y^q) / q (Zhang and Sabuncu 2018, doi 10.48550/arXiv.1805.07836), without truncation.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        q: exponent in [0, 1]; 0 is cross-entropy, its limit, and 1 is half the mean absolute error.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(generalised_cross_entropy(torch.zeros(1, 4), torch.tensor([0]), q=0.5).item(), 6)
        1.0
    """
    log_p = functional.logsigmoid(margin(widen(logits), target))
    return reduce(-torch.expm1(q * log_p) / q if q else -log_p, reduction)


def symmetric_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.1,
    beta: float = 1.0,
    log_zero: float = -4.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return -alpha log p_y - beta log_zero (1 - p_y) (Wang et al. 2019, doi 10.1109/ICCV.2019.00041).

    The second term is reverse cross-entropy, -sum of p_c log t_c, where log_zero stands for log 0. Known deviation of
    public code: the authors' own clips t at 1e-4, which is log_zero = -9.21 and not the -4 of their paper, and p at
    1e-7, where the gradient of the first term ends.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        alpha: weight of cross-entropy.
        beta: weight of reverse cross-entropy.
        log_zero: below 0.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(symmetric_cross_entropy(torch.zeros(1, 2), torch.tensor([0])).item(), 6)
        2.069315
    """
    wide = widen(logits)
    missing = torch.sigmoid(-margin(wide, target))
    plain = functional.cross_entropy(wide, target, reduction="none")
    return reduce(alpha * plain - beta * log_zero * missing, reduction)


def nce_rce(
    logits: Tensor,
    target: Tensor,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    log_zero: float = -4.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return alpha log p_y / sum of log p_c - beta log_zero (1 - p_y) (Ma et al. 2020, doi 10.48550/arXiv.2006.13554).

    Known deviations of public code (HanxunH/Active-Passive-Losses, loss.py): log 0 is log 1e-4 = -9.21; the normaliser
    of its normalised reverse cross-entropy, meant to be 1 / (4 (C - 1)), is written so that it is (C - 1) / 4, and
    belongs to log_zero = -4 anyway.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        alpha: weight of normalised cross-entropy.
        beta: weight of reverse cross-entropy.
        log_zero: below 0.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(nce_rce(torch.zeros(1, 2), torch.tensor([0])).item(), 6)
        2.5
    """
    wide = widen(logits)
    above = margin(wide, target)
    share = functional.logsigmoid(above) / functional.log_softmax(wide, dim=1).sum(dim=1)
    return reduce(alpha * share - beta * log_zero * torch.sigmoid(-above), reduction)


def mean_absolute_error(logits: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Return the sum of |t_c - p_c|, which is 2 (1 - p_y) (Ghosh et al. 2017, doi 10.1609/aaai.v31i1.10894).

    Known deviation of public code: 1 - p_y, half of it (HanxunH/Active-Passive-Losses, which says so).

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        reduction: see `reduction.Reduction`.

    Example:
        >>> mean_absolute_error(torch.zeros(1, 2), torch.tensor([0])).item()
        1.0
    """
    return reduce(2.0 * torch.sigmoid(-margin(widen(logits), target)), reduction)


def bi_tempered(
    logits: Tensor, target: Tensor, *, t1: float = 0.8, t2: float = 1.2, reduction: Reduction = "mean"
) -> Tensor:
    """Return the Bregman divergence of the tempered logarithm between target and tempered softmax.

    Amid et al. 2019, doi 10.48550/arXiv.1906.03361. With q the tempered probabilities, q_c = exp_t2(z_c - lambda):
    (1 - q_y^(1 - t1)) / (1 - t1) - (1 - sum of q_c^(2 - t1)) / (2 - t1). Known deviation of public code: five steps of
    a fixed-point iteration for lambda (google/bi-tempered-loss), after which the q_c need not sum to 1.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        t1: temperature of the logarithm, in [0, 1].
        t2: temperature of the exponential, at least 1; t1 = t2 = 1 is cross-entropy.
        reduction: see `reduction.Reduction`.

    Example:
        >>> round(bi_tempered(torch.zeros(1, 2), torch.tensor([0]), t1=1.0, t2=1.0).item(), 6)
        0.693147
    """
    logs = log_tempered_softmax(widen(logits), t2)
    own = torch.where(truth(logs, target), logs, 0.0).sum(dim=1)
    right = -torch.expm1((1.0 - t1) * own) / (1.0 - t1) if t1 < 1.0 else -own
    return reduce(right - (1.0 - torch.exp((2.0 - t1) * logs).sum(dim=1)) / (2.0 - t1), reduction)


def multi_margin(logits: Tensor, target: Tensor, *, margin: float = 1.0, reduction: Reduction = "mean") -> Tensor:
    """Return the sum of max(0, margin - z_y + z_c) over the other classes, divided by C, as torch does.

    Weston and Watkins' hinge; Hsu and Lin 2002, doi 10.1109/72.991427.

    Args:
        logits: ``(N, C)``.
        target: ``(N,)`` int64.
        margin: between the logits.
        reduction: see `reduction.Reduction`.

    Example:
        >>> multi_margin(torch.tensor([[2.0, 1.5]]), torch.tensor([0])).item()
        0.25
    """
    return functional.multi_margin_loss(widen(logits), target, margin=margin, reduction=reduction)


def log_tempered_softmax(logits: Tensor, t2: float) -> Tensor:
    """Return log q_c = -log(1 + (t2 - 1)(lambda - z_c)) / (t2 - 1), lambda such that the q_c sum to 1.

    With S the sum, S^(1 - t2) is concave in lambda, and linear for one class alone: Newton's method goes up to its root
    from the largest logit in a few steps. The last step is taken with gradients, which makes that of lambda exact.

    Args:
        logits: ``(N, C)``.
        t2: at least 1; 1 is the softmax.
    """
    if t2 == 1.0:
        return functional.log_softmax(logits, dim=1)
    k = t2 - 1.0
    below = logits.amax(dim=1, keepdim=True).detach() - logits
    fixed = below.detach()
    shift = torch.zeros_like(fixed[:, :1])
    for _ in range(STEPS):
        shift = shift + _newton(shift, fixed, fixed, k)
    shift = shift + _newton(shift, below, fixed, k)
    return _log_power(shift + below, k)


def _newton(shift: Tensor, below: Tensor, fixed: Tensor, k: float) -> Tensor:
    """Return the step that makes the q_c sum to 1; ``fixed`` is ``below`` without its gradient, for the slope."""
    excess = _log_power(shift + below, k).logsumexp(dim=1, keepdim=True)
    shares = _log_power(shift + fixed, k).softmax(dim=1)
    slope = (shares / (1.0 + k * (shift + fixed))).sum(dim=1, keepdim=True)
    return torch.expm1(k * excess) / (k * slope)


def _log_power(distance: Tensor, k: float) -> Tensor:
    return -torch.log1p(k * distance) / k
