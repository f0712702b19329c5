"""Entries of the losses for any number of findings per case."""

from __future__ import annotations

from cxr_report.losses.entry import FINDING, SIGMOID, Learned, LossEntry, Parameter

__all__ = ["ENTRIES"]

_COUNTS = "; n_0, n_1: negative and positive training cases of the finding"

ENTRIES = (
    LossEntry(
        name="bce",
        title="binary cross-entropy",
        tasks=SIGMOID,
        formula=r"-t \log p - (1 - t) \log (1 - p)",
        spoken="minus the logarithm of the predicted probability of the label that the finding has",
        where=FINDING,
        reference="Good IJ. Rational decisions. Journal of the Royal Statistical Society Series B. 1952;14(1):107-114.",
        doi="10.1111/j.2517-6161.1952.tb00104.x",
    ),
    LossEntry(
        name="weighted-bce",
        title="weighted binary cross-entropy",
        tasks=SIGMOID,
        formula=r"-w\, t \log p - (1 - t) \log (1 - p),\quad w = (n_0 / n_1)^{\beta}",
        spoken=(
            "binary cross-entropy whose positive term is weighted by the ratio of negative to positive "
            "training cases of the finding"
        ),
        where=FINDING + "; w: weight of the positive term" + _COUNTS,
        reference="King G, Zeng L. Logistic regression in rare events data. Political Analysis. 2001;9(2):137-163.",
        doi="10.1093/oxfordjournals.pan.a004868",
        parameters=(Parameter("power", r"\beta", 1.0, 0.0, 2.0, "exponent of the ratio of negatives to positives"),),
        uses_counts=True,
    ),
    LossEntry(
        name="sigmoid-focal",
        title="focal loss (sigmoid form)",
        tasks=SIGMOID,
        formula=r"-\alpha\, t\, (1 - p)^{\gamma} \log p - (1 - \alpha)(1 - t)\, p^{\gamma} \log (1 - p)",
        spoken=(
            "binary cross-entropy whose terms are multiplied by the missing probability raised to the power gamma, "
            "the positive term by alpha and the negative term by one minus alpha"
        ),
        where=FINDING,
        reference=(
            "Lin TY, Goyal P, Girshick R, He K, Dollár P. Focal loss for dense object detection. "
            "IEEE International Conference on Computer Vision. 2017:2999-3007."
        ),
        doi="10.1109/ICCV.2017.324",
        parameters=(
            Parameter("gamma", r"\gamma", 2.0, 0.0, 10.0, "focusing exponent"),
            Parameter("alpha", r"\alpha", 0.25, 0.0, 1.0, "weight of the positive term"),
        ),
    ),
    LossEntry(
        name="asymmetric",
        title="asymmetric loss",
        tasks=SIGMOID,
        formula=(
            r"-t\, (1 - p)^{\gamma_{+}} \log p - (1 - t)\, p_m^{\gamma_{-}} \log (1 - p_m),"
            r"\quad p_m = \max (p - m, 0)"
        ),
        spoken=(
            "binary cross-entropy whose terms are multiplied by the missing probability raised to a power of its own "
            "for positives and for negatives; for negatives the probability is first lowered by m, but not below zero"
        ),
        where=FINDING,
        reference=(
            "Ridnik T, Ben-Baruch E, Zamir N, Noy A, Friedman I, Protter M, Zelnik-Manor L. Asymmetric loss for "
            "multi-label classification. IEEE/CVF International Conference on Computer Vision. 2021:82-91."
        ),
        doi="10.1109/ICCV48922.2021.00015",
        parameters=(
            Parameter("gamma_positive", r"\gamma_{+}", 1.0, 0.0, 10.0, "focusing exponent of positives"),
            Parameter("gamma_negative", r"\gamma_{-}", 4.0, 0.0, 10.0, "focusing exponent of negatives"),
            Parameter("clip", "m", 0.05, 0.0, 0.5, "probability below which a negative costs nothing"),
        ),
    ),
    LossEntry(
        name="zlpr",
        title="zero-bounded log-sum-exp pairwise rank loss",
        tasks=SIGMOID,
        formula=r"\log \left( 1 + \sum_{t_l = 0} e^{z_l} \right) + \log \left( 1 + \sum_{t_l = 1} e^{-z_l} \right)",
        spoken=(
            "the logarithm of one plus the sum of the exponentials of the logits of the findings that are absent, plus "
            "the logarithm of one plus the sum of the exponentials of minus the logits of the findings that are present"
        ),
        where=(
            "z_l: logit of finding l of a case; t_l: its label, 0 or 1; unknown labels do not enter the sums, and the "
            "mean is over the cases with a known label; the prediction is the sigmoid of z"
        ),
        reference=(
            "Su J, Zhu M, Murtadha A, Pan S, Wen B, Liu Y. ZLPR: a novel loss for multi-label classification. arXiv. "
            "2022."
        ),
        doi="10.48550/arXiv.2208.02955",
    ),
    LossEntry(
        name="auc-margin",
        title="AUC margin loss",
        tasks=SIGMOID,
        formula=(
            r"(1 - \pi)(p - a)^2\, t + \pi (p - b)^2 (1 - t) + "
            r"2 \alpha \left[ \pi (1 - \pi) m + (\pi - t)\, p \right] - \pi (1 - \pi) \alpha^2"
        ),
        spoken=(
            "the squared distance of the probability from a for positives and from b for negatives, plus two alpha "
            "times how far the negatives come nearer than m to the positives, minus a multiple of alpha squared; "
            "minimised over the network, a and b, and maximised over alpha"
        ),
        where=FINDING + "; π: share of positive cases of the finding in the training split; a, b, α: learned for "
        "each finding with the weights, from 0, by the same optimiser at ten times its rate and without decay; the "
        "loss is maximised over α, which is kept from falling below 0",
        reference=(
            "Yuan Z, Yan Y, Sonka M, Yang T. Large-scale robust deep AUC maximization: a new surrogate loss and "
            "empirical studies on medical image classification. IEEE/CVF International Conference on Computer Vision. "
            "2021:3020-3029."
        ),
        doi="10.48550/arXiv.2012.03173",
        parameters=(Parameter("margin", "m", 1.0, 0.0, 2.0, "margin between positives and negatives"),),
        uses_counts=True,
        learned=(Learned("a"), Learned("b"), Learned("alpha", ascends=True)),
    ),
    LossEntry(
        name="distribution-balanced",
        title="distribution-balanced loss",
        tasks=SIGMOID,
        formula=(
            r"w_l \left[ t_l \log (1 + e^{-u_l}) + \frac{1 - t_l}{\lambda} \log (1 + e^{\lambda u_l}) \right],"
            r"\quad u_l = z_l - \kappa \log \frac{n_{l0}}{n_{l1}}"
        ),
        spoken=(
            "binary cross-entropy of a logit that is lowered the more the rarer the finding is, with the slope of its "
            "negative term scaled by lambda, times a weight that is a sigmoid of r"
        ),
        where=(
            "z_l: logit of finding l of a case; t_l: its label, 0 or 1; unknown labels do not enter the mean; n_l0, "
            "n_l1: negative and positive training cases of the finding; w_l: its weight, α + 1 / (1 + e^(-β "
            "(r_l - μ))), where r_l is 1 / n_l1 divided by the sum of 1 / n_k1 over the findings k that the case "
            "has, and α + 1 where it has none; the prediction is the sigmoid of z"
        ),
        reference=(
            "Wu T, Huang Q, Liu Z, Wang Y, Lin D. Distribution-balanced loss for multi-label classification in "
            "long-tailed datasets. European Conference on Computer Vision. 2020:162-178."
        ),
        doi="10.1007/978-3-030-58548-8_10",
        parameters=(
            Parameter("alpha", r"\alpha", 0.1, 0.0, 10.0, "smallest weight"),
            Parameter("beta", r"\beta", 10.0, 0.1, 100.0, "steepness of the weight"),
            Parameter("mu", r"\mu", 0.2, 0.0, 1.0, "place of the weight’s steepest rise"),
            Parameter("slope", r"\lambda", 2.0, 0.1, 20.0, "slope of the negative term"),
            Parameter("kappa", r"\kappa", 0.05, 0.0, 2.0, "how far the logit of a rare finding is lowered"),
        ),
        uses_counts=True,
    ),
)
"""Losses of this family, in the order in which they are listed."""
