"""Predictions of all losses and seeds in, the analysis over seeds and cases together out."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from cxr_report import stats
from cxr_report.analysis.areas import ranking
from cxr_report.analysis.comparisons import adjusted, verdict
from cxr_report.analysis.gather import Material
from cxr_report.analysis.value import Joint, JointMean, JointPair
from cxr_report.study import Study

__all__ = ["COVARIANCE", "METRIC", "joint_analysis"]

METRIC = "auroc"
"""The metric with a covariance over cases in closed form."""

COVARIANCE = "delong"


def joint_analysis(
    study: Study, losses: tuple[str, ...], seeds: tuple[int, ...], material: Material
) -> tuple[Joint, ...]:
    """Compare the AUROC of all losses over seeds and cases together, after Obuchowski and Rockette and Hillis.

    Losses are the modalities, seeds the random readers, shared by all losses. A diverged run has no predictions, so
    only seeds that every loss finished enter, whatever the plan does with diverged runs in the tests over seeds.

    Args:
        study: task and analysis plan.
        losses: k names.
        seeds: those that every loss finished with predictions.
        material: the predictions.

    Returns:
        One value, or none where fewer than two seeds are left or the test set has no class with both kinds of cases.
    """
    if len(seeds) < 2:
        return ()
    truth = material.truth["test"]
    logits = {(run.loss, run.seed): run.logits["test"] for run in material.runs}
    scores = np.array([[ranking(study.task, logits[loss, seed]) for seed in seeds] for loss in losses])
    plan = study.analysis
    if study.task == "binary":
        scores = scores[..., 0]
    result = stats.mrmc(truth.labels, scores, covariance=COVARIANCE, groups=truth.groups, confidence=1 - plan.alpha)
    if np.isnan(result.auc).any():
        return ()
    pairs = _pairs(result, losses, study)
    return (
        Joint(
            metric=METRIC,
            primary=study.metrics.primary == METRIC,
            covariance=COVARIANCE,
            n_seeds=len(seeds),
            n_cases=len(truth.ids),
            n_patients=len(np.unique(truth.patients)),
            f=float(result.f),
            df1=float(result.df1),
            df2=float(result.df2),
            p=float(result.p),
            rejected=bool(result.p <= plan.alpha),
            var_seed=float(result.var_seed),
            var_loss_seed=float(result.var_loss_seed),
            var_error=float(result.var_error),
            cov1=float(result.cov1),
            cov2=float(result.cov2),
            cov3=float(result.cov3),
            means=tuple(_mean(loss, row) for loss, row in zip(losses, result.means, strict=True)),
            pairs=pairs,
            note=str(result.note),
        ),
    )


def _mean(loss: str, row: Any) -> JointMean:
    return JointMean(
        loss=loss,
        estimate=float(row.estimate),
        se=float(row.se),
        df=float(row.df),
        low=float(row.low),
        high=float(row.high),
    )


def _pairs(result: Any, losses: tuple[str, ...], study: Study) -> tuple[JointPair, ...]:
    rows = {(int(row.i), int(row.j)): row for row in result.differences(error="pair")}
    found = [_pair(losses, (i, j), rows[i, j]) for i, j in combinations(range(len(losses)), 2)]
    p = adjusted([pair.p for pair in found], study.analysis.adjustment)
    alpha = study.analysis.alpha
    return tuple(
        replace(pair, p_adjusted=value, verdict=verdict(pair.difference, value, alpha=alpha, higher_is_better=True))
        for pair, value in zip(found, p, strict=True)
    )


def _pair(losses: tuple[str, ...], place: tuple[int, int], row: Any) -> JointPair:
    return JointPair(
        first=losses[place[0]],
        second=losses[place[1]],
        difference=float(row.estimate),
        se=float(row.se),
        df=float(row.df),
        t=float(row.t),
        p=float(row.p),
        p_adjusted=float(row.p),
        low=float(row.low),
        high=float(row.high),
        verdict="not shown",
    )
