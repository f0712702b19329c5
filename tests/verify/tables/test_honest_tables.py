"""No false alarm: what honest counts and honest rounding print is never called impossible."""

from __future__ import annotations

import math
import random
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from cxr_report.verify.tables import Said, audit_grid, parse

MODES = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_HALF_DOWN)


def printed(value: Fraction | float, decimals: int, mode: str) -> str:
    """Round as a program does that computes exactly; 60 digits stand for the exact ratio."""
    with localcontext() as context:
        context.prec = 60
        ratio = Fraction(value)
        exact = Decimal(ratio.numerator) / Decimal(ratio.denominator)
        return f"{exact.quantize(Decimal(1).scaleb(-decimals), rounding=mode):f}"


def scores(tp: int, fp: int, p: int, q: int) -> dict[str, Fraction | float]:
    """Written out from the definitions, apart from the program's."""
    fn, tn = p - tp, q - fp
    n = p + q
    ppv = Fraction(tp, tp + fp) if tp + fp else Fraction(0)
    npv = Fraction(tn, tn + fn) if tn + fn else Fraction(0)
    f1 = Fraction(2 * tp, 2 * tp + fp + fn)
    other = Fraction(2 * tn, 2 * tn + fp + fn)
    square = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    expected = Fraction((tp + fp) * p + (tn + fn) * q, n * n)
    accuracy = Fraction(tp + tn, n)
    return {
        "accuracy": accuracy,
        "error rate": 1 - accuracy,
        "sensitivity": Fraction(tp, p),
        "specificity": Fraction(tn, q),
        "balanced accuracy": (Fraction(tp, p) + Fraction(tn, q)) / 2,
        "recall": random.Random(tp).choice([Fraction(tp, p), (Fraction(tp, p) + Fraction(tn, q)) / 2, accuracy]),
        "precision": random.Random(fp).choice([ppv, (ppv + npv) / 2, (ppv * p + npv * q) / n]),
        "ppv": ppv,
        "npv": npv,
        "f1": random.Random(tp + fp).choice([f1, (f1 + other) / 2, (f1 * p + other * q) / n]),
        "macro f1": (f1 + other) / 2,
        "weighted f1": (f1 * p + other * q) / n,
        "mcc": (tp * tn - fp * fn) / math.sqrt(square) if square else 0.0,
        "kappa": (accuracy - expected) / (1 - expected) if expected != 1 else Fraction(0),
        "auc": Fraction(random.Random(tp * 7 + fp).randint(0, 2 * p * q), 2 * p * q),
    }


def alarms(text: str, said: Said | None = None) -> list[str]:
    found = audit_grid(parse(text, "t.csv"), said or Said(scale="fraction"))
    return [f"{each.label}: {each.text}" for each in found.impossible]


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_single_runs_never_raise_an_alarm(p: int, q: int, data: st.DataObject) -> None:
    tp, fp = data.draw(st.integers(0, p)), data.draw(st.integers(0, q))
    decimals, mode = data.draw(st.integers(1, 5)), data.draw(st.sampled_from(MODES))
    found = scores(tp, fp, p, q)
    names = data.draw(st.lists(st.sampled_from(sorted(found)), min_size=1, unique=True))
    rows = "\n".join(f"A,{name},{printed(found[name], decimals, mode)},{p},{q}" for name in names)
    assert alarms(f"method,metric,value,positives,negatives\n{rows}\n") == []


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_single_runs_in_per_cent_with_decimal_commas_never_raise_an_alarm(p: int, q: int, data: st.DataObject) -> None:
    tp, fp = data.draw(st.integers(0, p)), data.draw(st.integers(0, q))
    mode = data.draw(st.sampled_from(MODES))
    found = {name: value for name, value in scores(tp, fp, p, q).items() if name != "mcc"}
    rows = "\n".join(
        f"A;{name};{printed(Fraction(value) * 100, 1, mode).replace('.', ',')};{p};{q}" for name, value in found.items()
    )
    assert alarms(f"method;metric;value;positives;negatives\n{rows}\n", Said(scale="percent")) == []


def spread_of(values: list[Fraction], less: int) -> float:
    mean = sum(values, Fraction(0)) / len(values)
    square = sum(((value - mean) ** 2 for value in values), Fraction(0)) / (len(values) - less)
    return math.sqrt(square)


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 10), st.integers(2, 120), st.data())
def test_means_and_standard_deviations_over_runs_never_raise_an_alarm(runs: int, n: int, data: st.DataObject) -> None:
    """Honest counts; runs rounded before or not; both denominators; every way of rounding a half."""
    middle, width = data.draw(st.integers(0, n)), data.draw(st.integers(0, max(1, n // 8)))
    counts = [min(n, max(0, middle + data.draw(st.integers(-width, width)))) for _ in range(runs)]
    decimals, mode = data.draw(st.integers(1, 4)), data.draw(st.sampled_from(MODES))
    values = [Fraction(count, n) for count in counts]
    if data.draw(st.booleans()):
        first = decimals + data.draw(st.integers(0, 2))
        values = [Fraction(printed(value, first, data.draw(st.sampled_from(MODES)))) for value in values]
    mean = printed(sum(values, Fraction(0)) / runs, decimals, mode)
    sd = printed(spread_of(values, data.draw(st.integers(0, 1))), decimals, mode)
    assert alarms(f"method,metric,value,sd,seeds,n\nA,accuracy,{mean},{sd},{runs},{n}\n") == []


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(2, 40), st.integers(2, 40), st.data())
def test_several_means_over_the_same_runs_never_raise_an_alarm(runs: int, p: int, q: int, data: st.DataObject) -> None:
    cells = [(data.draw(st.integers(0, p)), data.draw(st.integers(0, q))) for _ in range(runs)]
    names = ("accuracy", "error rate", "sensitivity", "specificity", "balanced accuracy", "macro f1", "auc")
    decimals, mode = data.draw(st.integers(1, 4)), data.draw(st.sampled_from(MODES))
    first = data.draw(st.one_of(st.none(), st.just(decimals)))
    rows = []
    for name in names:
        values = [Fraction(scores(tp, fp, p, q)[name]) for tp, fp in cells]
        if first is not None:
            values = [Fraction(printed(value, first, mode)) for value in values]
        mean = printed(sum(values, Fraction(0)) / runs, decimals, mode)
        rows.append(f"A,{name},{mean},{printed(spread_of(values, 1), decimals, mode)},{runs},{p},{q}")
    text = "method,metric,value,sd,seeds,positives,negatives\n" + "\n".join(rows)
    assert alarms(text) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=3, max_size=6), st.integers(1, 4), st.data())
def test_averages_over_several_classes_never_raise_an_alarm(sizes: list[int], runs: int, data: st.DataObject) -> None:
    """Of several classes, recall is the mean over classes or the accuracy; F1 and precision are not judged."""
    right = [[data.draw(st.integers(0, size)) for size in sizes] for _ in range(runs)]
    decimals, mode = data.draw(st.integers(1, 4)), data.draw(st.sampled_from(MODES))
    macro = sum((Fraction(k, n) for run in right for k, n in zip(run, sizes, strict=True)), Fraction(0))
    macro /= runs * len(sizes)
    accuracy = Fraction(sum(map(sum, right)), runs * sum(sizes))
    either = data.draw(st.sampled_from([macro, accuracy]))
    told = {"accuracy": accuracy, "balanced accuracy": macro, "recall": either, "f1": either, "precision": macro}
    rows = "\n".join(
        f"A,{name},{printed(value, decimals, mode)},{runs},{'/'.join(map(str, sizes))}" for name, value in told.items()
    )
    assert alarms(f"method,metric,value,seeds,class_counts\n{rows}\n") == []


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 300), st.data())
def test_cut_off_digits_never_raise_an_alarm_where_they_are_declared(n: int, data: st.DataObject) -> None:
    value, decimals = Fraction(data.draw(st.integers(0, n)), n), data.draw(st.integers(1, 4))
    whole = value * 10**decimals
    cut = printed(Fraction(whole.numerator // whole.denominator, 10**decimals), decimals, ROUND_HALF_UP)
    said = Said(scale="fraction", rounding="truncated")
    assert alarms(f"method,metric,value,n\nA,accuracy,{cut},{n}\n", said) == []


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.integers(200, 3000), st.data())
def test_ordinary_tables_of_float_programs_never_raise_an_alarm(runs: int, n: int, data: st.DataObject) -> None:
    """As numpy and a format string print them, in float64."""
    import numpy as np

    counts = np.array([data.draw(st.integers(int(0.8 * n), n)) for _ in range(runs)])
    values = counts / n
    less = data.draw(st.integers(0, 1))
    text = f"method,accuracy,seeds,n\nA,{values.mean():.3f} ± {values.std(ddof=less):.3f},{runs},{n}\n"
    assert alarms(text) == []
    text = f"method,accuracy,seeds,n\nA,{100 * values.mean():.2f} ± {100 * values.std(ddof=less):.2f},{runs},{n}\n"
    assert alarms(text, Said(scale="percent")) == []
