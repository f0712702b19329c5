"""Ensembles over seeds: the mean of probabilities, measured and compared over cases alone, held to other programs."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import special
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from cxr_report import ledger, runs
from cxr_report.analysis import analyse, load, pooling
from cxr_report.analysis.context import Context
from cxr_report.analysis.ensembles import ensembles
from cxr_report.analysis.pooling import mean_logits, pool
from cxr_report.analysis.scoring import score_all
from cxr_report.analysis.tables import scores_csv
from cxr_report.analysis.value import ENSEMBLES, Analysis, Ensemble, from_plain, to_plain
from cxr_report.runs import StudyFolder
from cxr_report.study import Study

Shown = Callable[..., tuple[StudyFolder, Analysis]]
Contexts = Callable[..., Context]
TASKS = ("binary", "multiclass", "multilabel")
SMALL = {"losses": 3, "seeds": 3, "strength": 0.6}


def witness() -> Any:
    """Bring scikit-learn, which the base install leaves out."""
    return pytest.importorskip("sklearn.metrics", reason="the witness, scikit-learn, is not in the base install")


def averaged(folder: StudyFolder, loss: str, split: str, task: str, seeds: tuple[int, ...]) -> NDArray[np.float64]:
    """Average probabilities with scipy alone."""
    found = [
        runs.read_arrays(folder.run(loss, seed).predictions(split), ["logits"])["logits"].astype(float)
        for seed in seeds
    ]
    turned = special.expit if task == "multilabel" else lambda z: special.softmax(z, axis=-1)
    mean: NDArray[np.float64] = np.mean([turned(each) for each in found], axis=0)
    return mean


def of(analysis: Analysis, metric: str) -> Ensemble:
    """Return the ensembles of one metric."""
    return next(each for each in analysis.ensembles if each.metric == metric)


# --- the mean


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (3, 4, 3), elements=st.floats(-30, 30)))
def test_the_pooled_logits_give_the_mean_of_the_probabilities(logits: NDArray[np.float64]) -> None:
    softmax = special.softmax(mean_logits("multiclass", logits), axis=1)
    np.testing.assert_allclose(softmax, special.softmax(logits, axis=2).mean(axis=0), rtol=1e-9)
    sigmoid = special.expit(mean_logits("multilabel", logits))
    np.testing.assert_allclose(sigmoid, special.expit(logits).mean(axis=0), rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, (4, 5, 2), elements=st.floats(-50, 50)), st.permutations(range(4)), st.floats(-9, 9))
def test_neither_the_order_of_the_seeds_nor_a_constant_on_all_logits_of_a_case_matters(
    logits: NDArray[np.float64], order: list[int], constant: float
) -> None:
    whole = mean_logits("multiclass", logits)
    np.testing.assert_allclose(mean_logits("multiclass", logits[order]), whole, atol=1e-9)
    np.testing.assert_allclose(mean_logits("multiclass", logits + constant), whole, atol=1e-9)
    np.testing.assert_allclose(mean_logits("multilabel", -logits), -mean_logits("multilabel", logits), atol=1e-9)


def test_members_that_agree_are_their_own_ensemble() -> None:
    one = np.random.default_rng(0).normal(size=(6, 3))
    np.testing.assert_allclose(
        special.softmax(mean_logits("multiclass", np.stack([one] * 4)), axis=1), special.softmax(one, axis=1)
    )
    np.testing.assert_allclose(mean_logits("multilabel", np.stack([one] * 4)), one, atol=1e-12)


def test_cases_that_every_member_is_sure_of_keep_their_order() -> None:
    """Their mean probabilities are all 1 in float64; their logits are not equal."""
    sure = np.array([[[0.0, 50.0], [0.0, 60.0]], [[0.0, 52.0], [0.0, 61.0]]])
    assert (special.softmax(sure, axis=2).mean(axis=0)[:, 1] == 1).all()
    found = mean_logits("binary", sure)
    assert found[1, 1] - found[1, 0] > found[0, 1] - found[0, 0]
    finding = mean_logits("multilabel", sure[:, :, 1:])
    assert finding[1, 0] > finding[0, 0]


def test_the_example_says_what_it_gives() -> None:
    found = doctest.testmod(pooling)
    assert (found.failed, found.attempted) == (0, 1)


# --- values and intervals


@pytest.mark.parametrize("task", TASKS)
def test_values_are_those_that_sklearn_finds_in_the_mean_of_the_probabilities(task: str, shown: Shown) -> None:
    sklearn = witness()
    folder, analysis = shown(task=task, **SMALL)
    labels = runs.read_arrays(folder.truth("test"), ["labels"])["labels"]
    for place, loss in enumerate(analysis.losses):
        p = averaged(folder, loss, "test", task, analysis.seeds)
        if task == "multilabel":
            area = np.mean([sklearn.roc_auc_score(labels[:, c], p[:, c]) for c in range(p.shape[1])])
            precision = np.mean([sklearn.average_precision_score(labels[:, c], p[:, c]) for c in range(p.shape[1])])
            brier = np.mean([sklearn.brier_score_loss(labels[:, c], p[:, c]) for c in range(p.shape[1])])
        else:
            hot = np.eye(p.shape[1])[labels]
            columns = [1] if task == "binary" else range(p.shape[1])
            area = np.mean([sklearn.roc_auc_score(hot[:, c], p[:, c]) for c in columns])
            precision = np.mean([sklearn.average_precision_score(hot[:, c], p[:, c]) for c in columns])
            brier = ((p[:, 1] - labels) ** 2).mean() if task == "binary" else ((p - hot) ** 2).sum(axis=1).mean()
            balanced = of(analysis, "balanced_accuracy").scores[place].estimate
            assert balanced == pytest.approx(sklearn.balanced_accuracy_score(labels, p.argmax(axis=1)), abs=1e-12)
        found = {metric: of(analysis, metric).scores[place] for metric in ("auroc", "average_precision", "brier")}
        assert found["auroc"].estimate == pytest.approx(area, abs=1e-12)
        assert found["average_precision"].estimate == pytest.approx(precision, abs=1e-12)
        assert found["brier"].estimate == pytest.approx(brier, abs=1e-12)
        assert found["auroc"].n_seeds == 3


def patient_delong(
    truth: NDArray[Any], scores: NDArray[np.float64], groups: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute areas and their covariance by Obuchowski's formula for clustered cases, pair by pair of cases."""
    positive, negative = np.flatnonzero(truth == 1), np.flatnonzero(truth == 0)
    area, by_case = [], []
    for column in scores.T:
        wins = (column[positive, None] > column[None, negative]) + 0.5 * (
            column[positive, None] == column[None, negative]
        )
        area.append(wins.mean())
        v = np.zeros(len(truth))
        v[positive], v[negative] = wins.mean(axis=1) - wins.mean(), wins.mean(axis=0) - wins.mean()
        by_case.append(v)
    names = np.unique(groups)
    a = np.array([[v[(groups == g) & (truth == 1)].sum() for g in names] for v in by_case])
    b = np.array([[v[(groups == g) & (truth == 0)].sum() for g in names] for v in by_case])
    m, n, total = len(positive), len(negative), len(names)
    i10 = len(np.unique(groups[positive]))
    i01 = len(np.unique(groups[negative]))
    covariance = i10 / ((i10 - 1) * m**2) * a @ a.T + i01 / ((i01 - 1) * n**2) * b @ b.T
    covariance += total / ((total - 1) * m * n) * (a @ b.T + b @ a.T)
    return np.array(area), covariance


@pytest.mark.parametrize("per_patient", [1, 2])
def test_areas_and_comparisons_are_delongs_by_patient_written_out(per_patient: int, shown: Shown) -> None:
    folder, analysis = shown(task="binary", images_per_patient=per_patient, family="all", **SMALL)
    truth = runs.read_arrays(folder.truth("test"), ["labels", "patients"])
    p = np.stack([averaged(folder, loss, "test", "binary", analysis.seeds)[:, 1] for loss in analysis.losses], axis=1)
    area, covariance = patient_delong(truth["labels"], p, truth["patients"])
    found = of(analysis, "auroc")
    assert (found.covariance, found.n_patients) == ("delong", len(np.unique(truth["patients"])))
    reach, places = norm.isf(0.025), {loss: place for place, loss in enumerate(analysis.losses)}
    for each, value, variance in zip(found.scores, area, np.diagonal(covariance), strict=True):
        assert each.estimate == pytest.approx(value, abs=1e-12)
        assert each.se == pytest.approx(math.sqrt(variance), rel=1e-9)
        assert (each.low, each.high) == pytest.approx(
            (value - reach * math.sqrt(variance), min(1.0, value + reach * math.sqrt(variance))), rel=1e-9
        )
    raw = []
    for pair in found.pairs:
        contrast = np.zeros(3)
        contrast[places[pair.first]], contrast[places[pair.second]] = 1, -1
        se = math.sqrt(contrast @ covariance @ contrast)
        z = contrast @ area / se
        raw.append(2 * norm.sf(abs(z)))
        assert (pair.difference, pair.se, pair.t) == pytest.approx((contrast @ area, se, z), rel=1e-8)
        assert (pair.p, pair.df) == (pytest.approx(raw[-1], rel=1e-8), math.inf)
        assert (pair.low, pair.high) == pytest.approx((z * se - reach * se, z * se + reach * se), rel=1e-8)
        wide = norm.isf(0.025 / 3)
        assert pair.high_simultaneous == pytest.approx(z * se + wide * se, rel=1e-8)
    witness = multipletests(raw, method="holm")[1]
    assert [pair.p_adjusted for pair in found.pairs] == pytest.approx(witness, rel=1e-8)


@pytest.mark.parametrize("task", TASKS)
def test_other_metrics_have_the_jackknife_over_patients_left_out_one_by_one(task: str, shown: Shown) -> None:
    folder, analysis = shown(task=task, images_per_patient=2, **SMALL)
    truth = runs.read_arrays(folder.truth("test"), ["labels", "patients"])
    labels, patients = truth["labels"], truth["patients"]
    p = [averaged(folder, loss, "test", task, analysis.seeds) for loss in analysis.losses]

    def brier(kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        wanted = labels[kept] if task == "multilabel" else np.eye(p[0].shape[1])[labels[kept]]
        return np.array([((each[kept] - wanted) ** 2).mean() for each in p])

    found, everyone = of(analysis, "brier"), np.ones(len(labels), dtype=bool)
    scale = p[0].shape[1] if task == "multiclass" else 1  # a sum over classes, else a mean
    assert [each.estimate for each in found.scores] == pytest.approx(scale * brier(everyone), rel=1e-12)
    without = scale * np.array([brier(patients != name) for name in np.unique(patients)])
    deviations = without - without.mean(axis=0)
    covariance = (len(without) - 1) / len(without) * deviations.T @ deviations
    assert found.covariance == "jackknife"
    assert [each.se for each in found.scores] == pytest.approx(np.sqrt(np.diagonal(covariance)), rel=1e-8)
    for pair in found.pairs:
        i, j = analysis.losses.index(pair.first), analysis.losses.index(pair.second)
        assert pair.se == pytest.approx(math.sqrt(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]), rel=1e-7)


def test_thresholds_are_chosen_on_the_ensembles_own_validation_predictions(shown: Shown) -> None:
    sklearn = witness()
    folder, analysis = shown(task="binary", secondary=("sensitivity_youden",), **SMALL)
    validated = runs.read_arrays(folder.truth("val"), ["labels"])["labels"]
    labels = runs.read_arrays(folder.truth("test"), ["labels"])["labels"]
    for each in of(analysis, "sensitivity_youden").scores:
        p = averaged(folder, each.loss, "val", "binary", analysis.seeds)[:, 1]
        false, true, limits = sklearn.roc_curve(validated, p, drop_intermediate=False)
        limit = limits[np.argmax(np.round(true - false, 12))]
        called = averaged(folder, each.loss, "test", "binary", analysis.seeds)[:, 1] >= limit - 1e-12
        assert each.estimate == pytest.approx(called[labels == 1].mean())


def test_the_gain_is_over_the_mean_of_the_members(shown: Shown) -> None:
    folder, analysis = shown(**SMALL)
    table = pd.read_csv(folder.analysis().scores)
    own = table[(table.split == "test") & (table["class"].isna())]
    for found in analysis.ensembles:
        for each in found.scores:
            members = own[(own.loss == each.loss) & (own.metric == found.metric)].value
            assert len(members) == each.n_seeds
            assert each.members == pytest.approx(members.mean(), abs=1e-12)
            assert each.gain == each.estimate - each.members


# --- what is kept apart


def test_the_other_tests_do_not_know_of_the_ensembles(contexts: Contexts, shown: Shown) -> None:
    folder, analysis = shown(**SMALL)
    table = pd.read_csv(folder.analysis().scores)
    rows = table[table.loss.str.startswith("ensemble:")]
    assert set(rows.loss) == {f"ensemble:{loss}" for loss in analysis.losses}
    assert rows.seed.isna().all()
    for found in analysis.ensembles:
        at = rows[(rows.split == "test") & rows["class"].isna() & (rows.metric == found.metric)]
        assert at.value.tolist() == pytest.approx([each.estimate for each in found.scores], abs=1e-12)
    told = pd.read_csv(folder.analysis().comparisons)
    labelled = told[told.target == ENSEMBLES]
    assert len(labelled) == sum(len(each.scores) + len(each.pairs) for each in analysis.ensembles)
    assert set(labelled.test) == {"interval of an ensemble over seeds", "z of two ensembles over seeds"}
    assert (told[told.test.str.contains("ensemble", na=False)].target == ENSEMBLES).all()


def test_they_come_back_from_statistics_json_as_they_were(shown: Shown) -> None:
    _, analysis = shown(**SMALL)
    assert from_plain(to_plain(analysis)).ensembles == analysis.ensembles
    assert [each.metric for each in analysis.ensembles] == list(analysis.metrics)


def test_verdicts_follow_the_adjusted_p_and_the_direction(shown: Shown) -> None:
    _, analysis = shown(losses=4, effect=0.6, secondary=("brier",))
    seen = set()
    for found in analysis.ensembles:
        for pair in found.pairs:
            better = (pair.difference > 0) == (found.metric == "auroc")
            shown_ = pair.in_family and pair.p_adjusted <= 0.05
            wanted = ("first better" if better else "second better") if shown_ else "not shown"
            assert pair.verdict == (wanted if pair.in_family else "outside the family")
            seen.add(pair.verdict)
    assert {"first better", "outside the family"} <= seen


def test_calibration_error_has_a_value_and_no_interval(shown: Shown) -> None:
    _, analysis = shown(secondary=("ece",), **SMALL)
    found = of(analysis, "ece")
    assert (found.covariance, found.pairs) == ("none", ())
    assert all(math.isnan(each.low) and not math.isnan(each.estimate) for each in found.scores)
    assert "not smooth" in found.note


# --- what is not there


def test_diverged_runs_are_no_members_and_the_number_is_told(shown: Shown) -> None:
    sklearn = witness()
    folder, analysis = shown(losses=3, seeds=3, strength=0.6, diverged=((1, 2),))
    assert [each.n_seeds for each in of(analysis, "auroc").scores] == [3, 2, 3]
    table = pd.read_csv(folder.analysis().comparisons)
    pairs = table[(table.test == "z of two ensembles over seeds") & (table.metric == "auroc")]
    unequal = [("weighted" in (pair.first, pair.second)) for pair in pairs.itertuples()]
    assert pairs.n_seeds.isna().tolist() == unequal
    two = averaged(folder, "weighted", "test", "multiclass", (1, 3))
    labels = np.eye(3)[runs.read_arrays(folder.truth("test"), ["labels"])["labels"]]
    area = np.mean([sklearn.roc_auc_score(labels[:, c], two[:, c]) for c in range(3)])
    assert of(analysis, "auroc").scores[1].estimate == pytest.approx(area, abs=1e-12)


def test_a_loss_without_a_finished_seed_keeps_its_place_in_the_family(shown: Shown) -> None:
    _, analysis = shown(losses=3, seeds=3, strength=0.6, diverged=((1, 1), (1, 2), (1, 3)))
    found = of(analysis, "auroc")
    assert [each.loss for each in found.scores] == ["cross-entropy", "focal"]
    defined = {(pair.first, pair.second): pair for pair in found.pairs if not math.isnan(pair.p)}
    assert set(defined) == {("focal", "cross-entropy")}
    pair = defined["focal", "cross-entropy"]
    assert pair.p_adjusted == pytest.approx(min(1.0, 2 * pair.p)), "two comparisons were planned"
    gone = [pair for pair in found.pairs if math.isnan(pair.p)]
    assert {pair.note for pair in gone} == {"a loss of the pair has no finished seed"}
    assert {pair.verdict for pair in gone} == {"not shown", "outside the family"}


def test_a_baseline_without_a_finished_seed_leaves_values_and_no_decision(shown: Shown) -> None:
    _, analysis = shown(losses=3, seeds=2, strength=0.6, diverged=((0, 1), (0, 2)))
    found = of(analysis, "auroc")
    assert [each.loss for each in found.scores] == ["weighted", "focal"]
    assert all(math.isnan(pair.p) for pair in found.pairs if pair.in_family)
    (outside,) = [pair for pair in found.pairs if not pair.in_family]
    assert outside.p > 0


def test_one_seed_per_loss_is_no_ensemble(contexts: Contexts) -> None:
    context = contexts(**SMALL)
    single = tuple(run for run in context.material.runs if run.seed == 1)
    assert pool(context.study, replace(context.material, runs=single)) == ()
    two = (*single, context.material.runs[1])
    assert [each.seeds for each in pool(context.study, replace(context.material, runs=two))] == [(1, 2), (1,), (1,)]


def test_scores_alone_and_ranks_have_no_ensemble(contexts: Contexts, given_table: Callable[..., Study]) -> None:
    context = contexts(**SMALL)
    for study in (given_table("scores"), given_table("predictions", scale="ranking")):
        assert pool(study, context.material) == ()
        assert ensembles(replace(context, study=study, pooled=())) == ()
    for scale in ("probabilities", "logits"):
        assert pool(given_table("predictions", scale=scale), context.material) != ()


def test_identical_ensembles_are_no_evidence_of_anything(contexts: Contexts) -> None:
    context = contexts(losses=2, seeds=2)
    logits = {run.seed: run.logits for run in context.material.runs if run.loss == "cross-entropy"}
    same = replace(context.material, runs=tuple(replace(run, logits=logits[run.seed]) for run in context.material.runs))
    scored = score_all(context.study.task, same)
    twins = replace(context, material=same, scored=scored, pooled=pool(context.study, same))
    found = ensembles(twins)
    assert len(found) == 4
    for pair in (pair for each in found for pair in each.pairs):
        assert pair.difference == 0
        assert math.isnan(pair.p)
        assert pair.note
        assert pair.verdict == "not shown"


def test_equal_folders_give_equal_bytes_with_ensembles(made: Callable[..., StudyFolder]) -> None:
    wishes: dict[str, Any] = {"secondary": ("sensitivity_at_specificity_90",), **SMALL}
    first, second = (analyse(made(**wishes)) for _ in range(2))
    assert first.statistics.read_bytes() == second.statistics.read_bytes()
    found = load(first).ensembles[1]
    assert (found.covariance, found.metric) == ("bootstrap", "sensitivity_at_specificity_90")
    assert all(each.se > 0 for each in found.scores)


def test_the_level_holds_where_ensembles_are_equal() -> None:
    """Under the null, z of two ensembles rejects about as often as it says."""
    from cxr_report.analysis.case_covariance import case_covariance

    rng, rejected, total = np.random.default_rng(3), 0, 400
    for _ in range(total):
        labels = (rng.random(150) < 0.4).astype(int)
        shared = labels[:, None] + rng.normal(size=(150, 1))
        members = shared + 0.7 * rng.normal(size=(2, 3, 150, 1))
        logits = np.stack([mean_logits("binary", np.concatenate([-each, each], axis=2)) for each in members])
        found = case_covariance("binary", labels, logits, "auroc", rng=rng)
        se = math.sqrt(np.array([1, -1]) @ found.covariance @ np.array([1, -1]))
        rejected += abs(found.theta[0] - found.theta[1]) / se > norm.isf(0.025)
    assert 0.025 < rejected / total < 0.085


def test_scores_of_ensembles_are_written_like_those_of_runs(contexts: Contexts) -> None:
    context = contexts(**SMALL)
    pooled = pool(context.study, context.material)
    text = scores_csv(each.scored for each in pooled)
    assert text.splitlines()[1].startswith("ensemble:cross-entropy,,")
    assert ledger.read(context.found.folder).study.task == context.study.task
