"""What a winner is worth: against simulation, other programs and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as distributions

from cxr_report import stats
from cxr_report.verify.tables import Said, Standing, audit_grid, parse
from cxr_report.verify.tables.areas import difference_error, hanley_mcneil
from cxr_report.verify.tables.best import Accuracies, best_of_all, covariance, orthant
from cxr_report.verify.tables.needed import cases_for_accuracies, cases_for_areas, seeds_for_means
from cxr_report.verify.tables.pairs import verdict


def standing(text: str, said: Said | None = None) -> Standing:
    (found,) = audit_grid(parse(text, "t"), said or Said(scale="fraction")).standings
    return found


def test_the_standard_error_of_the_published_example() -> None:
    """Hanley & McNeil 1982, doi 10.1148/radiology.143.1.7063747: 0.893 with 51 abnormal and 58 normal has 0.032."""
    assert hanley_mcneil(0.893, 51, 58) == pytest.approx(0.032, abs=1e-3)


def test_hanley_and_mcneil_hold_for_exponential_scores() -> None:
    """Their formula is exact for these; 4000 simulated studies."""
    rng = np.random.default_rng(3)
    ratio, p, q = 0.12, 30, 40  # area = 1 / (1 + ratio)
    areas = [float(np.mean(rng.exponential(1.0, (p, 1)) > rng.exponential(ratio, (1, q)))) for _ in range(4000)]
    assert np.std(areas) == pytest.approx(hanley_mcneil(1 / (1 + ratio), p, q), rel=0.04)


def test_two_areas_follow_the_normal_distribution_at_both_ends_of_the_correlation() -> None:
    found = standing("method,auc,positives,negatives\nA,0.90,50,60\nB,0.86,50,60\n").claims[0].pair
    a, b = hanley_mcneil(0.90, 50, 60), hanley_mcneil(0.86, 50, 60)
    for correlation, value in ((0.0, found.low), (0.9, found.high)):
        spread = math.sqrt(a * a + b * b - 2 * correlation * a * b)
        assert value == pytest.approx(distributions.norm.cdf(0.04 / spread), abs=1e-12)


def test_two_accuracies_go_through_probability_better() -> None:
    found = standing("method,accuracy,n\nA,0.90,100\nB,0.86,100\n").claims[0].pair
    expected = stats.probability_better(100, 90, 86)
    assert (found.low, found.high) == (expected.low, expected.high)
    assert found.curve is not None
    assert found.curve.agreement.tolist() == [each / 100 for each in expected.discordant]


def test_the_flat_prior_is_that_of_a_simulated_posterior() -> None:
    """b = 7, c = 3: draw shares from a uniform prior, keep those whose binomial draw gives 7 of 10."""
    found = standing("method,accuracy,n\nA,0.97,100\nB,0.93,100\n").claims[0].pair
    rng = np.random.default_rng(11)
    share = rng.uniform(size=2_000_000)
    kept = share[rng.binomial(10, share) == 7]
    assert found.curve is not None
    assert found.curve.agreement.max() == pytest.approx(0.10)
    assert found.flat[0] == pytest.approx(float((kept > 0.5).mean()), abs=0.003)


def test_digits_that_leave_counts_open_widen_the_span() -> None:
    coarse = standing("method,accuracy,n\nA,0.90,1000\nB,0.86,1000\n").claims[0].pair
    fine = standing("method,accuracy,n\nA,0.900,1000\nB,0.860,1000\n").claims[0].pair
    assert coarse.low < fine.low
    assert coarse.high >= fine.high


def test_an_error_rate_is_turned_round() -> None:
    right = standing("method,accuracy,n\nA,0.90,100\nB,0.86,100\n").claims[0].pair
    wrong = standing("method,error,n\nA,0.10,100\nB,0.14,100\n").claims[0].pair
    assert (right.low, right.high, right.better.method) == (wrong.low, wrong.high, wrong.better.method)


def test_swapping_the_rows_changes_nothing() -> None:
    one = standing("method,accuracy,n\nA,0.90,100\nB,0.86,100\nC,0.84,100\n")
    other = standing("method,accuracy,n\nC,0.84,100\nB,0.86,100\nA,0.90,100\n")
    assert one.claims[0].pair.low == other.claims[0].pair.low
    assert one.claims[0].best is not None
    assert other.claims[0].best is not None
    assert one.claims[0].best.probability == pytest.approx(other.claims[0].best.probability, abs=1e-9)


def test_the_covariance_of_the_probit_is_that_of_the_bivariate_normal() -> None:
    counted = Accuracies(np.array([90.0, 80.0, 60.0]), 100)
    for rho in (0.0, 0.3, 0.6, 0.95):
        found = covariance(counted, rho)
        for i, j in ((0, 1), (0, 2), (1, 2)):
            a = distributions.norm.ppf(counted.mean)
            both = distributions.multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([a[i], a[j]])
            assert found[i, j] == pytest.approx((both - counted.mean[i] * counted.mean[j]) / 103, abs=2e-7)
        beta = distributions.beta(91, 11)
        assert found[0, 0] == pytest.approx(beta.var(), rel=1e-9)


def test_cases_drawn_from_the_probit_have_that_covariance() -> None:
    """20,000 simulated test sets of 80 cases: accuracies of two models that share the difficulty of the cases."""
    rng = np.random.default_rng(5)
    rho, n, a = 0.7, 80, np.array([1.2, 0.8])
    shared = rng.standard_normal((20_000, n, 1))
    right = a + math.sqrt(rho) * shared + math.sqrt(1 - rho) * rng.standard_normal((20_000, n, 2)) > 0
    simulated = np.cov(right.mean(axis=1).T)
    mean = distributions.norm.cdf(a)
    counted = Accuracies(mean * (n + 2) - 1, n)
    assert covariance(counted, rho) * (n + 3) / n == pytest.approx(simulated, rel=0.05)


def test_the_orthant_is_that_of_other_programs_and_of_closed_forms() -> None:
    rng = np.random.default_rng(8)
    for size in (1, 2, 3, 6):
        root = rng.standard_normal((size, size))
        spread, mean = root @ root.T + 0.2 * np.eye(size), rng.standard_normal(size) * 0.7
        expected = distributions.multivariate_normal(np.zeros(size), spread, maxpts=400_000 * size).cdf(mean)
        assert orthant(mean, spread) == pytest.approx(float(expected), abs=1e-3)
    for size in (2, 3, 5, 12):  # equal methods share the first place, however they are correlated alike
        spread = 0.4 * np.ones((size, size)) + 0.6 * np.eye(size)
        assert best_of_all(np.zeros(size), spread, 0) == pytest.approx(1 / size, abs=1e-3)
    assert orthant(np.zeros(2), np.array([[1.0, 0.5], [0.5, 1.0]])) == pytest.approx(
        1 / 4 + math.asin(0.5) / (2 * math.pi), abs=1e-4
    )


def test_the_best_of_all_is_that_of_a_simulation() -> None:
    text = "method,accuracy,n\nA,0.90,200\nB,0.88,200\nC,0.87,200\nD,0.80,200\n"
    best = standing(text).claims[0].best
    assert best is not None
    rng = np.random.default_rng(2)
    counted = Accuracies(np.array([180.0, 176.0, 174.0, 160.0]), 200)
    for place in (0, 10, 19):
        drawn = rng.multivariate_normal(counted.mean, covariance(counted, float(best.agreement[place])), 200_000)
        assert best.probability[place] == pytest.approx(float((drawn.argmax(axis=1) == 0).mean()), abs=0.005)


def test_independent_models_agree_with_independent_posteriors() -> None:
    """Without a common factor the best of all follows from independent beta posteriors, here by simulation."""
    best = standing("method,accuracy,n\nA,0.90,200\nB,0.88,200\nC,0.80,200\n").claims[0].best
    assert best is not None
    rng = np.random.default_rng(4)
    drawn = np.stack([rng.beta(x + 1, 200 - x + 1, 300_000) for x in (180, 176, 160)])
    assert best.probability[0] == pytest.approx(float((drawn.argmax(axis=0) == 0).mean()), abs=0.01)


@pytest.mark.parametrize("discordant", ["least", "most"])
def test_the_cases_that_are_said_to_be_needed_give_the_power(discordant: str) -> None:
    """Simulated: McNemar's chi-squared finds 0.90 against 0.84 in 80 of 100 studies."""
    found = cases_for_accuracies(0.90, 0.84)
    n = {"least": found.least, "most": found.most}[discordant]
    share = 0.06 if discordant == "least" else 0.90 * 0.16 + 0.84 * 0.10
    assert n is not None
    rng = np.random.default_rng(6)
    b = rng.binomial(n, (share + 0.06) / 2, 20_000)
    c = rng.binomial(n - b, ((share - 0.06) / 2) / (1 - (share + 0.06) / 2))
    total = np.maximum(b + c, 1)
    power = float(((b - c) ** 2 / total > distributions.chi2.isf(0.05, 1)).mean())
    assert power >= 0.78
    assert discordant == "least" or power <= 0.82  # with c = 0 throughout the approximation asks for more than would do


def test_areas_and_seeds_that_are_needed() -> None:
    """With exactly so many cases the difference is z_a + z_b standard errors; seeds come from the paired t test."""
    found = cases_for_areas(0.02, (0.03, 0.03), 100)
    assert found.most is not None
    error = difference_error(0.03, 0.03, 0.0) * math.sqrt(100 / found.most)
    assert 0.02 / error == pytest.approx(1.959964 + 0.841621, rel=1e-3)
    seeds = seeds_for_means(0.01, (0.01, 0.01))
    assert seeds.most is not None
    assert (
        stats.power_paired_t(1 / math.sqrt(2), seeds.most)
        >= 0.8
        > stats.power_paired_t(1 / math.sqrt(2), seeds.most - 1)
    )
    assert cases_for_accuracies(0.9, 0.9).least is None


def test_bold_entries_inside_the_noise_are_named_and_outside_of_it_are_not() -> None:
    noisy = standing("method,accuracy,n\nA,**0.90**,100\nB,0.88,100\n").claims[0].pair
    sure = standing("method,accuracy,n\nA,**0.90**,1000\nB,0.50,1000\n").claims[0].pair
    assert noisy.verdict == "told apart at no agreement"
    assert sure.verdict == "told apart at every agreement"
    assert verdict(0.9, 0.98) == "told apart at some agreements"


def test_bold_that_is_not_the_best_is_said() -> None:
    found = standing("method,accuracy,n\nA,**0.86**,100\nB,0.90,100\n")
    assert found.marked
    assert not found.claims[0].leads


def test_seeds_alone_are_welchs_t() -> None:
    text = "method,macro f1,sd,seeds\nA,0.90,0.01,5\nB,0.88,0.02,4\n"
    found = standing(text).claims[0].pair
    expected = distributions.ttest_ind_from_stats(0.90, 0.01, 5, 0.88, 0.02, 4, equal_var=False).pvalue
    assert found.curve is None
    assert found.seeds == pytest.approx(1 - expected / 2, abs=1e-12)


def test_the_intervals_are_wilsons_hanley_and_mcneils_and_students() -> None:
    text = "method,metric,value,sd,seeds,positives,negatives\nA,accuracy,0.90,,1,50,50\nA,auc,0.95,0.01,5,50,50\n"
    wilson, area, seeds = audit_grid(parse(text, "t"), Said()).ranges
    expected = stats.proportion_interval(90, 100)
    assert (wilson.low, wilson.high) == (expected.low, expected.high)
    assert area.high == pytest.approx(min(1.0, 0.95 + 1.959964 * hanley_mcneil(0.95, 50, 50)), abs=1e-6)
    assert seeds.high - 0.95 == pytest.approx(2.776445 * 0.01 / math.sqrt(5), abs=1e-6)
    assert (seeds.target, area.target) == ("seeds", "cases")
