"""Entries of the softmax losses that bound what one case can cost, and of the hinge."""

from __future__ import annotations

from cxr_report.losses.entry import SOFTMAX, TRUE_CLASS, LossEntry, Parameter

__all__ = ["ENTRIES"]

_LOG_ZERO = Parameter("log_zero", "A", -4.0, -20.0, -0.1, "what stands for the logarithm of 0")

ENTRIES = (
    LossEntry(
        name="generalised-cross-entropy",
        title="generalised cross-entropy",
        tasks=SOFTMAX,
        formula=r"\frac{1 - p_y^{q}}{q}",
        spoken="one minus the predicted probability of the true class to the power q, divided by q",
        where=TRUE_CLASS,
        reference=(
            "Zhang Z, Sabuncu MR. Generalized cross entropy loss for training deep neural networks with noisy labels. "
            "Advances in Neural Information Processing Systems. 2018;31:8778-8788."
        ),
        doi="10.48550/arXiv.1805.07836",
        parameters=(
            Parameter("q", "q", 0.7, 0.0, 1.0, "exponent; its limit 0 is cross-entropy, 1 half the absolute error"),
        ),
    ),
    LossEntry(
        name="symmetric-cross-entropy",
        title="symmetric cross-entropy",
        tasks=SOFTMAX,
        formula=r"-\alpha \log p_y - \beta A (1 - p_y)",
        spoken=(
            "minus alpha times the logarithm of the predicted probability of the true class, minus beta times A times "
            "one minus that probability"
        ),
        where=TRUE_CLASS,
        reference=(
            "Wang Y, Ma X, Chen Z, Luo Y, Yi J, Bailey J. Symmetric cross entropy for robust learning with noisy "
            "labels. IEEE/CVF International Conference on Computer Vision. 2019:322-330."
        ),
        doi="10.1109/ICCV.2019.00041",
        parameters=(
            Parameter("alpha", r"\alpha", 0.1, 0.0, 100.0, "weight of cross-entropy"),
            Parameter("beta", r"\beta", 1.0, 0.0, 100.0, "weight of reverse cross-entropy"),
            _LOG_ZERO,
        ),
    ),
    LossEntry(
        name="nce-rce",
        title="normalised plus reverse cross-entropy",
        tasks=SOFTMAX,
        formula=r"\alpha \frac{\log p_y}{\sum_{c} \log p_c} - \beta A (1 - p_y)",
        spoken=(
            "alpha times the share of the true class in the sum of the logarithms of all predicted probabilities, "
            "minus beta times A times one minus the predicted probability of the true class"
        ),
        where=TRUE_CLASS + "; p_c: softmax probability of class c",
        reference=(
            "Ma X, Huang H, Wang Y, Romano S, Erfani S, Bailey J. Normalized loss functions for deep learning with "
            "noisy labels. International Conference on Machine Learning. 2020;119:6543-6553."
        ),
        doi="10.48550/arXiv.2006.13554",
        parameters=(
            Parameter("alpha", r"\alpha", 1.0, 0.0, 100.0, "weight of normalised cross-entropy"),
            Parameter("beta", r"\beta", 1.0, 0.0, 100.0, "weight of reverse cross-entropy"),
            _LOG_ZERO,
        ),
    ),
    LossEntry(
        name="mean-absolute-error",
        title="mean absolute error",
        tasks=SOFTMAX,
        formula=r"\sum_{c}\, \left| t_c - p_c \right| = 2 (1 - p_y)",
        spoken=(
            "the sum over all classes of the absolute difference of target and predicted probability, which is two "
            "times one minus the predicted probability of the true class"
        ),
        where=TRUE_CLASS + "; p_c: softmax probability of class c; t: 1 for the true class and 0 for the others",
        reference=(
            "Ghosh A, Kumar H, Sastry PS. Robust loss functions under label noise for deep neural networks. AAAI "
            "Conference on Artificial Intelligence. 2017;31(1)."
        ),
        doi="10.1609/aaai.v31i1.10894",
    ),
    LossEntry(
        name="bi-tempered",
        title="bi-tempered logistic loss",
        tasks=SOFTMAX,
        formula=(
            r"\frac{1 - q_y^{1 - t_1}}{1 - t_1} - \frac{1 - \sum_{c}\, q_c^{2 - t_1}}{2 - t_1},"
            r"\quad q_c = \left[ 1 + (t_2 - 1)(\lambda - z_c) \right]^{-1 / (t_2 - 1)}"
        ),
        spoken=(
            "one minus the tempered probability of the true class to the power one minus t one, divided by one minus "
            "t one; minus one minus the sum of all tempered probabilities to the power two minus t one, divided by two "
            "minus t one; a tempered probability falls with a power of the distance of the logit from lambda"
        ),
        where=(
            "y: the true class; z_c: logit of class c; q_c: its tempered probability; λ: the number at which the "
            "q_c sum to 1; the prediction is the softmax of z alone"
        ),
        reference=(
            "Amid E, Warmuth MK, Anil R, Koren T. Robust bi-tempered logistic loss based on Bregman divergences. "
            "Advances in Neural Information Processing Systems. 2019;32:15013-15022."
        ),
        doi="10.48550/arXiv.1906.03361",
        parameters=(
            Parameter("t1", "t_1", 0.8, 0.0, 1.0, "temperature of the logarithm; 1 does not bound the loss"),
            Parameter("t2", "t_2", 1.2, 1.0, 4.0, "temperature of the exponential; 1 is the softmax"),
        ),
    ),
    LossEntry(
        name="multi-margin",
        title="multi-class hinge loss",
        tasks=SOFTMAX,
        formula=r"\frac{1}{C} \sum_{c \neq y}\, \max (0,\ m - z_y + z_c)",
        spoken=(
            "the sum over all other classes of how far their logit comes nearer than m to the logit of the true class, "
            "divided by the number of classes"
        ),
        where="y: the true class; z_c: logit of class c; C: number of classes",
        reference=(
            "Hsu CW, Lin CJ. A comparison of methods for multiclass support vector machines. IEEE Transactions on "
            "Neural Networks. 2002;13(2):415-425."
        ),
        doi="10.1109/72.991427",
        parameters=(Parameter("margin", "m", 1.0, 0.01, 100.0, "margin between the logits"),),
    ),
)
"""Losses of this family, in the order in which they are listed."""
