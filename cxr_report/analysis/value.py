"""The Analysis: one frozen value that holds everything the report says, and its way to plain data and back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, TypeAdapter

from cxr_report.study import Study

__all__ = [
    "Analysis",
    "Confusion",
    "Control",
    "Curve",
    "CurveSet",
    "DataSummary",
    "Diverged",
    "Interval",
    "Joint",
    "JointMean",
    "JointPair",
    "LossSummary",
    "Omnibus",
    "Pair",
    "RunSummary",
    "from_plain",
    "to_plain",
]


def _number(value: Any) -> Any:
    return math.nan if value is None else value


Number = Annotated[float, BeforeValidator(_number)]
"""A float; NaN, written as null, where it is mathematically undefined; infinity is written as the text inf."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: Number
    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run, for the appendix."""

    loss: str
    seed: int
    state: Literal["done", "diverged", "missing"]
    chosen_epoch: int
    """1-based; 0 where there is none."""
    values: dict[str, Number]
    """Metric -> value on test, overall."""
    auroc: Interval
    """AUROC on test with its DeLong interval over cases (macro for several classes); NaN where undefined."""
    max_delta: Number
    """Largest |torch - onnx| logit on validation."""
    flips: int
    """Labels that differ between torch and onnx on validation."""


@dataclass(frozen=True, slots=True)
class LossSummary:
    """One metric of one loss over its seeds, on test."""

    loss: str
    metric: str
    klass: str
    """Empty = overall."""
    n_seeds: int
    mean: Number
    sd: Number
    median: Number
    low: Number
    """95 % (1 - alpha) t interval over seeds."""
    high: Number
    values: tuple[Number, ...]
    """One per seed, in the order of ``Analysis.seeds`` that are paired; NaN where undefined."""
    note: str = ""
    """Why a number is undefined; empty where none is."""


@dataclass(frozen=True, slots=True)
class Omnibus:
    """Are the losses equal at all? Friedman over seeds, with Iman and Davenport's F. Target: seeds, these cases."""

    metric: str
    n_seeds: int
    n_losses: int
    mean_ranks: tuple[Number, ...]
    """One per loss, 1 = best."""
    chi2: Number
    df: Number
    p: Number
    kendall_w: Number
    f: Number
    df1: Number
    df2: Number
    p_f: Number
    note: str
    primary: bool = False
    """Whether the metric is the primary one; others are exploratory."""
    rejected: bool = False
    """Whether equality of all losses is rejected at alpha, by ``p_f``."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One comparison of two losses on one metric, paired by seed. Difference = first - second."""

    metric: str
    first: str
    second: str
    primary: bool
    """Whether the metric is the primary one; others are exploratory."""
    n_seeds: int
    difference: Number
    low: Number
    """1 - alpha interval of the paired t, unadjusted."""
    high: Number
    sd: Number
    t: Number
    df: Number
    p_t: Number
    p_t_adjusted: Number
    """Over all pairs of this metric."""
    w_plus: Number
    w_minus: Number
    n_zero: int
    p_wilcoxon: Number
    """Exact, two-sided."""
    p_wilcoxon_adjusted: Number
    d_z: Number
    d_z_low: Number
    d_z_high: Number
    verdict: Literal["first better", "second better", "not shown"]
    """By the adjusted p of the paired t at alpha, and the metric's direction."""
    note: str


@dataclass(frozen=True, slots=True)
class JointMean:
    """The AUROC of one loss, with its uncertainty over seeds and cases together."""

    loss: str
    estimate: Number
    se: Number
    df: Number
    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class JointPair:
    """The difference of two losses' AUROC (first - second), with its uncertainty over seeds and cases together."""

    first: str
    second: str
    difference: Number
    se: Number
    df: Number
    t: Number
    p: Number
    p_adjusted: Number
    """Over all pairs, by the plan's adjustment."""
    low: Number
    """1 - alpha interval, unadjusted."""
    high: Number
    verdict: Literal["first better", "second better", "not shown"]
    """By the adjusted p at alpha."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Obuchowski and Rockette's analysis: losses as modalities, seeds as random readers. Target: seeds and cases."""

    metric: str
    """``auroc``: macro one-vs-rest for several classes or findings."""
    primary: bool
    covariance: str
    """How the covariance over cases was estimated, such as ``delong``."""
    n_seeds: int
    n_cases: int
    n_patients: int
    f: Number
    df1: Number
    df2: Number
    p: Number
    rejected: bool
    """Whether equality of all losses is rejected at alpha."""
    var_seed: Number
    var_loss_seed: Number
    var_error: Number
    cov1: Number
    """Same seed, other loss."""
    cov2: Number
    """Same loss, other seed."""
    cov3: Number
    """Both differ."""
    means: tuple[JointMean, ...]
    pairs: tuple[JointPair, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Control:
    """A row that is no run: what a shortcut alone reaches on test."""

    name: Literal["pixels", "metadata"]
    values: dict[str, Number]
    auroc: Interval
    classes: dict[str, Number] = field(default_factory=dict)
    """Class or finding -> AUROC on test; empty for a binary task."""


@dataclass(frozen=True, slots=True)
class Diverged:
    """A run that did not finish with a finite loss."""

    loss: str
    seed: int
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A line with a band."""

    loss: str
    x: tuple[Number, ...]
    mean: tuple[Number, ...]
    low: tuple[Number, ...]
    high: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class CurveSet:
    """Lines of one figure panel, one per loss."""

    name: str
    """train_loss, val_loss, val_primary, roc, ..."""
    klass: str
    """Empty = overall (macro)."""
    band: str
    """What the band is, such as ``range over seeds`` or ``mean +- SD over seeds``."""
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """A confusion matrix on test, summed over the seeds of a loss. Rows: truth, columns: prediction."""

    loss: str
    klass: str
    """Empty for binary and multiclass; the finding for multilabel, whose matrices are 2 x 2."""
    counts: tuple[tuple[int, ...], ...]
    n_seeds: int


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What the report says about the data; the content of data.json."""

    content: dict[str, Any]
    n_test: int
    n_test_patients: int
    prevalence: dict[str, Number]
    """Class or finding -> share of (known) test cases."""
    positives: dict[str, int] = field(default_factory=dict)
    """Class or finding -> number of test cases that have it."""

    @property
    def patients_known(self) -> bool:
        """Whether the source of the data names the patients; where it does not, every case counts as one of its own."""
        told = self.content.get("patients")
        return bool(told.get("known", True)) if isinstance(told, dict) else True


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the report says, and the hashes of everything that it was computed from."""

    format: int
    program: str
    """Version of cxr_report."""
    study: Study
    losses: tuple[str, ...]
    """In the study's order; the baseline is ``study.analysis.baseline``."""
    labels: dict[str, str]
    """Loss -> how the report calls it."""
    seeds: tuple[int, ...]
    """Seeds that enter the paired tests, in order: those finished for every loss, after ``on_diverged``."""
    planned_seeds: tuple[int, ...]
    classes: tuple[str, ...]
    metrics: tuple[str, ...]
    """Primary first, then the secondary ones: those that are compared."""
    partial: bool
    missing: tuple[str, ...]
    """Files that an incomplete study lacks, where it was analysed nevertheless."""
    exploratory: tuple[str, ...]
    """Reasons why the analysis counts as exploratory; empty = as planned."""
    plan_sha256: str
    data: DataSummary
    runs: tuple[RunSummary, ...]
    summaries: tuple[LossSummary, ...]
    omnibus: tuple[Omnibus, ...]
    """One per metric of ``metrics``."""
    pairs: tuple[Pair, ...]
    """Every pair of losses for every metric of ``metrics``."""
    smallest_wilcoxon_p: Number
    """The smallest adjusted p that the exact Wilcoxon can reach with these seeds and comparisons."""
    smallest_friedman_p: Number
    controls: tuple[Control, ...]
    diverged: tuple[Diverged, ...]
    curves: tuple[CurveSet, ...]
    confusions: tuple[Confusion, ...]
    thresholds: dict[str, tuple[Number, ...]]
    """``<loss>/<seed>`` -> threshold per class, chosen on validation."""
    inputs: dict[str, str]
    """File of the study -> sha256; ``plan`` -> that of the plan and the ledger without times."""
    name: str = ""
    """Empty = the planned analysis; otherwise the name that another plan was given."""
    selected_by: str = ""
    """The metric in the histories, by which epochs were chosen: the primary one of the plan before the runs."""
    joint: tuple[Joint, ...] = ()
    """Seeds and cases together, for AUROC; empty where it could not be computed."""
    imputed: dict[str, Number] = field(default_factory=dict)
    """Metric -> the score that diverged runs were given (``on_diverged = "worst-score"``); empty otherwise."""
    outputs: dict[str, str] = field(default_factory=dict)
    """scores.csv and comparisons.csv -> sha256."""


_ADAPTER: TypeAdapter[Analysis] = TypeAdapter(Analysis)


def to_plain(analysis: Analysis) -> dict[str, Any]:
    """Return the analysis as plain data for statistics.json: NaN stays (null in the file), infinity becomes text."""
    plain: dict[str, Any] = _finite(_ADAPTER.dump_python(analysis, mode="python"))
    plain["study"] = analysis.study.model_dump(mode="json")
    return plain


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value


def from_plain(plain: Any) -> Analysis:
    """Rebuild the analysis from the content of statistics.json.

    Raises:
        pydantic.ValidationError: the content is no analysis.
    """
    analysis = _ADAPTER.validate_python(plain, strict=False)
    losses = {name: analysis.study.losses[name] for name in analysis.losses}  # sorted JSON keys do not keep the order
    return replace(analysis, study=analysis.study.model_copy(update={"losses": losses}))
