"""The analyses over seeds and cases together, and over cases with the seeds fixed, for every metric."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import runs, stats
from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.joint import NO_CASE_PART, fit, on_defined_seeds, pairs
from cxr_report.analysis.value import BOTH, CASES, Analysis, Target
from cxr_report.metrics import metric_value
from cxr_report.runs import StudyFolder
from cxr_report.study import parse

Shown = Callable[..., tuple[StudyFolder, Analysis]]


def _read(folder: StudyFolder, analysis: Analysis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth = runs.read_arrays(folder.truth("test"), ["labels", "patients"])
    logits = np.array(
        [
            [
                runs.read_arrays(folder.run(loss, seed).predictions("test"), ["logits"])["logits"]
                for seed in analysis.seeds
            ]
            for loss in analysis.losses
        ]
    )
    return truth["labels"], truth["patients"], logits


def test_the_auroc_is_analysed_with_delongs_covariance(shown: Shown) -> None:
    folder, analysis = shown(task="binary", images_per_patient=2)
    labels, patients, logits = _read(folder, analysis)
    margin = logits[..., 1].astype(float) - logits[..., 0]
    expected = stats.mrmc(labels, margin, groups=patients)
    joint = analysis.joint[0]
    assert (joint.metric, joint.covariance) == ("auroc", "delong")
    assert (joint.f, joint.df2, joint.p) == pytest.approx((expected.f, expected.df2, expected.p))
    rows = {(row.i, row.j): row for row in expected.differences()}
    for pair in joint.pairs:
        place = analysis.losses.index(pair.first), analysis.losses.index(pair.second)
        row = rows[min(place), max(place)]
        sign = 1 if place[0] < place[1] else -1
        assert (pair.difference, pair.t, pair.p) == pytest.approx((sign * row.estimate, sign * row.t, row.p))
        assert sorted([sign * row.low, sign * row.high]) == pytest.approx([pair.low, pair.high])
    fixed = stats.mrmc(labels, margin, groups=patients, seeds="fixed")
    assert analysis.cases[0].p == pytest.approx(fixed.p)
    assert analysis.cases[0].target == "cases, these runs"


@pytest.mark.parametrize("metric", ["balanced_accuracy", "average_precision", "brier"])
def test_other_metrics_are_analysed_with_the_jackknife(metric: str, shown: Shown) -> None:
    folder, analysis = shown(test=40, losses=2, seeds=2)
    labels, _, logits = _read(folder, analysis)

    def statistic(truth: np.ndarray, scores: np.ndarray) -> list[float]:
        return [metric_value(metric, "multiclass", truth, scores[:, run]) for run in range(4)]

    flat = logits.reshape(4, *logits.shape[2:]).transpose(1, 0, 2)
    covariance = stats.jackknife_covariance(statistic, labels, flat)
    expected = stats.obuchowski_rockette(np.reshape(statistic(labels, flat), (2, 2)), covariance)
    joint = next(each for each in analysis.joint if each.metric == metric)
    assert joint.covariance == "jackknife"
    assert (joint.f, joint.df2, joint.p) == pytest.approx((expected.f, expected.df2, expected.p), rel=1e-6)


def test_a_metric_that_is_not_smooth_has_no_joint_analysis(shown: Shown) -> None:
    _, analysis = shown(primary="ece", secondary=("brier",))
    assert [each.metric for each in analysis.joint] == ["brier"]
    planned = [test for test in analysis.omnibus if test.planned]
    assert [(test.metric, test.test) for test in planned] == [("ece", "iman-davenport"), ("brier", "mrmc")]


def test_a_seed_on_which_a_run_is_undefined_leaves_the_joint_analysis_and_is_counted() -> None:
    rng = np.random.default_rng(2)
    theta, root = rng.normal(0.8, 0.02, 6), rng.normal(size=(6, 6)) * 0.01
    covariance = root @ root.T
    whole = CaseCovariance(theta, covariance, "jackknife", 0, "")
    broken = CaseCovariance(theta.copy(), covariance.copy(), "jackknife", 0, "")
    broken.theta[4] = np.nan
    broken.covariance[4] = broken.covariance[:, 4] = np.nan
    kept = on_defined_seeds(broken, 2)
    np.testing.assert_array_equal(kept.theta, theta[[0, 2, 3, 5]])
    np.testing.assert_array_equal(kept.covariance, covariance[np.ix_([0, 2, 3, 5], [0, 2, 3, 5])])
    assert kept.note == "1 of 3 seeds left out, where the metric is undefined"
    assert on_defined_seeds(whole, 2) is whole


def test_what_has_no_joint_analysis_is_named_with_its_reason(shown: Shown) -> None:
    _, ece = shown(primary="ece", secondary=("brier",))
    assert set(ece.without_joint) == {"ece"}
    assert "biased" in ece.without_joint["ece"]
    _, single = shown(losses=2, seeds=2, diverged=((0, 1),))
    assert single.joint == ()
    assert "one seed" in single.without_joint["auroc"]
    assert [each.target for each in single.cases] == ["cases, these runs"] * 4


def test_decisions_are_adjusted_over_the_declared_family(shown: Shown) -> None:
    _, analysis = shown()
    for joint in (*analysis.joint, *analysis.cases):
        inside = [pair for pair in joint.pairs if pair.in_family]
        assert [pair.second for pair in inside] == ["cross-entropy"] * 3
        expected = stats.adjust([pair.p for pair in inside], "holm")
        assert [pair.p_adjusted for pair in inside] == pytest.approx(list(expected))
        for pair in inside:
            assert pair.low_simultaneous < pair.low < pair.difference < pair.high < pair.high_simultaneous
        assert all(pair.verdict == "outside the family" for pair in joint.pairs if not pair.in_family)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), k=st.integers(2, 4), size=st.integers(2, 6), target=st.sampled_from([BOTH, CASES])
)
def test_a_pair_says_that_it_has_no_case_part_where_cov2_is_not_above_cov3(
    seed: int, k: int, size: int, target: Target
) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(k * size, 2 * k * size)) + rng.normal() * np.repeat(
        rng.normal(size=(k, 2 * k * size)), size, 0
    )
    covariance, theta = 1e-5 * root @ root.T, rng.normal(0.8, 0.01, k * size)
    losses = {f"loss-{place}": {"loss": "cross-entropy"} for place in range(k)}
    study = parse(
        {"name": "x", "task": "multiclass", "data": {"source": "phantom"}, "losses": losses, "seeds": size,
         "metrics": {"primary": "auroc", "secondary": []}, "analysis": {"family": "all"}}, "study.toml",
    )  # fmt: skip
    each = fit(CaseCovariance(theta, covariance, "jackknife", 0, ""), study, "auroc", target=target)
    assert each is not None
    for row in pairs(each.result, study):
        runs = [int(name.removeprefix("loss-")) * size + np.arange(size) for name in (row.first, row.second)]
        within = np.mean([covariance[np.ix_(own, own)][~np.eye(size, dtype=bool)].mean() for own in runs])
        between = covariance[np.ix_(*runs)][~np.eye(size, dtype=bool)].mean()
        assert (row.note == NO_CASE_PART) == (target == BOTH and bool(within <= between))
        if row.note:
            assert row.df == pytest.approx(size - 1)
