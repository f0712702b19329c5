"""Random analyses: random scores and plans, with statistics computed from them as the analysis does, without files."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cxr_report.analysis.assemble import labels
from cxr_report.analysis.comparisons import PairedScores, adjusted, compare, omnibus_test, smallest, summarise, verdict
from cxr_report.analysis.value import (
    Analysis,
    Control,
    DataSummary,
    Diverged,
    Interval,
    Joint,
    JointMean,
    JointPair,
    RunSummary,
)
from cxr_report.metrics import METRICS
from cxr_report.study import Study, parse

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
)  # fmt: skip


def random_analysis(seed: int) -> Analysis:
    """Make an analysis up; equal seeds give equal analyses."""
    rng = np.random.default_rng(seed)
    study = _study(rng)
    losses, metrics = tuple(study.losses), (study.metrics.primary, *study.metrics.secondary)
    classes = ("normal", "pneumonia") if study.task == "binary" else ("no_finding", "pneumonia", "covid19")
    states = _states(study, rng)
    enough = {"done"} if study.analysis.on_diverged == "drop-seed" else {"done", "diverged"}
    kept = tuple(s for s in study.seeds if all(states[loss, s] in enough for loss in losses))
    gap = 10.0 ** rng.uniform(-4, -0.8)
    table = {metric: _values(metric, kept, losses, gap, rng) for metric in metrics}
    primary = metrics[0]
    having = METRICS[primary].per_class if study.task == "multiclass" else METRICS[primary].per_finding
    per_class = classes if study.task != "binary" and having else ()
    summaries = [entry for metric in metrics for entry in summarise(table[metric], alpha=study.analysis.alpha)]
    for klass in per_class:
        values = _values(primary, kept, losses, gap, rng, klass)
        summaries += summarise(values, alpha=study.analysis.alpha)
    n_test = int(rng.integers(20, 30_000))
    n_patients = int(rng.integers(2, n_test + 1))
    plan = study.analysis
    return Analysis(
        format=1,
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
        omnibus=tuple(omnibus_test(table[m], alpha=plan.alpha, primary=m == primary) for m in metrics),
        pairs=tuple(pair for m in metrics for pair in compare(table[m], plan=plan, primary=m == primary)),
        smallest_wilcoxon_p=smallest("wilcoxon", len(kept), n_losses=len(losses), adjustment=plan.adjustment),
        smallest_friedman_p=smallest("friedman", len(kept), n_losses=len(losses), adjustment=plan.adjustment),
        controls=_controls(table[primary], per_class if primary == "auroc" else (), rng),
        diverged=tuple(
            Diverged(loss, s, 2, "the loss became NaN") for (loss, s), state in states.items() if state == "diverged"
        ),
        curves=(),
        confusions=(),
        thresholds={},
        inputs={},
        joint=_joint(study, n_test, n_patients, rng) if rng.random() < 0.7 else (),
    )


def _study(rng: np.random.Generator) -> Study:
    task = str(rng.choice(["binary", "multiclass", "multilabel"]))
    pool: dict[str, Any] = SIGMOID if task == "multilabel" else SOFTMAX
    k = int(rng.integers(2, 7))
    names = [str(name) for name in rng.permutation(list(pool))[:k]]
    chosen = [str(name) for name in rng.permutation(METRIC_CHOICE)[: int(rng.integers(1, 4))]]
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
    effects = gap * rng.normal(size=len(losses))
    shape = (len(seeds), len(losses))
    table = base + effects + 0.01 * rng.normal(size=(len(seeds), 1)) + 0.01 * rng.normal(size=shape)
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


def _joint(study: Study, cases: int, patients: int, rng: np.random.Generator) -> tuple[Joint, ...]:
    losses, plan = tuple(study.losses), study.analysis
    means = 0.85 + 0.03 * rng.normal(size=len(losses))
    places = [(i, j) for i in range(len(losses)) for j in range(i + 1, len(losses))]
    raw = [float(p) for p in rng.random(len(places)) ** 4]
    pairs = []
    for (i, j), p, p_adjusted in zip(places, raw, adjusted(raw, plan.adjustment), strict=True):
        d = float(means[i] - means[j])
        said = verdict(d, p_adjusted, alpha=plan.alpha, higher_is_better=True)
        row = JointPair(losses[i], losses[j], d, 0.01, 17.3, d / 0.01, p, p_adjusted, d - 0.02, d + 0.02, said)
        pairs.append(row)
    p = float(rng.random() ** 3) if rng.random() < 0.9 else NAN
    f, df2 = float(rng.random() * 9), float(rng.choice([12.0, 17.31, math.inf]))
    rows = tuple(
        JointMean(loss, float(m), 0.01, 9.3, float(m) - 0.02, float(m) + 0.02)
        for loss, m in zip(losses, means, strict=True)
    )
    rejected = bool(p <= plan.alpha)
    return (
        Joint(
            metric="auroc",
            primary=study.metrics.primary == "auroc",
            covariance="delong",
            n_seeds=int(rng.integers(2, 11)),
            n_cases=cases,
            n_patients=patients,
            f=f,
            df1=float(len(losses) - 1),
            df2=df2,
            p=p,
            rejected=rejected,
            var_seed=1e-5,
            var_loss_seed=1e-5,
            var_error=4e-4,
            cov1=2e-4,
            cov2=float(rng.choice([1.9e-4, 2e-4, 2.1e-4])),
            cov3=2e-4,
            means=rows,
            pairs=tuple(pairs),
            note="the error term is 0" if math.isnan(p) else "",
        ),
    )
