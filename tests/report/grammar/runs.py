"""Claims about runs, about means of single losses and about the controls."""

from __future__ import annotations

import math
import re
from typing import Any

from cxr_report.metrics import METRICS

from .statistics import Statistics
from .words import VALUE, demand, same


class Runs(Statistics):
    """Rules for sentences on runs, leaders and controls."""

    def on_leader(self, w: dict[str, str]) -> None:
        metric, klass = self.metric(w["metric"]), w.get("klass", "")
        higher = METRICS[metric].higher_is_better
        demand(w["extreme"] == ("highest" if higher else "lowest"), "direction of", metric)
        demand(("hint" in w) != higher, "hint on the direction of", metric)
        if "losses" in w:
            demand(set(self.losses(w["losses"])) == self.leaders(metric, klass), "the leaders are others")
            demand(len(self.leaders(metric, klass)) > 1, "a lone leader is told as several")
            same(w["mean"], self.means(metric, klass)[self.losses(w["losses"])[0]], "mean")
            return
        loss = self.by_label[w["loss"]]
        demand({loss} == self.leaders(metric, klass), "the leader is not", loss)
        row = self.summary(loss, metric, klass)
        same(w["mean"], self.means(metric, klass)[loss], "mean")
        same(w["n"], sum(not math.isnan(v) for v in row.values), "seeds")
        demand((w["n"] == "1") == (w["unit"] == "seed"), "one seed, several seeds")
        demand(("low" in w) == (not math.isnan(row.low)), "an interval is told or not against the table")
        if "low" in w:
            for key in ("low", "high", "sd"):
                same(w[key], getattr(row, key), key)
            self._both(w, metric, None if klass else loss)

    def _both(self, w: dict[str, str], metric: str, loss: str | None) -> None:
        """Hold the interval over seeds and patients beside that over seeds to the joint analysis."""
        test = None if self.imputed() else self.test(metric, "both")
        rows = [row for row in test.means if row.loss == loss and not math.isnan(row.low)] if test else []
        demand(("jlow" in w) == bool(rows), "an interval over seeds and patients is told or not")
        for row in rows:
            same(w["jlow"], row.low, "joint low")
            same(w["jhigh"], row.high, "joint high")

    def on_no_leader(self, w: dict[str, str]) -> None:
        demand(not self.means(self.metric(w["metric"]), w.get("klass", "")), "a defined metric is told as undefined")

    def on_others(self, w: dict[str, str]) -> None:
        found = re.findall(rf"({self.label}) ({VALUE}|–)", w["list"])
        rest = [loss for loss in self.a.losses if loss not in self.leaders(self.primary)]
        demand([self.by_label[label] for label, _ in found] == rest, "the other losses are", rest)
        for label, text in found:
            mean = self.means(self.primary).get(self.by_label[label], math.nan)
            if text == "–":
                demand(math.isnan(mean), "a defined mean is told as undefined")
            else:
                same(text, mean, "mean")

    def on_target(self, w: dict[str, str]) -> None:
        same(w["cases"], self.a.data.n_test, "test cases")
        self.patients(w)

    def on_control(self, w: dict[str, str]) -> None:
        control = self.control(w["who"])
        demand(self.metric(w["metric"]) == self.primary, "another metric")
        same(w["value"], control.values[self.primary], "control")
        wanted = self.primary == "auroc" and not math.isnan(control.auroc.low)
        demand(("low" in w) == wanted, "an interval is told or not")
        if "low" in w:
            same(w["low"], control.auroc.low, "low")
            same(w["high"], control.auroc.high, "high")

    def control(self, words: str) -> Any:
        """Find the control that is spoken of."""
        name = "pixels" if "pixels" in words else "metadata"
        self.last_control = next(each for each in self.a.controls if each.name == name)
        return self.last_control

    def not_above(self) -> set[str]:
        """Work out which losses do not exceed the control just spoken of."""
        value, higher = self.last_control.values[self.primary], METRICS[self.primary].higher_is_better
        means = {loss: self.means(self.primary).get(loss, math.nan) for loss in self.a.losses}
        return {loss for loss, mean in means.items() if not (mean > value if higher else mean < value)}

    def on_control_exceeded(self, w: dict[str, str]) -> None:
        demand(not self.not_above(), "a loss does not exceed the control")
        demand(w["way"] == ("higher" if METRICS[self.primary].higher_is_better else "lower"), "direction")

    def on_control_not_exceeded(self, w: dict[str, str]) -> None:
        demand(set(self.losses(w["losses"])) == self.not_above(), "other losses do not exceed the control")
        demand(w["way"] == ("higher" if METRICS[self.primary].higher_is_better else "lower"), "direction")

    def within(self, control: Any) -> set[str]:
        """Work out which losses have their mean in the interval of a control."""
        low, high = control.auroc.low, control.auroc.high
        means = self.means("auroc") if self.primary == "auroc" else {}
        return {loss for loss, mean in means.items() if low <= mean <= high}

    def on_control_interval(self, w: dict[str, str]) -> None:
        demand(set(self.losses(w["losses"])) == self.within(self.last_control), "other means lie in the interval")

    def shortcuts(self, *names: str) -> dict[tuple[str, str], float]:
        """Work out which classes a control ranks at least as well as every loss: {(control, class)} -> AUROC."""
        having = {entry.klass for entry in self.a.summaries if entry.metric == "auroc"}
        return {
            (control.name, klass): value
            for control in self.a.controls if control.name in names
            for klass, value in control.classes.items() if klass in having
            if (means := self.means("auroc", klass)) and all(value >= mean - 1e-12 for mean in means.values())
        }  # fmt: skip

    def on_shortcut(self, w: dict[str, str]) -> None:
        name = "pixels" if "pixels" in w["who"] else "metadata"
        found = self.shortcuts(name)
        demand((name, w["klass"]) in found, "a loss exceeds the control on", w["klass"])
        same(w["value"], found[name, w["klass"]], "control")

    def on_shortcut_limit(self, w: dict[str, str]) -> None:
        found = self.shortcuts("metadata")
        told = dict(re.findall(rf"({'|'.join(map(re.escape, self.a.classes))}) \(AUROC ({VALUE})\)", w["list"]))
        demand(set(told) == {klass for _, klass in found}, "other classes are told by the metadata")
        demand((w["them"] == "it") == (len(told) == 1), "it, them")
        for klass, text in told.items():
            same(text, found["metadata", klass], "AUROC of the metadata")

    def on_shortcut_scope(self, w: dict[str, str]) -> None:
        told = set(re.split(", | and ", w["classes"]))
        demand(told == {klass for _, klass in self.shortcuts("metadata")}, "other classes are told by the metadata")

    def on_missing(self, w: dict[str, str]) -> None:
        same(w["n"], self.counts()["missing"], "missing runs")
        same(w["planned"], len(self.a.runs), "planned runs")

    def on_no_divergence(self, w: dict[str, str]) -> None:
        demand(self.counts()["diverged"] == 0, "runs diverged")
        self._floor(w)
        same(w["finished"], self.counts()["done"], "finished runs")

    def _floor(self, w: dict[str, str]) -> None:
        demand(
            ("floor" in w) == bool(self.a.twins or self.a.seed_floor), "runs of the noise floor are set apart or not"
        )

    def on_diverged(self, w: dict[str, str]) -> None:
        self._floor(w)
        counts = self.counts()
        finished = counts["done"] + counts["diverged"]
        same(w["n"], counts["diverged"], "diverged runs")
        same(w["finished"], finished, "finished runs")
        same(w["share"].replace("\u00a0%", ""), 100 * counts["diverged"] / finished, "share of diverged runs")
        told = {self.by_label[label]: int(n) for n, label in re.findall(rf"(\d+) of ({self.label})", w["list"])}
        truth = {
            loss: sum(run.loss == loss and run.state == "diverged" for run in self.a.runs) for loss in self.a.losses
        }
        demand(told == {loss: n for loss, n in truth.items() if n}, "diverged per loss", told, truth)

    def on_dropped(self, w: dict[str, str]) -> None:
        demand(self.plan.on_diverged == "drop-seed", "the rule for diverged runs is another")
        same(w["kept"], len(self.a.seeds), "compared seeds")
        same(w["planned"], len(self.a.planned_seeds), "planned seeds")

    def on_imputed(self, w: dict[str, str]) -> None:
        demand(self.plan.on_diverged == "worst-score", "the rule for diverged runs is another")
        same(w["kept"], len(self.a.seeds), "compared seeds")
        same(w["planned"], len(self.a.planned_seeds), "planned seeds")

    def on_left_out(self, w: dict[str, str]) -> None:
        handling = (
            "left out of every comparison"
            if w["handling"].startswith("Left")
            else "given the worst score in the tests over seeds"
        )
        told = {
            (int(seed), frozenset(self.losses(names)), reason)
            for seed, names, reason in re.findall(rf"seed (\d+) \(({self.labels}): (\w+)\)", w["seeds"])
        }
        wanted = {(g.seed, frozenset(g.losses), g.reason) for g in self.a.left_out if g.handling == handling}
        demand(told == wanted, "seeds left out are", wanted)
