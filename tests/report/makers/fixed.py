"""A made-up Analysis of any size, so that the report can be looked at without training, predicting or analysing."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxr_report.analysis.comparisons import PairedScores, summarise
from cxr_report.analysis.value import (
    AbsentClass,
    Analysis,
    Control,
    DataSummary,
    Diverged,
    Interval,
    LeftOut,
    LossSummary,
    RunSummary,
)
from cxr_report.metrics import METRICS
from cxr_report.report.tables import Body, Column, Table
from cxr_report.report.tables.table import plain
from cxr_report.study import Study, parse

from .further import enriched
from .parts import confusions, curves, data
from .statistics import Cases, Spread, computed

SOFTMAX = ("cross-entropy", "weighted-cross-entropy", "focal", "label-smoothing")
SIGMOID = ("bce", "weighted-bce", "sigmoid-focal")
FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How large the made-up analysis is, and what is odd about it."""

    task: str = "multiclass"
    losses: int = 4
    seeds: int = 5
    classes: int = 3
    secondary: tuple[str, ...] = ("balanced_accuracy", "average_precision", "brier")
    long_names: bool = False
    source: str = "manifest"
    undefined: tuple[str, ...] = ()
    """Metrics that are NaN everywhere."""
    diverged: int = 0
    partial: bool = False
    exploratory: tuple[str, ...] = ()
    title: str = "Four loss functions for the classification of chest radiographs"
    class_names: tuple[str, ...] = ()
    metadata_control: bool = True
    joint: bool = True
    """Whether there is a covariance over cases."""
    epochs: int = 30
    family: str = "baseline"
    hierarchy: tuple[str, ...] = ()
    absent: tuple[AbsentClass, ...] = ()


def _study(shape: Shape) -> Study:
    pool = SIGMOID if shape.task == "multilabel" else SOFTMAX
    losses: dict[str, Any] = {}
    for place in range(shape.losses):
        kind = pool[place % len(pool)]
        name = kind if place < len(pool) else f"{kind}-{place}"
        losses[name] = {"loss": kind}
        if shape.long_names:
            losses[name]["label"] = f"{kind} with a rather long name of the author's own, variant {place + 1}"
    if shape.losses > 2:
        losses[list(losses)[2]]["training"] = {"learning_rate": 1e-3}
    data: dict[str, Any] = {"source": shape.source}
    if shape.source != "phantom":
        data |= {"path": "manifest.csv", "classes": list(_classes(shape))}
        data |= {"positive": _classes(shape)[1]} if shape.task == "binary" else {}
    return parse(
        {
            "name": "example",
            "task": shape.task,
            "data": data,
            "losses": losses,
            "seeds": shape.seeds,
            "training": {"epochs": shape.epochs},
            "metrics": {"primary": "auroc", "secondary": list(shape.secondary)},
            "analysis": {"family": shape.family, "hierarchy": list(shape.hierarchy)},
            "report": {"title": shape.title, "authors": ["A. First", "B. Second", "C. Third"]},
        },
        "study.toml",
    )


def _classes(shape: Shape) -> tuple[str, ...]:
    if shape.class_names:
        return shape.class_names
    if shape.task == "multilabel":
        return FINDINGS[: shape.classes]
    if shape.task == "binary":
        return ("normal", "pneumonia")
    return ("no_finding", "pneumonia", "covid19", "effusion", "nodule")[: shape.classes]


@functools.cache
def build(shape: Shape) -> Analysis:
    """Make up an analysis: values drawn at random, tests computed from them."""
    study, classes, rng = _study(shape), _classes(shape), np.random.default_rng(7)
    losses, metrics = tuple(study.losses), ("auroc", *shape.secondary)
    wanted = tuple(name for name in METRICS if shape.task in METRICS[name].tasks)
    scores = {
        (loss, metric): np.full(shape.seeds, math.nan)
        if metric in shape.undefined
        else _scores(metric, place, shape.seeds, rng)
        for place, loss in enumerate(losses)
        for metric in wanted
    }
    gone = [(losses[-1], study.seeds[place]) for place in range(shape.diverged)]
    seeds = tuple(seed for seed in study.seeds if seed not in {seed for _, seed in gone})
    keep = [place for place, seed in enumerate(study.seeds) if seed in seeds]
    paired = {key: values[keep] for key, values in scores.items()}
    tables = {metric: _table(metric, losses, seeds, paired) for metric in metrics}
    spreads = {metric: Spread() for metric in metrics if shape.joint and metric != "ece"}
    cases = 224
    bare = Analysis(
        format=2,
        program="0.1.0",
        study=study,
        losses=losses,
        labels={name: loss.label or name for name, loss in study.losses.items()},
        seeds=seeds,
        planned_seeds=study.seeds,
        classes=classes,
        metrics=metrics,
        partial=shape.partial,
        missing=("focal/seed-0004/predictions-test.npz",) if shape.partial else (),
        exploratory=shape.exploratory,
        plan_sha256="4f" * 32,
        data=DataSummary(
            data(shape.task, shape.source, classes), cases, 160, {name: 1 / (n + 2) for n, name in enumerate(classes)}
        ),
        runs=tuple(
            _run(loss, seed, place, scores, wanted, gone) for loss in losses for place, seed in enumerate(study.seeds)
        ),
        summaries=tuple(_summaries(losses, classes, paired, wanted, shape, rng)),
        controls=tuple(_controls(shape, wanted)),
        diverged=tuple(Diverged(loss, seed, 7, "the training loss became NaN") for loss, seed in gone),
        curves=tuple(curves(shape.epochs, shape.task, losses, classes, rng)),
        confusions=tuple(confusions(shape.task, shape.seeds, losses, classes, rng)),
        thresholds={f"{loss}/{seed}": (0.4,) * len(classes) for loss in losses for seed in seeds},
        inputs={"plan": "ab" * 32, "data.json": "cd" * 32, "truth-test.npz": "ef" * 32},
        left_out=tuple(
            LeftOut(seed, (loss,), "diverged", "left out of every comparison") for loss, seed in gone
        ),
        absent=shape.absent,
        **computed(study, tables, spreads, Cases.count(cases, 160)),
    )  # fmt: skip
    return enriched(bare, np.random.default_rng(8))


def _table(
    metric: str, losses: tuple[str, ...], seeds: tuple[int, ...], paired: Mapping[Any, Any], klass: str = ""
) -> PairedScores:
    values = np.array([paired[loss, metric] for loss in losses]).T
    return PairedScores(metric, klass, losses, seeds, values.reshape(len(seeds), len(losses)))


def _scores(metric: str, place: int, seeds: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    if not METRICS[metric].higher_is_better:
        return 0.25 - 0.02 * place + 0.02 * rng.normal(size=seeds)
    return np.clip(0.88 + 0.012 * min(place, 6) + 0.009 * rng.normal(size=seeds), 0, 1)


def _run(
    loss: str, seed: int, place: int, scores: dict[Any, Any], wanted: tuple[str, ...], gone: list[tuple[str, int]]
) -> RunSummary:
    nothing = Interval(math.nan, math.nan, math.nan)
    if (loss, seed) in gone:
        return RunSummary(loss, seed, "diverged", 0, dict.fromkeys(wanted, math.nan), nothing, math.nan, 0)
    values = {metric: float(scores[loss, metric][place]) for metric in wanted}
    auroc = values["auroc"]
    return RunSummary(
        loss, seed, "done", 12 + place, values, Interval(auroc, auroc - 0.03, min(1.0, auroc + 0.02)), 3.2e-6, 0
    )


def _summaries(
    losses: tuple[str, ...],
    classes: tuple[str, ...],
    paired: dict[Any, Any],
    wanted: tuple[str, ...],
    shape: Shape,
    rng: np.random.Generator,
) -> list[LossSummary]:
    found = []
    for loss, metric in itertools.product(losses, wanted):
        own = METRICS[metric].per_finding if shape.task == "multilabel" else METRICS[metric].per_class
        for klass in ("", *(classes if own and shape.task != "binary" else ())):
            values = paired[loss, metric] + (0.03 * rng.normal() if klass else 0.0)
            scores = PairedScores(metric, klass, (loss,), (), np.minimum(values, 1.0)[:, None])
            found += summarise(scores, alpha=0.05)
    return found


def _controls(shape: Shape, wanted: tuple[str, ...]) -> list[Control]:
    names = ("pixels", "metadata") if shape.metadata_control else ("pixels",)
    found = []
    for name in names:
        values = {metric: (0.74 if METRICS[metric].higher_is_better else 0.45) for metric in wanted}
        values |= dict.fromkeys(shape.undefined, math.nan)
        found.append(Control(name, values, Interval(0.74, 0.69, 0.79)))  # type: ignore[arg-type]
    return found


def machine_table(device: str = "a laptop") -> Table:
    """Make up the table that the runs' records feed."""
    columns = (Column("fact", "Fact", "text"), Column("value", "Value", "text"))
    rows = ((plain("Device of training"), plain(device)), (plain("torch"), plain("2.13.0")))
    return Table("time-and-machine", "", "Dates, devices", "n = 20 runs", columns, (Body(rows),))
