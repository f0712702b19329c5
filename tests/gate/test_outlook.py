"""What the gate says of a study: every message, every warning, and the one sentence of a refusal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxr_report import stats
from cxr_report.errors import Refusal
from cxr_report.gate import Expectation, gate, of_study, read_pilot, refuse, sentences
from cxr_report.runs import StudyFolder, write_json
from cxr_report.study import Study, parse

LOSSES: dict[str, Any] = {
    "ce": {"loss": "cross-entropy"},
    "focal": {"loss": "focal"},
    "smoothing": {"loss": "label-smoothing"},
    "weighted": {"loss": "weighted-cross-entropy"},
}
PARAMETRIC = {"tests": ["mrmc", "mrmc-seeds-fixed", "paired-t"]}


def study(*, seeds: int = 5, losses: int = 4, **analysis: Any) -> Study:
    return parse(
        {
            "name": "s",
            "task": "multiclass",
            "seeds": seeds,
            "data": {"source": "phantom"},
            "losses": dict(list(LOSSES.items())[:losses]),
            "analysis": analysis,
        },
        "s.toml",
    )


STRONG = Expectation(square=1e-6, error=4e-7, case=1e-7, cases=200, df=12, source="a test")
WEAK = Expectation(square=1e-3, error=4e-4, case=1e-6, cases=200, df=None, source="a test")
HOPELESS = Expectation(square=1e-2, error=None, case=1e-2, cases=200, df=None, source="a test")


def test_every_planned_test_is_listed_with_the_smallest_p_that_it_can_reach() -> None:
    found = gate(study(), 200, None)
    told = {(reach.role, reach.test): (reach.smallest, reach.seeds) for reach in found.reaches}
    assert told[("multiverse", "wilcoxon")] == (stats.smallest_p("wilcoxon", 5, comparisons=3), 7)
    assert told[("multiverse", "sign-flip")] == (stats.smallest_p("sign_flip", 5, comparisons=3), 7)
    for role, test in (("decides", "mrmc"), ("omnibus", "mrmc"), ("multiverse", "paired-t")):
        assert told[(role, test)] == (0.0, 2)
    assert found.prospect is None
    assert found.cautious is None


@pytest.mark.parametrize("omnibus", ["mrmc", "iman-davenport", "rm-anova", "mixed-model"])
def test_an_omnibus_test_without_a_bound_gives_no_warning(omnibus: str) -> None:
    assert gate(study(seeds=2, losses=2, omnibus=omnibus, multiverse=PARAMETRIC), 200, None).warnings == ()


def test_friedmans_test_of_two_losses_over_five_seeds_is_warned_of_by_its_field() -> None:
    (only,) = gate(study(losses=2, omnibus="friedman", multiverse=PARAMETRIC), 200, None).warnings
    assert only.field == "analysis.omnibus"
    assert only.seeds == 6
    assert only.sentence == (
        "with 5 seeds, friedman never gets below p = 0.0625, above alpha = 0.05; 6 seeds would do, or take another test"
    )
    assert gate(study(losses=4, omnibus="friedman", multiverse=PARAMETRIC), 200, None).warnings == ()


def test_a_test_that_is_not_in_the_plan_is_not_warned_of() -> None:
    assert gate(study(multiverse=PARAMETRIC), 200, None).warnings == ()


def test_five_seeds_and_an_exact_wilcoxon_are_warned_of_with_the_seeds_that_would_do() -> None:
    (both,) = gate(study(), 200, None).warnings
    assert (both.field, both.seeds) == ("analysis.multiverse.tests", 7)
    assert both.sentence == (
        "with 5 seeds and 3 comparisons adjusted by holm, wilcoxon and sign-flip never get below p = 0.1875, above "
        "alpha = 0.05; 7 seeds would do, or take them out"
    )
    (one,) = gate(study(losses=2, adjustment="none", multiverse={"tests": ["wilcoxon"]}), 200, None).warnings
    assert one.sentence == (
        "with 5 seeds and 1 comparison, wilcoxon never gets below p = 0.0625, above alpha = 0.05; 6 seeds would do, or "
        "take it out"
    )
    assert gate(study(seeds=7), 200, None).warnings == ()


def test_too_little_power_is_warned_of_with_the_seeds_and_cases_that_would_do() -> None:
    plan = study(multiverse=PARAMETRIC, margin=0.03)
    found = gate(plan, 200, WEAK)
    assert found.prospect is not None
    assert found.prospect.power == stats.power_mrmc(0.03, 5, ms=1e-3, case=1e-6, comparisons=3).power
    (only,) = found.warnings
    assert only.field == "seeds"
    assert only.seeds is not None
    assert stats.power_mrmc(0.03, only.seeds, ms=1e-3, case=1e-6, comparisons=3).power >= 0.5
    assert stats.power_mrmc(0.03, only.seeds - 1, ms=1e-3, case=1e-6, comparisons=3).power < 0.5
    assert only.sentence.startswith(
        f"with 5 seeds and 200 test cases the power to find a difference of the margin 0.03 is "
        f"{found.prospect.power:.2f}, below 0.5; {only.seeds} seeds"
    )
    assert only.sentence.endswith("would bring it there")


def test_where_the_cases_are_too_few_more_seeds_are_not_offered() -> None:
    cases = replace(STRONG, square=1e-5, error=4e-6, case=1e-3)
    (only,) = gate(study(multiverse=PARAMETRIC), 200, cases).warnings
    assert (only.field, only.seeds) == ("analysis.margin", None)
    assert "test cases would bring it there, no number of seeds alone" in only.sentence
    (neither,) = gate(study(multiverse=PARAMETRIC), 200, HOPELESS).warnings
    assert "neither more seeds nor more test cases would bring it there" in neither.sentence


def test_the_upper_bound_is_told_where_the_mean_square_is_a_pilots_and_not_where_it_is_known() -> None:
    found = gate(study(), 200, replace(STRONG, square=5e-5))
    assert found.cautious is not None
    assert found.prospect is not None
    assert found.cautious.power < found.prospect.power
    upper = replace(STRONG, square=5e-5).upper().at(200)
    assert found.cautious.power == stats.power_mrmc(0.01, 5, ms=upper[0], case=upper[1], comparisons=3).power
    assert gate(study(), 200, WEAK).cautious is None


def test_the_components_of_the_plan_are_used_and_a_pilot_goes_before_them(tmp_path: Path) -> None:
    assert of_study(study(), 200).expected is None
    stated = study(components={"ms": 1e-4, "case": 1e-5})
    own = of_study(stated, 200)
    assert own.expected is not None
    assert own.expected.square == 1e-4
    entry = {"metric": "auroc", "n_seeds": 4, "n_cases": 100, "var_loss_seed": 3e-4, "var_error": 0.0}
    joint = [{**entry, "cov1": 0.0, "cov2": 0.0, "cov3": 0.0}]
    folder = StudyFolder(tmp_path)
    plain = {"study": study().model_dump(mode="json"), "losses": list(LOSSES), "joint": joint}
    write_json(folder.analysis().statistics, plain)
    piloted = of_study(stated, 200, read_pilot(folder))
    assert piloted.expected is not None
    assert piloted.expected.square == 3e-4


def test_without_components_the_lines_say_that_power_is_unknown_and_how_to_state_it() -> None:
    lines = sentences(gate(study(), 168, None))
    assert lines[:5] == (
        "the plan: 3 comparisons against the baseline, adjusted by holm, at alpha 0.05; 5 seeds, 168 test cases",
        "  the test that decides (mrmc): p has no lower bound",
        "  the omnibus test (mrmc): p has no lower bound",
        "  in the multiverse (mrmc, mrmc-seeds-fixed, paired-t): p has no lower bound",
        "  in the multiverse (wilcoxon, sign-flip): smallest adjusted p 0.1875, never below alpha; "
        "7 seeds would reach it",
    )
    assert lines[5].startswith("power: not known; state ms and case in [analysis.components], or give --pilot FOLDER")
    assert lines[6].startswith("warning: analysis.multiverse.tests: with 5 seeds")
    assert len(lines) == 7


def test_with_components_the_lines_say_power_width_scaling_and_what_would_do() -> None:
    lines = sentences(gate(study(family="all", adjustment="none", seeds=8), 400, replace(STRONG, square=5e-5)))
    text = "\n".join(lines)
    assert lines[0].startswith("the plan: 6 comparisons of all pairs, not adjusted, at alpha 0.05; 8 seeds, 400 test")
    assert "(wilcoxon, sign-flip): smallest adjusted p 0.007812" in text
    assert "expected from a test: mean square of loss x seed 4.98e-05, case part 5e-08" in text
    assert "scaled by 200/400, since they go with 1/cases; its loss x seed part is not" in text
    powers = {n: stats.power_mrmc(0.01, n, ms=5e-5 - 2e-7, case=5e-8).power for n in range(2, 20)}
    assert f"power to find a difference of 0.01 (analysis.margin): {powers[8]:.2f}; at the upper 80 % bound" in text
    assert "unadjusted, " in text
    assert "simultaneous" in text
    fewest = min(n for n, power in powers.items() if power >= 0.8)
    assert (
        f"for a power of 0.8: {fewest} seeds with these 400 test cases, or no number of test cases with these" in text
    )
    assert "warning" not in text


def test_no_variance_at_all_is_undefined_power_and_no_warning() -> None:
    found = gate(study(multiverse=PARAMETRIC), 200, Expectation(0.0, 0.0, 0.0, 200, 12, "identical losses"))
    assert found.warnings == ()
    assert any("power to find a difference of 0.01 (analysis.margin): undefined" in line for line in sentences(found))


def test_a_strict_plan_that_cannot_succeed_is_refused_naming_field_and_seeds() -> None:
    with pytest.raises(Refusal) as caught:
        refuse(gate(study(), 200, WEAK), "s.toml")
    said = str(caught.value)
    assert said.startswith("s.toml: --strict: analysis.multiverse.tests: with 5 seeds")
    assert "7 seeds would do" in said
    assert said.endswith(" (and 1 more warning)")
    assert "\n" not in said
    refuse(gate(study(multiverse=PARAMETRIC), 200, STRONG), "s.toml")


def test_the_same_question_has_the_same_answer_and_nothing_is_touched() -> None:
    plan = study()
    assert gate(plan, 200, STRONG) == gate(plan, 200, STRONG)
    assert plan == study()
