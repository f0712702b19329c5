"""The noise floor: rounding alone between identical losses, and another set of seeds of one loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as witness

from cxr_report import metrics, stats
from cxr_report.analysis.context import Context
from cxr_report.analysis.floor import MOST_SPLITS, difference_of_means, seed_floor, splits, twins
from cxr_report.analysis.joint import covariances, fits, joint
from cxr_report.analysis.value import BOTH

Contexts = Callable[..., Context]
FLOOR = {"losses": 2, "seeds": 3, "floor_seeds": True, "identical": True}


def logits_of(context: Context, loss: str) -> dict[int, np.ndarray]:
    runs = (*context.material.runs, *context.material.floor)
    return {run.seed: run.logits["test"] for run in runs if run.loss == loss}


def test_a_planted_identical_pair_is_identical_in_all_bits(contexts: Contexts) -> None:
    (twin,) = twins(contexts(**FLOOR))
    assert (twin.first, twin.second, twin.metric, twin.n_seeds, twin.n_cases) == ("cross-entropy", "kl", "auroc", 3, 90)
    assert twin.identical
    assert (twin.max_delta, twin.flips, twin.differences, twin.note) == (0.0, 0, (0.0, 0.0, 0.0), "")


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_rounding_is_measured_case_by_case(task: str, contexts: Contexts) -> None:
    context = contexts(**FLOOR, task=task, rounding=0.2)
    (twin,) = twins(context)
    first, second = logits_of(context, twin.first), logits_of(context, twin.second)
    seeds = context.study.seeds
    assert not twin.identical
    assert twin.max_delta == max(np.abs(first[s].astype(float) - second[s].astype(float)).max() for s in seeds)
    labels = context.test.labels
    expected = [
        metrics.metric_value("auroc", task, labels, first[s]) - metrics.metric_value("auroc", task, labels, second[s])
        for s in seeds
    ]
    assert twin.differences == pytest.approx(expected, abs=1e-15)
    flips = 0
    for s in seeds:
        for x, y in zip(first[s], second[s], strict=True):
            flips += int(((x >= 0) != (y >= 0)).sum()) if task == "multilabel" else int(x.argmax() != y.argmax())
    assert twin.flips == flips > 0


def test_one_bit_of_one_logit_is_not_identical(contexts: Contexts) -> None:
    context = contexts(**FLOOR)
    floor = list(context.material.floor)
    place = next(at for at, run in enumerate(floor) if run.loss == "kl")
    changed = floor[place].logits["test"].copy()
    changed[7, 1] = np.nextafter(changed[7, 1], np.float32(np.inf))
    floor[place] = replace(floor[place], logits={"test": changed})
    (twin,) = twins(replace(context, material=replace(context.material, floor=tuple(floor))))
    assert not twin.identical
    assert 0 < twin.max_delta < 1e-6
    assert twin.flips == 0


def test_a_twin_that_diverged_is_named_and_left_out(contexts: Contexts) -> None:
    (twin,) = twins(contexts(**FLOOR, floor_diverged=(4,), floor_missing=(5,)))
    assert (twin.n_seeds, len(twin.differences), twin.identical) == (1, 1, True)
    assert twin.note == "kl diverged with seed 2; kl is not finished with seed 3"


def test_twins_without_a_common_seed_are_undefined_and_not_identical(contexts: Contexts) -> None:
    (twin,) = twins(contexts(**FLOOR, floor_missing=(3, 4, 5)))
    assert (twin.n_seeds, twin.identical, twin.flips, twin.differences) == (0, False, 0, ())
    assert math.isnan(twin.max_delta)
    assert "no seed is finished for both" in twin.note


def test_without_a_noise_floor_there_is_none(contexts: Contexts) -> None:
    assert twins(contexts(losses=2, seeds=3)) == ()
    assert seed_floor(contexts(losses=2, seeds=3)) == ()


def test_identical_losses_get_no_p_in_any_comparison(contexts: Contexts) -> None:
    """A pair of identical losses among the compared ones: no test has an error term, and none is invented."""
    context = contexts(losses=2, seeds=3)
    first = [run for run in context.material.runs if run.loss == "cross-entropy"]
    runs = (*first, *(replace(run, loss="weighted") for run in first))
    scored = tuple(replace(score, loss=run.loss) for score, run in zip(2 * context.scored[:3], runs, strict=True))
    same = replace(context, material=replace(context.material, runs=runs), scored=scored)
    pair = joint(same, fits(same, covariances(same, ["auroc"]), target=BOTH))[0].pairs[0]
    assert pair.difference == 0
    assert math.isnan(pair.p)
    assert math.isnan(pair.p_adjusted)
    assert pair.verdict == "not shown"


def floor_values(context: Context) -> tuple[np.ndarray, np.ndarray]:
    found = logits_of(context, "cross-entropy")
    values = {
        seed: metrics.metric_value("auroc", context.study.task, context.test.labels, logits)
        for seed, logits in found.items()
    }
    first = np.array([values[seed] for seed in context.study.seeds])
    return first, np.array([values[seed] for seed in context.study.floor_seeds])


@pytest.mark.parametrize("recipe", [{"task": "binary", "images_per_patient": 2}, {"task": "multiclass"}])
def test_the_seed_floor_is_the_nested_analysis_of_both_sets(recipe: dict, contexts: Contexts) -> None:
    context = contexts(**{**FLOOR, "seeds": 4, **recipe})
    (row,) = seed_floor(context)
    found = logits_of(context, "cross-entropy")
    sets = np.array([[found[seed] for seed in side] for side in (context.study.seeds, context.study.floor_seeds)])
    scores = np.array([[metrics.margins(each) for each in side] for side in sets])
    scores = scores[..., 1] if recipe["task"] == "binary" else scores
    expected = stats.mrmc(context.test.labels, scores, design="nested", groups=context.test.groups).differences()[0]
    assert (row.difference, row.se, row.df, row.t, row.p, row.low, row.high) == pytest.approx(
        (expected.estimate, expected.se, expected.df, expected.t, expected.p, expected.low, expected.high)
    )
    first, further = floor_values(context)
    assert row.difference == pytest.approx(first.mean() - further.mean())
    assert (row.loss, row.seeds, row.further) == ("cross-entropy", (1, 2, 3, 4), context.study.floor_seeds)
    assert row.note == ""


def test_the_percentile_is_that_of_all_splits_one_by_one(contexts: Contexts) -> None:
    context = contexts(**{**FLOOR, "seeds": 4})
    (row,) = seed_floor(context)
    values = np.concatenate(floor_values(context))
    gaps = []
    for chosen in combinations(range(8), 4):
        rest = [place for place in range(8) if place not in chosen]
        gaps.append(abs(values[list(chosen)].mean() - values[rest].mean()))
    assert (row.n_splits, row.exhaustive) == (35, True)
    assert row.percentile_95 == pytest.approx(np.percentile(gaps[:35], 95))
    assert sorted(gaps[:35]) == pytest.approx(sorted(gaps[35:]))


def test_a_planted_difference_between_the_two_sets_is_found(contexts: Contexts) -> None:
    without, planted = (contexts(**{**FLOOR, "seeds": 5, "test": 400}, floor_effect=effect) for effect in (0.0, -1.0))
    (calm,), (found,) = seed_floor(without), seed_floor(planted)
    assert found.p < 0.001 < calm.p
    assert found.difference > found.low > 0
    assert found.percentile_95 > 2 * calm.percentile_95
    assert abs(calm.difference) < found.difference


def test_fewer_finished_further_seeds_are_named_and_the_rest_is_used(contexts: Contexts) -> None:
    context = contexts(**{**FLOOR, "seeds": 4}, floor_diverged=(1,), floor_missing=(2,))
    (row,) = seed_floor(context)
    assert (row.seeds, row.further) == ((1, 2, 3, 4), (1_000_001, 1_000_004))
    assert row.note == ("cross-entropy diverged with seed 1000002; cross-entropy is not finished with seed 1000003")
    assert (row.n_splits, row.exhaustive) == (15, True)
    assert 0 < row.p <= 1


def test_one_further_seed_is_too_few_for_a_comparison(contexts: Contexts) -> None:
    (row,) = seed_floor(contexts(**FLOOR, floor_missing=(0, 1)))
    assert row.further == (1_000_003,)
    assert np.isnan([row.difference, row.se, row.p, row.percentile_95]).all()
    assert row.note.endswith("a comparison needs two finished runs on either side")


def test_runs_that_are_all_alike_have_no_p(contexts: Contexts) -> None:
    context = contexts(**FLOOR)
    one, score = context.material.runs[0], context.scored[0]
    material = replace(
        context.material,
        runs=tuple(replace(run, logits=one.logits) for run in context.material.runs),
        floor=tuple(replace(run, logits=one.logits) for run in context.material.floor),
    )
    alike = replace(
        context,
        material=material,
        scored=tuple(replace(each, rows=score.rows) for each in context.scored),
        floor=tuple(replace(each, rows=score.rows) for each in context.floor),
    )
    (row,) = seed_floor(alike)
    assert (row.difference, row.percentile_95) == (0.0, 0.0)
    assert np.isnan([row.t, row.p, row.low, row.high]).all()
    assert "the error term is 0" in row.note
    assert twins(alike)[0].identical


def test_a_metric_without_a_covariance_is_compared_over_seeds_alone(contexts: Contexts) -> None:
    context = contexts(**{**FLOOR, "seeds": 4}, primary="ece")
    (row,) = seed_floor(context)
    values = {run.seed: run.value("ece") for run in (*context.scored, *context.floor) if run.loss == "cross-entropy"}
    x, y = ([values[seed] for seed in side] for side in (row.seeds, row.further))
    expected = witness.ttest_ind(x, y)
    assert (row.t, row.p, row.df) == pytest.approx((expected.statistic, expected.pvalue, 6))
    assert row.note.startswith("over seeds alone, on these cases; ECE")


def test_many_seeds_are_split_at_random_and_alike_each_time(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=9, floor_seeds=True, test=40, val=30)
    (row,), (again,) = seed_floor(context), seed_floor(context)
    assert (row.n_splits, row.exhaustive) == (MOST_SPLITS, False)
    assert row == again
    values = np.concatenate(floor_values(context))
    exact = [
        abs(values[list(chosen)].sum() - (values.sum() - values[list(chosen)].sum())) / 9
        for chosen in combinations(range(18), 9)
    ]
    assert row.percentile_95 == pytest.approx(np.percentile(exact, 95), rel=0.05)


@pytest.mark.parametrize(("first", "second"), [(2, 2), (3, 3), (2, 3), (4, 2)])
def test_splits_are_all_different_and_of_the_right_sizes(first: int, second: int) -> None:
    found = splits(first, second, np.random.default_rng(0))
    assert (found.sum(axis=1) == first).all()
    assert len({tuple(row) for row in found.tolist()}) == len(found)
    assert len(found) == math.comb(first + second, first) // (1 + (first == second))
    if first == second:
        assert found[:, 0].all()


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6), st.floats(-1, 1))
def test_adding_a_constant_to_all_runs_changes_no_difference_of_means(values: list[float], constant: float) -> None:
    halves = splits(3, 3, np.random.default_rng(0))
    before = difference_of_means(np.array(values), halves)
    np.testing.assert_allclose(difference_of_means(np.array(values) + constant, halves), before, atol=1e-12)
    swapped = difference_of_means(np.array(values), ~halves)
    np.testing.assert_allclose(swapped, -before, atol=1e-12)


def test_the_planned_comparison_rejects_about_as_often_as_it_should() -> None:
    """Two sets of seeds of one loss, drawn alike on 60 shared cases: the nested test is near its level."""
    rng = np.random.default_rng(11)
    rejected, runs = 0, 600
    for _ in range(runs):
        truth = np.repeat([0, 1], 30)
        shared = rng.normal(size=60)
        scores = 0.8 * truth + shared + 0.4 * rng.normal(size=(2, 4, 1)) * truth + 0.8 * rng.normal(size=(2, 4, 60))
        rejected += stats.mrmc(truth, scores, design="nested").differences()[0].p <= 0.05
    assert abs(rejected / runs - 0.05) <= 3 * math.sqrt(0.05 * 0.95 / runs)


def test_runs_that_were_not_trained_here_have_no_noise_floor(contexts: Contexts, given_table) -> None:
    context, study = contexts(losses=2, seeds=3), given_table("predictions", scale="logits")
    given = replace(context, study=study, found=replace(context.found, study=study, trained=study))
    assert twins(given) == ()
    assert seed_floor(given) == ()
