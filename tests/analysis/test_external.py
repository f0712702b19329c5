"""External test sets: results of their own by the study's functions, and a change whose interval holds."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from cxr_report import ledger, stats
from cxr_report.analysis import analyse, load
from cxr_report.analysis.case_covariance import CaseCovariance
from cxr_report.analysis.external import change
from cxr_report.analysis.value import Analysis, ExternalTest
from cxr_report.errors import Refusal
from cxr_report.metrics import METRICS
from cxr_report.runs import StudyFolder, read_arrays, read_json, write_json

Shown = Callable[..., tuple[StudyFolder, Analysis]]
Made = Callable[..., StudyFolder]

SMALL: dict[str, Any] = {"losses": 3, "seeds": 4, "external": 70}
SPLIT = "external-other"


def witness() -> Any:
    """Bring scikit-learn, which the base install leaves out."""
    return pytest.importorskip("sklearn.metrics", reason="the witness, scikit-learn, is not in the base install")


def only(analysis: Analysis) -> ExternalTest:
    (found,) = analysis.external
    return found


def logits(folder: StudyFolder, loss: str, seed: int) -> np.ndarray[Any, Any]:
    return read_arrays(folder.run(loss, seed).predictions(SPLIT), ["logits"])["logits"]


def test_a_study_without_external_sets_tells_of_none(shown: Shown) -> None:
    _, analysis = shown(losses=2, seeds=3)
    assert analysis.external == ()


def test_means_are_those_of_an_area_computed_elsewhere(shown: Shown) -> None:
    sklearn = witness()
    folder, analysis = shown(**SMALL, task="binary")
    labels = read_arrays(folder.truth(SPLIT), ["labels"])["labels"]
    for loss in analysis.losses:
        areas = []
        for seed in analysis.seeds:
            found = logits(folder, loss, seed)
            areas.append(sklearn.roc_auc_score(labels, found[:, 1] - found[:, 0]))
        row = next(each for each in only(analysis).summaries if (each.loss, each.metric) == (loss, "auroc"))
        assert row.values == pytest.approx(areas, abs=1e-12)
        assert row.mean == pytest.approx(np.mean(areas), abs=1e-12)


def test_the_joint_analysis_is_that_of_the_same_function_on_these_cases_alone(shown: Shown) -> None:
    folder, analysis = shown(**SMALL, task="binary")
    labels = read_arrays(folder.truth(SPLIT), ["labels"])["labels"]
    scores = np.array(
        [
            [(lambda x: x[:, 1] - x[:, 0])(logits(folder, loss, seed)) for seed in analysis.seeds]
            for loss in analysis.losses
        ]
    )
    direct = stats.mrmc(labels, scores.astype(np.float64))
    found = next(each for each in only(analysis).joint if each.metric == "auroc")
    assert (found.n_cases, found.n_seeds) == (len(labels), 4)
    assert found.p == pytest.approx(direct.p, rel=1e-9)
    assert [mean.low for mean in found.means] == pytest.approx([row.low for row in direct.means], rel=1e-9)


def test_the_results_on_the_study_s_own_cases_do_not_depend_on_an_external_set(made: Made) -> None:
    plain, more = (load(analyse(made(losses=3, seeds=3, external=size))) for size in (0, 70))
    assert plain.joint == more.joint
    assert plain.summaries == more.summaries
    assert plain.multiverse == more.multiverse


def test_thresholds_are_those_chosen_on_the_study_s_validation_cases(shown: Shown) -> None:
    folder, analysis = shown(**SMALL, task="binary", secondary=("sensitivity_youden",))
    labels = read_arrays(folder.truth(SPLIT), ["labels"])["labels"]
    found = logits(folder, "focal", 2).astype(np.float64)
    probability = 1 / (1 + np.exp(found[:, 0] - found[:, 1]))
    threshold = analysis.thresholds["focal/2"][1]
    row = next(e for e in only(analysis).summaries if (e.loss, e.metric) == ("focal", "sensitivity_youden"))
    assert row.values[1] == pytest.approx((probability >= threshold)[labels == 1].mean())


def test_p_values_are_adjusted_within_each_set_for_itself(shown: Shown) -> None:
    _, analysis = shown(**SMALL)
    for joint in only(analysis).joint:
        raw = [pair.p for pair in joint.pairs if pair.in_family]
        adjusted = [pair.p_adjusted for pair in joint.pairs if pair.in_family]
        assert adjusted == pytest.approx(stats.adjust(raw, "holm").tolist())


def test_a_set_with_a_single_class_has_undefined_areas_with_a_reason_and_never_0(shown: Shown) -> None:
    _, analysis = shown(**SMALL, task="binary", external_lacks=(1,))
    found = only(analysis)
    areas = [row for row in found.summaries if row.metric == "auroc"]
    assert all(math.isnan(row.mean) and "undefined on 4 of 4 seeds" in row.note for row in areas)
    assert found.without_joint["auroc"]
    assert [(gone.klass, gone.lacks) for gone in found.absent] == [("pneumonia", "positive")]
    changes = [row for row in found.changes if row.metric == "auroc"]
    assert all(math.isnan(row.difference) and row.note for row in changes)
    assert found.orders == ()
    brier = [row for row in found.changes if row.metric == "brier"]
    assert all(math.isfinite(row.low) for row in brier)


def test_means_over_other_classes_are_not_held_against_each_other(shown: Shown) -> None:
    _, analysis = shown(**SMALL, external_lacks=(2,))
    found = only(analysis)
    told = {row.metric: row for row in found.changes if row.loss == "focal"}
    for metric in ("auroc", "balanced_accuracy", "average_precision"):
        assert math.isnan(told[metric].difference)
        assert "different classes" in told[metric].note
        assert math.isfinite(told[metric].external)
    assert math.isfinite(told["brier"].low)


def test_findings_that_the_other_source_does_not_label_are_absent_and_the_others_analysed(shown: Shown) -> None:
    _, analysis = shown(**SMALL, task="multilabel", unknown=0.1, external_lacks=(0,), secondary=("brier",))
    found = only(analysis)
    assert {gone.klass for gone in found.absent} == {"no_finding"}
    assert all(math.isfinite(row.mean) for row in found.summaries if row.metric == "auroc")


def test_patients_are_kept_together(shown: Shown) -> None:
    alone, several = (only(shown(**SMALL, task="binary", images_per_patient=count)[1]) for count in (1, 2))
    assert alone.n_patients == alone.n_cases
    assert several.n_patients == several.n_cases // 2
    widths = [
        [mean.se for mean in next(e for e in each.joint if e.metric == "auroc").means] for each in (alone, several)
    ]
    assert widths[0] != pytest.approx(widths[1])


def test_a_set_that_was_added_later_says_so_and_leaves_the_rest_as_planned(shown: Shown) -> None:
    _, planned = shown(**SMALL)
    _, added = shown(**SMALL, external_added=True)
    assert (only(planned).planned, only(added).planned) == (True, False)
    assert added.exploratory == ()
    assert added.plan_sha256 != planned.plan_sha256


def test_missing_predictions_are_named_and_left_out_of_a_partial_analysis_of_that_set_alone(made: Made) -> None:
    folder = made(**SMALL, external_missing=((1, 3),))
    with pytest.raises(Refusal, match=r"weighted/seed-0003/predictions-external-other\.npz"):
        analyse(folder)
    analysis = load(analyse(folder, partial=True))
    assert analysis.seeds == (1, 2, 3, 4)
    assert only(analysis).seeds == (1, 2, 4)
    assert {row.n_seeds for row in only(analysis).changes} == {3}
    rows = {row.loss: row for row in analysis.summaries if row.metric == "auroc" and not row.klass}
    told = next(row for row in only(analysis).changes if (row.loss, row.metric) == ("weighted", "auroc"))
    assert told.own == pytest.approx(np.mean([rows["weighted"].values[place] for place in (0, 1, 3)]))


@pytest.mark.parametrize(
    ("change_it", "named"),
    [
        (lambda folder: folder.run("focal", 1).predictions(SPLIT), "focal/seed-0001/evaluation.json"),
        (lambda folder: folder.truth(SPLIT), "data.json"),
    ],
)
def test_a_changed_file_is_found_by_its_hash_and_both_are_named(
    made: Made, change_it: Callable[[StudyFolder], Any], named: str
) -> None:
    folder = made(**SMALL)
    file = change_it(folder)
    content = bytearray(file.read_bytes())
    content[-200] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(Refusal) as caught:
        analyse(folder)
    assert folder.relative(file) in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.parametrize("entry", ["onnx_sha256", "fingerprint"])
def test_predictions_of_another_graph_or_of_other_cases_are_refused(made: Made, entry: str) -> None:
    folder = made(**SMALL)
    file = folder.run("focal", 1).evaluation_json
    told = read_json(file)
    told["external"]["other"][entry] = "0" * 64
    write_json(file, told)
    with pytest.raises(Refusal, match="another graph or of other cases"):
        analyse(folder)


def test_data_json_must_hold_the_block_of_every_set(made: Made) -> None:
    folder = made(**SMALL)
    told = read_json(folder.data_json)
    write_json(folder.data_json, {key: value for key, value in told.items() if key != "external"})
    with pytest.raises(Refusal, match="external holds no other"):
        analyse(folder)


def test_the_csv_files_hold_every_number_of_the_set(shown: Shown) -> None:
    folder, analysis = shown(**SMALL)
    with folder.analysis().scores.open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == SPLIT and not row["class"]]
    assert len(rows) == 3 * 4 * 4
    with folder.analysis().comparisons.open() as stream:
        told = [row for row in csv.DictReader(stream) if row["group"] == "external: other"]
    pairs = [row for row in told if row["test"] == "obuchowski-rockette pair"]
    assert [float(row["p"]) for row in pairs] == [pair.p for each in only(analysis).joint for pair in each.pairs]
    changes = [row for row in told if row["test"] == "external minus own test cases"]
    assert [float(row["low"]) for row in changes] == [row.low for row in only(analysis).changes]
    assert {row["n_cases"] for row in told} == {str(only(analysis).n_cases)}


def test_a_ledger_entry_without_sets_is_written_as_it_always_was(made: Made, examples: ModuleType) -> None:
    folder = made(losses=2, seeds=2)
    assert "external" not in json.dumps(read_json(folder.study_json))
    assert ledger.read(folder).ledger[0].external == ()


def test_the_order_is_that_of_the_means_and_tau_is_scipy_s(shown: Shown) -> None:
    for seed in range(4):
        _, analysis = shown(losses=6, seeds=3, external=60, seed=seed, primary="brier", secondary=("auroc",))
        found = only(analysis)
        (order,) = found.orders
        own = {r.loss: r.mean for r in analysis.summaries if r.metric == "brier" and not r.klass}
        there = {r.loss: r.mean for r in found.summaries if r.metric == "brier"}
        assert list(order.own) == sorted(own, key=lambda loss: own[loss])
        assert list(order.external) == sorted(there, key=lambda loss: there[loss])
        expected = scipy_stats.kendalltau(list(own.values()), [there[loss] for loss in own]).statistic
        assert order.tau == pytest.approx(expected)
        assert order.same == (order.own == order.external)


# the change from the study's own cases to those of another source


def drawn(
    rng: np.random.Generator, seeds: int, *, shared: float, single: float, spread: float, interaction: float
) -> tuple[CaseCovariance, CaseCovariance]:
    """Draw one loss on two sets: seeds are shared by both, cases are not, and the true change is 0."""
    both = spread * rng.normal(size=seeds)
    sets = []
    for _ in range(2):
        theta = 0.8 + both + interaction * rng.normal(size=seeds)
        theta = theta + shared * rng.normal() + single * rng.normal(size=seeds)
        covariance = np.full((seeds, seeds), shared**2) + single**2 * np.eye(seeds)
        sets.append(CaseCovariance(theta, covariance, "delong", 0, ""))
    return sets[0], sets[1]


@pytest.mark.parametrize("seeds", [3, 10])
@pytest.mark.parametrize(
    ("shared", "single", "spread", "interaction"),
    [(0.02, 0.005, 0.02, 0.01), (0.001, 0.001, 0.03, 0.02), (0.02, 0.001, 0.0, 0.0)],
    ids=["all", "seeds", "cases"],
)
def test_the_interval_of_the_change_covers_the_true_one(
    seeds: int, shared: float, single: float, spread: float, interaction: float
) -> None:
    rng, total = np.random.default_rng(7), 1500
    inside = 0
    for _ in range(total):
        own, other = drawn(rng, seeds, shared=shared, single=single, spread=spread, interaction=interaction)
        found = change("a", "auroc", own, other, alpha=0.05)
        inside += found.low <= 0 <= found.high
    print(f"coverage {inside / total:.3f}")
    assert 0.93 <= inside / total <= 1.0
    if interaction:
        assert inside / total <= 0.985


def by_hand(own: CaseCovariance, other: CaseCovariance) -> tuple[float, float]:
    """Work the standard error and the degrees of freedom out from the formula of the docstring."""
    n = len(own.theta)
    apart = other.theta - own.theta
    off = ~np.eye(n, dtype=bool)
    case = max(sum(float(each.covariance[off].mean()) for each in (own, other)), 0.0)
    variance = sum(float(np.diagonal(each.covariance).mean()) for each in (own, other))
    least = max(float(apart.var(ddof=1)), variance - case)
    squared = least / n + case
    return math.sqrt(squared), squared**2 / ((least / n) ** 2 / (n - 1))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12))
def test_standard_error_and_degrees_of_freedom_are_those_of_the_formula(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    parts = dict(zip(("shared", "single", "spread", "interaction"), rng.uniform(0.001, 0.05, 4), strict=True))
    own, other = drawn(rng, n, **parts)
    found, (se, df) = change("a", "auroc", own, other, alpha=0.1), by_hand(own, other)
    assert found.se == pytest.approx(se, rel=1e-9)
    assert found.df == pytest.approx(df, rel=1e-9)
    reach = float(scipy_stats.t.ppf(0.95, df)) * se
    assert found.high - found.difference == pytest.approx(reach, rel=1e-6)
    assert found.difference == pytest.approx(float((other.theta - own.theta).mean()), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_all_seeds_gain_alike_on_both_sets_changes_nothing_and_turning_the_sets_turns_the_sign(seed: int) -> None:
    rng = np.random.default_rng(seed)
    own, other = drawn(rng, 5, shared=0.02, single=0.01, spread=0.02, interaction=0.01)
    found = change("a", "auroc", own, other, alpha=0.05)
    more = rng.normal(size=5)
    moved = change(
        "a", "auroc", replace(own, theta=own.theta + more), replace(other, theta=other.theta + more), alpha=0.05
    )
    turned = change("a", "auroc", other, own, alpha=0.05)
    assert (moved.difference, moved.se) == pytest.approx((found.difference, found.se))
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_one_seed_or_no_spread_gives_a_difference_and_no_interval() -> None:
    one = CaseCovariance(np.array([0.8]), np.array([[1e-4]]), "delong", 0, "")
    flat = CaseCovariance(np.array([0.8, 0.8]), np.zeros((2, 2)), "jackknife", 0, "")
    for each, said in ((one, "one seed"), (flat, "without any spread")):
        found = change("a", "auroc", each, replace(each, theta=each.theta - 0.1), alpha=0.05)
        assert found.difference == pytest.approx(-0.1)
        assert math.isnan(found.low)
        assert said in found.note


def test_a_metric_without_covariance_has_a_change_without_interval(shown: Shown) -> None:
    _, analysis = shown(**SMALL, secondary=("ece",))
    told = [row for row in only(analysis).changes if row.metric == "ece"]
    assert all(math.isfinite(row.difference) and math.isnan(row.low) and "ECE" in row.note for row in told)
    assert "ece" in only(analysis).without_joint


def test_every_metric_of_every_task_can_be_told_of_an_external_set(shown: Shown) -> None:
    for task in ("binary", "multiclass", "multilabel"):
        names = tuple(name for name, metric in METRICS.items() if task in metric.tasks and name != "auroc")
        _, analysis = shown(losses=2, seeds=2, external=50, task=task, secondary=names)
        assert {row.metric for row in only(analysis).summaries} == {"auroc", *names}
