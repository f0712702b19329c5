"""Logits and targets in, a loss out: one pure function per loss of the catalogue.

Softmax losses take ``logits (N, C)`` and ``target (N,)`` int64, and ``counts (C,)``, the training cases of each class.
Sigmoid losses take ``logits (N, L)`` and ``target (N, L)`` of 1, 0 and NaN (not known), and ``counts (L, 2)``, the
negative and positive training cases of each finding; they are the mean over the known labels, and 0 where none is
known. Formulas, defaults and sources stand in `cxr_report.losses` too. Half precision is widened to float32 first.
torch's own function is called where it is the loss: cross-entropy, its weights and label smoothing, the divergence, the
hinge, binary cross-entropy and its weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import Tensor

from cxr_report.training.losses import entropy, imbalance, robust, sigmoid

__all__ = ["FUNCTIONS"]

FUNCTIONS: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {
        "cross-entropy": entropy.cross_entropy,
        "focal": entropy.focal,
        "poly-1": entropy.poly_1,
        "label-smoothing": entropy.label_smoothing,
        "confidence-penalty": entropy.confidence_penalty,
        "kl-divergence": entropy.kl_divergence,
        "dca": entropy.dca,
        "weighted-cross-entropy": imbalance.weighted_cross_entropy,
        "class-balanced": imbalance.class_balanced,
        "logit-adjustment": imbalance.logit_adjustment,
        "balanced-softmax": imbalance.balanced_softmax,
        "ldam": imbalance.ldam,
        "generalised-cross-entropy": robust.generalised_cross_entropy,
        "symmetric-cross-entropy": robust.symmetric_cross_entropy,
        "nce-rce": robust.nce_rce,
        "mean-absolute-error": robust.mean_absolute_error,
        "bi-tempered": robust.bi_tempered,
        "multi-margin": robust.multi_margin,
        "bce": sigmoid.bce,
        "weighted-bce": sigmoid.weighted_bce,
        "sigmoid-focal": sigmoid.sigmoid_focal,
        "asymmetric": sigmoid.asymmetric,
        "zlpr": sigmoid.zlpr,
        "auc-margin": sigmoid.auc_margin,
        "distribution-balanced": sigmoid.distribution_balanced,
    }
)
"""Every loss by its name in the catalogue."""
