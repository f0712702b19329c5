"""Entries of the softmax losses that take the number of training cases of each class."""

from __future__ import annotations

from cxr_report.losses.entry import SOFTMAX, TRUE_CLASS, LossEntry, Parameter

__all__ = ["ENTRIES"]

_WEIGHT = "; w_c: weight of class c, n_c: its training cases"
_LOGIT = "y: the true class; z_c: logit of class c"

ENTRIES = (
    LossEntry(
        name="weighted-cross-entropy",
        title="class-weighted cross-entropy",
        tasks=SOFTMAX,
        formula=r"-w_y \log p_y,\quad w_c \propto n_c^{-\beta}",
        spoken=(
            "minus the weight of the true class times the logarithm of its predicted probability; "
            "the weight falls with the number of training cases of the class"
        ),
        where=TRUE_CLASS + _WEIGHT + "; weights have mean 1 over the cases; "
        "a batch’s mean is divided by the sum of its weights",
        reference="King G, Zeng L. Logistic regression in rare events data. Political Analysis. 2001;9(2):137-163.",
        doi="10.1093/oxfordjournals.pan.a004868",
        parameters=(Parameter("power", r"\beta", 1.0, 0.0, 2.0, "exponent of the inverse class frequency"),),
        uses_counts=True,
    ),
    LossEntry(
        name="class-balanced",
        title="class-balanced cross-entropy",
        tasks=SOFTMAX,
        formula=r"-w_y \log p_y,\quad w_c \propto \frac{1 - \beta}{1 - \beta^{n_c}}",
        spoken=(
            "minus the weight of the true class times the logarithm of its predicted probability; the weight is "
            "one minus beta, divided by one minus beta to the power of the number of training cases of the class"
        ),
        where=TRUE_CLASS + _WEIGHT + "; these weights have mean 1 over the classes, "
        "and their batch’s mean is divided by the number of its cases",
        reference=(
            "Cui Y, Jia M, Lin TY, Song Y, Belongie S. Class-balanced loss based on effective number of samples. "
            "IEEE/CVF Conference on Computer Vision and Pattern Recognition. 2019:9260-9269."
        ),
        doi="10.1109/CVPR.2019.00949",
        parameters=(
            Parameter("beta", r"\beta", 0.9999, 0.0, 0.999999, "how fast further cases add less; 0 is cross-entropy"),
        ),
        uses_counts=True,
    ),
    LossEntry(
        name="logit-adjustment",
        title="logit-adjusted cross-entropy",
        tasks=SOFTMAX,
        formula=r"-\log \frac{\pi_y^{\tau} e^{z_y}}{\sum_{c} \pi_c^{\tau} e^{z_c}}",
        spoken=(
            "minus the logarithm of the softmax probability of the true class after the logarithm of each class’s "
            "share of the training cases, times tau, was added to its logit"
        ),
        where=_LOGIT + "; π_c: its share of the training cases; the prediction is the softmax of z alone",
        reference=(
            "Menon AK, Jayasumana S, Rawat AS, Jain H, Veit A, Kumar S. Long-tail learning via logit adjustment. "
            "International Conference on Learning Representations. 2021."
        ),
        doi="10.48550/arXiv.2007.07314",
        parameters=(Parameter("tau", r"\tau", 1.0, 0.0, 5.0, "strength of the adjustment to the class frequencies"),),
        uses_counts=True,
    ),
    LossEntry(
        name="balanced-softmax",
        title="balanced softmax cross-entropy",
        tasks=SOFTMAX,
        formula=r"-\log \frac{n_y e^{z_y}}{\sum_{c} n_c e^{z_c}}",
        spoken=(
            "minus the logarithm of the share of the true class in the sum over all classes of the number of training "
            "cases times the exponential of the logit"
        ),
        where=_LOGIT + "; n_c: its training cases; the prediction is the softmax of z alone",
        reference=(
            "Ren J, Yu C, Sheng S, Ma X, Zhao H, Yi S, Li H. Balanced meta-softmax for long-tailed visual recognition. "
            "Advances in Neural Information Processing Systems. 2020;33:4175-4186."
        ),
        doi="10.48550/arXiv.2007.10740",
        uses_counts=True,
    ),
    LossEntry(
        name="ldam",
        title="label-distribution-aware margin loss with deferred re-weighting",
        tasks=SOFTMAX,
        formula=(
            r"-w_y \log \frac{e^{z_y - s \Delta_y}}{e^{z_y - s \Delta_y} + \sum_{c \neq y}\, e^{z_c}},"
            r"\quad \Delta_c = \mu \left( \frac{\min_{k} n_k}{n_c} \right)^{1/4},"
            r"\quad z_c = s\, \cos \theta_c"
        ),
        spoken=(
            "minus the weight of the true class times the logarithm of its softmax probability after a margin was "
            "taken from its logit; the margin falls with the fourth root of the number of training cases of the class, "
            "and the logit is s times the cosine between the features and the weights of the class"
        ),
        where=(
            "y: the true class; θ_c: angle between the features and the weights of class c in the last layer, "
            "which has no bias; n_c: its training cases; w_c: 1 in the first share δ of the epochs, and then "
            "proportional to (1 - β) / (1 - β^n_c); a batch’s mean is divided by the sum of its weights; the "
            "prediction is the softmax of z alone"
        ),
        reference=(
            "Cao K, Wei C, Gaidon A, Arechiga N, Ma T. Learning imbalanced datasets with label-distribution-aware "
            "margin loss. Advances in Neural Information Processing Systems. 2019;32:1567-1578."
        ),
        doi="10.48550/arXiv.1906.07413",
        parameters=(
            Parameter("margin", r"\mu", 0.5, 0.0, 2.0, "margin of the rarest class"),
            Parameter("scale", "s", 30.0, 1.0, 100.0, "scale of the cosines"),
            Parameter("beta", r"\beta", 0.9999, 0.0, 0.999999, "how fast further cases add less to a weight"),
            Parameter("deferral", r"\delta", 0.8, 0.0, 1.0, "share of the epochs without weights"),
        ),
        uses_counts=True,
        uses_progress=True,
        cosine_head=True,
    ),
)
"""Losses of this family, in the order in which they are listed."""
