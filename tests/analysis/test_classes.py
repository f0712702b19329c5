"""The primary metric class by class: over seeds and cases, adjusted across classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as witness

from cxr_report import metrics, stats
from cxr_report.analysis.classes import class_comparisons, positives
from cxr_report.analysis.context import Context
from cxr_report.analysis.gather import Truth

Contexts = Callable[..., Context]


def with_labels(context: Context, labels: np.ndarray) -> Context:
    truth = context.test
    changed = {**context.material.truth, "test": Truth(truth.ids, truth.patients, labels)}
    return replace(context, material=replace(context.material, truth=changed))


def margins_of(context: Context) -> np.ndarray:
    """`(k, S, N, C)`."""
    ranking = metrics.margins if context.study.task == "multiclass" else np.float64
    flat = np.array([ranking(each) for each in context.logits()])
    return flat.reshape(len(context.losses), -1, *flat.shape[1:])


@pytest.mark.parametrize(
    "recipe", [{"task": "multiclass", "images_per_patient": 2}, {"task": "multilabel", "unknown": 0.1, "family": "all"}]
)
def test_every_class_is_compared_by_its_own_area(recipe: dict, contexts: Contexts) -> None:
    context = contexts(losses=3, **recipe)
    labels, scores = context.test.labels, margins_of(context)
    rows = class_comparisons(context)
    assert [row.klass for row in rows] == list(context.material.classes)
    for place, row in enumerate(rows):
        truth = labels[:, place] if labels.ndim == 2 else (labels == place).astype(float)
        known = ~np.isnan(truth)
        groups = None if context.test.groups is None else context.test.groups[known]
        expected = stats.mrmc(truth[known].astype(int), scores[:, :, known, place], groups=groups)
        assert (row.metric, row.covariance, row.n_positive) == ("auroc", "delong", int(np.nansum(truth)))
        assert [each.estimate for each in row.means] == pytest.approx([each.estimate for each in expected.means])
        assert [each.se for each in row.means] == pytest.approx([each.se for each in expected.means])
        differences = {(each.i, each.j): each for each in expected.differences()}
        assert len(row.pairs) == context.family.size
        for pair in row.pairs:
            i, j = context.losses.index(pair.first), context.losses.index(pair.second)
            found = differences[min(i, j), max(i, j)]
            sign = 1 if i < j else -1
            assert (pair.difference, pair.se, pair.df, pair.p) == pytest.approx(
                (sign * found.estimate, found.se, found.df, found.p)
            )


@pytest.mark.parametrize("adjustment", ["none", "holm", "hommel", "bh"])
def test_p_is_adjusted_over_the_comparisons_of_all_classes_together(adjustment: str, contexts: Contexts) -> None:
    rows = class_comparisons(contexts(losses=3, classes=4, adjustment=adjustment))
    pairs = [pair for row in rows for pair in row.pairs]
    assert len(pairs) == 2 * 4
    expected = stats.adjust([pair.p for pair in pairs], adjustment)
    np.testing.assert_allclose([pair.p_adjusted for pair in pairs], expected)
    for pair in pairs:
        shown = pair.p_adjusted <= 0.05
        better = "first better" if pair.difference > 0 else "second better"
        assert pair.verdict == (better if shown else "not shown")


def test_simultaneous_intervals_cover_all_classes(contexts: Contexts) -> None:
    rows = class_comparisons(contexts(losses=3, classes=4, test=200))
    for pair in [pair for row in rows for pair in row.pairs]:
        reach = witness.t.isf(0.05 / (2 * 8), pair.df) * pair.se
        assert pair.low_simultaneous == pytest.approx(max(-1, pair.difference - reach))
        assert pair.high_simultaneous == pytest.approx(min(1, pair.difference + reach))
        assert pair.low_simultaneous < pair.low < pair.high < pair.high_simultaneous


def test_a_binary_study_and_a_metric_of_all_classes_have_no_classes(contexts: Contexts) -> None:
    assert class_comparisons(contexts(task="binary", losses=2)) == ()
    assert class_comparisons(contexts(losses=2, primary="accuracy")) == ()
    assert class_comparisons(contexts(losses=2, seeds=2, diverged=((0, 1), (1, 2)))) == ()


def test_a_lower_score_is_better_where_the_metric_says_so(contexts: Contexts) -> None:
    rows = class_comparisons(contexts(losses=2, test=400, effect=1.5, primary="brier", secondary=("auroc",)))
    shown = [pair for row in rows for pair in row.pairs if pair.verdict != "not shown"]
    assert {row.covariance for row in rows} == {"jackknife"}
    assert shown
    for pair in shown:
        assert pair.verdict == ("first better" if pair.difference < 0 else "second better")


def test_an_absent_class_is_reported_and_keeps_its_place_in_the_family(contexts: Contexts) -> None:
    context = contexts(losses=3, classes=4)
    labels = np.where(context.test.labels == 2, 0, context.test.labels)
    rows = class_comparisons(with_labels(context, labels))
    gone = rows[2]
    assert (gone.n_positive, gone.pairs) == (0, ())
    assert "the metric is undefined" in gone.note
    assert all(math.isnan(each.estimate) for each in gone.means)
    left = [pair for row in rows for pair in row.pairs]
    assert len(left) == 6
    expected = stats.adjust([*(pair.p for pair in left), math.nan, math.nan], "holm")[:6]
    np.testing.assert_allclose([pair.p_adjusted for pair in left], expected)


def test_a_class_with_one_case_has_a_mean_and_no_test(contexts: Contexts) -> None:
    context = contexts(losses=2, classes=3)
    labels = np.where(context.test.labels == 2, 0, context.test.labels)
    labels[5] = 2
    row = class_comparisons(with_labels(context, labels))[2]
    assert (row.n_positive, row.pairs) == (1, ())
    assert all(0 <= each.estimate <= 1 and math.isnan(each.se) for each in row.means)
    assert row.note


def test_a_finding_of_a_metric_without_a_covariance_has_means_alone(contexts: Contexts) -> None:
    context = contexts(task="multilabel", losses=2, primary="ece", secondary=())
    for row in class_comparisons(context):
        assert (row.covariance, row.pairs) == ("none", ())
        values = context.paired("ece", row.klass).values.mean(axis=0)
        assert [each.estimate for each in row.means] == pytest.approx(values)
        assert "no covariance over cases" in row.note


def test_one_finished_seed_is_too_few(contexts: Contexts) -> None:
    for row in class_comparisons(contexts(losses=2, seeds=2, diverged=((0, 1),))):
        assert row.pairs == ()
        assert "at least two" in row.note


def test_swapping_two_losses_turns_the_differences_and_keeps_p(contexts: Contexts) -> None:
    context = contexts(losses=2)
    names = dict(zip(context.losses, reversed(context.losses), strict=True))
    swapped = replace(
        context,
        material=replace(
            context.material, runs=tuple(replace(run, loss=names[run.loss]) for run in context.material.runs)
        ),
        scored=tuple(replace(run, loss=names[run.loss]) for run in context.scored),
    )
    for before, after in zip(class_comparisons(context), class_comparisons(swapped), strict=True):
        assert before.pairs[0].difference == pytest.approx(-after.pairs[0].difference)
        assert before.pairs[0].p_adjusted == pytest.approx(after.pairs[0].p_adjusted)


def test_positives_count_known_labels_alone() -> None:
    labels = np.array([[1.0, np.nan], [1.0, 0.0], [np.nan, np.nan]])
    assert positives(labels, ("effusion", "nodule")) == {"effusion": 2, "nodule": 0}
    assert positives(np.array([2, 0, 2]), ("a", "b", "c")) == {"a": 1, "b": 0, "c": 2}


def test_scores_without_cases_have_no_classes(contexts: Contexts, given_table) -> None:
    context = contexts(losses=2, seeds=3)
    assert class_comparisons(context)
    assert class_comparisons(replace(context, study=given_table("scores", primary="dice:higher"))) == ()
    assert class_comparisons(replace(context, study=given_table("predictions", scale="probabilities")))
