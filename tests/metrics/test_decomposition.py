"""The parts of the Brier score: against the published definitions, and the laws that tie them to the score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report import metrics

UNIT = st.one_of(st.floats(0, 1), st.integers(0, 15).map(lambda v: v / 15))


def total(parts):
    return parts.reliability - parts.resolution + parts.uncertainty + parts.within_bin


def by_definition(y, p, bins):
    """Murphy's parts and the two within-bin terms of Stephenson et al., equations 2, 3 and 5, bin after bin."""
    edges = [b / bins for b in range(bins + 1)]
    parts = np.zeros(4)
    for b in range(bins):
        inside = (p > edges[b]) & (p <= edges[b + 1]) | ((p == 0) if b == 0 else np.zeros(p.size, dtype=bool))
        if not inside.any():
            continue
        f, o = p[inside], y[inside]
        variance, covariance = ((f - f.mean()) ** 2).sum(), ((f - f.mean()) * (o - o.mean())).sum()
        parts += [f.size * (f.mean() - o.mean()) ** 2, f.size * (o.mean() - y.mean()) ** 2, 0.0, 0.0]
        parts[3] += variance - 2 * covariance
    parts /= y.size
    parts[2] = y.mean() * (1 - y.mean())
    return parts


def values(found):
    return [found.reliability, found.resolution, found.uncertainty, found.within_bin]


@settings(max_examples=80, deadline=None)
@given(arrays(np.int64, st.shared(st.integers(1, 20), key="n"), elements=st.integers(0, 1)), st.data())
def test_the_parts_are_those_of_the_published_definitions_and_add_up_to_the_score(truth, data):
    p = data.draw(arrays(np.float64, truth.size, elements=UNIT))
    bins = data.draw(st.integers(1, 20))
    found = metrics.brier_decomposition(truth, p, bins=bins)
    np.testing.assert_allclose(values(found), by_definition(truth, p, bins), rtol=0, atol=1e-14)
    assert found.brier == metrics.brier(truth, p)
    assert total(found) == pytest.approx(found.brier, abs=1e-14)
    assert min(found.reliability, found.resolution, found.uncertainty) >= 0


@settings(max_examples=40, deadline=None)
@given(arrays(np.int64, st.shared(st.integers(1, 12), key="n"), elements=st.integers(0, 3)), st.data())
def test_the_parts_of_several_classes_are_summed_as_their_score_is(truth, data):
    raw = data.draw(arrays(np.float64, (truth.size, 4), elements=st.integers(-8, 8).map(float)))
    p = metrics.softmax(raw)
    found = metrics.brier_decomposition(truth, p)
    wanted = sum(by_definition((truth == c).astype(float), p[:, c], metrics.BINS) for c in range(4))
    np.testing.assert_allclose(values(found), wanted, rtol=0, atol=1e-14)
    assert found.brier == metrics.brier(truth, p)
    assert total(found) == pytest.approx(found.brier, abs=1e-14)


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (9, 3), elements=st.sampled_from([0.0, 1.0, np.nan])), st.data())
def test_the_parts_of_findings_are_means_over_the_known_labels(truth, data):
    p = data.draw(arrays(np.float64, truth.shape, elements=UNIT))
    found = metrics.brier_decomposition(truth, p)
    known = ~np.isnan(truth)
    each = [by_definition(truth[k, c], p[k, c], metrics.BINS) for c, k in enumerate(known.T) if k.any()]
    if not each:
        assert np.isnan([*values(found), found.brier]).all()
        return
    np.testing.assert_allclose(values(found), np.mean(each, axis=0), rtol=0, atol=1e-14)
    assert total(found) == pytest.approx(found.brier, abs=1e-14)


def test_two_columns_are_the_positive_class_alone():
    truth, p = np.array([0, 1, 1, 0, 1]), np.array([0.2, 0.7, 0.9, 0.4, 0.1])
    one = metrics.brier_decomposition(truth, p)
    two = metrics.brier_decomposition(truth, np.stack([1 - p, p], axis=1))
    assert one == two


def test_one_probability_per_bin_leaves_nothing_within_the_bins():
    """Worked by hand: four forecasts of 0.1 with one event, six of 0.8 with three."""
    p = np.array([0.1] * 4 + [0.8] * 6)
    truth = np.array([1, 0, 0, 0, 1, 1, 1, 0, 0, 0])
    found = metrics.brier_decomposition(truth, p, bins=10)
    assert found.within_bin == pytest.approx(0, abs=1e-17)
    assert found.reliability == pytest.approx(0.4 * 0.15**2 + 0.6 * 0.3**2, abs=1e-15)
    assert found.resolution == pytest.approx(0.4 * 0.15**2 + 0.6 * 0.1**2, abs=1e-15)
    assert found.uncertainty == pytest.approx(0.24, abs=1e-15)
    assert found.brier == pytest.approx((0.81 + 3 * 0.01 + 3 * 0.04 + 3 * 0.64) / 10, abs=1e-15)


def test_a_perfect_run_has_full_resolution_and_a_constant_one_at_the_frequency_none():
    truth = np.array([0, 1, 1, 0, 1])
    perfect = metrics.brier_decomposition(truth, truth.astype(float))
    assert values(perfect) == pytest.approx([0, 0.24, 0.24, 0], abs=1e-16)
    constant = metrics.brier_decomposition(truth, np.full(5, 0.6))
    assert values(constant) == pytest.approx([0, 0, 0.24, 0], abs=1e-16)


@pytest.mark.parametrize(
    ("truth", "p", "bins", "words"),
    [
        ([0, 1], [0.5], 15, "one row per case"),
        ([0, 1], [0.5, 1.5], 15, r"\[0, 1\]"),
        ([0, 1], [0.5, np.nan], 15, "finite"),
        ([0, 2], [0.5, 0.5], 15, "indices below 2"),
        ([0, 1], [0.5, 0.5], 0, "bins"),
        ([[0.0, 1.0]], [[0.5]], 15, "columns"),
    ],
)
def test_faulty_input_is_refused_with_its_name(truth, p, bins, words):
    with pytest.raises(ValueError, match=words):
        metrics.brier_decomposition(truth, p, bins=bins)
