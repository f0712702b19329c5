"""The conclusion under every listed test, adjustment, interval, metric and threshold rule."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from cxr_report import metrics, stats
from cxr_report.analysis.comparisons import compare
from cxr_report.analysis.context import Context
from cxr_report.analysis.estimands import own_rule
from cxr_report.analysis.family import Family
from cxr_report.analysis.joint import covariances, fits, joint
from cxr_report.analysis.multiverse import multiverse
from cxr_report.analysis.scoring import score_all
from cxr_report.analysis.value import BOTH, CASES, SEEDS, Analysis, MultiverseGroup, MultiverseRow
from cxr_report.metrics import METRICS
from cxr_report.runs import StudyFolder

room = importlib.import_module("cxr_report.analysis.multiverse")
Contexts = Callable[..., Context]
BINARY = {"task": "binary", "losses": 3, "secondary": ("balanced_accuracy", "brier", "mcc")}
TESTS = {BOTH: ("mrmc",), CASES: ("mrmc-seeds-fixed",), SEEDS: ("paired-t", "wilcoxon", "sign-flip")}


def panel(context: Context) -> tuple[MultiverseGroup, ...]:
    """The multiverse of a study, as the analysis asks for it."""
    tables = {metric: context.paired(metric) for metric in context.metrics}
    return multiverse(context, covariances(context, context.metrics), compare(tables, context.study))


def asking(context: Context, *, metrics: dict[str, object] | None = None, **plan: object) -> Context:
    """The same runs under another plan; what is said of the multiverse goes into its section."""
    raw = context.study.model_dump(mode="json")
    analysis, multi = raw["analysis"], raw["analysis"]["multiverse"]
    listed = {key: value for key, value in plan.items() if key in multi}
    multi.update({"metrics": []} if metrics else {}, **listed)
    analysis.update({key: value for key, value in plan.items() if key not in multi})
    raw["metrics"].update(metrics or {})
    study = type(context.study).model_validate(raw)
    return replace(context, study=study, family=Family.of(study))


def group(
    groups: tuple[MultiverseGroup, ...], metric: str, target: str, *, threshold: str | None = None, place: int = 0
) -> MultiverseGroup:
    rule = own_rule(metric) if threshold is None else threshold
    return [each for each in groups if (each.metric, each.threshold, each.target) == (metric, rule, target)][place]


def row(of: MultiverseGroup, test: str, adjustment: str = "holm", interval: str = "unadjusted") -> MultiverseRow:
    (found,) = [each for each in of.rows if (each.test, each.adjustment, each.interval) == (test, adjustment, interval)]
    return found


def test_there_is_a_group_for_every_comparison_estimand_and_target_with_every_combination(contexts: Contexts) -> None:
    context = contexts(**BINARY)
    groups = panel(context)
    estimands = [
        ("auroc", ""), ("balanced_accuracy", "argmax"), ("balanced_accuracy", "youden"), ("brier", ""),
        ("mcc", "argmax"), ("mcc", "youden"),
    ]  # fmt: skip
    expected = list(product(estimands, context.losses[1:], (BOTH, CASES, SEEDS)))
    assert [((each.metric, each.threshold), each.first, each.target) for each in groups] == expected
    plan = context.study.analysis.multiverse
    for each in groups:
        combinations = [(found.test, found.adjustment, found.interval) for found in each.rows]
        assert combinations == list(product(TESTS[each.target], plan.adjustments, plan.intervals))
        assert each.second == "cross-entropy"


def test_rows_over_seeds_and_cases_are_those_of_the_joint_analysis(contexts: Contexts) -> None:
    context = asking(contexts(**BINARY), family="all", alpha=0.1)
    groups, found = panel(context), covariances(context, context.metrics)
    for target, test in ((BOTH, "mrmc"), (CASES, "mrmc-seeds-fixed")):
        for whole in joint(context, fits(context, found, target=target)):
            for place, pair in enumerate(whole.pairs):
                mine = group(groups, whole.metric, target, place=place)
                assert (mine.first, mine.second, mine.estimate) == (pair.first, pair.second, pair.difference)
                for method in context.study.analysis.multiverse.adjustments:
                    told = row(mine, test, method)
                    expected = stats.adjust([each.p for each in whole.pairs], method)
                    assert (told.p, told.p_adjusted) == (pair.p, expected[place])
                    assert (told.low, told.high) == (pair.low, pair.high)
                    wide = row(mine, test, method, "simultaneous")
                    assert (wide.low, wide.high) == (pair.low_simultaneous, pair.high_simultaneous)
                    assert (wide.p_adjusted, wide.verdict) == (told.p_adjusted, told.verdict)


def test_rows_over_seeds_are_the_tests_over_seeds(contexts: Contexts) -> None:
    context = contexts(**BINARY)
    groups = panel(context)
    for metric in ("auroc", "brier"):
        values = context.paired(metric).values
        raw = {
            "paired-t": [stats.paired_t(values[:, place], values[:, 0]).p for place in (1, 2)],
            "wilcoxon": [stats.wilcoxon(values[:, place], values[:, 0]).p for place in (1, 2)],
            "sign-flip": [stats.sign_flip(values[:, place], values[:, 0]).p for place in (1, 2)],
        }
        for (test, p), method, place in product(raw.items(), ("none", "bonferroni", "holm", "hommel"), (0, 1)):
            told = row(group(groups, metric, SEEDS, place=place), test, method)
            assert (told.p, told.p_adjusted) == pytest.approx((p[place], stats.adjust(p, method)[place]))
            t = stats.paired_t(values[:, place + 1], values[:, 0])
            assert (told.low, told.high) == pytest.approx((t.low, t.high))
            wide = stats.paired_t(values[:, place + 1], values[:, 0], confidence=1 - 0.05 / 2)
            told = row(group(groups, metric, SEEDS, place=place), test, method, "simultaneous")
            assert (told.low, told.high) == pytest.approx((wide.low, wide.high))
    assert "show the interval of the paired t" in group(groups, "auroc", SEEDS).note


def calls(context: Context) -> np.ndarray:
    """What every run calls positive at its thresholds, `(k, S, N, C)`."""
    link = metrics.sigmoid if context.study.task == "multilabel" else metrics.softmax
    limits = context.thresholds()
    called = np.array([link(z) >= t for z, t in zip(context.logits(), limits, strict=True)])
    return called.reshape(len(context.losses), -1, *called.shape[1:])


def by_hand(metric: str, truth: np.ndarray, called: np.ndarray) -> float:
    """A metric of one class or finding from its four counts, cases of unknown truth left out."""
    known = ~np.isnan(truth)
    true, guess = truth[known] == 1, called[known]
    tp, fn, fp, tn = (float(((true == t) & (guess == g)).sum()) for t, g in ((1, 1), (1, 0), (0, 1), (0, 0)))
    return {
        "accuracy": (tp + tn) / (tp + tn + fp + fn),
        "balanced_accuracy": (tp / (tp + fn) + tn / (tn + fp)) / 2,
        "sensitivity": tp / (tp + fn),
        "ppv": tp / (tp + fp),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "mcc": (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
    }[metric]


@pytest.mark.parametrize(
    ("recipe", "asked"),
    [
        ({"task": "binary", "losses": 2, "seeds": 3}, ("accuracy", "balanced_accuracy", "ppv", "f1", "mcc")),
        ({"task": "binary", "losses": 2, "seeds": 3, "images_per_patient": 3}, ("accuracy", "sensitivity")),
        ({"task": "multiclass", "losses": 2, "seeds": 3}, ("ppv", "f1", "sensitivity")),
        (
            {"task": "multilabel", "losses": 2, "seeds": 3, "unknown": 0.1},
            ("accuracy", "balanced_accuracy", "f1", "mcc"),
        ),
    ],
)
def test_a_label_metric_at_youdens_thresholds_is_counted_by_hand(
    recipe: dict[str, object], asked: tuple[str, ...], contexts: Contexts
) -> None:
    context = asking(contexts(**recipe), metrics={"secondary": list(asked)})
    groups, called, labels = panel(context), calls(context), context.test.labels
    truth = labels if labels.ndim == 2 else np.eye(called.shape[-1])[labels]
    columns = [1] if context.study.task == "binary" else range(called.shape[-1])

    def statistic(metric: str, true: np.ndarray, guesses: np.ndarray) -> np.ndarray:
        runs = guesses.reshape(len(guesses), -1, guesses.shape[-1])
        return np.array([np.mean([by_hand(metric, true[:, c], runs[:, r, c]) for c in columns]) for r in range(6)])

    cases_first = np.moveaxis(called, 2, 0)
    for metric in asked:
        theta = statistic(metric, truth, cases_first)
        covariance = stats.jackknife_covariance(
            lambda true, guesses, metric=metric: statistic(metric, true, guesses),
            truth,
            cases_first,
            groups=context.test.groups,
        )
        pair = stats.obuchowski_rockette(
            theta.reshape(2, 3), covariance, bounds=(METRICS[metric].low, 1)
        ).differences()[0]
        told = group(groups, metric, BOTH, threshold="youden")
        assert told.estimate == pytest.approx(-pair.estimate)
        mine = row(told, "mrmc", "none")
        assert (mine.p, mine.low, mine.high) == pytest.approx((pair.p, -pair.high, -pair.low))
        seeds = row(group(groups, metric, SEEDS, threshold="youden"), "paired-t", "none")
        assert seeds.p == pytest.approx(stats.paired_t(theta[3:], theta[:3]).p)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_sensitivity_at_youdens_thresholds_is_the_metric_of_that_name(task: str, contexts: Contexts) -> None:
    context = contexts(task=task, losses=2, unknown=0.1 if task == "multilabel" else 0.0)
    rule = panel(asking(context, metrics={"secondary": ["sensitivity", "specificity"]}))
    name = panel(asking(context, metrics={"secondary": ["sensitivity_youden", "specificity_youden"]}))
    for metric, target in product(("sensitivity", "specificity"), TESTS):
        one, other = group(rule, metric, target, threshold="youden"), group(name, f"{metric}_youden", target)
        assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
        for mine, its in zip(one.rows, other.rows, strict=True):
            assert (mine.p, mine.low, mine.high) == pytest.approx((its.p, its.low, its.high), nan_ok=True)
    both = panel(asking(context, metrics={"secondary": ["sensitivity", "sensitivity_youden"]}))
    listed = {(each.metric, each.threshold) for each in both}
    assert listed == {("auroc", ""), ("sensitivity", "argmax"), ("sensitivity_youden", "youden")}


def test_one_label_of_several_classes_has_no_youden_rule_and_that_is_said(contexts: Contexts) -> None:
    asked = ["accuracy", "balanced_accuracy", "mcc", "kappa", "f1"]
    groups = panel(asking(contexts(losses=2), metrics={"secondary": asked}))
    for metric in asked:
        rules = {each.threshold for each in groups if each.metric == metric}
        assert rules == ({"argmax", "youden"} if metric == "f1" else {"argmax"})
        assert ("may be called several classes" in group(groups, metric, BOTH).note) == (metric != "f1")


def test_without_thresholds_from_validation_that_rule_is_left_out_and_that_is_said(contexts: Contexts) -> None:
    context = contexts(**BINARY)
    without = replace(context, scored=tuple(replace(run, thresholds=(math.nan, math.nan)) for run in context.scored))
    groups = panel(without)
    assert {each.threshold for each in groups if each.metric == "mcc"} == {"argmax"}
    assert "none could be chosen on validation" in group(groups, "mcc", SEEDS).note


def test_a_class_without_a_threshold_is_left_out_of_the_mean(contexts: Contexts) -> None:
    context = asking(contexts(task="multilabel", losses=2, seeds=3), metrics={"secondary": ["f1"]})
    scored = tuple(replace(run, thresholds=(math.nan, *run.thresholds[1:])) for run in context.scored)
    told = group(panel(replace(context, scored=scored)), "f1", BOTH, threshold="youden")
    called, labels = calls(context), context.test.labels
    values = np.array(
        [[np.mean([by_hand("f1", labels[:, c], one[:, c]) for c in (1, 2)]) for one in loss] for loss in called]
    )
    assert told.estimate == pytest.approx(values[1].mean() - values[0].mean())


def test_the_planned_decision_is_marked_once_per_comparison(contexts: Contexts) -> None:
    context = asking(contexts(**BINARY), metrics={"primary": "balanced_accuracy", "secondary": ["auroc", "brier"]})
    groups, found = panel(context), covariances(context, context.metrics)
    decided = joint(context, fits(context, found, target=BOTH))[0]
    marked = [(each, found) for each in groups for found in each.rows if found.planned]
    assert len(marked) == context.family.size == 2
    judged = {"first better": "better", "second better": "worse", "not shown": "not shown"}
    for (each, planned), pair in zip(marked, [pair for pair in decided.pairs if pair.in_family], strict=True):
        assert (each.metric, each.threshold, each.target) == ("balanced_accuracy", "argmax", BOTH)
        assert (planned.test, planned.adjustment, planned.interval) == ("mrmc", "holm", "unadjusted")
        assert (each.first, planned.p_adjusted, planned.verdict) == (pair.first, pair.p_adjusted, judged[pair.verdict])


def test_without_a_joint_analysis_the_paired_t_is_the_planned_decision(contexts: Contexts) -> None:
    context = asking(contexts(**BINARY), metrics={"primary": "ece", "secondary": ["auroc"]})
    groups = panel(context)
    assert {each.target for each in groups if each.metric == "ece"} == {SEEDS}
    marked = [(each.metric, found.test) for each in groups for found in each.rows if found.planned]
    assert marked == [("ece", "paired-t")] * 2
    assert "not over seeds and cases: ECE is biased and not smooth" in group(groups, "ece", SEEDS).note
    assert "not over" not in group(groups, "auroc", SEEDS).note


def test_a_plan_that_is_not_on_the_list_is_missed_aloud(contexts: Contexts) -> None:
    groups = panel(asking(contexts(**BINARY), intervals=["simultaneous"]))
    assert not any(found.planned for each in groups for found in each.rows)
    told = {(each.metric, each.target) for each in groups if "the plan is not on the list" in each.note}
    assert told == {("auroc", BOTH)}


def test_the_planned_adjustment_is_looked_at_even_if_it_is_not_on_the_list(contexts: Contexts) -> None:
    groups = panel(asking(contexts(**BINARY), adjustments=["none"]))
    planned = {(each.metric, each.target, found.adjustment) for each in groups for found in each.rows if found.planned}
    assert planned == {("auroc", BOTH, "holm")}


def test_what_the_list_leaves_out_is_left_out(contexts: Contexts) -> None:
    asked = asking(contexts(**BINARY), tests=["wilcoxon", "mrmc"], thresholds=["youden"], adjustments=["bh"])
    groups = panel(asked)
    assert {each.target for each in groups} == {BOTH, SEEDS}
    assert {found.test for each in groups for found in each.rows} == {"mrmc", "wilcoxon"}
    assert {(each.metric, each.threshold) for each in groups} == {
        ("auroc", ""), ("balanced_accuracy", "youden"), ("brier", ""), ("mcc", "youden"),
    }  # fmt: skip
    only = panel(asking(contexts(**BINARY), metrics={"secondary": ["mcc"]}))
    assert {each.metric for each in only} == {"auroc", "mcc"}


def test_tests_that_cannot_reach_alpha_stay_visible_and_leave_the_denominator(contexts: Contexts) -> None:
    """Five seeds: the exact tests reach 0.0625, which 0.05 is below of and 0.1 is not, but for two comparisons."""
    strict = group(panel(contexts(**BINARY)), "auroc", SEEDS)
    assert len(strict.rows) == 24
    assert strict.n_reachable == 4  # the paired t by four adjustments
    assert {found.test for found in strict.rows if found.reachable} == {"paired-t"}
    wide = group(panel(asking(contexts(**BINARY), alpha=0.1)), "auroc", SEEDS)
    least = {(found.test, found.adjustment): found.smallest_p for found in wide.rows}
    assert least["wilcoxon", "none"] == stats.smallest_p("wilcoxon", 5) == 0.0625
    assert (
        least["wilcoxon", "holm"] == least["sign-flip", "bonferroni"] == stats.smallest_p("wilcoxon", 5, comparisons=2)
    )
    assert least["sign-flip", "hommel"] == 0.0625  # both comparisons at their smallest p
    assert least["paired-t", "bonferroni"] == 0.0
    assert wide.n_reachable == 4 + 2 * 2


def test_a_decision_is_counted_once_however_many_intervals_are_shown(contexts: Contexts) -> None:
    context = contexts(task="binary", losses=2, seeds=8, effect=0.6, secondary=("brier",))
    both, one = panel(context), panel(asking(context, intervals=["unadjusted"]))
    assert any(each.n_better for each in both)
    for wide, narrow in zip(both, one, strict=True):
        assert len(wide.rows) == 2 * len(narrow.rows)
        counts = (wide.n_reachable, wide.n_better, wide.n_worse)
        assert counts == (narrow.n_reachable, narrow.n_better, narrow.n_worse)
        judged = [found.verdict for found in narrow.rows if found.reachable]
        assert counts == (len(judged), judged.count("better"), judged.count("worse"))


def test_better_is_lower_where_lower_is_better(contexts: Contexts) -> None:
    context = contexts(task="binary", losses=2, seeds=8, effect=0.6, secondary=("brier",))
    told = group(panel(context), "brier", BOTH)
    assert told.estimate < 0
    assert (told.n_better, told.n_worse) == (4, 0)
    for found in told.rows:
        assert found.verdict == ("better" if found.p_adjusted <= 0.05 else "not shown")


def test_turning_the_comparison_around_turns_the_verdicts_around(contexts: Contexts) -> None:
    context = contexts(task="binary", losses=2, seeds=8, effect=0.6, secondary=("brier", "mcc"))
    back = panel(asking(context, baseline="weighted"))
    turned = {"better": "worse", "worse": "better", "not shown": "not shown"}
    for one, other in zip(panel(context), back, strict=True):
        assert (other.first, other.second) == (one.second, one.first)
        assert other.estimate == pytest.approx(-one.estimate)
        assert (other.n_reachable, other.n_better, other.n_worse) == (one.n_reachable, one.n_worse, one.n_better)
        for mine, its in zip(one.rows, other.rows, strict=True):
            assert (its.p, its.p_adjusted) == pytest.approx((mine.p, mine.p_adjusted))
            assert (its.low, its.high) == pytest.approx((-mine.high, -mine.low))
            assert its.verdict == turned[mine.verdict]


def test_permuting_the_seeds_changes_nothing(contexts: Contexts) -> None:
    context = contexts(**BINARY)
    other = {1: 4, 2: 1, 3: 5, 4: 3, 5: 2}
    material = replace(
        context.material, runs=tuple(replace(run, seed=other[run.seed]) for run in context.material.runs)
    )
    scored = tuple(replace(run, seed=other[run.seed]) for run in context.scored)
    for one, same in zip(panel(context), panel(replace(context, material=material, scored=scored)), strict=True):
        assert one.estimate == pytest.approx(same.estimate)
        for mine, its in zip(one.rows, same.rows, strict=True):
            assert (mine.p, mine.low, mine.verdict) == (pytest.approx(its.p), pytest.approx(its.low), its.verdict)


def test_losses_that_are_the_same_are_undefined_and_counted_nowhere(contexts: Contexts) -> None:
    context = contexts(**BINARY)
    first = {run.seed: run.logits for run in context.material.runs if run.loss == "cross-entropy"}
    runs = tuple(
        replace(run, logits=first[run.seed]) if run.loss == "weighted" else run for run in context.material.runs
    )
    material = replace(context.material, runs=runs)
    groups = panel(replace(context, material=material, scored=score_all("binary", material)))
    for each in groups:
        if each.first == "weighted":
            assert each.estimate == 0
            assert (each.n_reachable, each.n_better, each.n_worse) == (0, 0, 0)
            assert each.note
            for found in each.rows:
                assert math.isnan(found.p_adjusted)
                assert (found.reachable, found.verdict) == (False, "not shown")
        else:
            assert each.n_reachable > 0
    assert any(found.planned for found in group(groups, "auroc", BOTH).rows)


def test_a_diverged_run_has_the_worst_value_at_youdens_thresholds_too(contexts: Contexts) -> None:
    recipe = {"task": "binary", "losses": 2, "diverged": ((1, 2),), "secondary": ("accuracy",)}
    imputed = group(panel(contexts(on_diverged="worst-score", **recipe)), "accuracy", SEEDS, threshold="youden")
    dropped = group(panel(contexts(**recipe)), "accuracy", SEEDS, threshold="youden")
    context = contexts(**recipe)
    values = {
        (run.loss, run.seed): by_hand(
            "accuracy",
            context.test.labels.astype(float),
            metrics.softmax(run.logits["test"])[:, 1] >= told.thresholds[1],
        )
        for run, told in zip(context.material.runs, context.scored, strict=True)
    }
    differences = [values["weighted", seed] - values["cross-entropy", seed] for seed in (1, 3, 4, 5)]
    assert dropped.estimate == pytest.approx(np.mean(differences))
    worst = min(values.values()) - values["cross-entropy", 2]
    assert imputed.estimate == pytest.approx(np.mean([*differences, worst]))


def test_one_seed_leaves_the_cases_to_speak(contexts: Contexts) -> None:
    context = contexts(task="binary", losses=2, seeds=2, missing=((0, 2),), secondary=("mcc",))
    groups = panel(context)
    assert {each.target for each in groups} == {CASES, SEEDS}
    for each in groups:
        assert "not over seeds and cases: one seed has no spread" in each.note
        if each.target == SEEDS:
            assert (each.n_reachable, math.isnan(each.estimate)) == (0, True)
            assert "at least two seeds" in each.note
        else:
            assert each.n_reachable == 4


def test_the_analysis_of_a_study_holds_the_panel_as_it_was_computed(
    shown: Callable[..., tuple[StudyFolder, Analysis]], contexts: Contexts
) -> None:
    recipe = {"task": "binary", "losses": 3, "secondary": ("balanced_accuracy", "ece")}
    _, analysis = shown(**recipe)
    assert repr(analysis.multiverse) == repr(panel(contexts(**recipe)))  # repr, for NaN equals itself there
    decided = {pair.first: pair.p_adjusted for pair in analysis.joint[0].pairs if pair.in_family}
    marked = {each.first: found.p_adjusted for each in analysis.multiverse for found in each.rows if found.planned}
    assert marked == decided


def test_the_smallest_p_is_computed_once_for_a_family_and_not_for_each_of_its_comparisons(
    contexts: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []
    real = room.smallest

    def counting(test: str, n_seeds: int, **family: Any) -> float:
        asked.append((test, family["adjustment"], family["comparisons"]))
        return real(test, n_seeds, **family)

    monkeypatch.setattr(room, "smallest", counting)
    context = asking(contexts(losses=4), family="all", adjustments=["holm", "hommel"])
    found = panel(context)
    n_panels = len({(each.metric, each.threshold) for each in found if each.target == SEEDS})
    assert len(asked) == n_panels * 2 * 2
    assert set(asked) == {(test, method, 6) for test in ("wilcoxon", "sign_flip") for method in ("holm", "hommel")}
