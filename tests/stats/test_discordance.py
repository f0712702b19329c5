"""McNemar's and Cochran's tests agree with R and with enumeration, and keep their level where patients repeat."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report import stats
from cxr_report.conformance import witness

R = witness("cases")
METHODS = ("exact", "mid-p", "chi2", "chi2-cc")
ANSWERS = st.tuples(st.integers(1, 10), st.integers(2, 4)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(0, 1))
)


def answers(b, c, both=4, neither=3):
    a = [1] * b + [0] * c + [1] * both + [0] * neither
    other = [0] * b + [1] * c + [1] * both + [0] * neither
    return a, other


@pytest.mark.parametrize("wanted", R["mcnemar"], ids=lambda w: f"b={w['b']},c={w['c']}")
def test_mcnemar_agrees_with_r(wanted):
    a, b = answers(wanted["b"], wanted["c"])
    assert stats.mcnemar(a, b, method="exact").p == pytest.approx(wanted["exact"], rel=1e-12)
    plain, corrected = stats.mcnemar(a, b, method="chi2"), stats.mcnemar(a, b, method="chi2-cc")
    assert (plain.b, plain.c) == (wanted["b"], wanted["c"])
    assert plain.statistic == pytest.approx(wanted["chi2"], rel=1e-12)
    assert plain.p == pytest.approx(wanted["p_chi2"], rel=1e-12)
    if wanted["b"] != wanted["c"]:  # R corrects |b - c| = 0 to 1 as well
        assert corrected.statistic == pytest.approx(wanted["cc"], rel=1e-12)
        assert corrected.p == pytest.approx(wanted["p_cc"], rel=1e-12)
    else:
        assert corrected.p == 1


def test_the_published_example_of_four_forms():
    """Fagerland, Lydersen & Laake 2013, doi 10.1186/1471-2288-13-91, b = 1, c = 7."""
    a, b = answers(1, 7)
    found = {method: stats.mcnemar(a, b, method=method).p for method in METHODS}
    assert found["chi2"] == pytest.approx(0.034, abs=5e-4)
    assert found["chi2-cc"] == pytest.approx(0.077, abs=5e-4)
    assert found["exact"] == pytest.approx(0.070, abs=5e-4)
    assert found["mid-p"] == pytest.approx(0.039, abs=5e-4)


@given(st.integers(0, 30), st.integers(0, 30))
def test_laws_of_mcnemar(b, c):
    a, other = answers(b, c)
    found = {method: stats.mcnemar(a, other, method=method) for method in METHODS}
    for method, one in found.items():
        turned = stats.mcnemar(other, a, method=method)
        assert (one.b, one.c) == (turned.c, turned.b) == (b, c)
        assert one.p == pytest.approx(turned.p, nan_ok=True)
        if b == c == 0:
            assert np.isnan(one.p)
            assert one.note
        else:
            assert 0 < one.p <= 1
        if b == c > 0:
            assert one.p == pytest.approx(1)
    if b + c:
        assert found["mid-p"].p <= found["exact"].p
        assert found["chi2"].p <= found["chi2-cc"].p


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 1)), min_size=1, max_size=14))
def test_clustered_exact_p_is_that_of_all_exchanges_of_whole_patients(cases):
    groups, gain = (np.array(column) for column in zip(*cases, strict=True))
    a, b = (gain > 0).astype(int), (gain < 0).astype(int)
    nets = np.array([gain[groups == g].sum() for g in np.unique(groups)])
    sums = np.array([(nets * signs).sum() for signs in itertools.product((-1, 1), repeat=nets.size)])
    exact, mid = (stats.mcnemar(a, b, method=method, groups=groups) for method in ("exact", "mid-p"))
    chi2 = stats.mcnemar(a, b, method="chi2", groups=groups)
    if not nets.any():
        assert np.isnan([exact.p, mid.p, chi2.p]).all()
        assert exact.note
        return
    total = abs(nets.sum())
    assert exact.p == pytest.approx((np.abs(sums) >= total).mean(), abs=1e-12)
    at = (sums == total).mean() if total else (sums == 0).mean()
    assert mid.p == pytest.approx(min(1.0, 2 * (sums >= total).mean() - at), abs=1e-12)
    assert chi2.statistic == pytest.approx(total**2 / (nets**2).sum())


@settings(max_examples=60, deadline=None)
@given(ANSWERS, st.sampled_from(METHODS))
def test_one_case_per_patient_changes_nothing(table, method):
    a, b = table[:, 0], table[:, 1]
    alone = np.arange(len(a))[::-1]
    plain, grouped = stats.mcnemar(a, b, method=method), stats.mcnemar(a, b, method=method, groups=alone)
    assert plain.p == pytest.approx(grouped.p, nan_ok=True)
    assert plain.statistic == pytest.approx(grouped.statistic, nan_ok=True)
    plain, grouped = stats.cochran_q(table), stats.cochran_q(table, groups=alone)
    assert plain.q == pytest.approx(grouped.q, nan_ok=True)


@pytest.mark.parametrize("place", range(3))
def test_cochran_agrees_with_r(place):
    wanted = R["cochran"][place]
    found = stats.cochran_q(wanted["correct"])
    assert found.q == pytest.approx(wanted["q"], rel=1e-10)
    assert found.p == pytest.approx(wanted["p"], rel=1e-10)
    assert found.df == wanted["df"]


def test_cochrans_published_example():
    """Cochran 1950, doi 10.1093/biomet/37.3-4.256: 69 specimens on four media, Q = 8.05 on 3 degrees of freedom."""
    rows = [((1, 1, 1, 1), 4), ((1, 1, 0, 1), 2), ((0, 1, 1, 1), 3), ((0, 1, 0, 1), 1), ((0, 0, 0, 0), 59)]
    correct = [row for row, times in rows for _ in range(times)]
    assert stats.cochran_q(correct).q == pytest.approx(8.05, abs=0.005)


@settings(max_examples=60, deadline=None)
@given(ANSWERS, st.data())
def test_laws_of_cochran(table, data):
    columns = np.array(data.draw(st.permutations(range(table.shape[1]))))
    rows = np.array(data.draw(st.permutations(range(table.shape[0]))))
    groups = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(table), max_size=len(table))))
    for clusters in (None, groups):
        turned = None if clusters is None else clusters[rows]
        one = stats.cochran_q(table, groups=clusters)
        other = stats.cochran_q(table[rows][:, columns], groups=turned)
        assert one.q == pytest.approx(other.q, nan_ok=True)
        assert np.isnan(one.p) == bool(one.note)
        assert np.isnan(one.p) or 0 <= one.p <= 1
    if table.shape[1] == 2:
        pair = stats.mcnemar(table[:, 0], table[:, 1], method="chi2", groups=groups)
        assert stats.cochran_q(table, groups=groups).q == pytest.approx(pair.statistic, nan_ok=True)


def clustered(rng, patients=40, images=4, k=3):
    """Three equally good classifiers whose errors repeat within the patient, each with patients it finds hard."""
    quirk = rng.normal(size=(patients, 1, k)) * 1.5
    return (0.8 + quirk + rng.normal(size=(patients, images, k)) > 0).reshape(-1, k).astype(int)


def test_repeated_patients_keep_the_level_where_the_plain_tests_do_not():
    rng = np.random.default_rng(51)
    groups = np.repeat(np.arange(40), 4)
    p = []
    for _ in range(700):
        table = clustered(rng)
        a, b = table[:, 0], table[:, 1]
        p.append(
            [
                stats.mcnemar(a, b).p,
                stats.mcnemar(a, b, groups=groups).p,
                stats.cochran_q(table).p,
                stats.cochran_q(table, groups=groups).p,
            ]
        )
    plain, mid, q_plain, q = (np.array(p) < 0.05).mean(axis=0)
    assert min(plain, q_plain) > 0.12
    assert abs(mid - 0.05) < 0.025
    assert abs(q - 0.05) < 0.025


def test_agreement_is_undefined_not_significant():
    table = np.tile([[1], [0], [1]], 3)
    assert np.isnan(stats.cochran_q(table).p)
    assert "agree" in stats.cochran_q(table).note
    cancel = stats.cochran_q([[1, 0], [0, 1]], groups=[7, 7])
    assert np.isnan(cancel.p)
    assert "cancel" in cancel.note
    cancel = stats.mcnemar([1, 0], [0, 1], groups=[7, 7])
    assert (cancel.b, cancel.c) == (1, 1)
    assert np.isnan(cancel.p)
    assert "cancel" in cancel.note


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stats.mcnemar([0, 1], [0]), "one length"),
        (lambda: stats.mcnemar([0, 2], [0, 1]), "correct_a must hold 0 and 1"),
        (lambda: stats.mcnemar([0, 1], [0, 1], method="auto"), "method must be one of"),
        (lambda: stats.mcnemar([0, 1], [0, 1], groups=[1]), "groups must have shape"),
        (lambda: stats.mcnemar([], []), "must not be empty"),
        (lambda: stats.cochran_q([[1], [0]]), "at least 2 columns"),
        (lambda: stats.cochran_q([1, 0]), "2 axes"),
        (lambda: stats.cochran_q([[1, 0]], groups=["a", "b"]), "groups must have shape"),
    ],
)
def test_faulty_input_is_refused_with_its_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("n", [1, 2, 3, 7, 50, 2000])
@pytest.mark.parametrize("method", ["exact", "mid-p", "chi2", "chi2-cc"])
def test_equal_discordant_counts_have_a_p_of_exactly_one(n, method):
    a = np.repeat([1, 0], n)
    assert stats.mcnemar(a, 1 - a, method=method).p == 1.0
    assert stats.mcnemar(a, 1 - a, method=method, groups=np.arange(2 * n)).p == 1.0
