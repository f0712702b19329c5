"""`cxr-report power`: the table is that of the statistics, options fill in for each other, faults are one sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cxr_report import stats
from cxr_report.errors import Refusal
from cxr_report.gate import Question, answer
from cxr_report.runs import StudyFolder, write_json
from cxr_report.study import parse

STATED: dict[str, Any] = {"ms": 1e-4, "case": 2e-5, "delta": 0.02}


def rows(lines: tuple[str, ...]) -> dict[int, list[str]]:
    """The numbers of the table by seeds."""
    found = [re.split(r"\s{2,}", line.strip()) for line in lines]
    return {int(cells[0]): cells[1:] for cells in found if cells[0].isdigit()}


def test_the_table_holds_the_power_of_the_statistics_for_seeds_and_multiples_of_the_cases() -> None:
    table = rows(answer(Question(**STATED, cases=300, losses=3, seeds=7)))
    assert sorted(table) == [3, 5, 7, 10, 20]
    for seeds, cells in table.items():
        for times, cell in zip((1, 2, 4, 8), cells, strict=True):
            power = stats.power_mrmc(0.02, seeds, ms=1e-4, case=2e-5 / times, comparisons=2).power
            assert cell == ("above 0.99" if power > 0.995 else f"{power:.2f}")


def test_without_a_number_of_cases_the_columns_are_multiples_and_the_numbers_are_the_same() -> None:
    bare, counted = answer(Question(**STATED)), answer(Question(**STATED, cases=1000))
    assert rows(bare) == rows(counted)
    assert any("these cases" in line and "8 x cases" in line for line in bare)
    assert any("1000 cases" in line and "8000 cases" in line for line in counted)


def test_the_seeds_and_cases_that_would_do_are_enough() -> None:
    lines = answer(Question(ms=1e-4, case=2e-5, delta=0.025, cases=300, seeds=6))
    (with_cases,) = [line for line in lines if line.startswith("  with 300 cases: ")]
    seeds = int(with_cases.split()[-2])
    assert stats.power_mrmc(0.025, seeds, ms=1e-4, case=2e-5).power >= 0.8
    assert stats.power_mrmc(0.025, seeds - 1, ms=1e-4, case=2e-5).power < 0.8
    (with_seeds,) = [line for line in lines if line.startswith("  with 6 seeds: ")]
    cases = int(with_seeds.split()[-2])
    assert stats.power_mrmc(0.025, 6, ms=1e-4, case=2e-5 * 300 / cases).power >= 0.8
    assert stats.power_mrmc(0.025, 6, ms=1e-4, case=2e-5 * 300 / (cases - 1)).power < 0.8


def test_the_paired_t_test_is_answered_by_its_standardised_difference() -> None:
    lines = answer(Question(d_z=0.8, losses=4, seeds=7, adjustment="bonferroni"))
    level = 0.05 / 3
    for seeds, (cell,) in rows(lines).items():
        assert cell == f"{stats.power_paired_t(0.8, seeds, alpha=level):.2f}"
    assert f"for a power of 0.8: {stats.seeds_needed(0.8, power=0.8, alpha=level)} seeds" in lines
    assert "these cases only" in lines[0]


def test_the_smallest_p_over_seeds_stands_below() -> None:
    assert answer(Question(**STATED, losses=4))[-1] == (
        "wilcoxon and sign-flip over 5 seeds: smallest adjusted p 0.1875, never below alpha; 7 seeds would reach it"
    )
    assert answer(Question(**STATED, losses=4, seeds=7))[-1].endswith("smallest adjusted p 0.04688")


@pytest.fixture
def pilot(tmp_path: Path) -> Path:
    losses = {name: {"loss": "focal", "gamma": gamma} for name, gamma in (("a", 0), ("b", 1), ("c", 2))}
    study = parse(
        {
            "name": "pilot",
            "task": "multiclass",
            "seeds": 4,
            "data": {"source": "phantom"},
            "losses": losses,
            "analysis": {"alpha": 0.01, "adjustment": "bonferroni", "family": "all", "margin": 0.03},
        },
        "s",
    )
    entry = {"metric": "auroc", "n_seeds": 4, "n_cases": 100, "var_loss_seed": 5e-5, "var_error": 6e-5}
    joint = [{**entry, "cov1": 3e-5, "cov2": 2.5e-5, "cov3": 2e-5}]
    plain = {"study": study.model_dump(mode="json"), "losses": list(losses), "joint": joint}
    write_json(StudyFolder(tmp_path / "pilot").analysis().statistics, plain)
    return tmp_path / "pilot"


def test_a_pilot_fills_in_what_is_not_asked(pilot: Path) -> None:
    lines = answer(Question(pilot=pilot))
    assert lines[0] == "3 comparisons of all pairs, adjusted by bonferroni, at alpha 0.01; a difference of 0.03"
    power = stats.power_mrmc(0.03, 4, ms=7.5e-5, case=5e-6, comparisons=3, alpha=0.01).power
    assert rows(lines)[4][0] == f"{power:.2f}"
    assert any("upper 80 % bound of the mean square (6 degrees of freedom)" in line for line in lines)


def test_what_is_asked_goes_before_the_pilot_and_its_variances_are_scaled_to_the_cases(pilot: Path) -> None:
    asked = Question(pilot=pilot, cases=400, delta=0.02, alpha=0.05, family="baseline", adjustment="none", losses=2)
    lines = answer(asked)
    power = stats.power_mrmc(0.02, 4, ms=5e-5 + 2.5e-5 / 4, case=5e-6 / 4).power
    assert rows(lines)[4][0] == f"{power:.2f}"
    assert any("scaled by 100/400" in line for line in lines)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, ("--ms and --case are missing", "--pilot FOLDER", "--dz")),
        ({"ms": 1e-4}, ("--case is missing",)),
        ({"ms": 1e-4, "case": 0.0}, ("--delta is missing", "such as 0.01")),
        ({**STATED, "d_z": 1.0}, ("--dz and --ms and --case", "one of them")),
        ({"ms": 1e-4, "pilot": Path("x")}, ("--pilot and --ms and --case", "one of them")),
        ({"d_z": 1.0, "delta": 0.1}, ("--delta does not go with --dz",)),
        ({"d_z": 1.0, "delta": 0.1, "cases": 9}, ("--delta and --cases do not go with --dz",)),
        ({"d_z": 0.0}, ("--dz", "got 0", "not 0")),
        ({"d_z": float("nan")}, ("--dz", "got nan")),
        ({"d_z": 1e-9}, ("--dz", "10,000,000 seeds")),
        ({**STATED, "seeds": 1}, ("--seeds", "got 1", "2 to 1000")),
        ({**STATED, "losses": 1}, ("--losses", "2 to 1000")),
        ({**STATED, "cases": 1}, ("--cases", "2 to")),
        ({**STATED, "delta": 0.0}, ("--delta", "above 0")),
        ({**STATED, "ms": float("inf")}, ("--ms", "got inf")),
        ({**STATED, "ms": 5e-324}, ("--ms", "a number above 0, in 1e-300 to 1e+200")),
        ({**STATED, "case": 1e308}, ("--case", "in 1e-300 to 1e+200")),
        ({**STATED, "case": -1e-6}, ("--case", "0 or a number above it")),
        ({**STATED, "alpha": 0.5}, ("--alpha", "from 1e-06 to below 0.5")),
        ({**STATED, "alpha": 1e-20}, ("--alpha", "got 1e-20", "from 1e-06 to below 0.5")),
        ({**STATED, "power": 1.0}, ("--power", "between 0 and 1")),
        ({**STATED, "adjustment": "hol"}, ("--adjustment", "did you mean 'holm'")),
        ({**STATED, "family": "pairs"}, ("--family", "baseline, all")),
        ({"pilot": Path("nowhere")}, ("--pilot nowhere", "was analysed")),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_option(asked: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as caught:
        answer(Question(**asked))
    said = str(caught.value)
    assert "\n" not in said
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(("ms", "case"), [(1e-300, 2e-5), (1e200, 1e200), (1e-300, 0.0), (1e-4, 1e200)])
def test_no_size_of_the_components_goes_unanswered(ms: float, case: float) -> None:
    assert answer(Question(ms=ms, case=case, delta=0.01))


def test_the_smallest_alpha_is_answered_for_the_largest_family() -> None:
    assert answer(Question(ms=1e-4, case=2e-5, delta=0.05, alpha=1e-6, losses=1000, family="all"))
