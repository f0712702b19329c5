"""Bugs in what is said of comparisons: of the decisions, of other targets, of equivalence, of all losses at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis
from cxr_report.report import answers, numerals
from cxr_report.report.answers import Answer, Answers
from cxr_report.report.narrative import (
    abstracts,
    agreement,
    comparisons,
    decisions,
    equivalence,
    facts,
    omnibus,
    prose,
    secondary,
)
from cxr_report.report.narrative.prose import Number, Sentence

from .planting import keep, planted, retold


def flipped_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "difference", lambda number, key: Number(numerals.difference(-number), key, number))


def answers_changed(patch: pytest.MonkeyPatch, change: Callable[[Answer], Answer]) -> None:
    """Change every answer, wherever the narrator asks for one."""
    keep(patch, answers, "_joint", lambda right, *args: [change(each) for each in right(*args)])
    keep(patch, answers, "_over_seeds", lambda right, *args: change(right(*args)))


def raw_p_for_adjusted(patch: pytest.MonkeyPatch) -> None:
    answers_changed(patch, lambda each: replace(each, p_adjusted=each.p))


def adjusted_p_for_raw(patch: pytest.MonkeyPatch) -> None:
    answers_changed(patch, lambda each: replace(each, p=each.p_adjusted))


def raw_p_decides(patch: pytest.MonkeyPatch) -> None:
    def by_raw(each: Answer) -> Answer:
        shown = each.in_family and each.p <= 0.05 and each.verdict == "not shown"
        return replace(each, verdict="first better" if each.difference > 0 else "second better") if shown else each

    answers_changed(patch, by_raw)


def direction_of_the_metric_ignored(patch: pytest.MonkeyPatch) -> None:
    def by_sign(each: Answer) -> Answer:
        return replace(each, verdict="first better" if each.difference > 0 else "second better")

    answers_changed(patch, lambda each: by_sign(each) if answers.shown(each) else each)


def higher_told_as_lower(patch: pytest.MonkeyPatch) -> None:
    retold(patch, "{metric} was higher", "{metric} was lower")


def not_shown_told_as_shown(patch: pytest.MonkeyPatch) -> None:
    retold(patch, "was not shown", "was shown")


def untested_told_as_rejected(patch: pytest.MonkeyPatch) -> None:
    retold(patch, "could not be tested", "was rejected")


def better_and_worse_swapped(patch: pytest.MonkeyPatch) -> None:
    swapped: Any = {"first better": "second better", "second better": "first better"}
    answers_changed(patch, lambda each: replace(each, verdict=swapped.get(each.verdict, each.verdict)))


def unadjusted_interval_for_the_simultaneous_one(patch: pytest.MonkeyPatch) -> None:
    answers_changed(patch, lambda each: replace(each, low_simultaneous=each.low, high_simultaneous=each.high))


def simultaneous_interval_for_the_unadjusted_one(patch: pytest.MonkeyPatch) -> None:
    answers_changed(patch, lambda each: replace(each, low=each.low_simultaneous, high=each.high_simultaneous))


def bounds_of_a_difference_swapped(patch: pytest.MonkeyPatch) -> None:
    answers_changed(patch, lambda each: replace(each, low=each.high, high=each.low))


def narrower_by_the_unadjusted_interval_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decisions, "_easier", lambda row, alone: row.high - row.low < alone.high - alone.low)


def pairs_without_a_case_part_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decisions, "_without_case_part", lambda analysis, found: [])


def another_effect_size(patch: pytest.MonkeyPatch) -> None:
    answers_changed(patch, lambda each: replace(each, d_z=each.statistic))


def every_pair_taken_into_the_family(patch: pytest.MonkeyPatch) -> None:
    answers_changed(patch, lambda each: replace(each, in_family=True))


def one_comparison_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Answers, "family", property(lambda self: tuple(each for each in self.every if each.in_family)[:-1]))


def seeds_decide(patch: pytest.MonkeyPatch) -> None:
    for module in (abstracts, decisions, secondary):
        patch.setattr(module, "deciding", answers.over_seeds)


def cases_decide(patch: pytest.MonkeyPatch) -> None:
    def over_cases(analysis: Analysis, metric: str) -> Answers:
        return answers.answers(analysis, metric, CASES) or answers.over_seeds(analysis, metric)

    for module in (abstracts, decisions, secondary):
        patch.setattr(module, "deciding", over_cases)


def seeds_told_as_seeds_and_cases(patch: pytest.MonkeyPatch) -> None:
    keep(patch, facts, "over", lambda right, analysis, target: right(analysis, BOTH))


def seeds_and_cases_told_as_seeds(patch: pytest.MonkeyPatch) -> None:
    keep(patch, facts, "over", lambda right, analysis, target: right(analysis, SEEDS))


def patients_named_where_none_are_known(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "case_unit", lambda analysis: "patients")


def answers_of_another_metric(patch: pytest.MonkeyPatch) -> None:
    for module in (abstracts, decisions):
        keep(patch, module, "deciding", lambda right, analysis, metric: right(analysis, analysis.metrics[-1]))


def significant_when_not(patch: pytest.MonkeyPatch) -> None:
    for module in (abstracts, comparisons):
        patch.setattr(module, "shown", lambda answer: True)


def not_significant_when_it_is(patch: pytest.MonkeyPatch) -> None:
    for module in (abstracts, comparisons):
        patch.setattr(module, "shown", lambda answer: False)


def contradictions_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(agreement, "disagreements", lambda analysis, decided: [])


def contradiction_given_another_meaning(patch: pytest.MonkeyPatch) -> None:
    def other(right: Any, analysis: Analysis, differing: Any) -> str:
        turned = tuple(replace(each, target=CASES if each.target == SEEDS else SEEDS) for each in differing)
        return str(right(analysis, turned))

    keep(patch, agreement, "_meaning", other)


def contradiction_told_of_all(patch: pytest.MonkeyPatch) -> None:
    def of_all(right: Any, analysis: Analysis, rows: Any) -> Any:
        return right(analysis, list(answers.deciding(analysis, analysis.metrics[0]).family))

    keep(patch, agreement, "which", of_all)


def other_targets_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(agreement, "beside", lambda analysis, decided: [])


def cases_alone_left_out(patch: pytest.MonkeyPatch) -> None:
    keep(patch, agreement, "_others", lambda right, *args: [each for each in right(*args) if each.target != CASES])


def difference_told_as_equivalence(patch: pytest.MonkeyPatch) -> None:
    def turned(right: Any, analysis: Analysis) -> Sentence:
        rows = tuple(replace(row, equivalent=not row.equivalent) for row in analysis.equivalences)
        said: Sentence = right(replace(analysis, equivalences=rows))
        return said

    keep(patch, equivalence, "equivalent", turned)


def raw_p_decides_on_equivalence(patch: pytest.MonkeyPatch) -> None:
    def raw(right: Any, analysis: Analysis) -> Sentence:
        alpha = analysis.study.analysis.alpha
        rows = tuple(replace(row, equivalent=row.p_equivalence <= alpha) for row in analysis.equivalences)
        said: Sentence = right(replace(analysis, equivalences=rows))
        return said

    keep(patch, equivalence, "equivalent", raw)


def non_inferiority_told_as_equivalence(patch: pytest.MonkeyPatch) -> None:
    def mixed(right: Any, analysis: Analysis) -> Sentence:
        rows = tuple(replace(row, equivalent=row.noninferior) for row in analysis.equivalences)
        said: Sentence = right(replace(analysis, equivalences=rows))
        return said

    keep(patch, equivalence, "equivalent", mixed)


def equivalence_over_seeds_told_as_the_joint_one(patch: pytest.MonkeyPatch) -> None:
    def alone(right: Any, analysis: Analysis) -> Sentence:
        alpha, tests = analysis.study.analysis.alpha, {(r.first, r.second): r for r in analysis.seeds_equivalences}
        rows = tuple(
            replace(row, equivalent=tests[row.first, row.second].p_tost <= alpha) for row in analysis.equivalences
        )
        said: Sentence = right(replace(analysis, equivalences=rows))
        return said

    keep(patch, equivalence, "equivalent", alone)


def non_inferiority_told_of_all_pairs(patch: pytest.MonkeyPatch) -> None:
    def everywhere(right: Any, analysis: Analysis) -> Any:
        plan = analysis.study.analysis.model_copy(update={"family": "baseline"})
        return right(replace(analysis, study=analysis.study.model_copy(update={"analysis": plan})))

    keep(patch, equivalence, "_not_inferior", everywhere)


def what_equivalence_leaves_open_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(equivalence, "_reservation", lambda analysis: [])


def unplanned_omnibus_for_the_planned_one(patch: pytest.MonkeyPatch) -> None:
    def other(right: Any, analysis: Analysis, metric: str) -> Any:
        tests = tuple(replace(test, planned=test.test == "friedman") for test in analysis.omnibus)
        return right(replace(analysis, omnibus=tests), metric)

    keep(patch, omnibus, "omnibus", other)


def omnibus_always_rejected(patch: pytest.MonkeyPatch) -> None:
    keep(
        patch,
        omnibus,
        "_planned",
        lambda right, analysis, key, test: right(analysis, key, replace(test, rejected=True)),
    )


def omnibus_beside_counted_wrongly(patch: pytest.MonkeyPatch) -> None:
    keep(patch, omnibus, "_beside", lambda right, analysis, others: right(analysis, others[1:]))


def gate_opened(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(secondary, "gate_closed", lambda analysis, metric, target: False)


def exploratory_told_as_tested_in_order(patch: pytest.MonkeyPatch) -> None:
    def ordered(right: Any, analysis: Analysis) -> Any:
        plan = analysis.study.analysis.model_copy(update={"hierarchy": analysis.study.metrics.secondary})
        return right(replace(analysis, study=analysis.study.model_copy(update={"analysis": plan})))

    keep(patch, secondary, "secondary", ordered)


BUGS = planted(globals())
