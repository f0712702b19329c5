"""Claims about comparisons of two losses: held to the analysis for the target and the metric last named."""

from __future__ import annotations

import math

from .truth import Truth
from .words import ADJUSTED, demand, number, roughly, same, same_p


class Comparisons(Truth):
    """Rules for sentences on comparisons."""

    here: tuple[str, str] = ("", "")
    """Metric and target that the sentences after a count speak of."""

    def _what(self, w: dict[str, str]) -> None:
        """Hold what is counted to the plan."""
        if "what" not in w:
            return
        if self.plan.family == "all":
            demand(w["what"] == ("pair of losses" if self.total == 1 else "pairs of losses"), "another family")
        else:
            with_whom = f"with {self.a.labels[self.plan.baseline]}"
            demand(w["what"].endswith(with_whom), "the baseline is another")
            demand(w["what"].startswith("comparison ") == (self.total == 1), "one, several")

    def _counted(self, w: dict[str, str], shown: int) -> None:
        self._what(w)
        if "two" in w:
            demand(self.total == 1, "more than one comparison is told as one")
            demand(("negated" in w) == (not shown), "the two losses differ or not against the analysis")
            return
        same(w["total"], self.total, "comparisons")
        demand(("none" in w) == (shown == 0), "none is told against", shown)
        if "shown" in w:
            same(w["shown"], shown, "comparisons that show a difference")

    def on_count(self, w: dict[str, str]) -> None:
        self.here = metric, target = self.metric(w["metric"]), self.target(w["where"])
        demand(metric == self.primary, "another metric")
        found = self.shown(metric, target)
        self._counted(w, len(found))
        known = [self.adjusted(row) for row in self.defined(metric, target)]
        demand(known, "nothing could be tested")
        demand(("p" in w) == (not found), "the smallest p is told or not")
        if "p" in w:
            demand(("least" in w) == (self.total > 1), "the smallest of one")
            same_p(w["p"], min(known), self.plan.alpha, "smallest p")
        demand("closing" not in w or not found, "no evidence, where a difference is shown")

    def on_untested(self, w: dict[str, str]) -> None:
        self.here = metric, target = self.metric(w["metric"]), self.target(w["where"])
        demand(metric == self.primary, "another metric")
        demand(not self.defined(metric, target), "a defined test is told as undefined")

    def on_pair(self, w: dict[str, str]) -> None:
        metric, target = self.here
        demand(self.metric(w["metric"]) == metric, "another metric")
        demand(w["way"] == self.way(metric), "direction of", metric)
        names = (self.by_label[w["better"]], self.by_label[w["worse"]])
        told = self.shown(metric, target).get(frozenset(names))
        demand(told == names, "it is not shown that", names[0], "is better than", names[1])
        row = self._row(w)
        self._numbers(w, row)
        size, margin = abs(number(w["difference"])[0]), self.plan.margin
        if "margin" in w:
            demand(number(w["margin"])[0] == margin and metric == self.primary, "margin")
            demand(size <= margin + 1e-4, "not below the margin")
        else:
            demand(size >= margin - 1e-4, "below the margin, and not said")

    def _row(self, w: dict[str, str]) -> object:
        order = (self.by_label[w["first"]], self.by_label[w["second"]])
        row = next((each for each in self.rows(*self.here) if (each.first, each.second) == order), None)
        demand(row is not None, "the difference is told the other way round, or of no comparison of the family")
        return row

    def _numbers(self, w: dict[str, str], row: object) -> None:
        fields = {"difference": "difference", "low": "low", "high": "high", "t": "t", "d_z": "d_z"}
        fields |= {"wide_low": "low_simultaneous", "wide_high": "high_simultaneous"}
        for key, field in fields.items():
            if key in w:
                same(w[key], getattr(row, field), key)
        if "df" in w:
            roughly(w["df"], row.df, "degrees of freedom")  # type: ignore[attr-defined]
        demand(("wide_low" in w) == (self.total > 1), "the simultaneous interval is told or not")
        same_p(w["raw"], self.raw(row), self.plan.alpha, "raw p")
        demand(("p" in w) == (self.plan.adjustment != "none"), "an adjusted p is told or not")
        if "p" in w:
            same_p(w["p"], self.adjusted(row), self.plan.alpha, "adjusted p")
        if "t" in w:
            target = self.here[1]
            demand(("df" in w) == (target != "cases"), "t or z")
            demand(("d_z" in w) == (target == "seeds"), "effect size")

    def on_clauses(self, w: dict[str, str]) -> None:
        metric, target = self.here
        demand(self.metric(w["metric"]) == metric and w["way"] == self.way(metric), "metric or direction")
        demand(self.clauses(w["clauses"]) == self.shown(metric, target), "other comparisons show a difference")

    def on_largest(self, w: dict[str, str]) -> None:
        known = self.defined(*self.here)
        row = self._row(w)
        demand(row in known, "an undefined test is told")
        demand(("most" in w) == (self.total > 1), "the largest of one")
        most = max(abs(each.difference) for each in known)
        demand(abs(row.difference) == most, "a pair differs more")  # type: ignore[attr-defined]
        self._numbers(w, row)

    def on_open(self, w: dict[str, str]) -> None:
        left = [row for row in self.defined(*self.here) if self.adjusted(row) > self.plan.alpha]
        same(w["n"], len(left), "comparisons without a shown difference")
        demand(("least" in w) == (len(left) > 1), "the smallest of one")
        same_p(w["p"], min(self.adjusted(row) for row in left), self.plan.alpha, "smallest p")

    def on_undefined_pairs(self, w: dict[str, str]) -> None:
        undefined = [row for row in self.rows(*self.here) if math.isnan(self.raw(row))]
        same(w["n"], len(undefined), "undefined comparisons")

    def on_rests_on_both(self, w: dict[str, str]) -> None:
        demand(self.decided(self.primary) == "both", "the decisions rest on something else")

    def on_rests_on_seeds(self, w: dict[str, str]) -> None:
        demand(self.decided(self.primary) == "seeds", "the decisions rest on something else")
        demand(self.metric(w["metric"]) == self.primary, "another metric")
        same(w["cases"], self.a.data.n_test, "test cases")
        self.patients(w)
        reason = self.a.without_joint.get(self.primary, "no seed is finished for every loss")
        demand(w["why"] == reason.replace("'", "’"), "the reason is", reason)

    def on_rests_on_cases(self, w: dict[str, str]) -> None:
        demand(self.decided(self.primary) == "cases", "the decisions rest on something else")

    def on_fewer_runs(self, w: dict[str, str]) -> None:
        test = self.test(self.primary, "both")
        demand(self.imputed() and self.fewer(), "the same runs are told as others")
        same(w["n"], test.n_seeds, "seeds")

    def fewer(self) -> bool:
        """Work out whether the joint analysis is of fewer seeds than the tests over seeds."""
        test = self.test(self.primary, "both")
        return test is not None and any(test.n_seeds < row.n_seeds for row in self.rows(self.primary, "seeds"))

    def on_beside(self, w: dict[str, str]) -> None:
        others = self.others(self.primary)
        told = [self.target(w[key]) for key in ("t1", "t2") if key in w]
        demand(told == others, "the other targets are", others)
        self._what(w)
        for place, target in enumerate(others, start=1):
            number_ = len(self.shown(self.primary, target))
            if self.total == 1:
                demand((f"not{place}" in w) == (not number_), "the two losses differ or not, beside it")
            elif place == 1:
                self._counted({key: w[key] for key in ("none", "shown", "total") if key in w}, number_)
            else:
                demand(w["n2"] != "0", "0 is told for none")
                same(w["n2"].replace("none", "0"), number_, "comparisons that show a difference")

    def on_agreement(self, w: dict[str, str]) -> None:
        demand(self.decided(self.primary) == "both" and not self.contradictions(), "the answers differ")
        demand(self._alone(w["who"]) == tuple(self.others(self.primary)), "who agrees")
        demand((w["verb"] == "give") == (len(self.others(self.primary)) > 1), "give, gives")

    def _alone(self, text: str) -> tuple[str, ...]:
        told = {"seeds alone": "seeds", f"{self.unit} alone": "cases"}
        demand(all(each in told for each in text.lower().split(" and ")), text, "names patients against the data")
        return tuple(told[each] for each in text.lower().split(" and "))

    def _disagreement(self, w: dict[str, str], kind: str) -> tuple[str, ...]:
        who = self._alone(w["who"])
        pairs = self.contradictions().get((kind, who))
        demand(pairs, "no comparison is answered", kind, "by", who)
        self._whichever(w, pairs or set())
        return who

    def _whichever(self, w: dict[str, str], pairs: set[tuple[str, str]]) -> None:
        """Hold the names of comparisons, or how many they are, to the comparisons they are."""
        if "pairs" in w:
            demand(self.listed(w["pairs"]) == pairs, "other comparisons are answered so")
        elif "every" in w:
            demand(len(pairs) == self.total, "all comparisons are told to be answered so")
            same(w["every"], self.total, "comparisons")
        else:
            same(w["n"], len(pairs), "comparisons")
            same(w["total"], self.total, "comparisons")

    def on_narrower(self, w: dict[str, str]) -> None:
        self._whichever(w, self.narrower())
        demand(w["why"].startswith("it leaves out") == self.fewer(), "why it is narrower")

    def on_no_case_part(self, w: dict[str, str]) -> None:
        self._whichever(w, self.without_case_part())

    def on_disagreement_more(self, w: dict[str, str]) -> None:
        who = self._disagreement(w, "more")
        begins = {"seeds": "other training runs would", "cases": f"other {self.unit} would"}
        wanted = "each kind of chance alone" if len(who) == 2 else begins[who[0]]
        demand(w["alone"].startswith(wanted), "it is told to mean", w["alone"])

    def on_disagreement_less(self, w: dict[str, str]) -> None:
        who = self._disagreement(w, "less")
        demand(("seeds" in w) == (who == ("seeds",)), "the reason")
        if "seeds" in w:
            same(w["seeds"], len(self.a.seeds), "seeds")

    def on_disagreement_against(self, w: dict[str, str]) -> None:
        self._disagreement(w, "against")

    def on_verdict(self, w: dict[str, str]) -> None:
        metric, target = self.metric(w["metric"]), self.target(w["where"])
        demand((metric, target) == (self.primary, self.decided(self.primary)), "the verdict is of something else")
        demand(w["way"] == self.way(metric), "direction")
        demand(self.clauses(w["clauses"]) == self.shown(metric, target), "other comparisons show a difference")

    def on_verdict_open(self, w: dict[str, str]) -> None:
        metric, target = self.metric(w["metric"]), self.target(w["where"])
        demand((metric, target) == (self.primary, self.decided(self.primary)), "the verdict is of something else")
        demand(not self.shown(metric, target), "a difference is shown")

    def on_secondary(self, w: dict[str, str]) -> None:
        metric, target = self.metric(w["metric"]), self.target(w["where"])
        demand(metric in self.a.study.metrics.secondary, metric, "is not secondary")
        demand(target == self.decided(metric), "another target decides")
        order = self.plan.hierarchy
        demand(("step" in w) == (metric in order), "tested in order or exploratory")
        if "step" in w:
            same(w["step"], order.index(metric) + 2, "step")
        shown, known = self.shown(metric, target), self.defined(metric, target)
        demand(("untested" in w) == (not known), "tested or not")
        if known:
            self._counted(w, len(shown))
        demand(self.clauses(w.get("clauses", "")) == shown, "other comparisons show a difference")
        if "way" in w:
            demand(w["way"] == self.way(metric), "direction")
        demand(("gate" in w) == bool(known and metric in order and self.closed(metric, target)), "the gate")
        demand(("loss" in w) == (len(self.leaders(metric)) == 1), "a leader is told or not")
        if "loss" in w:
            demand({self.by_label[w["loss"]]} == self.leaders(metric), "the leader is another")
            demand(w["extreme"] == ("highest" if self.way(metric) == "higher" else "lowest"), "direction")
            same(w["mean"], self.means(metric)[self.by_label[w["loss"]]], "mean")

    def closed(self, metric: str, target: str) -> bool:
        """Work out whether a comparison before a metric of the hierarchy is not shown, for the same target."""
        order = (self.primary, *self.plan.hierarchy)
        before = order[: order.index(metric)]
        return any(len(self.shown(each, target)) < self.total for each in before)

    def on_family_bound(self, w: dict[str, str]) -> None:
        demand(ADJUSTED[self.plan.adjustment] == f"after {w['name']}’s adjustment", "the adjustment is another")
