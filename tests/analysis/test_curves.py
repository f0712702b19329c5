"""Learning curves, ROC curves and confusion matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cxr_report import runs
from cxr_report.analysis.value import Analysis
from cxr_report.runs import StudyFolder

Shown = Callable[..., tuple[StudyFolder, Analysis]]
TASKS = ({"task": "binary"}, {}, {"task": "multilabel", "unknown": 0.1, "losses": 3})


def witness() -> Any:
    """Bring scikit-learn, which the base install leaves out."""
    return pytest.importorskip("sklearn.metrics", reason="the witness, scikit-learn, is not in the base install")


@pytest.mark.parametrize("recipe", TASKS)
def test_the_area_below_the_mean_roc_curve_is_the_mean_auroc(recipe: dict, shown: Shown) -> None:
    _, analysis = shown(**recipe)
    means = {(s.loss, s.klass): s.mean for s in analysis.summaries if s.metric == "auroc"}
    sets = [entry for entry in analysis.curves if entry.name == "roc"]
    assert [entry.klass for entry in sets] == ([""] if analysis.study.task == "binary" else ["", *analysis.classes])
    for entry in sets:
        for curve in entry.curves:
            area = np.trapezoid(curve.mean, curve.x)
            assert area == pytest.approx(means[curve.loss, entry.klass], abs=0.01)  # corners between grid points
            assert (np.diff(curve.mean) >= -1e-12).all()
            assert curve.mean[0] == 0.0
            assert curve.mean[-1] == 1.0
            assert all(
                0 <= low <= mean <= high <= 1 for low, mean, high in zip(curve.low, curve.mean, curve.high, strict=True)
            )


@pytest.mark.parametrize("recipe", TASKS)
def test_precision_is_that_of_the_highest_threshold_that_reaches_a_sensitivity(recipe: dict, shown: Shown) -> None:
    folder, analysis = shown(**recipe)
    with np.load(folder.truth("test")) as file:
        labels = file["labels"]
    sets = {entry.klass: entry for entry in analysis.curves if entry.name == "pr"}
    assert list(sets) == ([""] if analysis.study.task == "binary" else ["", *analysis.classes])
    for place, curve in enumerate(sets[""].curves):
        lines = [_precisions(folder, curve.loss, seed, labels, analysis) for seed in analysis.seeds]
        classes = [""] if analysis.study.task == "binary" else list(analysis.classes)
        for name in classes:
            drawn = sets[name].curves[place]
            table = np.array([line[name] for line in lines])
            assert drawn.x == pytest.approx(np.arange(1, 101) / 100)
            np.testing.assert_allclose(drawn.mean, table.mean(axis=0), atol=1e-12)
            np.testing.assert_allclose(drawn.low, np.clip(table.mean(axis=0) - table.std(axis=0, ddof=1), 0, 1))
        macro = np.mean([[line[name] for name in classes] for line in lines], axis=(0, 1))
        np.testing.assert_allclose(curve.mean, macro, atol=1e-12)


def _precisions(folder: StudyFolder, loss: str, seed: int, labels: np.ndarray, analysis: Analysis) -> dict:
    """Take precision at every hundredth of sensitivity from sklearn's curve of one run, without interpolation."""
    with np.load(folder.run(loss, seed).predictions("test")) as file:
        logits = file["logits"].astype(float)
    sklearn = witness()
    found, task = {}, analysis.study.task
    for place, name in enumerate(analysis.classes):
        truth = labels[:, place] if task == "multilabel" else (labels == place).astype(float)
        others = np.delete(logits, place, axis=1)
        score = logits[:, place] if task == "multilabel" else logits[:, place] - np.logaddexp.reduce(others, axis=1)
        known = ~np.isnan(truth)
        precision, recall, _ = sklearn.precision_recall_curve(truth[known], score[known], drop_intermediate=False)
        levels = np.arange(1, 101) / 100
        found[name] = np.array([precision[np.flatnonzero(recall >= level - 1e-12)[-1]] for level in levels])
    return {"": found[analysis.classes[1]]} if task == "binary" else found


def test_a_precision_recall_curve_has_the_average_precision_as_its_area(shown: Shown) -> None:
    _, analysis = shown()
    means = {(s.loss, s.klass): s.mean for s in analysis.summaries if s.metric == "average_precision"}
    for entry in (entry for entry in analysis.curves if entry.name == "pr"):
        for curve in entry.curves:
            assert np.mean(curve.mean) == pytest.approx(means[curve.loss, entry.klass], abs=0.01)
            assert all(
                0 <= low <= mid <= high <= 1 for low, mid, high in zip(curve.low, curve.mean, curve.high, strict=True)
            )


def test_learning_curves_are_mean_and_range_over_seeds(shown: Shown) -> None:
    folder, analysis = shown()
    column = 3
    tables = [
        np.genfromtxt(folder.run("focal", seed).history, delimiter=",", skip_header=1)[:, column]
        for seed in analysis.seeds
    ]
    (entry,) = [entry for entry in analysis.curves if entry.name == "val_primary"]
    (curve,) = [curve for curve in entry.curves if curve.loss == "focal"]
    assert curve.x == tuple(range(1, 7))
    np.testing.assert_allclose(curve.mean, np.mean(tables, axis=0))
    np.testing.assert_array_equal(curve.low, np.min(tables, axis=0))
    np.testing.assert_array_equal(curve.high, np.max(tables, axis=0))


def test_the_chosen_epoch_is_the_first_best_one(shown: Shown) -> None:
    folder, analysis = shown()
    for run in analysis.runs:
        table = np.genfromtxt(folder.run(run.loss, run.seed).history, delimiter=",", skip_header=1)
        assert run.chosen_epoch == int(table[np.argmax(table[:, 3]), 0])


@pytest.mark.parametrize("recipe", TASKS)
def test_confusion_matrices_count_every_known_case_once_per_seed(recipe: dict, shown: Shown) -> None:
    folder, analysis = shown(**recipe)
    labels = runs.read_arrays(folder.truth("test"), ["labels"])["labels"]
    for entry in analysis.confusions:
        counts = np.array(entry.counts)
        if entry.klass:
            truth = labels[:, analysis.classes.index(entry.klass)]
            expected = [np.sum(truth == 0), np.sum(truth == 1)]
        else:
            expected = np.bincount(labels, minlength=len(analysis.classes))
        np.testing.assert_array_equal(counts.sum(axis=1), np.array(expected) * len(analysis.seeds))
        assert entry.n_seeds == len(analysis.seeds)


def test_confusion_matrices_agree_with_accuracy(shown: Shown) -> None:
    _, analysis = shown()
    means = {s.loss: s.mean for s in analysis.summaries if s.metric == "accuracy"}
    for entry in analysis.confusions:
        counts = np.array(entry.counts)
        assert np.trace(counts) / counts.sum() == pytest.approx(means[entry.loss])


def test_the_test_set_is_described_by_its_known_labels(shown: Shown) -> None:
    folder, analysis = shown(task="multilabel", unknown=0.1, losses=3)
    labels = runs.read_arrays(folder.truth("test"), ["labels"])["labels"]
    for place, name in enumerate(analysis.classes):
        assert analysis.data.positives[name] == np.nansum(labels[:, place])
        assert analysis.data.prevalence[name] == pytest.approx(np.nanmean(labels[:, place]))
