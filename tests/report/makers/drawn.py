"""Random analyses: random scores and plans, with statistics computed from them as the analysis does, without files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cxr_report.analysis.assemble import labels
from cxr_report.analysis.comparisons import PairedScores, summarise
from cxr_report.analysis.value import (
    AbsentClass,
    Analysis,
    Control,
    DataSummary,
    Diverged,
    Interval,
    LeftOut,
    RunSummary,
)
from cxr_report.metrics import METRICS
from cxr_report.study import Study, parse

from .statistics import Cases, Spread, computed
from .tuning import tune

NAN = float("nan")
SOFTMAX = {
    "cross-entropy": {"loss": "cross-entropy"},
    "weighted": {"loss": "weighted-cross-entropy"},
    "focal": {"loss": "focal"},
    "focal-5": {"loss": "focal", "gamma": 5.0},
    "smoothing": {"loss": "label-smoothing", "label": "LS (0.1)"},
    "smoothing-3": {"loss": "label-smoothing", "epsilon": 0.3, "training": {"learning_rate": 1e-3}},
}
SIGMOID = {
    "bce": {"loss": "bce", "label": "BCE & co <1>"},
    "weighted": {"loss": "weighted-bce"},
    "focal": {"loss": "sigmoid-focal"},
    "focal-5": {"loss": "sigmoid-focal", "gamma": 5.0},
    "weighted-2": {"loss": "weighted-bce", "power": 2.0},
    "half": {"loss": "weighted-bce", "power": 0.5, "training": {"weight_decay": 0.1}},
}
METRIC_CHOICE = (
    "auroc", "brier", "log_loss", "balanced_accuracy", "mcc", "f1", "kappa", "average_precision", "sensitivity_youden",
    "ece",
)  # fmt: skip


def random_analysis(seed: int) -> Analysis:
    """Make an analysis up; equal seeds give equal analyses, and one in four has tuning."""
    analysis = _untuned(seed)
    return tune(analysis, seed) if np.random.default_rng([seed, 8]).random() < 0.25 else analysis


def _untuned(seed: int) -> Analysis:
    rng = np.random.default_rng(seed)
    study = _study(rng)
    plan, losses, metrics = study.analysis, tuple(study.losses), (study.metrics.primary, *study.metrics.secondary)
    classes = ("normal", "pneumonia") if study.task == "binary" else ("no_finding", "pneumonia", "covid19")
    states = _states(study, rng)
    finished = _kept(study, states, {"done"})
    kept = _kept(study, states, {"done", "diverged"}) if plan.on_diverged == "worst-score" else finished
    gap = 10.0 ** rng.uniform(-4, -0.8)
    whole = {metric: _values(metric, kept, losses, gap, rng) for metric in metrics}
    table = {metric: _imputed(scores, states) for metric, scores in whole.items()}
    primary = metrics[0]
    having = METRICS[primary].per_class if study.task == "multiclass" else METRICS[primary].per_finding
    per_class = classes if study.task != "binary" and having else ()
    summaries = [entry for metric in metrics for entry in summarise(table[metric], alpha=plan.alpha)]
    for klass in per_class:
        values = _values(primary, kept, losses, gap, rng, klass)
        summaries += summarise(values, alpha=plan.alpha)
    n_test = int(rng.integers(20, 30_000))
    n_patients = int(rng.integers(2, n_test + 1))
    gone = {key: state for key, state in states.items() if state == "diverged"}
    spreads = {metric: _spread(rng) for metric in metrics if metric != "ece" and rng.random() < 0.85}
    return Analysis(
        format=2,
        program="0.1.0",
        study=study,
        losses=losses,
        labels=labels(study),
        seeds=kept,
        planned_seeds=study.seeds,
        classes=classes,
        metrics=metrics,
        partial="missing" in states.values(),
        missing=("focal/seed-0001/export.json",) if "missing" in states.values() else (),
        exploratory=("seeds 4, 5 added after a first analysis",) if rng.random() < 0.2 else (),
        plan_sha256="0" * 64,
        data=DataSummary(
            {"patients": {"known": bool(rng.random() < 0.8)}},
            n_test,
            n_patients,
            dict.fromkeys(classes, 0.4),
            {name: int(rng.integers(0, 80)) for name in classes},
        ),
        runs=tuple(
            RunSummary(loss, s, state, 0, {}, Interval(NAN, NAN, NAN), NAN, 0) for (loss, s), state in states.items()
        ),
        summaries=tuple(summaries),
        controls=_controls(table[primary], per_class if primary == "auroc" else (), rng),
        diverged=tuple(Diverged(loss, s, 2, "the loss became NaN") for loss, s in gone),
        curves=(),
        confusions=(),
        thresholds={},
        inputs={},
        imputed=dict.fromkeys(metrics, 0.5) if gone and plan.on_diverged == "worst-score" else {},
        left_out=_left_out(study, states),
        absent=_absent(classes, rng) if rng.random() < 0.2 else (),
        **computed(
            study,
            table,
            spreads,
            Cases.count(n_test, n_patients),
            {metric: _only(scores, finished) for metric, scores in whole.items()},
        ),
    )


def _kept(study: Study, states: dict[tuple[str, int], Any], enough: set[str]) -> tuple[int, ...]:
    return tuple(s for s in study.seeds if all(states[loss, s] in enough for loss in study.losses))


def _only(scores: PairedScores, seeds: tuple[int, ...]) -> PairedScores:
    rows = [place for place, seed in enumerate(scores.seeds) if seed in seeds]
    return replace(scores, seeds=seeds, values=scores.values[rows])


def _imputed(scores: PairedScores, states: dict[tuple[str, int], Any]) -> PairedScores:
    """Give diverged runs the worst of all scores."""
    values = scores.values.copy()
    if values.size and np.isfinite(values).any():
        worst = np.nanmin(values) if METRICS[scores.metric].higher_is_better else np.nanmax(values)
        for i, seed in enumerate(scores.seeds):
            for j, loss in enumerate(scores.losses):
                values[i, j] = worst if states[loss, seed] == "diverged" else values[i, j]
    return replace(scores, values=values)


def _spread(rng: np.random.Generator) -> Spread:
    error = 10.0 ** rng.uniform(-6.5, -3.3)
    cov3 = error * rng.uniform(0.5, 0.7)
    return Spread(error, error * rng.uniform(0.7, 0.9), cov3 + error * float(rng.choice([0.0, 0.02, 0.1])), cov3)


def _left_out(study: Study, states: dict[tuple[str, int], Any]) -> tuple[LeftOut, ...]:
    found = []
    for seed in study.seeds:
        lacking = {
            state: tuple(loss for loss in study.losses if states[loss, seed] == state) for state in set(states.values())
        }
        if lacking.get("missing"):
            found.append(LeftOut(seed, lacking["missing"], "missing", "left out of every comparison"))
        elif lacking.get("diverged"):
            worst = study.analysis.on_diverged == "worst-score"
            how: Any = "given the worst score in the tests over seeds" if worst else "left out of every comparison"
            found.append(LeftOut(seed, lacking["diverged"], "diverged", how))
    return tuple(found)


def _absent(classes: tuple[str, ...], rng: np.random.Generator) -> tuple[AbsentClass, ...]:
    splits = ["test", "val"][: int(rng.integers(1, 3))]
    return tuple(AbsentClass(split, classes[-1], str(rng.choice(["positive", "negative"]))) for split in splits)


def _study(rng: np.random.Generator) -> Study:
    task = str(rng.choice(["binary", "multiclass", "multilabel"]))
    pool: dict[str, Any] = SIGMOID if task == "multilabel" else SOFTMAX
    k = int(rng.integers(2, 7))
    names = [str(name) for name in rng.permutation(list(pool))[:k]]
    chosen = [str(name) for name in rng.permutation(METRIC_CHOICE)[: int(rng.integers(1, 5))]]
    manifest = {"source": "manifest", "path": "m.csv", "classes": ["normal", "pneumonia"]}
    data = {"source": "phantom"} if rng.random() < 0.5 else manifest
    if task == "binary" and data is manifest:
        data = {**manifest, "positive": "pneumonia"}
    return parse(
        {
            "name": "random",
            "task": task,
            "data": {**data, "allow_leakage": bool(rng.random() < 0.2)},
            "losses": {name: pool[name] for name in names},
            "seeds": int(rng.integers(2, 13)),
            "metrics": {"primary": chosen[0], "secondary": chosen[1:]},
            "analysis": {
                "alpha": float(rng.choice([0.05, 0.01, 0.1, 0.001])),
                "adjustment": str(rng.choice(["none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by"])),
                "margin": float(rng.choice([0.01, 0.05])),
                "on_diverged": str(rng.choice(["drop-seed", "worst-score"])),
                "family": str(rng.choice(["baseline", "all"])),
                "baseline": str(rng.choice(names)),
                "omnibus": str(rng.choice(["mrmc", "mrmc", "iman-davenport", "friedman", "rm-anova", "mixed-model"])),
                "hierarchy": chosen[1 : 1 + int(rng.integers(0, len(chosen)))],
            },
        },
        "study.toml",
    )


def _states(study: Study, rng: np.random.Generator) -> dict[tuple[str, int], Any]:
    states: dict[tuple[str, int], Any] = {(loss, s): "done" for loss in study.losses for s in study.seeds}
    keys = list(states)
    kind = rng.random()
    if kind < 0.3:
        for place in rng.integers(0, len(keys), int(rng.integers(1, 4))):
            states[keys[place]] = "diverged"
    if kind > 0.2 and kind < 0.35:
        states[keys[int(rng.integers(0, len(keys)))]] = "missing"
    return states


def _values(
    metric: str, seeds: tuple[int, ...], losses: tuple[str, ...], gap: float, rng: np.random.Generator, klass: str = ""
) -> PairedScores:
    base = 0.75 + 0.1 * rng.random()
    effects, noise = gap * rng.normal(size=len(losses)), 10.0 ** rng.uniform(-3.5, -1.3)
    shape = (len(seeds), len(losses))
    table = base + effects + 0.01 * rng.normal(size=(len(seeds), 1)) + noise * rng.normal(size=shape)
    kind = rng.random()
    if kind < 0.05:
        table[:] = base
    elif kind < 0.1:
        table[:] = base + 0.01 * np.arange(len(losses)) + 0.01 * rng.normal(size=(len(seeds), 1))
    elif kind < 0.15:
        table = np.round(table, 2)
    elif kind < 0.2 and len(seeds):
        table[0, 0] = NAN
    elif kind < 0.23:
        table[:] = NAN
    return PairedScores(metric, klass, losses, seeds, np.clip(table, 0, 1))


def _controls(scores: PairedScores, classes: tuple[str, ...], rng: np.random.Generator) -> tuple[Control, ...]:
    names = ("pixels", "metadata") if rng.random() < 0.5 else ("pixels",)
    found = []
    for name in names:
        middle = float(np.nan_to_num(np.nanmean(scores.values), nan=0.7)) if np.isfinite(scores.values).any() else 0.7
        value = float(np.clip(middle + 0.05 * rng.normal(), 0, 1))
        area = Interval(value, value - 0.04, value + 0.04) if rng.random() < 0.8 else Interval(value, NAN, NAN)
        per_class = {klass: float(rng.uniform(0.7, 0.9)) for klass in classes}
        found.append(Control(name, {scores.metric: value}, area, per_class))  # type: ignore[arg-type]
    return tuple(found)
