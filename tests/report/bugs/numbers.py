"""Bugs in single numbers, in means, and in what must not be kept quiet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.metrics import METRICS
from cxr_report.report import numerals
from cxr_report.report.narrative import (
    abstracts,
    comparisons,
    completion,
    controls,
    descriptions,
    exact,
    facts,
    leaders,
    limits,
    methods,
    prose,
)
from cxr_report.report.narrative.prose import Number

from .planting import keep, planted, retold


def wrong_alpha(patch: pytest.MonkeyPatch) -> None:
    right = prose.exactly
    patch.setattr(
        prose,
        "exactly",
        lambda number, key: Number("0.05", key, number) if key.endswith("alpha") else right(number, key),
    )


def wrong_level(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "percent_of", lambda alpha, key: Number("95\N{NO-BREAK SPACE}%", key, alpha))


def count_off_by_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "count", lambda number, key="": Number(numerals.count(number + 1), key, number))


def seeds_planned_for_seeds_compared(patch: pytest.MonkeyPatch) -> None:
    keep(patch, exact, "wilcoxon", lambda right, analysis: right(replace(analysis, seeds=analysis.planned_seeds)))


def smallest_p_of_one_comparison(patch: pytest.MonkeyPatch) -> None:
    def alone(right: Any, analysis: Analysis) -> Any:
        return right(replace(analysis, smallest_wilcoxon_p=2.0 ** (1 - len(analysis.seeds))))

    keep(patch, exact, "wilcoxon", alone)


def wrong_winner(patch: pytest.MonkeyPatch) -> None:
    def worst(analysis: Analysis, metric: str, klass: str = "") -> Any:
        found = [each for each in facts.summaries_of(analysis, metric, klass) if each[1].mean == each[1].mean]
        higher = METRICS[metric].higher_is_better
        return sorted(found, key=lambda each: each[1].mean if higher else -each[1].mean)[:1]

    patch.setattr(facts, "best", worst)


def highest_is_best(patch: pytest.MonkeyPatch) -> None:
    def highest(analysis: Analysis, metric: str, klass: str = "") -> Any:
        found = [each for each in facts.summaries_of(analysis, metric, klass) if each[1].mean == each[1].mean]
        return sorted(found, key=lambda each: -each[1].mean)[:1]

    patch.setattr(facts, "best", highest)


def median_for_mean(patch: pytest.MonkeyPatch) -> None:
    def medians(right: Any, analysis: Analysis, metric: str, klass: str = "") -> Any:
        return [(key, replace(entry, mean=entry.median)) for key, entry in right(analysis, metric, klass)]

    keep(patch, facts, "summaries_of", medians)


def bounds_of_a_mean_swapped(patch: pytest.MonkeyPatch) -> None:
    keep(
        patch,
        leaders,
        "_over_seeds",
        lambda right, analysis, key, entry: right(analysis, key, replace(entry, low=entry.high, high=entry.low)),
    )


def interval_over_seeds_told_as_over_patients(patch: pytest.MonkeyPatch) -> None:
    def of_seeds(right: Any, analysis: Analysis, metric: str, loss: str) -> Any:
        found = right(analysis, metric, loss)
        if found is None:
            return None
        entry = next(entry for _, entry in facts.summaries_of(analysis, metric) if entry.loss == loss)
        return found[0], replace(found[1], low=entry.low, high=entry.high)

    keep(patch, facts, "joint_mean", of_seeds)


def per_cent_for_share(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "share", lambda number, key="": Number(f"{number:.1f}\N{NO-BREAK SPACE}%", key, number))


def value_in_per_cent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prose, "value", lambda number, key: Number(numerals.value(100 * number), key, number))


def p_rounded_to_zero(patch: pytest.MonkeyPatch) -> None:
    def rounded(number: float, key: str, *, alpha: float) -> Any:
        return ("\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", Number(f"{number:.3f}", key, number))

    patch.setattr(prose, "p_of", rounded)


def no_evidence_told_as_equality(patch: pytest.MonkeyPatch) -> None:
    retold(patch, ", which is no evidence that the losses are equal", ", so that the losses are equal")


def divergence_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    keep(patch, completion, "finished", lambda right, analysis: right(replace(analysis, diverged=())))


def seeds_left_out_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(completion, "left_out", lambda analysis: ())


def rule_for_divergence_swapped(patch: pytest.MonkeyPatch) -> None:
    def other(right: Any, analysis: Analysis) -> Any:
        rule = "worst-score" if analysis.study.analysis.on_diverged == "drop-seed" else "drop-seed"
        plan = analysis.study.analysis.model_copy(update={"on_diverged": rule})
        return right(replace(analysis, study=analysis.study.model_copy(update={"analysis": plan})))

    keep(patch, completion, "_after_divergence", other)


def synthetic_data_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    def quiet(right: Any, analysis: Analysis) -> Any:
        return tuple(said for said in right(analysis) if said.kind != "synthetic")

    keep(patch, abstracts, "conclusion", quiet)


def narrowest_interval_told_as_the_widest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "max", min, raising=False)


def divergence_told_as_a_missing_run(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_LACKS", {**limits._LACKS, "diverged": limits._LACKS["missing"]})


def positive_and_negative_class_swapped(patch: pytest.MonkeyPatch) -> None:
    keep(
        patch, descriptions, "labels", lambda right, analysis: right(replace(analysis, classes=analysis.classes[::-1]))
    )


def limitation_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_state", lambda analysis: iter(()))


def absent_class_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_absent", lambda analysis: iter(()))


def covariance_of_another_method(patch: pytest.MonkeyPatch) -> None:
    changed = {"delong": "DeLong’s", "jackknife": "DeLong’s", "bootstrap": "the case bootstrap’s"}
    patch.setattr(methods, "_COVARIANCES", changed)


def loss_below_the_control_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    def praising(right: Any, analysis: Analysis, metric: str, key: str, control: Any) -> Any:
        better = prose.sentence("x", "The mean of every loss was higher; the difference was not tested.")
        return (right(analysis, metric, key, control)[0], better)

    keep(patch, controls, "_control", praising)


def another_adjustment(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "by_adjustment", lambda analysis: facts.ADJUSTMENTS["holm"])


def another_family(patch: pytest.MonkeyPatch) -> None:
    for module in (abstracts, comparisons, methods):
        patch.setattr(module, "family", lambda analysis: (len(analysis.losses), "pairs of losses"))


def key_of_another_number(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        prose, "difference", lambda number, key: Number(numerals.difference(number), key.replace("low", "high"), number)
    )


def shortcut_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(controls, "_shortcuts", lambda analysis, key, control: [])


def shortcut_hidden_by_the_mean_of_the_losses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(facts, "shortcuts", lambda analysis, control: {})


BUGS = planted(globals())
