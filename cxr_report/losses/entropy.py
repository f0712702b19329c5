"""Entries of cross-entropy and of its changes that treat all classes alike."""

from __future__ import annotations

from cxr_report.losses.entry import SOFTMAX, TRUE_CLASS, LossEntry, Parameter

__all__ = ["ENTRIES"]

_LIN = (
    "Lin TY, Goyal P, Girshick R, He K, Dollár P. Focal loss for dense object detection. "
    "IEEE International Conference on Computer Vision. 2017:2999-3007."
)

ENTRIES = (
    LossEntry(
        name="cross-entropy",
        title="cross-entropy",
        tasks=SOFTMAX,
        formula=r"-\log p_y",
        spoken="minus the logarithm of the predicted probability of the true class",
        where=TRUE_CLASS,
        reference="Good IJ. Rational decisions. Journal of the Royal Statistical Society Series B. 1952;14(1):107-114.",
        doi="10.1111/j.2517-6161.1952.tb00104.x",
    ),
    LossEntry(
        name="focal",
        title="focal loss (softmax form)",
        tasks=SOFTMAX,
        formula=r"-(1 - p_y)^{\gamma} \log p_y",
        spoken=(
            "minus the logarithm of the predicted probability of the true class, times "
            "one minus that probability raised to the power gamma"
        ),
        where=TRUE_CLASS,
        reference=_LIN,
        doi="10.1109/ICCV.2017.324",
        parameters=(Parameter("gamma", r"\gamma", 2.0, 0.0, 10.0, "focusing exponent; 0 is cross-entropy"),),
    ),
    LossEntry(
        name="poly-1",
        title="Poly-1 loss",
        tasks=SOFTMAX,
        formula=r"-\log p_y + \varepsilon_1 (1 - p_y)",
        spoken=(
            "minus the logarithm of the predicted probability of the true class, plus epsilon one times "
            "one minus that probability"
        ),
        where=TRUE_CLASS,
        reference=(
            "Leng Z, Tan M, Liu C, Cubuk ED, Shi X, Cheng S, Anguelov D. PolyLoss: a polynomial expansion perspective "
            "of classification loss functions. International Conference on Learning Representations. 2022."
        ),
        doi="10.48550/arXiv.2204.12511",
        parameters=(
            Parameter(
                "epsilon", r"\varepsilon_1", 2.0, -1.0, 20.0, "change of the first coefficient; 0 is cross-entropy"
            ),
        ),
    ),
    LossEntry(
        name="label-smoothing",
        title="cross-entropy with label smoothing",
        tasks=SOFTMAX,
        formula=r"-(1 - \varepsilon) \log p_y - \frac{\varepsilon}{C} \sum_{c} \log p_c",
        spoken=(
            "cross-entropy against a target that gives the true class one minus epsilon "
            "and spreads epsilon evenly over all classes"
        ),
        where=TRUE_CLASS + "; p_c: softmax probability of class c; C: number of classes",
        reference=(
            "Szegedy C, Vanhoucke V, Ioffe S, Shlens J, Wojna Z. Rethinking the Inception architecture for computer "
            "vision. IEEE Conference on Computer Vision and Pattern Recognition. 2016:2818-2826."
        ),
        doi="10.1109/CVPR.2016.308",
        parameters=(
            Parameter("epsilon", r"\varepsilon", 0.1, 0.0, 1.0, "share of the target spread over all classes"),
        ),
    ),
    LossEntry(
        name="confidence-penalty",
        title="cross-entropy with confidence penalty",
        tasks=SOFTMAX,
        formula=r"-\log p_y + \beta \sum_{c}\, p_c \log p_c",
        spoken=(
            "minus the logarithm of the predicted probability of the true class, minus beta times "
            "the entropy of the predicted probabilities"
        ),
        where=TRUE_CLASS + "; p_c: softmax probability of class c",
        reference=(
            "Pereyra G, Tucker G, Chorowski J, Kaiser L, Hinton G. Regularizing neural networks by penalizing "
            "confident output distributions. arXiv. 2017."
        ),
        doi="10.48550/arXiv.1701.06548",
        parameters=(Parameter("beta", r"\beta", 0.1, 0.0, 10.0, "weight of the entropy; 0 is cross-entropy"),),
    ),
    LossEntry(
        name="kl-divergence",
        title="Kullback-Leibler divergence",
        tasks=SOFTMAX,
        formula=r"\sum_{c}\, t_c \log \frac{t_c}{p_c}",
        spoken=(
            "the sum over all classes of the target times the logarithm of the target divided by the predicted "
            "probability"
        ),
        where="t: 1 for the true class and 0 for the others, with 0 log 0 = 0; p_c: softmax probability of class c",
        reference="Kullback S, Leibler RA. On information and sufficiency. Annals of Mathematical Statistics. "
        "1951;22(1):79-86.",
        doi="10.1214/aoms/1177729694",
    ),
    LossEntry(
        name="dca",
        title="cross-entropy with difference of confidence and accuracy",
        tasks=SOFTMAX,
        formula=(
            r"-\frac{1}{N} \sum_{i} \log p_{iy} + "
            r"\beta \left| \frac{1}{N} \sum_{i}\, \max_{c}\, p_{ic} - \frac{1}{N} \sum_{i}\, r_i \right|"
        ),
        spoken=(
            "the mean of cross-entropy over a batch, plus beta times the absolute difference between the batch’s mean "
            "confidence and its accuracy"
        ),
        where=(
            "i: a case of the batch; N: their number; p_iy, p_ic: its softmax probabilities of the true class and of "
            "class c; r_i: 1 if its most probable class is the true one, else 0, through which no gradient passes"
        ),
        reference=(
            "Liang G, Zhang Y, Wang X, Jacobs N. Improved trainable calibration method for neural networks on medical "
            "imaging classification. British Machine Vision Conference. 2020."
        ),
        doi="10.48550/arXiv.2009.04057",
        parameters=(Parameter("beta", r"\beta", 10.0, 0.0, 100.0, "weight of the difference; 0 is cross-entropy"),),
    ),
)
"""Losses of this family, in the order in which they are listed."""
