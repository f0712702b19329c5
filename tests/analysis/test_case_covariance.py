"""The covariance over cases of any metric, held against leaving out, resampling and repeating by force."""

from __future__ import annotations

import numpy as np
import pytest

from cxr_report import stats
from cxr_report.analysis.case_bootstrap import SAMPLES, bootstrap_sensitivities
from cxr_report.analysis.case_covariance import case_covariance
from cxr_report.metrics import METRICS, TASKS, choose_thresholds, metric_value, scores
from cxr_report.metrics.scoring import has_classes
from cxr_report.stats.auc_covariance import Finding

NAMES = ("normal", "pneumonia", "effusion")
BY_TASK = [(task, name) for task in TASKS for name, metric in METRICS.items() if task in metric.tasks]
OTHER = {"auroc": "delong", "sensitivity_at_specificity_90": "bootstrap", "ece": "none"}


def drawn(task, *, runs=3, n=60, images=1, seed=0):
    """Draw labels, logits `(R, N, C)` with ties, thresholds and patients whose images resemble each other."""
    rng = np.random.default_rng([TASKS.index(task), images, seed])
    width, patients = 2 if task == "binary" else 3, np.repeat(np.arange(n // images), images)
    own = rng.normal(size=(patients.max() + 1, 1))[patients]
    if task == "multilabel":
        labels = (rng.random((n, width)) < 0.4).astype(float)
        signal = labels.copy()
        labels[rng.random(labels.shape) < 0.1] = np.nan
    else:
        labels = rng.choice(width, n, p=[0.6, 0.4] if width == 2 else [0.4, 0.35, 0.25])
        signal = np.eye(width)[labels]
    logits = (1.5 * signal - 0.7 * (width > 2) + own + rng.normal(size=(runs, n, width))).round(1)
    thresholds = np.array([choose_thresholds(task, labels, each) for each in logits])
    return labels, logits, thresholds, patients


def value(task, name, labels, logits, thresholds, klass=""):
    rows = scores(task, labels, logits, classes=NAMES[: logits.shape[1]], thresholds=thresholds)
    return next(row.value for row in rows if (row.metric, row.klass) == (name, klass))


def covariance(task, labels, logits, name, *, rng=None, **wishes):
    return case_covariance(task, labels, logits, name, rng=rng or np.random.default_rng(1), **wishes)


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize(("task", "name"), BY_TASK)
def test_the_values_are_those_of_the_scores_table_overall_and_per_class(task, name, images):
    labels, logits, thresholds, patients = drawn(task, images=images)
    classes = NAMES[: logits.shape[2]]
    for klass in ["", *classes] if has_classes(METRICS[name], task) else [""]:
        result = covariance(
            task, labels, logits, name, thresholds=thresholds, groups=patients, klass=klass, classes=classes
        )
        wanted = [value(task, name, labels, *run, klass) for run in zip(logits, thresholds, strict=True)]
        assert result.theta == pytest.approx(wanted, abs=1e-12)
        assert result.method == OTHER.get(name, "jackknife")
        assert np.isnan(result.covariance).all() == (name == "ece")


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize(("task", "name"), [pair for pair in BY_TASK if pair[1] not in OTHER])
def test_the_jackknife_is_that_of_the_metric_called_on_the_other_patients(task, name, images):
    labels, logits, thresholds, patients = drawn(task, images=images)
    result = covariance(task, labels, logits, name, thresholds=thresholds, groups=patients)

    def statistic(truth, *runs):
        return [
            metric_value(name, task, truth, run, thresholds=limits)
            for run, limits in zip(runs, thresholds, strict=True)
        ]

    wanted = stats.jackknife_covariance(statistic, labels, *logits, groups=patients)
    assert result.covariance == pytest.approx(wanted, rel=1e-9, abs=1e-15)
    assert (wanted.diagonal() > 0).all()


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("name", ["average_precision", "f1", "brier", "ppv"])
def test_one_class_has_a_jackknife_of_its_own_by_name_or_index(name, images):
    labels, logits, _, patients = drawn("multilabel", images=images)
    result = covariance("multilabel", labels, logits, name, groups=patients, klass="effusion", classes=NAMES)
    same = covariance("multilabel", labels, logits, name, groups=patients, klass=2)

    def statistic(truth, *runs):
        return [metric_value(name, "multilabel", truth, run) for run in runs]

    wanted = stats.jackknife_covariance(statistic, labels[:, [2]], *logits[:, :, [2]], groups=patients)
    assert result.covariance == pytest.approx(wanted, rel=1e-9)
    assert np.array_equal(result.covariance, same.covariance)


def test_a_function_of_sums_has_the_covariance_that_sums_give():
    labels, logits, _, patients = drawn("multiclass", images=3)
    right = (logits.argmax(axis=2) == labels).astype(float).T
    wanted = stats.jackknife_covariance_of_sums(
        lambda hits, n: hits / n[:, None], right, np.ones(len(labels)), groups=patients
    )
    assert covariance("multiclass", labels, logits, "accuracy", groups=patients).covariance == pytest.approx(wanted)


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("task", TASKS)
def test_the_covariance_of_areas_is_delongs_as_the_joint_analysis_has_it(task, images):
    labels, logits, _, patients = drawn(task, runs=4, images=images)
    logits += np.random.default_rng(6).normal(scale=0.01, size=logits.shape)  # other ways to log odds round otherwise
    result = covariance(task, labels, logits, "auroc", groups=patients)
    if task == "binary":
        rankings = (logits[..., 1] - logits[..., 0]).reshape(2, 2, -1)
    elif task == "multilabel":
        rankings = logits.reshape(2, 2, *logits.shape[1:])
    else:
        others = [np.log(np.exp(np.delete(logits, c, axis=2)).sum(axis=2)) for c in range(3)]
        rankings = (logits - np.stack(others, axis=2)).reshape(2, 2, *logits.shape[1:])
    wanted = stats.mrmc(labels, rankings, groups=patients)
    assert result.theta == pytest.approx(wanted.auc.ravel(), abs=1e-12)
    assert result.covariance == pytest.approx(wanted.covariance, rel=1e-9)


def test_one_finding_has_its_own_delong_covariance():
    labels, logits, _, _ = drawn("multilabel")
    known = ~np.isnan(labels[:, 1])
    wanted = stats.delong(labels[known, 1], logits[:, known, 1].T)
    result = covariance("multilabel", labels, logits, "auroc", klass=1)
    assert result.theta == pytest.approx(wanted.auc)
    assert result.covariance == pytest.approx(wanted.covariance)


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("task", TASKS)
def test_the_bootstrap_is_that_of_the_metric_called_on_the_same_resamples(task, images):
    """The stream of resamples is that of `bootstrap_covariance`, so the two agree to rounding, not by chance."""
    name = "sensitivity_at_specificity_90"
    labels, logits, _, patients = drawn(task, runs=2, n=90, images=images)
    result = covariance(task, labels, logits, name, groups=patients, rng=np.random.default_rng(5))

    def statistic(truth, *runs):
        return [metric_value(name, task, truth, run) for run in runs]

    wanted = stats.bootstrap_covariance(
        statistic, labels, *logits, groups=patients, rng=np.random.default_rng(5), samples=SAMPLES
    )
    assert (result.redrawn, wanted.redrawn) == (0, 0)
    assert result.covariance == pytest.approx(wanted.covariance, rel=1e-9)


def test_resamples_without_a_class_are_drawn_again_and_counted():
    rng = np.random.default_rng(2)
    truth = np.arange(40) < 3
    data = rng.normal(size=(2, 40, 1)) + truth[:, None]
    result = bootstrap_sensitivities([Finding(slice(None), truth)], data, groups=None, rng=rng, samples=4000)
    share = result.redrawn / (4000 + result.redrawn)
    assert share == pytest.approx((37 / 40) ** 40, abs=0.012)
    assert np.isfinite(result.covariance).all()


@pytest.mark.parametrize("name", ["average_precision", "balanced_accuracy", "mcc", "sensitivity_at_specificity_90"])
def test_it_is_the_variance_that_new_cases_show(name):
    """Test sets from one population: the mean estimate against the spread of the values themselves."""
    rng, sets = np.random.default_rng(8), 120 if name.endswith("90") else 400
    values, estimates = [], []
    for _ in range(sets):
        labels = rng.choice(3, 200, p=[0.5, 0.3, 0.2])
        logits = rng.normal(size=(2, 200, 3)) + rng.normal(size=(200, 3)) + 1.5 * np.eye(3)[labels]
        result = covariance("multiclass", labels, logits, name, rng=rng)
        values.append(result.theta)
        estimates.append(result.covariance)
    seen, estimated = np.cov(np.array(values), rowvar=False), np.mean(estimates, axis=0)
    rho2 = seen[0, 1] ** 2 / (seen[0, 0] * seen[1, 1])
    assert estimated[0, 0] == pytest.approx(seen[0, 0], rel=3 * np.sqrt(2 / sets))
    assert estimated[0, 1] == pytest.approx(seen[0, 1], rel=3 * np.sqrt((1 + 1 / rho2) / sets))


@pytest.mark.parametrize("name", ["average_precision", "f1_weighted", "auroc_hand_till", "brier"])
def test_the_order_of_cases_does_not_matter_and_that_of_runs_is_kept(name):
    labels, logits, _, patients = drawn("multiclass", images=3)
    order = np.random.default_rng(3).permutation(len(labels))
    plain = covariance("multiclass", labels, logits, name, groups=patients)
    mixed = covariance("multiclass", labels[order], logits[::-1, order], name, groups=patients[order])
    assert mixed.covariance[::-1, ::-1] == pytest.approx(plain.covariance, rel=1e-9)
    alike = covariance("multiclass", labels, logits[[0, 0]], name).covariance
    assert alike == pytest.approx(np.full((2, 2), alike[0, 0]))


def test_losses_are_compared_on_any_metric_over_seeds_and_cases():
    labels, logits, _, _ = drawn("multiclass", runs=6, n=300)
    result = covariance("multiclass", labels, logits, "average_precision")
    joint = stats.obuchowski_rockette(result.theta.reshape(2, 3), result.covariance)
    assert 0 < joint.p <= 1
    assert joint.note == ""


class TestUndefined:
    def test_ece_has_values_and_no_covariance(self):
        labels, logits, _, _ = drawn("multiclass")
        result = covariance("multiclass", labels, logits, "ece")
        assert result.method == "none"
        assert "Brier" in result.note

    def test_a_class_with_a_single_case_makes_means_over_the_classes_undefined(self):
        labels, logits, _, _ = drawn("multiclass")
        labels[labels == 2] = 0
        labels[0] = 2
        for name in ("auroc", "balanced_accuracy", "average_precision", "auroc_hand_till", *list(OTHER)[:2]):
            result = covariance("multiclass", labels, logits, name)
            assert np.isfinite(result.theta).all()
            assert np.isnan(result.covariance).all(), name
            assert result.note
        assert np.isfinite(covariance("multiclass", labels, logits, "brier").covariance).all()

    def test_only_the_run_concerned_is_undefined(self):
        """The second run predicts class 2 once: without that case its predictive value does not exist."""
        labels, logits, _, _ = drawn("multiclass")
        logits[1, :, 2], logits[1, 7, 2] = -9.0, 9.0
        result = covariance("multiclass", labels, logits, "ppv")
        assert np.isnan(result.covariance).any(axis=1).tolist() == [True, True, True]
        assert np.isfinite(result.covariance[np.ix_([0, 2], [0, 2])]).all()
        assert result.note == "a class is undefined without a certain patient in 1 of 3 runs"

    def test_a_class_that_does_not_occur_is_left_out_and_told(self):
        labels, logits, _, _ = drawn("multiclass")
        labels[labels == 2] = 0
        result = covariance("multiclass", labels, logits, "balanced_accuracy")
        assert np.isfinite(result.covariance).all()
        assert result.note == "a mean over fewer than all classes in 3 of 3 runs"
        assert "1 of 3 classes" in covariance("multiclass", labels, logits, "sensitivity_at_specificity_90").note

    def test_one_kind_of_cases_leaves_nothing(self):
        _, logits, _, _ = drawn("binary")
        for name in ("auroc", "average_precision", "sensitivity_at_specificity_90", "mcc"):
            result = covariance("binary", np.zeros(60, dtype=int), logits, name)
            assert np.isnan(result.theta).all()
            assert np.isnan(result.covariance).all()
            assert result.note

    def test_one_patient_has_no_covariance_over_patients(self):
        labels, logits, _, _ = drawn("binary")
        result = covariance("binary", labels, logits, "brier", groups=np.zeros(60))
        assert np.isnan(result.covariance).all()
        assert "at least two" in result.note

    def test_what_is_undefined_anywhere_is_not_ready_for_the_joint_analysis(self):
        labels, logits, _, _ = drawn("multiclass", runs=4)
        assert covariance("multiclass", labels, logits, "brier").defined
        assert not covariance("multiclass", labels, logits, "ece").defined
        assert not covariance("multiclass", np.zeros(60, dtype=int), logits, "auroc").defined


@pytest.mark.parametrize(
    ("metric", "wishes", "words"),
    [
        ("auc", {}, "metric must be one of a multiclass task"),
        ("mcc", {"klass": 1}, "no value per class"),
        ("f1", {"klass": "nodule", "classes": NAMES}, r"one of classes \(normal, pneumonia, effusion\)"),
        ("f1", {"klass": 3}, "0 to 2"),
        ("f1", {"klass": -1}, "0 to 2"),
        ("sensitivity_youden", {"thresholds": np.zeros(3)}, r"thresholds must have shape \(3, 3\)"),
        ("f1", {"groups": [1, 2]}, "one id per case"),
        ("auroc", {"groups": [1, 2]}, "groups"),
        ("sensitivity_at_specificity_90", {"rng": 3}, "Generator"),
    ],
)
def test_input_at_fault_is_named(metric, wishes, words):
    labels, logits, _, _ = drawn("multiclass")
    with pytest.raises(ValueError, match=words):
        covariance("multiclass", labels, logits, metric, **wishes)


def test_logits_of_one_run_alone_are_refused():
    labels, logits, _, _ = drawn("multiclass")
    with pytest.raises(ValueError, match=r"shape \(R, N, C\)"):
        covariance("multiclass", labels, logits[0], "f1")
