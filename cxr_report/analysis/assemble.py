"""A study's material and scores in, the Analysis out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from cxr_report.analysis.areas import intervals
from cxr_report.analysis.calibration import calibrations
from cxr_report.analysis.classes import class_comparisons
from cxr_report.analysis.comparisons import compare, smallest, summarise
from cxr_report.analysis.completeness import absent, left_out
from cxr_report.analysis.context import Context
from cxr_report.analysis.curves import confusions, learning_curves, pr_curves, roc_curves
from cxr_report.analysis.ensembles import ensembles
from cxr_report.analysis.equivalence import equivalences, seeds_equivalences
from cxr_report.analysis.external import external_tests
from cxr_report.analysis.fidelity import agreements, conclusions
from cxr_report.analysis.floor import seed_floor, twins
from cxr_report.analysis.gather import Material
from cxr_report.analysis.joint import covariances, fits, joint, without_joint
from cxr_report.analysis.label_changes import label_changes
from cxr_report.analysis.multiverse import multiverse
from cxr_report.analysis.null_rates import null_rates
from cxr_report.analysis.omnibus import omnibus
from cxr_report.analysis.planning import planning
from cxr_report.analysis.rankings import rankings
from cxr_report.analysis.scoring import CONTROL_PREFIX, ScoredRun, worst
from cxr_report.analysis.subgroups import subgroups
from cxr_report.analysis.survey import CONTROLS
from cxr_report.analysis.value import (
    BOTH,
    CASES,
    Analysis,
    Control,
    CurveSet,
    DataSummary,
    Interval,
    Joint,
    LossSummary,
    ModelSize,
    Pair,
    RunSummary,
)
from cxr_report.analysis.variance import variances
from cxr_report.ledger import FrozenStudy
from cxr_report.losses import CATALOGUE
from cxr_report.metrics import METRICS
from cxr_report.metrics.scoring import has_classes
from cxr_report.study import Report, Study

__all__ = ["FORMAT", "assemble", "labels"]

FORMAT = 7
"""Of statistics.json; an analysis of another format is redone."""


def assemble(
    frozen: FrozenStudy,
    context: Context,
    controls: tuple[ScoredRun, ...],
    *,
    name: str,
    program: str,
    inputs: Mapping[str, str],
    external: Mapping[str, Context] | None = None,
) -> Analysis:
    """Compute everything that the report says.

    Args:
        frozen: plan and ledger.
        context: the study as it is analysed (with the frozen plan, or with another one), its files and scores.
        controls: every metric of the controls.
        name: of the analysis, where it follows another plan; empty otherwise.
        program: version of cxr_report.
        inputs: file -> sha256.
        external: external test set -> the study on its cases.
    """
    study, material = context.study, context.material
    tables = {metric: context.paired(metric) for metric in context.metrics}
    found = covariances(context, context.metrics)
    both, fixed = fits(context, found, target=BOTH), fits(context, found, target=CASES)
    joints, cases, pairs = joint(context, both), joint(context, fixed), compare(tables, study)
    return Analysis(
        format=FORMAT,
        program=program,
        study=study.model_copy(update={"report": Report()}),
        losses=context.losses,
        labels=labels(study),
        seeds=context.seeds,
        planned_seeds=study.seeds,
        classes=material.classes,
        metrics=context.metrics,
        partial=bool(context.found.missing),
        missing=context.found.missing,
        exploratory=_exploratory(frozen, name),
        plan_sha256=frozen.plan_sha256,
        data=_data(study, material),
        runs=_runs(frozen.study, context),
        summaries=_summaries(context),
        omnibus=tuple(
            test
            for metric in context.metrics
            for test in omnibus(tables[metric], study, _of(joints, metric), _of(cases, metric))
        ),
        pairs=pairs,
        smallest_wilcoxon_p=_smallest(context, "wilcoxon"),
        smallest_friedman_p=_smallest(context, "friedman"),
        controls=_controls(study, material, controls),
        diverged=material.diverged,
        curves=_curves(study, context.losses, material),
        confusions=confusions(study.task, context.losses, material) if study.decides else (),
        thresholds={f"{run.loss}/{run.seed}": run.thresholds for run in context.scored},
        inputs=dict(inputs),
        agreements=agreements(context, conclusions(context, joints, cases, pairs)),
        name=name,
        selected_by=frozen.study.metrics.primary,
        joint=joints,
        without_joint=without_joint(found, len(context.losses)),
        cases=cases,
        class_comparisons=class_comparisons(context),
        rankings=rankings(tables, study),
        variances=variances(both, len(context.test.ids)),
        planning=planning(joints, study),
        equivalences=equivalences(both.get(study.metrics.primary), study),
        seeds_equivalences=seeds_equivalences(tables[study.metrics.primary], study),
        calibrations=calibrations(context),
        subgroups=subgroups(context),
        twins=twins(context),
        seed_floor=seed_floor(context),
        null_rates=null_rates(context, both[study.metrics.primary]) if study.metrics.primary in both else (),
        multiverse=multiverse(context, found, pairs),
        sensitivity=_sensitivity(context),
        left_out=left_out(context),
        sizes=_sizes(material),
        absent=absent(context),
        ensembles=ensembles(context),
        label_changes=label_changes(context),
        external=external_tests(frozen, context, found, external or {}),
        imputed={metric: worst(context.scored, metric) for metric in context.metrics}
        if context.imputing and material.diverged
        else {},
    )


def _curves(study: Study, losses: tuple[str, ...], material: Material) -> tuple[CurveSet, ...]:
    """Draw what there is: learning curves of runs that were trained here, the others of predictions."""
    learning = learning_curves(losses, material) if study.trained else ()
    if not study.predicted:
        return learning
    return (*learning, *roc_curves(study.task, losses, material), *pr_curves(study.task, losses, material))


def _sizes(material: Material) -> tuple[ModelSize, ...]:
    """Collect the different sizes of the networks, where every run tells its own."""
    found = [run.size for run in material.runs]
    told = {size for size in found if size is not None}
    order = sorted(told, key=lambda size: (size.parameters, size.multiply_accumulates or 0))
    return tuple(order) if None not in found else ()


def _sensitivity(context: Context) -> tuple[Pair, ...]:
    """Compare the losses over seeds under the other rule for diverged runs, where there are any."""
    if not context.material.diverged:
        return ()
    other = context.under_the_other_rule()
    primary = other.study.metrics.primary
    return compare({primary: other.paired(primary)}, other.study)


def _of(found: Sequence[Joint], metric: str) -> Joint | None:
    return next((each for each in found if each.metric == metric), None)


def _smallest(context: Context, test: str) -> float:
    return smallest(
        test,
        len(context.seeds),
        comparisons=context.family.size,
        n_losses=len(context.losses),
        adjustment=context.study.analysis.adjustment,
    )


def labels(study: Study) -> dict[str, str]:
    """Name every loss as the report calls it: its own label, or the catalogue's title, told apart by parameters.

    Losses of the noise floor have names too.
    """
    titles = {name: _title(study, name) for name in (*study.losses, *study.noise_floor.identical)}
    wanted = list(titles.values())
    doubled = {name: title for name, title in titles.items() if wanted.count(title) > 1}
    for name, title in doubled.items():
        parameters = study.entry(name).parameters
        if study.entry(name).label is None and parameters:
            told = ", ".join(f"{key} = {value:g}" for key, value in parameters.items())
            titles[name] = f"{title} ({told})"
    final = list(titles.values())
    return {name: title if final.count(title) == 1 else f"{title} [{name}]" for name, title in titles.items()}


def _title(study: Study, name: str) -> str:
    loss = study.entry(name)
    entry = CATALOGUE.get(loss.loss or "")
    return loss.label or (entry.title.partition(" (")[0] if entry is not None else name)


def _summaries(context: Context) -> tuple[LossSummary, ...]:
    study = context.study
    kinds = [
        (name, klass) for name in study.scored_metrics() for klass in ("", *(_classes(study, context.material, name)))
    ]
    return tuple(
        chain.from_iterable(
            summarise(context.paired(metric, klass), alpha=study.analysis.alpha) for metric, klass in kinds
        )
    )


def _classes(study: Study, material: Material, metric: str) -> tuple[str, ...]:
    return material.classes if study.predicted and has_classes(METRICS[metric], study.task) else ()


def _runs(trained: Study, context: Context) -> tuple[RunSummary, ...]:
    study, material, nan = context.study, context.material, float("nan")
    none = Interval(nan, nan, nan)
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
        for run, scores, area in zip(material.runs, () if material.given else context.scored, areas, strict=True)
    }
    given = {run: RunSummary(*run, "done", 0, dict(values), none, nan, 0) for run, values in material.given.items()}
    return tuple(
        {**done, **given}.get((loss, seed)) or RunSummary(loss, seed, state, 0, {}, none, nan, 0)
        for (loss, seed), state in context.found.states().items()
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
