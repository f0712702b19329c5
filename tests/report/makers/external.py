"""A made-up Analysis in; external test sets for it out: random scores, and what the analysis makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats as scipy_stats

from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.comparisons import PairedScores, summarise
from cxr_report.analysis.external import change
from cxr_report.analysis.value import AbsentClass, Analysis, Change, ExternalTest, Joint, Order
from cxr_report.metrics import METRICS

from .statistics import Cases, Spread, computed, covariances

NAN = math.nan
TITLES = ("Other Hospital", "Set B & <co>")


def external_tests(analysis: Analysis, rng: np.random.Generator) -> tuple[ExternalTest, ...]:
    """Make none, one or two external test sets; of two the second often has nothing that is defined."""
    count = int(rng.choice([0, 1, 2], p=[0.1, 0.3, 0.6]))
    return tuple(_test(analysis, place, rng, empty=place == 1 and rng.random() < 0.7) for place in range(count))


def _test(analysis: Analysis, place: int, rng: np.random.Generator, *, empty: bool) -> ExternalTest:
    fewer = len(analysis.seeds) > 2 and rng.random() < 0.25
    seeds = analysis.seeds[:-1] if fewer else analysis.seeds
    gap = 10.0 ** rng.uniform(-3, -1)
    tables = {metric: _scores(analysis, metric, seeds, gap, rng, empty=empty) for metric in analysis.metrics}
    spreads = {metric: Spread(1e-5, 6e-6, 5e-6, 4e-6) for metric in analysis.metrics if metric != "ece"}
    n_cases = int(rng.integers(20, 20_000))
    n_patients = int(rng.integers(1, n_cases + 1))
    found = computed(analysis.study, tables, spreads, Cases.count(n_cases, n_patients))
    planned = bool(rng.random() < 0.5)
    shared = [int(rng.integers(0, 3)) for _ in range(4)] if rng.random() < 0.4 else [0] * 4
    return ExternalTest(
        name=f"set-{place}",
        title=TITLES[place],
        planned=planned,
        after_analysis=not planned and bool(rng.random() < 0.5),
        content=_content(analysis, n_cases, n_patients, shared, rng),
        n_cases=n_cases,
        n_patients=n_patients,
        positives=dict.fromkeys(analysis.classes, 9),
        seeds=seeds,
        absent=(AbsentClass("test", analysis.classes[-1], "positive"),) if empty else (),
        summaries=tuple(
            row for table in tables.values() for row in summarise(table, alpha=analysis.study.analysis.alpha)
        ),
        joint=_one_untested(found["joint"]) if rng.random() < 0.3 else found["joint"],
        without_joint=found["without_joint"],
        changes=tuple(_changes(analysis, tables, covariances(tables, spreads))),
        orders=tuple(_orders(analysis, tables[analysis.metrics[0]])),
    )


def _one_untested(tests: tuple[Joint, ...]) -> tuple[Joint, ...]:
    """Take the test of one comparison away, as where two losses give the same predictions."""
    result = []
    for test in tests:
        places = [place for place, pair in enumerate(test.pairs) if pair.in_family]
        if len(places) > 1:
            nothing = dict.fromkeys(("t", "df", "p", "p_adjusted", "low", "high"), NAN)
            gone: Any = {**nothing, "low_simultaneous": NAN, "high_simultaneous": NAN, "verdict": "not shown"}
            pairs = list(test.pairs)
            pairs[places[0]] = replace(pairs[places[0]], note="the error term is 0", **gone)
            test = replace(test, pairs=tuple(pairs))
        result.append(test)
    return tuple(result)


def _content(
    analysis: Analysis, cases: int, patients: int, shared: list[int], rng: np.random.Generator
) -> dict[str, Any]:
    counts = {"cases": cases, "patients": patients, "positive": dict.fromkeys(analysis.classes, 9)}
    overlap = {
        what: {"train": {"count": numbers[0]}, "val": {"count": 0}, "test": {"count": numbers[1]}}
        for what, numbers in (("images", shared[:2]), ("patients", shared[2:]))
    }
    people: dict[str, Any] = {"sex": {"F": 3, "M": 4}, "age": {"mean": 50.2, "min": 18.0, "max": 90.0}}
    return {
        **counts,
        "patients_known": bool(rng.random() < 0.8),
        "overlap": overlap,
        "flow": {"excluded": {"image that cannot be read": 1} if rng.random() < 0.5 else {}},
        "demographics": people if rng.random() < 0.5 else {},
    }


def _scores(
    analysis: Analysis, metric: str, seeds: tuple[int, ...], gap: float, rng: np.random.Generator, *, empty: bool
) -> PairedScores:
    shape = (len(seeds), len(analysis.losses))
    table = 0.7 + gap * rng.normal(size=shape[1]) + 0.01 * rng.normal(size=(shape[0], 1))
    table = table + 10.0 ** rng.uniform(-4, -2) * rng.normal(size=shape)
    if empty:
        table[:] = NAN
    elif rng.random() < 0.15:
        table[:] = 0.7
    return PairedScores(metric, "", analysis.losses, seeds, np.clip(table, 0, 1))


def _own(analysis: Analysis, metric: str, loss: str, seeds: tuple[int, ...]) -> list[float]:
    entry = next(e for e in analysis.summaries if (e.loss, e.metric, e.klass) == (loss, metric, ""))
    return [entry.values[analysis.seeds.index(seed)] for seed in seeds]


def _changes(analysis: Analysis, tables: dict[str, PairedScores], outer: dict[str, CaseCovariance]) -> Iterator[Change]:
    alpha = analysis.study.analysis.alpha
    for metric, table in tables.items():
        for place, loss in enumerate(analysis.losses):
            own = np.array(_own(analysis, metric, loss, table.seeds), dtype=np.float64)
            method = "none" if metric not in outer else outer[metric].method
            spread = Spread().matrix(1, len(own))
            sides = [
                CaseCovariance(values, spread, method, 0, "it has no covariance over cases" if method == "none" else "")
                for values in (own, table.values[:, place])
            ]
            yield change(loss, metric, *sides, alpha=alpha)


def _orders(analysis: Analysis, table: PairedScores) -> Iterator[Order]:
    own = np.array([_own(analysis, table.metric, loss, table.seeds) for loss in analysis.losses], dtype=np.float64)
    rows = np.concatenate([own, table.values.T])
    if not rows.size or not np.isfinite(rows).all():
        return
    means = [np.round(each.mean(axis=1), 12) for each in (own, table.values.T)]
    sign = -1 if METRICS[table.metric].higher_is_better else 1
    ranked = [tuple(analysis.losses[i] for i in np.argsort(sign * each, kind="stable")) for each in means]
    pairs = [np.sign(each[:, None] - each[None, :]) for each in means]
    flat = any(np.ptp(each) == 0 for each in means)
    tau = NAN if flat else float(scipy_stats.kendalltau(*means).statistic)
    yield Order(table.metric, ranked[0], ranked[1], bool((pairs[0] == pairs[1]).all()), tau, "")
