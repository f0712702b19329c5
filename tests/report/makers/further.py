"""A made-up Analysis in; the same with what stands beyond the comparisons out: ranks, variances, noise floor, more."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from cxr_report.analysis.comparisons import PairedScores, compare
from cxr_report.analysis.family import adjusted, verdict
from cxr_report.analysis.planning import planning
from cxr_report.analysis.rankings import rankings
from cxr_report.analysis.value import (
    BOTH,
    CASES,
    SEEDS,
    Analysis,
    Calibration,
    ClassComparison,
    Joint,
    JointMean,
    JointPair,
    MultiverseGroup,
    MultiverseRow,
    NullRate,
    Pair,
    ReliabilityBin,
    SeedFloor,
    Subgroup,
    Target,
    Twin,
    VarianceParts,
)
from cxr_report.analysis.variance import variances
from cxr_report.metrics import METRICS

from .ensembles import made_ensembles
from .external import external_tests
from .fidelity import made_agreements
from .labels import made_label_changes

NAN = math.nan
NULL: tuple[tuple[str, Target], ...] = (("mrmc", BOTH), ("mrmc pairs", BOTH), ("paired t", BOTH), ("friedman", BOTH))
ADJUSTMENTS = ("none", "bonferroni", "holm", "hommel")


def enriched(analysis: Analysis, rng: np.random.Generator) -> Analysis:
    """Fill the parts that no other maker fills."""
    tables = {metric: _table(analysis, metric) for metric in analysis.metrics}
    primary = analysis.metrics[0]
    return replace(
        analysis,
        rankings=rankings(tables, analysis.study) if len(analysis.seeds) < 40 else (),
        variances=_variances(analysis),
        planning=planning(analysis.joint, analysis.study),
        twins=tuple(_twin(analysis, kind, rng) for kind in ("identical", "rounded", "missing")),
        seed_floor=(_seed_floor(analysis, rng),),
        null_rates=tuple(_null_rate(test, claim, rng) for test, claim in NULL),
        multiverse=tuple(group for metric in analysis.metrics for group in _multiverse(analysis, metric)),
        calibrations=tuple(_calibration(loss, len(analysis.seeds), rng) for loss in analysis.losses),
        class_comparisons=_class_comparisons(analysis, rng),
        subgroups=_subgroups(analysis, rng),
        sensitivity=compare({primary: tables[primary]}, analysis.study) if analysis.diverged else (),
        external=external_tests(analysis, np.random.default_rng([analysis.data.n_test, 5])),
        ensembles=made_ensembles(analysis, rng),
        label_changes=made_label_changes(
            analysis, np.random.default_rng([analysis.data.n_test, len(analysis.seeds), 6])
        ),
        agreements=made_agreements(
            analysis, np.random.default_rng([len(analysis.losses), len(analysis.metrics), len(analysis.seeds), 5])
        ),
    )


def _table(analysis: Analysis, metric: str) -> PairedScores:
    rows = {entry.loss: entry.values for entry in analysis.summaries if entry.metric == metric and not entry.klass}
    values = np.array([rows[loss] for loss in analysis.losses], dtype=np.float64).T
    return PairedScores(
        metric, "", analysis.losses, analysis.seeds, values.reshape(len(analysis.seeds), len(analysis.losses))
    )


def _variances(analysis: Analysis) -> tuple[VarianceParts, ...]:
    parts = ("var_seed", "var_loss_seed", "var_error", "cov1", "cov2", "cov3")
    found: dict[str, Any] = {
        test.metric: SimpleNamespace(
            result=SimpleNamespace(
                theta=np.zeros((len(analysis.losses), test.n_seeds)), **{name: getattr(test, name) for name in parts}
            )
        )
        for test in analysis.joint
    }
    return variances(found, analysis.data.n_test)


def _twin(analysis: Analysis, kind: str, rng: np.random.Generator) -> Twin:
    metric, n = analysis.metrics[0], 0 if kind == "missing" else max(1, len(analysis.seeds))
    rounded = kind == "rounded"
    steps = tuple(float(x) for x in 1e-6 * rng.integers(-2, 3, n)) if rounded else (0.0,) * n
    return Twin(
        first=analysis.losses[0],
        second=f"{kind}-twin",
        metric=metric,
        n_seeds=n,
        n_cases=analysis.data.n_test,
        identical=kind == "identical",
        max_delta=float(10.0 ** rng.uniform(-8, -4)) if rounded else 0.0 if n else NAN,
        flips=int(rng.integers(0, 3)) if rounded else 0,
        differences=steps,
        note="" if n else "no seed is finished for both",
    )


def _seed_floor(analysis: Analysis, rng: np.random.Generator) -> SeedFloor:
    n, further = len(analysis.seeds), tuple(1_000_000 + seed for seed in analysis.seeds)
    bare = SeedFloor(
        analysis.study.analysis.baseline, analysis.metrics[0], analysis.seeds, further, *[NAN] * 8, 0, False,
        "a comparison needs two finished runs on either side",
    )  # fmt: skip
    if n < 2:
        return bare
    difference, se, df = float(rng.normal(0, 0.01)), float(rng.uniform(0.004, 0.02)), float(rng.uniform(2, 30))
    return replace(
        bare,
        difference=difference,
        se=se,
        df=df,
        t=difference / se,
        p=float(rng.uniform(0, 1)),
        low=difference - 2.3 * se,
        high=difference + 2.3 * se,
        percentile_95=float(rng.uniform(0.005, 0.02)),
        n_splits=126 if n < 9 else 10_000,
        exhaustive=n < 9,
        note="over seeds alone, on these cases" if analysis.metrics[0] == "ece" else "",
    )


def _null_rate(test: str, claim: Target, rng: np.random.Generator) -> NullRate:
    rate = float(rng.uniform(0.02, 0.5))
    return NullRate(test, claim, 0.0 if rate < 0.06 else rate, 0.007, 1000, "")


def _multiverse(analysis: Analysis, metric: str) -> Iterator[MultiverseGroup]:
    """Make the groups of one metric from the comparisons that the analysis holds."""
    threshold: Any = "argmax" if metric in ("balanced_accuracy", "f1", "mcc", "kappa") else ""
    joint = {test.metric: test for test in analysis.joint}
    cases = {test.metric: test for test in analysis.cases}
    over_seeds = [pair for pair in analysis.pairs if pair.metric == metric and pair.in_family]
    found: list[tuple[Target, dict[str, list[float]], list[Any]]] = []
    both: tuple[tuple[Target, str, Mapping[str, Joint]], ...] = (
        (BOTH, "mrmc", joint),
        (CASES, "mrmc-seeds-fixed", cases),
    )
    for target, test, tests in both:
        if metric in tests:
            pairs = [pair for pair in tests[metric].pairs if pair.in_family]
            found.append((target, {test: [pair.p for pair in pairs]}, pairs))
    ps = {
        "paired-t": [pair.p_t for pair in over_seeds],
        "wilcoxon": [pair.p_wilcoxon for pair in over_seeds],
        "sign-flip": [pair.p_sign_flip for pair in over_seeds],
    }
    found.append((SEEDS, ps, over_seeds))
    for target, tests_, pairs in found:
        for place in range(len(pairs)):
            yield _group(analysis, metric, threshold, target, tests_, pairs, place)


def _group(
    analysis: Analysis,
    metric: str,
    threshold: Any,
    target: Target,
    tests: Mapping[str, list[float]],
    pairs: list[Pair | JointPair],
    place: int,
) -> MultiverseGroup:
    plan, pair = analysis.study.analysis, pairs[place]
    seeds = any(each.metric == metric and each.n_seeds > 1 for each in analysis.pairs)
    fixed = any(test.metric == metric for test in analysis.cases) and not seeds
    alone = "mrmc-seeds-fixed" if fixed else "paired-t"
    decides = "mrmc" if any(test.metric == metric for test in analysis.joint) else alone
    rows: list[MultiverseRow] = []
    for test, p in tests.items():
        for method in dict.fromkeys((*ADJUSTMENTS, plan.adjustment)):
            p_adjusted = adjusted(p, method)[place]  # type: ignore[arg-type]
            said = verdict(
                pair.difference, p_adjusted, alpha=plan.alpha, higher_is_better=METRICS[metric].higher_is_better
            )
            told: Any = {"first better": "better", "second better": "worse"}.get(said, "not shown")
            bounded = test in ("wilcoxon", "sign-flip")
            least = NAN if math.isnan(p[place]) else min(1.0, 2.0 ** (1 - len(analysis.seeds)) * bounded)
            planned = metric == analysis.metrics[0] and test == decides and method == plan.adjustment
            intervals: tuple[tuple[Any, float, float], ...] = (
                ("unadjusted", pair.low, pair.high),
                ("simultaneous", pair.low_simultaneous, pair.high_simultaneous),
            )
            rows += [
                MultiverseRow(
                    test, method, kind, low, high, p[place], p_adjusted, least, bool(least <= plan.alpha),
                    planned and kind == "unadjusted", told,
                )
                for kind, low, high in intervals
            ]  # fmt: skip
    counted = {(row.test, row.adjustment): row.verdict for row in rows if row.reachable}
    return MultiverseGroup(
        metric=metric,
        threshold=threshold,
        target=target,
        first=pair.first,
        second=pair.second,
        estimate=pair.difference,
        rows=tuple(rows),
        n_reachable=len(counted),
        n_better=sum(each == "better" for each in counted.values()),
        n_worse=sum(each == "worse" for each in counted.values()),
        note="Wilcoxon's and the sign-flip test show the interval of the paired t" if target == SEEDS else "",
    )


def _calibration(loss: str, seeds: int, rng: np.random.Generator) -> Calibration:
    if not seeds:
        return Calibration(loss, 0, *[NAN] * 7, (), "no seed is finished for every loss")
    edges = np.linspace(0, 1, 16)
    bins = tuple(
        ReliabilityBin(float(low), float(high), 0, NAN, NAN)
        if high < 0.4
        else ReliabilityBin(float(low), float(high), int(rng.integers(5, 90)), float(low + 0.03), float(rng.uniform()))
        for low, high in itertools.pairwise(edges)
    )
    reliability, resolution, within = 0.02 * float(rng.random()), 0.1, 0.001
    return Calibration(
        loss=loss,
        n_seeds=seeds,
        ece=0.02 + 0.1 * float(rng.random()),
        ece_sd=0.01 if seeds > 1 else NAN,
        brier=reliability - resolution + 0.25 + within,
        reliability=reliability,
        resolution=resolution,
        uncertainty=0.25,
        within=within,
        bins=bins,
        note="" if seeds > 1 else "no spread from a single seed",
    )


def _means(analysis: Analysis, rng: np.random.Generator) -> tuple[JointMean, ...]:
    middles = 0.8 + 0.05 * rng.random(len(analysis.losses))
    return tuple(
        JointMean(loss, float(mean), 0.02, 9.5, float(mean) - 0.04, float(mean) + 0.04)
        for loss, mean in zip(analysis.losses, middles, strict=True)
    )


def _class_comparisons(analysis: Analysis, rng: np.random.Generator) -> tuple[ClassComparison, ...]:
    if analysis.study.task == "binary" or len(analysis.seeds) < 2:
        return ()
    family = [pair for pair in analysis.pairs if pair.metric == analysis.metrics[0] and pair.in_family]
    raw = rng.uniform(0, 1, (len(analysis.classes), len(family))) ** 6
    p = np.reshape(adjusted(raw.ravel().tolist(), analysis.study.analysis.adjustment), raw.shape)
    found = []
    for klass, own, mine in zip(analysis.classes, raw.tolist(), p.tolist(), strict=True):
        gone = rng.random() < 0.1
        found.append(
            ClassComparison(
                klass=klass,
                metric=analysis.metrics[0],
                n_positive=analysis.data.positives.get(klass, 0),
                covariance="none" if gone else "delong",
                means=_means(analysis, rng),
                pairs=()
                if gone
                else tuple(
                    _pair(analysis, pair, float(rng.normal(0, 0.02)), one, two)
                    for pair, one, two in zip(family, own, mine, strict=True)
                ),
                note="the metric is undefined" if gone else "",
            )
        )
    return tuple(found)


def _pair(analysis: Analysis, pair: Pair, difference: float, p: float, p_adjusted: float) -> JointPair:
    se, plan = 0.01, analysis.study.analysis
    higher = METRICS[analysis.metrics[0]].higher_is_better
    return JointPair(
        first=pair.first,
        second=pair.second,
        in_family=True,
        difference=difference,
        se=se,
        df=12.0,
        t=difference / se,
        p=p,
        p_adjusted=p_adjusted,
        low=difference - 2 * se,
        high=difference + 2 * se,
        low_simultaneous=difference - 3 * se,
        high_simultaneous=difference + 3 * se,
        verdict=verdict(difference, p_adjusted, alpha=plan.alpha, higher_is_better=higher),
        note="",
    )


def _subgroups(analysis: Analysis, rng: np.random.Generator) -> tuple[Subgroup, ...]:
    if len(analysis.seeds) < 2 or rng.random() < 0.2:
        return ()
    words = (
        ("sex", "female", ""),
        ("sex", "male", ""),
        ("sex", "", "not known"),
        ("age", "0-17", "fewer than 30 cases"),
    )
    family = [pair for pair in analysis.pairs if pair.metric == analysis.metrics[0] and pair.in_family]
    found = []
    for attribute, value, refused in words:
        pairs = tuple(
            replace(
                _pair(analysis, pair, float(rng.normal(0, 0.02)), NAN, NAN), in_family=False,
                low_simultaneous=NAN, high_simultaneous=NAN, verdict="outside the family",
            )
            for pair in family
        )  # fmt: skip
        found.append(
            Subgroup(
                attribute=attribute,
                value=value,
                metric=analysis.metrics[0],
                n_cases=int(rng.integers(5, 100)),
                n_patients=int(rng.integers(2, 60)),
                positives={name: int(rng.integers(0, 40)) for name in analysis.classes},
                refused=refused,
                means=() if refused else _means(analysis, rng),
                pairs=() if refused else pairs,
            )
        )
    return tuple(found)
