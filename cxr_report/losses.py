"""The catalogue of losses, without torch: name in, task, parameters, formula and source out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

__all__ = ["CATALOGUE", "SIGMOID", "SOFTMAX", "LossEntry", "Parameter", "alike", "identity"]

SOFTMAX = ("binary", "multiclass")
"""Tasks whose logits pass through a softmax: one class per case."""

SIGMOID = ("multilabel",)
"""Tasks whose logits pass through a sigmoid each: any number of findings per case."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One hyper-parameter of a loss, a real number in a closed interval."""

    name: str
    symbol: str
    """LaTeX, as it stands in the formula."""
    default: float
    low: float
    high: float
    meaning: str


@dataclass(frozen=True, slots=True)
class LossEntry:
    """One loss as the study names it and the report prints it."""

    name: str
    title: str
    """As it stands in running text, without a leading article."""
    tasks: tuple[str, ...]
    formula: str
    """LaTeX that matplotlib's mathtext can set; loss of one case (one finding), before the mean."""
    spoken: str
    """The formula in words, the alternative text of its picture."""
    where: str
    """What the symbols mean."""
    reference: str
    doi: str
    parameters: tuple[Parameter, ...] = ()
    uses_counts: bool = False
    """Whether the loss takes the class counts of the training split."""


_Setting: TypeAlias = tuple[str, tuple[tuple[str, float], ...]]
"""An entry's name and its parameters in the order of the catalogue."""

_T = "y: the true class; p_y: softmax probability of the true class"
_S = "p: sigmoid probability of one finding; t: its label, 0 or 1; unknown labels do not enter the mean"

_ENTRIES = (
    LossEntry(
        name="cross-entropy",
        title="cross-entropy",
        tasks=SOFTMAX,
        formula=r"-\log p_y",
        spoken="minus the logarithm of the predicted probability of the true class",
        where=_T,
        reference="Good IJ. Rational decisions. Journal of the Royal Statistical Society Series B. 1952;14(1):107-114.",
        doi="10.1111/j.2517-6161.1952.tb00104.x",
    ),
    LossEntry(
        name="weighted-cross-entropy",
        title="class-weighted cross-entropy",
        tasks=SOFTMAX,
        formula=r"-w_y \log p_y,\quad w_c \propto n_c^{-\beta}",
        spoken=(
            "minus the weight of the true class times the logarithm of its predicted probability; "
            "the weight falls with the number of training cases of the class"
        ),
        where=_T + "; w_c: weight of class c, n_c: its training cases; weights have mean 1 over the cases; "
        "a batch’s mean is divided by the sum of its weights",
        reference="King G, Zeng L. Logistic regression in rare events data. Political Analysis. 2001;9(2):137-163.",
        doi="10.1093/oxfordjournals.pan.a004868",
        parameters=(Parameter("power", r"\beta", 1.0, 0.0, 2.0, "exponent of the inverse class frequency"),),
        uses_counts=True,
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
        where=_T,
        reference=(
            "Lin TY, Goyal P, Girshick R, He K, Dollár P. Focal loss for dense object detection. "
            "IEEE International Conference on Computer Vision. 2017:2999-3007."
        ),
        doi="10.1109/ICCV.2017.324",
        parameters=(Parameter("gamma", r"\gamma", 2.0, 0.0, 10.0, "focusing exponent; 0 is cross-entropy"),),
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
        where=_T + "; p_c: softmax probability of class c; C: number of classes",
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
        name="kl-divergence",
        title="Kullback-Leibler divergence",
        tasks=SOFTMAX,
        formula=r"\sum_{c} t_c \log \frac{t_c}{p_c}",
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
        name="logit-adjustment",
        title="logit-adjusted cross-entropy",
        tasks=SOFTMAX,
        formula=r"-\log \frac{\pi_y^{\tau} e^{z_y}}{\sum_{c} \pi_c^{\tau} e^{z_c}}",
        spoken=(
            "minus the logarithm of the softmax probability of the true class after the logarithm of each class’s "
            "share of the training cases, times tau, was added to its logit"
        ),
        where="y: the true class; z_c: logit of class c; pi_c: its share of the training cases; the prediction is the "
        "softmax of z alone",
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
        where="y: the true class; z_c: logit of class c; n_c: its training cases; the prediction is the softmax of z "
        "alone",
        reference=(
            "Ren J, Yu C, Sheng S, Ma X, Zhao H, Yi S, Li H. Balanced meta-softmax for long-tailed visual recognition. "
            "Advances in Neural Information Processing Systems. 2020;33:4175-4186."
        ),
        doi="10.48550/arXiv.2007.10740",
        uses_counts=True,
    ),
    LossEntry(
        name="bce",
        title="binary cross-entropy",
        tasks=SIGMOID,
        formula=r"-t \log p - (1 - t) \log (1 - p)",
        spoken="minus the logarithm of the predicted probability of the label that the finding has",
        where=_S,
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
        where=_S + "; w: weight of the positive term; n_0, n_1: negative and positive training cases of the finding",
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
        where=_S,
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
)

CATALOGUE: Mapping[str, LossEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Every loss that a study can name."""

_CROSS_ENTROPY: _Setting = ("cross-entropy", ())
_SAME: Mapping[_Setting, _Setting] = MappingProxyType(
    {
        ("weighted-cross-entropy", (("power", 0.0),)): _CROSS_ENTROPY,
        ("focal", (("gamma", 0.0),)): _CROSS_ENTROPY,
        ("label-smoothing", (("epsilon", 0.0),)): _CROSS_ENTROPY,
        ("kl-divergence", ()): _CROSS_ENTROPY,
        ("logit-adjustment", (("tau", 0.0),)): _CROSS_ENTROPY,
        ("balanced-softmax", ()): ("logit-adjustment", (("tau", 1.0),)),
        ("weighted-bce", (("power", 0.0),)): ("bce", ()),
    }
)
"""Settings that are the same function as another one, which stands for all of them."""


def identity(name: str, parameters: Mapping[str, float]) -> tuple[Any, ...]:
    """Return what is equal for two entries of the catalogue exactly where they are the same function.

    A factor makes another function, since it changes the gradient: focal with gamma 0 and alpha 0.5 in its sigmoid form
    is half of binary cross-entropy, and not it.

    Args:
        name: of an entry.
        parameters: its hyper-parameters; one that is left out has its default.

    Raises:
        KeyError: the catalogue has no such entry.

    Example:
        >>> identity("focal", {"gamma": 0.0}) == identity("cross-entropy", {})
        True
        >>> identity("focal", {"gamma": 2.0}) == identity("cross-entropy", {})
        False
    """
    known = CATALOGUE[name].parameters
    setting = (name, tuple((entry.name, float(parameters.get(entry.name, entry.default))) for entry in known))
    return _SAME.get(setting, setting)


def alike(name: str, parameters: Mapping[str, float]) -> tuple[str, ...]:
    """Return every setting of the catalogue that is the same function, in words.

    Example:
        >>> alike("bce", {})
        ('bce', 'weighted-bce with power 0')
    """
    kept = identity(name, parameters)
    return tuple(_words(setting) for setting in (kept, *(other for other, same in _SAME.items() if same == kept)))


def _words(setting: tuple[Any, ...]) -> str:
    name, values = setting
    told = " and ".join(f"{key} {value:g}" for key, value in values)
    return f"{name} with {told}" if told else str(name)
