"""Which pairs are compared, how p values of several metrics are adjusted, and what a verdict needs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.analysis.family import Family, adjusted, role, serial, verdict
from cxr_report.study import Study, parse


def study(**plan: object) -> Study:
    return parse(
        {
            "name": "example",
            "task": "multiclass",
            "data": {"source": "phantom"},
            "losses": {name: {"loss": "focal", "label": name} for name in ("a", "b", "c")},
            "seeds": 3,
            "metrics": {"primary": "auroc", "secondary": ["brier", "accuracy", "mcc"]},
            "analysis": plan,
        },
        "study.toml",
    )


@given(k=st.integers(2, 7), last=st.integers(0, 6), kind=st.sampled_from(["baseline", "all"]))
def test_the_baseline_stands_second_and_every_pair_stands_once(k: int, last: int, kind) -> None:
    losses = tuple("abcdefg"[:k])
    family = Family(losses, losses[last % k], kind)
    pairs = family.pairs()
    assert {frozenset(pair) for pair in pairs} == {frozenset((i, j)) for i in range(k) for j in range(i)}
    assert len(pairs) == math.comb(k, 2)
    assert all(pair[0] != last % k for pair in pairs)
    assert family.size == (k - 1 if kind == "baseline" else math.comb(k, 2))
    assert all(family.holds(pair) == (kind == "all" or last % k in pair) for pair in pairs)


def test_metrics_have_the_roles_that_the_plan_gives_them() -> None:
    asked = study(hierarchy=["mcc"])
    assert [role(asked, name) for name in ("auroc", "mcc", "brier")] == ["primary", "hierarchy", "exploratory"]


def test_a_later_metric_of_the_hierarchy_is_not_shown_before_all_comparisons_of_the_earlier_ones() -> None:
    asked = study(hierarchy=["mcc", "brier"])
    p = {"auroc": [0.001, 0.02], "mcc": [0.001, 0.04], "brier": [0.0001, 0.0001], "accuracy": [0.0001, 0.2]}
    found = serial(asked, p)
    assert found["auroc"] == pytest.approx([0.002, 0.02])
    assert found["mcc"] == pytest.approx([0.02, 0.04])
    assert found["brier"] == pytest.approx([0.04, 0.04])
    assert found["accuracy"] == pytest.approx([0.0002, 0.2])


def test_after_an_undefined_comparison_or_an_absent_metric_nothing_of_the_hierarchy_is_shown() -> None:
    asked = study(hierarchy=["mcc", "brier"])
    assert serial(asked, {"auroc": [0.001, math.nan], "mcc": [0.001, 0.001]})["mcc"] == [1.0, 1.0]
    assert serial(asked, {"auroc": [0.001, 0.001], "brier": [0.001, 0.001]})["brier"] == [1.0, 1.0]


@given(
    p=st.lists(st.floats(0, 1), min_size=2, max_size=2),
    q=st.lists(st.floats(0, 1), min_size=2, max_size=2),
)
def test_the_hierarchy_never_lowers_a_p_value(p: list[float], q: list[float]) -> None:
    found = serial(study(hierarchy=["mcc"]), {"auroc": p, "mcc": q})
    assert found["auroc"] == adjusted(p, "holm")
    assert all(gated >= alone for gated, alone in zip(found["mcc"], adjusted(q, "holm"), strict=True))
    assert max([*found["auroc"], *found["mcc"]]) <= 1


def test_the_family_wise_error_over_primary_metric_and_hierarchy_is_at_most_alpha() -> None:
    rng, asked = np.random.default_rng(8), study(hierarchy=["mcc"])
    hits = []
    for _ in range(4000):
        shared = rng.normal(size=2)
        p = {name: list(stats_of(0.6 * shared + 0.8 * rng.normal(size=2))) for name in ("auroc", "mcc")}
        found = serial(asked, p)
        hits.append(min(min(found["auroc"]), min(found["mcc"])) <= 0.05)
    assert np.mean(hits) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


def stats_of(z: np.ndarray) -> np.ndarray:
    """Two-sided p values of standard normal deviates."""
    return np.array([math.erfc(abs(value) / math.sqrt(2)) for value in z])


def test_nothing_to_adjust_is_nothing_adjusted() -> None:
    assert adjusted([], "holm") == []
    assert np.isnan(adjusted([math.nan, 0.01], "holm")).tolist() == [True, False]


@pytest.mark.parametrize(
    ("difference", "p", "higher", "expected"),
    [
        (0.1, 0.05, True, "first better"),
        (0.1, 0.05, False, "second better"),
        (-0.1, 0.01, True, "second better"),
        (0.1, 0.0501, True, "not shown"),
        (0.1, math.nan, True, "not shown"),
        (math.nan, 0.01, True, "not shown"),
        (0.0, 0.01, True, "not shown"),
    ],
)
def test_a_verdict_needs_p_at_most_alpha_and_a_direction(difference, p, higher, expected) -> None:
    assert verdict(difference, p, alpha=0.05, higher_is_better=higher) == expected
