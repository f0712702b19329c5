"""Which two-by-two tables give the printed values: against enumeration, and against scikit-learn's definitions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report import metrics
from cxr_report.verify.tables import Said, audit_grid, confusion, parse
from cxr_report.verify.tables.confusion import Constraint, TooLarge, search, values
from cxr_report.verify.tables.printed import read_printed

READINGS = (
    "accuracy", "error", "sensitivity", "specificity", "balanced", "precision", "npv", "macro-precision",
    "weighted-precision", "f1", "macro-f1", "weighted-f1", "mcc", "kappa",
)  # fmt: skip


def test_every_metric_is_that_of_the_metrics_room() -> None:
    """The metrics room is held against scikit-learn; here its values of real predictions are the witness."""
    tp, fp, p, q = 17, 4, 25, 40
    truth = np.array([1] * p + [0] * q)
    called = np.array([1] * tp + [0] * (p - tp) + [1] * fp + [0] * (q - fp))
    probabilities = np.where(called[:, None] == np.arange(2)[None, :], 0.9, 0.1)
    expected = {
        "accuracy": metrics.accuracy(truth, probabilities),
        "sensitivity": metrics.sensitivity(truth, probabilities),
        "specificity": metrics.specificity(truth, probabilities),
        "balanced": metrics.balanced_accuracy(truth, probabilities),
        "precision": metrics.ppv(truth, probabilities),
        "npv": metrics.npv(truth, probabilities),
        "f1": metrics.f1(truth, probabilities),
        "macro-f1": metrics.f1(truth, probabilities, average="macro"),
        "weighted-f1": metrics.f1(truth, probabilities, average="weighted"),
        "mcc": metrics.mcc(truth, probabilities),
        "kappa": metrics.kappa(truth, probabilities),
    }
    for reading, value in expected.items():
        found = values(reading, np.array([tp]), np.array([fp]), (p, q))  # type: ignore[arg-type]
        assert found[0] == pytest.approx(float(value), abs=1e-12), reading


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(READINGS), st.integers(-100, 100))
def test_a_value_is_found_if_and_only_if_some_table_gives_it(p: int, q: int, reading: str, unit: int) -> None:
    printed = read_printed(f"{abs(unit) / 100:.2f}")
    printed = printed.__class__("", Fraction(unit, 100), 2)
    tps, fps = np.arange(p + 1)[:, None], np.arange(q + 1)[None, :]
    near = np.abs(values(reading, tps, fps, (p, q)) * 100 - unit)  # type: ignore[arg-type]
    found = search(p, q, [Constraint((reading,), printed.interval())]).found  # type: ignore[arg-type]
    if (np.abs(near - 0.5) > 1e-6).all():  # floats decide but at ties, which count as inside
        assert bool(found) == bool((near <= 0.5).any())
    else:
        assert found


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.sampled_from(["f1", "mcc", "ppv", "npv", "kappa"]), st.data())
def test_planted_values_of_small_tables_are_found(p: int, q: int, name: str, data: st.DataObject) -> None:
    reading = {"ppv": "precision"}.get(name, name)
    readings = ("f1", "macro-f1", "weighted-f1") if name == "f1" else (reading,)
    tps, fps = np.arange(p + 1)[:, None], np.arange(q + 1)[None, :]
    given_ = np.concatenate([values(each, tps, fps, (p, q)).ravel() for each in readings]) * 1000  # type: ignore[arg-type]
    free = [unit for unit in range(1001) if np.abs(given_ - unit).min() > 0.5 + 1e-6]
    unit = data.draw(st.sampled_from(free))
    text = f"method,metric,value,positives,negatives\nA,{name},{unit / 1000:.3f},{p},{q}\n"
    (found,) = audit_grid(parse(text, "t"), Said(scale="fraction")).impossible
    assert found.passing < 1


def test_values_that_are_possible_alone_can_be_impossible_together() -> None:
    head = "method,accuracy,sensitivity,specificity,positives,negatives\n"
    honest = audit_grid(parse(head + "A,0.912,0.900,0.920,50,75\n", "t"), Said())
    assert honest.impossible == ()
    assert "exactly one" in honest.findings[-1].text
    assert "TP 45, FP 6, FN 5, TN 69" in honest.findings[-1].text
    (planted,) = audit_grid(parse(head + "A,0.920,0.900,0.920,50,75\n", "t"), Said()).impossible
    assert planted.what == "together"


def test_means_over_runs_must_agree_with_each_other_however_many_cases_there_are() -> None:
    head = "method,accuracy,sensitivity,specificity,positives,negatives,seeds\n"
    honest = audit_grid(parse(head + "A,0.910,0.900,0.920,5000,5000,5\n", "t"), Said())
    assert honest.impossible == ()
    (planted,) = audit_grid(parse(head + "A,0.915,0.900,0.920,5000,5000,5\n", "t"), Said()).impossible
    assert "0.9090 to 0.9110" in planted.text


def test_a_search_that_would_take_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion, "LARGEST", 10)
    monkeypatch.setattr(confusion, "BLOCK", 10)
    printed = read_printed("1.5")
    with pytest.raises(TooLarge):
        search(20, 20, [Constraint(("f1",), printed.interval())])
