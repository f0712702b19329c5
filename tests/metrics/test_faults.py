"""What is no array of numbers is refused by every metric in one sentence that names the argument."""

import numpy as np
import pytest

from cxr_report import metrics

TRUTH, SCORE, CALLED = [0, 1, 1, 0], [0.1, 0.9, 0.4, 0.3], [0, 1, 0, 0]
P, LOGITS = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]], [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
CALLS = {
    "accuracy": (metrics.accuracy, CALLED),
    "balanced_accuracy": (metrics.balanced_accuracy, CALLED),
    "sensitivity": (metrics.sensitivity, CALLED),
    "f1": (metrics.f1, CALLED),
    "mcc": (metrics.mcc, CALLED),
    "kappa": (metrics.kappa, CALLED),
    "auroc": (metrics.auroc, SCORE),
    "average_precision": (metrics.average_precision, SCORE),
    "brier": (metrics.brier, P),
    "brier_decomposition": (metrics.brier_decomposition, P),
    "ece": (metrics.ece, P),
    "log_loss": (metrics.log_loss, LOGITS),
    "youden_threshold": (metrics.youden_threshold, SCORE),
    "sensitivity_at_specificity": (metrics.sensitivity_at_specificity, SCORE),
}
NO_NUMBERS = {
    "text": "many",
    "words": ["a", "b", "c", "d"],
    "nothing": None,
    "complex": np.array(SCORE) * 1j,
    "dates": np.array(["2020-01-01"] * 4, dtype="datetime64[D]"),
    "mapping": {"a": 1},
    "ragged": [[1.0, 2.0], [3.0]],
    "masked": np.ma.masked_equal(TRUTH, 1),
    "missing": np.array([0, None, 1, 0], dtype=object),
    "empty": [],
    "NaN": [0.0, np.nan, 1.0, 0.0],
    "infinite": [0.0, np.inf, 1.0, 0.0],
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_array_of_numbers_is_refused(name, kind):
    call, second = CALLS[name]
    for arguments in ((NO_NUMBERS[kind], second), (TRUTH, NO_NUMBERS[kind])):
        with pytest.raises(ValueError, match=r"^[^\n]{10,200}\.$"):
            call(*arguments)


@pytest.mark.parametrize("name", CALLS)
def test_every_kind_of_number_is_read_alike_and_left_as_it_was(name):
    call, second = CALLS[name]
    wanted = call(TRUTH, second)
    for truth in (np.array(TRUTH, dtype=np.uint8), np.array(TRUTH, dtype=bool), np.array(TRUTH, dtype=float)):
        assert call(truth, second) == wanted
    for kind in (np.asfortranarray(second), np.array(second, dtype=object), np.array(second, dtype=np.float64)[::1]):
        kind.flags.writeable = False
        assert call(TRUTH, kind) == wanted


@pytest.mark.parametrize("index", [10_000, 1e300, 2**62])
def test_a_class_index_that_must_be_a_mistake_is_refused(index):
    with pytest.raises(ValueError, match="class indices below"):
        metrics.accuracy([0, 1, index], [0, 1, 1])
