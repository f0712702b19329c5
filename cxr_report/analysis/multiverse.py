"""A study's estimands in, its conclusion under every test, adjustment and interval of the frozen list out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.comparisons import notes, smallest
from cxr_report.analysis.context import Context
from cxr_report.analysis.estimands import Estimand, estimands
from cxr_report.analysis.family import Adjustment, adjusted, verdict
from cxr_report.analysis.joint import Fit, fit, pairs, usable, without_joint
from cxr_report.analysis.value import BOTH, CASES, SEEDS, JointPair, MultiverseGroup, MultiverseRow, Pair, Target
from cxr_report.metrics import METRICS

__all__ = ["multiverse"]

Interval = Literal["unadjusted", "simultaneous"]

TARGETS: Mapping[Target, tuple[str, ...]] = {
    BOTH: ("mrmc",),
    CASES: ("mrmc-seeds-fixed",),
    SEEDS: ("paired-t", "wilcoxon", "sign-flip"),
}
"""The tests of each target."""

_REACH = {"wilcoxon": "wilcoxon", "sign-flip": "sign_flip"}
"""Tests of which the smallest p is bounded by the number of seeds."""

_BORROWED = "Wilcoxon's and the sign-flip test show the interval of the paired t"
_ABSENT = "the analysis of the plan is not on the list"


def multiverse(
    context: Context, found: Mapping[str, CaseCovariance], compared: Sequence[Pair]
) -> tuple[MultiverseGroup, ...]:
    """Show the conclusion under every combination that the plan lists.

    For every comparison of the family, every estimand (metric and threshold rule) and every inference target one
    group, whose rows are tests by adjustments by intervals. p is adjusted over the family within estimand and test. A
    decision is a test with an adjustment, whichever interval is shown; those that cannot reach alpha, for too few seeds
    or because the test is undefined, stay visible and are not counted. The planned decision is marked: on the primary
    metric the joint analysis, or the paired t where there is none (with one seed the test over cases), with the plan's
    adjustment. Descriptive: no p is
    given over the panel, and no share of it is a probability.

    Source: Steegen et al. 2016, doi 10.1177/1745691616658637; Simonsohn, Simmons & Nelson 2020,
    doi 10.1038/s41562-020-0912-z.

    Args:
        context: study, runs and test cases.
        found: metric -> covariance over cases.
        compared: every pair of every metric over seeds.

    Returns:
        Estimand by estimand, then comparison by comparison, then target by target. A target that an estimand has no
        analysis for has no group, and the others say so.
    """
    return tuple(group for each in estimands(context, found, compared) for group in _Panel.of(context, each).groups())


@dataclass(frozen=True, slots=True)
class _Result:
    """One comparison by one test."""

    first: str
    second: str
    difference: float
    p: float
    intervals: Mapping[Interval, tuple[float, float]]
    note: str


@dataclass(frozen=True, slots=True)
class _Panel:
    """One estimand, with the results of each test for every comparison of the family."""

    context: Context
    estimand: Estimand
    fits: Mapping[str, Fit]
    """Test -> its analysis, for tests over cases that exist."""
    results: Mapping[str, tuple[_Result, ...]]
    """Test -> one per comparison; only tests that are listed and exist."""
    n_seeds: int
    """Seeds of the tests over seeds."""
    planned: str
    """The test of the planned decision; empty where this is not the estimand of the plan."""

    @classmethod
    def of(cls, context: Context, estimand: Estimand) -> _Panel:
        """Run every test that the plan lists and the estimand has."""
        fits = _fits(context, estimand)
        family = [pair for pair in estimand.pairs if pair.in_family]
        results = {test: _over_cases(context, each) for test, each in fits.items()}
        results |= {test: tuple(_over_seeds(pair, test) for pair in family) for test in TARGETS[SEEDS]}
        listed = context.study.analysis.multiverse.tests
        decides = estimand.own and estimand.metric == context.study.metrics.primary
        return cls(
            context=context,
            estimand=estimand,
            fits=fits,
            results={test: found for test, found in results.items() if found and test in listed},
            n_seeds=min((pair.n_seeds for pair in family), default=0),
            planned=_planned(context, fits) if decides else "",
        )

    def groups(self) -> list[MultiverseGroup]:
        """Put the results together, comparison by comparison."""
        rows = {test: self._rows(test) for test in self.results}
        return [
            self._group(target, place, {test: rows[test][place] for test in tests if test in rows})
            for place in range(self.context.family.size)
            for target, tests in TARGETS.items()
            if any(test in rows for test in tests)
        ]

    def _group(self, target: Target, place: int, rows: Mapping[str, list[MultiverseRow]]) -> MultiverseGroup:
        results = [self.results[test][place] for test in rows]
        flat = tuple(row for mine in rows.values() for row in mine)
        counted = {(row.test, row.adjustment): row.verdict for row in flat if row.reachable}
        return MultiverseGroup(
            metric=self.estimand.metric,
            threshold=self.estimand.threshold,
            target=target,
            first=results[0].first,
            second=results[0].second,
            estimate=results[0].difference,
            rows=flat,
            n_reachable=len(counted),
            n_better=sum(each == "better" for each in counted.values()),
            n_worse=sum(each == "worse" for each in counted.values()),
            note=self._note(target, flat, results),
        )

    def _note(self, target: Target, rows: Sequence[MultiverseRow], results: Sequence[_Result]) -> str:
        absent = self.planned in TARGETS[target] and not any(row.planned for row in rows)
        return notes(
            self.estimand.note,
            *(each.note for each in results),
            "" if "mrmc" in self.fits else self._why_not_joint(),
            _BORROWED if any(row.test in _REACH for row in rows) else "",
            _ABSENT if absent else "",
        )

    def _why_not_joint(self) -> str:
        """Say why seeds and cases together have no group; empty where no seed is finished, as the tests say by then."""
        metric, found = self.estimand.metric, self.estimand.covariance
        reasons = {} if found is None else without_joint({metric: found}, len(self.context.losses))
        return f"not over seeds and cases: {reasons[metric]}" if metric in reasons else ""

    def _rows(self, test: str) -> list[list[MultiverseRow]]:
        """Write the rows of one test, comparison by comparison."""
        plan, found = self.context.study.analysis.multiverse, self.results[test]
        rows: list[list[MultiverseRow]] = [[] for _ in found]
        for method in plan.adjustments:
            p, least = adjusted([each.p for each in found], method), self._least(test, method)
            for mine, each, value in zip(rows, found, p, strict=True):
                mine += [self._row(test, method, kind, each, (value, least)) for kind in plan.intervals]
        return rows

    def _row(
        self, test: str, method: Adjustment, kind: Interval, result: _Result, found: tuple[float, float]
    ) -> MultiverseRow:
        plan, p = self.context.study.analysis, found[0]
        least = math.nan if math.isnan(result.p) else found[1]
        higher = METRICS[self.estimand.metric].higher_is_better
        said = verdict(result.difference, p, alpha=plan.alpha, higher_is_better=higher)
        low, high = result.intervals[kind]
        return MultiverseRow(
            test=test,
            adjustment=method,
            interval=kind,
            low=low,
            high=high,
            p=result.p,
            p_adjusted=p,
            smallest_p=least,
            reachable=least <= plan.alpha,
            planned=test == self.planned and method == plan.adjustment and kind == "unadjusted",
            verdict="better" if said == "first better" else "worse" if said == "second better" else "not shown",
        )

    def _least(self, test: str, method: Adjustment) -> float:
        """Return the smallest adjusted p within reach, the same for the whole family: 0 for tests without a bound."""
        if test not in _REACH:
            return 0.0
        family, k = self.context.family, len(self.context.losses)
        return smallest(_REACH[test], self.n_seeds, comparisons=family.size, n_losses=k, adjustment=method)


def _planned(context: Context, fits: Mapping[str, Fit]) -> str:
    """Name the test that decides: the joint one, without it the paired t, with one seed the one over cases."""
    alone = len(context.seeds) < 2 and "mrmc-seeds-fixed" in fits
    return "mrmc" if "mrmc" in fits else "mrmc-seeds-fixed" if alone else "paired-t"


def _fits(context: Context, estimand: Estimand) -> dict[str, Fit]:
    """Analyse an estimand over seeds and cases, and over cases, as far as that is possible."""
    if estimand.covariance is None or not usable(estimand.covariance):
        return {}
    found = {
        test: fit(estimand.covariance, context.study, estimand.metric, target=target)
        for target, tests in TARGETS.items()
        if target != SEEDS
        for test in tests
    }
    return {test: each for test, each in found.items() if each is not None}


def _over_cases(context: Context, each: Fit) -> tuple[_Result, ...]:
    note = notes(each.covariance.note, str(each.result.note))
    return tuple(
        _Result(row.first, row.second, row.difference, row.p, _intervals(row), notes(row.note, note))
        for row in pairs(each.result, context.study)
        if row.in_family
    )


def _over_seeds(pair: Pair, test: str) -> _Result:
    p = {"paired-t": pair.p_t, "wilcoxon": pair.p_wilcoxon, "sign-flip": pair.p_sign_flip}[test]
    return _Result(pair.first, pair.second, pair.difference, p, _intervals(pair), pair.note)


def _intervals(row: Pair | JointPair) -> dict[Interval, tuple[float, float]]:
    return {"unadjusted": (row.low, row.high), "simultaneous": (row.low_simultaneous, row.high_simultaneous)}
