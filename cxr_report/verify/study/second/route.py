"""The study's truth and predictions in, where the second way agrees with the first, and to how many digits, out."""

from __future__ import annotations

import itertools
import math
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

from cxr_report.errors import Refusal
from cxr_report.runs import StudyFolder, read_arrays
from cxr_report.verify.study.difference import Difference, Step
from cxr_report.verify.study.second import joint as model
from cxr_report.verify.study.second.columns import areas, brier, columns, influences, precision
from cxr_report.verify.study.trees import rows

__all__ = ["ENOUGH", "step"]

NAME = "Headline numbers by a second way"

ENOUGH = 1e-6
"""Chosen: the relative difference above which two ways do not agree; both are exact, and differ by rounding alone."""

FLIPS = 12
"""Chosen: seeds up to which all signs are flipped one by one."""

METHODS = {
    "bonferroni": "bonferroni", "holm": "holm", "hochberg": "simes-hochberg", "hommel": "hommel", "bh": "fdr_bh",
    "by": "fdr_by",
}  # fmt: skip
"""An adjustment of the plan -> what statsmodels calls it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Met:
    """One number, come to on two ways."""

    kind: str
    """What kind of number it is, for the list of agreements."""
    place: str
    first: float
    second: float

    @property
    def apart(self) -> float:
        """The relative difference; 0 where both are undefined."""
        if math.isnan(self.first) and math.isnan(self.second):
            return 0.0
        if math.isnan(self.first) or math.isnan(self.second):
            return math.inf
        scale = max(abs(self.first), abs(self.second), 1e-12)
        return abs(self.first - self.second) / scale


def step(folder: StudyFolder, tree: Mapping[str, Any], scores: str) -> Step:
    """Come to scores, tests over seeds, adjusted p values and the joint analysis on another way.

    Args:
        folder: with truth and predictions.
        tree: recomputed statistics.
        scores: text of the recomputed scores.csv.
    """
    met, facts = [], []
    runs = _runs(folder, tree) if tree["study"]["data"]["source"] != "scores" else {}
    if runs:
        met += list(_scores(folder, tree, scores, runs))
    else:
        facts.append("no predictions are there, so that scores have no second way")
    met += [*_over_seeds(tree), *_adjusted(tree)]
    found, why = _joint(folder, tree, runs) if runs else ([], "no predictions are there")
    met += found
    facts += [f"seeds and cases together have no second way here: {why}"] if why else []
    differences = [_difference(each) for each in met if each.apart > ENOUGH]
    return Step(NAME, len(met), "numbers", tuple(differences), (), (*_agreements(met), *facts))


def _difference(each: Met) -> Difference:
    why = "two ways that share no code come to different numbers"
    return Difference("analysis/statistics.json", each.place, repr(each.first), repr(each.second), why)


def _agreements(met: list[Met]) -> Iterator[str]:
    kinds: dict[str, list[float]] = defaultdict(list)
    for each in met:
        kinds[each.kind].append(each.apart)
    for kind, apart in kinds.items():
        digits = 15 if max(apart) == 0 else min(15, math.floor(-math.log10(max(apart)))) if max(apart) < 1 else 0
        yield f"{kind}: {len(apart)} numbers agree to {digits} digits or more"


def _runs(folder: StudyFolder, tree: Mapping[str, Any]) -> dict[tuple[str, int], NDArray[Any]]:
    done = [(run["loss"], run["seed"]) for run in tree["runs"] if run["state"] == "done"]
    try:
        return {key: read_arrays(folder.run(*key).predictions("test"), ["logits"])["logits"] for key in done}
    except Refusal:
        return {}


def _labels(folder: StudyFolder) -> tuple[NDArray[Any], NDArray[Any]]:
    arrays = read_arrays(folder.truth("test"), ["labels", "patients"])
    return arrays["labels"], arrays["patients"]


def _values(task: str, labels: NDArray[Any], logits: NDArray[Any]) -> Iterator[tuple[str, float]]:
    parts = columns(task, labels, logits)
    yield "auroc", areas(parts)
    yield "average_precision", precision(parts)
    if task != "multilabel":
        yield "brier", float(brier(task, labels, logits).mean())
    if task == "multiclass":
        hit = np.asarray(logits).argmax(axis=1) == labels
        yield "accuracy", float(hit.mean())
        yield "balanced_accuracy", float(np.mean([hit[labels == c].mean() for c in np.unique(labels)]))


def _scores(
    folder: StudyFolder, tree: Mapping[str, Any], scores: str, runs: Mapping[tuple[str, int], NDArray[Any]]
) -> Iterator[Met]:
    head, *body = rows(scores)
    where = {name: head.index(name) for name in ("loss", "seed", "split", "class", "metric", "value")}
    known = {
        (row[where["loss"]], row[where["seed"]], row[where["metric"]]): row[where["value"]]
        for row in body
        if row[where["split"]] == "test" and not row[where["class"]]
    }
    labels, _ = _labels(folder)
    for (loss, seed), logits in runs.items():
        for metric, value in _values(tree["study"]["task"], labels, logits):
            stored = known.get((loss, str(seed), metric))
            if stored:
                kind = f"{metric} of single runs, from ranks, sorting and counting"
                yield Met(kind, f"{metric} of {loss}, seed {seed}", float(stored), value)


def _columns_of(tree: Mapping[str, Any], metric: str) -> dict[str, Floats]:
    return {
        each["loss"]: np.array([math.nan if v is None else float(v) for v in each["values"]], dtype=np.float64)
        for each in tree["summaries"]
        if each["metric"] == metric and not each["klass"]
    }


def _over_seeds(tree: Mapping[str, Any]) -> Iterator[Met]:
    for number, each in enumerate(tree["pairs"]):
        values = _columns_of(tree, each["metric"])
        if each["first"] not in values or each["second"] not in values or each["note"]:
            continue
        x, y = values[each["first"]], values[each["second"]]
        if len(x) != len(y) or len(x) < 2 or not np.isfinite([*x, *y]).all() or each["p_t"] is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = ttest_rel(x, y)
        place = f"pairs.{number}"
        yield Met("paired t by scipy.stats.ttest_rel", f"{place}.t", each["t"], float(told.statistic))
        yield Met("paired t by scipy.stats.ttest_rel", f"{place}.p_t", each["p_t"], float(told.pvalue))
        if len(x) <= FLIPS and each["p_sign_flip"] is not None:
            kind = "sign flips, every one of them written out"
            yield Met(kind, f"{place}.p_sign_flip", each["p_sign_flip"], _flipped(x - y))


def _flipped(d: Floats) -> float:
    means = [abs(float(np.dot(signs, d))) for signs in itertools.product((1.0, -1.0), repeat=len(d))]
    seen = abs(float(d.sum()))
    return float(np.mean([mean >= seen - 1e-9 * max(seen, 1e-300) for mean in means]))


def _adjusted(tree: Mapping[str, Any]) -> Iterator[Met]:
    plan, primary = tree["study"]["analysis"], tree["study"]["metrics"]["primary"]
    method = METHODS.get(plan["adjustment"])
    for name, raw, fresh, pairs in _families(tree, primary):
        inside = [(number, pair) for number, pair in enumerate(pairs) if pair["in_family"]]
        p = [pair[raw] for _, pair in inside]
        if not p or any(value is None for value in p) or method is None:
            continue
        wanted = multipletests(p, alpha=plan["alpha"], method=method)[1]
        for (number, pair), value in zip(inside, wanted, strict=True):
            kind = "adjusted p by statsmodels multipletests"
            yield Met(kind, f"{name}.{number}.{fresh}", pair[fresh], float(value))


def _families(tree: Mapping[str, Any], primary: str) -> Iterator[tuple[str, str, str, list[Mapping[str, Any]]]]:
    own = [pair for pair in tree["pairs"] if pair["metric"] == primary]
    yield "pairs", "p_t", "p_t_adjusted", own
    yield "pairs", "p_wilcoxon", "p_wilcoxon_adjusted", own
    for target in ("joint", "cases"):
        for number, each in enumerate(tree[target]):
            if each["metric"] == primary:
                yield f"{target}.{number}.pairs", "p", "p_adjusted", each["pairs"]


def _joint(
    folder: StudyFolder, tree: Mapping[str, Any], runs: Mapping[tuple[str, int], NDArray[Any]]
) -> tuple[list[Met], str]:
    """Come to the joint analysis of the primary metric on a second way, or say why there is none."""
    primary = tree["study"]["metrics"]["primary"]
    place = next((n for n, each in enumerate(tree["joint"]) if each["metric"] == primary), None)
    if place is None:
        return [], "the analysis has none of the primary metric"
    each, losses = tree["joint"][place], list(tree["losses"])
    seeds = [seed for seed in tree["planned_seeds"] if all((loss, seed) in runs for loss in losses)]
    labels, patients = _labels(folder)
    if primary not in ("auroc", "brier", "accuracy") or len(seeds) != each["n_seeds"]:
        return [], "it is written out for AUROC, Brier score and accuracy on seeds that every loss has finished"
    task, keys = tree["study"]["task"], [(loss, seed) for loss in losses for seed in seeds]
    repeated = len(np.unique(patients)) < len(patients)
    if (repeated and primary == "auroc") or (primary != "auroc" and task != "multiclass"):
        return [], "it is not written out for areas of patients with several images, nor for other tasks' shares"
    theta, covariance = _covariance(primary, task, labels, patients, [runs[key] for key in keys])
    met = list(_met(each, f"joint.{place}", theta.reshape(len(losses), -1), covariance, losses))
    return met, ""


def _covariance(
    primary: str, task: str, labels: NDArray[Any], patients: NDArray[Any], logits: list[NDArray[Any]]
) -> tuple[Floats, Floats]:
    """Return the metric of every run, and its covariance over cases: by placements, or by leaving patients out."""
    if primary == "auroc":
        parts = [columns(task, labels, each) for each in logits]
        weights = np.stack([influences(each, len(labels)) for each in parts])
        return np.array([areas(each) for each in parts]), weights @ weights.T
    values = np.stack(
        [brier(task, labels, z) if primary == "brier" else (z.argmax(axis=1) == labels).astype(float) for z in logits]
    )
    _, group = np.unique(patients, return_inverse=True)
    sizes = np.bincount(group)
    sums = np.stack([np.bincount(group, weights=row) for row in values])
    left = (sums.sum(axis=1, keepdims=True) - sums) / (sizes.sum() - sizes)
    deviations = left - left.mean(axis=1, keepdims=True)
    return values.mean(axis=1), (len(sizes) - 1) / len(sizes) * deviations @ deviations.T


def _met(each: Mapping[str, Any], place: str, theta: Floats, covariance: Floats, losses: list[str]) -> Iterator[Met]:
    with np.errstate(all="ignore"):
        told = model.joint(theta, covariance)
    kind = "Obuchowski-Rockette, written out from the two-way table"
    for name, value in told.numbers.items():
        if isinstance(each.get(name), float):
            yield Met(kind, f"{place}.{name}", each[name], value)
    s = theta.shape[1]
    for number, pair in enumerate(each["pairs"]):
        if pair["p"] is None:
            continue
        chosen = [losses.index(pair["first"]), losses.index(pair["second"])]
        where = [loss * s + seed for loss in chosen for seed in range(s)]
        own = model.pair(theta[chosen], covariance[np.ix_(where, where)])
        for name, value in own.numbers.items():
            yield Met(kind, f"{place}.pairs.{number}.{name}", pair[name], value)
