"""Calibration of every loss on test: averages over seeds, the parts of the Brier score, and pooled bins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report import metrics
from cxr_report.analysis.calibration import calibrations
from cxr_report.analysis.context import Context
from cxr_report.analysis.gather import Truth

Contexts = Callable[..., Context]
TASKS = (
    {"task": "binary"},
    {"task": "multiclass", "losses": 2},
    {"task": "multilabel", "unknown": 0.2, "losses": 2},
)


def probabilities(context: Context, loss: str) -> list[np.ndarray]:
    link = metrics.sigmoid if context.study.task == "multilabel" else metrics.softmax
    return [link(run.logits["test"]) for run in context.material.runs if run.loss == loss]


@pytest.mark.parametrize("recipe", TASKS)
def test_ece_and_brier_are_means_over_seeds_of_the_metrics(recipe: dict, contexts: Contexts) -> None:
    context = contexts(**recipe)
    labels = context.test.labels
    for row, loss in zip(calibrations(context), context.losses, strict=True):
        each = probabilities(context, loss)
        errors = [metrics.ece(labels, p) for p in each]
        assert (row.loss, row.n_seeds, row.note) == (loss, 5, "")
        assert row.ece == pytest.approx(np.mean(errors))
        assert row.ece_sd == pytest.approx(np.std(errors, ddof=1))
        assert row.brier == pytest.approx(np.mean([metrics.brier(labels, p) for p in each]))
        assert row.uncertainty == pytest.approx(metrics.brier_decomposition(labels, each[0]).uncertainty)


@pytest.mark.parametrize("recipe", TASKS)
def test_the_parts_add_up_to_the_brier_score(recipe: dict, contexts: Contexts) -> None:
    for row in calibrations(contexts(**recipe)):
        assert row.reliability - row.resolution + row.uncertainty + row.within == pytest.approx(row.brier)
        assert min(row.reliability, row.resolution, row.uncertainty) > 0


@pytest.mark.parametrize("recipe", TASKS)
def test_bins_hold_every_prediction_of_every_seed_once(recipe: dict, contexts: Contexts) -> None:
    context = contexts(**recipe)
    labels = context.test.labels
    known = labels.size if labels.ndim == 1 else int((~np.isnan(labels)).sum())
    for row in calibrations(context):
        assert sum(each.n for each in row.bins) == 5 * known
        assert [each.low for each in row.bins[1:]] == [each.high for each in row.bins[:-1]]
        assert (row.bins[0].low, row.bins[-1].high, len(row.bins)) == (0.0, 1.0, metrics.BINS)


@pytest.mark.parametrize("recipe", TASKS)
def test_bins_agree_with_counting_predictions_one_by_one(recipe: dict, contexts: Contexts) -> None:
    context = contexts(**recipe)
    labels, loss = context.test.labels, context.losses[-1]
    told = []
    for p in probabilities(context, loss):
        if labels.ndim == 1:
            told += [(float(row.max()), int(row.argmax()) == truth) for row, truth in zip(p, labels, strict=True)]
        else:
            told += [
                (max(chance, 1 - chance), (chance >= 0.5) == (truth == 1))
                for row, truths in zip(p.tolist(), labels.tolist(), strict=True)
                for chance, truth in zip(row, truths, strict=True)
                if truth == truth
            ]
    for each in calibrations(context)[-1].bins:
        inside = [(sure, right) for sure, right in told if each.low < sure <= each.high]
        assert each.n == len(inside)
        if inside:
            assert each.confidence == pytest.approx(np.mean([sure for sure, _ in inside]))
            assert each.accuracy == pytest.approx(np.mean([right for _, right in inside]))
        else:
            assert np.isnan(each.confidence)
            assert np.isnan(each.accuracy)


def test_ece_of_one_seed_is_the_weighted_gap_of_its_bins(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=2, diverged=((1, 2),))
    for row in calibrations(context):
        gaps = [each.n * abs(each.accuracy - each.confidence) for each in row.bins if each.n]
        assert row.n_seeds == 1
        assert row.ece == pytest.approx(sum(gaps) / sum(each.n for each in row.bins))
        assert np.isnan(row.ece_sd)
        assert row.note == "no spread from a single seed"


def test_without_a_finished_seed_everything_is_undefined_and_says_so(contexts: Contexts) -> None:
    for row in calibrations(contexts(losses=2, seeds=2, diverged=((0, 1), (1, 2)))):
        assert (row.n_seeds, row.bins, row.note) == (0, (), "no seed is finished for every loss")
        assert np.isnan([row.ece, row.ece_sd, row.brier, row.reliability, row.within]).all()


def with_labels(context: Context, labels: np.ndarray) -> Context:
    truth = context.test
    changed = {**context.material.truth, "test": Truth(truth.ids, truth.patients, labels)}
    return replace(context, material=replace(context.material, truth=changed))


def test_findings_of_which_no_label_is_known_leave_the_brier_score_undefined(contexts: Contexts) -> None:
    context = contexts(**TASKS[2])
    row = calibrations(with_labels(context, np.full_like(context.test.labels, np.nan)))[0]
    assert row.note == "no test label is known"
    assert np.isnan(row.brier)
    assert row.bins == ()


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(contexts: Contexts, random) -> None:
    context = contexts(task="multiclass", losses=2)
    order = list(range(len(context.test.ids)))
    random.shuffle(order)
    material = context.material
    shuffled = tuple(replace(run, logits={"test": run.logits["test"][order]}) for run in material.runs)
    turned = with_labels(context, context.test.labels[order])
    turned = replace(turned, material=replace(turned.material, runs=shuffled))
    for before, after in zip(calibrations(context), calibrations(turned), strict=True):
        assert [each.n for each in before.bins] == [each.n for each in after.bins]
        assert before.brier == pytest.approx(after.brier)
        assert before.within == pytest.approx(after.within)


def test_ranks_and_scores_are_not_calibrated(contexts: Contexts, given_table) -> None:
    context = contexts(losses=2, seeds=3)
    assert calibrations(replace(context, study=given_table("predictions", scale="ranking"))) == ()
    assert calibrations(replace(context, study=given_table("scores", primary="dice:higher"))) == ()
    assert len(calibrations(replace(context, study=given_table("predictions", scale="logits")))) == 2
