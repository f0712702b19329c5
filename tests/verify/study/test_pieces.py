"""The small parts of a verification: roundings, trees, marks, and the second way on cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_report.report import numerals
from cxr_report.verify.study import marks, pages, trees
from cxr_report.verify.study.decisions import MISSING, crossing, resolve
from cxr_report.verify.study.rounding import rounds
from cxr_report.verify.study.second.columns import areas, brier, columns, influences, precision
from cxr_report.verify.study.second.joint import joint, pair


@given(st.floats(-1e4, 1e4), st.integers(1, 5))
def test_what_the_report_prints_is_a_rounding(value: float, decimals: int) -> None:
    assert rounds(numerals.fixed(value, decimals), [value])


@given(st.floats(0, 1))
def test_a_printed_p_and_a_printed_share_are_roundings(value: float) -> None:
    assert rounds(numerals.p_value(value), [value])
    assert rounds(numerals.percent(value), [value])


@given(st.integers(1, 9999), st.integers(1, 9))
def test_a_printed_number_with_another_last_digit_is_none(thousandths: int, more: int) -> None:
    value = thousandths / 1000
    other = (thousandths - thousandths % 10 + (thousandths + more) % 10) / 1000
    assert not rounds(f"{other:.3f}", [value])


@pytest.mark.parametrize(
    ("text", "values", "right"),
    [
        ("<0.001", [0.0004], True),
        ("<0.001", [0.002], False),
        ("6.0 × 10⁻⁸", [6.02e-8], True),
        ("6.0 × 10⁻⁷", [6.02e-8], False),
        ("10\u202f000", [10000.0], True),
        ("−0.0990 to 0.2047", [-0.09896, 0.20467], True),
        ("0.0990 to 0.2047", [-0.09896, 0.20467], False),
        ("–", [math.nan], True),
        ("0.5", [math.nan], False),
        ("", [0.5], False),
        ("25.7\xa0%", [0.2571], True),
        ("25.8\xa0%", [0.2571], False),
    ],
)
def test_roundings(text: str, values: list[float], right: bool) -> None:
    assert rounds(text, values) is right


def test_trees_name_the_place_and_tell_the_near_from_the_far() -> None:
    found = list(trees.compare({"a": [1.0, 2.0], "b": 1}, {"a": [1.0 + 1e-13, 2.5], "b": True}))
    assert [(each.place, each.close) for each in found] == [("a.0", True), ("a.1", False), ("b", False)]
    assert [each.place for each in trees.compare({"a": 1}, {})] == ["a"]
    assert not list(trees.compare([1, {"x": None}], [1, {"x": None}]))


def test_tables_name_line_row_and_column() -> None:
    found = list(trees.table("loss,value\nce,0.5\n", "loss,value\nce,0.6\n", ("loss",)))
    assert [(each.place, each.stored, each.fresh) for each in found] == [("line 2, ce, value", "0.5", "0.6")]
    assert [each.place for each in trees.table("a\n1\n", 'a\n"1"\n', ("a",))] == ["characters between the cells"]


def test_marks_keep_places_numbers_and_sections() -> None:
    source = '<main><section id="s"><p>It <span data-key="k" data-value="0.5">0.5</span> is<p class="screen">x</main>'
    runs = marks.read(source)
    assert [(run.text, run.section, run.key, run.mark) for run in runs][:3] == [
        ("It ", "s", "", -1), ("0.5", "s", "k", 0), (" is", "s", "", -1),
    ]  # fmt: skip
    assert not runs[-1].seen


def test_a_place_is_followed_or_said_to_be_missing() -> None:
    assert resolve({"a": [{"b": 2}]}, "a.0.b") == 2
    assert resolve({"a": [{"b": 2}]}, "a.1.b") is MISSING
    assert crossing("x.p", 0.04, 0.06, 0.05)
    assert not crossing("x.p", 0.04, 0.03, 0.05)
    assert not crossing("x.mean", 0.04, 0.06, 0.05)


def test_every_part_of_an_element_is_looked_up() -> None:
    tree = {"pairs": [{"low": 0.1, "high": 0.2, "d": 0.15}], "study": {"analysis": {"alpha": 0.05}}}
    page = '<p><span data-key="pairs.0.d" data-value="0.15 0.1 {}">0.15 (0.10 to 0.20)</span></p>'
    assert pages.step("x", page.format("0.2"), tree, None).differences == ()
    wrong = pages.step("x", page.format("0.24"), tree, None).differences
    assert [each.printed for each in wrong] == ["0.24"]


def test_the_second_way_on_cases_worked_by_hand() -> None:
    labels = np.array([0, 0, 1, 1])
    logits = np.array([[0.0, 0.1], [0.0, 0.4], [0.0, 0.35], [0.0, 0.8]])
    parts = columns("binary", labels, logits)
    assert areas(parts) == 0.75
    assert precision(parts) == pytest.approx((1 + 2 / 3) / 2)
    assert brier("binary", labels, np.zeros((4, 2))).mean() == 0.25
    # DeLong by hand: V10 = (1/2, 1), V01 = (1, 1/2), each of variance 1/8, so that var = 1/8/2 + 1/8/2
    assert (influences(parts, 4) ** 2).sum() == pytest.approx(0.125)


def test_the_second_way_without_any_case_variance_is_repeated_measures_anova() -> None:
    rng = np.random.default_rng(3)
    theta = rng.normal(size=(3, 5))
    found = joint(theta, np.zeros((15, 15))).numbers
    import pandas as pd
    from statsmodels.stats.anova import AnovaRM

    rows = [{"loss": i, "seed": j, "y": theta[i, j]} for i in range(3) for j in range(5)]
    told = AnovaRM(pd.DataFrame(rows), "y", "seed", within=["loss"]).fit().anova_table
    assert found["f"] == pytest.approx(float(told["F Value"].iloc[0]))
    assert found["df2"] == pytest.approx(8.0)
    from scipy.stats import ttest_rel

    two = pair(theta[:2], np.zeros((10, 10))).numbers
    assert two["p"] == pytest.approx(float(ttest_rel(theta[0], theta[1]).pvalue))
