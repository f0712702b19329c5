"""Claims about tests of all losses at once, about the exact tests and about equivalence."""

from __future__ import annotations

import math
import re
from typing import Any

from .comparisons import Comparisons
from .words import EFFECTS, STATISTICS, demand, number, roughly, same, same_p

TARGETS = {"seeds and cases": "both", "seeds, these cases": "seeds", "cases, these runs": "cases"}


class Statistics(Comparisons):
    """Rules for sentences on tests that are not of two losses."""

    def planned(self) -> Any:
        """Find the planned test of all losses; where the metric has none of that name, another for what can be told."""
        tests = {test.test: test for test in self.a.omnibus if test.metric == self.primary}
        instead = "mrmc-seeds-fixed" if self.decided(self.primary) == "cases" else "iman-davenport"
        return tests.get(self.plan.omnibus, tests[instead])

    def beside(self) -> list[Any]:
        """Find the other tests of all losses."""
        return [t for t in self.a.omnibus if t.metric == self.primary and t.test != self.planned().test]

    def on_omnibus(self, w: dict[str, str]) -> None:
        test = self.planned()
        demand(self.metric(w["metric"]) == self.primary, "another metric")
        demand(self.target(w["where"]) == TARGETS[test.target], "another target")
        demand(w["name"] == STATISTICS[test.test], "another test")
        demand(("rejected" in w) == (test.p <= self.plan.alpha), "equality is rejected or not against p", test.p)
        same(w["n_losses"], len(self.a.losses), "losses")
        same(w["statistic"], test.statistic, "statistic")
        roughly(w["df1"], test.df1, "df1")
        f = test.test in ("mrmc", "iman-davenport", "rm-anova")
        demand(("df2" in w) == f, "one df, two df")
        if "df2" in w:
            roughly(w["df2"], test.df2, "df2")
        same_p(w["p"], test.p, self.plan.alpha, "p")
        demand(("effect" in w) == (not math.isnan(test.effect_value)), "an effect size is told or not")
        if "effect" in w:
            demand(EFFECTS[w["effect"]] == test.effect, "another effect size")
            same(w["effect_value"], test.effect_value, "effect size")

    def on_no_omnibus(self, w: dict[str, str]) -> None:
        test = self.planned()
        demand(math.isnan(test.p), "a defined test is told as undefined")
        demand(self.target(w["where"]) == TARGETS[test.target], "another target")
        demand(w["note"] == test.note.replace("'", "’"), "the reason is another")

    def on_omnibus_instead(self, w: dict[str, str]) -> None:
        named = self.plan.omnibus
        demand(w["named"] == STATISTICS[named] and self.planned().test != named, "the planned test is there")
        demand(w["name"] == STATISTICS[self.planned().test], "another test stands in its place")

    def on_omnibus_beside(self, w: dict[str, str]) -> None:
        others = self.beside()
        rejecting = [test for test in others if test.p <= self.plan.alpha]
        same(w["total"], len(others), "other tests")
        demand(("names" in w) == bool(rejecting), "other tests reject or not")
        if "names" not in w:
            return
        demand(("all" in w) == (len(rejecting) == len(others) > 1), "all reject or not")
        same(w["total"] if "all" in w else w["n"], len(rejecting), "tests that reject")
        whose = {"both": f"seeds and {self.unit}", "cases": f"{self.unit}, these runs", "seeds": "seeds, these cases"}
        told = set()
        for group in w["names"].split("; "):
            names, target = re.fullmatch(r"(.*) \((.*)\)", group).groups()  # type: ignore[union-attr]
            told |= {(name, target) for name in re.split(", | and ", names)}
        wanted = {(STATISTICS[test.test], whose[TARGETS[test.target]]) for test in rejecting}
        demand(told == wanted, "the tests that reject are", wanted)

    def on_omnibus_method(self, w: dict[str, str]) -> None:
        demand(w["name"] == STATISTICS[self.plan.omnibus], "another test was planned")

    def case_term(self) -> bool:
        """Work out whether the planned test over seeds and cases, if it is that, has a term for the cases."""
        test = self.test(self.primary, "both")
        if self.planned().test != "mrmc" or math.isnan(test.p):
            return True
        return bool(test.cov2 > test.cov3)

    def on_no_case_term(self, w: dict[str, str]) -> None:
        demand(not self.case_term(), "there is a case term")

    # exact tests

    def _wilcoxon(self, w: dict[str, str]) -> None:
        same(w["total"], self.total, "comparisons")
        if "seeds" in w:
            same(w["seeds"], len(self.a.seeds), "seeds")
        if "least" in w:
            text = w["least"].removeprefix("less than ").removeprefix("more than ")
            sign = {"less": "<", "more": ">"}.get(w["least"][:4])
            value = self.smallest()
            same_p(f"\u00a0{sign}\u00a0{text}" if sign else text, value, self.plan.alpha, "smallest Wilcoxon p")

    def smallest(self) -> float:
        """Work out the smallest adjusted p of the exact Wilcoxon test: all comparisons have the smallest raw one."""
        raw, m = 2.0 ** (1 - len(self.a.seeds)), self.total
        times = {"bonferroni": m, "holm": m, "by": sum(1 / i for i in range(1, m + 1))}
        return min(1.0, raw * times.get(self.plan.adjustment, 1))

    def on_wilcoxon_powerless(self, w: dict[str, str]) -> None:
        demand(self.smallest() > self.plan.alpha, "Wilcoxon's test can reach alpha")
        self._wilcoxon(w)

    def on_wilcoxon(self, w: dict[str, str]) -> None:
        demand(self.smallest() <= self.plan.alpha, "Wilcoxon's test cannot reach alpha")
        self._wilcoxon(w)
        rows = self.rows(self.primary, "seeds")
        same(w["reached"], sum(row.p_wilcoxon_adjusted <= self.plan.alpha for row in rows), "Wilcoxon comparisons")

    def on_wilcoxon_undefined(self, w: dict[str, str]) -> None:
        demand(not self.a.seeds, "there are seeds")
        self._wilcoxon(w)

    # equivalence

    def equivalent(self) -> set[tuple[str, str]]:
        """Work out which comparisons are equivalent by the adjusted p."""
        rows = self.a.equivalences
        return {(r.first, r.second) for r in rows if r.p_equivalence_adjusted <= self.plan.alpha}

    def not_inferior(self) -> set[tuple[str, str]]:
        """Work out in which comparisons the first is not inferior by the adjusted p."""
        rows = self.a.equivalences
        return {(r.first, r.second) for r in rows if r.p_noninferiority_adjusted <= self.plan.alpha}

    def _shown_for(self, w: dict[str, str], found: set[tuple[str, str]]) -> None:
        if "two" in w:
            demand(self.total == 1 and ("negated" in w) == (not found), "equivalent or not")
            return
        self._counted({key: w[key] for key in ("none", "shown", "total", "what") if key in w}, len(found))
        demand(("pairs" in w) == (0 < len(found) <= 3), "they are named or not")
        if "pairs" in w:
            demand(self.listed(w["pairs"]) == found, "others are", found)

    def on_equivalent(self, w: dict[str, str]) -> None:
        demand(self.target(w["where"]) == "both", "another target")
        demand(number(w["margin"])[0] == self.plan.margin, "margin")
        self._shown_for(w, self.equivalent())

    def on_not_inferior(self, w: dict[str, str]) -> None:
        demand(self.plan.family == "baseline", "there is no loss to be held against")
        if "first" in w:
            row = self.a.equivalences[0]
            demand(
                (row.first, row.second) == (self.by_label[w["first"]], self.by_label[w["second"]]), "who is not worse"
            )
            w = {**w, "two": "x"}
        self._shown_for(w, self.not_inferior())

    def on_not_equivalent(self, w: dict[str, str]) -> None:
        demand(len(self.equivalent()) < self.total, "all are equivalent")

    def on_no_equivalence(self, w: dict[str, str]) -> None:
        demand(not self.test(self.primary, "both"), "there is a joint analysis")

    def on_seeds_equivalence(self, w: dict[str, str]) -> None:
        rows = [row for row in self.a.seeds_equivalences if not math.isnan(row.p_tost)]
        same(w["total"], len(rows), "comparisons")
        reached = sum(row.p_tost <= self.plan.alpha for row in rows)
        demand(("none" in w) == (reached == 0), "none is told")
        same(w.get("n", "0"), reached, "two one-sided tests")
        demand(w["m"] != "0", "0 is told for none")
        same(w["m"].replace("none", "0"), sum(row.t_rope >= float(w["sure"]) for row in rows), "posteriors")
