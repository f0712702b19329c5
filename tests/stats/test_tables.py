"""Tests on square tables agree with R (stats, coin, psych) and survive empty classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report import stats
from cxr_report.conformance import witness

R = witness("cases")["squares"]
TABLES = st.integers(2, 4).flatmap(lambda c: arrays(np.int64, (c, c), elements=st.integers(0, 6)))


@pytest.mark.parametrize("name", sorted(R))
def test_square_tables_agree_with_r(name):
    wanted = R[name]
    for test in ("bowker", "stuart_maxwell"):
        found = getattr(stats, test)(wanted["table"])
        assert [found.chi2, found.df, found.p] == pytest.approx(wanted[test], rel=1e-9), test
    found = stats.cohen_kappa(wanted["table"])
    assert [found.kappa, found.se, found.low, found.high] == pytest.approx(wanted["kappa"], rel=1e-9)


def test_stuarts_published_example_of_unaided_vision():
    """Stuart 1955, doi 10.1093/biomet/42.3-4.412: 7477 women, right against left eye, chi2 = 11.96 on 3 df."""
    table = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
    found = stats.stuart_maxwell(table)
    assert found.chi2 == pytest.approx(11.96, abs=0.005)
    assert found.df == 3
    assert stats.bowker(table).chi2 == pytest.approx(19.11, abs=0.005)


def test_two_classes_are_mcnemar():
    table = [[20, 7], [1, 12]]
    a, b = np.repeat([1, 1, 0, 0], [20, 7, 1, 12]), np.repeat([1, 0, 1, 0], [20, 7, 1, 12])
    wanted = stats.mcnemar(a, b, method="chi2")
    for found in (stats.bowker(table), stats.stuart_maxwell(table)):
        assert found.chi2 == pytest.approx(wanted.statistic)
        assert found.p == pytest.approx(wanted.p)


@settings(max_examples=80, deadline=None)
@given(TABLES, st.data())
def test_laws_of_square_tables(table, data):
    order = np.array(data.draw(st.permutations(range(len(table)))))
    for test in (stats.bowker, stats.stuart_maxwell):
        one = test(table)
        for other in (test(table.T), test(table[np.ix_(order, order)])):
            assert one.chi2 == pytest.approx(other.chi2, rel=1e-7, abs=1e-9, nan_ok=True)
            assert one.df == other.df
        assert np.isnan(one.p) or 0 <= one.p <= 1
        assert np.isnan(one.p) == (table.sum() == np.trace(table))
    if table.sum():
        kappa, turned = stats.cohen_kappa(table), stats.cohen_kappa(table.T)
        assert kappa.kappa == pytest.approx(turned.kappa, nan_ok=True)
        assert kappa.se == pytest.approx(turned.se, nan_ok=True, abs=1e-12)
        assert np.isnan(kappa.kappa) or -1 <= kappa.low <= kappa.kappa + 1e-12 <= kappa.high + 2e-12 <= 1 + 1e-11


def test_an_empty_class_does_not_enter():
    full = np.array(R["full"]["table"])
    padded = np.zeros((4, 4))
    padded[np.ix_([0, 1, 3], [0, 1, 3])] = full
    for test in (stats.bowker, stats.stuart_maxwell):
        one, other = test(full), test(padded)
        assert (one.df, one.chi2, one.p) == pytest.approx((other.df, other.chi2, other.p))
        assert not one.note
        assert other.note
    one, other = stats.cohen_kappa(full), stats.cohen_kappa(padded)
    assert (one.kappa, one.se) == pytest.approx((other.kappa, other.se))


def test_stuart_maxwell_does_not_depend_on_the_class_left_out():
    table = np.array(R["four"]["table"], dtype=float)
    d, both = table.sum(1) - table.sum(0), -(table + table.T)
    np.fill_diagonal(both, table.sum(1) + table.sum(0) - 2 * np.diag(table))
    for out in range(4):
        keep = [c for c in range(4) if c != out]
        wanted = d[keep] @ np.linalg.solve(both[np.ix_(keep, keep)], d[keep])
        assert stats.stuart_maxwell(table).chi2 == pytest.approx(wanted)


def test_full_agreement_and_one_class_throughout():
    found = stats.cohen_kappa(np.diag([5, 0, 3]))
    assert (found.kappa, found.se, found.low, found.high) == (1.0, 0.0, 1.0, 1.0)
    assert found.note
    undefined = stats.cohen_kappa([[0, 0], [0, 9]])
    assert np.isnan([undefined.kappa, undefined.se, undefined.low, undefined.high]).all()
    assert undefined.note
    for test in (stats.bowker, stats.stuart_maxwell):
        found = test(np.diag([5, 0, 3]))
        assert np.isnan([found.chi2, found.p]).all()
        assert found.df == 0
        assert found.note


def test_the_interval_of_kappa_covers():
    rng = np.random.default_rng(61)
    cells = np.array([0.35, 0.1, 0.15, 0.4])
    truth = (0.75 - (0.45 * 0.5 + 0.55 * 0.5)) / (1 - (0.45 * 0.5 + 0.55 * 0.5))
    found = [stats.cohen_kappa(rng.multinomial(150, cells).reshape(2, 2)) for _ in range(600)]
    assert abs(np.mean([one.low <= truth <= one.high for one in found]) - 0.95) < 0.025


@pytest.mark.parametrize("test", [stats.bowker, stats.stuart_maxwell, stats.cohen_kappa])
def test_faulty_tables_are_refused(test):
    for table in ([[1, 2, 3], [1, 2, 3]], [[1, -1], [1, 1]], [[1]], [[1, np.nan], [1, 1]]):
        with pytest.raises(ValueError, match="table must"):
            test(table)
    with pytest.raises(ValueError, match="at least one case"):
        stats.cohen_kappa(np.zeros((2, 2)))


@pytest.mark.parametrize("table", [[[5, 0], [0, 5]], [[0, 5], [5, 0]], [[0, 0], [5, 0]], [[0, 3], [0, 4]]])
def test_a_kappa_without_a_standard_error_says_so(table):
    found = stats.cohen_kappa(table)
    assert found.se == 0
    assert found.low == found.high == found.kappa
    assert "no width" in found.note
