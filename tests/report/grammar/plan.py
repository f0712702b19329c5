"""Claims about the plan, the methods and the limits of the design."""

from __future__ import annotations

import inspect
import math
import re

from cxr_report.stats import rank_bootstrap

from .runs import Runs
from .words import SPOKEN, demand, same
from .words import number as printed

ARITHMETICS = {
    "torch": "the trained networks in torch",
    "cpu": "the exported graphs on the CPU",
    "fp16": "the variant fp16",
    "int8": "the variant int8",
}


def series_of(words: list[str]) -> str:
    """Put words in a row as a sentence has them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


class Plan(Runs):
    """Rules for sentences on what was asked, and on what it cannot show."""

    def on_precision(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary, "another metric")
        joint = self.test(self.primary, "both")
        same(w["cases"], joint.n_cases, "cases")
        self.patients(w)
        same(w["seeds"], joint.n_seeds, "seeds")
        half = {row.loss: (row.high - row.low) / 2 for row in joint.means if not math.isnan(row.low)}
        for key, name, end in (("low", "narrow", min), ("high", "wide", max)):
            same(w[key], end(half.values()), "half the width of the interval")
            demand(half[self.by_label[w[name]]] == end(half.values()), "another loss is known", name)

    def precise(self) -> bool:
        """Work out whether the width of an interval can be told."""
        joint = self.test(self.primary, "both")
        return joint is not None and any(not math.isnan(row.low) for row in joint.means)

    def on_normality(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.a.seeds), "differences")

    def averaged(self) -> list[str]:
        """Work out which metrics of ranks are means over classes."""
        many = self.a.study.task != "binary"
        return [name for name in self.a.metrics if many and name in ("auroc", "average_precision")]

    def on_macro(self, w: dict[str, str]) -> None:
        told = w["averaged"].split(" and ")
        demand([name.lower() for name in told] == [SPOKEN[name].lower() for name in self.averaged()], "other means")
        demand(w["verb"].startswith("is") == (len(told) == 1), "is, are")
        multilabel = self.a.study.task == "multilabel"
        demand((w["many"] == "findings") == multilabel == (w["one"] == "finding"), "classes or findings")

    def on_thresholds(self, w: dict[str, str]) -> None:
        demand(w["rule"].startswith("A finding") == (self.a.study.task == "multilabel"), "the rule of decision")

    def on_objective(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.a.losses), "losses")
        demand(("synthetic" in w) == (self.a.study.data.source == "phantom"), "synthetic or not")

    def on_design(self, w: dict[str, str]) -> None:
        same(w["seeds"], len(self.a.planned_seeds), "planned seeds")
        same(w["cases"], self.a.data.n_test, "test images")
        self.patients(w)

    def on_exploratory(self, w: dict[str, str]) -> None:
        demand(all(reason in w["reasons"] for reason in self.a.exploratory), "a reason is left out")

    def on_few_seeds(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.a.seeds), "seeds")

    def on_test_size(self, w: dict[str, str]) -> None:
        same(w["cases"], self.a.data.n_test, "test cases")
        self.patients(w)

    def on_rare(self, w: dict[str, str]) -> None:
        few = int(w["n"])
        truth = {name for name, n in self.a.data.positives.items() if n < few}
        told = set(re.findall("|".join(map(re.escape, self.a.classes)), w["classes"]))
        demand(told == truth, "rare classes")

    def on_undefined(self, w: dict[str, str]) -> None:
        same(w["n"], sum(math.isnan(entry.mean) for entry in self.a.summaries), "undefined summaries")
        same(w["total"], len(self.a.summaries), "summaries")

    def on_metrics(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary, "another primary metric")
        order = list(self.plan.hierarchy)
        free = [name for name in self.a.study.metrics.secondary if name not in order]
        for key, wanted in (("order", order), ("free", free)):
            told = [self.metric(name) for name in re.split(", | and ", w[key])] if key in w else []
            demand(told == wanted, key, "metrics are", wanted)
        demand(("several" in w) == (len(order) > 1), "an order of one")

    def on_covariances(self, w: dict[str, str]) -> None:
        demand(("summed" in w) == self.known_patients(), "sums per patient")
        kinds = {"DeLong’s": "delong", "the jackknife’s": "jackknife", "the case bootstrap’s": "bootstrap"}
        name = "|".join(map(re.escape, SPOKEN.values()))
        told = {}
        for how, names in re.findall(
            rf"({'|'.join(kinds)}|there is none) for ((?:{name})(?:(?:, | and )(?:{name}))*)", w["list"]
        ):
            told |= {self.metric(each): kinds.get(how, "") for each in re.split(", | and ", names)}
        wanted = dict.fromkeys(self.a.metrics, "")
        wanted |= {test.metric: test.covariance for test in (*self.a.cases, *self.a.joint)}
        demand(told == wanted, "covariances are", wanted, "not", told)

    def on_family(self, w: dict[str, str]) -> None:
        self._what(w)
        same(w["total"], self.total, "comparisons of the family")

    def on_plan(self, w: dict[str, str]) -> None:
        demand(self.metric(w["metric"]) == self.primary, "another primary metric")
        demand(self.target(w["where"]) == self.decided(self.primary), "another target decides")
        demand(w["means"].startswith("paired") == (self.decided(self.primary) == "seeds"), "by which test")
        self.on_family(w)

    def on_absent(self, w: dict[str, str]) -> None:
        told = set(re.findall(r"([\w]+) \(no (positive|negative) case in (test|validation|training)\)", w["list"]))
        splits = {"val": "validation", "test": "test", "train": "training"}
        demand(told == {(g.klass, g.lacks, splits[g.split]) for g in self.a.absent}, "absent classes")

    def on_fidelity_limit(self, w: dict[str, str]) -> None:
        barred = [ARITHMETICS[each.arithmetic] for each in self.a.agreements if each.changes or each.not_finite]
        demand(bool(barred), "every arithmetic leads to the same conclusions")
        demand(w["list"] == series_of(barred), "other arithmetics")

    def on_left_out_limit(self, w: dict[str, str]) -> None:
        for reason in ("diverged", "missing", "undefined"):
            truth = {gone.seed for gone in self.a.left_out if gone.reason == reason}
            demand((reason in w) == bool(truth), reason, "seeds are told or not")
            same(w.get(reason, "0"), len(truth), reason)

    def on_diverged_limit(self, w: dict[str, str]) -> None:
        demand(w["rule"].startswith("Seeds") == (self.plan.on_diverged == "drop-seed"), "the rule for diverged runs")

    def on_equivalence_method(self, w: dict[str, str]) -> None:
        demand(printed(w["margin"])[0] == self.plan.margin, "margin")
        baseline = self.plan.family == "baseline"
        demand(("both" in w) == baseline == (w["verb"] == "were"), "non-inferiority is asked or not")

    def on_positive_class(self, w: dict[str, str]) -> None:
        demand(self.a.study.task == "binary", "no class is the positive one")
        demand((w["other"], w["positive"]) == tuple(self.a.classes), "another class is positive")

    def on_unknown_labels(self, w: dict[str, str]) -> None:
        demand(self.a.study.task == "multilabel", "every label is known")

    def on_controls_method(self, w: dict[str, str]) -> None:
        told = [name for name in ("pixels", "metadata") if name in w["list"]]
        demand(told == [control.name for control in self.a.controls], "other controls")

    def on_bins(self, w: dict[str, str]) -> None:
        demand(self.a.calibrations or "ece" in self.a.metrics, "there is no calibration error")

    def on_ranks_method(self, w: dict[str, str]) -> None:
        demand(self.a.rankings, "there are no ranks")
        same(w["n"], inspect.signature(rank_bootstrap).parameters["samples"].default, "draws of the seeds")

    def on_floor_method(self, w: dict[str, str]) -> None:
        demand(("again" in w, "twins" in w) == (bool(self.a.seed_floor), bool(self.a.twins)), "the noise floor")

    def on_null_method(self, w: dict[str, str]) -> None:
        same(w["n"], max(rate.n_simulations for rate in self.a.null_rates), "simulated studies")

    def on_subgroups_method(self, w: dict[str, str]) -> None:
        same(w["least"], self.plan.subgroup_minimum, "cases of a subgroup")

    def on_delong(self, w: dict[str, str]) -> None:
        several = self.known_patients() and self.a.data.n_test_patients < self.a.data.n_test
        demand(w["unit"].startswith("patients") == several, "the unit of the interval over cases")

    def on_on_diverged(self, w: dict[str, str]) -> None:
        demand(w["rule"].startswith("A seed") == (self.plan.on_diverged == "drop-seed"), "the rule for diverged runs")

    def on_own_settings(self, w: dict[str, str]) -> None:
        own = {
            name for name, loss in self.a.study.losses.items()
            if loss.training.learning_rate is not None or loss.training.weight_decay is not None
        }  # fmt: skip
        demand(set(self.losses(w["losses"])) == own, "losses with settings of their own")

    def on_tuned_limit(self, w: dict[str, str]) -> None:
        same(w["n"], len(self.a.tuning[-1].trials), "configurations per loss")

    def on_tuning_budget(self, w: dict[str, str]) -> None:
        budgets = {(len(one.trials), len(one.seeds), one.epochs) for one in self.a.tuning}
        demand(len(budgets) == 1, "the budget is not the same for every loss")
        trials, trainings, epochs = budgets.pop()
        for key, number in (("trials", trials), ("trainings", trainings), ("epochs", epochs)):
            same(w[key], number, key)
        same(w["total"], sum(len(trial.scores) for one in self.a.tuning for trial in one.trials), "trainings in all")
        demand(w["unit"].endswith("s") == (trainings > 1), "the number of trainings")
        demand(w["of"].endswith("s") == (epochs > 1), "the number of epochs")

    def on_tuning_choice(self, w: dict[str, str]) -> None:
        demand({self.metric(w["metric"])} == {one.metric for one in self.a.tuning}, "another metric chose")

    def on_tuning_kept(self, w: dict[str, str]) -> None:
        told = {one.loss for one in self.a.tuning if one.chosen == 1 and one.best[-1] == one.best[-1]}
        demand(set(self.losses(w["losses"])) == told, "losses that keep what the study states")

    def on_tuning_undefined(self, w: dict[str, str]) -> None:
        told = {one.loss for one in self.a.tuning if one.best[-1] != one.best[-1]}
        demand(set(self.losses(w["losses"])) == told, "losses without a score")
