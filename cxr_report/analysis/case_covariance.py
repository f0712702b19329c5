"""Truth and the logits of many runs in, any metric of every run and its covariance over cases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cxr_report.analysis.case_bootstrap import bootstrap_sensitivities
from cxr_report.metrics import METRICS
from cxr_report.metrics.leave_one_out import LeaveOneOut, leave_one_out
from cxr_report.metrics.predictions import Predictions
from cxr_report.metrics.scoring import has_classes, metric_value
from cxr_report.stats.auc_covariance import Finding, areas_by_delong, patient_codes
from cxr_report.stats.checks import Floats, Integers, generator

__all__ = ["CaseCovariance", "case_covariance"]

Method = Literal["delong", "jackknife", "bootstrap", "none"]


@dataclass(frozen=True, slots=True)
class CaseCovariance:
    """One metric of R runs and how it varies together over cases, as `obuchowski_rockette` takes it."""

    theta: Floats
    """`(R,)`, up to rounding the values in scores.csv; NaN where undefined."""
    covariance: Floats
    """`(R, R)` over cases, or over patients where they have several; NaN where undefined."""
    method: Method
    """How it was estimated; `none` where no estimate is sound."""
    redrawn: int
    """Bootstrap resamples that lacked a class and were drawn again."""
    note: str
    """Why something is NaN or was left out, else empty."""

    @property
    def defined(self) -> bool:
        """Whether every value and covariance exists, as `obuchowski_rockette` asks for."""
        return bool(np.isfinite(self.theta).all() and np.isfinite(self.covariance).all())


@dataclass(frozen=True, slots=True)
class _Runs:
    """What was asked about."""

    task: str
    labels: NDArray[Any]
    """`(N,)` or `(N, L)`."""
    logits: NDArray[Any]
    """`(R, N, C)`."""
    metric: str
    thresholds: Floats | None
    """`(R, C)`."""
    column: int | None
    """The class asked for; None: overall."""
    groups: NDArray[Any] | None
    """`(N,)`."""

    def columns(self) -> list[int]:
        """Return the classes whose rankings enter a mean of one value per class."""
        if self.column is not None:
            return [self.column]
        return [1] if self.task == "binary" else list(range(self.logits.shape[2]))

    def ranked(self) -> tuple[list[Finding], Floats]:
        """Return truth, class by class, and the scores `(R, N, K)` by which the cases are ranked."""
        columns = self.columns()
        cases = [Predictions(self.task, self.labels, each, None) for each in self.logits]
        scores = np.stack([case.ranking[:, columns] for case in cases])
        return [_finding(cases[0].outcome[:, column]) for column in columns], scores


def case_covariance(
    task: str,
    labels: ArrayLike,
    logits: ArrayLike,
    metric: str,
    *,
    thresholds: ArrayLike | None = None,
    klass: str | int = "",
    classes: Sequence[str] = (),
    groups: ArrayLike | None = None,
    rng: np.random.Generator,
) -> CaseCovariance:
    """Estimate how a metric of many runs varies together under new cases, whatever the metric.

    AUROC: DeLong's covariance, between classes too, clustered where patients have several cases. Everything else that
    is smooth: the jackknife over patients, exact, from values without each patient that cost no second visit of the
    cases. Sensitivity at 90 % specificity, whose threshold is a quantile of the same cases: the bootstrap over
    patients, the same resamples for all runs. ECE: none, for it is biased and not smooth; its values come without a
    covariance. Thresholds chosen on validation belong to the run and stay fixed.

    Where a class has a value only as long as a certain patient is in, a mean over the classes jumps when it is left
    out; the run's covariance is then NaN and counted in the note. `obuchowski_rockette` refuses such a matrix, so ask
    for `defined` first.

    Memory: the jackknife holds one run at a time, `(G, C^2)`, and the values `(R, G)`; DeLong and the bootstrap hold
    the scores `(R, N, C)` in float64, the bootstrap also a byte per case and resample.

    Sources: DeLong 1988, doi 10.2307/2531595; Obuchowski 1997, doi 10.2307/2533958; Efron 1982,
    doi 10.1137/1.9781611970319; Efron & Tibshirani 1993, doi 10.1201/9780429246593.

    Args:
        task: `binary`, `multiclass` or `multilabel`.
        labels: `(N,)` class indices, or `(N, L)` of 1, 0 and NaN.
        logits: `(R, N, C)` of R runs, losses first where `obuchowski_rockette` is to follow.
        metric: a name of the catalogue.
        thresholds: `(R, C)` probabilities chosen on validation, for the `_youden` metrics.
        klass: a class or finding, by index or name, for its own value; empty: overall.
        classes: the C names, needed where `klass` is a name.
        groups: `(N,)` patient ids; None where every case is a patient of its own.
        rng: the source of randomness, drawn from by the bootstrap only.

    Returns:
        The metric of every run and its covariance.

    Raises:
        ValueError: for a metric that the task does not have, a class without a value of its own, or shapes or values
            that do not fit.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> labels = np.repeat([0, 1], 50)
        >>> logits = rng.normal(size=(4, 100, 2)) + np.eye(2)[labels]
        >>> result = case_covariance("binary", labels, logits, "brier", rng=rng)
        >>> result.method, result.theta.shape, result.covariance.shape
        ('jackknife', (4,), (4, 4))
    """
    asked = _read(task, labels, logits, metric, thresholds, _column(task, metric, klass, classes), groups)
    if metric == "auroc":
        return _by_delong(asked)
    if metric == "ece":
        return _without(asked)
    if metric == "sensitivity_at_specificity_90":
        return _by_bootstrap(asked, generator(rng))
    return _by_jackknife(asked)


def _column(task: str, metric: str, klass: str | int, classes: Sequence[str]) -> int | None:
    known = [name for name, entry in METRICS.items() if task in entry.tasks]
    if metric not in known:
        raise ValueError(f"metric must be one of a {task} task ({', '.join(known)}), got {metric!r}.")
    if klass == "":
        return None
    if not has_classes(METRICS[metric], task):
        raise ValueError(f"klass must be empty, for {metric} has no value per class in a {task} task, got {klass!r}.")
    if isinstance(klass, str) and klass not in classes:
        raise ValueError(f"klass must be an index or one of classes ({', '.join(classes)}), got {klass!r}.")
    return list(classes).index(klass) if isinstance(klass, str) else int(klass)


def _read(
    task: str,
    labels: ArrayLike,
    logits: ArrayLike,
    metric: str,
    thresholds: ArrayLike | None,
    column: int | None,
    groups: ArrayLike | None,
) -> _Runs:
    table = np.asarray(logits)
    if table.ndim != 3 or not table.size:
        raise ValueError(f"logits must have shape (R, N, C), runs by cases by classes, got {table.shape}.")
    if column is not None and not 0 <= column < table.shape[2]:
        raise ValueError(f"klass must be one of 0 to {table.shape[2] - 1}, got {column}.")
    limits = None if thresholds is None else np.asarray(thresholds, dtype=np.float64)
    if limits is not None and limits.shape != (table.shape[0], table.shape[2]):
        wanted = (table.shape[0], table.shape[2])
        raise ValueError(f"thresholds must have shape {wanted}, runs by classes, got {limits.shape}.")
    ids = None if groups is None else np.asarray(groups)
    return _Runs(task, np.asarray(labels), table, metric, limits, column, ids)


def _finding(outcome: Floats) -> Finding:
    known = np.flatnonzero(~np.isnan(outcome))
    cases = slice(None) if known.size == outcome.size else known
    return Finding(cases, outcome[known] == 1)


def _by_delong(asked: _Runs) -> CaseCovariance:
    areas = areas_by_delong(*asked.ranked(), patient_codes(asked.groups, asked.logits.shape[1]))
    return CaseCovariance(areas.auc, areas.covariance, "delong", 0, areas.note)


def _without(asked: _Runs) -> CaseCovariance:
    runs = len(asked.logits)
    if asked.column is None:
        theta = [metric_value(asked.metric, asked.task, asked.labels, each) for each in asked.logits]
    else:
        own = asked.labels[:, [asked.column]]
        theta = [metric_value(asked.metric, asked.task, own, each[:, [asked.column]]) for each in asked.logits]
    note = "ECE is biased and not smooth, so it has no covariance over cases, unlike the Brier score"
    return CaseCovariance(np.array(theta), np.full((runs, runs), np.nan), "none", 0, note)


def _by_jackknife(asked: _Runs) -> CaseCovariance:
    found = [_left_out(asked, place) for place in range(len(asked.logits))]
    theta = np.array([each.value for each in found])
    values = np.array([each.values for each in found])
    jumps = np.array([bool((each.undefined_without != each.undefined).any()) for each in found])
    patients = values.shape[1]
    deviations = values - values.mean(axis=1, keepdims=True)
    deviations[jumps | np.isnan(theta)] = np.nan
    covariance = (patients - 1) / patients * (deviations @ deviations.T)
    note = _jackknife_note(theta, jumps, np.array([each.undefined for each in found]), patients)
    if patients < 2:
        covariance = np.full_like(covariance, np.nan)
    return CaseCovariance(theta, covariance, "jackknife", 0, note)


def _left_out(asked: _Runs, place: int) -> LeaveOneOut:
    limits = None if asked.thresholds is None else asked.thresholds[place]
    return leave_one_out(
        asked.metric,
        asked.task,
        asked.labels,
        asked.logits[place],
        groups=asked.groups,
        thresholds=limits,
        column=asked.column,
    )


def _jackknife_note(theta: Floats, jumps: NDArray[np.bool_], undefined: Integers, patients: int) -> str:
    runs, absent = theta.size, np.isnan(theta)
    some = int((~absent & (undefined > 0)).sum())
    notes = [f"undefined in {absent.sum()} of {runs} runs"] if absent.any() else []
    notes += [f"a mean over fewer than all classes in {some} of {runs} runs"] if some else []
    lost = int((jumps & ~absent).sum())
    if patients < 2:
        notes.append("a jackknife over patients needs at least two of them")
    elif lost:
        notes.append(f"a class is undefined without a certain patient in {lost} of {runs} runs")
    return "; ".join(notes)


def _by_bootstrap(asked: _Runs, rng: np.random.Generator) -> CaseCovariance:
    drawn = bootstrap_sensitivities(*asked.ranked(), groups=asked.groups, rng=rng)
    return CaseCovariance(drawn.theta, drawn.covariance, "bootstrap", drawn.redrawn, drawn.note)
