"""Classifiers on the same cases: answers, tables, areas under the ROC curve, proportions."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats as scipy_stats

from cxr_report import stats
from cxr_report.conformance.comparison import (
    PROBABILITY,
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


def _answers(b: int, c: int) -> tuple[list[int], list[int]]:
    """Give the answers of two classifiers with b and c discordant cases and some of either concordant kind."""
    return [1] * b + [0] * c + [1] * 4 + [0] * 3, [0] * b + [1] * c + [1] * 4 + [0] * 3


def _mcnemar() -> Compared:
    computed, expected = [], []
    for entry in witness("cases")["mcnemar"]:
        answers = _answers(entry["b"], entry["c"])
        exact, chi2, corrected = (stats.mcnemar(*answers, method=m) for m in ("exact", "chi2", "chi2-cc"))
        computed.append([exact.p, chi2.statistic, chi2.p])
        expected.append([entry[key] for key in ("exact", "chi2", "p_chi2")])
        if entry["b"] != entry["c"]:  # R corrects |b - c| = 0 to 1 in some versions only
            computed.append([corrected.statistic, corrected.p])
            expected.append([entry["cc"], entry["p_cc"]])
    return computed, expected, ROUNDING


def _mid_p() -> Compared:
    # at b = c conventions differ: ours is 1
    entries = [entry for entry in witness("limits")["midp"] if entry["b"] != entry["c"]]
    return [stats.mcnemar(*_answers(e["b"], e["c"])).p for e in entries], [e["p"] for e in entries], ROUNDING


def _mcnemar_published() -> Compared:
    stored = witness("published")["fagerland"]
    answers = _answers(stored["b"], stored["c"])
    return [stats.mcnemar(*answers, method=method).p for method in stored["p"]], stored["p"], printed(3)


def _mcnemar_of_patients() -> Compared:
    computed, expected = [], []
    for entry in witness("limits")["patients"]:
        exact, chi2 = (
            stats.mcnemar(entry["a"], entry["b"], method=method, groups=entry["id"]) for method in ("exact", "chi2")
        )
        computed.append([exact.p, chi2.statistic, chi2.p])
        expected.append([entry[key] for key in ("exact", "chi2", "p_chi2")])
    return computed, expected, ROUNDING


def _cochran() -> Compared:
    entries = witness("cases")["cochran"]
    names = ("q", "df", "p")
    computed = [attributes(stats.cochran_q(entry["correct"]), *names) for entry in entries]
    return computed, [[entry[name] for name in names] for entry in entries], ROUNDING


def _cochran_published() -> Compared:
    stored = witness("published")["cochran"]
    found = stats.cochran_q([row for row, times in stored["rows"] for _ in range(times)])
    return [found.q, found.df], [stored["q"], stored["df"]], printed(2)


def _square(name: str) -> Compared:
    entries = witness("cases")["squares"].values()
    fields = ("kappa", "se", "low", "high") if name == "kappa" else ("chi2", "df", "p")
    test = stats.cohen_kappa if name == "kappa" else getattr(stats, name)
    return [attributes(test(e["table"]), *fields) for e in entries], [e[name] for e in entries], ROUNDING


def _stuart(name: str) -> Compared:
    stored = witness("published")["stuart"]
    return getattr(stats, name)(stored["table"]).chi2, stored[name], printed(2)


def _delong() -> Compared:
    computed, expected = [], []
    for pair in witness("roc")["pairs"]:
        found = stats.delong(pair["truth"], np.stack([pair["a"], pair["b"]], axis=1))
        computed.append([found.auc, np.diagonal(found.covariance), found.covariance[0, 1]])
        expected.append([pair["auc"], pair["variance"], pair["covariance"]])
    return computed, expected, ROUNDING


def _delong_test() -> Compared:
    computed, expected = [], []
    for pair in witness("roc")["pairs"]:
        data = pair["truth"], pair["a"], pair["b"]
        sides = [stats.delong_test(*data, alternative=side).p for side in ("greater", "less")]
        computed.append([attributes(stats.delong_test(*data), "z", "p", "low", "high"), sides])
        expected.append([pair[key] for key in ("z", "p", "difference", "p_greater", "p_less")])
    return computed, expected, ROUNDING


def _auc_interval() -> Compared:
    computed, expected = [], []
    for pair in witness("roc")["pairs"]:
        a = stats.auc_interval(pair["truth"], pair["a"])
        b = stats.auc_interval(pair["truth"], pair["b"], confidence=0.9)
        computed.append([a.low, a.high, b.low, b.high])
        expected.append([pair["interval_a"], pair["interval_b_90"]])
    return computed, expected, ROUNDING


def _auc_interval_logit() -> Compared:
    entries = witness("limits")["logit"]
    found = [stats.auc_interval(e["truth"], e["score"], method="logit") for e in entries]
    computed = [attributes(one, "auc", "se", "low", "high") for one in found]
    return computed, [[e["auc"], e["se"], e["interval"]] for e in entries], ROUNDING


def _bootstrapped_areas() -> tuple[stats.AucBootstrap, dict[str, Any]]:
    stored = witness("resampling")["areas"]
    scores = np.stack([stored["a"], stored["b"]], axis=1)
    return stats.auc_bootstrap(stored["truth"], scores, rng=np.random.default_rng(1), samples=RESAMPLES), stored


def _auc_bootstrap_areas() -> Compared:
    found, stored = _bootstrapped_areas()
    return found.auc, stored["auc"], ROUNDING


def _auc_bootstrap() -> Compared:
    found, stored = _bootstrapped_areas()
    computed = [np.diagonal(found.covariance), found.covariance[0, 1]]
    # a covariance with correlation r has sqrt((1 + r^2) / r^2) / sqrt(2) times the relative error of a variance
    correlation = stored["covariance"] / (stored["variance"][0] * stored["variance"][1]) ** 0.5
    tolerance = of_resamples(RESAMPLES, stored["resamples"])
    wider = tolerance.limit * ((1 + correlation**2) / (2 * correlation**2)) ** 0.5
    limit = Tolerance(max(tolerance.limit, wider), "relative", tolerance.reason)
    return computed, [stored["variance"], stored["covariance"]], limit


def _hand_till() -> Compared:
    stored = witness("roc")["hand_till"]
    return stats.hand_till(stored["truth"], stored["probabilities"]).auc, stored["auc"], ROUNDING


def _limits(x: int, n: int, method: Any, confidence: float = 0.95) -> list[float]:
    return attributes(stats.proportion_interval(x, n, method=method, confidence=confidence), "low", "high")


def _proportions_of_r() -> Compared:
    stored = witness("cases")
    counts = list(zip(stored["counts"]["x"], stored["counts"]["n"], strict=True))
    computed = [
        [_limits(x, n, "wilson") for x, n in counts],
        [_limits(x, n, "clopper-pearson") for x, n in counts],
        [_limits(x, n, "clopper-pearson", 0.9) for x, n in counts],
    ]
    return computed, [stored[name] for name in ("wilson", "clopper_pearson", "clopper_pearson_90")], PROBABILITY


def _proportions_of_statsmodels() -> Compared:
    stored, counted = witness("posthocs")["proportions"], witness("cases")["counts"]
    counts = list(zip(counted["x"], counted["n"], strict=True))
    computed = [[_limits(x, n, method) for x, n in counts] for method in ("wilson", "agresti-coull")]
    return computed, [stored["wilson"], stored["agresti_coull"]], PROBABILITY


def _proportions_of_patients() -> Compared:
    """Compare the effective number of cases; survey's variance lacks the factor n / (n - 1), and ours ends at n."""
    computed, expected = [], []
    for entry in witness("cases")["clusters"]:
        p, n, patients = entry["estimate"], len(entry["y"]), entry["df"] + 1
        found = stats.proportion_interval(entry["y"], n, method="clopper-pearson", groups=entry["id"])
        ratio = (scipy_stats.t.isf(0.025, n - 1) / scipy_stats.t.isf(0.025, patients - 1)) ** 2
        effective = min(p * (1 - p) / entry["variance"] * n / (n - 1), n) * ratio
        computed.append([found.estimate, found.n_effective])
        expected.append([p, effective])
    return computed, expected, ROUNDING


def _newcombe() -> Compared:
    computed, expected = [], []
    for x1, n1, x2, n2, low, high in witness("posthocs")["proportions"]["newcombe"]:
        found = stats.newcombe_difference(int(x1), int(n1), int(x2), int(n2))
        computed.append([found.low, found.high])
        expected.append([low, high])
    return computed, expected, ROUNDING


def _newcombe_published() -> Compared:
    stored = witness("published")["newcombe"]
    found = [stats.newcombe_difference(*counts) for counts in stored["counts"]]
    return [[one.low, one.high] for one in found], stored["intervals"], printed(4)


_FAGERLAND = "Fagerland, Lydersen & Laake 2013, doi 10.1186/1471-2288-13-91"
_STUART = "Stuart 1955, doi 10.1093/biomet/42.3-4.412"
_NEWCOMBE = "Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, table II"

COMPARISONS = (
    Comparison("stats.mcnemar", by_program("cases", "R", "binom.test and mcnemar.test"), _mcnemar),
    Comparison("stats.mcnemar", by_program("limits", "R", "binom.test and dbinom, mid-p"), _mid_p),
    Comparison("stats.mcnemar", _FAGERLAND, _mcnemar_published),
    Comparison("stats.mcnemar", by_program("limits", "exactRankTests", "perm.test on patients"), _mcnemar_of_patients),
    Comparison("stats.cochran_q", by_program("cases", "R", "friedman.test on 0 and 1"), _cochran),
    Comparison("stats.cochran_q", "Cochran 1950, doi 10.1093/biomet/37.3-4.256", _cochran_published),
    Comparison("stats.bowker", by_program("cases", "R", "mcnemar.test"), lambda: _square("bowker")),
    Comparison("stats.bowker", _STUART, lambda: _stuart("bowker")),
    Comparison("stats.stuart_maxwell", by_program("cases", "coin", "mh_test"), lambda: _square("stuart_maxwell")),
    Comparison("stats.stuart_maxwell", _STUART, lambda: _stuart("stuart_maxwell")),
    Comparison("stats.cohen_kappa", by_program("cases", "psych", "cohen.kappa"), lambda: _square("kappa")),
    Comparison("stats.delong", by_program("roc", "pROC", "auc, var and cov"), _delong),
    Comparison("stats.delong_test", by_program("roc", "pROC", "roc.test"), _delong_test),
    Comparison("stats.auc_interval", by_program("roc", "pROC", "ci.auc"), _auc_interval),
    Comparison("stats.auc_interval", by_program("limits", "pROC", "var, and plogis of R"), _auc_interval_logit),
    Comparison("stats.auc_bootstrap", by_program("resampling", "pROC", "auc"), _auc_bootstrap_areas),
    Comparison("stats.auc_bootstrap", by_program("resampling", "pROC", "var and cov by bootstrap"), _auc_bootstrap),
    Comparison("stats.hand_till", by_program("roc", "pROC", "multiclass.roc"), _hand_till),
    Comparison("stats.proportion_interval", by_program("cases", "R", "prop.test and binom.test"), _proportions_of_r),
    Comparison(
        "stats.proportion_interval",
        by_program("posthocs", "statsmodels", "proportion_confint"),
        _proportions_of_statsmodels,
    ),
    Comparison("stats.proportion_interval", by_program("cases", "survey", "svymean"), _proportions_of_patients),
    Comparison(
        "stats.newcombe_difference", by_program("posthocs", "statsmodels", "confint_proportions_2indep"), _newcombe
    ),
    Comparison("stats.newcombe_difference", _NEWCOMBE, _newcombe_published),
)
