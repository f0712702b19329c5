"""Seeds and cases together: Obuchowski-Rockette, its covariances, resampling, equivalence and power."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats as scipy_stats

from cxr_report import stats
from cxr_report.conformance.comparison import (
    ROUNDING,
    Compared,
    Comparison,
    Tolerance,
    attributes,
    by_program,
    of_resamples,
    printed,
)
from cxr_report.conformance.stored import witness

__all__ = ["COMPARISONS"]

RESAMPLES = 10_000
"""Chosen: on our side; a variance then has a relative standard error of 1.4 %."""

SEVEN_DIGITS = Tolerance(2e-5, "relative", "from areas printed to 7 and covariances to 10 decimals")
"""Chosen: half a unit of those digits is 1e-6 of the difference of the means, 0.0438, and interval bounds are closer
to 0 than that; they agree to 1e-5."""


def _blocks(k: int, s: int, var: float, covariances: list[float]) -> Any:
    """Lay out the `(ks, ks)` covariance of the Obuchowski-Rockette model, loss-major."""
    cov1, cov2, cov3 = covariances
    loss, seed = np.repeat(np.arange(k), s), np.tile(np.arange(s), k)
    same_loss, same_seed = loss[:, None] == loss, seed[:, None] == seed
    return np.where(same_loss & same_seed, var, np.where(same_seed, cov1, np.where(same_loss, cov2, cov3)))


def _van_dyke(method: str, **options: Any) -> tuple[stats.Mrmc, dict[str, Any]]:
    stored = witness("vandyke")
    published = stored[method]
    covariance = _blocks(2, 5, published["var_error"], published["cov"])
    return stats.obuchowski_rockette(stored["auc"], covariance, **options), published


def _both_random(method: str) -> Compared:
    found, published = _van_dyke(method)
    names = ("f", "df2", "p")
    return attributes(found, *names), [published["both"][name] for name in names], SEVEN_DIGITS


def _difference(method: str) -> Compared:
    found, published = _van_dyke(method)
    row, both = found.differences("pooled")[0], published["both"]
    if method == "jackknife":
        return attributes(row, "estimate", "low", "high"), both["difference"], printed(5)
    names = ("se", "low", "high")
    tolerance = Tolerance(1e-6, "absolute", SEVEN_DIGITS.reason)
    return attributes(row, *names), [both[name] for name in names], tolerance


def _one_fixed(what: str) -> Compared:
    found, published = _van_dyke("jackknife", **{what: "fixed"})
    expected, row = published[f"{what}_fixed"], found.differences()[0]
    test, third = ("chi2", "z") if what == "seeds" else ("f", "t")
    computed = [getattr(found, test), found.p, row.se, row.low, row.high, row.t]
    return computed, [expected[name] for name in (test, "p", "se", "low", "high", third)], SEVEN_DIGITS


def _components() -> Compared:
    computed: list[Any] = []
    expected: list[Any] = []
    for method in ("jackknife", "delong"):
        found, published = _van_dyke(method)
        computed.append([found.ms_loss, found.ms_loss_seed, found.var_seed, found.var_loss_seed])
        stored = witness("vandyke")
        expected.append([stored["ms_loss"], stored["ms_loss_seed"], published["var_seed"], published["var_loss_seed"]])
    return computed, expected, Tolerance(1e-4, "relative", SEVEN_DIGITS.reason)


def _crossed() -> Compared:
    computed: list[Any] = []
    expected: list[Any] = []
    for study in witness("mrmc")["crossed"]:
        theta, covariance = np.array(study["theta"]), np.array(study["covariance"])
        both = stats.obuchowski_rockette(theta, covariance)
        seeds = stats.obuchowski_rockette(theta, covariance, seeds="fixed")
        cases = stats.obuchowski_rockette(theta, covariance, cases="fixed")
        names = ("ms_loss", "ms_seed", "ms_loss_seed", "var_error", "cov1", "cov2", "cov3", "f", "df2", "p")
        computed.append([attributes(both, *names), attributes(both.means[0], "estimate", "se", "df", "low", "high")])
        computed.append([seeds.chi2, seeds.p, cases.f, cases.p])
        computed.append(attributes(cases.differences()[0], "t", "df", "p", "low", "high"))
        expected.append([study[key] for key in ("ms", "var", "cov", "f", "df2", "p", "mean1")])
        expected.append([study[key] for key in ("chi2", "p_seeds_fixed", "f_cases_fixed", "p_cases_fixed")])
        expected.append(study["paired_t"])
    return computed, expected, ROUNDING


def _nested() -> Compared:
    computed, expected = [], []
    for study in witness("mrmc")["nested"]:
        runs = sum(map(len, study["theta"]))
        found = stats.obuchowski_rockette(study["theta"], np.eye(runs) * 1e-5, cases="fixed", design="nested")
        row = found.differences()[0]
        computed.append([found.ms_loss, found.ms_seed, found.f, found.p, found.df1, found.df2])
        computed.append(attributes(row, "t", "df", "p", "low", "high"))
        expected.append([study[key] for key in ("ms", "f", "p", "df", "pooled_t")])
    return computed, expected, ROUNDING


def _areas(stored: dict[str, Any], options: dict[str, Any], expected: dict[str, Any]) -> Compared:
    """Compare all that `mrmc` says of stored runs, loss-major, with pROC's areas and aov's mean squares."""
    runs = np.array(stored["runs"])
    scores = runs.reshape(stored["losses"], stored["seeds"], *runs.shape[1:])
    fixed: tuple[dict[str, Any], ...] = ({}, {"seeds": "fixed"}, {"cases": "fixed"})
    both, seeds, cases = (stats.mrmc(stored["truth"], scores, **options, **one) for one in fixed)
    names = ("auc", "covariance", "ms_loss", "ms_seed", "ms_loss_seed", "cov1", "cov2", "cov3", "var_error")
    computed = [attributes(both, *names, "f", "df2", "p"), seeds.chi2, seeds.p, cases.f, cases.p]
    keys = ("auc", "covariance", "ms", "cov", "var", "f", "df2", "p", "chi2", "p_seeds_fixed")
    return computed, [expected[key] for key in (*keys, "f_cases_fixed", "p_cases_fixed")], ROUNDING


def _mrmc(method: str) -> Compared:
    stored = witness("areas")
    return _areas(stored, {"covariance": method}, stored[method])


def _mrmc_of_patients() -> Compared:
    stored = witness("areas")
    return _areas(stored, {"covariance": "jackknife", "groups": stored["patients"]}, stored["by_patient"])


def _mrmc_of_classes() -> Compared:
    stored = witness("areas")["classes"]
    return _areas(stored, {"covariance": "jackknife"}, stored["jackknife"])


def _two_statistics(stored: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """Give the statistic of the stored cases (a correlation and a ratio of sums) and its arrays."""

    def statistic(x: Any, y: Any, hit: Any, asked: Any) -> Any:
        return np.array([np.corrcoef(x, y)[0, 1], hit.sum() / asked.sum()])

    return statistic, tuple(np.array(stored[name], dtype=float) for name in ("x", "y", "hit", "asked"))


def _jackknife() -> Compared:
    stored = witness("resampling")["jackknife"]
    statistic, arrays = _two_statistics(stored)
    return stats.jackknife_covariance(statistic, *arrays), stored["covariance"], ROUNDING


def _patients() -> tuple[dict[str, Any], tuple[Any, ...]]:
    stored = witness("resampling")["patients"]
    return stored, tuple(np.array(stored[name], dtype=float) for name in ("one", "two", "asked"))


def _jackknife_of_patients() -> Compared:
    stored, arrays = _patients()

    def statistic(one: Any, two: Any, asked: Any) -> Any:
        return np.array([(one * asked).sum() / asked.sum(), two.mean()])

    found = stats.jackknife_covariance(statistic, *arrays, groups=stored["id"])
    return [statistic(*arrays), found], [stored["estimate"], stored["covariance"]], ROUNDING


def _jackknife_of_sums() -> Compared:
    stored, (one, two, asked) = _patients()

    def ratios(hits: Any, asked: Any, right: Any, cases: Any) -> Any:
        return np.stack([hits / asked, right / cases], axis=-1)

    found = stats.jackknife_covariance_of_sums(ratios, one * asked, asked, two, np.ones_like(two), groups=stored["id"])
    return found, stored["covariance"], ROUNDING


def _bootstrap_covariance() -> Compared:
    stored = witness("resampling")
    statistic, arrays = _two_statistics(stored["jackknife"])
    found = stats.bootstrap_covariance(statistic, *arrays, rng=np.random.default_rng(1), samples=RESAMPLES)
    tolerance = of_resamples(RESAMPLES, stored["bootstrap"]["resamples"])
    # the covariance of the two statistics is near 0 and so has no relative error to speak of
    return np.diagonal(found.covariance), np.diagonal(np.array(stored["bootstrap"]["covariance"])), tolerance


def _crossed_bootstrap(method: str) -> Compared:
    stored = witness("resampling")["crossed"]
    values, rng = np.array(stored["correct"], dtype=float), np.random.default_rng(1)
    found = stats.crossed_bootstrap(values, np.mean, rng=rng, samples=RESAMPLES, method=method)
    tolerance = of_resamples(RESAMPLES, stored["resamples"])
    if method == "percentile":
        return [found.estimate, found.se**2], [stored["estimate"], stored["percentile_se"] ** 2], tolerance
    names = ("estimate", "df", "low", "high", "variance_seeds", "variance_cases")
    wanted = [stored["estimate"], stored["df"], stored["interval"], stored["variance_seeds"], stored["variance_cases"]]
    return [attributes(found, *names), found.se**2], [wanted, stored["se"] ** 2], tolerance


def _bootstrap_levels() -> Compared:
    """Compare on the very replicates that boot drew, so that nothing is left to chance."""
    from cxr_report.stats.bootstrap import bca_levels, quantiles

    computed, expected = [], []
    for case in witness("bootstrap")["cases"]:
        replicates, left_out = np.array(case["replicates"]), np.array(case["left_out"])
        z, z0, a = scipy_stats.norm.ppf([0.025, 0.975]), case["z0"], case["acceleration"]
        ends = quantiles(replicates, np.array([0.025, 0.975]))
        computed.append([bca_levels(replicates, case["estimate"], left_out, 0.95), ends])
        computed.append(2 * case["estimate"] - ends[::-1])
        expected.append([scipy_stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))), case["percentile"]])
        expected.append(case["basic"])
    return computed, expected, ROUNDING


def _bootstrap_interval() -> Compared:
    statistics: dict[str, Any] = {
        "mean": np.mean,
        "sd": lambda x: np.std(x, ddof=1),
        "correlation": lambda xy: np.corrcoef(xy[:, 0], xy[:, 1])[0, 1],
    }
    computed: list[Any] = []
    expected: list[Any] = []
    for case in witness("bootstrap")["cases"]:
        se = np.std(case["replicates"], ddof=1)
        for method in ("bca", "percentile", "basic", "normal"):
            data, rng = np.array(case["data"]), np.random.default_rng(1)
            found = stats.bootstrap_interval(data, statistics[case["statistic"]], rng=rng, samples=4000, method=method)
            computed.append([found.low / se, found.high / se])
            expected.append([bound / se for bound in case[method]])
    density, tail = scipy_stats.norm.pdf(scipy_stats.norm.ppf(0.025)), 0.025 * 0.975
    error = (tail / 999 + tail / 4000) ** 0.5 / density  # of a 2.5 % quantile of normal replicates, boot's and ours
    return computed, expected, Tolerance(4 * error, "absolute", "four Monte-Carlo errors, in standard errors")


def _equivalence() -> Compared:
    computed, expected = [], []
    for case in witness("mrmc")["equivalence"]:
        found = stats.equivalence(case["estimate"], case["se"], case["df"], low=case["low"], high=case["high"])
        computed.append(attributes(found, "p_lower", "p_upper", "low", "high"))
        expected.append([case["p_lower"], case["p_upper"], case["interval"]])
    return computed, expected, ROUNDING


def _noninferiority() -> Compared:
    entries = witness("mrmc")["equivalence"]
    found = [stats.noninferiority(e["estimate"], e["se"], e["df"], margin=-e["low"]) for e in entries]
    return (
        [attributes(one, "p", "low", "high") for one in found],
        [[e["p_lower"], e["interval"]] for e in entries],
        ROUNDING,
    )


def _power_mrmc() -> Compared:
    computed, expected = [], []
    for case in witness("mrmc")["power"]:
        options = {name: case[name] for name in ("ms", "case", "comparisons")}
        computed.append(attributes(stats.power_mrmc(case["delta"], case["n_seeds"], **options), "power", "width"))
        expected.append([case["power"], case["width"]])
    return computed, expected, Tolerance(1e-9, "relative", "noncentral t, summed as a series")


def _probability_better() -> Compared:
    entries = witness("mrmc")["better"]
    found = [stats.probability_better(entry["n"], entry["a"], entry["b"]) for entry in entries]
    computed = [attributes(one, "discordant", "probability") for one in found]
    return computed, [[entry["discordant"], entry["probability"]] for entry in entries], ROUNDING


_VAN_DYKE = "Van Dyke et al. 1993 as printed by MRMCaov, doi 10.1117/12.2549075"
_AREAS = by_program("areas", "pROC", "{}, and aov of R")

COMPARISONS = (
    Comparison("stats.obuchowski_rockette", f"{_VAN_DYKE} and OR-DBM MRMC 2.51", lambda: _both_random("jackknife")),
    Comparison("stats.obuchowski_rockette", f"{_VAN_DYKE}, DeLong", lambda: _both_random("delong")),
    Comparison("stats.obuchowski_rockette", f"{_VAN_DYKE}, difference", lambda: _difference("jackknife")),
    Comparison("stats.obuchowski_rockette", f"{_VAN_DYKE}, DeLong, difference", lambda: _difference("delong")),
    Comparison("stats.obuchowski_rockette", f"{_VAN_DYKE}, seeds fixed", lambda: _one_fixed("seeds")),
    Comparison("stats.obuchowski_rockette", f"{_VAN_DYKE}, cases fixed", lambda: _one_fixed("cases")),
    Comparison("stats.obuchowski_rockette", f"{_VAN_DYKE}, components", _components),
    Comparison("stats.obuchowski_rockette", by_program("mrmc", "R", "aov, pf and t.test"), _crossed),
    Comparison("stats.obuchowski_rockette", by_program("mrmc", "R", "aov and t.test, nested seeds"), _nested),
    Comparison("stats.mrmc", _AREAS.format("auc, var and cov"), lambda: _mrmc("delong")),
    Comparison("stats.mrmc", _AREAS.format("auc, cases left out"), lambda: _mrmc("jackknife")),
    Comparison("stats.mrmc", _AREAS.format("auc, patients left out"), _mrmc_of_patients),
    Comparison("stats.mrmc", _AREAS.format("auc, three classes, cases left out"), _mrmc_of_classes),
    Comparison("stats.jackknife_covariance", by_program("resampling", "boot", "empinf"), _jackknife),
    Comparison(
        "stats.jackknife_covariance", by_program("resampling", "survey", "withReplicates"), _jackknife_of_patients
    ),
    Comparison(
        "stats.jackknife_covariance_of_sums", by_program("resampling", "survey", "withReplicates"), _jackknife_of_sums
    ),
    Comparison("stats.bootstrap_covariance", by_program("resampling", "boot", "boot"), _bootstrap_covariance),
    Comparison(
        "stats.crossed_bootstrap",
        by_program("resampling", "boot", "boot, with var and qt of R"),
        lambda: _crossed_bootstrap("or-t"),
    ),
    Comparison(
        "stats.crossed_bootstrap",
        by_program("resampling", "R", "sample of seeds and cases"),
        lambda: _crossed_bootstrap("percentile"),
    ),
    Comparison(
        "stats.bootstrap_interval", by_program("bootstrap", "boot", "boot.ci, on its replicates"), _bootstrap_levels
    ),
    Comparison("stats.bootstrap_interval", by_program("bootstrap", "boot", "boot.ci"), _bootstrap_interval),
    Comparison("stats.equivalence", by_program("mrmc", "R", "pt and qt"), _equivalence),
    Comparison("stats.noninferiority", by_program("mrmc", "R", "pt and qt"), _noninferiority),
    Comparison("stats.power_mrmc", by_program("mrmc", "R", "pt, noncentral"), _power_mrmc),
    Comparison("stats.probability_better", by_program("mrmc", "R", "pbeta"), _probability_better),
)
