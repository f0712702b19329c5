"""A study's material and scores in, the Analysis out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from cxr_report.analysis.areas import intervals
from cxr_report.analysis.comparisons import PairedScores, compare, omnibus_test, smallest, summarise
from cxr_report.analysis.curves import confusions, learning_curves, roc_curves
from cxr_report.analysis.gather import Material
from cxr_report.analysis.joint import joint_analysis
from cxr_report.analysis.scoring import CONTROL_PREFIX, ScoredRun, worst
from cxr_report.analysis.survey import CONTROLS, Survey
from cxr_report.analysis.value import (
    Analysis,
    Control,
    DataSummary,
    Interval,
    LossSummary,
    RunSummary,
)
from cxr_report.ledger import FrozenStudy
from cxr_report.losses import CATALOGUE
from cxr_report.metrics import METRICS
from cxr_report.study import Report, Study

__all__ = ["FORMAT", "assemble", "labels", "paired_scores"]

FORMAT = 1
"""Of statistics.json; an analysis of another format is redone."""


def assemble(
    frozen: FrozenStudy,
    study: Study,
    found: Survey,
    material: Material,
    scored: tuple[ScoredRun, ...],
    controls: tuple[ScoredRun, ...],
    *,
    name: str,
    program: str,
    inputs: Mapping[str, str],
) -> Analysis:
    """Compute everything that the report says.

    Args:
        frozen: plan and ledger.
        study: as it is analysed: with the frozen plan, or with another one.
        found: which runs are finished.
        material: their predictions and histories.
        scored: every metric of every finished run.
        controls: the same of the controls.
        name: of the analysis, where it follows another plan; empty otherwise.
        program: version of cxr_report.
        inputs: file -> sha256.
    """
    losses = tuple(study.losses)
    plan, metrics = study.analysis, (study.metrics.primary, *study.metrics.secondary)
    imputing = plan.on_diverged == "worst-score"
    seeds = found.finished_seeds(with_diverged=imputing)
    overall = {metric: paired_scores(scored, found, losses, seeds, metric) for metric in metrics}
    return Analysis(
        format=FORMAT,
        program=program,
        study=study.model_copy(update={"report": Report()}),
        losses=losses,
        labels=labels(study),
        seeds=seeds,
        planned_seeds=study.seeds,
        classes=material.classes,
        metrics=metrics,
        partial=bool(found.missing),
        missing=found.missing,
        exploratory=_exploratory(frozen, name),
        plan_sha256=frozen.plan_sha256,
        data=_data(study, material),
        runs=_runs(study, frozen.study, found, material, scored),
        summaries=_summaries(study, found, material, scored, seeds),
        omnibus=tuple(
            omnibus_test(overall[metric], alpha=plan.alpha, primary=metric == study.metrics.primary)
            for metric in metrics
        ),
        pairs=tuple(
            chain.from_iterable(
                compare(overall[metric], plan=plan, primary=metric == study.metrics.primary) for metric in metrics
            )
        ),
        smallest_wilcoxon_p=smallest("wilcoxon", len(seeds), n_losses=len(losses), adjustment=plan.adjustment),
        smallest_friedman_p=smallest("friedman", len(seeds), n_losses=len(losses), adjustment=plan.adjustment),
        controls=_controls(study, material, controls),
        diverged=material.diverged,
        curves=(*learning_curves(losses, material), *roc_curves(study.task, losses, material)),
        confusions=confusions(study.task, losses, material),
        thresholds={f"{run.loss}/{run.seed}": run.thresholds for run in scored},
        inputs=dict(inputs),
        name=name,
        selected_by=frozen.study.metrics.primary,
        joint=joint_analysis(study, losses, found.finished_seeds(with_diverged=False), material),
        imputed={metric: worst(scored, metric) for metric in metrics} if imputing and material.diverged else {},
    )


def labels(study: Study) -> dict[str, str]:
    """Name every loss as the report calls it: its own label, or the catalogue's title, told apart by parameters."""
    titles = {name: _title(study, name) for name in study.losses}
    wanted = list(titles.values())
    doubled = {name: title for name, title in titles.items() if wanted.count(title) > 1}
    for name, title in doubled.items():
        parameters = study.losses[name].parameters
        if study.losses[name].label is None and parameters:
            told = ", ".join(f"{key} = {value:g}" for key, value in parameters.items())
            titles[name] = f"{title}, {told}"
    final = list(titles.values())
    return {name: title if final.count(title) == 1 else f"{title} [{name}]" for name, title in titles.items()}


def _title(study: Study, name: str) -> str:
    loss = study.losses[name]
    entry = CATALOGUE.get(loss.loss or "")
    return loss.label or (entry.title.partition(" (")[0] if entry is not None else name)


def paired_scores(
    scored: Sequence[ScoredRun],
    found: Survey,
    losses: tuple[str, ...],
    seeds: tuple[int, ...],
    metric: str,
    klass: str = "",
) -> PairedScores:
    """Arrange one metric on test by seed and loss; a diverged run has the worst score of any finished run.

    Args:
        scored: the finished runs.
        found: which runs diverged.
        losses: k names, the columns.
        seeds: S seeds, the rows; diverged runs among them mean that the plan keeps them.
        metric: its name.
        klass: a class, or empty for overall.
    """
    values = {(run.loss, run.seed): run.value(metric, klass) for run in scored}
    for run in found.diverged:
        values[run.loss, run.seed] = worst(scored, metric, klass)
    table = np.array([[values[loss, seed] for loss in losses] for seed in seeds], dtype=np.float64)
    return PairedScores(metric, klass, losses, seeds, table.reshape(len(seeds), len(losses)))


def _summaries(
    study: Study, found: Survey, material: Material, scored: tuple[ScoredRun, ...], seeds: tuple[int, ...]
) -> tuple[LossSummary, ...]:
    kinds = [
        (name, klass)
        for name, metric in METRICS.items()
        if study.task in metric.tasks
        for klass in ("", *(_classes(study, material, name)))
    ]
    return tuple(
        chain.from_iterable(
            summarise(
                paired_scores(scored, found, tuple(study.losses), seeds, metric, klass), alpha=study.analysis.alpha
            )
            for metric, klass in kinds
        )
    )


def _classes(study: Study, material: Material, metric: str) -> tuple[str, ...]:
    entry = METRICS[metric]
    has = {"binary": False, "multiclass": entry.per_class, "multilabel": entry.per_finding}[study.task]
    return material.classes if has else ()


def _runs(
    study: Study, trained: Study, found: Survey, material: Material, scored: tuple[ScoredRun, ...]
) -> tuple[RunSummary, ...]:
    areas = intervals(
        study.task, material.truth["test"], [run.logits["test"] for run in material.runs], alpha=study.analysis.alpha
    )
    done = {
        (run.loss, run.seed): RunSummary(
            loss=run.loss,
            seed=run.seed,
            state="done",
            chosen_epoch=run.history.chosen(trained),
            values=scores.overall(),
            auroc=area,
            max_delta=run.max_delta,
            flips=run.flips,
        )
        for run, scores, area in zip(material.runs, scored, areas, strict=True)
    }
    nan = float("nan")
    return tuple(
        done.get((loss, seed)) or RunSummary(loss, seed, state, 0, {}, Interval(nan, nan, nan), nan, 0)
        for (loss, seed), state in found.states().items()
    )


def _controls(study: Study, material: Material, scored: tuple[ScoredRun, ...]) -> tuple[Control, ...]:
    logits = [material.controls[name]["test"] for name in material.controls]
    areas = intervals(study.task, material.truth["test"], logits, alpha=study.analysis.alpha)
    by_name = {
        run.loss.removeprefix(CONTROL_PREFIX): (
            run.overall(),
            area,
            {klass: run.value("auroc", klass) for klass in _classes(study, material, "auroc")},
        )
        for run, area in zip(scored, areas, strict=True)
    }
    return tuple(Control(name, *by_name[name]) for name in CONTROLS if name in by_name)


def _data(study: Study, material: Material) -> DataSummary:
    test = material.truth["test"]
    labels = test.labels
    shares = (
        [labels[:, place] for place in range(len(material.classes))]
        if study.task == "multilabel"
        else [(labels == place).astype(np.float64) for place in range(len(material.classes))]
    )
    known = [column[~np.isnan(column)].astype(np.float64) for column in shares]
    return DataSummary(
        content=material.data,
        n_test=len(test.ids),
        n_test_patients=len(np.unique(test.patients)),
        prevalence={
            name: float(column.mean()) if column.size else float("nan")
            for name, column in zip(material.classes, known, strict=True)
        },
        positives={name: int(column.sum()) for name, column in zip(material.classes, known, strict=True)},
    )


def _exploratory(frozen: FrozenStudy, name: str) -> tuple[str, ...]:
    other = (f"the analysis plan {name} was written beside the one that was frozen before the runs",) if name else ()
    return (*frozen.exploratory(), *other)
