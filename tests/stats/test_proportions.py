"""Intervals of proportions agree with R, statsmodels and Newcombe's table, and widen for clustered cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from cxr_report import stats
from cxr_report.conformance import witness

R = witness("cases")
PYTHON = witness("posthocs")["proportions"]
COUNTS = list(zip(R["counts"]["x"], R["counts"]["n"], strict=True))
METHODS = ("wilson", "clopper-pearson", "agresti-coull")


def limits(x, n, method, confidence=0.95):
    found = stats.proportion_interval(x, n, method=method, confidence=confidence)
    return [found.low, found.high]


def test_intervals_agree_with_r_and_statsmodels():
    for place, (x, n) in enumerate(COUNTS):
        assert limits(x, n, "wilson") == pytest.approx(R["wilson"][place], abs=1e-12)
        assert limits(x, n, "wilson") == pytest.approx(PYTHON["wilson"][place], abs=1e-12)
        assert limits(x, n, "clopper-pearson") == pytest.approx(R["clopper_pearson"][place], abs=1e-12)
        assert limits(x, n, "clopper-pearson", 0.9) == pytest.approx(R["clopper_pearson_90"][place], abs=1e-12)
        assert limits(x, n, "agresti-coull") == pytest.approx(PYTHON["agresti_coull"][place], abs=1e-12)


def test_newcombes_method_10_agrees_with_statsmodels_and_his_table():
    """Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, table II."""
    printed = [
        (0.0524, 0.3339), (0.1705, 0.8090), (0.0582, 0.8062), (-0.0381, 0.1926), (-0.1611, 0.2775), (0.6791, 1.0),
    ]  # fmt: skip
    for (x1, n1, x2, n2, low, high), table in zip(PYTHON["newcombe"], printed, strict=True):
        found = stats.newcombe_difference(int(x1), int(n1), int(x2), int(n2))
        assert [found.low, found.high] == pytest.approx([low, high], abs=1e-12)
        assert [found.low, found.high] == pytest.approx(table, abs=5e-5)
        assert found.difference == pytest.approx(x1 / n1 - x2 / n2)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from(METHODS))
def test_limits_stay_in_bounds_around_the_estimate_and_mirror(counts, method):
    x, n = counts
    found = stats.proportion_interval(x, n, method=method)
    assert 0 <= found.low <= found.estimate == x / n <= found.high <= 1
    mirrored = stats.proportion_interval(n - x, n, method=method)
    assert mirrored.low == pytest.approx(1 - found.high, abs=1e-12)
    narrow = stats.proportion_interval(x, n, method=method, confidence=0.8)
    assert found.low <= narrow.low
    assert narrow.high <= found.high


@given(
    st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)
def test_newcombe_stays_in_bounds_and_turns_with_the_groups(one, other):
    found, swapped = stats.newcombe_difference(*one, *other), stats.newcombe_difference(*other, *one)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert found.low == pytest.approx(-swapped.high, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("outcome", [[1, 0, 1, 1, 0, 1, 1], [1, 1, 1], [0, 0, 0, 0]])
def test_one_case_per_patient_changes_nothing(method, outcome):
    n, x = len(outcome), sum(outcome)
    plain = stats.proportion_interval(x, n, method=method)
    for found in (
        stats.proportion_interval(outcome, n, method=method, groups=range(n)),
        stats.proportion_interval(outcome, method=method),
    ):
        assert [found.low, found.high, found.n_effective] == pytest.approx([plain.low, plain.high, n], abs=1e-14)


@pytest.mark.parametrize("place", range(2))
def test_clusters_agree_with_the_survey_package(place):
    """svyciprop(method="beta") is Korn and Graubard's interval; its variance lacks our factor (n - 1) / n."""
    wanted = R["clusters"][place]
    n = len(wanted["y"])
    found = stats.proportion_interval(wanted["y"], n, method="clopper-pearson", groups=wanted["id"])
    p, v, df = wanted["estimate"], wanted["variance"], wanted["df"]
    ratio = (scipy_stats.t.isf(0.025, n - 1) / scipy_stats.t.isf(0.025, df)) ** 2
    assert found.estimate == pytest.approx(p)
    assert p * (1 - p) / v > 0
    effective = p * (1 - p) / v * ratio
    if effective <= n * ratio:  # the design effect is above 1, so ours is survey's but for the factor
        assert found.n_effective * (n - 1) / n == pytest.approx(effective, rel=1e-9)
        assert [found.low, found.high] == pytest.approx(wanted["beta"], abs=0.002)
    else:
        assert found.n_effective == pytest.approx(n * ratio)


def test_clustered_cases_widen_the_interval_and_keep_coverage():
    rng = np.random.default_rng(41)
    groups = np.repeat(np.arange(30), 4)
    naive = clustered = 0
    for _ in range(800):
        outcome = rng.random(120) < np.repeat(np.where(rng.random(30) < 0.7, 0.9, 0.3), 4)
        one = stats.proportion_interval(int(outcome.sum()), 120)
        other = stats.proportion_interval(outcome, groups=groups)
        naive += one.low <= 0.72 <= one.high
        clustered += other.low <= 0.72 <= other.high
    assert naive / 800 < 0.90
    assert abs(clustered / 800 - 0.95) < 0.02


def test_agreement_of_all_cases_counts_patients():
    found = stats.proportion_interval([1] * 12, groups=np.repeat([1, 2, 3], 4))
    assert found.n_effective < 3
    assert found.low < stats.proportion_interval(3, 3).low
    assert found.high == 1
    assert "patient" in found.note


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stats.proportion_interval(3, 2), "at most n"),
        (lambda: stats.proportion_interval(-1, 2), "successes must be a whole number"),
        (lambda: stats.proportion_interval(1.5, 2), "successes must be a whole number"),
        (lambda: stats.proportion_interval(0, 0), "n must be a whole number of at least 1"),
        (lambda: stats.proportion_interval(1), "n must be given"),
        (lambda: stats.proportion_interval(1, 2, method="wald"), "method must be one of"),
        (lambda: stats.proportion_interval(1, 2, groups=[1, 2]), "one 0 or 1 per case"),
        (lambda: stats.proportion_interval([0, 1], 3), "length of successes"),
        (lambda: stats.proportion_interval([0, 1], groups=[1, 1]), "at least 2 patients"),
        (lambda: stats.proportion_interval([0, 2]), "0 and 1 only"),
        (lambda: stats.newcombe_difference(1, 2, 3, 2), "at most n"),
        (lambda: stats.newcombe_difference(1, 0, 1, 2), "at least 1"),
    ],
)
def test_faulty_input_is_refused_with_its_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
