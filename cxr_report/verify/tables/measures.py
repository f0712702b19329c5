"""The metrics that are known: their names in print, what they count, and their value for a two-by-two table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

__all__ = ["MEASURES", "Cells", "Measure", "Reading", "Term", "mcc_parts", "measure_of", "simplified", "terms"]

Reading: TypeAlias = Literal[
    "accuracy", "error", "sensitivity", "specificity", "balanced", "precision", "macro-precision",
    "weighted-precision", "npv", "f1", "macro-f1", "weighted-f1", "mcc", "kappa", "area",
]  # fmt: skip
Term: TypeAlias = tuple[Any, Any, Any]
"""Weight, numerator and denominator; a metric is the sum of weight x numerator / denominator, 0 / 0 counting as 0."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric."""

    key: str
    title: str
    readings: tuple[Reading, ...]
    """What the name may mean; a value is possible if it is possible in one of these."""
    low: int = 0
    """Its smallest possible value."""
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Cells:
    """The counts of a two-by-two table that are free, and the two that are given; whole numbers or arrays of them."""

    tp: Any
    fp: Any
    positives: int
    negatives: int


_KNOWN = (
    Measure("accuracy", "accuracy", ("accuracy",)),
    Measure("error", "error rate", ("error",), higher_is_better=False),
    Measure("sensitivity", "sensitivity", ("sensitivity",)),
    Measure("recall", "recall", ("sensitivity", "balanced", "accuracy")),
    Measure("specificity", "specificity", ("specificity",)),
    Measure("balanced-accuracy", "balanced accuracy", ("balanced",)),
    Measure("precision", "precision", ("precision", "macro-precision", "weighted-precision")),
    Measure("ppv", "positive predictive value", ("precision",)),
    Measure("npv", "negative predictive value", ("npv",)),
    Measure("f1", "F1", ("f1", "macro-f1", "weighted-f1")),
    Measure("macro-f1", "macro F1", ("macro-f1",)),
    Measure("weighted-f1", "weighted F1", ("weighted-f1",)),
    Measure("mcc", "MCC", ("mcc",), low=-1),
    Measure("kappa", "Cohen's kappa", ("kappa",), low=-1),
    Measure("auc", "AUC", ("area",)),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.key: measure for measure in _KNOWN})

_ALIASES = {
    "accuracy": "accuracy acc testaccuracy testacc overallaccuracy top1 top1accuracy correct",
    "error": "error errorrate testerror err",
    "sensitivity": "sensitivity sens sen se tpr truepositiverate",
    "recall": "recall rec",
    "specificity": "specificity spec spe sp tnr truenegativerate",
    "balanced-accuracy": "balancedaccuracy bacc bac balacc macrorecall recallmacro averagerecall",
    "precision": "precision prec",
    "ppv": "ppv positivepredictivevalue",
    "npv": "npv negativepredictivevalue",
    "f1": "f1 f1score fscore fmeasure f1measure",
    "macro-f1": "macrof1 f1macro macrof1score f1scoremacro macroaveragedf1 macroaveragef1",
    "weighted-f1": "weightedf1 f1weighted weightedf1score f1scoreweighted",
    "mcc": "mcc matthewscorrelationcoefficient matthewscorrelation phi",
    "kappa": "kappa cohenskappa cohenkappa",
    "auc": "auc auroc rocauc aucroc areaunderthecurve areaundertheroccurve aucscore",
}
_KEYS = {alias: key for key, words in _ALIASES.items() for alias in words.split()}


def simplified(name: str) -> str:
    """Reduce a name in print to letters and digits, without arrows, units and emphasis.

    Example:
        >>> simplified("**F1-Score** (%) ↑"), simplified("ROC AUC")
        ('f1score', 'rocauc')
    """
    return re.sub(r"[\W_]+", "", re.sub(r"[(\[]\s*%\s*[)\]]", "", name).casefold())


def measure_of(name: str) -> Measure | None:
    """Return the metric of a name in print, or None where the name is not known.

    Example:
        >>> measure_of("AUROC").key, measure_of("Params (M)")
        ('auc', None)
    """
    key = _KEYS.get(simplified(name), "")
    return MEASURES.get(key)


def terms(reading: Reading, cells: Cells) -> tuple[Term, ...]:
    """Write a metric of a two-by-two table as a sum of ratios of counts; MCC is not one, see `mcc_parts`.

    Args:
        reading: any but ``mcc`` and ``area``.
        cells: whole numbers for exact values, arrays of floats for many at once.

    Example:
        >>> terms("precision", Cells(8, 2, 10, 10))
        ((1, 8, 10),)
    """
    p, q = cells.positives, cells.negatives
    if reading in _MEANS:
        one, other, weighted = _MEANS[reading]
        share = Fraction(p, p + q) if weighted else Fraction(1, 2)
        return ((share, *_RATIOS[one](cells)), (1 - share, *_RATIOS[other](cells)))
    return ((1, *_RATIOS[reading](cells)),)


def _wrong(cells: Cells) -> Any:
    return cells.positives - cells.tp + cells.fp


def _f1(cells: Cells) -> tuple[Any, Any]:
    return 2 * cells.tp, cells.positives + cells.tp + cells.fp


def _other_f1(cells: Cells) -> tuple[Any, Any]:
    right = cells.negatives - cells.fp
    return 2 * right, 2 * right + _wrong(cells)


def _npv(cells: Cells) -> tuple[Any, Any]:
    right = cells.negatives - cells.fp
    return right, right + cells.positives - cells.tp


def _kappa(cells: Cells) -> tuple[Any, Any]:
    called = cells.tp + cells.fp
    left = cells.positives + cells.negatives - called
    return 2 * mcc_parts(cells)[0], called * cells.negatives + cells.positives * left


_RATIOS: dict[str, Callable[[Cells], tuple[Any, Any]]] = {
    "accuracy": lambda cells: (cells.tp + cells.negatives - cells.fp, cells.positives + cells.negatives),
    "error": lambda cells: (_wrong(cells), cells.positives + cells.negatives),
    "sensitivity": lambda cells: (cells.tp, cells.positives),
    "specificity": lambda cells: (cells.negatives - cells.fp, cells.negatives),
    "precision": lambda cells: (cells.tp, cells.tp + cells.fp),
    "npv": _npv,
    "f1": _f1,
    "other-f1": _other_f1,
    "kappa": _kappa,
}

_MEANS: dict[str, tuple[str, str, bool]] = {
    "balanced": ("sensitivity", "specificity", False),
    "macro-precision": ("precision", "npv", False),
    "weighted-precision": ("precision", "npv", True),
    "macro-f1": ("f1", "other-f1", False),
    "weighted-f1": ("f1", "other-f1", True),
}
"""Averages over the two classes, and whether they are weighted by the cases of each."""


def mcc_parts(cells: Cells) -> tuple[Any, Any]:
    """Return numerator and squared denominator of MCC: `TP N - FP P` and `(TP + FP)(TN + FN) P N`."""
    called = cells.tp + cells.fp
    left = cells.positives + cells.negatives - called
    numerator = cells.tp * cells.negatives - cells.fp * cells.positives
    return numerator, called * left * cells.positives * cells.negatives
