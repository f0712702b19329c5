"""Several losses over the same seeds: ranks, analysis of variance, mixed model."""

from __future__ import annotations

from typing import Any

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
    printed,
)
from cxr_report.conformance.stored import witness

__all__ = ["COMPARISONS"]

OPTIMISER = Tolerance(1e-6, "relative", "lme4's optimiser")
"""Chosen: the stored fits were told to stop at steps of 1e-12; they agree to about 1e-8."""

ANOVA = ("f", "df1", "df2", "p", "generalized_eta2", "partial_eta2")
SPHERICITY = ("epsilon_gg", "p_gg", "epsilon_hf", "p_hf", "mauchly_w", "mauchly_p")


def tables() -> list[tuple[Any, dict[str, Any]]]:
    """Give the stored tables of scores `(S, k)` with what R says about each."""
    return [(np.array(entry["scores"]) / 1000, entry) for entry in witness("losses")["tables"].values()]


def _friedman() -> Compared:
    names = ("mean_ranks", "chi2", "p", "kendall_w", "f", "p_f")
    pairs = tables()
    computed = [attributes(stats.friedman(scores), *names) for scores, _ in pairs]
    return computed, [[entry["ranks"][name] for name in names] for _, entry in pairs], ROUNDING


def _demsar_ranks() -> Compared:
    table = witness("published")["demsar"]
    return stats.friedman(table["auc"]).mean_ranks, table["mean_ranks"], printed(3)


def _nemenyi() -> Compared:
    pairs = tables()
    return [stats.nemenyi(s).p for s, _ in pairs], [entry["ranks"]["nemenyi"] for _, entry in pairs], PROBABILITY


def _posthoc(name: str) -> Compared:
    stored = witness("posthocs")[name]
    scores = {key: np.array(entry["scores"]) / 1000 for key, entry in witness("losses")["tables"].items()}
    test = getattr(stats, name)
    return [test(scores[key]).p for key in stored], list(stored.values()), PROBABILITY


def _critical_difference() -> Compared:
    grid = witness("losses")["critical_difference"]
    settings = zip(grid["k"], grid["n"], grid["alpha"], strict=True)
    tolerance = Tolerance(1e-6, "relative", "R's qtukey is a search")
    return [stats.critical_difference(k, n, alpha) for k, n, alpha in settings], grid["cd"], tolerance


def _demsar_difference() -> Compared:
    table = witness("published")["demsar"]
    seeds, losses = np.shape(table["auc"])
    width = (losses * (losses + 1) / (6 * seeds)) ** 0.5
    return stats.critical_difference(losses, seeds, table["alpha"]) / width, table["q"], printed(3)


def _rm_anova() -> Compared:
    computed, expected = [], []
    for scores, entry in tables():
        names = [name for name in (*ANOVA, *SPHERICITY) if name in entry["anova"]]
        computed.append(attributes(stats.rm_anova(scores), *names))
        expected.append([entry["anova"][name] for name in names])
    return computed, expected, ROUNDING


def _mixed_model() -> Compared:
    names = ("effects", "standard_errors", "sd_residual", "chi2", "p", "singular")
    pairs = tables()
    computed = [attributes(stats.mixed_model(scores), *names) for scores, _ in pairs]
    return computed, [[entry["mixed"][name] for name in names] for _, entry in pairs], OPTIMISER


def _mixed_spread() -> Compared:
    pairs = tables()
    tolerance = Tolerance(1e-6, "absolute", "lme4's optimiser, in units of the score")
    return (
        [stats.mixed_model(s).sd_seed for s, _ in pairs],
        [entry["mixed"]["sd_seed"] for _, entry in pairs],
        tolerance,
    )


def _rank_bootstrap() -> Compared:
    stored, samples = witness("resampling")["ranking"], 40_000
    found = stats.rank_bootstrap(np.array(stored["scores"]) / 1000, rng=np.random.default_rng(1), samples=samples)
    names = ("distribution", "ranks", "mean_ranks", "tau")
    # a share has a standard error of at most 0.5 / sqrt(B), tau (in [-1, 1]) one of at most twice that
    return attributes(found, *names), [stored[name] for name in names], monte_carlo(0.5 / samples**0.5)


def _kendall() -> Compared:
    from cxr_report.stats.rank_bootstrap import kendall_taus

    stored = witness("mrmc")["kendall"]
    return kendall_taus(np.array(stored["ranks"]), np.array(stored["reference"])), stored["tau"], ROUNDING


_DEMSAR = "Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html"

COMPARISONS = (
    Comparison("stats.friedman", by_program("losses", "R", "friedman.test"), _friedman),
    Comparison("stats.friedman", f"{_DEMSAR}, table 6", _demsar_ranks),
    Comparison("stats.rm_anova", f"{by_program('losses', 'car', 'Anova')} and afex", _rm_anova),
    Comparison("stats.mixed_model", by_program("losses", "lme4", "lmer and anova"), _mixed_model),
    Comparison("stats.mixed_model", by_program("losses", "lme4", "VarCorr"), _mixed_spread),
    Comparison("stats.nemenyi", by_program("losses", "R", "ptukey"), _nemenyi),
    Comparison(
        "stats.nemenyi",
        by_program("posthocs", "scikit-posthocs", "posthoc_nemenyi_friedman"),
        lambda: _posthoc("nemenyi"),
    ),
    Comparison(
        "stats.conover",
        by_program("posthocs", "scikit-posthocs", "posthoc_conover_friedman"),
        lambda: _posthoc("conover"),
    ),
    Comparison("stats.critical_difference", by_program("losses", "R", "qtukey"), _critical_difference),
    Comparison(
        "stats.critical_difference",
        f"{_DEMSAR}, table 5",
        _demsar_difference,
    ),
    Comparison("stats.rank_bootstrap", by_program("resampling", "R", "rank and cor, all resamples"), _rank_bootstrap),
    Comparison("stats.rank_bootstrap", by_program("mrmc", "R", 'cor(method = "kendall")'), _kendall),
)
