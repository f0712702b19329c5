"""A made-up Analysis of any size, so that the report can be looked at without training, predicting or analysing."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import stats

from cxr_report.analysis import analyse
from cxr_report.analysis.value import (
    Analysis,
    Confusion,
    Control,
    Curve,
    CurveSet,
    DataSummary,
    Diverged,
    Interval,
    Joint,
    JointMean,
    JointPair,
    LossSummary,
    Omnibus,
    Pair,
    RunSummary,
)
from cxr_report.metrics import METRICS
from cxr_report.report import document, page, pdf
from cxr_report.report.tables import Body, Column, Table
from cxr_report.report.tables.table import plain
from cxr_report.runs import StudyFolder
from cxr_report.study import Study, parse

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
    epochs: int = 30


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
    cases = 224
    return Analysis(
        format=1,
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
        data=DataSummary(_data(shape, classes), cases, 160, {name: 1 / (n + 2) for n, name in enumerate(classes)}),
        runs=tuple(
            _run(loss, seed, place, scores, wanted, gone) for loss in losses for place, seed in enumerate(study.seeds)
        ),
        summaries=tuple(_summaries(losses, classes, paired, wanted, shape, rng)),
        omnibus=tuple(_omnibus(metric, losses, paired) for metric in metrics),
        pairs=tuple(_pairs(losses, metrics, paired)),
        smallest_wilcoxon_p=min(1.0, math.comb(shape.losses, 2) * 2.0 ** (1 - len(seeds))),
        smallest_friedman_p=math.factorial(shape.losses) ** (1.0 - len(seeds)),
        controls=tuple(_controls(shape, wanted)),
        diverged=tuple(Diverged(loss, seed, 7, "the training loss became NaN") for loss, seed in gone),
        curves=tuple(_curves(shape, losses, classes, rng)),
        confusions=tuple(_confusions(shape, losses, classes, rng)),
        thresholds={f"{loss}/{seed}": (0.4,) * len(classes) for loss in losses for seed in seeds},
        inputs={"plan": "ab" * 32, "data.json": "cd" * 32, "truth-test.npz": "ef" * 32},
        joint=(_joint(losses, paired, shape, cases),) if shape.joint else (),
    )  # fmt: skip


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
            found.append(_summary(loss, metric, klass, np.minimum(values, 1.0)))
    return found


def _summary(loss: str, metric: str, klass: str, values: np.ndarray[Any, Any]) -> LossSummary:
    n, mean = len(values), float(values.mean())
    sd = float(values.std(ddof=1))
    half = float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)
    note = "" if math.isfinite(mean) else "undefined: no positive case"
    return LossSummary(
        loss, metric, klass, n, mean, sd, float(np.median(values)), mean - half, mean + half,
        tuple(map(float, values)), note,
    )  # fmt: skip


def _omnibus(metric: str, losses: tuple[str, ...], paired: dict[Any, Any]) -> Omnibus:
    table = np.array([paired[loss, metric] for loss in losses]).T
    n, k = table.shape
    ranks = tuple(map(float, stats.rankdata(-table, axis=1).mean(axis=0)))
    if np.isnan(table).any():
        gap = math.nan
        return Omnibus(metric, n, k, (gap,) * k, gap, k - 1, gap, gap, gap, k - 1, (k - 1) * (n - 1), gap, "undefined")
    chi2 = 12 * n / (k * (k + 1)) * float(np.square(np.array(ranks) - (k + 1) / 2).sum())
    f = math.inf if n * (k - 1) - chi2 < 1e-9 else (n - 1) * chi2 / (n * (k - 1) - chi2)
    p_f = float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))
    return Omnibus(
        metric, n, k, ranks, chi2, k - 1, float(stats.chi2.sf(chi2, k - 1)), chi2 / (n * (k - 1)), f, k - 1,
        (k - 1) * (n - 1), p_f, "", metric == "auroc", p_f < 0.05,
    )  # fmt: skip


def _pairs(losses: tuple[str, ...], metrics: tuple[str, ...], paired: dict[Any, Any]) -> list[Pair]:
    found = []
    for metric in metrics:
        own = [_pair(metric, a, b, paired) for a, b in itertools.combinations(losses, 2)]
        adjusted = _holm([pair.p_t for pair in own])
        for pair, p in zip(own, adjusted, strict=True):
            better = (pair.difference > 0) == METRICS[metric].higher_is_better
            verdict = "not shown" if not p < 0.05 else "first better" if better else "second better"
            found.append(replace(pair, p_t_adjusted=p, verdict=verdict))
    return found


def _pair(metric: str, first: str, second: str, paired: dict[Any, Any]) -> Pair:
    x = paired[first, metric] - paired[second, metric]
    n, mean, sd = len(x), float(x.mean()), float(x.std(ddof=1))
    t = mean / (sd / math.sqrt(n))
    half = float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)
    defined = math.isfinite(mean)
    w = float(stats.rankdata(np.abs(x))[x > 0].sum()) if defined else math.nan
    p_w = float(stats.wilcoxon(x, method="exact").pvalue) if defined else math.nan
    return Pair(
        metric, first, second, metric == "auroc", n, mean, mean - half, mean + half, sd, t, n - 1,
        float(2 * stats.t.sf(abs(t), n - 1)), math.nan, w, n * (n + 1) / 2 - w, 0, p_w, min(1.0, 6 * p_w),
        mean / sd, mean / sd - 1.1, mean / sd + 1.2, "not shown", "" if defined else "undefined",
    )  # fmt: skip


def _holm(p: list[float]) -> list[float]:
    order = sorted(range(len(p)), key=lambda place: (math.isnan(p[place]), p[place]))
    out, running = [math.nan] * len(p), 0.0
    for rank, place in enumerate(order):
        if math.isnan(p[place]):
            continue
        running = max(running, min(1.0, (len(p) - rank) * p[place]))
        out[place] = running
    return out


def _joint(losses: tuple[str, ...], paired: dict[Any, Any], shape: Shape, cases: int) -> Joint:
    means = {loss: float(paired[loss, "auroc"].mean()) for loss in losses}
    pairs = []
    for a, b in itertools.combinations(losses, 2):
        d, se = means[a] - means[b], 0.008
        p = float(2 * stats.t.sf(abs(d / se), 17.3))
        pairs.append(JointPair(a, b, d, se, 17.3, d / se, p, math.nan, d - 2.1 * se, d + 2.1 * se, "not shown"))
    adjusted = _holm([pair.p for pair in pairs])
    pairs = [
        replace(q, p_adjusted=p, verdict="not shown" if not p < 0.05 else ("first" if d > 0 else "second") + " better")
        for q, p in zip(pairs, adjusted, strict=True)
        for d in (q.difference,)
    ]  # fmt: skip
    return Joint(
        "auroc", True, "delong", shape.seeds, cases, 160, 3.84, 3, 21.4, 0.0239, True, 1.1e-5, 2.2e-5, 4.1e-4,
        2.9e-4, 2.6e-4, 2.5e-4,
        tuple(JointMean(loss, mean, 0.017, 24.1, mean - 0.035, min(1.0, mean + 0.035)) for loss, mean in means.items()),
        tuple(pairs), "",
    )  # fmt: skip


def _controls(shape: Shape, wanted: tuple[str, ...]) -> list[Control]:
    names = ("pixels", "metadata") if shape.metadata_control else ("pixels",)
    found = []
    for name in names:
        values = {metric: (0.74 if METRICS[metric].higher_is_better else 0.45) for metric in wanted}
        values |= dict.fromkeys(shape.undefined, math.nan)
        found.append(Control(name, values, Interval(0.74, 0.69, 0.79)))  # type: ignore[arg-type]
    return found


def _curves(
    shape: Shape, losses: tuple[str, ...], classes: tuple[str, ...], rng: np.random.Generator
) -> list[CurveSet]:
    x = np.arange(1, shape.epochs + 1)
    made = {
        "train_loss": lambda place: (0.9 + 0.1 * place) * np.exp(-0.12 * x) + 0.05,
        "val_loss": lambda place: (0.8 + 0.1 * place) * np.exp(-0.2 * x) + 0.3 + 0.004 * x,
        "val_primary": lambda place: 0.93 + 0.008 * place - 0.3 * np.exp(-0.25 * x),
    }
    sets = [
        CurveSet(
            name, "", "range over seeds",
            tuple(_curve(loss, x, line(n) + 0.01 * rng.normal(size=len(x)), 0.04) for n, loss in enumerate(losses)),
        )
        for name, line in made.items()
    ]  # fmt: skip
    grid = np.linspace(0, 1, 101)
    for klass in ("", *(classes if shape.task != "binary" else ())):
        lines = tuple(
            _curve(loss, grid, grid ** (0.2 / (1 + place) + 0.04 * rng.random()), 0.02)
            for place, loss in enumerate(losses)
        )
        sets.append(CurveSet("roc", klass, "mean plus and minus one SD over seeds", lines))
    return sets


def _curve(loss: str, x: Any, mean: Any, half: float) -> Curve:
    return Curve(
        loss,
        tuple(map(float, x)),
        tuple(map(float, mean)),
        tuple(map(float, mean - half)),
        tuple(map(float, np.minimum(mean + half, 1.2))),
    )


def _confusions(
    shape: Shape, losses: tuple[str, ...], classes: tuple[str, ...], rng: np.random.Generator
) -> list[Confusion]:
    found = []
    for loss in losses:
        if shape.task == "multilabel":
            for klass in classes:
                cells = rng.integers(5, 90, (2, 2)) + 150 * np.eye(2, dtype=int)
                found.append(Confusion(loss, klass, tuple(tuple(map(int, row)) for row in cells), shape.seeds))
        else:
            cells = rng.integers(5, 60, (len(classes),) * 2) + 300 * np.eye(len(classes), dtype=int)
            found.append(Confusion(loss, "", tuple(tuple(map(int, row)) for row in cells), shape.seeds))
    return found


def _data(shape: Shape, classes: tuple[str, ...]) -> dict[str, Any]:
    sizes = {"train": 669, "val": 224, "test": 224}
    none = {"count": 0, "list": []}
    borders = ("train-val", "train-test", "val-test")
    return {
        "format": 1,
        "task": shape.task,
        "source": {"kind": shape.source, "name": "" if shape.source == "phantom" else "manifest.csv"},
        "synthetic": shape.source == "phantom",
        "classes": list(classes),
        "fingerprint": "9a" * 32,
        "splits": {
            split: {
                "cases": size,
                "patients": int(size * 0.7),
                "positive": {name: size // (place + 2) for place, name in enumerate(classes)},
                "negative": {name: size - size // (place + 2) for place, name in enumerate(classes)},
                "unknown": dict.fromkeys(classes, 12 if shape.task == "multilabel" else 0),
                "demographics": {
                    "sex": {"F": size // 2, "M": size // 3, "unknown": size - size // 2 - size // 3},
                    "age": {
                        "known": size,
                        "unknown": 0,
                        "mean": 47.3,
                        "sd": 16.2,
                        "median": 49.0,
                        "min": 2.0,
                        "max": 94.0,
                    },
                },
            }
            for split, size in sizes.items()
        },
        "split_rule": {"kind": "made", "made": ["val", "test"], "seed": 0, "validation": 0.2, "test": 0.2},
        "flow": {"found": 1125, "excluded": {"image that cannot be read": 5, "label missing": 3}, "kept": 1117},
        "patients": {"known": True, "number": 761, "cases_without": 0, "with_several_images": 80, "most_images": 6},
        "leakage": {"allowed": False, "images": dict.fromkeys(borders, none), "patients": dict.fromkeys(borders, none)},
        "notes": [],
    }


def machine_table(device: str = "a laptop") -> Table:
    """Make up the table that the runs' records feed."""
    columns = (Column("fact", "Fact", "text"), Column("value", "Value", "text"))
    rows = ((plain("Device of training"), plain(device)), (plain("torch"), plain("2.13.0")))
    return Table("time-and-machine", "", "Dates, devices", "n = 20 runs", columns, (Body(rows),))


def _examples() -> ModuleType:
    name = "report_examples"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "examples.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Analysis]:
    """Make up an analysis of a given shape."""
    return lambda **options: build(Shape(**options))


@pytest.fixture(scope="session")
def machine() -> Callable[..., Table]:
    """Make up the table of time and machine."""
    return machine_table


@pytest.fixture(scope="session")
def phantom_page() -> str:
    """The page of a made-up analysis of synthetic data."""
    return page.render(document.compose(build(Shape(source="phantom")), machine_table()))


@pytest.fixture(scope="session")
def phantom_pdf(phantom_page: str) -> bytes:
    """That page as PDF."""
    return pdf.render(phantom_page)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A small study that is evaluated and analysed, without a report; copy it before changing it."""
    examples = _examples()
    recipe = examples.Recipe(losses=2, seeds=3, val=40, test=60, epochs=3, title="A title")
    folder: StudyFolder = examples.make_study(tmp_path_factory.mktemp("finished"), recipe)
    analyse(folder)
    return folder
