"""The catalogue of metrics: name in, title, direction, tasks, range and definition out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["DIRECTIONS", "METRICS", "NEEDS_VALIDATION", "RANKED", "TASKS", "Catalogue", "Metric"]

DIRECTIONS = ("higher", "lower")
"""Which values are better; after a colon, the end of the name of a metric of the user's own, such as `dice:higher`."""

TASKS = ("binary", "multiclass", "multilabel")
"""`binary`: two softmax logits, class 1 is positive. `multiclass`: C softmax logits. `multilabel`: L sigmoid logits."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as the study names it and the report prints it."""

    name: str
    title: str
    """As it stands in a table head or a sentence."""
    higher_is_better: bool
    tasks: tuple[str, ...]
    """The tasks it is computed for, out of `TASKS`."""
    per_class: bool
    """Whether each class of a `multiclass` task has a value of its own, one class against the rest."""
    low: float
    """The smallest possible value."""
    high: float
    """The largest possible value, `inf` where there is none."""
    per_finding: bool
    """Whether each finding of a `multilabel` task has a value of its own."""
    definition: str
    """One sentence, without its full stop, for the methods section."""
    doi: str
    """Where it is defined or discussed."""


_MANY = ("multiclass", "multilabel")
_RATES = "10.1136/bmj.308.6943.1552"
_PREDICTIVE = "10.1136/bmj.309.6947.102"
_ROC = "10.1016/j.patrec.2005.10.010"
_YOUDEN = "10.1002/1097-0142(1950)3:1<32::aid-cncr2820030106>3.0.co;2-3"


def _metric(
    name: str,
    title: str,
    definition: str,
    doi: str,
    *,
    tasks: tuple[str, ...] = TASKS,
    higher: bool = True,
    per_class: bool = True,
    low: float = 0.0,
    high: float = 1.0,
    per_finding: bool = True,
) -> Metric:
    return Metric(
        name=name,
        title=title,
        higher_is_better=higher,
        tasks=tasks,
        per_class=per_class,
        low=low,
        high=high,
        per_finding=per_finding,
        definition=definition,
        doi=doi,
    )


_ENTRIES = (
    _metric(
        "accuracy",
        "Accuracy",
        "share of cases whose predicted class is the true class",
        "10.1016/j.ipm.2009.03.002",
        per_class=False,
    ),
    _metric(
        "balanced_accuracy",
        "Balanced accuracy",
        "unweighted mean of the sensitivities of all classes (of a finding: of sensitivity and specificity)",
        "10.1109/ICPR.2010.764",
        per_class=False,
    ),
    _metric("sensitivity", "Sensitivity", "share of the positive cases that are predicted positive", _RATES),
    _metric("specificity", "Specificity", "share of the negative cases that are predicted negative", _RATES),
    _metric(
        "ppv",
        "Positive predictive value",
        "share of the cases predicted positive that are positive, at the prevalence of the test set",
        _PREDICTIVE,
    ),
    _metric(
        "npv",
        "Negative predictive value",
        "share of the cases predicted negative that are negative, at the prevalence of the test set",
        _PREDICTIVE,
    ),
    _metric(
        "f1", "F1 score", "harmonic mean of sensitivity and positive predictive value", "10.1016/j.ipm.2009.03.002"
    ),
    _metric(
        "f1_weighted",
        "F1 score (weighted)",
        "mean of the F1 scores of all classes, weighted by their number of positive cases",
        "10.1016/j.ipm.2009.03.002",
        per_class=False,
        per_finding=False,
    ),
    _metric(
        "mcc",
        "Matthews correlation coefficient",
        "correlation between the predicted and the true class, in the form for several classes",
        "10.1016/j.compbiolchem.2004.09.006",
        per_class=False,
        low=-1.0,
    ),
    _metric(
        "kappa",
        "Cohen's kappa",
        "agreement between predicted and true class beyond that expected from the margins, unweighted",
        "10.1177/001316446002000104",
        per_class=False,
        low=-1.0,
    ),
    _metric(
        "auroc",
        "AUROC",
        "area under the receiver operating characteristic curve, ties counted one half, one class against the rest",
        "10.1148/radiology.143.1.7063747",
    ),
    _metric(
        "auroc_weighted",
        "AUROC (weighted)",
        "mean of the one-against-the-rest AUROC of all classes, weighted by their number of positive cases",
        _ROC,
        tasks=_MANY,
        per_class=False,
        per_finding=False,
    ),
    _metric(
        "auroc_hand_till",
        "AUROC (Hand and Till)",
        "mean over all pairs of classes of the AUROC within the pair, both directions averaged",
        "10.1023/A:1010920819831",
        tasks=("multiclass",),
        per_class=False,
        per_finding=False,
    ),
    _metric(
        "average_precision",
        "Average precision",
        "sum over the thresholds of the step in sensitivity times the positive predictive value, not interpolated",
        "10.1145/1143844.1143874",
    ),
    _metric(
        "brier",
        "Brier score",
        "mean squared difference between predicted probability and outcome (several classes: summed over the classes)",
        "10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
        higher=False,
        high=2.0,
    ),
    _metric(
        "log_loss",
        "Log loss",
        "mean of minus the natural logarithm of the probability given to the true class",
        "10.1111/j.2517-6161.1952.tb00104.x",
        higher=False,
        per_class=False,
        high=math.inf,
    ),
    _metric(
        "ece",
        "Expected calibration error",
        "mean absolute difference between the confidence in the predicted class and its accuracy over 15 equal-width "
        "right-closed bins, weighted by the cases in the bin",
        "10.1609/aaai.v29i1.9602",
        higher=False,
        per_class=False,
    ),
    _metric(
        "sensitivity_at_specificity_90",
        "Sensitivity at 90 % specificity",
        "largest sensitivity of any threshold whose specificity is at least 0.90 on the same cases, not interpolated",
        _ROC,
    ),
    _metric(
        "sensitivity_youden",
        "Sensitivity at the Youden threshold",
        "sensitivity at the threshold that maximised sensitivity plus specificity on the validation cases",
        _YOUDEN,
    ),
    _metric(
        "specificity_youden",
        "Specificity at the Youden threshold",
        "specificity at the threshold that maximised sensitivity plus specificity on the validation cases",
        _YOUDEN,
    ),
)

NEEDS_VALIDATION = ("sensitivity_youden", "specificity_youden")
"""Metrics at a threshold that was chosen on validation cases; undefined where there are none."""

RANKED = ("auroc", "average_precision", "sensitivity_at_specificity_90")
"""Metrics that depend on the order of the cases alone; the others ask what a score means."""


class Catalogue(Mapping[str, Metric]):
    """The metrics that are computed here, by name; and metrics of the user's own, looked up by a name that says it all.

    `name in METRICS`, iteration and length are those of the catalogue. `METRICS["dice:higher"]` is a metric that is not
    computed here: its values are given, it has no task and no bounds, and the end of its name is its direction.
    """

    def __init__(self, entries: tuple[Metric, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def __getitem__(self, name: str) -> Metric:
        return self._entries[name] if name in self._entries else _own(name)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @staticmethod
    def is_own(name: str) -> bool:
        """Say whether a name is that of a metric of the user's own, with its direction at the end.

        Example:
            >>> METRICS.is_own("dice:higher"), METRICS.is_own("dice"), METRICS.is_own("auroc")
            (True, False, False)
        """
        title, colon, direction = name.rpartition(":")
        return bool(title.strip() and colon) and direction in DIRECTIONS


def _own(name: str) -> Metric:
    if not Catalogue.is_own(name):
        raise KeyError(name)
    title, _, direction = name.rpartition(":")
    return _metric(
        name,
        title,
        f"as given in the table, {direction} values being better",
        "",
        tasks=(),
        higher=direction == "higher",
        per_class=False,
        low=-math.inf,
        high=math.inf,
        per_finding=False,
    )


METRICS = Catalogue(_ENTRIES)
"""Every metric by its name, in the order in which tables list them."""
