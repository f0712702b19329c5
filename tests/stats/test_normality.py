"""The Shapiro-Wilk test agrees with R and calls constant data undefined, not normal."""

import numpy as np
import pytest

from cxr_report import stats
from cxr_report.conformance import witness

R = witness("pairs")["pairs"]


@pytest.mark.parametrize("name", sorted(R))
def test_shapiro_agrees_with_r(name):
    found = stats.shapiro(np.array(R[name]["x"]) / 1000)
    # scipy and R share Royston's algorithm; their normal quantiles differ in the last digits
    assert [found.w, found.p] == pytest.approx(R[name]["t"]["shapiro_x"], rel=1e-7)
    assert found.note == ""


def test_constant_data_are_undefined():
    for x in ([0.3, 0.3, 0.3], [0.1 + 0.2, 0.3, 0.3]):
        found = stats.shapiro(x)
        assert np.isnan([found.w, found.p]).all()
        assert found.note


def test_the_level_holds_and_skewness_is_seen():
    rng = np.random.default_rng(81)
    normal = np.array([stats.shapiro(x).p for x in rng.normal(size=(1000, 10))])
    skewed = np.array([stats.shapiro(x).p for x in rng.exponential(size=(300, 30))])
    assert abs((normal < 0.05).mean() - 0.05) < 0.02
    assert (skewed < 0.05).mean() > 0.9


def test_faulty_input_is_refused():
    for x, words in (([0.1, 0.2], "at least 3"), ([0.1, np.nan, 0.2], "finite"), (np.arange(5001.0), "at most 5000")):
        with pytest.raises(ValueError, match=words):
            stats.shapiro(x)


@pytest.mark.parametrize("unit", [1e-310, 1e-200, 1e-12, 1e12, 1e300])
def test_the_unit_of_the_values_does_not_matter(unit):
    x = np.array([0.80, 0.82, 0.81, 0.85, 0.79])
    found, wanted = stats.shapiro(x * unit), stats.shapiro(x)
    assert (found.w, found.p) == pytest.approx((wanted.w, wanted.p), rel=1e-6)
