"""Laws every metric keeps: bounds, symmetries, undefined values, refusals and numerical limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cxr_report import metrics
from cxr_report.metrics.ranking import column_values
from cxr_report.metrics.thresholds import area, precision

SMALL = st.integers(-8, 8).map(lambda v: v / 4)


@st.composite
def runs(draw, task="multiclass"):
    n, c = draw(st.integers(1, 12)), 2 if task == "binary" else draw(st.integers(2, 4))
    logits = draw(arrays(np.float64, (n, c), elements=SMALL))
    if task == "multilabel":
        return draw(arrays(np.float64, (n, c), elements=st.sampled_from([0.0, 1.0, np.nan]))), logits
    return draw(arrays(np.int64, n, elements=st.integers(0, c - 1))), logits


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(metrics.TASKS))
def test_every_value_lies_in_its_range_or_is_undefined(data, task):
    truth, logits = data.draw(runs(task))
    names = [str(c) for c in range(logits.shape[1])]
    thresholds = metrics.choose_thresholds(task, truth, logits)
    for row in metrics.scores(task, truth, logits, classes=names, thresholds=thresholds):
        entry = metrics.METRICS[row.metric]
        assert np.isnan(row.value) or entry.low <= row.value <= entry.high, row
        assert not np.isnan(row.value) or row.undefined > 0, row
        assert 0 <= row.n <= len(truth)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(metrics.TASKS))
def test_the_order_of_cases_does_not_matter(data, task):
    truth, logits = data.draw(runs(task))
    order = np.array(data.draw(st.permutations(range(len(truth)))))
    names = [str(c) for c in range(logits.shape[1])]
    one = metrics.scores(task, truth, logits, classes=names)
    other = metrics.scores(task, truth[order], logits[order], classes=names)
    for a, b in zip(one, other, strict=True):
        assert a.value == pytest.approx(b.value, abs=1e-12, nan_ok=True), a.metric


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.shared(st.integers(1, 15), key="n")), st.data())
def test_auroc_is_the_share_of_pairs_won(true, data):
    score = data.draw(arrays(np.float64, true.size, elements=SMALL))
    gap = score[true][:, None] - score[~true][None, :]
    if not gap.size:
        assert np.isnan(area(true, score))
        return
    wanted = ((gap > 0) + 0.5 * (gap == 0)).mean()
    assert area(true, score) == pytest.approx(wanted, abs=1e-14)
    assert area(~true, score) == pytest.approx(1 - wanted, abs=1e-14)
    assert area(true, -score) == pytest.approx(1 - wanted, abs=1e-14)
    curve = metrics.roc_curve(true, score)
    heights = (curve.sensitivity[1:] + curve.sensitivity[:-1]) / 2
    assert (heights * np.diff(curve.false_positive_rate)).sum() == pytest.approx(wanted, abs=1e-14)


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.integers(1, 15)), st.data())
def test_average_precision_is_the_area_below_the_steps(true, data):
    score = data.draw(arrays(np.float64, true.size, elements=SMALL))
    if not true.any():
        assert np.isnan(precision(true, score))
        return
    curve = metrics.precision_recall_curve(true, score)
    steps = np.diff(curve.recall, prepend=0.0)
    assert precision(true, score) == pytest.approx((steps * curve.precision).sum(), abs=1e-14)
    assert curve.recall[-1] == 1


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.integers(2, 15)), st.data())
def test_no_threshold_beats_the_operating_points(true, data):
    score = data.draw(arrays(np.float64, true.size, elements=SMALL))
    best, at_90 = metrics.youden_threshold(true, score), metrics.sensitivity_at_specificity(true, score, 0.9)
    if true.all() or not true.any():
        assert np.isnan(best)
        assert np.isnan(at_90)
        return
    levels = [*np.unique(score), np.inf]
    points = {t: ((score[true] >= t).mean(), (score[~true] < t).mean()) for t in levels}
    assert sum(points[best]) == pytest.approx(max(map(sum, points.values())), abs=1e-14)
    assert at_90 == max(sensitivity for sensitivity, specificity in points.values() if specificity >= 0.9)


@settings(max_examples=40, deadline=None)
@given(runs())
def test_a_shift_of_all_logits_of_a_case_changes_nothing(run):
    truth, logits = run
    for name in ("auroc", "brier", "log_loss", "accuracy", "ece"):
        before = metrics.metric_value(name, "multiclass", truth, logits)
        after = metrics.metric_value(name, "multiclass", truth, logits + 512.0)
        assert before == pytest.approx(after, abs=1e-12, nan_ok=True), name


@settings(max_examples=40, deadline=None)
@given(runs("binary"))
def test_a_binary_run_as_findings_has_the_same_ranking(run):
    truth, logits = run
    one = logits[:, [1]] - logits[:, [0]]
    for name in ("auroc", "average_precision", "brier", "log_loss", "sensitivity_at_specificity_90"):
        classes = metrics.metric_value(name, "binary", truth, logits)
        finding = metrics.metric_value(name, "multilabel", truth[:, None], one)
        assert classes == pytest.approx(finding, abs=1e-12, nan_ok=True), name


def test_two_classes_give_the_same_as_a_binary_task_where_both_exist():
    rng = np.random.default_rng(5)
    truth, logits = rng.integers(0, 2, 40), rng.normal(size=(40, 2))
    for name in ("accuracy", "balanced_accuracy", "mcc", "kappa", "auroc", "brier", "log_loss", "ece", "f1_weighted"):
        binary = metrics.metric_value(name, "binary", truth, logits)
        assert binary == pytest.approx(metrics.metric_value(name, "multiclass", truth, logits), abs=1e-14), name


def test_a_class_without_cases_is_left_out_and_counted():
    logits = np.random.default_rng(1).normal(size=(30, 3))
    truth = np.arange(30) % 2
    found = {(r.metric, r.klass): r for r in metrics.scores("multiclass", truth, logits, classes=["a", "b", "c"])}
    assert np.isnan(found["auroc", "c"].value)
    assert found["auroc", "c"].undefined == 1
    assert found["auroc", ""].undefined == 1
    assert found["auroc", ""].value == pytest.approx((found["auroc", "a"].value + found["auroc", "b"].value) / 2)
    assert found["auroc_hand_till", ""].undefined == 1
    assert found["balanced_accuracy", ""].undefined == 1
    assert found["sensitivity", ""].value == found["balanced_accuracy", ""].value


def test_one_class_alone_leaves_the_areas_undefined():
    truth, logits = np.zeros(5, dtype=int), np.arange(10.0).reshape(5, 2)
    for name in ("auroc", "average_precision", "sensitivity", "sensitivity_at_specificity_90", "mcc"):
        assert np.isnan(metrics.metric_value(name, "binary", truth, logits)), name
    assert metrics.metric_value("accuracy", "binary", truth, logits) == 0


def test_a_constant_prediction_has_no_correlation_rather_than_none_found():
    truth, logits = np.array([0, 1, 1]), np.tile([1.0, 0.0], (3, 1))
    assert np.isnan(metrics.metric_value("mcc", "binary", truth, logits))
    assert np.isnan(metrics.metric_value("ppv", "binary", truth, logits))
    assert metrics.metric_value("kappa", "binary", truth, logits) == 0
    assert metrics.metric_value("auroc", "binary", truth, logits) == 0.5


def test_a_finding_nobody_labelled_is_undefined_everywhere_and_counted():
    truth = np.array([[1.0, np.nan], [0.0, np.nan], [1.0, np.nan]])
    logits = np.array([[1.0, 0.0], [-1.0, 0.5], [0.5, 0.5]])
    thresholds = metrics.choose_thresholds("multilabel", truth, logits)
    assert np.isnan(thresholds).tolist() == [False, True]
    for row in metrics.scores("multilabel", truth, logits, classes=["x", "y"], thresholds=thresholds):
        if row.klass == "y":
            assert np.isnan(row.value)
            assert (row.n, row.undefined) == (0, 1)
        elif row.klass == "":
            assert row.undefined == 1, row
            assert row.n == 3
            assert np.isfinite(row.value), row


def test_youden_rows_are_undefined_without_thresholds_and_use_those_given():
    truth, logits = np.array([0, 0, 1, 1]), np.array([[0.0, -2], [0, 0.5], [0, 0.25], [0, 2]])
    rows = {r.metric: r for r in metrics.scores("binary", truth, logits, classes=["no", "yes"])}
    assert np.isnan(rows["sensitivity_youden"].value)
    assert rows["sensitivity_youden"].undefined == 1
    for threshold, wanted in ((0.0, (1, 0)), (0.55, (1, 0.5)), (0.6, (0.5, 0.5)), (1.0, (0, 1))):
        given_ = np.array([0.5, threshold])
        values = [
            metrics.metric_value(name, "binary", truth, logits, thresholds=given_)
            for name in ("sensitivity_youden", "specificity_youden")
        ]
        assert tuple(values) == wanted


def test_a_case_at_the_threshold_counts_as_positive_in_validation_and_test_alike():
    truth, logits = np.array([0, 1, 1]), np.array([[0.0, -1.0], [0.0, 0.3], [0.0, 0.9]])
    thresholds = metrics.choose_thresholds("binary", truth, logits)
    assert thresholds[1] == metrics.softmax(logits)[1, 1]
    assert metrics.metric_value("sensitivity_youden", "binary", truth, logits, thresholds=thresholds) == 1


def test_confident_logits_keep_their_order_and_their_loss():
    logits = np.array([[0.0, 700.0, -5.0], [0.0, 800.0, -5.0], [0.0, 900.0, -5.0]])
    truth = np.array([0, 1, 1])
    assert metrics.softmax(logits)[:, 1].tolist() == [1.0, 1.0, 1.0]
    assert metrics.margins(logits)[:, 1].tolist() == pytest.approx(
        [700 - np.log1p(np.exp(-5)) for _ in "x"] + [800 - np.log1p(np.exp(-5)), 900 - np.log1p(np.exp(-5))]
    )
    assert metrics.metric_value("log_loss", "multiclass", truth, logits) == pytest.approx(700 / 3)
    values = column_values(area, np.eye(3)[truth], metrics.margins(logits))
    assert values[1] == 1


def test_sigmoid_and_softmax_do_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert metrics.sigmoid([-1e6, 0.0, 1e6]).tolist() == [0.0, 0.5, 1.0]
        assert metrics.log_sigmoid([-1e6, 1e6]).tolist() == [-1e6, 0.0]
        assert metrics.softmax([[1e6, 0.0]]).tolist() == [[1.0, 0.0]]
        assert metrics.log_softmax([[1e6, 0.0]]).tolist() == [[0.0, -1e6]]
    z = np.linspace(-30, 30, 61)
    np.testing.assert_allclose(metrics.sigmoid(z), metrics.softmax(np.stack([0 * z, z], axis=1))[:, 1], rtol=1e-14)
    np.testing.assert_allclose(metrics.log_sigmoid(z), np.log(metrics.sigmoid(z)), rtol=1e-12, atol=1e-14)


def test_logits_that_happen_to_lie_in_the_unit_interval_are_still_logits():
    truth, logits = np.array([[1.0], [0.0]]), np.array([[0.25], [0.25]])
    assert metrics.metric_value("brier", "multilabel", truth, logits) == pytest.approx(
        np.mean((metrics.sigmoid(0.25) - [1, 0]) ** 2)
    )
    assert metrics.decide("multilabel", logits).tolist() == [[1], [1]]


def test_calibration_bins_are_closed_on_the_right():
    table = metrics.reliability([1, 0, 1, 1], [0.2, 0.2 + 1e-12, 0.0, 1.0])
    assert np.flatnonzero(table.count).tolist() == [0, 2, 3, 14]
    assert table.count.sum() == 4
    assert table.edges.size == 16
    assert np.isnan(table.observed[5])
    for b in range(1, 16):
        place = np.flatnonzero(metrics.reliability([1], [b / 15]).count)
        assert place.tolist() == [b - 1]


def test_a_tie_of_logits_goes_to_the_first_class_and_a_logit_of_zero_is_present():
    assert metrics.decide("multiclass", [[1.0, 1.0, 0.0]]).tolist() == [0]
    assert metrics.decide("multilabel", [[0.0, -0.0, -1e-9]]).tolist() == [[1, 1, 0]]


def test_a_perfect_and_a_reversed_run():
    truth = np.array([0, 1, 2, 0, 1, 2])
    logits = 5.0 * np.eye(3)[truth]
    for name in ("accuracy", "balanced_accuracy", "f1", "mcc", "kappa", "auroc", "auroc_hand_till", "npv"):
        assert metrics.metric_value(name, "multiclass", truth, logits) == 1.0, name
    assert metrics.metric_value("auroc", "multiclass", truth, -logits) == 0.0
    assert metrics.mcc([0, 0, 1, 1], [1, 1, 0, 0]) == -1


def test_the_catalogue_covers_every_name_once_and_the_rows_follow_its_order():
    assert list(metrics.METRICS) == [entry.name for entry in metrics.METRICS.values()]
    truth, logits = np.array([0, 1, 2]), np.eye(3)
    order = list(dict.fromkeys(r.metric for r in metrics.scores("multiclass", truth, logits, classes="abc")))
    assert order == [name for name, entry in metrics.METRICS.items() if "multiclass" in entry.tasks]
    with pytest.raises(TypeError):
        metrics.METRICS["x"] = metrics.METRICS["auroc"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.scores("regression", [0], [[0.0, 1.0]], classes="ab"), "task must be one of"),
        (lambda: metrics.scores("binary", [0], [[0.0, 1.0, 2.0]], classes="abc"), "shape .N, 2."),
        (lambda: metrics.scores("multiclass", [3], [[0.0, 1.0, 2.0]], classes="abc"), "indices below 3"),
        (lambda: metrics.scores("multiclass", [0], [[0.0, 1.0, 2.0]], classes="ab"), "got 2 names"),
        (lambda: metrics.scores("multiclass", [0, 1], [[0.0, 1.0, 2.0]], classes="abc"), "one row per case"),
        (lambda: metrics.scores("multiclass", [0], [[0.0]], classes="a"), "at least 2 columns"),
        (lambda: metrics.scores("binary", [0], [[0.0, np.nan]], classes="ab"), "finite"),
        (lambda: metrics.scores("multilabel", [[2.0]], [[0.0]], classes="a"), "0, 1 and NaN"),
        (lambda: metrics.scores("multilabel", [1], [[0.0]], classes="a"), "shape .N, L."),
        (lambda: metrics.scores("binary", [0.5], [[0.0, 1.0]], classes="ab"), "whole number"),
        (lambda: metrics.scores("binary", [-1], [[0.0, 1.0]], classes="ab"), "from 0 on"),
        (lambda: metrics.metric_value("auroc_hand_till", "binary", [0], [[0.0, 1.0]]), "must be a metric of a binary"),
        (lambda: metrics.metric_value("auroc", "binary", [0], [[0.0, 1.0]], thresholds=np.array([0.5])), "thresholds"),
        (lambda: metrics.auroc([0, 1], [0.5]), "one value per case"),
        (lambda: metrics.auroc([0, 2], [0.5, 0.1]), "0 and 1 only"),
        (lambda: metrics.auroc([0, 1], [[0.5, 0.5], [0.1, 0.9]], average="micro"), "average must be"),
        (lambda: metrics.auroc([0, 2], np.ones((2, 3)), average="positive"), "two classes"),
        (lambda: metrics.auroc([[1.0]], [[0.5]], average="hand-till"), "class indices"),
        (lambda: metrics.brier([0], [[0.5, 1.5]]), r"\[0, 1\]"),
        (lambda: metrics.ece([0], [0.5], bins=0), "bins"),
        (lambda: metrics.sensitivity_at_specificity([0, 1], [0.1, 0.2], 1.1), r"\[0, 1\]"),
        (lambda: metrics.accuracy([0, 1], [0]), "predicted must have shape"),
        (lambda: metrics.accuracy([[0.0]], [[0.5]]), "0 and 1 only"),
        (lambda: metrics.confusion_matrix([0, 4], [0, 1], classes=3), "below 3"),
        (lambda: metrics.log_loss([0, 1], [[0.0, 1.0]]), "one row per case"),
        (lambda: metrics.reliability([2], [0.5]), "event"),
    ],
)
def test_faulty_input_is_refused_with_its_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
