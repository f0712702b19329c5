"""Two losses paired by seed: tests, effect sizes, posterior probabilities, adjustment and planning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from cxr_report import stats
from cxr_report.conformance.comparison import (
    PROBABILITY,
    ROUNDING,
    Compared,
    Comparison,
    Tolerance,
    attributes,
    by_program,
    monte_carlo,
)
from cxr_report.conformance.stored import witness

__all__ = ["COMPARISONS"]

SIDES: tuple[Literal["two-sided", "greater", "less"], ...] = ("two-sided", "greater", "less")
T_NAMES = ("t", "df", "p", "low", "high")
DIRICHLET = 200_000
"""Chosen: draws on our side, as many as baycomp was given; a share then has a standard error of at most 0.0012."""


def pairs() -> dict[str, tuple[Any, Any, dict[str, Any]]]:
    """Give the stored pairs x, y `(S,)` with what R says about each."""
    stored = witness("pairs")["pairs"]
    return {name: (np.array(e["x"]) / 1000, np.array(e["y"]) / 1000, e) for name, e in stored.items()}


def each(compute: Callable[[Any, Any], Any], expect: Callable[[dict[str, Any]], Any]) -> tuple[list[Any], list[Any]]:
    """Compute something of every pair, and read what is expected."""
    entries = pairs().values()
    return [compute(x, y) for x, y, _ in entries], [expect(entry) for _, _, entry in entries]


def _paired_t() -> Compared:
    def computed(x: Any, y: Any) -> Any:
        wide, narrow = stats.paired_t(x, y), stats.paired_t(x, y, confidence=0.9)
        sides = [stats.paired_t(x, y, alternative=side).p for side in SIDES[1:]]
        return attributes(wide, *T_NAMES, "difference", "sd"), attributes(narrow, *T_NAMES), sides

    def expected(entry: dict[str, Any]) -> Any:
        t = entry["t"]
        paired, narrow = ([t[which][name] for name in T_NAMES] for which in ("paired", "paired_90"))
        return paired, t["difference"], t["sd"], narrow, t["greater"], t["less"]

    return (*each(computed, expected), ROUNDING)


def _from_t(name: str, keys: tuple[str, ...], compute: Callable[[Any, Any], Any]) -> Compared:
    """Compare with the entry of this name under `t`."""
    computed, expected = each(
        lambda x, y: attributes(compute(x, y), *keys), lambda entry: [entry["t"][name][key] for key in keys]
    )
    return computed, expected, ROUNDING


def _welch() -> Compared:
    return _from_t("welch", T_NAMES, stats.welch_t)


def _t_interval() -> Compared:
    return _from_t("one", ("estimate", "sd", "df", "low", "high"), lambda x, _: stats.t_interval(x))


def _corrected() -> Compared:
    keys = ("se", "t", "p", "low", "high")
    return _from_t("corrected", keys, lambda x, y: stats.corrected_resampled_t(x, y, n_train=450, n_test=50))


def _tost() -> Compared:
    keys = ("t_lower", "t_upper", "p_lower", "p_upper")
    return _from_t("tost", keys, lambda x, y: stats.tost(x, y, low=-0.02, high=0.02))


def _wilcoxon(**options: Any) -> list[Any]:
    return [[stats.wilcoxon(x, y, alternative=side, **options).p for side in SIDES] for x, y, _ in pairs().values()]


def _wilcoxon_exact() -> Compared:
    names = ("w_plus", "w_minus", "n_zero")
    sums, wanted = each(
        lambda x, y: attributes(stats.wilcoxon(x, y), *names), lambda e: [e["wilcoxon"][name] for name in names]
    )
    p = [e["wilcoxon"]["exact"] for _, _, e in pairs().values()]
    return [sums, _wilcoxon()], [wanted, p], PROBABILITY


def _wilcoxon_coin() -> Compared:
    computed = [
        _wilcoxon(zeros="pratt"),
        _wilcoxon(method="asymptotic"),
        _wilcoxon(method="asymptotic", zeros="pratt"),
    ]
    names = ("pratt_exact", "asymptotic", "pratt_asymptotic")
    return computed, [[e["wilcoxon"][name] for _, _, e in pairs().values()] for name in names], PROBABILITY


def _sign_flip() -> Compared:
    entries = [entry for entry in pairs().values() if len(entry[0]) <= 16]
    computed = [[stats.sign_flip(x, y, alternative=side).p for side in SIDES] for x, y, _ in entries]
    return computed, [e["wilcoxon"]["sign_flip"] for _, _, e in entries], PROBABILITY


def _shapiro() -> Compared:
    computed, expected = each(
        lambda x, _: attributes(stats.shapiro(x), "w", "p"), lambda entry: entry["t"]["shapiro_x"]
    )
    return computed, expected, Tolerance(1e-6, "relative", "the two programs' normal quantiles")


def _effect(name: str, function: Callable[[Any, Any], Any]) -> Compared:
    computed, expected = each(lambda x, y: function(x, y).estimate, lambda entry: flat_first(entry["effects"][name]))
    return computed, expected, ROUNDING


def flat_first(value: Any) -> Any:
    """Take the estimate where limits follow it."""
    return value[0] if isinstance(value, list) else value


def _limits(name: str, function: Callable[[Any, Any], Any]) -> Compared:
    computed, expected = each(
        lambda x, y: attributes(function(x, y), "low", "high"), lambda entry: entry["effects"][name][1:]
    )
    return computed, expected, Tolerance(2e-5, "relative", "effectsize searches its limits to about 1e-6")


def _correlated_t_of_r() -> Compared:
    def computed(x: Any, y: Any) -> Any:
        return attributes(stats.bayes_correlated_t(x, y, rope=0.01, correlation=0.1), "p_left", "p_right")

    return (*each(computed, lambda entry: [entry["t"]["bayes"][side] for side in ("left", "right")]), ROUNDING)


def _baycomp(name: str, compute: Callable[[Any, Any], Any], tolerance: Tolerance) -> Compared:
    """Compare with baycomp, whose "left" is x above y."""
    stored = witness("posthocs")["bayes"]
    computed = [attributes(compute(x, y), "p_right", "p_rope", "p_left") for x, y, _ in pairs().values()]
    return computed, [stored[key][name] for key in pairs()], tolerance


def _correlated_t_of_baycomp() -> Compared:
    def compute(x: Any, y: Any) -> Any:
        return stats.bayes_correlated_t(x, y, rope=0.01025, correlation=1 / x.size)

    return _baycomp("correlated_t", compute, PROBABILITY)


def _signed_rank() -> Compared:
    def compute(x: Any, y: Any) -> Any:
        rng = np.random.default_rng(1)
        return stats.bayes_signed_rank(x, y, rope=0.01025, rng=rng, samples=DIRICHLET)

    return _baycomp("signed_rank", compute, monte_carlo((2 * 0.25 / DIRICHLET) ** 0.5))


def _order(x: Any, y: Any) -> stats.StochasticOrder:
    return stats.almost_stochastic_order(x, y, rng=np.random.default_rng(1), samples=1000)


def _stored_order(name: str) -> list[Any]:
    stored = witness("posthocs")["order"]
    return [stored[key][name] for key in pairs()]


def _violation_ratio() -> Compared:
    tolerance = Tolerance(2e-4, "absolute", "deepsig integrates on a grid of 20,000 points")
    return [_order(x, y).violation_ratio for x, y, _ in pairs().values()], _stored_order("violation_ratio"), tolerance


def _order_bound() -> Compared:
    # a bound is ratio + 1.64 sd with sd up to 0.3, which 1,000 resamples know to sqrt(1 / 2000), on either side
    tolerance = monte_carlo(1.64 * 0.3 * (2 / 2000) ** 0.5)
    return [_order(x, y).epsilon_min for x, y, _ in pairs().values()], _stored_order("epsilon_min"), tolerance


def _adjust() -> Compared:
    families = witness("pairs")["families"]
    methods: tuple[Any, ...] = ("none", "bonferroni", "holm", "hochberg", "hommel", "bh", "by")
    computed = [stats.adjust(family["p"], method) for family in families for method in methods]
    return computed, [family[method] for family in families for method in methods], ROUNDING


def _power() -> Compared:
    grid = witness("pairs")["power"]
    settings = zip(grid["d"], grid["n"], grid["alpha"], strict=True)
    computed = [stats.power_paired_t(d, n, alpha=alpha) for d, n, alpha in settings]
    return computed, grid["power"], Tolerance(1e-9, "absolute", "noncentral t, summed as a series")


def _seeds_needed() -> Compared:
    grid = witness("limits")["seeds_needed"]
    settings = zip(grid["d"], grid["power"], grid["alpha"], strict=True)
    exact = Tolerance(0.0, "absolute", "whole numbers")
    return [stats.seeds_needed(d, power=power, alpha=alpha) for d, power, alpha in settings], grid["n"], exact


def _smallest_p() -> Compared:
    stored, computed, expected = witness("limits"), [], []
    for entry in stored["signed"]:
        tests = ("wilcoxon", "sign_flip", "mcnemar")
        computed.append([stats.smallest_p(test, entry["n"]) for test in tests])
        expected.append([entry[test] for test in tests])
    for entry in stored["unanimous"]:
        computed.append([stats.smallest_p("friedman", entry["n"], k=entry["k"])])
        expected.append([entry["p"]])
    return computed, expected, ROUNDING


_T = by_program("pairs", "R", "t.test")
_EFFECTSIZE = by_program("pairs", "effectsize", "{}")

COMPARISONS = (
    Comparison("stats.paired_t", _T, _paired_t),
    Comparison("stats.welch_t", _T, _welch),
    Comparison("stats.t_interval", _T, _t_interval),
    Comparison("stats.corrected_resampled_t", by_program("pairs", "R", "var, pt and qt"), _corrected),
    Comparison("stats.tost", by_program("pairs", "R", "two one-sided t.test"), _tost),
    Comparison("stats.wilcoxon", by_program("pairs", "exactRankTests", "wilcox.exact"), _wilcoxon_exact),
    Comparison("stats.wilcoxon", by_program("pairs", "coin", "wilcoxsign_test"), _wilcoxon_coin),
    Comparison("stats.sign_flip", by_program("pairs", "exactRankTests", "perm.test"), _sign_flip),
    Comparison("stats.shapiro", by_program("pairs", "R", "shapiro.test"), _shapiro),
    Comparison("stats.cohens_dz", _EFFECTSIZE.format("cohens_d"), lambda: _effect("dz", stats.cohens_dz)),
    Comparison("stats.cohens_dz", _EFFECTSIZE.format("cohens_d, limits"), lambda: _limits("dz", stats.cohens_dz)),
    Comparison("stats.hedges_gz", _EFFECTSIZE.format("hedges_g"), lambda: _effect("gz", stats.hedges_gz)),
    Comparison("stats.hedges_gz", _EFFECTSIZE.format("hedges_g, limits"), lambda: _limits("gz", stats.hedges_gz)),
    Comparison("stats.cohens_dav", by_program("pairs", "R", "mean and sd"), lambda: _effect("dav", stats.cohens_dav)),
    Comparison(
        "stats.rank_biserial",
        _EFFECTSIZE.format("rank_biserial, paired"),
        lambda: _effect("rank_biserial", stats.rank_biserial),
    ),
    Comparison(
        "stats.cliffs_delta", _EFFECTSIZE.format("rank_biserial"), lambda: _effect("cliffs_delta", stats.cliffs_delta)
    ),
    Comparison(
        "stats.vargha_delaney",
        by_program("pairs", "R", "wilcox.test, W / (n m)"),
        lambda: _effect("vargha_delaney", stats.vargha_delaney),
    ),
    Comparison("stats.bayes_correlated_t", by_program("pairs", "R", "pt"), _correlated_t_of_r),
    Comparison(
        "stats.bayes_correlated_t", by_program("posthocs", "baycomp", "CorrelatedTTest"), _correlated_t_of_baycomp
    ),
    Comparison("stats.bayes_signed_rank", by_program("posthocs", "baycomp", "SignedRankTest"), _signed_rank),
    Comparison(
        "stats.almost_stochastic_order", by_program("posthocs", "deepsig", "compute_violation_ratio"), _violation_ratio
    ),
    Comparison("stats.almost_stochastic_order", by_program("posthocs", "deepsig", "aso"), _order_bound),
    Comparison("stats.adjust", by_program("pairs", "R", "p.adjust"), _adjust),
    Comparison("stats.power_paired_t", by_program("pairs", "R", "power.t.test"), _power),
    Comparison("stats.seeds_needed", by_program("limits", "R", "power.t.test"), _seeds_needed),
    Comparison(
        "stats.smallest_p",
        f"{by_program('limits', 'exactRankTests', 'wilcox.exact and perm.test')}; binom.test; all friedman.test tables",
        _smallest_p,
    ),
)
